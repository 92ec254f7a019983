"""`acctcfg watch` ends by a signal: at once while it waits, and after the writes under way."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from desk import Desk
from fault_parts import VERY_LONG_S, patient
from patience import PATIENCE_S, until
from test_signals import MANY, SIGNALS

pytestmark = pytest.mark.slow


@contextmanager
def watching(desk: Desk, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A watch in a process of its own."""
    line = patient(desk, "watch", "--listen", "off", "--interval", "1h", "--format", "json", *arguments)
    running = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        yield running
    finally:
        running.kill()
        running.communicate()


@pytest.mark.parametrize("which", SIGNALS)
def test_between_looks_it_ends_at_once(desk: Desk, which: signal.Signals) -> None:
    """Exit 130, also after an apply: stdout has whole lines, and stderr says after how many looks."""
    desk.write({"mmdesk01": {}})
    with watching(desk, "--apply") as running:
        assert running.stdout is not None
        assert json.loads(running.stdout.readline())["result"] == "applied"
        running.send_signal(which)
        out, err = running.communicate(timeout=PATIENCE_S)
    assert (running.returncode, out) == (130, b""), err
    assert err.decode().splitlines()[-1] == "interrupted after 1 look"
    assert len(desk.writes("create-subaccount")) == 1


def test_while_it_reads_it_ends_at_once(desk: Desk) -> None:
    """Nothing was written, and there is no line of a look that has no end."""
    desk.write({"mmdesk01": {}})
    desk.fault(match={"path": "/api/v5/*"}, kind="delay", seconds=VERY_LONG_S, times=0)
    with watching(desk, "--apply") as running:
        until(lambda: desk.sandbox.control_get("requests")["total"] >= 1)
        running.send_signal(signal.SIGTERM)
        out, err = running.communicate(timeout=PATIENCE_S)
    assert (running.returncode, out, desk.writes()) == (130, b"", []), err
    assert b"Traceback" not in err


def test_while_it_writes_the_writes_under_way_end_first(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Said at once; the line of that look is there, with the run that history has."""
    with Desk.at(tmp_path, monkeypatch, speed=5) as desk:  # type: ignore[arg-type]
        desk.write(MANY)
        with watching(desk, "--apply") as running:
            until(lambda: len(desk.writes("set-subaccount-level")) >= 3)
            running.send_signal(signal.SIGTERM)
            assert running.stderr is not None
            assert b"press again to stop at once" in running.stderr.readline()
            out, err = running.communicate(timeout=PATIENCE_S)
        assert (running.returncode, b"Traceback" in err) == (130, False), err
        (line,) = map(json.loads, out.splitlines())
        assert (line["result"], line["next_look_in_seconds"]) == ("interrupted", None)
        (run,) = desk.run("history", "--format", "json").json
        assert (run["id"], run["status"]) == (line["apply"]["run"], "interrupted")
