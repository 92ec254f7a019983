"""Whose sub-account and whose credentials, at Gate: by uid, remembered from the first use on."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from typing import Any

import pytest
from gate_desk import ADA, KEY, GateDesk

SUB = {"role": "sub_account"}
BOT = {"api_keys": {"bot": {"permissions": {"spot": "read"}, "ip_allowlist": ["203.0.113.7"], "store": "vault"}}}
OTHER = {**KEY, "key": "other-gate-key", "secret": "other-gate-secret"}


def sub(gate: GateDesk, name: str) -> Any:
    """The sandbox's own notes on a sub-account."""
    return gate.sandbox.app.venues["gate_crossex"].state.tenants["cx"].subs[name]


def test_another_sub_account_of_the_same_name_is_not_ours(gate: GateDesk) -> None:
    """A known name under another uid blocks every step, until the entry names the new uid."""
    gate.write({"customer01": SUB}).converge()
    old = sub(gate, "customer01").uid
    sub(gate, "customer01").uid = "999999999"
    gate.write({"customer01": {**SUB, **BOT}})
    before = len(gate.writes())
    said = gate.apply()
    assert said.code == 3
    assert old in said.out
    assert "999999999" in said.out
    assert len(gate.writes()) == before
    assert set(gate.blocked_by("customer01.api_keys[bot]")) == {"uid_changed"}
    gate.write({"customer01": {**SUB, **BOT, "uid": "999999999"}}).converge()
    gate.write({"customer01": {**SUB, **BOT}}).converge()


def test_a_plan_is_of_the_sub_account_that_was_reviewed(gate: GateDesk) -> None:
    """Another one of its name is refused by a saved plan, also where the journal knows neither: exit 1, no write."""
    gate.write({"customer01": {**SUB, **BOT}, "customer02": SUB}).converge()
    shutil.rmtree(gate.folder / ".acctcfg")
    gate.write({"customer01": {**SUB, **BOT, "state": "locked"}})
    assert gate.plan("--out", "plan.json").code == 0
    sub(gate, "customer01").uid = "999999999"
    before = len(gate.writes())
    said = gate.apply("plan.json")
    assert said.code == 1, said.out + said.err
    assert "the account of that name is 999999999 now" in said.err
    assert len(gate.writes()) == before


def test_another_sub_account_matches_nothing(gate: GateDesk) -> None:
    """Where no step is there to be blocked, the account could not be read: exit 1, and never "match"."""
    gate.write({"customer01": SUB}).converge()
    sub(gate, "customer01").uid = "999999999"
    for fields, code in (({}, "uid_changed"), ({"uid": "42"}, "uid_mismatch")):
        said = gate.write({"customer01": {**SUB, **fields}}).run("plan", "--format", "json")
        assert (said.code, said.json["steps"]) == (1, [])
        assert [(one["address"], one["code"]) for one in said.json["unreadable"]] == [("customer01", code)]
        assert "adopted" not in {one["code"] for one in said.json["warnings"]}
        assert gate.run("output").json["customer01"]["uid"] is None


def test_somebody_elses_credentials_are_refused_from_the_second_use_on(make_gate: Callable[..., GateDesk]) -> None:
    """Plan, show and apply name both uids and exit 1, unless the manifest's `uid` says so."""
    gate = make_gate()
    gate.write({"customer01": SUB}).converge()
    main = gate.sandbox.app.venues["gate_crossex"].state.tenants["cx"].master
    mine, main.uid = main.uid, "888888888"
    for command in (("plan",), ("show",), ("apply", "--auto-approve")):
        said = gate.run(*command)
        assert (said.code, said.out) == (1, "")
        assert mine in said.err
        assert "888888888" in said.err


def test_output_reads_what_it_prints(make_gate: Callable[..., GateDesk]) -> None:
    """Uids take who it is and the list of sub-accounts: no keys, no symbols, no leverage, whatever the manifest has."""
    gate = make_gate()
    entry = {"symbol": "*_FUTURE_*", "value": 7}
    key = {"permissions": {"wallet": "read"}, "ip_allowlist": ["127.0.0.1"], "store": "vault"}
    subs = {name: {"role": "sub_account", "api_keys": {"bot": key}} for name in ("sub_1", "sub_2")}
    gate.write({"cx": {"leverage": [entry]}, **subs}).converge()
    uids = {name: gate.account(f"cx:{at}")["uid"] for name, at in [("cx", "@master"), *((n, n) for n in subs)]}
    for asked, printed in (((), set(uids)), (("sub_*",), set(subs)), (("cx",), {"cx"})):
        gate.sandbox.control_post("forget")
        found = gate.run("output", *asked).json
        assert {name: row["uid"] for name, row in found.items()} == {name: uids[name] for name in printed}
        assert set(gate.sandbox.control_get("requests")["by_path"]) <= {
            "GET /api/v4/crossex/accounts",
            "GET /api/v4/sub_accounts",
        }


FIRST, LATER = ["BINANCE", "OKX", "GATE"], ["BYBIT", "KRAKEN", "HYPERLIQUID", "DERIBIT", "LIGHTER"]


@pytest.mark.parametrize("absent", [[*FIRST, *LATER[:2]], FIRST + LATER], ids=["a later exchange alone", "none at all"])
def test_an_isolated_account_without_the_first_exchanges_is_known(
    make_gate: Callable[..., GateDesk], absent: list[str]
) -> None:
    """Any part tells whose it is, and without one the user's own row does: leverage is planned and set, and `doctor`
    finds nothing wrong with the credentials."""
    gate = make_gate(account_mode="ISOLATED_EXCHANGE", absent=absent)
    gate.write({"cx": {"leverage": [{"symbol": "HYPERLIQUID_FUTURE_BTC_USDC", "value": 4}]}}).converge()
    assert gate.crossex()["leverage"] == {"HYPERLIQUID_FUTURE_BTC_USDC": "4"}
    said = gate.run("doctor")
    assert (said.code, "failed" in said.out.replace("0 failed", "")) == (0, False), said.out


def test_an_isolated_account_without_any_part_is_told_so(make_gate: Callable[..., GateDesk]) -> None:
    """Where the key cannot read its user's own row either: no line of the manifest is blamed."""
    gate = make_gate(account_mode="ISOLATED_EXCHANGE", absent=FIRST + LATER)
    gate.fault(match={"path": "*/account/detail"}, times=0, kind="label", label="FORBIDDEN")
    said = gate.write({"cx": {"leverage": [{"symbol": ADA, "value": 4}]}}).plan()
    assert (said.code, gate.writes()) == (1, [])
    assert "the venue shows no part of it at any exchange" in said.out + said.err
    assert "position_mode" not in said.out + said.err


@pytest.mark.slow
@pytest.mark.parametrize("known", [True, False])
def test_a_creation_that_is_answered_with_another_ones_uid(make_gate: Callable[..., GateDesk], known: bool) -> None:
    """No key is made in that account, nor is it locked: an answer that names one that was there is settled by the list,
    of one that came in between the row has another name."""
    gate = make_gate(sub_accounts={"other": {}})
    gate.write({"sub_1": {**SUB, "state": "locked", **BOT}})
    uid = int(gate.account("other")["uid"])
    row = {"login_name": "sub_1", "user_id": uid, "state": 1, "remark": "", "create_time": 1}
    match = {"path": "*/sub_accounts", "method": "POST"}
    gate.fault(match=match, kind="garbage", body=json.dumps(row), effect=True)
    if not known:
        gate.fault(match={"path": "*/sub_accounts", "method": "GET"}, times=2, kind="lose_row", row="other")
    said = gate.apply()
    assert (gate.account("other")["keys"], gate.account("other")["state"]) == ([], 1)
    if known:
        assert said.code == 0, said.out + said.err
        assert (len(gate.account("sub_1")["keys"]), gate.account("sub_1")["state"]) == (1, 2)
        assert gate.plan().last == "No changes. Live accounts match the manifest."
    else:
        assert (said.code, f"the uid {uid} is that of other, and not of sub_1" in said.out) == (1, True), said.out
        assert not (gate.folder / "secrets/cx/sub_1/bot.age").exists()
