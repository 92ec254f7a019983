"""`limits`: a rate that the venue granted takes the place of the documented one."""

from __future__ import annotations

import pytest
from desk import Desk

CONFIG = "GET /api/v5/account/config"


@pytest.mark.parametrize(("count", "warned"), [(10, True), (5, False), (2, False)])
def test_a_rate_above_the_table_is_warned_of(desk: Desk, count: int, warned: bool) -> None:
    """With both numbers; one at or below it is taken without a message."""
    desk.write(
        {"me": {"role": "main", "position_mode": "net"}}, venue={"limits": {CONFIG: {"count": count, "per_s": 2}}}
    )
    said = {one["code"]: one["message"] for one in desk.plan("--format", "json").json["warnings"]}
    assert ("limit_raised" in said) is warned
    assert not warned or said["limit_raised"].endswith(
        f"`limits` grants {count} per 2 s, the venue documents 5 per 2 s"
    )
