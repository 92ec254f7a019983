"""Kill a rotation anywhere: some stored key signs at that moment, and the next run ends it like an undisturbed one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from desk import Desk
from fault_parts import TRADING
from patience import PATIENCE_S

HERE = Path(__file__).parent
ROTATE = ("rotate", "mmdesk01", "trading", "--overlap", "0s")
POINTS = [
    ("placed", 1),
    *(("answered", number) for number in (1, 2, 3)),
    *(("recorded", number) for number in (1, 2, 3)),
    *(("intent", number) for number in (1, 2, 3)),
    *(("settled", number) for number in (1, 2, 3)),
    ("stored", 1),
    ("placing", 1),
]


def killed(desk: Desk, where: str, number: int, overlap: str = "0s") -> None:
    """One rotation in a process of its own, dead at that point."""
    rotate = (*ROTATE[:-1], overlap)
    command = [sys.executable, str(HERE / "killed_apply.py"), where, str(number), str(desk.folder), *rotate]
    ended = subprocess.run(command, capture_output=True, env=dict(os.environ), timeout=PATIENCE_S, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stdout.decode() + ended.stderr.decode()


def ids(desk: Desk) -> list[str]:
    """The keys of the account at the venue."""
    return [key["api_key"] for key in desk.account("mmdesk01")["keys"]]


@pytest.fixture(params=["sqlite", "postgres"])
def journal(request: pytest.FixtureRequest) -> dict[str, str]:
    """Where the journal is kept, as the manifest says it."""
    return {} if request.param == "sqlite" else {"url": request.getfixturevalue("postgres").database()}


@pytest.mark.slow
@pytest.mark.parametrize(("where", "number"), POINTS)
def test_the_apply_after_a_kill_ends_the_rotation(desk: Desk, journal: dict[str, str], where: str, number: int) -> None:
    """The secret in the key's place is of a key that works when the process dies; one more apply leaves one key, a new
    one, under its own label, and no secret that a live key needs is lost."""
    sections = {"guardrails": {"max_deletes": 0}, "journal": journal}
    desk.write({"mmdesk01": {"api_keys": {"trading": TRADING}}}, **sections).converge()
    old = ids(desk)
    killed(desk, where, number)
    assert desk.secret("mmdesk01", "trading")["api_key"] in ids(desk)
    begun = (where, number) != ("intent", 1)
    assert ids(desk) != old or (where, number) in (("intent", 1), ("recorded", 1))
    said = desk.converge()
    (key,) = desk.account("mmdesk01")["keys"]
    assert key["label"] == "trading", said.out
    assert key["api_key"] == desk.secret("mmdesk01", "trading")["api_key"]
    assert ([key["api_key"]] != old) is begun
    made, gone = (len([row for row in desk.writes(path) if row["effect"]]) for path in ("/apikey", "/delete-apikey"))
    assert made == gone + 1
    assert not list((desk.folder / "secrets").rglob("*.tmp"))


def test_rotate_after_a_kill_ends_the_rotation_and_begins_no_other(desk: Desk) -> None:
    """What was begun counts: one further key is made in all."""
    desk.write({"mmdesk01": {"api_keys": {"trading": TRADING}}}).converge()
    killed(desk, "placed", 1)
    assert len(ids(desk)) == 2
    new = desk.secret("mmdesk01", "trading")["api_key"]
    said = desk.run(*ROTATE, "--auto-approve")
    assert said.code == 0, said.out + said.err
    assert ids(desk) == [new]
    assert desk.plan().last == "No changes. Live accounts match the manifest."


def test_a_rename_after_a_kill_costs_no_working_key(desk: Desk) -> None:
    """A new secret that waits beside its place is put there, wherever the manifest would have it by now."""
    desk.write({"mmdesk01": {"api_keys": {"trading": TRADING}}}).converge()
    killed(desk, "placing", 1)
    writes = len(desk.writes())
    desk.write({"alpha1": {"name": "mmdesk01", "api_keys": {"trading": TRADING}}}, moved={"mmdesk01": "alpha1"})
    desk.converge()
    assert [row["path"].rpartition("/")[2] for row in desk.writes()[writes:]] == ["delete-apikey", "modify-apikey"]
    assert ids(desk) == [desk.secret("mmdesk01", "trading")["api_key"]]
