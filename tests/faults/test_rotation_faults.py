"""Answers that are lost while a key is rotated: nothing is made twice, and a working secret stays in its place."""

from __future__ import annotations

import pytest
from desk import Desk
from fault_parts import TRADING

CALLS = ("*/subaccount/apikey", "*/delete-apikey", "*/modify-apikey")


@pytest.mark.parametrize("path", CALLS)
@pytest.mark.parametrize("kind", ["timeout_after", "reset_before"])
def test_a_lost_answer_ends_in_one_key_that_signs(desk: Desk, path: str, kind: str) -> None:
    """Whether the write happened or not: this run, or the next apply, ends the rotation."""
    desk.write({"mmdesk01": {"api_keys": {"trading": TRADING}}}, guardrails={"max_deletes": 0}).converge()
    (old,) = desk.account("mmdesk01")["keys"]
    desk.fault(match={"path": path, "method": "POST"}, kind=kind, times=1)
    said = desk.run("rotate", "mmdesk01", "trading", "--auto-approve", "--overlap", "0s")
    live = [key["api_key"] for key in desk.account("mmdesk01")["keys"]]
    assert desk.secret("mmdesk01", "trading")["api_key"] in live, said.out
    if said.code:
        assert desk.apply().code == 0
    (key,) = desk.account("mmdesk01")["keys"]
    assert key["label"] == "trading"
    assert key["api_key"] == desk.secret("mmdesk01", "trading")["api_key"] != old["api_key"]
    assert desk.plan().last == "No changes. Live accounts match the manifest."
