"""What an auditor takes from the journal."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
from contextlib import closing
from copy import deepcopy

import pytest
from desk import Desk

LEVERAGE = {"market": "swap", "instrument": "BTC-USDT-SWAP", "margin": "cross", "value": 7}
TRADING = {"permissions": ["read", "trade"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}
ODD = '=HYPERLINK("x")<b>'
ACCOUNT = {"account_mode": "multi_currency", "position_mode": "net", "leverage": [LEVERAGE], "api_keys": {"t": TRADING}}


@pytest.fixture
def past(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Two runs: one made two accounts, the second changed one of them; the actor of the second has an odd name."""
    desk.write({"mmdesk01": deepcopy(ACCOUNT), "mmdesk02": {}})
    assert desk.apply().code == 0
    monkeypatch.setenv("ACCTCFG_ACTOR", ODD)
    desk.document["accounts"]["mmdesk01"]["leverage"][0]["value"] = 5
    desk.text(json.dumps(desk.document))
    assert desk.apply().code == 0
    return desk


def exported(desk: Desk, *more: str) -> list[dict[str, object]]:
    """The lines of `history export`."""
    said = desk.run("history", "export", *more)
    assert (said.code, said.err) == (0, "")
    return [json.loads(line) for line in said.out.splitlines()]


def test_lines_have_all_of_it(past: Desk) -> None:
    """Head, runs with every precheck as it was read and every write, keys: one JSON object a line, oldest first."""
    head, first, second, key = exported(past)
    assert (head["type"], head["flaws"]) == ("journal", [])
    assert [one["type"] for one in (first, second, key)] == ["run", "run", "key"]
    (step,) = second["steps"]
    assert (step["before"], step["after"], step["status"]) == (7, 5, "done")
    mode = next(one for one in first["steps"] if one["address"] == "mmdesk01.account_mode")
    assert {check["name"] for check in mode["prechecks"]} >= {"no_open_positions", "no_pending_orders"}
    assert key["api_key"] == past.secret("mmdesk01", "t")["api_key"]


def test_a_table_has_a_row_a_step(past: Desk) -> None:
    """A spreadsheet gets one row a step, and takes nothing for a formula."""
    said = past.run("history", "export", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(said.out)))
    assert [row["address"] for row in rows][-1] == "mmdesk01.leverage[swap/BTC-USDT/cross]"
    assert (rows[-1]["before"], rows[-1]["after"], rows[-1]["actor"]) == ("7", "5", "'" + ODD)
    assert not any(value.startswith(("=", "+", "-", "@")) for row in rows for value in row.values())


def test_a_page_needs_nothing_else(past: Desk) -> None:
    """The page refers to nothing outside, and what accounts are called is text in it."""
    run = past.run("history", "--format", "json").json[0]["id"]
    for which in ("export", run):
        page = past.run("history", which, "--format", "html").out
        assert page.startswith("<!doctype html>")
        assert "default-src 'none'" in page
        assert " src=" not in page
        assert "http" not in page.replace("http-equiv", "").replace("(&quot;", "")
        assert "<b>" not in page
        assert "mmdesk01.leverage[swap/BTC-USDT/cross]" in page
        assert "; leverage_limit pass" in page
    assert past.run("history", "--format", "html").code == 64


def test_runs_by_account_and_time(past: Desk) -> None:
    """`--account` leaves only what touched it, `--since` only what began then or later."""
    everything = past.run("history", "--format", "json").json
    assert len(everything) == 2
    assert [run["id"] for run in past.run("history", "--account", "mmdesk02", "--format", "json").json] == [
        everything[1]["id"]
    ]
    assert len(past.run("history", "--since", "1h", "--format", "json").json) == 2
    assert past.run("history", "--since", "2999-01-01", "--format", "json").json == []
    _, run = [one for one in exported(past, "--account", "mmdesk02") if one["type"] != "key"]
    assert {step["address"] for step in run["steps"]} == {"mmdesk02"}
    assert past.run("history", "--since", "yesterday").code == 64
    assert past.run("history", "--format", "csv").code == 64


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")
def test_the_head_is_signed(past: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a key configured the last row's number and hash are signed, and ssh-keygen itself verifies it."""
    key = past.folder / "auditor"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key], check=True)
    monkeypatch.setenv("ACCTCFG_SIGNING_KEY", str(key))
    head = exported(past)[0]
    allowed, signature = past.folder / "allowed", past.folder / "signature"
    allowed.write_text(f"auditor@example.com {key.with_suffix('.pub').read_text(encoding='utf-8')}", encoding="utf-8")
    signature.write_text(str(head["signature"]), encoding="utf-8")
    verify = ["ssh-keygen", "-Y", "verify", "-f", allowed, "-I", "auditor@example.com", "-n", "acctcfg-journal", "-s"]
    for text, status in ((f"{head['rows']} {head['head']}\n", 0), (f"{head['rows']} sha256:0\n", 255)):
        done = subprocess.run([*verify, signature], input=text, text=True, capture_output=True, check=False)
        assert done.returncode == status


def test_of_an_altered_journal_nothing_is_vouched_for(past: Desk) -> None:
    """A row that was changed is named beside the export, and the exit status is 1."""
    import sqlite3

    with closing(sqlite3.connect(past.folder / ".acctcfg" / "journal.sqlite")) as base, base:
        (trigger,) = base.execute("SELECT sql FROM sqlite_master WHERE name = 'events_stay'").fetchone()
        base.execute("DROP TRIGGER events_stay")
        base.execute("UPDATE events SET body = replace(body, 'tester', 'nobody') WHERE kind = 'run'")
        base.execute(trigger)
    said = past.run("history", "export")
    assert said.code == 1
    assert "changed after it was written" in said.err
    assert json.loads(said.out.splitlines()[0])["flaws"]
