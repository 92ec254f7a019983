"""Progress: a bar for who watches, plain lines for who asks, a line now and then for a pipe."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from acctcfg.core.events import SoFar, Traffic
from acctcfg.render.progress import TerminalProgress
from acctcfg.render.so_far import one_line


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def work(stream, *, seconds, environ=None, verbose=False):
    """Three pieces of work, each taking a third of `seconds` of a handed-in clock."""
    clock = [0.0]
    with TerminalProgress(stream=stream, environ=environ or {}, now=lambda: clock[0], verbose=verbose) as progress:
        progress.phase("reading desk", 3)
        for name in ("a1", "a2", "a3"):
            clock[0] += seconds / 3
            progress.advance(1, name)
        progress.log("the venue answered too many requests")
    return stream.getvalue()


def beats(stream, *so_fars, seconds=1.0, environ=None):
    """How far the work has come, told every so many seconds of a handed-in clock."""
    clock = [0.0]
    with TerminalProgress(stream=stream, environ=environ or {}, now=lambda: clock[0]) as progress:
        progress.phase("reading accounts", 300)
        for so_far in so_fars:
            clock[0] += seconds
            progress.happened(so_far)
    return stream.getvalue()


LIMIT = Traffic(1240, waiting=180, endpoint="GET /api/keys", left_s=180.0)
FAR = SoFar(phase="reading accounts", done=120, total=300, seconds=100.0, traffic={"desk": LIMIT, "idle": Traffic()})
FAR_SAID = "reading accounts: 120 of 300, about 3 min left; desk: 1240 requests, 180 wait for GET /api/keys (3 min)\n"


def test_a_pipe_gets_a_line_every_half_minute():
    """Whatever comes in between, and nothing from work that is over sooner."""
    assert beats(io.StringIO(), *[FAR] * 29) == ""
    assert beats(io.StringIO(), *[FAR] * 65) == FAR_SAID * 2
    assert beats(io.StringIO(), *[replace(FAR, phase="")] * 65) == ""


@pytest.mark.parametrize("environ", [{"CI": "true"}, {"TERM": "dumb"}])
def test_a_terminal_that_cannot_redraw_gets_the_same_lines(environ):
    """CI systems that pretend to be terminals get no control codes."""
    assert work(Terminal(), seconds=20, environ=environ) == ""
    assert beats(Terminal(), *[FAR] * 30, environ=environ) == FAR_SAID


@pytest.mark.parametrize(
    ("so_far", "words"),
    [
        (replace(FAR, done=0), "0 of 300, at least 3 min left"),  # nothing to estimate by, but the limits
        (replace(FAR, done=0, traffic={}), "0 of 300"),  # nobody knows
        (replace(FAR, done=30), "30 of 300, about 15 min left"),  # slower than the limits allow
        (replace(FAR, done=150, seconds=1.0), "150 of 300, about 3 min left"),  # never sooner than they allow
        (replace(FAR, done=300, traffic={}), "300 of 300"),
        (replace(FAR, done=0, total=None, traffic={}, least_s=7200.0), "at least 2.0 h left"),
    ],
)
def test_what_is_left_is_never_less_than_the_limits_allow(so_far, words):
    """An estimate by what is done, or the least that is possible, and nothing where neither is known."""
    assert one_line(so_far).partition("; ")[0] == f"reading accounts: {words}"


def test_lines_under_the_bar_fit_the_terminal():
    """Each connection has a line of its own, which is cut and not wrapped."""
    stream, clock = Terminal(), [0.0]
    long = replace(LIMIT, endpoint=f"GET /{'x' * 200}")
    with TerminalProgress(stream=stream, environ={"COLUMNS": "80"}, now=lambda: clock[0]) as progress:
        progress.phase("reading accounts", 300)
        progress.happened(replace(FAR, traffic={"desk": long, "other\x1b[2J": Traffic(7)}))
        clock[0] = 2.0
        progress.advance(1)
    shown = stream.getvalue()
    assert "  about 3 min left" in shown
    assert "  desk: 1240 requests, 180 wait for GET /xx" in shown
    assert "  other\\x1b[2J: 7 requests" in shown
    assert "x" * 100 not in shown


def test_with_v_a_pipe_gets_plain_lines():
    """-v tells each piece in a line of its own, without any control code."""
    assert work(io.StringIO(), seconds=0, verbose=True).splitlines() == [
        "reading desk (3)",
        "reading desk: a1",
        "reading desk: a2",
        "reading desk: a3",
        "the venue answered too many requests",
    ]


def test_quick_work_draws_no_bar():
    """What is done within a second leaves the terminal as it was."""
    assert work(Terminal(), seconds=0.9) == ""


def test_long_work_draws_a_bar_and_takes_it_away():
    """After a second there is a bar with the phase's name, and the cursor is shown again at the end."""
    text = work(Terminal(), seconds=9)
    assert "reading desk" in text
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h")


class Alarms:
    """Alarms that ring when a test says so."""

    def __init__(self):
        self.set = []

    def __call__(self, seconds, then):
        self.set.append((seconds, then))
        return self

    def cancel(self):
        self.set.append("cancelled")


def test_a_long_wait_draws_a_bar_by_itself():
    """Where the first piece takes long and nothing is heard of it, the bar comes all the same, a second after."""
    stream, alarms = Terminal(), Alarms()
    with TerminalProgress(stream=stream, environ={}, now=lambda: 0.0, alarm=alarms) as progress:
        progress.phase("applying", 3)
        ((seconds, then),) = alarms.set
        assert (seconds, stream.getvalue()) == (1.0, "")
        then()
        assert "applying" in stream.getvalue()


def test_an_alarm_that_comes_too_late_draws_nothing():
    """While a question is on the screen, and after the end, no bar is drawn over it."""
    stream, alarms = Terminal(), Alarms()
    with TerminalProgress(stream=stream, environ={}, now=lambda: 0.0, alarm=alarms) as progress:
        progress.phase("reading accounts", 3)
        ((_, then),) = alarms.set
        progress.pause()
        assert alarms.set[-1] == "cancelled"
        then()
    then()
    assert stream.getvalue() == ""


NOW = {"a1.position_mode: no open positions": "BTC-USDT-SWAP 3"}


def test_what_is_waited_for_is_told_by_line_in_a_pipe():
    """What comes and what goes, a line each; a detail that changes all the time fills no log."""
    stream = io.StringIO()
    with TerminalProgress(stream=stream, environ={}) as progress:
        progress.standing("waiting until this is gone", NOW)
        progress.standing("waiting until this is gone", dict.fromkeys(NOW, "BTC-USDT-SWAP 2"))
        progress.standing("waiting until this is gone", {"a2.position_mode: no bots": "grid\x1b[2J"})
        progress.standing("waiting until this is gone", {})
    assert stream.getvalue().splitlines() == [
        "waiting until this is gone",
        "  a1.position_mode: no open positions: BTC-USDT-SWAP 3",
        "  gone: a1.position_mode: no open positions",
        "  a2.position_mode: no bots: grid\\x1b[2J",
        "  gone: a2.position_mode: no bots",
    ]


def test_what_is_waited_for_is_a_live_list_on_a_terminal():
    """The list is redrawn with its details, long ones are cut, and it is gone at the end."""
    stream, clock = Terminal(), [0.0]
    with TerminalProgress(stream=stream, environ={}, now=lambda: clock[0]) as progress:
        progress.standing("waiting", NOW)
        clock[0] = 2.0
        progress.standing("waiting", {f"a{at:02}.position_mode: no bots": "grid" for at in range(20)})
        assert "a14.position_mode: no bots: grid" in stream.getvalue()
        assert "a15.position_mode" not in stream.getvalue()
        assert "and 5 more" in stream.getvalue()
    text = stream.getvalue()
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h")


def test_each_phase_has_a_time_of_its_own():
    """A phase that ended does not stop the clock of the next one, which may have as many pieces."""
    stream, clock = Terminal(), [0.0]
    with TerminalProgress(stream=stream, environ={}, now=lambda: clock[0]) as progress:
        progress.phase("reading accounts", 2)
        clock[0] = 2.0
        progress.advance(2)
        progress.phase("applying", 2)
        (task,) = progress._bar.tasks
        assert (task.description, task.finished) == ("applying", False)
