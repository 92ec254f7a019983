"""Back to the state before a run: what it changed is as it was, and what cannot be undone is named."""

from __future__ import annotations

import json
import os
import sqlite3
from typing import Any

import pytest
from desk import Desk, Said
from ladder_parts import KEY, TRADING, settle
from postgres import Postgres

from acctcfg.core.address import Address
from acctcfg.engine.deeds import Deed
from acctcfg.engine.renamed import as_named_now
from acctcfg.engine.workspace import Workspace

SWAP = {"market": "swap", "instrument": "BTC-USDT-SWAP", "margin": "cross"}
GREEKS = "trader01.settings.greeks"
LEVER = "trader01.leverage[swap/BTC-USDT/cross]"


def applied(desk: Desk, accounts: dict[str, Any], *arguments: str, **sections: Any) -> str:
    """Apply a manifest; gives the run."""
    said = desk.write(accounts, **sections).apply("--format", "json", *arguments)
    assert said.code == 0, said.out + said.err
    return str(said.json["run"])


def two_runs(desk: Desk, **sections: Any) -> str:
    """An account whose leverage and setting a second run changed; gives that run."""
    settle(desk, "trader01", acctLv="3", posMode="net_mode")
    for value, word in ((3, "PA"), (7, "BS")):
        fields = {"api_keys": KEY, "leverage": [{**SWAP, "value": value}], "settings": {"greeks": word}}
        run = applied(desk, {"trader01": fields}, **sections)
    return run


def saved(desk: Desk, run: str, *arguments: str) -> dict[str, Any]:
    """The plan that leads back, which is in back.json too."""
    said = desk.run("revert", run, "--out", "back.json", "--format", "json", *arguments)
    assert said.code == 0, said.out + said.err
    assert said.json == json.loads((desk.folder / "back.json").read_text())
    return dict(said.json)


def values(plan: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """From what to what, by address."""
    return {step["address"]: (step["before"], step["after"]) for step in plan["steps"]}


def named(plan: dict[str, Any], code: str = "not_undone") -> dict[str, str]:
    """What a plan says of what stays, by address."""
    return {one["address"]: one["message"] for one in plan["warnings"] if one["code"] == code}


def back(desk: Desk, *arguments: str) -> Said:
    """Apply the saved plan, which ends well."""
    said = desk.apply("back.json", *arguments)
    assert said.code == 0, said.out + said.err
    return said


def test_a_run_is_undone_by_a_saved_plan(desk: Desk) -> None:
    """The plan has the values that the run found; applying it brings them back, and the manifest wants the run's."""
    run = two_runs(desk)
    writes = len(desk.writes())
    plan = saved(desk, run[:-2])
    assert plan["reverts"] == {
        **plan["reverts"], "run": run, "actor": "tester", "command": "apply", "with_deletes": False
    }  # fmt: skip
    assert values(plan) == {LEVER: (7, 3), GREEKS: ("BS", "PA")}
    assert len(desk.writes()) == writes
    assert back(desk).last == "Applied: 0 created, 2 changed, 0 deleted, 0 blocked, 0 failed."
    live = desk.account("trader01")
    assert (live["leverage"]["SWAP/cross/BTC-USDT-SWAP"], live["greeksType"]) == ("3", "PA")
    assert set(desk.steps()) == {LEVER, GREEKS}
    assert f"revert={run}" in desk.run("history", desk.run("history", "--format", "json").json[0]["id"]).out
    assert desk.run("revert", run).last == "Nothing to undo."
    again = desk.apply("back.json")
    assert (again.code, len(desk.writes())) == (0, writes + 2)


@pytest.mark.slow
def test_the_lines_of_the_manifest_that_contradict_it_are_named(desk: Desk) -> None:
    """By file, line and column, for values that a pattern decides too; once they agree there are none."""
    settle(desk, "trader01", acctLv="3", posMode="net_mode")
    for value in (3, 7):
        entries = [{"market": "swap", "family": "BTC-*", "margin": "cross", "value": value}]
        run = applied(desk, {"trader01": {"api_keys": KEY, "leverage": entries}})
    text = (desk.folder / "acctcfg.yaml").read_text().splitlines()
    line = next(number for number, one in enumerate(text, 1) if '"market"' in one) - 1
    plan = saved(desk, run)
    found = named(plan, "set_again")
    assert found[LEVER].startswith(f"acctcfg.yaml:{line}:")
    assert {step["place"]["line"] for step in plan["steps"]} == {line}
    assert found[LEVER] in desk.run("revert", run).out
    entries[0]["value"] = 3
    desk.write({"trader01": {"api_keys": KEY, "leverage": entries}})
    agreed = desk.run("revert", run, "--format", "json").json
    assert (named(agreed, "set_again"), agreed["steps"][0]["place"]["line"]) == ({}, 0)
    back(desk)
    assert desk.plan().last == "No changes. Live accounts match the manifest."


def test_every_kind_of_field_comes_back(desk: Desk) -> None:
    """Settings with and without keys, scopes with and without sides, a key's lists, where deposits go."""
    rows = [{"ccy": "USDT", "chain": "USDT-TRC20", "addr": "Tone"}]
    settle(desk, "trader01", labels=("trading", "bot"), acctLv="3", posMode="long_short_mode", addresses=rows, to="6")
    sided = {"market": "swap", "instrument": "ETH-USDT-SWAP", "margin": "isolated"}

    def fields(number: int, word: str, on: bool, ips: list[str], permissions: list[str], to: str) -> dict[str, Any]:
        return {
            "api_keys": {**KEY, "bot": {**TRADING, "ip_allowlist": ips, "permissions": permissions}},
            "leverage": [
                {**SWAP, "value": number},
                {**sided, "side": "long", "value": number},
                {"market": "futures", "family": "BTC-USD", "margin": "cross", "value": number},
                {"market": "futures", "instrument": "BTC-USD-271231", "margin": "isolated", "value": number},
                {"market": "margin", "currency": "BTC", "margin": "cross", "value": number},
            ],
            "settings": {
                "greeks": word,
                "auto_loan": on,
                "collateral": {"enabled" if on else "disabled": ["BTC", "ETH"]},
            },
            "deposit": {"credit_to": to, "addresses": [{"currency": "USDT", "chain": "USDT-TRC20"}]},
        }

    applied(desk, {"trader01": fields(2, "PA", True, ["127.0.0.1"], ["read"], "funding")})
    before = desk.account("trader01")
    both = ["127.0.0.1", "203.0.113.7"]
    after = fields(4, "BS", False, both, ["read", "trade"], "trading")
    run = applied(desk, {"trader01": after}, "--allow-sensitive")
    assert desk.account("trader01") != before
    plan = saved(desk, run)
    assert len(plan["steps"]) == 12
    assert named(plan) == {}
    back(desk)
    assert desk.account("trader01") == before


@pytest.mark.slow
def test_modes_come_back_and_what_they_hid_is_named(desk: Desk) -> None:
    """An account mode is switched back; what could be read only behind the switch has no value to go back to."""
    settle(desk, "trader01", acctLv="2", posMode="net_mode")
    fields = {"account_mode": "multi_currency", "position_mode": "long_short", "leverage": [{**SWAP, "value": 7}]}
    run = applied(desk, {"trader01": {"api_keys": KEY, **fields}})
    plan = saved(desk, run)
    assert values(plan) == {"trader01.account_mode": ("multi_currency", "futures")}
    assert set(named(plan)) == {"trader01.position_mode", LEVER}
    back(desk)
    assert desk.account("trader01")["acctLv"] == "2"


def test_what_was_read_only_behind_a_step_comes_back_too(desk: Desk) -> None:
    """A value behind a position mode is read right before its write: that is on record, and leads back."""
    settle(desk, "trader01", acctLv="2", posMode="net_mode", leverage={"SWAP/cross/BTC-USDT-SWAP": "5"})
    fields = {"position_mode": "long_short", "settings": {"greeks": "BS"}, "leverage": [{**SWAP, "value": 20}]}
    desk.write({"trader01": {"api_keys": KEY, **fields}})
    assert desk.steps()[LEVER]["before_known"] is False
    run = applied(desk, {"trader01": {"api_keys": KEY, **fields}})
    text = desk.run("history", run).out
    assert [word for word in ("5 -> 20", "PA -> BS", "not known") if word in text] == ["5 -> 20", "PA -> BS"]
    back_to = {
        LEVER: (None, 5),
        "trader01.position_mode": ("long_short", "net"),
        "trader01.settings.greeks": (None, "PA"),
    }
    plan = saved(desk, run)
    assert (values(plan), named(plan)) == (back_to, {})
    back(desk)
    live = desk.account("trader01")
    assert (live["posMode"], live["greeksType"], live["leverage"]["SWAP/cross/BTC-USDT-SWAP"]) == (
        "net_mode",
        "PA",
        "5",
    )


def test_what_a_switch_moved_along_is_named(desk: Desk) -> None:
    """A switch to portfolio makes the position mode net; no step of the run tells what it was, so the plan says so."""
    settle(desk, "trader01", acctLv="3", posMode="long_short_mode")
    run = applied(desk, {"trader01": {"api_keys": KEY, "account_mode": "portfolio"}})
    plan = saved(desk, run)
    assert values(plan) == {"trader01.account_mode": ("portfolio", "multi_currency")}
    assert "may have moved it" in named(plan)["trader01.position_mode"]


@pytest.mark.slow
def test_what_the_run_created_is_deleted_only_where_that_is_asked_for(desk: Desk) -> None:
    """An account and a key are named and stay; with --with-deletes guardrails.max_deletes holds them, or lets them."""
    settle(desk, "trader01")
    applied(desk, {"trader01": {"api_keys": KEY}})
    accounts = {
        "trader01": {"api_keys": {**KEY, "bot": TRADING}},
        "newone01": {"api_keys": KEY, "account_mode": "futures"},
    }
    run = applied(desk, accounts)
    plan = saved(desk, run)
    assert plan["steps"] == []
    assert set(named(plan)) == {"trader01.api_keys[bot]", "newone01"}
    assert back(desk).last == "Nothing to undo."
    plan = saved(desk, run, "--with-deletes")
    assert values(plan).keys() == {"trader01.api_keys[bot]", "newone01"}
    assert set(named(plan, "set_again")) == {"trader01.api_keys[bot]", "newone01"}
    held = desk.apply("back.json")
    assert held.code == 3
    assert "guardrails.max_deletes is 0" in held.out
    desk.write(accounts, guardrails={"max_deletes": 2})
    assert "changed for the accounts of this plan" in desk.apply("back.json").err
    saved(desk, run, "--with-deletes")
    assert back(desk).last == "Applied: 0 created, 0 changed, 2 deleted, 0 blocked, 0 failed."
    assert [key["label"] for key in desk.account("trader01")["keys"]] == ["trading"]
    assert "newone01" not in desk.sandbox.control_get("state")["tenants"]["desk"]["sub_accounts"]


@pytest.mark.slow
def test_what_is_gone_for_good_is_named(desk: Desk) -> None:
    """A deleted key, a rotated one, a deposit address and a one-way door are no steps; the rest is undone."""
    settle(desk, "trader01", labels=("trading", "old"), acctLv="3", posMode="net_mode")
    applied(desk, {"trader01": {"api_keys": KEY, "settings": {"greeks": "PA"}}})
    fields = {
        "api_keys": {**KEY, "old": {"state": "absent"}},
        "settings": {"greeks": "BS", "isolated_margin": {"margin": "auto_transfers_ccy"}},
        "deposit": {"addresses": [{"currency": "USDT", "chain": "USDT-TRC20"}]},
    }
    run = applied(desk, {"trader01": fields}, "--allow-sensitive", guardrails={"max_deletes": 1})
    plan = saved(desk, run)
    assert values(plan) == {GREEKS: ("BS", "PA")}
    assert set(named(plan)) == {
        "trader01.api_keys[old]",
        "trader01.deposit.addresses[USDT/USDT-TRC20/1]",
        "trader01.settings.isolated_margin[margin]",
    }
    said = desk.run("rotate", "trader01", "trading", "--auto-approve", "--overlap", "0s", "--format", "json")
    plan = saved(desk, said.json["run"])
    assert (plan["steps"], set(named(plan))) == ([], {"trader01.api_keys[trading]"})


def test_what_changed_since_stays_and_who_changed_it_is_said(desk: Desk) -> None:
    """A value that a later run wrote, or somebody else, is not overruled; the other one is undone."""
    run = two_runs(desk)
    desk.sandbox.control_post("accounts/trader01/set", {"greeksType": "PA"})
    fields = {"api_keys": KEY, "leverage": [{**SWAP, "value": 9}]}
    later = applied(desk, {"trader01": fields})
    plan = saved(desk, run)
    assert plan["steps"] == []  # greeks is as it was before the run already
    assert named(plan)[LEVER] == f"run {later} wrote it since: it is 9 now, and this run left 7"
    desk.sandbox.control_post("accounts/trader01/set", {"leverage": {"SWAP/cross/BTC-USDT-SWAP": "4"}})
    assert "it is 4 now" in named(saved(desk, run))[LEVER]


@pytest.mark.slow
def test_a_scope_that_is_gone_is_named(desk: Desk) -> None:
    """Under another position mode, or account mode, there is no such value: it is said, and nothing is unreadable."""
    settle(desk, "trader01", acctLv="3", posMode="net_mode")
    sided = {"market": "swap", "instrument": "ETH-USDT-SWAP", "margin": "isolated"}
    for value in (3, 7):
        run = applied(
            desk, {"trader01": {"api_keys": KEY, "leverage": [{**SWAP, "value": 7}, {**sided, "value": value}]}}
        )
    desk.sandbox.control_post("accounts/trader01/set", {"posMode": "long_short_mode"})
    plan = saved(desk, run)
    scope = "trader01.leverage[swap/ETH-USDT/isolated]"
    assert (plan["steps"], named(plan)) == ([], {scope: "the account has no such value now"})
    desk.sandbox.control_post("accounts/trader01/set", {"acctLv": "1", "posMode": "net_mode"})
    plan = saved(desk, run)
    assert (plan["steps"], plan["unreadable"]) == ([], [])
    assert "spot mode has no swap" in named(plan)[scope]


def test_values_by_side_do_not_stand_in_the_way_back_to_one_for_both(desk: Desk) -> None:
    """Where a run set leverage by side, going back to net undoes the mode, and names what net has no place for."""
    settle(desk, "trader01", acctLv="3", posMode="net_mode")
    sided = {"market": "swap", "instrument": "ETH-USDT-SWAP", "margin": "isolated", "value": 7}
    fields = {"api_keys": KEY, "position_mode": "long_short", "settings": {"greeks": "BS"}, "leverage": [sided]}
    run = applied(desk, {"trader01": fields})
    plan = saved(desk, run)
    assert set(values(plan)) == {"trader01.position_mode", GREEKS}
    sides = {f"trader01.leverage[swap/ETH-USDT/isolated/{side}]" for side in ("long", "short")}
    assert (set(named(plan)), plan["unreadable"]) == (sides, [])
    assert all("net has one value for both sides" in why for why in named(plan).values())
    assert back(desk).last == "Applied: 0 created, 2 changed, 0 deleted, 0 blocked, 0 failed."
    live = desk.account("trader01")
    assert (live["posMode"], live["greeksType"]) == ("net_mode", "PA")


def test_values_by_side_do_not_stand_in_the_way_of_a_leverage_that_comes_back(desk: Desk) -> None:
    """A saved revert to net that brings another leverage back is carried out, and names the sides again."""
    cross = {"SWAP/cross/BTC-USDT-SWAP": "4"}
    settle(desk, "trader01", acctLv="3", posMode="net_mode", leverage=cross)
    sided = {"market": "swap", "instrument": "ETH-USDT-SWAP", "margin": "isolated", "value": 7}
    fields = {"api_keys": KEY, "position_mode": "long_short", "leverage": [sided, {**SWAP, "value": 3}]}
    run = applied(desk, {"trader01": fields})
    plan = saved(desk, run)
    assert values(plan) == {"trader01.position_mode": ("long_short", "net"), LEVER: (None, 4)}
    told = back(desk, "--format", "json").json
    assert (told["summary"]["changed"], told["summary"]["not_started"]) == (2, 0)
    assert named(told["plan"]) == named(plan)
    assert set(named(plan)) == {f"trader01.leverage[swap/ETH-USDT/isolated/{side}]" for side in ("long", "short")}
    live = desk.account("trader01")
    assert (live["posMode"], live["leverage"]) == ("net_mode", cross)


def test_an_account_that_is_gone_does_not_stand_in_the_way_of_the_others(desk: Desk) -> None:
    """Nothing of an account that somebody deleted is unreadable or made anew: it is named, and the rest is undone."""
    accounts = ("trader01", "trader02")
    for name in accounts:
        settle(desk, name, acctLv="3", posMode="net_mode")
    for value, word in ((3, "PA"), (7, "BS")):
        fields = {"leverage": [{**SWAP, "value": value}], "settings": {"greeks": word}, "position_mode": "net"}
        made_by_hand = {"api_keys": {"trading": {"store": "vault"}}, **fields}
        run = applied(desk, dict.fromkeys(accounts, made_by_hand))
    desk.sandbox.control_delete("accounts/trader02")
    plan = saved(desk, run)
    assert set(values(plan)) == {LEVER, GREEKS}
    gone = {"trader02.leverage[swap/BTC-USDT/cross]", "trader02.settings.greeks"}
    assert named(plan) == dict.fromkeys(gone, "the account is not there any more")
    assert plan["unreadable"] == []
    writes = len(desk.writes())
    assert back(desk).last == "Applied: 0 created, 2 changed, 0 deleted, 0 blocked, 0 failed."
    assert [row["path"].rpartition("/")[2] for row in desk.writes()[writes:]].count("create-subaccount") == 0
    assert desk.account("trader01")["greeksType"] == "PA"


@pytest.mark.slow
def test_a_saved_revert_is_a_claim_like_any_plan(desk: Desk) -> None:
    """A third value, an edited file, an altered journal: each is refused before the first write."""
    run = two_runs(desk)
    saved(desk, run)
    file = desk.folder / "back.json"
    text, writes = file.read_text(), len(desk.writes())
    desk.sandbox.control_post("accounts/trader01/set", {"leverage": {"SWAP/cross/BTC-USDT-SWAP": "4"}})
    assert f"{LEVER} is 4 now; the plan was made for 7" in desk.apply("back.json").err
    file.write_text(text.replace(f'"run": "{run}"', '"run": "20260101-000000-aaaaaa"'))
    assert "was edited" in desk.apply("back.json").err
    file.write_text(text)
    with sqlite3.connect(desk.folder / ".acctcfg/journal.sqlite") as rows:
        rows.executescript(
            "DROP TRIGGER events_stay; UPDATE events SET body = replace(body, '\"before\":3', '\"before\":9')"
        )
    for refused in (desk.apply("back.json"), desk.run("revert", run)):
        assert refused.code == 1
        assert "not as it was written" in refused.err
    assert len(desk.writes()) == writes


@pytest.mark.slow
def test_another_account_of_the_name_is_left_alone(desk: Desk) -> None:
    """The run was about a uid: one that took the name since gets none of it."""
    run = two_runs(desk)
    next(iter(desk.sandbox.app.venues["okx"].state.tenants.values())).subs["trader01"].uid = "700000000000009999"
    steps = saved(desk, run)["steps"]
    assert {check["name"] for one in steps for check in one["prechecks"] if check["status"] == "fail"} >= {
        "uid_mismatch"
    }
    writes = len(desk.writes())
    assert (desk.apply("back.json").code, len(desk.writes())) == (3, writes)
    desk.sandbox.control_delete("accounts/trader01")
    gone = saved(desk, run)
    assert (gone["steps"], set(named(gone).values())) == ([], {"the account is not there any more"})


@pytest.mark.slow
def test_guardrails_prechecks_and_consent_hold_for_a_revert(desk: Desk) -> None:
    """A position blocks it, a limit blocks it, and a wider allow-list asks for --allow-sensitive."""
    settle(desk, "trader01", labels=("trading", "bot"), acctLv="2", posMode="long_short_mode")
    wide = {**KEY, "bot": {**TRADING, "ip_allowlist": ["127.0.0.1", "203.0.113.7"]}}
    applied(desk, {"trader01": {"api_keys": wide, "leverage": [{**SWAP, "value": 9}]}}, "--allow-sensitive")
    narrow = {"api_keys": {**KEY, "bot": TRADING}, "position_mode": "net"}
    run = applied(desk, {"trader01": narrow})
    desk.open("trader01", "positions", instId="BTC-USDT-SWAP", mgnMode="cross")
    steps = {step["address"]: step for step in saved(desk, run)["steps"]}
    assert steps["trader01.position_mode"]["blocked"]
    assert desk.apply("back.json").code == 3
    narrowed = saved(desk, run, "--target", "trader01.api_keys[*]")
    assert (list(values(narrowed)), narrowed["targets"]) == (["trader01.api_keys[bot]"], ["trader01.api_keys[*]"])
    assert "allow it with --allow-sensitive" in desk.apply("back.json").out
    assert back(desk, "--allow-sensitive").code == 0
    assert "selects nothing that the run" in desk.run("revert", run, "--target", "trader02").err


@pytest.mark.slow
def test_a_run_that_was_killed_is_undone_by_its_writes(desk: Desk, monkeypatch: Any) -> None:
    """Its end is not on record, so there are no steps: what it may have written is."""
    from acctcfg.journal import Journal

    with monkeypatch.context() as patched:
        patched.setattr(Journal, "steps", lambda *_: None)
        patched.setattr(Journal, "end_run", lambda *_: None)
        run = two_runs(desk)
    assert values(saved(desk, run)) == {LEVER: (7, 3), GREEKS: ("BS", "PA")}


@pytest.mark.slow
def test_a_shared_journal_leads_back_too(desk: Desk, postgres: Postgres) -> None:
    """With the journal in PostgreSQL."""
    run = two_runs(desk, journal={"url": postgres.database()})
    assert values(saved(desk, run)) == {LEVER: (7, 3), GREEKS: ("BS", "PA")}
    back(desk)
    assert desk.account("trader01")["greeksType"] == "PA"


def test_a_brake_is_undone_as_well(desk: Desk) -> None:
    """What `cap` lowered goes up again, with the warning that the brake is on."""
    two_runs(desk)
    capped = desk.run("cap", "5", "--auto-approve", "--format", "json")
    assert capped.code == 0, capped.err
    plan = saved(desk, capped.json["run"])
    assert values(plan) == {LEVER: (5, 7)}
    assert LEVER in named(plan, "raises_after_cap")


@pytest.mark.slow
def test_an_empty_name_names_no_run(desk: Desk) -> None:
    """`revert "$RUN"` with RUN unset is refused, also where the journal has one run alone."""
    settle(desk, "mmdesk01", acctLv="3", posMode="net_mode")
    desk.write({"mmdesk01": {"api_keys": KEY, "position_mode": "long_short"}})
    assert desk.apply().code == 0
    said = desk.run("revert", "", "--out", "back.json")
    assert (said.code, said.out) == (1, "")
    assert said.err == "error: no run is named\n\nhint: acctcfg history lists the runs\n"
    assert not (desk.folder / "back.json").exists()


def test_an_unknown_run_is_told_as_such(desk: Desk) -> None:
    """Exit 1, with where the ids are."""
    two_runs(desk)
    said = desk.run("revert", "2019")
    assert said.code == 1
    assert "no run begins with 2019" in said.err


@pytest.mark.parametrize("moved", [True, False], ids=["moved", "by its uid"])
def test_an_account_that_was_renamed_since_comes_back(desk: Desk, moved: bool) -> None:
    """Under the key that it has in the manifest now; an address of either name selects it."""
    run = two_runs(desk)
    fields = dict(desk.document["accounts"]["trader01"])
    desk.write({"alpha": {**fields, "name": "trader01"}}, **({"moved": {"trader01": "alpha"}} if moved else {}))
    wanted = {
        GREEKS.replace("trader01", "alpha"): ("BS", "PA"),
        LEVER.replace("trader01", "alpha"): (7, 3),
    }
    for target in ("alpha", "trader01"):
        assert set(values(saved(desk, run, "--target", f"{target}.settings.greeks"))) == {"alpha.settings.greeks"}
    plan = saved(desk, run)
    assert (values(plan), named(plan)) == (wanted, {})
    back(desk)
    assert desk.account("trader01")["greeksType"] == "PA"


def test_accounts_that_took_each_others_keys_are_told_apart(desk: Desk) -> None:
    """By their uids: each gets its own values back."""
    run = two_runs(desk)
    settle(desk, "trader02", acctLv="3", posMode="net_mode")
    fields = dict(desk.document["accounts"]["trader01"])
    other = {"api_keys": KEY, "settings": {"greeks": "PA"}}
    applied(desk, {"trader01": fields, "trader02": other})
    desk.write({"trader01": {**other, "name": "trader02"}, "trader02": {**fields, "name": "trader01"}})
    plan = saved(desk, run)
    assert (values(plan)["trader02.settings.greeks"], named(plan)) == (("BS", "PA"), {})
    assert {address.partition(".")[0] for address in values(plan)} == {"trader02"}


def test_an_account_that_left_the_manifest_is_no_other(desk: Desk) -> None:
    """Its values go to no account that is still there, were it the only one; also where the record has no uid."""
    run = two_runs(desk)
    settle(desk, "trader02", acctLv="3", posMode="net_mode")
    desk.write({"trader02": {"api_keys": KEY}})
    plan = saved(desk, run)
    assert values(plan) == {}
    assert set(named(plan).values()) == {"the manifest has no such account any more"}
    nameless = Deed(address=Address.of(GREEKS), action="change", uid="", before="PA", before_known=True, after="BS")
    workspace = Workspace.load(desk.folder, os.environ)
    with workspace.journal() as journal:
        assert as_named_now([nameless], journal.run(run), journal, workspace.manifest.accounts) == [nameless]
