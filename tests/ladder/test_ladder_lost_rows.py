"""Lists that are late, or lose a row once: what acctcfg made is never planned, or made, a second time."""

from __future__ import annotations

import pytest
from desk import Desk
from ladder_parts import NO_CHANGES, TRADING

AWAY = {"bot": {**TRADING, "ip_allowlist": ["203.0.113.7"]}}  # never signs from here, so the broker's list tells of it
TRON = {"currency": "USDT", "chain": "USDT-TRC20"}
LISTS = {
    "accounts": "*/broker/dma/subaccount-info",
    "keys": "*/dma/subaccount/apikey",
    "addresses": "*/subaccount-deposit-address",
}
ROWS = {"accounts": "trader01", "keys": "bot", "addresses": "*"}


@pytest.mark.parametrize("which", LISTS)
@pytest.mark.parametrize("command", ["plan", "apply", "show"])
def test_a_list_that_loses_a_row_once(desk: Desk, which: str, command: str) -> None:
    """Of accounts, keys and addresses alike: nothing is planned, nothing is written, and it is shown as there."""
    wanted = {"api_keys": AWAY, "deposit": {"addresses": [TRON]}}
    desk.write(dict.fromkeys(("trader01", "trader02", "trader03"), wanted)).converge()
    before, shown = len(desk.writes()), desk.run("show").out.replace("  -> funding", "")
    desk.fault(match={"path": LISTS[which], "method": "GET"}, kind="lose_row", row=ROWS[which], times=1)
    if command == "show":
        assert desk.run("show").out.replace("  -> funding", "") == shown  # where it credits, only the list tells
    else:
        said = desk.run(command, *(["--auto-approve"] if command == "apply" else []))
        assert (said.code, said.last) == (0, NO_CHANGES), said.out + said.err
    assert len(desk.writes()) == before


def test_a_deleted_account_is_made_anew(desk: Desk) -> None:
    """One that somebody deleted at the venue is in no list and has no answer of its own: it is planned, not hidden."""
    desk.write({"trader01": {}, "trader02": {}}).converge()
    desk.sandbox.control_delete("accounts/trader01")
    assert list(desk.steps()) == ["trader01"]
    desk.converge()


def test_pages_that_shift_while_they_are_read_hide_no_known_account(desk: Desk) -> None:
    """An account of the first page goes between two pages: the one that slips over their border is asked for alone."""
    for number in range(120):
        desk.sandbox.control_post(f"accounts/other{number:03}", {})
    names = [f"other{number:03}" for number in range(1, 120, 6)]
    desk.write({name: {} for name in names}).converge()
    second = {"match": {"path": LISTS["accounts"], "method": "GET"}, "after": 1}
    desk.fault(**second, kind="hook", do=[{"method": "DELETE", "path": "accounts/other119"}])
    said = desk.plan()
    assert (said.code, said.last) == (0, NO_CHANGES), said.out + said.err
