"""Answers that never arrive: what became of a write is read, and nothing is there twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pyrage
import pytest
from gate_desk import ADA, GateDesk

pytestmark = pytest.mark.slow  # a fault at every write

FAST = 40  # what waits for the venue's 60 s waits for one and a half
TRADING = {"permissions": {"futures": "write"}, "ip_allowlist": ["127.0.0.1"], "store": "vault"}
SUB = {"sub_1": {"role": "sub_account", "label": "Desk one", "state": "locked", "api_keys": {"trading": TRADING}}}
MAIN = {
    "cx": {
        "account_mode": "isolated_exchange",
        "position_mode": {"okx": "long_short"},
        "leverage": [{"symbol": ADA, "value": 7}],
    }
}


@pytest.fixture
def gate(make_gate: Callable[..., GateDesk]) -> GateDesk:
    """A desk on a fresh CrossEx account, faster than the others."""
    return make_gate(speed=FAST)


def sub_stands(gate: GateDesk) -> None:
    """The sub-account is there once, locked, with one key that the stored secret is of."""
    live = gate.account("sub_1")
    (key,) = live["keys"]
    sealed = (gate.folder / "secrets/cx/sub_1/trading.age").read_bytes()
    secret = json.loads(pyrage.decrypt(sealed, [pyrage.x25519.Identity.from_str(gate.identity)]))
    assert (live["state"], live["remark"], key["key"]) == (2, "Desk one", secret["api_key"])
    made = [row for row in gate.writes("/sub_accounts") if row["effect"]]
    assert len(made) == 1


def main_stands(gate: GateDesk) -> None:
    """Mode, position mode and leverage are as MAIN wants them, each set once."""
    live = gate.crossex()
    found = (live["account_mode"], live["position_mode"]["OKX"], live["leverage"])
    assert found == ("ISOLATED_EXCHANGE", "DUAL", {ADA: "7"})
    assert sum(row["effect"] for row in gate.writes()) == 3


WRITES = [
    ("*/sub_accounts", "POST", SUB, sub_stands),
    ("*/keys", "POST", SUB, sub_stands),
    ("*/lock", "POST", SUB, sub_stands),
    ("*/crossex/accounts", "PUT", MAIN, main_stands),
    ("*/positions/leverage", "POST", MAIN, main_stands),
]


@pytest.mark.parametrize(("path", "method", "accounts", "stands"), WRITES, ids=[f"{row[1]} {row[0]}" for row in WRITES])
@pytest.mark.parametrize("kind", ["reset_before", "reset_after", "timeout_after", "html"])
def test_a_lost_answer_is_resolved_by_reading(
    gate: GateDesk, kind: str, path: str, method: str, accounts: dict[str, Any], stands: Callable[[GateDesk], None]
) -> None:
    """Whether a write happened whose answer is lost is read, not guessed: at the end all is there, and once."""
    gate.fault(match={"path": path, "method": method}, kind=kind, **({"effect": True} if kind == "html" else {}))
    gate.write(accounts)
    said = gate.apply()
    if said.code != 0:  # a secret whose answer was lost cannot be read back
        assert "/keys" in path, said.out
        assert "Traceback" not in said.out + said.err
    gate.converge()
    stands(gate)


def test_a_venue_that_is_down(gate: GateDesk) -> None:
    """Reads that fail are said, nothing is planned from them, and nothing is written; once it is back all is done."""
    gate.write({**MAIN, **SUB})
    gate.fault(match={"path": "*"}, times=0, kind="status", status=503)
    for said in (gate.plan(), gate.apply()):
        assert said.code == 1
        assert "Traceback" not in said.err
        assert "503" in said.err
    gate.sandbox.control_delete("faults/all")
    assert gate.writes() == []
    gate.converge()


READS = {
    "*/rule/symbols": "cx.leverage",
    "*/positions/leverage": f"cx.leverage[futures/{ADA}]",
    "*/sub_accounts": "sub_1",
}


@pytest.mark.parametrize(("path", "address"), READS.items())
@pytest.mark.parametrize("kind", ["status", "html", "garbage", "other", "reset_before"])
def test_what_cannot_be_read_is_not_taken_for_missing(
    make_gate: Callable[..., GateDesk], path: str, address: str, kind: str
) -> None:
    """One read that fails makes its own address unreadable: exit 1, no "No changes", nothing written anywhere."""
    gate = make_gate(speed=FAST, sub_accounts={"sub_1": {}})
    other = {"kind": "garbage", "body": '{"code": "0", "data": []}'}
    fault = other if kind == "other" else {"kind": kind}
    gate.fault(match={"path": path, "method": "GET"}, times=0, **fault)
    gate.write({"cx": {"position_mode": "net", "leverage": MAIN["cx"]["leverage"]}, "sub_1": {"role": "sub_account"}})
    plan = gate.plan("--format", "json")
    assert plan.code == 1
    assert [one["address"] for one in plan.json["unreadable"]] == [address]
    assert not any(step["address"].startswith(address) for step in plan.json["steps"])
    assert "No changes" not in gate.plan().out
    assert gate.apply().code == 1
    assert gate.writes() == []


def test_a_symbol_that_the_answer_leaves_out(gate: GateDesk) -> None:
    """Leverage that the venue does not answer is unknown, not a default: unreadable, and nothing is written."""
    gate.fault(match={"path": "*/positions/leverage", "method": "GET"}, times=0, kind="garbage", body="[]")
    plan = gate.write({"cx": {"leverage": MAIN["cx"]["leverage"]}}).plan("--format", "json")
    assert (plan.code, plan.json["steps"]) == (1, [])
    assert plan.json["unreadable"][0]["code"] == "no_leverage"


@pytest.mark.parametrize("word", ["SINGLE_HOLDING", "", None, "dual"])
def test_a_word_that_nobody_documented(gate: GateDesk, word: str | None) -> None:
    """A position mode of another word is reported, quoted, and never planned on; so is an account mode, which makes
    the account unreadable and its sub-accounts not."""
    uid = gate.crossex()["uid"]
    row = {"user_id": uid, "account_mode": "CROSS_EXCHANGE", "position_mode": word, "initial_margin": "0"}
    gate.fault(match={"path": "*/crossex/accounts", "method": "GET"}, times=0, kind="garbage", body=json.dumps(row))
    plan = gate.write({"cx": {"position_mode": "net"}}).plan("--format", "json")
    assert (plan.code, plan.json["steps"]) == (1, [])
    assert plan.json["unreadable"][0]["address"] == "cx.position_mode"
    row["account_mode"] = "PORTFOLIO"
    gate.sandbox.control_delete("faults/all")
    gate.fault(match={"path": "*/crossex/accounts", "method": "GET"}, times=0, kind="garbage", body=json.dumps(row))
    beside = {"cx": {"position_mode": "net"}, "sub_1": {"role": "sub_account"}}
    plan = gate.write(beside).plan("--format", "json")
    assert (plan.code, [step["address"] for step in plan.json["steps"]]) == (1, ["sub_1"])
    (unread,) = plan.json["unreadable"]
    assert (unread["address"], "PORTFOLIO" in unread["message"]) == ("cx", True)


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("INVALID_KEY", "the API key is not valid"),
        ("INVALID_SIGNATURE", "the secret key does not belong to the API key"),
        ("IP_FORBIDDEN", "the calling address is not on the key's allow-list"),
        ("USER_DEACTIVATED", "deactivated"),
    ],
)
def test_credentials_that_do_not_work(gate: GateDesk, label: str, words: str) -> None:
    """One message with the connection's name, what is wrong and what to do; exit 1, and nothing written."""
    gate.fault(match={"path": "*"}, times=0, kind="label", label=label)
    said = gate.write(MAIN).apply()
    assert said.code == 1
    assert "venues.cx" in said.err
    assert label in said.err
    assert words in said.err
    assert "hint: " in said.err
    assert gate.writes() == []


def test_somebody_elses_credentials(gate: GateDesk) -> None:
    """A connection with a `uid` refuses to work as anybody else."""
    venues = gate.connections()
    gate.write({"cx": {"position_mode": "net"}}, venues={"cx": {**venues["cx"], "uid": "1"}})
    said = gate.plan()
    assert (said.code, "not 1" in said.err) == (1, True)
    gate.write({"cx": {"position_mode": "net"}}, venues={"cx": {**venues["cx"], "uid": gate.crossex()["uid"]}})
    assert gate.plan().code == 0


@pytest.mark.parametrize("mode", ["CROSS_EXCHANGE", "ISOLATED_EXCHANGE"])
def test_a_clock_that_is_off(make_gate: Callable[..., GateDesk], mode: str) -> None:
    """Beyond the venue's 60 s the time is measured once and corrected for, reads and writes alike."""
    gate = make_gate(speed=FAST, account_mode=mode)
    gate.sandbox.control_post("clock", offset_ms=300_000)
    gate.write({"cx": {"leverage": MAIN["cx"]["leverage"]}}).converge()


def test_a_write_that_nobody_answers_was_never_accepted(gate: GateDesk) -> None:
    """A gateway's page for every try: sent twice, each time's window waited out; then the outcome is unknown, in words
    that say what came back and what the venue shows, and nothing was "accepted"."""
    gate.fault(match={"path": "*/crossex/accounts", "method": "PUT"}, times=0, kind="html", status=403)
    said = gate.write({"cx": {"position_mode": "long_short"}}).apply()
    assert (said.code, len(gate.puts())) == (1, 2)
    assert "sent twice without a clear answer" in said.out
    assert "still shows net" in said.out
    assert "HTTP 403" in said.out
    assert "accepted" not in said.out


def test_too_many_requests_are_waited_out(gate: GateDesk) -> None:
    """A 429 on read or write was not executed: it is sent again, once the venue takes it, and the run says so."""
    gate.fault(match={"path": "*/crossex/accounts", "method": "PUT"}, kind="rate_limited")
    gate.fault(match={"path": "*/crossex/accounts", "method": "GET"}, kind="rate_limited")
    said = gate.write({"cx": {"position_mode": "long_short"}}).apply()
    assert said.code == 0, said.out + said.err
    assert sum(row["effect"] for row in gate.writes()) == 1
    assert "too many requests" in said.out
