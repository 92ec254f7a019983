"""Kill an apply that makes several changes by one call: whatever it did, history and revert know it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from desk import Desk, seed
from fault_parts import TRADING, keep, sub_account
from patience import PATIENCE_S

import acctcfg.engine.recheck

HERE = Path(__file__).parent
FIELD = "mmdesk01.settings.collateral"
OFF = {"DOGE", "USDT"}
WANTED = {"enabled": ["DOGE", "USDT"], "disabled": ["BTC", "ETH"]}  # a call each
POINTS = [
    pytest.param(where, number, marks=[] if (where, number) == ("answered", 2) else pytest.mark.slow)
    for where, numbers in (("intent", (1, 3)), ("recorded", (1, 2, 4)), ("answered", (1, 2)), ("settled", (1, 2, 4)))
    for number in numbers
]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """An account of which two currencies are no collateral and are to be, and two the other way round."""
    world = seed({"mmdesk01": sub_account("mmdesk01", acctLv="3", collateral_off=sorted(OFF))})
    with Desk.at(tmp_path, monkeypatch, world) as made:
        keep(made, "mmdesk01")
        yield made.write({"mmdesk01": {"api_keys": {"trading": TRADING}, "settings": {"collateral": WANTED}}})


def killed(desk: Desk, where: str, number: int) -> None:
    """One apply in a process of its own, dead at that point."""
    command = [sys.executable, str(HERE / "killed_apply.py"), where, str(number), str(desk.folder)]
    ended = subprocess.run(command, capture_output=True, env=dict(os.environ), timeout=PATIENCE_S, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stdout.decode() + ended.stderr.decode()


def moved(desk: Desk) -> set[str]:
    """The addresses of the currencies that are not as they were."""
    return {f"{FIELD}[{currency}]" for currency in OFF ^ set(desk.account("mmdesk01")["collateral_off"])}


@pytest.mark.parametrize(("where", "number"), POINTS)
def test_each_change_of_a_call_is_on_record_before_it_is_sent(desk: Desk, where: str, number: int) -> None:
    """Wherever the process dies: history names each currency that moved, revert leads back from all of them, and the
    next apply ends as if nothing had been."""
    killed(desk, where, number)
    run = desk.run("history", "--format", "json").json[0]["id"]
    entries = desk.run("history", run, "--format", "json").json["entries"]
    recorded = {entry["intent"]["address"]: entry["intent"]["body"]["after"] for entry in entries}
    assert moved(desk) <= recorded.keys()
    assert moved(desk) or where != "answered"
    assert all(address in desk.run("history", run).out for address in moved(desk))
    back = desk.run("revert", run, "--format", "json").json
    assert {step["address"]: not step["after"] for step in back["steps"]} == {one: recorded[one] for one in moved(desk)}
    desk.converge()
    assert moved(desk) == {f"{FIELD}[{one}]" for one in ("BTC", "DOGE", "ETH", "USDT")}


def test_a_call_that_is_sent_once_more_is_one_call_again(desk: Desk) -> None:
    """No answer, and no effect: the currencies go together a second time, each on record."""
    desk.fault(match={"path": "*/set-collateral-assets"}, kind="reset_before", times=1)
    assert desk.apply().last == "Applied: 0 created, 4 changed, 0 deleted, 0 blocked, 0 failed."
    sent = [row["body"]["ccyList"] for row in desk.writes()]
    assert sent in ([["DOGE", "USDT"], ["BTC", "ETH"]], [["DOGE", "USDT"], ["DOGE", "USDT"], ["BTC", "ETH"]])
    run = desk.run("history", "--format", "json").json[0]["id"]
    entries = desk.run("history", run, "--format", "json").json["entries"]
    assert sorted(entry["intent"]["address"] for entry in entries) == sorted(
        f"{FIELD}[{one}]" for one in ("BTC", "DOGE", "DOGE", "ETH", "USDT", "USDT")
    )


def test_what_somebody_else_did_meanwhile_is_left_out_of_the_call(desk: Desk) -> None:
    """A currency that turns out to be as wanted right before the call is told so, and the others go without it."""
    desk.monkeypatch.setattr(acctcfg.engine.recheck, "FRESH_S", -1.0)  # the call waited, and looks once more
    other = {"method": "POST", "path": "accounts/mmdesk01/set", "body": {"collateral_off": ["USDT"]}}
    read = {"path": "*/collateral-assets", "method": "GET"}
    desk.fault(match=read, kind="hook", do=[other], after=2, times=1)  # behind the plan's and the last look's
    said = desk.apply("--format", "json")
    assert said.code == 0, said.out + said.err
    ends = {result["address"]: result["status"] for result in said.json["results"]}
    assert ends == {f"{FIELD}[DOGE]": "already"} | {f"{FIELD}[{one}]": "done" for one in ("BTC", "ETH", "USDT")}
    assert [row["body"]["ccyList"] for row in desk.writes()] == [["USDT"], ["BTC", "ETH"]]
