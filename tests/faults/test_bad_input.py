"""Each kind of bad input gets one clear message, the right exit status, no traceback, and nothing half-written."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyrage
import pytest
from desk import Desk, Said
from fault_parts import TRADING, keep, sub_account
from patience import PATIENCE_S

HEAD = "version: 1\n"


def refused(said: Said, *words: str, code: int = 1) -> None:
    """An error on stderr that holds these words, and nothing of a crash."""
    assert said.code == code, said.out + said.err
    assert said.err.startswith("error: "), said.out + said.err
    for word in words:
        assert word in said.err, said.err
    assert "Traceback" not in said.out + said.err
    assert "internal error" not in said.err


def requests(desk: Desk) -> int:
    """How many requests the venue has seen."""
    return int(desk.sandbox.control_get("requests")["total"])


# -- the files -------------------------------------------------------------------------------------------------------

VENUES = "venues: {desk: {type: okx_dma_broker, environment: demo, credentials: {env: OKX_DESK}}}\n"
STORE = "secret_stores: {vault: {type: age_file, path: secrets/, recipients: [RECIPIENT]}}\n"
TEXTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "empty": ("", ("acctcfg.yaml:", "empty")),
    "a list": ("- version\n", ("acctcfg.yaml:1:1",)),
    "not YAML": (HEAD + "venues: {desk: [\n", ("acctcfg.yaml:",)),
    "tabs": (HEAD + "venues:\n\tdesk: 1\n", ("acctcfg.yaml:3:",)),
    "a duplicate key": (HEAD + "accounts: {}\naccounts: {}\n", ("acctcfg.yaml:3:1", "accounts")),
    "an unknown key": (HEAD + "acounts: {}\n", ("acctcfg.yaml:2:1", "acounts", "did you mean")),
    "a wrong type": (HEAD + VENUES + "accounts: {mmdesk01: {venue: desk, account_mode: [spot]}}\n", ("account_mode",)),
    "an unknown profile": (HEAD + VENUES + "accounts: {mmdesk01: {venue: desk, profile: none}}\n", ("profile", "none")),
    "a circle of profiles": (
        HEAD
        + VENUES
        + "profiles: {a: {profile: b}, b: {profile: a}}\naccounts: {mmdesk01: {venue: desk, profile: a}}\n",
        ("profile",),
    ),
    "an unknown venue": (HEAD + VENUES + "accounts: {mmdesk01: {venue: dsek}}\n", ("dsek", "desk")),
    "a name the venue refuses": (HEAD + VENUES + "accounts: {mm_desk: {venue: desk}}\n", ("mm_desk",)),
    "two of one name": (
        HEAD + VENUES + "accounts: {mmdesk01: {venue: desk}, other: {venue: desk, name: mmdesk01}}\n",
        ("mmdesk01",),
    ),
    "leverage of two values on one scope": (
        HEAD
        + VENUES
        + "accounts:\n  mmdesk01:\n    venue: desk\n    account_mode: multi_currency\n    leverage:\n"
        + "    - {market: swap, instrument: BTC-USDT-SWAP, margin: cross, value: 3}\n"
        + "    - {market: swap, instrument: BTC-USDT-SWAP, margin: cross, value: 4}\n",
        ("acctcfg.yaml:9", "acctcfg.yaml:8"),
    ),
    "a side in net mode": (
        HEAD
        + VENUES
        + "accounts: {mmdesk01: {venue: desk, account_mode: futures, position_mode: net, leverage: "
        + "[{market: swap, family: BTC-USDT, margin: isolated, side: long, value: 3}]}}\n",
        ("side",),
    ),
    "a store that is not there": (
        HEAD + VENUES + "accounts: {mmdesk01: {venue: desk, api_keys: {t: {permissions: [trade], store: vault}}}}\n",
        ("vault",),
    ),
    "a file to include that is not there": (HEAD + "include: [more.yaml]\n", ("more.yaml",)),
    "a webhook that is no URL": (HEAD + VENUES + "notify: {webhook: x, on: [drift]}\n", ("notify.webhook", "https://")),
    "bytes that are no text": ("version: 1 # \udcff\n", ("acctcfg.yaml",)),
}


@pytest.mark.parametrize("command", ["validate", "plan", "apply"])
@pytest.mark.parametrize("name", TEXTS)
def test_a_bad_manifest_is_named_and_nothing_is_sent(desk: Desk, name: str, command: str) -> None:
    """The place, what is wrong and what would be right, exit 1, and no request leaves."""
    text, words = TEXTS[name]
    (desk.folder / "acctcfg.yaml").write_bytes(text.encode("utf-8", "surrogateescape"))
    refused(desk.run(command, *(["--auto-approve"] if command == "apply" else [])), *words)
    assert requests(desk) == 0
    assert [file.name for file in desk.folder.iterdir()] == ["acctcfg.yaml"]


@pytest.mark.parametrize("command", ["validate", "plan", "apply", "show", "output"])
def test_a_folder_without_a_manifest_says_how_to_begin(desk: Desk, command: str) -> None:
    """No acctcfg.yaml: one message that names it, and `init`."""
    refused(desk.run(command, *(["--auto-approve"] if command == "apply" else [])), "acctcfg.yaml")


# -- the environment -------------------------------------------------------------------------------------------------


def one_key(desk: Desk, **sections: Any) -> Desk:
    """A workspace that is to make one account with one key."""
    return desk.write({"mmdesk01": {"api_keys": {"trading": TRADING}}}, **sections)


def store(desk: Desk, **fields: Any) -> dict[str, Any]:
    """The section with the store of every test, some fields of it different."""
    usual = {"type": "age_file", "path": "secrets/", "recipients": [desk.recipient]}
    vault = {**usual, "identity": {"env": "ACCTCFG_AGE_KEY"}, **fields}
    return {"vault": {name: value for name, value in vault.items() if value is not ...}}


def test_all_unset_variables_are_named_at_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Missing credentials: one message with every variable that is missing, and no request."""
    for name in ("OKX_DESK_API_KEY", "OKX_DESK_PASSPHRASE"):
        monkeypatch.delenv(name)
    refused(one_key(desk).apply(), "OKX_DESK_API_KEY", "OKX_DESK_PASSPHRASE")
    assert requests(desk) == 0


def test_a_store_without_a_recipient_blocks_before_anything_is_sent(desk: Desk) -> None:
    """Nobody could read the new secret: nothing is written, and the message names the store."""
    said = one_key(desk, secret_stores=store(desk, recipients=...)).apply()
    assert said.code in (1, 3)
    assert "vault" in said.out + said.err
    assert desk.writes() == []


def test_a_recipient_that_is_none_is_refused(desk: Desk) -> None:
    """A misspelt age key is a message before the first write."""
    said = one_key(desk, secret_stores=store(desk, recipients=["age1nonsense"])).apply()
    assert said.code == 1
    assert "recipients" in said.out + said.err
    assert desk.writes() == []


def test_a_store_that_is_a_file_is_refused_before_the_first_write(desk: Desk) -> None:
    """Where the folder of the store cannot be made, not even the account is created."""
    (desk.folder / "secrets").write_text("in the way")
    said = one_key(desk).apply()
    assert said.code == 1
    assert "secrets" in said.out + said.err
    assert "Traceback" not in said.out + said.err
    assert desk.writes() == []


def test_a_wrong_identity_is_refused_before_the_first_write(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """An identity that could not read what would be written: said before anything is created."""
    monkeypatch.setenv("ACCTCFG_AGE_KEY", str(pyrage.x25519.Identity.generate()))
    said = one_key(desk).apply()
    assert said.code == 1
    assert "identity" in said.out + said.err
    assert desk.writes() == []


def test_a_wrong_identity_leaves_stored_keys_unreadable(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stored secret that cannot be decrypted is unreadable, not lost: nothing is replaced."""
    desk.sandbox.control_post("accounts/mmdesk01", sub_account("mmdesk01"))
    keep(desk, "mmdesk01")
    monkeypatch.setenv("ACCTCFG_AGE_KEY", str(pyrage.x25519.Identity.generate()))
    assert one_key(desk).steps("--target", "mmdesk01.api_keys[trading]") == {}
    said = desk.apply()
    assert said.code == 1
    assert "cannot be decrypted" in said.out
    assert "No changes" not in said.out
    assert desk.writes() == []


@pytest.mark.parametrize("content", [b"", b"-----BEGIN AGE ENCRYPTED FILE-----\ncut", b"\x00\x01"])
def test_a_damaged_secret_is_unreadable_and_stays(desk: Desk, content: bytes) -> None:
    """A secret that was cut short is never overwritten and never taken for missing."""
    desk.sandbox.control_post("accounts/mmdesk01", sub_account("mmdesk01"))
    keep(desk, "mmdesk01")
    file = desk.folder / "secrets" / "desk" / "mmdesk01" / "trading.age"
    file.write_bytes(content)
    said = one_key(desk).apply()
    assert said.code == 1
    assert "trading.age" in said.out
    assert (desk.writes(), file.read_bytes()) == ([], content)


def test_a_missing_identity_is_said(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that is not set is named."""
    desk.sandbox.control_post("accounts/mmdesk01", sub_account("mmdesk01"))
    keep(desk, "mmdesk01")
    monkeypatch.delenv("ACCTCFG_AGE_KEY")
    said = one_key(desk).apply()
    assert said.code == 1
    assert "ACCTCFG_AGE_KEY" in said.out + said.err
    assert desk.writes() == []


def test_a_speed_that_is_none_is_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """ACCTCFG_SPEED=fast is a message, not a guess."""
    monkeypatch.setenv("ACCTCFG_SPEED", "fast")
    refused(one_key(desk).plan(), "ACCTCFG_SPEED")


# -- the disk --------------------------------------------------------------------------------------------------------


def test_a_disk_that_fills_up_while_the_secret_is_stored_undoes_the_key(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new key is deleted at once, while its id is known; nothing half-written stays; the next apply ends it."""
    from acctcfg.secrets import new_file

    create = new_file.create

    def full(file: Path, data: bytes) -> None:
        with new_file._in_words(file):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(new_file, "create", full)
    said = one_key(desk).apply()
    assert said.code == 1
    assert "could not be stored" in said.out
    assert "no space left" in said.out.lower()
    assert desk.account("mmdesk01")["keys"] == []
    assert not list((desk.folder / "secrets").rglob("*.age"))
    monkeypatch.setattr(new_file, "create", create)
    desk.converge()


def limited(desk: Desk, kilobytes: int, *arguments: str) -> Said:
    """The command with a limit on how large any file may grow: a disk that is full for whoever writes to it."""
    code = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({kilobytes * 1024}, {kilobytes * 1024}));"
        "from acctcfg.cli import run; sys.exit(run(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", code, "-C", str(desk.folder), *arguments]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE_S, check=False, env=dict(os.environ)
    )
    return Said(done.returncode, done.stdout, done.stderr)


def test_a_disk_that_is_full_before_the_journal_is_made_sends_nothing(desk: Desk) -> None:
    """No write without its intent on disk: one message about the journal, exit 1, no request that changes anything."""
    refused(limited(one_key(desk), 1, "apply", "--auto-approve"), "journal")
    assert desk.writes() == []


@pytest.mark.parametrize("kilobytes", [48, 88, 128])
@pytest.mark.sample(1)
def test_a_disk_that_fills_up_in_the_middle_stops_before_the_next_write(desk: Desk, kilobytes: int) -> None:
    """Wherever the journal meets the end of the disk: exit 1, what was done is shown, and the next apply ends it."""
    said = limited(one_key(desk), kilobytes, "apply", "--auto-approve")
    assert said.code == 1
    assert "journal" in said.out + said.err
    assert "Traceback" not in said.out + said.err
    assert "internal error" not in said.out + said.err
    if desk.writes():
        assert said.last.startswith("Applied: ")
    desk.converge()
    (key,) = desk.account("mmdesk01")["keys"]
    assert key["api_key"] == desk.secret("mmdesk01", "trading")["api_key"]


def test_a_plan_file_that_does_not_fit_is_not_left_behind(desk: Desk) -> None:
    """`plan --out` on a full disk: one message, exit 1, and neither a cut file nor a lost old one."""
    out = desk.folder / "plan.json"
    assert desk.write({"mmdesk01": {}}).plan("--out", str(out)).code == 0
    before = out.read_text()
    accounts: dict[str, Any] = {f"mmdesk{number:02}": {} for number in range(20)}
    refused(limited(desk.write(accounts), 1, "plan", "--out", str(out)))
    assert out.read_text() == before
    assert sorted(file.name for file in desk.folder.iterdir() if "plan" in file.name) == ["plan.json"]


@pytest.mark.parametrize("kilobytes", [0, 1, 16])
def test_a_starter_workspace_that_does_not_fit_is_not_left_behind(desk: Desk, kilobytes: int) -> None:
    """`init` on a full disk: one message, exit 1, what stood there is as it was, and a second `init` makes it."""
    folder = desk.folder / "new"
    folder.mkdir()
    ignored = folder / ".gitignore"
    ignored.write_bytes(b"*.caf\xe9\n")
    refused(limited(desk, kilobytes, "init", str(folder)), "cannot write")
    assert [file for file in folder.rglob("*") if file.is_file()] == [ignored]
    assert ignored.read_bytes().startswith(b"*.caf\xe9\n")
    assert desk.run("init", str(folder)).code == 0
    assert desk.run("-C", str(folder), "validate").code == 0
    assert ignored.read_bytes().startswith(b"*.caf\xe9\n\n")


def test_a_plan_file_in_a_folder_that_is_not_there(desk: Desk) -> None:
    """One message that names the path."""
    said = one_key(desk).plan("--out", str(desk.folder / "none" / "plan.json"))
    refused(said, "plan.json")


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"format_version": "1"}', '{"format_version": "9"}'])
def test_a_plan_file_that_was_cut_short_is_refused(desk: Desk, content: str) -> None:
    """A plan that is no plan: exit 1, nothing is sent."""
    (desk.folder / "plan.json").write_text(content)
    refused(one_key(desk).apply(str(desk.folder / "plan.json")))
    assert requests(desk) == 0


def test_a_journal_of_something_else_is_refused(desk: Desk) -> None:
    """A file that is no journal is named, nothing is sent that changes anything, and it stays as it is."""
    (desk.folder / ".acctcfg").mkdir()
    (desk.folder / ".acctcfg" / "journal.sqlite").write_text("not a database at all, whatever its name says" * 100)
    refused(one_key(desk).apply(), "journal.sqlite")
    assert desk.writes() == []


def test_a_folder_where_the_journal_should_be_is_refused(desk: Desk) -> None:
    """The same for a journal that cannot be made."""
    (desk.folder / ".acctcfg").write_text("in the way")
    refused(one_key(desk).apply(), ".acctcfg")
    assert desk.writes() == []


# -- what a manifest must not be able to do --------------------------------------------------------------------------


def test_in_ci_a_store_in_the_checkout_must_be_durable(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """With CI set, a new secret in the checkout would be lost: refused before the first write, and said how."""
    monkeypatch.setenv("CI", "true")
    (desk.folder / ".git").mkdir()
    one_key(desk, journal={"durable": True})
    refused(desk.apply(), "durable")
    assert desk.writes() == []
    one_key(desk, journal={"durable": True}, secret_stores=store(desk, durable=True))
    assert desk.apply().code == 0


def test_in_ci_a_journal_in_the_checkout_must_be_durable(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same for the journal; a plan needs neither."""
    monkeypatch.setenv("CI", "true")
    (desk.folder / ".git").mkdir()
    one_key(desk, secret_stores=store(desk, durable=True))
    assert desk.plan().code == 0
    refused(desk.apply(), "journal", "durable")
    assert desk.writes() == []


@pytest.mark.parametrize("command", ["validate", "plan", "apply"])
@pytest.mark.parametrize(
    "url", ["https://okx.example.com", "http://openapi.okx.com", "https://openapi.okx.com.example"]
)
def test_a_base_url_that_nobody_trusts_is_refused(desk: Desk, url: str, command: str) -> None:
    """A manifest cannot have signed requests sent to a host of its choice."""
    one_key(desk, venue={"base_url": url})
    refused(desk.run(command, *(["--auto-approve"] if command == "apply" else [])), "base_url", "ACCTCFG_TRUST")


def test_a_base_url_that_the_environment_trusts_is_used(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """ACCTCFG_TRUST is the user's word, and comes from outside the manifest."""
    monkeypatch.setenv("ACCTCFG_TRUST", "https://okx.example.com")
    one_key(desk, venue={"base_url": "https://okx.example.com"})
    assert desk.run("validate").code == 0


def test_no_secret_is_ever_in_a_message(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes wrong with a stored secret, its parts stay inside."""
    desk.sandbox.control_post("accounts/mmdesk01", sub_account("mmdesk01"))
    keep(desk, "mmdesk01", secret_key="a-secret-with\na-line-break", passphrase="another\nword")
    said = one_key(desk).run("-v", "apply", "--auto-approve")
    shown = said.out + said.err + json.dumps(desk.plan("--format", "json").out)
    assert "a-line-break" not in shown
    assert "another" not in shown
    assert "Traceback" not in shown


@pytest.mark.parametrize("place", ["keys.log", "gone/keys.log"])
def test_no_key_of_a_connection_is_written_down(desk: Desk, place: str) -> None:
    """SSLKEYLOGFILE would hold what opens every request: it is not written, and a wrong place of it ends nothing."""
    desk.write({"mmdesk01": {}})
    log = desk.folder / place
    done = subprocess.run(
        [sys.executable, "-m", "acctcfg", "-C", str(desk.folder), "plan"],
        env={**os.environ, "SSLKEYLOGFILE": str(log)},
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert not log.exists()
