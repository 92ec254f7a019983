"""Waves: each is applied and read back before the next one starts, and a failed one is the last."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
import subprocess
import sys
import time

import pytest
from desk import Desk
from ladder_parts import KEY, settle
from patience import PATIENCE_S

from acctcfg.wire.clock import SystemClock

NAMES = [f"trader{number:02}" for number in range(1, 7)]
ORDER = sorted(NAMES, key=lambda name: hashlib.sha256(name.encode()).digest())


def _ready(desk: Desk, rollout: list[object]) -> None:
    for name in NAMES:
        settle(desk, name)
    desk.write({name: {"api_keys": KEY, "account_mode": "futures"} for name in NAMES}, guardrails={"rollout": rollout})


def _modes(desk: Desk) -> list[str]:
    """The accounts that have been changed, in the order of their hashes."""
    return [name for name in ORDER if desk.account(name)["acctLv"] == "2"]


@pytest.fixture
def waits(desk: Desk) -> list[float]:
    """Waits of a minute or more: they take no time, and are noted."""
    sleep, found = SystemClock.sleep, []

    async def quick(self: SystemClock, seconds: float) -> None:
        found.extend([seconds] * (seconds >= 60))
        await sleep(self, 0 if seconds >= 60 else seconds)

    desk.monkeypatch.setattr(SystemClock, "sleep", quick)
    return found


def test_a_plan_shows_its_waves(desk: Desk, waits: list[float]) -> None:
    """In text and JSON, by hash of the names; the estimate counts the waits; apply converges, having waited."""
    _ready(desk, [1, {"accounts": "50%", "then_wait": "1h"}, "100%"])
    document = desk.plan("--format", "json").json
    assert document["waves"] == [
        {"accounts": ORDER[:1], "then_wait_s": 0},
        {"accounts": ORDER[1:3], "then_wait_s": 3600},
        {"accounts": ORDER[3:], "then_wait_s": 0},
    ]
    assert {step["account"]: step["wave"] for step in document["steps"]} == dict(
        zip(ORDER, (1, 2, 2, 3, 3, 3), strict=True)
    )
    assert document["estimate"]["seconds"] >= 3600
    assert f"1  1 account: {ORDER[0]}\n" in desk.plan().out
    desk.converge()
    assert waits == [3600]


def test_a_saved_plan_is_applied_in_its_waves(desk: Desk, waits: list[float]) -> None:
    """Its file is taken as it was saved, also after a part of it is done: what is left starts with one account."""
    _ready(desk, [1, {"accounts": "50%", "then_wait": "1h"}, "100%"])
    file = str(desk.folder / "plan.json")
    assert desk.plan("--out", file).code == 0
    desk.fault(kind="code", code="51000", match={"path": "*/set-subaccount-level"}, after=1, times=2)
    assert desk.apply(file).code == 1
    assert _modes(desk) == ORDER[:1]
    assert desk.apply(file).code == 0
    assert _modes(desk) == ORDER


def test_a_failed_wave_is_the_last(desk: Desk, waits: list[float]) -> None:
    """Later ones are not started; the next apply begins again with one account, and goes on to the end."""
    _ready(desk, [1, "50%", "100%"])
    desk.fault(kind="code", code="51000", match={"path": "*/set-subaccount-level"}, times=1)
    said = desk.apply()
    assert said.code == 1
    assert said.out.count("not started: a later wave than that of") == 5
    assert _modes(desk) == []
    desk.converge()
    assert _modes(desk) == ORDER


def test_keys_are_rotated_in_waves(desk: Desk) -> None:
    """A failed wave is the last: the others keep their keys and secrets; another rotate does all, in order."""
    _ready(desk, [1, "100%"])
    before = {name: desk.secret(name, "trading") for name in NAMES}
    desk.fault(kind="code", code="51000", match={"path": "*/subaccount/apikey", "method": "POST"}, times=1)
    rotate = ("rotate", "trader*", "trading", "--auto-approve", "--overlap", "0s")
    said = desk.run(*rotate)
    assert said.code == 1, said.out + said.err
    assert said.out.count("not started: a later wave than that of") == 5
    assert {name: desk.secret(name, "trading") for name in NAMES} == before
    begun = len(desk.writes())
    said = desk.run(*rotate)
    assert said.code == 0, said.out + said.err
    assert not {desk.secret(name, "trading")["api_key"] for name in NAMES} & {one["api_key"] for one in before.values()}
    assert {row["body"]["subAcct"] for row in desk.writes()[begun : begun + 3]} == {ORDER[0]}
    assert [key["label"] for name in NAMES for key in desk.account(name)["keys"]] == ["trading"] * len(NAMES)


def test_a_blocked_account_stops_no_wave(desk: Desk) -> None:
    """It takes no place in a wave either: the first wave is the first account that can be changed."""
    _ready(desk, [1, "100%"])
    desk.open(ORDER[0], "orders", instId="BTC-USDT-SWAP")
    assert desk.plan("--format", "json").json["waves"][0]["accounts"] == [ORDER[1]]
    assert desk.apply("--skip-blocked").code == 3
    assert _modes(desk) == ORDER[1:]


@pytest.mark.slow
def test_what_was_written_is_on_record_while_a_wave_proves_itself(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last write's outcome waits for no later one: in the wait the lock's holder is between two writes, and the
    history has what was answered."""
    sleep, heard = SystemClock.sleep, list[str]()

    def told(*command: str) -> str:
        done = subprocess.run([sys.executable, "-m", "acctcfg", *command], cwd=desk.folder, stdout=subprocess.PIPE)
        return done.stdout.decode()

    def look() -> None:
        end = time.monotonic() + PATIENCE_S
        while "between two writes" not in (held := told("lock", "list")) and time.monotonic() < end:
            time.sleep(0.1)
        (run,) = json.loads(told("history", "--format", "json"))
        heard.extend((held, told("history", run["id"])))

    async def watched(self: SystemClock, seconds: float) -> None:
        await (asyncio.to_thread(look) if seconds >= 60 else sleep(self, seconds))

    _ready(desk, [{"accounts": 1, "then_wait": "1h"}, "100%"])
    monkeypatch.setattr(SystemClock, "sleep", watched)
    assert desk.apply().code == 0
    held, run = heard
    assert "apply, between two writes" in held
    assert (run.count("   done"), "not known" in run, "/set-subaccount-level   200" in run) == (1, False, True), run


def test_a_signal_ends_the_wait_at_once(desk: Desk) -> None:
    """Exit 130 with the first wave done and the rest not started; the next apply goes on from there."""
    sleep = SystemClock.sleep

    async def signalled(self: SystemClock, seconds: float) -> None:
        if seconds >= 60:
            os.kill(os.getpid(), signal.SIGINT)
        await sleep(self, seconds)

    _ready(desk, [{"accounts": 1, "then_wait": "1h"}, "100%"])
    desk.monkeypatch.setattr(SystemClock, "sleep", signalled)
    said = desk.apply()
    assert said.code == 130, said.out + said.err
    assert said.out.count("not started: interrupted before it began") == 5
    assert _modes(desk) == ORDER[:1]
    desk.monkeypatch.setattr(SystemClock, "sleep", sleep)
    desk.document["guardrails"]["rollout"] = ["100%"]
    desk.text(json.dumps(desk.document))
    desk.converge()
    assert _modes(desk) == ORDER
