"""A key that is replaced: the present one goes before the new one is made, and what it had is lost at neither end."""

from __future__ import annotations

from typing import Any

import pytest
from desk import Desk
from ladder_parts import quiet, settle

LEFT_OUT = [{"ip_allowlist"}, {"permissions", "ip_allowlist"}]
ADDRESS = "trader01.api_keys[bot]"


def _bot(desk: Desk, *left_out: str) -> None:
    """A key whose secret nobody has, of which the manifest leaves these to the venue."""
    settle(desk, "trader01", labels=("trading", "bot"), stored=False)
    desk.sandbox.control_post("accounts/trader01/keys/bot", ip="127.0.0.1,203.0.113.7")
    key: dict[str, Any] = {"permissions": ["read", "trade"], "ip_allowlist": [], "store": "vault"}
    key = {name: value for name, value in key.items() if name not in left_out}
    desk.write({"trader01": {"api_keys": {"bot": key}}}, guardrails={"max_deletes": 1})


def _live(desk: Desk) -> dict[str, tuple[str, list[str]]]:
    return {key["label"]: (key["perm"], key["ip"]) for key in desk.account("trader01")["keys"]}


@pytest.mark.parametrize("left_out", LEFT_OUT, ids=lambda some: " and ".join(sorted(some)))
def test_a_replacement_that_was_cut_short_goes_on_with_what_the_key_had(desk: Desk, left_out: set[str]) -> None:
    """A create that is refused once the present key is deleted: apply says that it is, and the next plan and apply make
    the new key with the addresses and permissions that the manifest left to the old one, never one that works from any
    address."""
    _bot(desk, *left_out)
    desk.fault(match={"path": "*/subaccount/apikey", "method": "POST"}, kind="code", code="59500")
    said = desk.apply("--replace", ADDRESS)
    assert (said.code, "the former key is deleted already" in said.out) == (1, True)
    assert "bot" not in _live(desk)
    assert desk.steps()[ADDRESS]["after"]["ip_allowlist"] == ["127.0.0.1", "203.0.113.7"]
    assert desk.apply().last == "Applied: 1 created, 0 changed, 0 deleted, 0 blocked, 0 failed."
    assert _live(desk)["bot"] == ("read_only,trade", ["127.0.0.1", "203.0.113.7"])


def test_a_key_is_not_deleted_for_one_that_the_venue_may_refuse(desk: Desk) -> None:
    """An old key has `withdraw`, which a new one may not get, and the manifest names no permissions: `--replace` is
    blocked before the key is deleted, and names `rotate`, which makes the new key first. Without `withdraw` it is
    replaced."""
    _bot(desk, "permissions", "ip_allowlist")
    desk.sandbox.control_post("accounts/trader01/keys/bot", perm="read_only,trade,withdraw")
    keys = {"bot": {"store": "vault"}}
    guardrails = {"max_deletes": 1, "deny_permissions": []}
    desk.write({"trader01": {"api_keys": keys}}, guardrails=guardrails)
    said = quiet(desk, "--replace", ADDRESS)
    assert "the venue may refuse withdraw to a new key" in said.out
    assert "acctcfg rotate trader01 bot" in said.out
    assert _live(desk)["bot"][0] == "read_only,trade,withdraw"
    desk.write({"trader01": {"api_keys": {"bot": {**keys["bot"], "permissions": ["read"]}}}}, guardrails=guardrails)
    assert desk.apply("--replace", ADDRESS).code == 0
    assert _live(desk)["bot"][0] == "read_only"


def test_a_revert_tells_of_a_key_that_a_cut_replacement_deleted(desk: Desk) -> None:
    """The run deleted the key and made no new one: its revert says so, and not that the key has a new secret."""
    _bot(desk, "ip_allowlist")
    desk.fault(match={"path": "*/subaccount/apikey", "method": "POST"}, kind="code", code="59500")
    assert desk.apply("--replace", ADDRESS).code == 1
    said = desk.run("revert", desk.run("history", "--format", "json").json[0]["id"])
    assert "the run deleted it, and its secret is gone" in said.out, said.out + said.err
    assert "gave it a new secret" not in said.out
