"""Secrets that this process cannot open: what is advised is the way out of that cause, and of no other."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pyrage
import pytest
from desk import Desk
from ladder_parts import KEY, own_secret, settle

from acctcfg.core.trust import trust_word

FILE = "secrets/desk/trader01/trading.age"
NEW_KEYS = "apply --replace"
WANTED = {"trader01": {"api_keys": KEY, "position_mode": "long_short"}}


def unread(desk: Desk) -> str:
    """Why the account could not be read, in the words of `plan`; nothing is asked of the venue but reads."""
    said = desk.plan("--format", "json")
    assert (said.code, desk.writes()) == (1, []), said.out + said.err
    found = {one["address"]: one for one in said.json["unreadable"]}
    assert found["trader01"]["code"] == "store"
    return "\n".join(one["message"] for one in found.values())


def sealed(desk: Desk) -> None:
    program = str(Path(__file__).parents[1] / "secrets" / "helper_program.py")
    line = [sys.executable, "-S", program, str(desk.folder / "kept"), "refuses"]
    (desk.folder / "kept").mkdir()
    (desk.folder / "kept" / "desk%trader01%trading").write_text(json.dumps(own_secret("trader01")))
    desk.monkeypatch.setenv("ACCTCFG_TRUST", trust_word(line))
    desk.write(WANTED, secret_stores={"vault": {"type": "exec", "command": line}})


def cut(desk: Desk) -> None:
    file = desk.folder / FILE
    file.write_bytes(file.read_bytes()[:80])


def open_to_others(desk: Desk) -> None:
    file = desk.folder / "identity.txt"
    file.write_text("AGE-SECRET-KEY-1\n")
    file.chmod(0o644)
    vault = {"type": "age_file", "path": "secrets/", "recipients": [desk.recipient], "identity": {"file": str(file)}}
    desk.write(WANTED, secret_stores={"vault": vault})


@pytest.mark.parametrize(
    ("spoil", "advice"), [(sealed, ""), (cut, "take it from a backup"), (open_to_others, "chmod 600")]
)
def test_a_live_key_is_not_given_up_for_what_can_be_mended(
    desk: Desk, spoil: Callable[[Desk], None], advice: str
) -> None:
    """A helper that refuses, a file that was cut, an identity with the wrong mode: no new key is advised, but what
    mends it."""
    settle(desk, "trader01", acctLv="2")
    desk.write(WANTED)
    spoil(desk)
    why = unread(desk)
    assert NEW_KEYS not in why
    assert "secrets identity" not in why
    assert advice in why


@pytest.mark.parametrize("lost", ["unset", "absent", "other"])
def test_the_way_back_from_a_lost_identity_is_told(desk: Desk, lost: str) -> None:
    """A variable that is not set, a file that is gone, an identity that opens nothing: a new one and new keys are the
    way out."""
    settle(desk, "trader01", acctLv="2")
    desk.write(WANTED)
    if lost == "absent":
        vault = {"type": "age_file", "path": "secrets/", "recipients": [desk.recipient], "identity": {"file": "gone"}}
        desk.write(WANTED, secret_stores={"vault": vault})
    elif lost == "unset":
        desk.monkeypatch.delenv("ACCTCFG_AGE_KEY")
    else:
        desk.monkeypatch.setenv("ACCTCFG_AGE_KEY", str(pyrage.x25519.Identity.generate()))
    why = unread(desk)
    assert NEW_KEYS in why
    assert "secrets identity" in why


def test_a_store_that_is_shut_is_one_cause_of_all_its_accounts(desk: Desk) -> None:
    """A helper that refuses every secret is told once, however many accounts wait for it."""
    names = [f"trader0{number}" for number in (1, 2, 3)]
    for name in names:
        settle(desk, name, acctLv="2")
    wanted = dict.fromkeys(names, WANTED["trader01"])
    desk.write(wanted).apply()
    sealed(desk)
    desk.write(wanted, secret_stores=desk.document["secret_stores"])
    said = desk.plan()
    assert said.code == 1
    told = [line for line in said.out.splitlines() if "refused to get" in line]
    assert len(told) == 2, said.out
    assert "secret_not_opened" in told[0]
    assert ", ".join(names) in told[1]
