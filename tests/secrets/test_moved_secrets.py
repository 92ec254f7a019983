"""`acctcfg secrets export` and `reencrypt`: secrets are written anew, whole or not at all, and never shown."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pyrage
import pytest
from desk import Desk, Said

from acctcfg.secrets import AgeFileStore, new_file

KEY = {"permissions": ["read", "trade"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}
NAMES = ("mmdesk01", "mmdesk02")


@pytest.fixture
def full(desk: Desk) -> Desk:
    """Two accounts whose keys are stored, and one secret that is dead."""
    desk.write({name: {"api_keys": {"trading": KEY}} for name in NAMES})
    assert desk.apply().code == 0
    (desk.folder / "secrets/desk/mmdesk01/old.dead-1.age").write_bytes(stored(desk, "mmdesk01").read_bytes())
    return desk


def stored(desk: Desk, name: str) -> Path:
    return desk.folder / "secrets" / "desk" / name / "trading.age"


def silent(desk: Desk, *arguments: str) -> Said:
    said = desk.run("-v", "secrets", *arguments)
    secrets = [part for name in NAMES for part in list(desk.secret(name, "trading").values())[1:]]
    assert not [one for one in secrets if one in said.out + said.err]
    assert "Traceback" not in said.err
    return said


def recipients(desk: Desk, *keys: str) -> None:
    desk.document["secret_stores"]["vault"]["recipients"] = list(keys)
    desk.text(json.dumps(desk.document, indent=1))


def test_a_second_recipient_reads_everything_afterwards(full: Desk) -> None:
    """Dead secrets too; the files stay the owner's only, and a plan finds nothing to do about any key."""
    other = pyrage.x25519.Identity.generate()
    recipients(full, full.recipient, str(other.to_public()))
    said = silent(full, "reencrypt")
    assert (said.code, said.out) == (0, "3 of 3 secrets are encrypted for the current recipients.\n")
    for file in (full.folder / "secrets").rglob("*.age"):
        assert json.loads(pyrage.decrypt(file.read_bytes(), [other]))["api_key"]
        assert file.stat().st_mode & 0o777 == 0o600
    assert not [file for file in (full.folder / "secrets").rglob("*") if file.name.startswith(".")]
    assert full.run("secrets", "check").code == 0


def test_an_interruption_leaves_each_file_whole(full: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was not written anew is as it was; running it again finishes."""
    other = pyrage.x25519.Identity.generate()
    recipients(full, full.recipient, str(other.to_public()))
    whole, done = new_file.replace, []

    def once(file: Path, data: bytes, instead_of: bytes) -> None:
        if done:
            raise KeyboardInterrupt
        done.append(file)
        whole(file, data, instead_of)

    monkeypatch.setattr(new_file, "replace", once)
    assert full.run("secrets", "reencrypt").code == 130
    assert full.run("secrets", "check").code == 0
    monkeypatch.setattr(new_file, "replace", whole)
    assert silent(full, "reencrypt").code == 0


def test_a_key_that_is_rotated_meanwhile_keeps_its_new_secret(full: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its file is named, and the exit status is 1; the new secret is where it was put, and signs."""
    whole, rotation = new_file.replace, [sys.executable, "-m", "acctcfg", "-C", str(full.folder), "rotate", "mmdesk01"]

    def late(file: Path, data: bytes, instead_of: bytes) -> None:
        if file == stored(full, "mmdesk01"):
            subprocess.run([*rotation, "trading", "--overlap", "0s", "--auto-approve"], check=True, capture_output=True)
        whole(file, data, instead_of)

    monkeypatch.setattr(new_file, "replace", late)
    said = full.run("secrets", "reencrypt")
    assert said.code == 1
    assert "trading.age: another secret came in its place meanwhile, and stays" in said.out + said.err
    (key,) = full.account("mmdesk01")["keys"]
    assert full.secret("mmdesk01", "trading")["api_key"] == key["api_key"]
    monkeypatch.setattr(new_file, "replace", whole)
    assert silent(full, "reencrypt").code == 0
    full.converge()


def test_a_file_that_does_not_open_is_named_and_stays(full: Desk) -> None:
    """The others are written anew; exit 1."""
    stored(full, "mmdesk02").write_text("cut")
    said = full.run("secrets", "reencrypt", "vault")
    assert said.code == 1
    assert "failed   vault:desk/mmdesk02/trading" in said.out
    assert said.out.endswith("2 of 3 secrets are encrypted for the current recipients.\n")
    assert stored(full, "mmdesk02").read_text() == "cut"


def test_whoever_could_not_read_it_back_is_refused(full: Desk) -> None:
    """Without its own key among the recipients nothing is written."""
    before = stored(full, "mmdesk01").read_bytes()
    recipients(full, str(pyrage.x25519.Identity.generate().to_public()))
    said = silent(full, "reencrypt")
    assert (said.code, "is one of the recipients" in said.err) == (1, True)
    assert stored(full, "mmdesk01").read_bytes() == before


@pytest.mark.slow
def test_a_file_to_carry_away_is_what_import_takes(full: Desk) -> None:
    """One new age file for its recipients, 0600; imported where the store is empty, all is there again."""
    other = pyrage.x25519.Identity.generate()
    to = ("export", "--out", "all.age", "--recipient", str(other.to_public()))
    assert silent(full, *to).code == 0
    file = full.folder / "all.age"
    assert file.stat().st_mode & 0o777 == 0o600
    again = silent(full, *to)
    assert (again.code, "none is ever overwritten" in again.err) == (1, True)
    kept = {name: full.secret(name, "trading") for name in NAMES}
    for name in NAMES:
        stored(full, name).unlink()
    lines = pyrage.decrypt(file.read_bytes(), [other])
    full.monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(lines), encoding="utf-8"))
    assert full.run("secrets", "import").code == 0
    assert {name: full.secret(name, "trading") for name in NAMES} == kept


@pytest.mark.slow
def test_secrets_go_to_another_store_once(full: Desk) -> None:
    """Nothing is overwritten there, nothing removed here; a missing one is named."""
    full.document["secret_stores"]["other"] = {**full.document["secret_stores"]["vault"], "path": "other/"}
    full.text(json.dumps(full.document, indent=1))
    assert silent(full, "export", "mmdesk01", "--to", "other").code == 0
    said = silent(full, "export", "--to", "other", "--format", "json")
    assert [row["status"] for row in said.json["keys"]] == ["already", "stored"]
    assert (full.folder / "other/desk/mmdesk02/trading.age").exists()
    stored(full, "mmdesk02").rename(full.folder / "away")
    said = full.run("secrets", "export", "--to", "other")
    assert (said.code, "absent   mmdesk02.api_keys[trading]" in said.out) == (1, True)


@pytest.mark.slow
def test_a_secret_that_was_moved_to_its_new_place_is_exported(full: Desk) -> None:
    """No run has recorded the move that `secret_moved` asks for; what lies at another key's place is not taken."""
    full.document["accounts"]["alpha1"] = {**full.document["accounts"].pop("mmdesk01"), "name": "mmdesk01"}
    full.text(json.dumps(full.document, indent=1))
    assert "the manifest would have it at vault:desk/alpha1/trading: move the file" in full.plan().out
    kept = full.secret("mmdesk01", "trading")
    stored(full, "alpha1").parent.mkdir()
    stored(full, "mmdesk01").rename(stored(full, "alpha1"))
    said = full.run("secrets", "export", "alpha1", "--out", "all.age", "--recipient", full.recipient)
    assert (said.code, said.out.split()[0]) == (0, "exported"), said.out + said.err
    assert kept["secret_key"] not in said.out + said.err
    identity = pyrage.x25519.Identity.from_str(full.identity)
    (row,) = pyrage.decrypt((full.folder / "all.age").read_bytes(), [identity]).splitlines()
    assert json.loads(row)["api_key"] == kept["api_key"]

    accounts = full.document["accounts"]
    accounts["mmdesk02"]["name"], accounts["alpha1"]["name"] = "mmdesk01", "mmdesk02"
    full.text(json.dumps(full.document, indent=1))
    said = full.run("secrets", "export", "mmdesk02", "--out", "other.age", "--recipient", full.recipient)
    assert (said.code, said.out.split()[0]) == (1, "absent"), said.out + said.err


@pytest.mark.parametrize("line", ["export", "export --to other --out x --recipient y", "export --out x"])
def test_an_export_says_where_to(desk: Desk, line: str) -> None:
    """There is no way to standard output."""
    desk.write({})
    assert desk.run("secrets", *line.split()).code == 64


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("x", "error: --recipient[0] is not a recipient: 'x' (an age1... or ssh-ed25519 public key would be right)"),
        ("AGE-SECRET-KEY-1QQ", "error: --recipient[0] is a secret key (age1... would be right)"),
    ],
)
def test_a_recipient_that_is_none_is_named_as_it_was_given(full: Desk, typed: str, says: str) -> None:
    """A slip on the command line is wrong usage, and is not called one of the manifest: no file is written."""
    said = silent(full, "export", "--out", "all.age", "--recipient", typed)
    assert (said.code, said.err.split("\n")[0]) == (64, says)
    assert "manifest" not in said.err
    assert not (full.folder / "all.age").exists()


@pytest.mark.parametrize("line", ["export --to volt", "reencrypt volt"])
def test_a_store_that_nobody_has_is_wrong_usage(desk: Desk, line: str) -> None:
    """As it is for `import --store`."""
    desk.write({})
    said = desk.run("secrets", *line.split())
    assert (said.code, "there is no secret store volt" in said.err) == (64, True)


def test_reencrypting_what_knows_no_recipients(desk: Desk) -> None:
    """Wrong usage."""
    desk.write({}, secret_stores={"ci": {"type": "env"}})
    assert desk.run("secrets", "reencrypt").code == 64


def test_what_is_read_back_is_compared(full: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is replaced by what opens to something else."""
    before, real = stored(full, "mmdesk01").read_bytes(), AgeFileStore.seal
    monkeypatch.setattr(AgeFileStore, "seal", lambda self, plain, hidden=(): real(self, plain[:-1], hidden))
    assert full.run("secrets", "reencrypt").code == 1
    assert stored(full, "mmdesk01").read_bytes() == before
