"""Signals: the first lets the writes under way end, the second breaks off, and both say what was done."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import signal
import subprocess
import termios
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from desk import Desk
from fault_parts import TRADING, VERY_LONG_S, another_apply, command, let_go, patient
from patience import PATIENCE_S, until

pytestmark = pytest.mark.slow  # every signal at every moment

MANY = {f"mmdesk{number:02}": {"api_keys": {"t": TRADING}, "account_mode": "multi_currency"} for number in range(1, 31)}
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@contextmanager
def applying(desk: Desk, ending: str, count: int) -> Iterator[subprocess.Popen[bytes]]:
    """An apply in a process of its own that has sent so many writes of that kind."""
    running = subprocess.Popen(
        patient(desk, "apply", "--auto-approve", "--format", "json"), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        until(lambda: len(desk.writes(ending)) >= count)
        yield running
    finally:
        running.kill()
        running.communicate()


@pytest.fixture
def slow(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A desk on which the account modes of thirty accounts take seconds, and from the fourth on for ever."""
    with Desk.at(tmp_path, monkeypatch, speed=5) as desk:  # type: ignore[arg-type]
        desk.fault(match={"path": "*/set-subaccount-level"}, kind="delay", seconds=VERY_LONG_S, times=0, after=3)
        yield desk.write(MANY)


@pytest.mark.parametrize("which", SIGNALS)
def test_the_first_signal_is_answered_and_drops_what_waits(slow: Desk, which: signal.Signals) -> None:
    """Said while writes are under way; what waited for its limit is not sent; exit 130, with what was done and not."""
    with applying(slow, "set-subaccount-level", 5) as running:
        running.send_signal(which)
        assert running.stderr is not None
        first = running.stderr.readline().decode()
        assert "press again to stop at once, but a new key's secret may be lost" in first
        under_way = re.search(r"finishing (\d+) write", first)
        assert under_way is not None
        before, waited = len(slow.writes()), len(slow.writes("set-subaccount-level"))
        let_go(slow)
        out, err = running.communicate(timeout=PATIENCE_S)
        assert (running.returncode, b"Traceback" in err) == (130, False), err
    assert len(slow.writes()) - before <= max(6, int(under_way[1]))  # on a busy machine also keys: those end
    assert len(slow.writes("set-subaccount-level")) - waited <= 6
    document = json.loads(out)
    status = [row["status"] for row in document["results"]]
    assert set(status) == {"done", "not_started"}
    assert document["exit_code"] == 130
    done = {row["address"] for row in document["results"] if row["status"] == "done"}
    live = slow.sandbox.control_get("state")["tenants"]["desk"]["sub_accounts"]
    assert {name for name in MANY if f"{name}.account_mode" in done} == {
        n for n, a in live.items() if a["acctLv"] == "3"
    }


@pytest.mark.parametrize("which", SIGNALS)
def test_a_signal_ends_the_wait_of_an_overlap(desk: Desk, which: signal.Signals) -> None:
    """The new secret is in its place and both keys work: nobody waits for the old one's end, which the next command
    brings about. Exit 130, and it says so."""
    desk.write({"mmdesk01": {"api_keys": {"trading": TRADING}}}).converge()
    old, rotate = desk.secret("mmdesk01", "trading")["api_key"], ("rotate", "mmdesk01", "trading", "--auto-approve")
    with subprocess.Popen(command(desk, *rotate, "--overlap", "60s"), stdout=-1, stderr=-1) as running:
        until(lambda: desk.secret("mmdesk01", "trading")["api_key"] != old)
        running.send_signal(which)
        out, err = running.communicate(timeout=PATIENCE_S)
    assert (running.returncode, b"Traceback" in err) == (130, False), err
    assert b"interrupted: its former key stays beside the new one" in out
    new = desk.secret("mmdesk01", "trading")["api_key"]
    assert {key["api_key"] for key in desk.account("mmdesk01")["keys"]} == {old, new}
    assert desk.run(*rotate, "--overlap", "0s").code == 0
    assert [key["api_key"] for key in desk.account("mmdesk01")["keys"]] == [new]
    assert desk.plan().last == "No changes. Live accounts match the manifest."


@pytest.mark.parametrize("which", SIGNALS)
def test_the_second_signal_breaks_off_and_still_says_what_is_known(slow: Desk, which: signal.Signals) -> None:
    """Exit 130 at once; what was sent and not yet read back is unknown, and the next apply ends it all."""
    with applying(slow, "set-subaccount-level", 4) as running:
        running.send_signal(which)
        assert running.stderr is not None
        assert b"finishing" in running.stderr.readline()
        running.send_signal(which)
        out, err = running.communicate(timeout=PATIENCE_S)
        assert (running.returncode, b"Traceback" in err) == (130, False), err
    status = {row["status"] for row in json.loads(out)["results"]}
    assert "done" in status
    assert "unknown" in status
    assert "failed" not in status


@pytest.mark.parametrize("which", SIGNALS)
@pytest.mark.parametrize("arguments", [("plan",), ("apply", "--auto-approve")])
def test_a_signal_while_it_reads_ends_it_at_once(desk: Desk, which: signal.Signals, arguments: tuple[str, ...]) -> None:
    """Nothing was written, and nothing is left to be finished: exit 130."""
    desk.write({"mmdesk01": {}})
    desk.fault(match={"path": "*/subaccount-info"}, kind="delay", seconds=VERY_LONG_S, times=0)
    with subprocess.Popen(patient(desk, *arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        until(lambda: desk.sandbox.control_get("requests")["total"] >= 1)
        running.send_signal(which)
        _, err = running.communicate(timeout=PATIENCE_S)
    assert (running.returncode, b"Traceback" in err) == (130, False), err
    assert (b"nothing was written" in err) == (arguments[0] == "apply")
    assert desk.writes() == []


@pytest.mark.parametrize("how", [*SIGNALS, "closed"])
def test_a_signal_at_the_question_says_that_nothing_was_written(desk: Desk, how: signal.Signals | str) -> None:
    """Ctrl-C, a cancelled job, a terminal that is closed: exit 130, and nothing was sent."""
    desk.write({"mmdesk01": {}})
    ours, theirs = pty.openpty()
    running = subprocess.Popen(
        command(desk, "apply"),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(theirs)
    said = b""
    while b'Only "yes"' not in said:
        said += os.read(ours, 65536)
    if isinstance(how, signal.Signals):
        running.send_signal(how)
        while b"interrupted; nothing was written" not in said:
            said += os.read(ours, 65536)
        running.wait(timeout=PATIENCE_S)
    os.close(ours)
    assert (running.wait(timeout=PATIENCE_S), desk.writes()) == (130, [])


@pytest.mark.parametrize("which", SIGNALS)
def test_a_signal_while_it_waits_for_the_lock_ends_it_at_once(desk: Desk, which: signal.Signals) -> None:
    """Exit 130, and whoever holds the lock goes on."""
    desk.write({"mmdesk01": {}})
    with another_apply(desk):
        waits = command(desk, "-v", "apply", "--auto-approve", "--lock-timeout", "5m")
        with subprocess.Popen(waits, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
            assert running.stderr is not None
            assert running.stderr.readline() == b"waiting for the lock\n"
            running.send_signal(which)
            _, err = running.communicate(timeout=PATIENCE_S)
        assert (running.returncode, b"Traceback" in err) == (130, False), err
