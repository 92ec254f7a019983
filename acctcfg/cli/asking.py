"""What the commands share that ask before they write: their options, the question, and how their run ends."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TypeVar

import click

from acctcfg.core.spelling import decimal_of

if TYPE_CHECKING:
    from acctcfg.cli.listeners import Listeners
    from acctcfg.engine.stopping import Interrupts

__all__ = ["Duration", "ask", "demand_asker", "option_auto_approve", "option_lock_timeout", "run_writes"]

T = TypeVar("T")

UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400}
MOST_S = 10 * 365 * 86400


class Duration(click.ParamType[float]):
    """`30s`, `5m`, `2h`; a bare number counts seconds."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """`30s`, `10m` or `2h` as seconds; a number alone is seconds."""
        text = str(value).strip()
        number, unit = (text[:-1], text[-1]) if text[-1:] in UNITS_S else (text, "s")
        found = decimal_of(number) if number[:1] in "0123456789." else None
        if found is None:
            self.fail(f"{text[:60]!r} is not a duration (such as 30s, 5m or 2h)", param, ctx)
        if found * UNITS_S[unit] > MOST_S:
            self.fail(f"{text[:60]!r} is longer than ten years", param, ctx)
        return float(found * UNITS_S[unit])


option_auto_approve = click.option("--auto-approve", is_flag=True, help="Do not ask.")

option_lock_timeout = click.option(
    "--lock-timeout",
    type=Duration(),
    default=0.0,
    metavar="TIME",
    help="How long to wait (30s, 5m) for another run to end. Default: stop at once and say who holds the lock.",
)


def demand_asker(ctx: click.Context, *, auto_approve: bool, hint: str) -> None:
    """Refuse to begin where a question would find nobody. Raises UsageError."""
    from acctcfg.cli.console import can_ask
    from acctcfg.errors import UsageError

    if not auto_approve and not can_ask():
        message = f"{ctx.info_name} asks before it writes, but stdin is not a terminal; nothing was read or written"
        raise UsageError(message, hint=hint)


def run_writes(ctx: click.Context, work: Callable[[Listeners, Interrupts], Awaitable[T]]) -> T:
    """Run `work` to its end. From then on its outcome decides how the command exits."""
    from acctcfg.cli.console import deeds_decide
    from acctcfg.cli.event_loop import run_engine
    from acctcfg.engine.stopping import Interrupts

    interrupts = Interrupts()
    try:
        outcome = run_engine(ctx, lambda progress: work(progress, interrupts), interrupts=interrupts)
    except KeyboardInterrupt:
        raise KeyboardInterrupt("nothing was written" if interrupts.nothing_written else "") from None
    deeds_decide()
    return outcome


def ask(question: str) -> bool:
    """Whether the user answers with the whole word."""
    from acctcfg.cli.console import read_answer, say

    with _interruptible():
        say("", err=True)
        say(f'{question} Only "yes" is accepted: ', err=True, end="")
        answer = read_answer()
    if not answer.endswith("\n"):
        say("", err=True)
    return answer.strip() == "yes"


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let a signal end the program while it waits for an answer: nothing has been written yet.

    The event loop's own handlers would only note the signal, and the question would stay.
    """
    from acctcfg.cli.event_loop import SIGNALS

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard = [one for one in SIGNALS if signal.getsignal(one) is not signal.SIG_IGN]  # nohup ignores one of them
    before = {one: signal.signal(one, signal.default_int_handler) for one in heard}
    try:
        with suppress(RuntimeError):  # `lock break` asks without a loop
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise KeyboardInterrupt
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
