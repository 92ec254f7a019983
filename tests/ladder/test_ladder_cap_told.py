"""What the brake could not lower, or not look at: named once, in its own terms, and nothing else with it."""

from __future__ import annotations

import pytest
from cap_parts import BTC, cap, cross, held, levers
from desk import Desk
from ladder_parts import KEY, LEVEL, settle

PAIR = "BTC-USDT"


@pytest.mark.sample(2)
@pytest.mark.parametrize("mode", ["multi_currency", "portfolio"])
@pytest.mark.parametrize("lever", ["8", "2", ""])
def test_a_position_without_a_leverage_to_set_is_told_unless_it_stands_below(desk: Desk, mode: str, lever: str) -> None:
    """Isolated margin that outlived its withdrawal is named with where it stands, beside others that are lowered."""
    desk.sandbox.control_post("flags", isolated_in_advanced_modes="all" if lever else "contracts")
    contract = held(BTC, mgnMode="isolated")
    pair = held(PAIR, "1", instType="MARGIN", mgnMode="isolated", posCcy="BTC")
    values = {f"MARGIN/isolated/{PAIR}": lever or "8", f"SWAP/isolated/{BTC}": "20"}
    settle(desk, "customer01", acctLv=LEVEL[mode], posMode="net_mode", leverage=values, positions=[pair, contract])
    desk.write({"customer01": {"api_keys": KEY}})
    said = cap(desk, "3")
    stands = f", and stands at {lever}" if lever else ""
    why = f"it has no leverage to set in {mode} mode{stands}: it was not looked at"
    told = f"  ? customer01.leverage[margin/{PAIR}/isolated]  {why}  [no_scope]"
    assert (said.code, told in said.out.splitlines()) == ((0, False) if lever == "2" else (1, True)), said.out
    assert said.out.count(f"[margin/{PAIR}/isolated]") == (0 if lever == "2" else 1), said.out
    assert said.last == "Capped: 1 lowered, 0 at or below it already, 0 blocked, 0 failed."
    assert levers(desk, "customer01") == {PAIR: int(lever or "8"), BTC: 3}


def test_what_the_venue_fixes_in_portfolio_mode_is_not_told(desk: Desk) -> None:
    """A cross contract has no leverage there, and its position says none: nothing of it stands above."""
    settle(desk, "customer01", acctLv="4", posMode="net_mode", positions=[held(BTC)], leverage=cross(BTC="20"))
    desk.write({"customer01": {"api_keys": KEY}})
    said = cap(desk, "3")
    assert (said.code, "?" in said.out, desk.writes()) == (0, False, []), said.out
