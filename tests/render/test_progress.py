"""Progress: a bar for who watches, plain lines for who asks, nothing for a pipe."""

from __future__ import annotations

import io

import pytest

from acctcfg.render.progress import TerminalProgress


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


def test_a_pipe_sees_nothing():
    """Logs of a pipeline stay free of progress, however long it takes."""
    assert work(io.StringIO(), seconds=60) == ""


@pytest.mark.parametrize("environ", [{"CI": "true"}, {"TERM": "dumb"}])
def test_a_terminal_that_cannot_redraw_sees_nothing(environ):
    """CI systems that pretend to be terminals get no control codes."""
    assert work(Terminal(), seconds=60, environ=environ) == ""


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
