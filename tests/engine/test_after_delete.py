"""After an account's delete nothing more is read as that account, in the same run and in every later one."""

from __future__ import annotations

import pytest
from desk import Desk
from test_last_look import KEY

NO_CHANGES = "No changes. Live accounts match the manifest."


@pytest.mark.parametrize("forgets_keys", [False, True])
def test_a_deleted_account_is_gone_for_every_later_run(desk: Desk, forgets_keys: bool) -> None:
    """Its stored secret is of a dead key: nothing signs with it, and plan, apply and plan end 0."""
    accounts = {"payin001": {"api_keys": {"trading": KEY}}, "payin002": {"api_keys": {"trading": KEY}}}
    desk.write(accounts, guardrails={"max_deletes": 1}).converge()
    gone = {"state": "absent"} if forgets_keys else {**accounts["payin001"], "state": "absent"}
    desk.write({"payin001": gone, "payin002": accounts["payin002"]}, guardrails={"max_deletes": 1})
    said = desk.apply()
    assert (said.code, said.last) == (0, "Applied: 0 created, 0 changed, 1 deleted, 0 blocked, 0 failed."), said.out
    before = desk.sandbox.control_get("requests")
    for _ in range(2):
        said = desk.plan()
        assert (said.code, said.last) == (0, NO_CHANGES), said.out
    said = desk.apply()
    assert (said.code, said.last) == (0, NO_CHANGES), said.out
    after = desk.sandbox.control_get("requests")
    assert after["by_code"].get("50111", 0) == before["by_code"].get("50111", 0)
    assert after["by_code"].get("50119", 0) == before["by_code"].get("50119", 0)
