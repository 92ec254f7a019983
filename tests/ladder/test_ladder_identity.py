"""Whose account and whose credentials: by uid, remembered from the first use on, in a journal that is as it was."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from desk import MASTER, Desk, seed
from ladder_parts import KEY, settle
from patience import PATIENCE_S

from acctcfg.journal import SqliteStorage
from acctcfg.journal.chain import Draft

MORE = {"api_keys": {"more": {"permissions": ["read"], "store": "vault"}}}
OTHER = {**MASTER, "api_key": "other-api-key", "secret_key": "other-secret-key"}


def sub(desk: Desk, name: str) -> Any:
    """The sandbox's own notes on a sub-account."""
    return next(iter(desk.sandbox.app.venues["okx"].state.tenants.values())).subs[name]


def journal_of(desk: Desk) -> Path:
    return desk.folder / ".acctcfg" / "journal.sqlite"


def tamper(desk: Desk, statement: str) -> None:
    connection = sqlite3.connect(journal_of(desk), isolation_level=None)
    connection.executescript(f"DROP TRIGGER events_stay; DROP TRIGGER events_last; {statement}")
    connection.close()


def test_another_account_of_the_same_name_is_not_ours(desk: Desk) -> None:
    """A known name under another uid blocks every step, until the entry names the new uid; then that one is ours."""
    desk.write({"mmdesk01": {"account_mode": "spot", "api_keys": KEY}}).converge()
    old = sub(desk, "mmdesk01").uid
    sub(desk, "mmdesk01").uid = "700000000000009999"
    desk.write({"mmdesk01": MORE})
    before = len(desk.writes())
    said = desk.apply()
    assert said.code == 3
    assert old in said.out
    assert "700000000000009999" in said.out
    assert len(desk.writes()) == before
    checks = desk.steps()["mmdesk01.api_keys[more]"]["prechecks"]
    assert [check["name"] for check in checks if check["status"] == "fail"] == ["uid_changed"]
    desk.write(
        {"mmdesk01": {"uid": "700000000000009999", "api_keys": {"more": {"permissions": ["read"], "store": "vault"}}}}
    )
    desk.converge()
    desk.write({"mmdesk01": {"api_keys": {"more": {"permissions": ["read"], "store": "vault"}}}}).converge()


@pytest.mark.parametrize("code", ["uid_changed", "uid_mismatch"])
def test_another_account_matches_nothing(desk: Desk, code: str) -> None:
    """Where no step is there to be blocked, the account could not be read: exit 1, never "match", never taken over. No
    other is held up with --skip-blocked, nothing of it is shown to be paid to, and drift names it."""
    paid = {"deposit": {"addresses": [{"currency": "USDT"}]}}
    desk.write({"mmdesk01": {"account_mode": "spot", **paid}, "mmdesk02": {}}).converge()
    if code == "uid_changed":
        sub(desk, "mmdesk01").uid = "700000000000009999"
    uid = {"uid": "42"} if code == "uid_mismatch" else {}
    desk.write({"mmdesk01": {"account_mode": "spot", **paid, **uid}, "mmdesk02": MORE})
    said = desk.plan("--format", "json", "--target", "mmdesk01", "--refresh")
    assert (said.code, said.json["steps"]) == (1, [])
    assert [(one["address"], one["code"]) for one in said.json["unreadable"]] == [("mmdesk01", code)]
    assert "adopted" not in {one["code"] for one in said.json["warnings"]}
    assert "match the manifest" not in desk.plan().out
    before = len(desk.writes())
    assert (desk.apply().code, len(desk.writes())) == (1, before)
    said = desk.run("output", "mmdesk01")
    assert (said.code, said.json["mmdesk01"]["deposits"], code in said.err) == (1, [], True)
    drift = desk.run("drift", "--format", "json", "--target", "mmdesk01")
    assert (drift.code, [one["code"] for one in drift.json["findings"]]) == (2, [code])
    assert desk.apply("--skip-blocked").code == 1
    assert [row["body"]["subAcct"] for row in desk.writes()[before:]] == ["mmdesk02"]


def test_an_account_that_a_killed_run_made_is_known_by_evidence(desk: Desk) -> None:
    """Its uid was never written down: the venue's time of creation and the label that was sent show that it is ours."""
    desk.write({"mmdesk01": {"label": "MMdesk01"}, "mmdesk02": {"label": "MMdesk02"}}).converge()
    connection = sqlite3.connect(journal_of(desk), isolation_level=None)
    rows = connection.execute(
        "SELECT run, kind, entry, venue_user, account, address, body FROM events "
        "WHERE kind NOT IN ('answered', 'account')"
    ).fetchall()
    connection.close()
    journal_of(desk).unlink()
    for seen in desk.folder.rglob("acctcfg/journals/*"):
        seen.unlink()  # as on a machine that never saw another journal
    _written_again(journal_of(desk), rows)
    sub(desk, "mmdesk02").ts -= 86_400_000
    warnings = {one["address"] for one in desk.plan("--format", "json").json["warnings"] if one["code"] == "adopted"}
    assert warnings == {"mmdesk02"}, "it was there before: not what that run made"


def _written_again(path: Path, rows: list[tuple[Any, ...]]) -> None:
    """A journal with these rows, in an unbroken chain."""
    drafts = []
    for run, kind, entry, *place, body in rows:
        intents = [n for n, row in enumerate(rows, 1) if row[1] == "intent" and row[5] == place[2]]
        drafts.append(Draft.of(kind, run, json.loads(body), *place, intents[0] if entry is not None else None))
    storage = SqliteStorage(path, create=True)
    storage.append(drafts, "2026-01-01T00:00:00.000Z")
    storage.close()


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A desk on a sandbox with two brokers."""
    world = seed()
    world["tenants"]["other"] = {"keys": [OTHER], "sub_accounts": {}}
    with Desk.at(tmp_path, monkeypatch, world) as desk:
        yield desk


@pytest.mark.parametrize("fields", [{"account_mode": "futures"}, {"role": "main", "settings": {"greeks": "BS"}}])
def test_two_connections_of_one_user_do_not_take_turns_at_an_account(desk: Desk, fields: dict[str, Any]) -> None:
    """Two entries that are one account there could undo each other for ever: both are unreadable, the rest goes on."""
    settle(desk, "mmdesk01", acctLv="2")
    again = {**fields, "venue": "desk2", **({"name": "mmdesk01"} if "role" not in fields else {})}
    desk.write({"mmdesk01": fields, "other": again, "newone01": {}})
    elsewhere = desk.sandbox.base_url.replace("127.0.0.1", "LOCALHOST") + "/"
    desk.document["venues"]["desk2"] = {**desk.document["venues"]["desk"], "base_url": elsewhere}
    desk.text(json.dumps(desk.document))
    found = desk.plan("--format", "json")
    assert found.code == 1
    assert [(one["address"], one["code"]) for one in found.json["unreadable"]] == [
        ("mmdesk01", "same_account"),
        ("other", "same_account"),
    ]
    assert [one["address"] for one in found.json["steps"]] == ["newone01"]
    assert (desk.apply().code, desk.writes()) == (1, [])
    assert desk.apply("--skip-blocked").code == 1
    assert [row["body"]["subAcct"] for row in desk.writes()] == ["newone01"]


def beside(desk: Desk, *accounts: str) -> None:
    """The manifest with a second connection of the same user, by which these accounts go."""
    venues = {**desk.document["venues"], "desk2": desk.document["venues"]["desk"]}
    entries = {key: {**one, "venue": "desk2"} for key, one in desk.document["accounts"].items() if key in accounts}
    desk.text(json.dumps({**desk.document, "venues": venues, "accounts": {**desk.document["accounts"], **entries}}))


@pytest.mark.parametrize("moved", [("newone01",), ("mmdesk01", "newone01")], ids=["one of two", "both"])
def test_an_account_at_another_connection_of_its_user_is_managed(desk: Desk, moved: tuple[str, ...]) -> None:
    """No warning says that the manifest no longer names it; of one that it left out, one warning says so."""
    desk.write({"mmdesk01": {}, "newone01": {}, "leaver01": {}}).converge()
    beside(desk, *moved)
    desk.converge()
    assert desk.plan("--format", "json").json["warnings"] == []
    desk.write({"mmdesk01": {}, "newone01": {}})
    beside(desk, *moved)
    warnings = desk.plan("--format", "json").json["warnings"]
    assert [(one["address"], one["code"]) for one in warnings] == [("leaver01", "no_longer_managed")]


def test_what_no_connection_of_its_user_can_read_is_named_once(desk: Desk) -> None:
    """Without the credentials, by the journal alone; whichever connection of the user each account went by."""
    desk.write({"mmdesk01": {}, "newone01": {}})
    beside(desk, "newone01")
    desk.converge()
    desk.monkeypatch.delenv("OKX_DESK_API_KEY")
    desk.write({})
    beside(desk)
    warnings = desk.plan("--format", "json").json["warnings"]
    assert [one["address"] for one in warnings] == ["mmdesk01", "newone01"]
    assert all("has no credentials to read it with" in one["message"] for one in warnings)


@pytest.mark.slow
def test_somebody_elses_credentials_are_refused_from_the_second_use_on(two: Desk) -> None:
    """Plan, apply, show and output name both uids, send no write and exit 1, unless the manifest's `uid` says so."""
    two.write({"mmdesk01": {}})
    assert two.plan().code == 0
    two.converge()
    mine = two.sandbox.app.venues["okx"].state.tenants["desk"].master.uid
    theirs = two.sandbox.app.venues["okx"].state.tenants["other"].master.uid
    for part in ("api_key", "secret_key"):
        two.monkeypatch.setenv(f"OKX_DESK_{part.upper()}", OTHER[part])
    before = len(two.writes())
    for command in ("plan", "show", "output"):
        said = two.run(command)
        assert (said.code, said.out) == (1, "")
        assert mine in said.err
        assert theirs in said.err
    assert two.apply().code == 1
    assert len(two.writes()) == before
    two.write({"mmdesk01": {}}, venue={"uid": mine})
    assert two.plan().code == 1
    two.write({"mmdesk01": {}}, venue={"uid": theirs}).converge()
    two.write({"mmdesk01": {}})
    assert two.plan().code == 0, "the last use counts"


def test_another_spelling_of_the_place_is_no_first_use(two: Desk) -> None:
    """Whoever swaps the credentials and spells `base_url` anew is refused all the same, and nothing is sent."""
    two.write({"mmdesk01": {}}).converge()
    for part in ("api_key", "secret_key"):
        two.monkeypatch.setenv(f"OKX_DESK_{part.upper()}", OTHER[part])
    before = len(two.writes())
    for url in (two.sandbox.base_url.replace("127.0.0.1", "LocalHost"), two.sandbox.base_url + "/"):
        said = two.write({"mmdesk01": {}}, venue={"base_url": url}).apply()
        assert (said.code, said.out) == (1, ""), said.out + said.err
        assert two.sandbox.app.venues["okx"].state.tenants["other"].master.uid in said.err
    assert len(two.writes()) == before


def test_a_plan_remembers_nobody(two: Desk) -> None:
    """Only an apply writes down whose credentials a connection has."""
    two.write({"mmdesk01": {}}).plan()
    assert not journal_of(two).exists()


@pytest.mark.parametrize("command", [("plan",), ("apply", "--auto-approve"), ("show",)])
def test_an_altered_journal_decides_nothing(desk: Desk, command: tuple[str, ...]) -> None:
    """Exit 1 in words, nothing written."""
    desk.write({"mmdesk01": {}}).converge()
    tamper(desk, "UPDATE events SET body = replace(body, 'mmdesk01', 'mmdesk02')")
    desk.write({"mmdesk01": {}, "mmdesk02": {}})
    before = len(desk.writes())
    said = desk.run(*command)
    assert (said.code, said.out) == (1, "")
    assert "not as it was written" in said.err
    assert len(desk.writes()) == before


def test_a_time_that_lies_ahead_is_not_waited_for(desk: Desk) -> None:
    """A write that was signed years from now, by a clock or a forger, makes nobody wait longer than the window."""
    from acctcfg.journal import Journal

    desk.write({"mmdesk01": {}}).converge()
    with Journal.open(journal_of(desk), create=True) as journal:
        user = desk.sandbox.app.venues["okx"].state.tenants["desk"].master.uid
        run = journal.begin_run(command="apply", actor="x")
        place = {"venue_user": user, "account": "mmdesk01", "address": "mmdesk01.x", "action": "change", "call": "P"}
        journal.intend(journal.intending(run, **place, sent_at=time.time() + 1e8))
    begun = time.monotonic()
    assert desk.apply().code == 0
    assert time.monotonic() - begun < PATIENCE_S


def git(folder: Path, *arguments: str) -> None:
    environ = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True, env=environ)


def test_a_journal_that_git_tracks_is_refused(desk: Desk) -> None:
    """Whoever commits could say what runs did: exit 1 at plan and apply, unless it is declared durable."""
    desk.write({"mmdesk01": {}}).converge()
    git(desk.folder, "init", "-q")
    assert desk.plan().code == 0
    git(desk.folder, "add", "-f", ".acctcfg/journal.sqlite")
    for said in (desk.plan(), desk.apply()):
        assert said.code == 1
        assert "git tracks the journal .acctcfg/journal.sqlite" in said.err
    desk.write({"mmdesk01": {}}, journal={"durable": True})
    assert desk.plan().code == 0


def test_the_file_that_messages_name_holds_every_run(desk: Desk) -> None:
    """After an apply there is no log beside the journal."""
    desk.write({"mmdesk01": {}}).converge()
    left = sorted(file.name for file in journal_of(desk).parent.iterdir())
    assert left == ["journal.sqlite", "locks"]


def test_verifying_nothing_is_said(desk: Desk) -> None:
    """No journal, or one without rows, is not "verified"."""
    desk.write({"mmdesk01": {}})
    said = desk.run("history", "--verify")
    assert said.code == 0
    assert "there is no journal" in said.out
    journal_of(desk).parent.mkdir()
    journal_of(desk).write_bytes(b"")
    assert "the journal is empty" in desk.run("history", "--verify").err
