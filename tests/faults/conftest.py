"""Fixtures of the tests of faults."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from desk import Desk
from fault_parts import ACCOUNTS, GUARDRAILS, keep_all, world


@pytest.fixture
def many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A desk with one account for every kind of write."""
    with Desk.at(tmp_path, monkeypatch, world()) as desk:
        keep_all(desk)
        yield desk.write(ACCOUNTS, guardrails=GUARDRAILS)
