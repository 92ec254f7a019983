"""A store of type `keyring`: the library runs in a process of its own, and nothing it raises is quoted."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from desk import Desk

from acctcfg.errors import StoreError
from acctcfg.secrets import Around, Credentials, Secret, Store, open_store

PATH = "desk/mmdesk01/trading"
KEY = {"permissions": ["read", "trade"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}
MADE = Credentials("test-key-id-1", Secret("QXZsecret/of+test=77"), Secret("QXZ-passphrase-88!"))


def session(folder: Path, mood: str = "") -> dict[str, str]:
    """The variables of a session whose keyring is one file in `folder`."""
    config = folder / "config" / "python_keyring"
    config.mkdir(parents=True, exist_ok=True)
    shutil.copy(Path(__file__).with_name("file_keyring.py"), folder)
    (config / "keyringrc.cfg").write_text(
        f"[backend]\ndefault-keyring=file_keyring.FileKeyring\nkeyring-path={folder}\n"
    )
    return {"XDG_CONFIG_HOME": str(folder / "config"), "XDG_DATA_HOME": str(folder), "XDG_CURRENT_DESKTOP": mood}


def opened(folder: Path, mood: str = "", **environ: str) -> Store:
    around = Around(environ={**session(folder, mood), "PATH": "/usr/bin", **environ}, base_dir=folder)
    return open_store("vault", "keyring", {"service": "acctcfg-test"}, around)


@pytest.mark.slow
def test_a_secret_goes_in_comes_back_and_is_moved_aside(tmp_path: Path) -> None:
    """It never overwrites; what the backend prints is not taken for an answer; it gets none of our credentials."""
    store = opened(tmp_path, OKX_DESK_SECRET_KEY="QXZ")
    store.prove_writable(PATH)
    assert store.get(PATH) is None
    store.put(PATH, MADE)
    with pytest.raises(StoreError, match="none is ever overwritten"):
        store.put(PATH, MADE)
    assert store.retire(PATH) == f"{PATH}.dead-1"
    found = store.get(f"{PATH}.dead-1")
    assert found is not None
    assert found.same_as(MADE)
    assert list(json.loads((tmp_path / "ring.json").read_text())) == [f"acctcfg-test {PATH}.dead-1"]
    assert "OKX_DESK_SECRET_KEY" not in json.loads((tmp_path / "seen").read_text())


@pytest.mark.sample(2)
@pytest.mark.parametrize(
    ("mood", "backend", "words"),
    [
        ("raises", "", "the keyring failed (ValueError)"),
        ("locked", "", "the keyring is locked"),
        ("", "keyring.backends.fail.Keyring", "this machine has no keyring for this session"),
        ("", "keyring.backends.null.Keyring", "this machine has no keyring for this session"),
        ("", "no_such_backend.Keyring", "names is not there"),
    ],
)
def test_one_sentence_and_no_secret(tmp_path: Path, mood: str, backend: str, words: str) -> None:
    """A backend that keeps nothing, or quotes what it was given, is one clear message."""
    store = opened(tmp_path, mood, **({"PYTHON_KEYRING_BACKEND": backend} if backend else {}))
    with pytest.raises(StoreError) as caught:
        store.put(PATH, MADE)
    assert words in caught.value.told
    assert "QXZ" not in caught.value.told


@pytest.mark.slow
def test_credentials_of_a_connection_come_from_a_keyring(desk: Desk) -> None:
    """`{keyring: SERVICE, key: ENTRY}`, once ACCTCFG_TRUST names the service."""
    folder = desk.folder / "session"
    for name, value in session(folder).items():
        desk.monkeypatch.setenv(name, value)
    own = {"api_key": "test-api-key", "secret_key": "test-secret-key", "passphrase": "Test-passphrase-1"}
    (folder / "ring.json").write_text(json.dumps({"desk-keys master": json.dumps(own)}))
    desk.write({}, venue={"credentials": {"keyring": "desk-keys", "key": "master"}})
    assert "add keyring:desk-keys to the environment variable ACCTCFG_TRUST" in desk.run("validate").err
    desk.monkeypatch.setenv("ACCTCFG_TRUST", "keyring:desk-keys")
    account = {"account_mode": "futures", "api_keys": {"trading": KEY}}
    source = {"credentials": {"keyring": "desk-keys", "key": "master"}}
    desk.write({"mmdesk01": account}, venue=source, secret_stores={"vault": {"type": "keyring"}})
    assert desk.apply().code == 0
    assert desk.plan().last == "No changes. Live accounts match the manifest."
    desk.write({"mmdesk01": {}}, venue={"credentials": {"keyring": "desk-keys", "key": "nobody"}})
    assert "its keyring has none at nobody" in desk.plan().err


@pytest.mark.slow
def test_a_locked_keyring_stops_a_rotation_before_its_first_write(desk: Desk) -> None:
    """One sentence, exit 1, and the key that works stays the only one."""
    folder = desk.folder / "session"
    for name, value in session(folder).items():
        desk.monkeypatch.setenv(name, value)
    stores = {"vault": {"type": "keyring"}}
    desk.write({"mmdesk01": {"api_keys": {"trading": KEY}}}, secret_stores=stores).converge()
    (before,), writes = desk.account("mmdesk01")["keys"], len(desk.writes())
    desk.monkeypatch.setenv("XDG_CURRENT_DESKTOP", "locked")
    said = desk.run("rotate", "mmdesk01", "trading", "--auto-approve")
    assert (said.code, len(desk.writes())) == (1, writes), said.out + said.err
    assert "the keyring is locked" in said.out + said.err
    assert desk.account("mmdesk01")["keys"] == [before]
