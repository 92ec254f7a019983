"""Fixtures that every part of the suite may use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from desk import Desk


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A workspace on a fresh sandbox, 50 times as fast as the venue."""
    with Desk.at(tmp_path, monkeypatch) as made:
        yield made
