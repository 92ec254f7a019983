"""The table that the matrices fill."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from trial import Tally


@pytest.fixture
def in_table(record_property: Callable[[str, object], None]) -> Callable[..., None]:
    """Put a row into the table that stands at the end of the run; see `pytest_terminal_summary`."""

    def put(matrix: str, scenario: str, venue: str, storage: str, tally: Tally) -> None:
        record_property("matrix", [matrix, scenario, venue, storage, *tally.row])

    return put
