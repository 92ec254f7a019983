"""Kill a rotation anywhere: some stored key signs at that moment, and the next run ends it like an undisturbed one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from desk import Desk
from fault_parts import TRADING
from patience import PATIENCE_S

from acctcfg.venues.account import AccountNotes

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


@pytest.mark.slow
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


@pytest.mark.slow
@pytest.mark.parametrize(("where", "number"), [("recorded", 1), ("answered", 1), ("stored", 1), ("placing", 1)])
def test_the_apply_after_a_kill_keeps_the_overlap(desk: Desk, where: str, number: int) -> None:
    """Killed at the create of the new key, or before its secret was in place: the old key stays for the day that was
    asked for, as after an undisturbed run, and a plan says so beforehand."""
    desk.write({"mmdesk01": {"api_keys": {"trading": TRADING}}}).converge()
    (old,) = ids(desk)
    killed(desk, where, number, overlap="24h")
    said = desk.plan()
    assert "24h later" in said.out or "which stays until" in said.out, said.out
    assert desk.apply().code == 0
    new = desk.secret("mmdesk01", "trading")["api_key"]
    assert set(ids(desk)) == {old, new} != {old}
    plan = desk.plan("--format", "json").json
    assert (plan["steps"], [one["code"] for one in plan["warnings"]]) == ([], ["rotating"])
    desk.monkeypatch.setattr(AccountNotes, "now", later(AccountNotes.now))
    desk.converge()
    assert ids(desk) == [new]


@pytest.mark.slow
def test_the_apply_after_a_kill_keeps_a_short_overlap(desk: Desk) -> None:
    """Programs have the seconds that were asked for to take up the new secret, which the apply waits for."""
    desk.write({"mmdesk01": {"api_keys": {"trading": TRADING}}}).converge()
    killed(desk, "answered", 1, overlap="3s")
    assert desk.apply().code == 0
    placed = (desk.folder / "secrets/desk/mmdesk01/trading.age").stat().st_ctime
    times = [row["time"] / 1000 for row in desk.writes("/delete-apikey")]
    assert times[-1] - placed > 2.5


@pytest.mark.slow
def test_a_rule_holds_for_a_key_that_is_yet_to_be_made(desk: Desk) -> None:
    """A new key whose secret died with the run is made once more: a plan says so, and a rule of by now forbids it."""
    desk.write({"mmdesk01": {"api_keys": {"trading": TRADING}}}).converge()
    killed(desk, "answered", 1)
    assert "finish its rotation: a new key is made" in desk.plan().out
    before = len(desk.writes())
    desk.write({"mmdesk01": {"api_keys": {"trading": TRADING}}}, guardrails={"deny_permissions": ["trade"]})
    said = desk.apply()
    assert (said.code, len(desk.writes())) == (3, before), said.out + said.err
    desk.write({"mmdesk01": {"api_keys": {"trading": TRADING}}}).converge()


def later(now: Callable[[AccountNotes], float]) -> Callable[[AccountNotes], float]:
    """A day and an hour after the time that it is."""
    return lambda account: now(account) + 25 * 3600


@pytest.mark.slow
def test_a_rename_after_a_kill_costs_no_working_key(desk: Desk) -> None:
    """A new secret that waits beside its place is put there, wherever the manifest would have it by now."""
    desk.write({"mmdesk01": {"api_keys": {"trading": TRADING}}}).converge()
    killed(desk, "placing", 1)
    writes = len(desk.writes())
    desk.write({"alpha1": {"name": "mmdesk01", "api_keys": {"trading": TRADING}}}, moved={"mmdesk01": "alpha1"})
    desk.converge()
    assert [row["path"].rpartition("/")[2] for row in desk.writes()[writes:]] == ["delete-apikey", "modify-apikey"]
    assert ids(desk) == [desk.secret("mmdesk01", "trading")["api_key"]]
