"""Recipients and identities of hardware keys: tagged ones, and those of an age plugin."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pyrage
import pytest

from acctcfg.errors import StoreError
from acctcfg.secrets import AgeFileStore, Credentials, Secret

PATH = "desk/mmdesk01/trading"
RECIPIENT = "age1fake1vys8qatzd35kxgrtv4usxdzq4v"
IDENTITY = "AGE-PLUGIN-FAKE-1VYSXSCTWV3KX2XWKXAN"
TAGGED = "age1tag1qt8lw0ual6avlwmwatk888yqnmdamm7xfd0wak53ut6elz5c4swx2yqdj4e"
MADE = Credentials("test-key-id-1", Secret("QXZsecret/of+test=77"), Secret("QXZ-passphrase-88!"))

Make = Callable[..., AgeFileStore]


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """A plugin on PATH, and credentials beside it that are none of its business."""
    program = tmp_path / "bin" / "age-plugin-fake"
    program.parent.mkdir()
    script = Path(__file__).with_name("age_plugin_fake.py")
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "{script}" "$@"\n')
    program.chmod(0o755)
    return {
        "PATH": f"{program.parent}:/usr/bin:/bin",
        "HOME": str(tmp_path),
        "LANG": "C.UTF-8",
        "OKX_DESK_SECRET_KEY": "QXZ",
        "PLUGIN_KEY": f"# a hardware key\n{IDENTITY}\n",
    }


def test_a_plugin_seals_and_opens_and_sees_no_credentials(
    make_store: Make, environ: dict[str, str], identity: pyrage.x25519.Identity, tmp_path: Path
) -> None:
    """A store for a plugin and an age key is read with either; the plugin gets PATH, HOME and LANG."""
    environ["TEST_AGE_KEY"] = str(identity)
    both = {"recipients": (RECIPIENT, str(identity.to_public())), "environ": environ}
    plugged, plain = make_store(**both, identity={"env": "PLUGIN_KEY"}), make_store(**both)
    plugged.prove_writable(PATH)
    plugged.put(PATH, MADE)
    for store in (plugged, plain):
        found = store.get(PATH)
        assert found is not None
        assert found.same_as(MADE)
    assert set(json.loads((tmp_path / "plugin-saw").read_text())) - {"LC_CTYPE", "PWD", "OLDPWD", "SHLVL", "_"} == {
        "HOME", "LANG", "PATH"
    }  # fmt: skip


def test_without_the_plugins_program(make_store: Make, environ: dict[str, str]) -> None:
    """One sentence that names the program."""
    store = make_store(recipients=(RECIPIENT,), environ={**environ, "PATH": "/usr/bin:/bin"})
    with pytest.raises(StoreError, match=r"cannot encrypt: .*age-plugin-fake.* PATH") as caught:
        store.put(PATH, MADE)
    assert "QXZ" not in caught.value.told


def test_a_plugin_that_refuses(make_store: Make, environ: dict[str, str]) -> None:
    """Its words are shown, without what looks like a key."""
    store = make_store(recipients=(RECIPIENT,), environ={**environ, "LANG": "broken"})
    with pytest.raises(StoreError, match="the key is not plugged in") as caught:
        store.put(PATH, MADE)
    assert "QXZ" not in caught.value.told


def test_tagged_recipients_need_no_program(make_store: Make, identity: pyrage.x25519.Identity) -> None:
    """age itself encrypts for the hardware key that the tag names."""
    store = make_store(recipients=(TAGGED, str(identity.to_public())))
    store.put(PATH, MADE)
    found = store.get(PATH)
    assert found is not None
    assert found.same_as(MADE)
    assert "p256tag" in (pyrage_header(store.root / f"{PATH}.age"))


def pyrage_header(file: Path) -> str:
    """The lines of an age file that say for whom it is."""
    import base64

    return base64.b64decode("".join(file.read_text().splitlines()[1:-1])).partition(b"\n---")[0].decode()


@pytest.mark.parametrize("recipient", ["age1fake1vys8qatzd35kxgrtv4usxdzq4q", "age1tag1qwt50d05nh5vutpdzmlg5w"])
def test_a_damaged_recipient(make_store: Make, environ: dict[str, str], recipient: str) -> None:
    """A slip in it is found by its checksum, and no program is started."""
    with pytest.raises(StoreError, match=r"is not a recipient|cannot encrypt"):
        make_store(recipients=(recipient,), environ=environ).put(PATH, MADE)
