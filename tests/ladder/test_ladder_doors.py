"""One-way doors behind a change of mode: what stands before it stands after it, and nothing leads back from there."""

from __future__ import annotations

from typing import Any

import pytest
from desk import Desk
from ladder_parts import KEY, NO_CHANGES, failing, quiet, settle

DAY = 1_700_000_000_000  # long ago, in the venue's milliseconds
# setting -> (its address, as the manifest wants it, the same at the venue, the account's level)
TAKEN: dict[str, tuple[str, Any, dict[str, Any], str]] = {
    "option_trading": ("", True, {"opAuth": "1"}, "2"),
    "isolated_margin": ("[margin]", {"margin": "auto_transfers_ccy"}, {"mgnIsoMode": "auto_transfers_ccy"}, "2"),
    "auto_earn": ("[USDT]", {"USDT": True}, {"auto_earn": {"USDT": DAY}}, "2"),
    "strategy": ("", "delta_neutral", {"stgyType": "1", "level": "VIP1"}, "3"),
}
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


@pytest.mark.parametrize("name", TAKEN)
def test_a_door_that_was_taken_before_wants_no_leave(desk: Desk, name: str) -> None:
    """Another position mode is set without --allow-sensitive: nothing is called sensitive, and the door is not sent."""
    place, value, fields, level = TAKEN[name]
    _account(desk, acctLv=level, **fields)
    said = _wants(desk, name, value, position_mode="long_short").plan("--format", "json")
    assert f"mmdesk01.settings.{name}{place}" in {step["address"] for step in said.json["steps"]}
    assert "sensitive" not in {one["code"] for one in said.json["warnings"]}
    desk.converge()
    assert [row["path"].rpartition("/")[2] for row in desk.writes()] == ["set-position-mode"]


def test_a_door_that_the_mode_closed_again_is_not_taken_unasked(desk: Desk) -> None:
    """What the change of mode reset is blocked (3), not sent; the next plan asks for it, and is allowed."""
    _account(desk, opAuth="1")
    off = {"path": "accounts/mmdesk01/set", "body": {"opAuth": "0"}}
    desk.fault(match={"path": "*/set-position-mode"}, kind="hook", do=[off])
    said = _wants(desk, "option_trading", True, position_mode="long_short").apply()
    assert (said.code, "allow it with --allow-sensitive" in said.out) == (3, True), said.out
    assert (desk.writes("/activate-option"), desk.account("mmdesk01")["posMode"]) == ([], "long_short_mode")
    assert "allow_sensitive" in quiet(desk).out
    assert desk.apply("--allow-sensitive").code == 0
    assert (desk.account("mmdesk01")["opAuth"], desk.plan().last) == ("1", NO_CHANGES)


def test_what_is_locked_for_a_day_is_to_be_waited_for(desk: Desk) -> None:
    """59673 is blocked (3), and nobody is told to cancel or close anything: there is nothing of the kind."""
    _account(desk)
    assert _wants(desk, "auto_earn", {"USDT": True}).apply("--allow-sensitive").code == 0
    said = _wants(desk, "auto_earn", {"USDT": False}).apply()
    assert (said.code, "wait until the 24 hours are over" in said.out) == (3, True), said.out
    assert "cancel" not in said.out
    assert "USDT" in desk.account("mmdesk01")["auto_earn"]
