"""Fixtures that every part of the suite may use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from desk import Desk
from hypothesis import HealthCheck, settings

# How fast examples come says something of the machine, and nothing of the law.
settings.register_profile("acctcfg", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("acctcfg")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A workspace on a fresh sandbox, 50 times as fast as the venue."""
    with Desk.at(tmp_path, monkeypatch) as made:
        yield made
