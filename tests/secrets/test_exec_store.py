"""A store of type `exec`: the protocol, what the helper gets, and that nothing it does shows a secret."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from desk import Desk, Said
from patience import PATIENCE_S

from acctcfg.core.trust import trust_word
from acctcfg.errors import StoreError
from acctcfg.secrets import Around, Credentials, Secret, Store, helper, open_store

PROGRAM = Path(__file__).with_name("helper_program.py")
PATH = "desk/mmdesk01/trading"
KEY = {"permissions": ["read", "trade"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}
MADE = Credentials("test-key-id-1", Secret("QXZsecret/of+test=77"), Secret("QXZ-passphrase-88!"))
OTHERS = {"api_key": "gone-key-id", "secret_key": "gone-secret", "passphrase": "Gone-passphrase-1"}
LEAKS = ("QXZ", "UVha")  # as it is, and in base64

Open = Callable[..., Store]


def command(folder: Path, mood: str = "well") -> list[str]:
    return [sys.executable, "-S", str(PROGRAM), str(folder), mood]


@pytest.fixture
def opened(tmp_path: Path) -> Open:
    """A store on the helper in one of its moods; its secrets are one folder."""

    def make(mood: str = "well", *pass_env: str, **environ: str) -> Store:
        (tmp_path / "kept").mkdir(exist_ok=True)
        around = Around(environ={"PATH": "/usr/bin:.", "SECRET_KEY": "QXZ", **environ}, base_dir=tmp_path)
        options = {"command": tuple(command(tmp_path / "kept", mood)), "pass_env": pass_env}
        return open_store("vault", "exec", options, around)

    return make


def asked(folder: Path) -> list[Any]:
    return [json.loads(line) for line in (folder / "kept" / "asked").read_text().splitlines()]


def test_a_secret_goes_in_comes_back_and_is_moved_aside(opened: Open, tmp_path: Path) -> None:
    """put, get and delete are all that the helper knows; nothing is overwritten, and a dead secret stays readable."""
    store = opened()
    assert store.get(PATH) is None
    store.put(PATH, MADE)
    found = store.get(PATH)
    assert found is not None
    assert found.same_as(MADE)
    with pytest.raises(StoreError, match="none is ever overwritten"):
        store.put(PATH, MADE)
    assert store.retire(PATH) == f"{PATH}.dead-1"
    assert store.get(PATH) is None
    aside = store.get(f"{PATH}.dead-1")
    assert aside is not None
    assert aside.same_as(MADE)
    assert {tuple(row[0])[:3] for row in asked(tmp_path)} == {("acctcfg", "do", "path")}


def test_killed_between_its_two_steps_a_retirement_is_finished(opened: Open) -> None:
    """What lies aside already is not put there once more."""
    store = opened()
    store.put(PATH, MADE)
    opened("keeps what it deletes").retire(PATH)
    assert store.holds(PATH)
    assert store.retire(PATH) == f"{PATH}.dead-1"
    assert not store.holds(PATH)


def test_it_gets_what_it_was_promised_and_no_more(opened: Open, tmp_path: Path) -> None:
    """PATH, HOME, LANG and what pass_env names; no secret among its arguments; a folder that is nobody's."""
    opened("well", "VAULT_ADDR", VAULT_ADDR="http://127.0.0.1", HOME="/nowhere", OTHER="QXZ").put(PATH, MADE)
    for _, arguments, environment, folder in asked(tmp_path):
        assert set(environment) - {"LC_CTYPE"} == {"HOME", "PATH", "VAULT_ADDR"}
        assert (arguments, folder) == ([], "/")
    assert len(asked(tmp_path)) == 2  # what was put is read back


MOODS = {
    "echoes and crashes": "ended with exit status 3",
    "dies": "ended with the signal 9",
    "prose": "not one JSON object",
    "endless": "longer than 1 MiB",
    "refuses": "its helper refused to",
    "newer": "another version of the protocol",
    "hangs": "gave no answer within 0.3 s",
}


@pytest.mark.sample(3)
@pytest.mark.parametrize("mood", MOODS)
def test_no_failure_shows_a_secret(opened: Open, mood: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence says what is wrong, whether it was told the secret or was to tell it."""
    opened().put(PATH, MADE)
    if mood == "hangs":
        monkeypatch.setitem(helper.Helper.__init__.__kwdefaults__, "within_s", 0.3)
    store, begun = opened(mood), time.monotonic()
    for attempt in (lambda: store.get(PATH), lambda: store.put(f"{PATH}2", MADE), lambda: store.prove_writable(PATH)):
        with pytest.raises(StoreError) as caught:
            attempt()
        said = caught.value.told
        assert MOODS[mood] in said
        assert not [leak for leak in LEAKS if leak in said], said
        assert len(said) < 2500
    assert time.monotonic() - begun < PATIENCE_S


@pytest.mark.parametrize(
    ("mood", "said"),
    [("forgets", "does not return what was just put there"), ("keeps what it deletes", "said is deleted")],
)
def test_a_store_that_does_not_keep_its_word_is_found_before_a_key_is_made(opened: Open, mood: str, said: str) -> None:
    """A canary is put, read back, deleted, and looked for once more; a secret too is read back before it counts."""
    with pytest.raises(StoreError, match=said):
        opened(mood).prove_writable(PATH)
    if mood == "forgets":
        with pytest.raises(StoreError, match=said):
            opened(mood).put(PATH, MADE)


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    """A name is looked up on PATH, in absolute folders only; the message says what would be right."""
    (tmp_path / "mine").write_text("#!/bin/sh\n")
    (tmp_path / "mine").chmod(0o755)
    around = Around(environ={"PATH": "."}, base_dir=tmp_path)
    with pytest.raises(StoreError, match="there is no program mine"):
        open_store("vault", "exec", {"command": ("mine",)}, around).get(PATH)


def trusting(desk: Desk, mood: str = "well", *, trust: bool = True) -> Desk:
    """A desk whose keys go to the helper."""
    (desk.folder / "kept").mkdir(exist_ok=True)
    line = command(desk.folder / "kept", mood)
    desk.monkeypatch.setenv("ACCTCFG_TRUST", trust_word(line) if trust else "exec:other")
    account = {"account_mode": "futures", "api_keys": {"trading": KEY}}
    return desk.write({"mmdesk01": account}, secret_stores={"vault": {"type": "exec", "command": line}})


def clean(desk: Desk, said: Said) -> Said:
    """No secret of the venue's is in what was said, nor in what was written down beside the helper's own files."""
    holders = desk.sandbox.app.venues["okx"].state.holders.values()
    secrets = [one.key.secret_key for one in holders] + [one.key.passphrase for one in holders]
    written = b"".join(file.read_bytes() for file in (desk.folder / ".acctcfg").glob("*") if file.is_file())
    assert not [one for one in secrets if one in said.out + said.err or one.encode() in written]
    return said


def test_nothing_is_started_that_nobody_trusts(desk: Desk) -> None:
    """`validate` refuses the command already, with the word that would name it, and quotes no argument."""
    said = trusting(desk, "QXZ-mood", trust=False).run("validate")
    assert said.code == 1
    assert f"add {trust_word(command(desk.folder / 'kept', 'QXZ-mood'))} to the environment" in said.err
    assert "QXZ" not in said.err
    assert not (desk.folder / "kept" / "asked").exists()
    assert desk.plan().code == 1
    assert not (desk.folder / "kept" / "asked").exists()


@pytest.mark.slow
def test_a_new_key_goes_to_the_helper_and_signs_from_there(desk: Desk) -> None:
    """One apply creates the account, keeps its secret and signs with it; the canary leaves nothing behind."""
    said = clean(desk, trusting(desk).converge())
    assert "exec:" in desk.plan().out or said.code == 0
    kept = sorted(file.name for file in (desk.folder / "kept").iterdir())
    assert kept == ["asked", "desk%mmdesk01%trading"]
    assert clean(desk, desk.run("-v", "secrets", "check")).code == 0


@pytest.mark.sample(2)
@pytest.mark.parametrize("mood", ["echoes and crashes", "dies", "prose", "refuses", "forgets"])
def test_a_store_that_does_not_work_stops_the_run_before_its_first_write(desk: Desk, mood: str) -> None:
    """No account and no key is created whose secret nobody could keep; at -v too nothing shows a secret."""
    said = clean(desk, trusting(desk, mood).run("-v", "apply", "--auto-approve"))
    assert (said.code, desk.writes()) == (1, []), said.out + said.err
    assert "Traceback" not in said.err


@pytest.mark.slow
@pytest.mark.parametrize("mood", ["prose at keys", "hangs at keys", "forgets at keys"])
def test_a_store_that_fails_once_the_key_is_there_takes_it_back(
    desk: Desk, mood: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made or rotated, a key that the helper does not keep is deleted at once; the one that works stays."""
    conversation = helper._conversation
    monkeypatch.setattr(helper, "_conversation", lambda process, question, _: conversation(process, question, 1.0))
    trusting(desk)
    now = desk.folder / "kept" / "mood"
    now.write_text(mood)
    assert clean(desk, desk.apply()).code == 1
    assert desk.account("mmdesk01")["keys"] == []
    now.unlink()
    desk.converge()
    (before,) = desk.account("mmdesk01")["keys"]
    now.write_text(mood)
    said = clean(desk, desk.run("rotate", "mmdesk01", "trading", "--overlap", "0s", "--auto-approve"))
    assert (said.code, said.out.count("could not be stored")) == (1, 1), said.out + said.err
    assert desk.account("mmdesk01")["keys"] == [before]
    now.unlink()
    assert desk.run("secrets", "check").code == 0


def test_a_live_key_is_not_deleted_for_a_place_that_nobody_can_clear(desk: Desk) -> None:
    """`--replace` where the helper does not tell what lies at the key's place: the new secret could not go there, so
    the present key stays; once the helper answers, it is replaced."""
    trusting(desk).converge()
    (before,) = desk.account("mmdesk01")["keys"]
    shutil.rmtree(desk.folder / ".acctcfg")
    now, writes = desk.folder / "kept" / "mood", len(desk.writes())
    now.write_text("refuses to read keys")
    again = ("--replace", "mmdesk01.api_keys[trading]")
    desk.document["guardrails"] = {"max_deletes": 1}
    desk.text(json.dumps(desk.document))
    said = clean(desk, desk.apply(*again))
    assert (said.code, "its helper refused to get" in said.out + said.err) == (1, True), said.out + said.err
    assert (desk.account("mmdesk01")["keys"], len(desk.writes())) == ([before], writes)
    now.unlink()
    (desk.folder / "kept" / "desk%mmdesk01%trading").write_text(json.dumps(OTHERS))
    said = desk.apply(*again)
    assert said.last.startswith("Applied: 1 created, 0 changed, 1 deleted, 0 blocked, 0 failed"), said.out + said.err
    assert desk.run("secrets", "check").code == 0


def test_credentials_of_a_connection_come_from_a_program(desk: Desk) -> None:
    """`{exec: [...]}` is asked without a path; without a trust, `validate` refuses it."""
    folder = desk.folder / "kept"
    folder.mkdir()
    own = {"api_key": "test-api-key", "secret_key": "test-secret-key", "passphrase": "Test-passphrase-1"}
    (folder / "alone").write_text(json.dumps(own))
    source = {"exec": command(folder), "pass_env": ["LC_ALL"]}
    desk.write({"mmdesk01": {}}, venue={"credentials": source})
    assert "venues.desk.credentials.exec: nobody trusts this command" in desk.run("validate").err
    desk.monkeypatch.setenv("ACCTCFG_TRUST", f"host.example,{trust_word(command(folder))}")
    assert desk.converge().code == 0
    (folder / "alone").unlink()
    said = desk.plan()
    assert (said.code, "credentials: its helper has none" in said.err) == (1, True)
    assert "test-secret-key" not in said.out + said.err
