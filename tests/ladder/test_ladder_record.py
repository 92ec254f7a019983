"""What the record answers to an auditor: who set what from what to what, and what of it was not done."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from desk import Desk
from ladder_parts import KEY, TRADING, settle

ADDRESS = {"deposit": {"addresses": [{"currency": "USDT", "chain": "USDT-TRC20", "count": 1}]}}


def record(desk: Desk) -> dict[str, Any]:
    """The last run, as data."""
    (last, *_) = desk.run("history", "--format", "json").json
    found: dict[str, Any] = desk.run("history", last["id"], "--format", "json").json
    return found


def text(desk: Desk) -> str:
    """The last run, for people."""
    (last, *_) = desk.run("history", "--format", "json").json
    return desk.run("history", last["id"]).out


def test_values_ids_and_answers_are_kept(desk: Desk) -> None:
    """Before and after of every value, the account's uid, the key's id and the address: as data and as text."""
    desk.write({"mmdesk01": {"account_mode": "futures", "api_keys": KEY, **ADDRESS}}).converge()
    desk.write({"mmdesk01": {"account_mode": "multi_currency", "api_keys": KEY, **ADDRESS}})
    first, shown = record_of_first(desk)
    steps = {step["address"]: step for step in first["steps"]}
    live = desk.account("mmdesk01")
    secret = desk.secret("mmdesk01", "trading")
    answers = {entry["intent"]["address"]: entry["answered"] for entry in first["entries"]}
    assert answers["mmdesk01"] == {"uid": live["uid"]}
    assert answers["mmdesk01.api_keys[trading]"]["api_key"] == secret["api_key"]
    assert answers["mmdesk01.deposit.addresses[USDT/USDT-TRC20/1]"]["address"] == live["addresses"][0]["addr"]
    assert {step["uid"] for step in steps.values()} == {live["uid"]}
    assert {step["status"] for step in steps.values()} == {"done"}
    for part in (live["uid"], secret["api_key"], live["addresses"][0]["addr"]):
        assert part in shown
    for part in (secret["secret_key"], secret["passphrase"]):
        assert part not in shown + json.dumps(first)
    desk.apply()
    changed = record(desk)
    (step,) = changed["steps"]
    assert (step["before"], step["after"]) == ("futures", "multi_currency")
    assert changed["entries"][0]["intent"]["body"]["before"] == "futures", "also of a run that would have been killed"
    assert "~ mmdesk01.account_mode  futures -> multi_currency   done" in text(desk)


def record_of_first(desk: Desk) -> tuple[dict[str, Any], str]:
    """The oldest run, as data and as text."""
    *_, first = desk.run("history", "--format", "json").json
    found: dict[str, Any] = desk.run("history", first["id"], "--format", "json").json
    return found, desk.run("history", first["id"]).out


@pytest.mark.slow
def test_what_was_not_done_is_kept(desk: Desk) -> None:
    """Steps that were blocked, and those that were not started for it, stand in the record with the reason."""
    desk.write({"mmdesk01": {"account_mode": "futures", "position_mode": "net", "api_keys": KEY}}).converge()
    desk.open("mmdesk01", "positions", instId="BTC-USDT-SWAP", pos="3")
    desk.write(
        {"mmdesk01": {"account_mode": "multi_currency", "position_mode": "long_short", "api_keys": KEY}, "mmdesk02": {}}
    )
    assert desk.apply().code == 3
    steps = {step["address"]: step for step in record(desk)["steps"]}
    assert steps["mmdesk01.position_mode"]["status"] == "blocked"
    assert "no_open_positions" in steps["mmdesk01.position_mode"]["message"]
    assert steps["mmdesk02"]["status"] == "not_started"
    shown = text(desk)
    assert "blocked: no_open_positions" in shown
    assert "not started" in shown


@pytest.mark.slow
def test_a_replacement_is_a_delete_and_a_create(desk: Desk) -> None:
    """With the id of the key that died, and of the one that took its place."""
    desk.write({"mmdesk01": {"api_keys": {"bot": {**TRADING, "permissions": ["read"]}}}}).converge()
    old = desk.secret("mmdesk01", "bot")["api_key"]
    (desk.folder / "secrets" / "desk" / "mmdesk01" / "bot.age").unlink()
    desk.write({"mmdesk01": {"api_keys": {"bot": {**TRADING, "permissions": ["read"]}}}}, guardrails={"max_deletes": 1})
    said = desk.apply("--replace", "mmdesk01.api_keys[bot]")
    assert said.code == 0, said.out + said.err
    new = desk.secret("mmdesk01", "bot")["api_key"]
    shown = text(desk)
    assert f"- key {old} deleted: done" in shown
    assert "+ key created: done" in shown
    assert f"key id {new}" in shown
    assert [bool(entry["intent"]["body"].get("deletes")) for entry in record(desk)["entries"]] == [True, False]


def test_a_run_without_its_end_still_tells_its_writes(desk: Desk) -> None:
    """A process that dies leaves each write's values and what is known of it."""
    from acctcfg.journal import Journal

    desk.write({"mmdesk01": {}}).converge()
    with Journal.open(desk.folder / ".acctcfg" / "journal.sqlite", create=True) as journal:
        run = journal.begin_run(command="apply", actor="x")
        body = {"uid": "7", "before": "net", "before_known": True, "after": "long_short"}
        place = {"venue_user": "1", "account": "mmdesk01", "address": "mmdesk01.position_mode"}
        journal.intend(journal.intending(run, **place, action="change", call="POST /x", body=body, sent_at=time.time()))
    shown = desk.run("history", run).out
    assert "~ mmdesk01.position_mode  net -> long_short   outcome not known" in shown
    assert "account uid 7" in shown


def test_a_switch_reads_as_the_manifest_writes_it(desk: Desk) -> None:
    """`false -> true`, as in the plan: not a form of the program's own."""
    settle(desk, "mmdesk01", acctLv="3")
    desk.write({"mmdesk01": {"api_keys": KEY, "settings": {"auto_loan": True}}}).apply()
    assert "~ mmdesk01.settings.auto_loan  false -> true   done" in text(desk)
