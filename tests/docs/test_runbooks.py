"""The runbooks, played through on the sandbox."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from desk import Desk
from fault_parts import another_apply, let_go
from patience import PATIENCE_S
from walkthrough import DOCS, Walkthrough

KEYS = {"trading": {"permissions": ["read", "trade"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}}
MODES: dict[str, Any] = {"api_keys": KEYS, "account_mode": "multi_currency", "position_mode": "net"}
KILLED = Path(__file__).parents[1] / "faults" / "killed_apply.py"

pytestmark = pytest.mark.slow


def test_a_lost_identity_with_thirty_accounts(desk: Desk) -> None:
    """A new identity and new keys: each secret can be read again, and each old key is gone."""
    book = Walkthrough(desk, "runbooks/lost-identity")
    accounts = {f"mmdesk{number:02}": MODES for number in range(1, 31)}
    store = {"type": "age_file", "path": "secrets/", "identity": {"file": ".acctcfg/identity.txt"}}
    said = desk.run("secrets", "identity")
    desk.write(accounts, secret_stores={"vault": {**store, "recipients": [said.last]}}).converge()
    before = {name: desk.account(name)["keys"] for name in accounts}
    (desk.folder / ".acctcfg/identity.txt").unlink()

    book.play()
    recipient = book.play().out.strip()
    desk.write(accounts, secret_stores={"vault": {**store, "recipients": [recipient]}})
    book.rest()
    for name in accounts:
        (old,), (new,) = before[name], desk.account(name)["keys"]
        assert (old["label"], old["api_key"] != new["api_key"]) == (new["label"], True)


def test_a_lost_journal(desk: Desk) -> None:
    """An older copy decides nothing; without any, the accounts are taken over as they are."""
    book = Walkthrough(desk, "runbooks/lost-journal")
    journal = desk.folder / ".acctcfg/journal.sqlite"
    desk.write({"mmdesk01": MODES}).converge()
    shutil.copy(journal, desk.folder / "backup")
    desk.write({"mmdesk01": MODES, "mmdesk02": MODES}).converge()
    writes = desk.writes()
    shutil.copy(desk.folder / "backup", journal)
    said = book.play()
    for file in re.findall(r"/\S+/journals/\w+", said.err):
        Path(file).unlink()
    journal.unlink()
    book.rest()
    assert desk.writes() == writes


def test_a_lock_that_stays(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its holder is named, and sends nothing more once the lock is broken."""
    book = Walkthrough(desk, "runbooks/lock-that-stays")
    desk.write({"mmdesk01": MODES})
    monkeypatch.setenv("ACCTCFG_ACTOR", "alice")
    with another_apply(desk) as running:
        monkeypatch.setenv("ACCTCFG_ACTOR", "bob")
        book.play(3)
        let_go(desk)
        out, _ = running.communicate(timeout=PATIENCE_S)
        assert (running.returncode, "no longer ours" in out.decode()) == (1, True)
    book.rest()
    assert len(desk.writes("/create-subaccount")) == 1


def test_a_run_that_broke_off(desk: Desk) -> None:
    """Killed after the venue had made a key and before its secret was stored: the next apply makes another."""
    book = Walkthrough(desk, "runbooks/broken-run")
    desk.write({"mmdesk01": MODES, "mmdesk02": MODES})
    line = (sys.executable, str(KILLED), "answered", "3", str(desk.folder))
    assert subprocess.run(line, env=os.environ, capture_output=True, check=False).returncode == -9
    book.rest()
    assert [len(desk.account(name)["keys"]) for name in ("mmdesk01", "mmdesk02")] == [1, 1]
    assert len(desk.writes("/create-subaccount")) == 2


def test_a_venue_that_is_down(desk: Desk) -> None:
    """It stops answering after the accounts and their keys are made; the next apply sets what is missing."""
    book = Walkthrough(desk, "runbooks/venue-down")
    desk.write({"mmdesk01": MODES, "mmdesk02": MODES})
    down = {"match": {"path": "/api/v5/*"}, "kind": "status", "status": 503, "times": 0}
    match = {"path": "*/subaccount/apikey", "method": "POST"}
    desk.fault(match=match, after=1, kind="hook", do=[{"path": "faults", "body": down}])
    book.play(3)
    made = desk.writes("/apikey")
    assert len(made) == 2
    desk.sandbox.control_delete("faults/all")
    book.rest()
    assert desk.writes("/apikey") == made


def test_a_leaked_key(desk: Desk) -> None:
    """The leaked key is gone at once, and so is one that somebody made for themselves."""
    book = Walkthrough(desk, "runbooks/leaked-key")
    desk.write({"mmdesk01": MODES, "mmdesk02": MODES}).converge()
    leaked = desk.account("mmdesk01")["keys"][0]["api_key"]
    stranger = {"label": "mallory", "api_key": "mallory-key-1", "secret_key": "mallory-secret", "ip": ""}
    stranger |= {"passphrase": "Mallory-pass-1", "perm": "read_only,trade"}
    desk.sandbox.control_post("accounts/mmdesk01/keys", [stranger])
    book.play()
    assert leaked not in [key["api_key"] for key in desk.account("mmdesk01")["keys"]]
    book.play(3)
    more = yaml.safe_load(book.yaml[0])
    accounts = {"mmdesk01": {**MODES, **more["accounts"]["mmdesk01"]}, "mmdesk02": MODES}
    desk.write(accounts, guardrails=more["guardrails"])
    book.rest()
    assert [key["label"] for key in desk.account("mmdesk01")["keys"]] == ["trading"]


def test_every_runbook_is_played() -> None:
    """A new page has its test here."""
    mine = Path(__file__).read_text(encoding="utf-8")
    for page in (DOCS / "runbooks").glob("*.md"):
        assert f'Walkthrough(desk, "runbooks/{page.stem}")' in mine
