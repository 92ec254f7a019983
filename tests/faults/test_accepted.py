"""What the venue answered with success is never told as failed: it was accepted, and could not be read back."""

from __future__ import annotations

import pytest
from desk import Desk
from fault_parts import TRADING, keep, sub_account

FAMILIES = ("BTC-USDT", "ETH-USDT", "SOL-USDT")
CODE = "not_read_back"


def levels(desk: Desk) -> Desk:
    """An account that needs three leverage writes."""
    desk.sandbox.control_post("accounts/levels01", sub_account("levels01", acctLv="3"))
    keep(desk, "levels01")
    entries = [{"market": "swap", "family": one, "margin": "cross", "value": 7} for one in FAMILIES]
    return desk.write({"levels01": {"api_keys": {"trading": TRADING}, "leverage": entries}})


@pytest.mark.slow
def test_maintenance_between_writes_and_their_reads(desk: Desk) -> None:
    """Two were taken, the third met the closed venue: two changed and not read back, one unknown; exit 1; the next
    apply does what is left."""
    closes = [{"path": "maintenance", "body": {"on": True, "for_s": 600}}]
    levels(desk).fault(match={"path": "*/set-leverage"}, kind="hook", after=2, do=closes)
    said = desk.apply("--format", "json")
    assert said.code == 1
    ended = [(one["status"], one["code"]) for one in said.json["results"]]
    assert sorted(ended) == [("unknown", ""), ("unknown", CODE), ("unknown", CODE)]
    assert (said.json["summary"]["changed"], said.json["summary"]["failed"]) == (2, 1)
    desk.sandbox.control_post("maintenance", on=False)
    assert "2 changed, 1 failed" in desk.run("history").out
    assert desk.converge().last == "Applied: 0 created, 1 changed, 0 deleted, 0 blocked, 0 failed."


def test_nothing_but_accepted_writes_is_no_failure_and_no_success(desk: Desk) -> None:
    """Reads fail after the writes: nothing failed, exit 1, and the text says what is known of each."""
    closes = {"match": {"path": "*/leverage-info"}, "kind": "status", "status": 503, "times": 0}
    levels(desk).fault(match={"path": "*/set-leverage"}, kind="hook", after=2, do=[{"path": "faults", "body": closes}])
    said = desk.apply()
    assert (said.code, said.last) == (1, "Applied: 0 created, 3 changed, 0 deleted, 0 blocked, 0 failed.")
    assert said.out.count("ACCEPTED, NOT READ BACK") == 3
    assert "3 steps were accepted and could not be read back: plan again to see them." in said.out
    assert "3 changed, exit 1" in desk.run("history").out


def test_the_last_line_stands_once(desk: Desk) -> None:
    """An apply that has nothing to do, or could not read what there is, ends with its plan's own line."""
    levels(desk).fault(match={"path": "*/leverage-info"}, kind="status", status=503, times=0)
    said = desk.apply()
    assert (said.code, said.out.count(said.last), said.out.count("could not be read.")) == (1, 1, 1), said.out
