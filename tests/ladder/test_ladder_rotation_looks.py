"""Lists that lose a row while a rotation is on its way: no second new key, no forgotten rotation, no old key left."""

from __future__ import annotations

import pytest
from desk import Desk
from ladder_parts import NO_CHANGES, TRADING

KEYS = "*/dma/subaccount/apikey"
ROTATE = ("rotate", "mmdesk01", "trading", "--auto-approve", "--overlap")
ROWS = {"old": "trading", "new": "trading2*"}  # the temporary label ends with a time


def live(desk: Desk) -> dict[str, str]:
    """The keys of the account at the venue: id by label."""
    return {key["label"]: key["api_key"] for key in desk.account("mmdesk01")["keys"]}


@pytest.fixture
def trader(desk: Desk) -> Desk:
    """An account with a key of ours."""
    desk.write({"mmdesk01": {"api_keys": {"trading": TRADING}}}, guardrails={"max_deletes": 0}).converge()
    return desk


@pytest.mark.parametrize(("which", "after"), [("old", 2), ("new", 2), ("new", 0)])
def test_the_end_of_an_overlap_makes_no_further_key(trader: Desk, which: str, after: int) -> None:
    """Whichever list loses a row: the key that programs have by now stays theirs, and the old one is deleted."""
    assert trader.run(*ROTATE, "24h").code == 0
    new = trader.secret("mmdesk01", "trading")
    trader.fault(match={"path": KEYS, "method": "GET"}, kind="lose_row", row=ROWS[which], after=after)
    said = trader.run(*ROTATE, "0s")
    assert said.code == 0, said.out + said.err
    assert live(trader) == {"trading": new["api_key"]}
    assert trader.secret("mmdesk01", "trading") == new
    assert trader.plan().last == NO_CHANGES


@pytest.mark.parametrize("answer", ["reset_before", "code"])
def test_a_rotation_is_not_over_because_one_list_is_without_its_new_key(trader: Desk, answer: str) -> None:
    """The new key did not get its label, and the list of the read-back loses it: the next apply ends the rotation."""
    lost = {"match": {"path": KEYS, "method": "GET"}, "kind": "lose_row", "row": "trading2*"}
    refusal = {"code": "50026"} if answer == "code" else {}
    rename = {"match": {"path": "*/modify-apikey"}, "kind": answer, "times": 0, **refusal}
    lays = [{"method": "POST", "path": "faults", "body": one} for one in (lost, rename)]
    trader.fault(match={"path": "*/delete-apikey"}, kind="hook", do=lays)
    said = trader.run(*ROTATE, "0s")
    assert said.code == 1, said.out + said.err
    assert "trading" not in live(trader)
    trader.sandbox.control_delete("faults/all")
    said = trader.apply()
    assert said.code == 0, said.out + said.err
    assert live(trader) == {"trading": trader.secret("mmdesk01", "trading")["api_key"]}
    assert trader.plan().last == NO_CHANGES
