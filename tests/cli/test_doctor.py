"""`acctcfg doctor`: each thing that a command needs is one finding with a fix, and none holds up another."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from desk import MASTER, Desk, Said, seed

sys.path.append(str(Path(__file__).parents[1] / "gate"))
from gate_desk import KEY, GateDesk, gate_seed

SECRETS = [str(MASTER[name]) for name in ("api_key", "secret_key", "passphrase")] + [KEY["key"], KEY["secret"]]


def found(said: Said) -> dict[tuple[str, str], dict[str, Any]]:
    """The last finding of each check, by subject and check."""
    return {(one["subject"], one["check"]): one for one in said.json["checks"]}


def doctor(desk: Desk) -> tuple[int, dict[tuple[str, str], dict[str, Any]]]:
    """Exit status and findings; no write was sent, and nothing secret printed."""
    writes = len(desk.writes())
    said = desk.run("doctor", "--format", "json")
    assert len(desk.writes()) == writes
    for secret in (*SECRETS, desk.identity):
        assert secret not in said.out + said.err
    for one in said.json["checks"]:
        assert bool(one["fix"]) == (one["status"] != "ok"), one
    return said.code, found(said)


@pytest.fixture
def sound(desk):
    """A desk with an account in its manifest."""
    desk.write({"mmdesk01": {}})
    return desk


def test_a_sound_workspace_is_ok(sound):
    """Exit 0: place, clock, credentials, permissions, address, limits, store, journal and locks are all looked at."""
    code, checks = doctor(sound)
    assert code == 0
    subjects = {"venues.desk": "place clock credentials permissions address limits", "manifest": "files git"}
    subjects |= {"secret_stores.vault": "place folder", "journal": "chain", "locks": "held"}
    for subject, names in subjects.items():
        for name in names.split():
            assert checks[subject, name]["status"] in ("ok", "warning"), (subject, name)
    assert 'key "master"' in checks["venues.desk", "credentials"]["message"]
    permissions = checks["venues.desk", "permissions"]
    assert permissions["status"] == "warning"
    assert "trade (apply, cap, rotate); withdraw (no command needs it)" in permissions["message"]


def test_the_text_fits_80_columns_and_ends_with_the_numbers(sound):
    """A block for each subject; no line is wider than a terminal of 80 columns, but for words that have no blank."""
    said = sound.run("doctor")
    assert said.code == 0
    assert "\nvenues.desk\n  ok       place        demo (okx_dma_broker) at http://127.0.0.1" in said.out
    assert [line for line in said.out.splitlines() if len(line) > 80 and " " in line[24:]] == []
    assert said.last.startswith("Checked ")
    assert said.last.endswith("0 failed.")


def test_a_broken_manifest_is_one_finding_and_the_rest_is_checked(sound):
    """A typo in an account fails; the venue, its credentials and the store are looked at all the same."""
    sound.document["accounts"]["mmdesk01"]["acount_mode"] = "spot"
    sound.write(sound.document["accounts"])
    code, checks = doctor(sound)
    assert code == 1
    assert "acount_mode" in checks["manifest", "files"]["message"]
    assert checks["venues.desk", "credentials"]["status"] == "ok"
    assert checks["secret_stores.vault", "place"]["status"] == "ok"


@pytest.mark.parametrize("mistake", [{"base_urll": "x"}, {"environment": "demoo"}, {"base_url": "http://192.0.2.1"}])
def test_nothing_is_sent_for_a_venue_whose_entry_is_wrong(sound, mistake):
    """What was meant is not known: a default would send credentials elsewhere."""
    sound.write({"mmdesk01": {}}, venue=mistake)
    code, checks = doctor(sound)
    assert code == 1
    assert checks["venues.desk", "entry"]["status"] == "warning"
    assert ("venues.desk", "credentials") not in checks
    assert sound.sandbox.control_get("requests")["total"] == 0


def test_a_venue_that_is_down_is_one_finding(sound):
    """It does not answer; stores, journal and git are looked at."""
    sound.write({"mmdesk01": {}}, venue={"base_url": "http://127.0.0.1:9"})
    code, checks = doctor(sound)
    assert code == 1
    assert checks["venues.desk", "answers"]["status"] == "failed"
    assert ("venues.desk", "credentials") not in checks
    assert checks["journal", "chain"]["status"] == "ok"


def test_missing_credentials_and_identity_are_named(sound, monkeypatch):
    """Each variable that lacks, and that the store cannot be read; the clock needs no credentials."""
    monkeypatch.delenv("OKX_DESK_SECRET_KEY")
    monkeypatch.delenv("ACCTCFG_AGE_KEY")
    code, checks = doctor(sound)
    assert code == 1
    assert "OKX_DESK_SECRET_KEY" in checks["venues.desk", "credentials"]["message"]
    assert checks["venues.desk", "clock"]["status"] == "ok"
    assert "ACCTCFG_AGE_KEY" in checks["secret_stores.vault", "reading"]["message"]


def test_the_address_is_told_as_the_venue_saw_it(tmp_path, monkeypatch):
    """A key that is bound elsewhere: the finding has the address of this machine from the venue's own words."""
    world = seed()
    world["tenants"]["desk"]["keys"] = [{**MASTER, "ip": "203.0.113.7"}]
    with Desk.at(tmp_path, monkeypatch, world) as desk:
        desk.write({"mmdesk01": {}})
        code, checks = doctor(desk)
    assert code == 1
    address = checks["venues.desk", "address"]
    assert "come from 127.0.0.1" in address["message"]
    assert "127.0.0.1" in address["fix"]


def test_a_key_that_only_reads_says_which_commands_need_more(tmp_path, monkeypatch):
    """Reading works, so it is a warning that names the commands that do not."""
    world = seed()
    world["tenants"]["desk"]["keys"] = [{**MASTER, "perm": "read_only"}]
    with Desk.at(tmp_path, monkeypatch, world) as desk:
        desk.write({"mmdesk01": {}})
        said = desk.run("doctor", "--format", "json")
    rows = [one for one in said.json["checks"] if one["check"] == "permissions"]
    assert [(one["status"], "apply, cap, rotate" in one["message"]) for one in rows] == [
        ("warning", True),
        ("ok", False),
    ]


def test_both_venues_each_under_its_heading(tmp_path, monkeypatch):
    """Gate's key is told by its groups, as far as the accounts of the manifest need them."""
    with GateDesk.at(tmp_path, monkeypatch, gate_seed(okx=True)) as desk:
        desk.write({"cross": {}, "mmdesk01": {"venue": "desk"}})
        code, checks = doctor(desk)
    assert code == 0
    assert checks["venues.desk", "credentials"]["status"] == checks["venues.cx", "credentials"]["status"] == "ok"
    assert "crossx:write (apply of the CrossEx account)" in checks["venues.cx", "permissions"]["message"]


def test_a_folder_that_others_may_write_is_told(sound):
    """Others could put secrets into a folder of the mode 0777."""
    (sound.folder / "secrets").mkdir(mode=0o777)
    (sound.folder / "secrets").chmod(0o777)
    code, checks = doctor(sound)
    assert code == 0
    assert checks["secret_stores.vault", "folder"]["fix"] == "chmod go-w secrets/"


def test_an_altered_journal_fails_and_the_credentials_do_not(sound):
    """The chain is verified; what is wrong with it is not laid to the venue."""
    assert sound.apply().code == 0
    journal = next(sound.folder.glob(".acctcfg/journal.sqlite"))
    with sqlite3.connect(journal) as database:
        for (trigger,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {trigger}")
        database.execute("UPDATE events SET body = replace(body, 'apply', 'Apply')")
    code, checks = doctor(sound)
    assert code == 1
    assert checks["journal", "chain"]["status"] == "failed"
    assert checks["venues.desk", "credentials"]["status"] == "ok"


def test_a_journal_that_is_down_is_told_once(sound):
    """The server does not answer: the journal fails, the credentials sign all the same, and the locks are not known."""
    sound.write({"mmdesk01": {}}, journal={"url": "postgresql://127.0.0.1:9/none"})
    code, checks = doctor(sound)
    assert code == 1
    assert checks["journal", "chain"]["status"] == "failed"
    assert "the journal could not be read" in checks["venues.desk", "credentials"]["message"]
    assert checks["locks", "held"]["status"] == "warning"


def test_an_identity_that_git_keeps_fails(sound):
    """What opens the secrets is not to be committed; the fix says that git's history keeps it."""
    store = {"type": "age_file", "path": "secrets/", "recipients": [sound.recipient], "identity": {"file": "id.txt"}}
    (sound.folder / "id.txt").write_text(sound.identity)
    (sound.folder / "id.txt").chmod(0o600)
    for words in (["init", "-q"], ["add", "id.txt"]):
        subprocess.run(["git", *words], cwd=sound.folder, check=True)
    sound.write({"mmdesk01": {}}, secret_stores={"vault": store})
    code, checks = doctor(sound)
    assert code == 1
    assert "git tracks id.txt" in checks["manifest", "git"]["message"]


def test_an_empty_folder_says_what_to_do(tmp_path, capsys):
    """No manifest at all is one finding."""
    from acctcfg.cli import run

    assert run(["-C", str(tmp_path), "doctor"]) == 1
    assert "there is no such file" in capsys.readouterr().out
