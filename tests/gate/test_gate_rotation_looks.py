"""At Gate, lists that lose a row while a rotation is on its way: no second new key, none forgotten, no old one left."""

from __future__ import annotations

import pytest
from gate_desk import GateDesk

KEYS = "*/sub_accounts/*/keys"
ROTATE = ("rotate", "trader1", "bot", "--auto-approve", "--overlap")
ROWS = {"old": "bot", "new": "bot2*"}  # the temporary name ends with a time
NO_CHANGES = "No changes. Live accounts match the manifest."


def live(desk: GateDesk) -> dict[str, str]:
    """The keys at the venue: name by id."""
    return {key["key"]: key["name"] for key in desk.account("trader1")["keys"]}


@pytest.mark.parametrize(("which", "after"), [("old", 2), ("new", 2), ("new", 0)])
def test_the_end_of_an_overlap_makes_no_further_key(trader: GateDesk, which: str, after: int) -> None:
    """Whichever list loses a row: the key that programs have by now stays theirs, and the old one is deleted."""
    assert trader.run(*ROTATE, "24h").code == 0
    new = trader.secret("trader1", "bot", venue="cx")
    trader.fault(match={"path": KEYS, "method": "GET"}, kind="lose_row", row=ROWS[which], after=after)
    said = trader.run(*ROTATE, "0s")
    assert said.code == 0, said.out + said.err
    assert live(trader) == {new["api_key"]: "bot"}
    assert trader.secret("trader1", "bot", venue="cx") == new
    assert trader.plan().last == NO_CHANGES


@pytest.mark.parametrize("answer", ["reset_before", "label"])
def test_a_rotation_is_not_over_because_one_list_is_without_its_new_key(trader: GateDesk, answer: str) -> None:
    """The new key did not get its name, and the list of the read-back loses it: the next apply ends the rotation."""
    lost = {"match": {"path": KEYS, "method": "GET"}, "kind": "lose_row", "row": "bot2*"}
    refusal = {"label": "SERVER_ERROR"} if answer == "label" else {}
    rename = {"match": {"path": f"{KEYS}/*", "method": "PUT"}, "kind": answer, "times": 0, **refusal}
    lays = [{"method": "POST", "path": "faults", "body": one} for one in (lost, rename)]
    trader.fault(match={"path": f"{KEYS}/*", "method": "DELETE"}, kind="hook", do=lays)
    said = trader.run(*ROTATE, "0s")
    assert said.code == 1, said.out + said.err
    assert "bot" not in live(trader).values()
    trader.sandbox.control_delete("faults/all")
    said = trader.apply()
    assert said.code == 0, said.out + said.err
    assert live(trader) == {trader.secret("trader1", "bot", venue="cx")["api_key"]: "bot"}
    assert trader.plan().last == NO_CHANGES
