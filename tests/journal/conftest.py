"""A journal in an empty workspace, and a run in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from journal_parts import Clock

from acctcfg.journal import Journal, journal_path


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return journal_path(tmp_path)


@pytest.fixture
def journal(path: Path, clock: Clock) -> Iterator[Journal]:
    with Journal.open(path, create=True, now=clock.now) as opened:
        yield opened


@pytest.fixture
def run(journal: Journal) -> str:
    return journal.begin_run(command="apply", actor="alice@host1")
