"""What a kill leaves behind, and what an interrupt does: tests/matrix kills at every point, here are their reasons."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from desk import Desk
from fault_parts import GUARDRAILS, TRADING, VERY_LONG_S, keep, let_go, onboarding
from patience import PATIENCE_S, until

pytestmark = pytest.mark.slow  # a kill at every moment

HERE = Path(__file__).parent
DEPOSIT = {"credit_to": "trading", "addresses": [{"currency": "USDT", "chain": "USDT-TRC20"}]}
WRITES = 6  # of an onboarding: account, key, mode, position mode, leverage, deposit address


def killed(desk: Desk, where: str, number: int) -> None:
    """One apply in a process of its own, dead at that point."""
    running = start(desk, where, number)
    out, err = running.communicate(timeout=PATIENCE_S)
    assert running.returncode == -signal.SIGKILL, out.decode() + err.decode()


def start(desk: Desk, where: str, number: int) -> subprocess.Popen[bytes]:
    """The same, on its way."""
    command = [sys.executable, str(HERE / "killed_apply.py"), where, str(number), str(desk.folder)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(os.environ))


def interrupt(desk: Desk, running: subprocess.Popen[bytes], number: int) -> None:
    """Stop it while it waits for an answer, which comes once it has said so."""
    running.send_signal(number)
    assert running.stderr is not None
    assert b"press again to stop at once" in running.stderr.readline()
    let_go(desk)


def one_of_each(desk: Desk) -> None:
    """The onboarded account is there once, with one key that the stored secret signs for, and one address."""
    live = desk.account("mmdesk01")
    assert (live["acctLv"], live["posMode"], live["to"]) == ("3", "long_short_mode", "18")
    (key,) = live["keys"]
    assert key["api_key"] == desk.secret("mmdesk01", "trading")["api_key"]
    assert len(live["addresses"]) == 1
    assert set(live["leverage"].values()) == {"10"}


def test_a_key_whose_secret_died_with_the_process_is_replaced(desk: Desk) -> None:
    """The journal shows that this key was being created: the plan replaces it without asking for anything."""
    killed(desk.write(onboarding()), "answered", 2)
    step = desk.steps()["mmdesk01.api_keys[trading]"]
    assert (step["action"], step["blocked"]) == ("replace", False)


def test_without_a_journal_the_same_key_is_somebody_elses(desk: Desk) -> None:
    """Without the record nobody can tell whose key it is: blocked, with both ways out; `--replace` is one."""
    killed(desk.write(onboarding(), guardrails=GUARDRAILS), "answered", 2)
    shutil.rmtree(desk.folder / ".acctcfg")
    before = len(desk.writes())
    said = desk.apply()
    assert said.code == 3
    assert "secrets import mmdesk01 trading" in said.out
    assert "--replace mmdesk01.api_keys[trading]" in said.out
    assert len(desk.writes()) == before
    said = desk.apply("--replace", "mmdesk01.api_keys[trading]")
    assert said.code == 0, said.out + said.err
    one_of_each(desk)


def test_a_key_that_was_stored_after_all_is_no_longer_being_created(desk: Desk) -> None:
    """A kill after storing leaves no licence behind: a secret lost years later blocks, and is not replaced unasked."""
    killed(desk.write(onboarding()), "stored", 1)
    desk.converge()
    (desk.folder / "secrets" / "desk" / "mmdesk01" / "trading.age").unlink()
    step = desk.steps()["mmdesk01.api_keys[trading]"]
    assert (step["action"], step["blocked"]) == ("replace", True)
    assert step["prechecks"][0]["name"] == "secret_lost"


def test_a_key_whose_secret_another_checkout_has_is_not_half_made(desk: Desk) -> None:
    """The run that made it died long before its end, but the record has the secret as stored: a checkout that shares
    the journal and not the secret asks for it, and leaves the key alone."""
    desk.sandbox.control_post("accounts/mmdesk01", {})
    desk.write({"mmdesk01": {"api_keys": {"trading": TRADING}}})
    killed(desk, "settled", 1)
    made = desk.secret("mmdesk01", "trading")["api_key"]
    (desk.folder / "secrets" / "desk" / "mmdesk01" / "trading.age").unlink()
    step = desk.steps()["mmdesk01.api_keys[trading]"]
    assert (step["action"], step["blocked"]) == ("replace", True)
    assert step["prechecks"][0]["name"] == "secret_lost"
    said = desk.apply()
    assert (said.code, "secrets import mmdesk01 trading" in said.out) == (3, True)
    assert [key["api_key"] for key in desk.account("mmdesk01")["keys"]] == [made]


def test_a_replaced_licence_is_used_up(desk: Desk) -> None:
    """After the replacement of a half-made key, a loss of the new secret is the user's to decide."""
    killed(desk.write(onboarding()), "answered", 2)
    desk.converge()
    (desk.folder / "secrets" / "desk" / "mmdesk01" / "trading.age").unlink()
    assert desk.steps()["mmdesk01.api_keys[trading]"]["blocked"]


def test_a_replacement_that_is_killed_half_way_is_ended_by_the_next_apply(desk: Desk) -> None:
    """Old key deleted, new one not yet made: the next apply makes it, and keeps the dead secret aside."""
    desk.write(onboarding(), guardrails=GUARDRAILS).converge()
    old = desk.secret("mmdesk01", "trading")
    (desk.folder / "secrets" / "desk" / "mmdesk01" / "trading.age").unlink()
    keep(desk, "mmdesk01", **{**old, "api_key": "of-another-time"})
    desk.sandbox.control_post("faults", match={"path": "*/broker/dma/subaccount/apikey", "method": "POST"}, kind="html")
    desk.sandbox.control_delete("accounts/mmdesk01/keys/trading")
    desk.converge()
    one_of_each(desk)
    assert [file.name for file in sorted((desk.folder / "secrets/desk/mmdesk01").iterdir())] == [
        "trading.age",
        "trading.dead-1.age",
    ]


def test_a_late_write_of_a_dead_process_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a killed run sent may arrive until its signed time runs out: the next apply says so and reads after that."""
    with Desk.at(tmp_path, monkeypatch, speed=5) as desk:  # that time is 6 s: the next apply must begin within it
        desk.fault(match={"path": "*/subaccount-deposit-address", "method": "POST"}, kind="delayed_effect", seconds=20)
        killed(desk.write(onboarding()), "answered", WRITES)
        said = desk.run("-v", "apply", "--auto-approve")
        assert said.code == 0
        assert "waiting until requests of an earlier run have expired\n" in said.err
        one_of_each(desk)


def another_checkout(desk: Desk) -> Path:
    """The same manifest and stores in a folder of its own, whose journal knows nothing of the run that was killed."""
    folder = desk.folder.with_name("another")
    shutil.copytree(desk.folder, folder, ignore=shutil.ignore_patterns("journal.sqlite*", "locks"))
    return folder


def waited_for_elsewhere(desk: Desk) -> None:
    """An apply of another checkout says that it waits, and makes no second address; the one after it does not wait."""
    desk.folder = another_checkout(desk)
    said = desk.run("-v", "apply", "--auto-approve")
    assert said.code == 0, said.out + said.err
    assert said.err.count("waiting until requests of an earlier run have expired\n") == 1
    assert len(desk.account("mmdesk01")["addresses"]) == 1
    assert "waiting until" not in desk.run("-v", "apply", "--auto-approve").err


def test_another_checkout_waits_for_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another folder's journal knows nothing of that write, but the lock was not let go: it says so, waits and reads
    after that. There is one address. Once that is over, nobody waits again."""
    (one := tmp_path / "one").mkdir()
    with Desk.at(one, monkeypatch, speed=5) as desk:
        desk.sandbox.control_post("accounts/mmdesk01", {})
        desk.write({"mmdesk01": {"deposit": DEPOSIT}})
        desk.fault(match={"path": "*/subaccount-deposit-address", "method": "POST"}, kind="delayed_effect", seconds=20)
        killed(desk, "answered", 1)
        waited_for_elsewhere(desk)


def test_another_checkout_waits_for_what_was_broken_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second Ctrl-C ends the run with a write on its way: whoever takes the lock next is told, and waits."""
    (one := tmp_path / "one").mkdir()
    with Desk.at(one, monkeypatch, speed=5) as desk:
        desk.sandbox.control_post("accounts/mmdesk01", {})
        desk.write({"mmdesk01": {"deposit": DEPOSIT}})
        asked = {"path": "*/subaccount-deposit-address", "method": "POST"}
        desk.fault(match=asked, kind="timeout_after", seconds=VERY_LONG_S)
        running = start(desk, "never", 1)
        until(lambda: desk.writes("subaccount-deposit-address"))
        running.send_signal(signal.SIGINT)
        assert running.stderr is not None
        assert b"press again to stop at once" in running.stderr.readline()
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=PATIENCE_S)
        assert running.returncode == 130
        let_go(desk)
        waited_for_elsewhere(desk)


def test_the_brake_of_another_checkout_looks_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a killed run of another folder sent may raise what the brake has lowered: it does not end with 0 before."""
    (one := tmp_path / "one").mkdir()
    with Desk.at(one, monkeypatch, speed=5) as desk:
        lines = [{"market": "swap", "instrument": "BTC-USDT-SWAP", "margin": "cross", "value": 5}]
        account = {"account_mode": "futures", "leverage": lines, "api_keys": {"trading": TRADING}}
        desk.write({"mmdesk01": account}).converge()
        lines[0]["value"] = 10
        desk.write({"mmdesk01": account})
        desk.fault(match={"path": "*/set-leverage"}, kind="delayed_effect", seconds=20)
        killed(desk, "answered", 1)
        desk.folder = another_checkout(desk)
        said = desk.run("-v", "cap", "2", "--auto-approve")
        assert said.err.count("waiting until requests of an earlier run have expired\n") == 1
        left = desk.account("mmdesk01")["leverage"]["SWAP/cross/BTC-USDT-SWAP"]
        assert (left, said.code) in (("10", 1), ("2", 0)), said.out + said.err
        assert ("a write of an earlier run arrived late: it is 10; run cap again" in said.out) == (said.code == 1)
        desk.run("cap", "2", "--auto-approve")
        assert desk.account("mmdesk01")["leverage"]["SWAP/cross/BTC-USDT-SWAP"] == "2"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_lets_the_write_under_way_end(desk: Desk, number: int) -> None:
    """Exit 130: the write under way is read back, nothing more is started, the summary says so, the next ends it."""
    delay: dict[str, Any] = {"kind": "delay", "seconds": VERY_LONG_S}
    desk.fault(match={"path": "*/broker/dma/subaccount/apikey", "method": "POST"}, **delay)
    running = start(desk.write(onboarding()), "never", 1)
    until(lambda: desk.writes("broker/dma/subaccount/apikey"))
    interrupt(desk, running, number)
    out, err = running.communicate(timeout=PATIENCE_S)
    assert running.returncode == 130, out.decode() + err.decode()
    assert b"Applied: 2 created, 0 changed, 0 deleted, 0 blocked, 0 failed, 4 not started." in out
    assert b"Traceback" not in err
    assert len(desk.writes()) == 2
    assert desk.secret("mmdesk01", "trading")["api_key"] == desk.account("mmdesk01")["keys"][0]["api_key"]
    desk.converge()
    one_of_each(desk)


def test_an_interrupt_sends_nothing_once_more(desk: Desk) -> None:
    """A write whose answer is lost while the program is told to stop is read back, and left to the next apply."""
    lost: dict[str, Any] = {"kind": "timeout_after", "seconds": VERY_LONG_S}
    desk.fault(match={"path": "*/broker/dma/subaccount/apikey", "method": "POST"}, **lost)
    running = start(desk.write(onboarding()), "never", 1)
    until(lambda: desk.writes("broker/dma/subaccount/apikey"))
    interrupt(desk, running, signal.SIGINT)
    out, err = running.communicate(timeout=PATIENCE_S)
    assert running.returncode == 130, out.decode() + err.decode()
    assert b"its secret never arrived; interrupted before it was sent once more" in out
    assert b"Applied: 1 created, 0 changed, 0 deleted, 0 blocked, 1 failed, 4 not started." in out
    assert len(desk.writes()) == 2
    desk.converge()
    one_of_each(desk)


def test_an_interrupt_while_planning_writes_nothing(desk: Desk) -> None:
    """Ctrl-C before the first write: exit 130, no traceback, nothing sent."""
    desk.fault(match={"path": "*/subaccount-info"}, kind="delay", seconds=VERY_LONG_S)
    running = start(desk.write(onboarding()), "never", 1)
    until(lambda: "subaccount-info" in json.dumps(desk.sandbox.control_get("requests")))
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=PATIENCE_S)
    assert running.returncode == 130, out.decode() + err.decode()
    assert err.decode().strip().endswith("interrupted; nothing was written")
    assert b"Traceback" not in out + err
    assert desk.writes() == []


def test_two_keys_of_one_account_that_died_together_are_both_replaced(desk: Desk) -> None:
    """The record is kept by label: each half-made key is known as such."""
    keys = {"alpha": TRADING, "beta": TRADING}
    desk.write({"mmdesk01": {"api_keys": keys}})
    killed(desk, "answered", 3)
    desk.converge()
    live = {key["label"]: key["api_key"] for key in desk.account("mmdesk01")["keys"]}
    assert live == {label: desk.secret("mmdesk01", label)["api_key"] for label in keys}
