"""One-way doors behind a change of mode: what stands before it stands after it, and nothing leads back from there."""

from __future__ import annotations

from typing import Any

import pytest
from desk import Desk
from ladder_parts import KEY, failing, quiet, settle

MODES: dict[str, dict[str, str]] = {
    "position_mode": {"position_mode": "long_short"},
    "account_mode": {"account_mode": "multi_currency"},
}


def _account(desk: Desk, **fields: Any) -> None:
    settle(desk, "mmdesk01", **{"acctLv": "2", "trading": {"USDT": "100000"}, **fields})


def _wants(desk: Desk, name: str, value: Any, **fields: Any) -> Desk:
    return desk.write({"mmdesk01": {"api_keys": KEY, "settings": {name: value}, **fields}})


@pytest.mark.parametrize("mode", MODES)
def test_no_change_of_mode_hides_that_nothing_leads_back(desk: Desk, mode: str) -> None:
    """`automatic` wanted where `auto_transfers_ccy` is live: blocked before the mode changes, and nothing is sent."""
    _account(desk, mgnIsoMode="auto_transfers_ccy")
    _wants(desk, "isolated_margin", {"margin": "automatic"}, **MODES[mode])
    step = desk.steps()["mmdesk01.settings.isolated_margin[margin]"]
    assert "nothing leads back from auto_transfers_ccy" in failing(step)["way_back"]
    quiet(desk, "--allow-sensitive")


def test_the_way_back_is_not_tried_where_only_a_new_key_shows_it(desk: Desk) -> None:
    """Read once the run has made the account's key: the step is blocked (3) with the reason, and never sent."""
    _account(desk, labels=(), mgnIsoMode="auto_transfers_ccy")
    said = _wants(desk, "isolated_margin", {"margin": "automatic"}).apply()
    assert (said.code, "nothing leads back from auto_transfers_ccy" in said.out) == (3, True), said.out
    assert (desk.writes("/set-isolated-mode"), len(desk.writes("/apikey"))) == ([], 1)
    assert desk.account("mmdesk01")["mgnIsoMode"] == "auto_transfers_ccy"
