"""A store of age files in an empty folder, with a fresh identity."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyrage
import pytest

from acctcfg.secrets import AgeFileStore, Credentials, Secret

CREDENTIALS = Credentials("test-key-id", Secret("test-secret-words"), Secret("test-passphrase-words"))


@pytest.fixture(scope="session")
def identity() -> pyrage.x25519.Identity:
    return pyrage.x25519.Identity.generate()


@pytest.fixture
def make_store(tmp_path: Path, identity: pyrage.x25519.Identity) -> Callable[..., AgeFileStore]:
    def make(**changes: object) -> AgeFileStore:
        options = {
            "recipients": (str(identity.to_public()),),
            "identity": {"env": "TEST_AGE_KEY"},
            "environ": {"TEST_AGE_KEY": str(identity)},
            "base_dir": tmp_path,
        }
        return AgeFileStore("vault", tmp_path / "secrets", **(options | changes))

    return make


@pytest.fixture
def store(make_store: Callable[..., AgeFileStore]) -> AgeFileStore:
    return make_store()


@pytest.fixture
def credentials() -> Credentials:
    return CREDENTIALS
