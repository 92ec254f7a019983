"""`acctcfg lock`, a holder that was frozen, and two machines at one account; on both storages."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from desk import Desk, seed
from fault_parts import VERY_LONG_S, another_apply, keep, let_go, onboarding, patient, sub_account
from own_network import ALONE, Bridge, why_not
from patience import PATIENCE_S, until
from postgres import Postgres

HERE = Path(__file__).parent


@pytest.fixture(params=["sqlite", "postgres"])
def kept(request: pytest.FixtureRequest, desk: Desk) -> Desk:
    """A desk whose account is to be made, with the journal in either storage."""
    if request.param == "postgres":
        return desk.write(onboarding(), journal={"url": request.getfixturevalue("postgres").database()})
    return desk.write(onboarding())


@pytest.mark.slow
def test_who_holds_it_and_what_it_does(kept: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list names holder, process, run and the write that is on its way; broken, it sends nothing more, the break is
    in the history, and the next apply ends what was begun."""
    monkeypatch.setenv("ACCTCFG_ACTOR", "alice")
    with another_apply(kept) as running:
        monkeypatch.setenv("ACCTCFG_ACTOR", "bob")
        (held,) = kept.run("lock", "list", "--format", "json").json["locks"]
        assert (held["owner"], held["pid"], held["gone"]) == ("alice", running.pid, False)
        assert (held["command"], held["step"]) == ("apply", "mmdesk01")
        user = held["venue_user"]
        text = kept.run("lock").out
        assert f"venue user {user} at {kept.sandbox.base_url}\n  held by alice, process {running.pid} on " in text
        assert f"run {held['run']}: apply, writing mmdesk01 (POST " in text

        refused = kept.run("lock", "break", user)
        assert refused.code == 64
        assert "--auto-approve" in refused.err
        done = kept.run("lock", "break", "--auto-approve")
        assert (done.code, done.last) == (0, f"Broken: alice no longer holds venue user {user}.")
        assert kept.run("lock", "list").out == "No lock is held.\n"
        let_go(kept)
        out, _ = running.communicate(timeout=PATIENCE_S)
        assert running.returncode == 1
        assert "no longer ours" in out.decode()
        assert len(kept.writes()) == 1
    again = kept.run("lock", "break", user)
    assert (again.code, again.out) == (0, f"Nobody holds the lock of venue user {user}.\n")
    kept.converge()
    assert f"lock break auto_approve=True venue_user={user}" in kept.run("history", _run_of(kept, "lock break")).out
    assert kept.run("history", "--verify").code == 0


def _run_of(desk: Desk, command: str) -> str:
    return next(one["id"] for one in desk.run("history", "--format", "json").json if one["command"] == command)


@pytest.mark.parametrize("answer", ["no", "yes"])
def test_only_yes_breaks_it(desk: Desk, monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    """Whoever is asked has read who would lose the lock; anything but the whole word leaves it."""
    desk.write(onboarding())
    monkeypatch.setattr("acctcfg.cli.console.can_ask", lambda: True)
    monkeypatch.setattr("acctcfg.cli.console.read_answer", lambda: f"{answer}\n")
    with another_apply(desk):
        said = desk.run("lock", "break")
        assert "held by tester, process" in said.out
        assert "Break the lock?" in said.err
        assert (said.code, "Broken" in said.out) == ((0, True) if answer == "yes" else (1, False))
        assert ("No lock" in desk.run("lock").out) == (answer == "yes")


@pytest.mark.slow
def test_locks_of_the_dead_are_counted_and_removed(desk: Desk) -> None:
    """A killed holder is none: the list counts what it left, JSON names it, and breaking without a name removes it."""
    desk.write(onboarding())
    with another_apply(desk) as running:
        pass
    left = "1 lock was left by a holder that is gone: the next apply to the same venue user takes it over; "
    assert desk.run("lock").out == f"No lock is held.\n{left}`acctcfg lock break` removes what was left.\n"
    (dead,) = desk.run("lock", "--format", "json").json["locks"]
    said = [one for one in desk.run("doctor", "--format", "json").json["checks"] if one["subject"] == "locks"]
    assert [one["message"] for one in said] == ["1 lock was left by a holder that is gone"]
    assert (dead["pid"], dead["gone"]) == (running.pid, True)
    assert desk.run("lock", "break", "--auto-approve").code == 0
    assert desk.run("lock").out == "No lock is held.\n"
    desk.converge()


def age(desk: Desk, postgres: Postgres | None) -> None:
    """Let every heartbeat be 100 s older."""
    for claim in (*desk.folder.rglob("locks/*/*"), *(Path.home() / ".local/state/acctcfg").rglob("locks/*/*")):
        if claim.name.isdigit():
            then = claim.stat().st_mtime - 100
            os.utime(claim, (then, then))
    if postgres is not None:
        with postgres.connect(desk.document["journal"]["url"]) as connection:
            connection.execute("UPDATE acctcfg.locks SET beaten = beaten - 100")


@pytest.mark.slow
def test_a_frozen_holder_that_wakes_up_sends_nothing(kept: Desk, request: pytest.FixtureRequest) -> None:
    """Stopped with a write on its way, its lock expires; another apply does it all; awake again, it writes nothing."""
    postgres = request.getfixturevalue("postgres") if "journal" in kept.document else None
    with another_apply(kept) as frozen:
        frozen.send_signal(signal.SIGSTOP)
        try:
            let_go(kept)
            assert "is held by" in kept.apply().err
            age(kept, postgres)
            done = kept.apply()
            assert done.code == 0, done.out + done.err
            before = [row["path"] for row in kept.writes()]
        finally:
            frozen.send_signal(signal.SIGCONT)
        out, err = frozen.communicate(timeout=PATIENCE_S)
    assert frozen.returncode == 1
    assert "no longer ours" in (out + err).decode()
    assert [row["path"] for row in kept.writes()] == before
    kept.converge()


@pytest.mark.parametrize("lost", [False, True])
def test_a_frozen_holder_that_wakes_up_leaves_the_secret_of_another(
    kept: Desk, request: pytest.FixtureRequest, lost: bool
) -> None:
    """Stopped while a new key was on its way, and awake once another apply has replaced that: the secret of the key
    that works stays in its place, whether a dead one lay there before or none, and the other one is kept beside it."""
    postgres = request.getfixturevalue("postgres") if "journal" in kept.document else None
    if lost:
        kept.sandbox.control_post("accounts/keyholder", label="Keyholder")
        keep(kept, "keyholder")
    sections = {"journal": kept.document["journal"]} if postgres else {}
    kept.write({"keyholder": {"api_keys": KEY}}, guardrails={"max_deletes": 1}, **sections)
    kept.fault(match={"path": "*/apikey", "method": "POST"}, kind="delay", seconds=VERY_LONG_S)
    command = patient(kept, "apply", "--auto-approve")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as frozen:
        until(lambda: kept.writes("apikey"))
        frozen.send_signal(signal.SIGSTOP)
        try:
            let_go(kept)
            age(kept, postgres)
            done = kept.apply()
            assert done.code == 0, done.out + done.err
        finally:
            frozen.send_signal(signal.SIGCONT)
        out, err = frozen.communicate(timeout=PATIENCE_S)
    assert frozen.returncode == 1
    (key,) = kept.account("keyholder")["keys"]
    assert kept.secret("keyholder", "trading")["api_key"] == key["api_key"]
    (late,) = (kept.folder / "secrets/desk/keyholder").glob("trading.late-*.age")
    assert f"kept at vault:desk/keyholder/{late.stem}" in out.decode(), out + err
    kept.converge()


FAMILIES = ("BTC-USDT", "ETH-USDT")
KEY = {"trading": {"permissions": ["read", "trade"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}}


def rivals(desk: Desk, root: Path, **sections: Any) -> list[Path]:
    """Two workspaces that want other leverages of one account."""
    folders = [root / "a", root / "b"]
    for number, folder in enumerate(folders):
        folder.mkdir(exist_ok=True)
        desk.folder = folder
        keep(desk, "mmdesk01")
        entries = [{"market": "swap", "family": one, "margin": "cross", "value": 6 + number} for one in FAMILIES]
        desk.write({"mmdesk01": {"api_keys": KEY, "leverage": entries}}, **sections)
    return folders


def apply_at_once(commands: Sequence[Sequence[str | Path]], homes: Sequence[Path]) -> None:
    """Each is an acctcfg with a home; they apply at the same time, and each waits for the other."""
    with ExitStack() as stack:
        running = []
        for command, home in zip(commands, homes, strict=True):
            places = {"HOME": home, "XDG_STATE_HOME": home / "state", "XDG_CACHE_HOME": home / "cache"}
            started = subprocess.Popen(
                [*command, "apply", "--auto-approve", "--lock-timeout", "10m"],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**os.environ, **{name: str(place) for name, place in places.items()}},
            )
            stack.callback(started.kill)
            running.append(started)
        for one in running:
            out, err = one.communicate(timeout=2 * PATIENCE_S)
            assert one.returncode == 0, (out + err).decode()


def took_turns(desk: Desk, postgres: Postgres, url: str) -> None:
    """One run, then the other: at the venue, and in the journal, where they share one at `url`."""
    sent = [row["body"]["lever"] for row in desk.writes("set-leverage")]
    assert sorted(sent) == ["6", "6", "7", "7"]
    assert len(list(groupby(sent))) == 2
    if url:
        with postgres.connect(url) as connection:
            rows = connection.execute("SELECT run FROM acctcfg.events ORDER BY seq").fetchall()
        assert len(list(groupby(rows))) == 2
    assert desk.run("history", "--verify").code == 0


@pytest.mark.slow
@pytest.mark.parametrize("machines", [1, 2])
def test_two_checkouts_take_turns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres: Postgres, machines: int
) -> None:
    """Two that want other values at once take turns. On one machine each has its own journal; two machines share one,
    and neither home nor boot id."""
    world = seed({"mmdesk01": sub_account("mmdesk01", acctLv="3")})
    with Desk.at(tmp_path / "a", monkeypatch, world) as desk:
        url = postgres.database() if machines == 2 else ""
        folders = rivals(desk, tmp_path, **({"journal": {"url": url}} if url else {}))
        of = [str(number % machines) for number in range(len(folders))]
        commands = [
            [sys.executable, HERE / "other_machine.py", f"boot{which}", folder]
            for which, folder in zip(of, folders, strict=True)
        ]
        apply_at_once(commands, [tmp_path / f"home{which}" for which in of])
        took_turns(desk, postgres, url)


@pytest.mark.slow
def test_two_networks_take_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres: Postgres) -> None:
    """So do two processes with a loopback and process numbers of their own, which have the venue and the journal in
    common and nothing else."""
    if reason := why_not():
        pytest.skip(f"no network namespace can be made here: {reason}")
    world = seed({"mmdesk01": sub_account("mmdesk01", acctLv="3")})
    with Desk.at(tmp_path / "a", monkeypatch, world) as desk, ExitStack() as stack:
        url = postgres.database()
        ports = {desk.sandbox.port: tmp_path / "venue", postgres.port: tmp_path / "journal"}
        for port, place in ports.items():
            stack.callback(Bridge.to_port(port, place).close)
        folders = rivals(desk, tmp_path, journal={"url": url})
        ways = [f"{port}={place}" for port, place in ports.items()]
        alone = [*ALONE, sys.executable, HERE / "own_network.py", *ways, "--", "-C"]
        apply_at_once([[*alone, folder] for folder in folders], [tmp_path / "home0", tmp_path / "home1"])
        took_turns(desk, postgres, url)
