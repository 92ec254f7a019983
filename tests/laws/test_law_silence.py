"""Law 12: no secret, passphrase, signature or whole key reaches anything that is printed, logged or written down.

One exception: the journal keeps the ids of the keys that a run made, since a key's id is its identity.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from desk import MASTER, Desk
from hypothesis import given
from hypothesis import strategies as st
from laws_world import World, at_desk, desks, worlds

COMMANDS: tuple[tuple[str, ...], ...] = (
    ("validate",),
    ("validate", "--format", "json"),
    ("plan", "--out", "saved.json"),
    ("plan", "--format", "json"),
    ("-v", "plan"),
    ("-v", "apply", "--auto-approve", "--allow-sensitive", "--skip-blocked"),
    ("apply", "saved.json", "--auto-approve"),
    ("apply", "--auto-approve", "--allow-sensitive", "--skip-blocked", "--format", "json"),
    ("-v", "show"),
    ("output", "--format", "json"),
    ("output", "--format", "csv"),
    ("output", "--format", "env"),
    ("history",),
    ("history", "--verify"),
    ("secrets", "list"),
    ("secrets", "check"),
)
FAULTS: tuple[dict[str, Any], ...] = (
    {},
    {"match": {"path": "*/subaccount/apikey", "method": "POST"}, "kind": "garbage", "effect": True},
    {"match": {"path": "*/subaccount/apikey", "method": "POST"}, "kind": "reset_after"},
    {"match": {"path": "*/account/config"}, "kind": "html", "times": 2},
    {"match": {"path": "*/set-*"}, "kind": "code", "code": "50113", "msg": "Invalid Sign"},
)


ID = "an api key"


class Listener(logging.Handler):
    """Keeps every record of every logger at every level, formatted as anybody could."""

    def __init__(self) -> None:
        super().__init__(level=0)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it, with its raw arguments."""
        self.lines.append(f"{self.format(record)} {record.args!r} {record.__dict__!r}")


def credentials_of(desk: Desk) -> dict[str, str]:
    """Everything secret that the sandbox knows now: text -> what it is."""
    found = {}
    for key, holder in desk.sandbox.app.venues["okx"].state.holders.items():
        found[key] = "the connection's api key" if key == MASTER["api_key"] else ID
        found[holder.key.secret_key] = "a secret key"
        found[holder.key.passphrase] = "a passphrase"
    return found


def everything(folder: Path) -> dict[str, bytes]:
    """The bytes of every file of the workspace, the journal's and the sealed secrets' too."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@desks(8)
@given(world=worlds(most=2), fault=st.sampled_from(FAULTS))
def test_no_command_tells_a_secret(world: World, fault: dict[str, Any]) -> None:
    """Not to stdout, stderr, a log, the journal, the saved plan or any other file, even when the venue misbehaves."""
    listener = Listener()
    root = logging.getLogger()
    with at_desk(world) as (desk, _), pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.chdir(desk.folder)
        signatures: list[str] = []
        handle = desk.sandbox.app.handle

        def listening(request: Any) -> Any:
            signatures.append(request.headers.get("ok-access-sign", ""))
            return handle(request)

        desk.sandbox.app.handle = listening  # type: ignore[method-assign]
        if fault:
            desk.fault(**fault)
        secrets = credentials_of(desk)
        said = ""
        level, root.level = root.level, 0
        root.addHandler(listener)
        try:
            for command in COMMANDS:
                result = desk.run(*command)
                assert "internal error" not in result.err, (command, result.err)
                said += result.out + result.err
                secrets |= credentials_of(desk)
        finally:
            root.removeHandler(listener)
            root.level = level
        secrets |= {sign: "a signature" for sign in signatures if sign}
        secrets[desk.identity] = "the identity that opens the store"
        places = {"the terminal": said.encode(), "a log": "\n".join(listener.lines).encode()}
        for place, bytes_ in {**places, **everything(desk.folder)}.items():
            for secret, what in secrets.items():
                if what == ID and place.startswith(".acctcfg/journal"):
                    continue
                assert secret.encode() not in bytes_, f"{what} in {place}"
                assert secret.encode("unicode_escape") not in bytes_, f"{what} in {place}"


def test_a_wrong_secret_is_refused_without_being_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials that do not sign, or cannot even be sent, end in a message that does not hold them."""
    desk.write({"mmdesk01": {"account_mode": "spot"}})
    for name, value in {
        "OKX_DESK_SECRET_KEY": "wrong-secret-example",
        "OKX_DESK_PASSPHRASE": "wrong-passphrase\nwith a break",
        "OKX_DESK_API_KEY": "wrong-key-example-é",
    }.items():
        with monkeypatch.context() as patch:
            patch.setenv(name, value)
            for command in ("plan", "show"):
                said = desk.run("-v", command)
                assert said.code == 1
                for part in (*value.splitlines(), str(MASTER["secret_key"]), str(MASTER["passphrase"])):
                    assert part not in said.out + said.err
