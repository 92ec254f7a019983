"""A bench for each test."""

from __future__ import annotations

from pathlib import Path

import pytest
from scenario_bench import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A bench with the manifest of one account."""
    made = Bench(tmp_path)
    made.manifest()
    return made
