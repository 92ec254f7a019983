"""A key of a sub-account that is replaced: the present one goes before the new one is made."""

from __future__ import annotations

from collections.abc import Callable

from gate_desk import GateDesk

ADDRESS = "sub_1.api_keys[bot]"
BOT = {"name": "bot", "key": "bot-key", "secret": "bot-secret", "perms": ["futures"], "ip_whitelist": ["127.0.0.1"]}


def _on_record(gate: GateDesk) -> list[tuple[str, str]]:
    """What the last run sent, and what became of each."""
    last = gate.run("history", "--format", "json").json[0]["id"]
    entries = gate.run("history", last, "--format", "json").json["entries"]
    return [(one["intent"]["call"].partition(" ")[0], one["outcome"]) for one in entries]


def test_a_replacement_that_was_cut_short_goes_on_with_what_the_key_had(make_gate: Callable[..., GateDesk]) -> None:
    """A create that is refused once the present key is deleted: apply says that it is, and the next plan and apply make
    the new key with the addresses, the permissions and the mode that the manifest left to the old one, never one that
    works from any address."""
    gate = make_gate(sub_accounts={"sub_1": {"keys": [{**BOT, "mode": 2}]}})
    keys = {"bot": {"store": "vault"}}
    gate.write({"sub_1": {"role": "sub_account", "api_keys": keys}}, guardrails={"max_deletes": 1})
    gate.fault(match={"path": "*/keys", "method": "POST"}, kind="label", label="FORBIDDEN")
    said = gate.apply("--replace", ADDRESS)
    assert (said.code, "the former key is deleted already" in said.out) == (1, True)
    assert gate.account("sub_1")["keys"] == []
    assert _on_record(gate) == [("DELETE", "done"), ("POST", "refused")]
    after = gate.steps()[ADDRESS]["after"]
    assert (after["permissions"], after["ip_allowlist"]) == (["futures:write"], ["127.0.0.1"])
    assert gate.apply().last == "Applied: 1 created, 0 changed, 0 deleted, 0 blocked, 0 failed."
    (made,) = gate.account("sub_1")["keys"]
    assert (made["name"], made["ip_whitelist"], made["mode"]) == ("bot", ["127.0.0.1"], 2)


def test_a_key_is_not_deleted_for_one_that_the_venue_may_refuse(make_gate: Callable[..., GateDesk]) -> None:
    """A key has a permission that none can be given by API, and the manifest leaves the permissions to it: `--replace`
    is blocked before the key is deleted, and `rotate`, which makes the new key first and fails, leaves it too."""
    gate = make_gate(sub_accounts={"sub_1": {"keys": [{**BOT, "perms": ["futures", "crossx"]}]}})
    keys = {"bot": {"store": "vault"}}
    gate.write({"sub_1": {"role": "sub_account", "api_keys": keys}}, guardrails={"max_deletes": 1})
    said = gate.apply("--replace", ADDRESS)
    assert (said.code, gate.writes()) == (3, [])
    assert "the venue may refuse crossx:write to a new key" in said.out
    assert "acctcfg rotate sub_1 bot" in said.out
    assert gate.run("rotate", "sub_1", "bot", "--auto-approve").code == 1
    assert [one["key"] for one in gate.account("sub_1")["keys"]] == ["bot-key"]
