"""`acctcfg apply`: plan, ask, carry out, read back."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from acctcfg.cli.consent import Leaves, check_sensitive, option_allow_sensitive, option_replace
from acctcfg.cli.formats import option_format, page, show
from acctcfg.cli.unsupported import option_later

if TYPE_CHECKING:
    from acctcfg.cli.approvals import Approved
    from acctcfg.core.json_types import JsonObject
    from acctcfg.core.outcome import Outcome
    from acctcfg.core.plan import Plan
    from acctcfg.engine.workspace import Workspace
    from acctcfg.render.progress import TerminalProgress

__all__ = ["Duration", "Talk", "ask", "command"]

TEXT = "text"

UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Duration(click.ParamType[float]):
    """`30s`, `5m`, `2h`; a bare number counts seconds."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Seconds."""
        text = str(value).strip()
        number, unit = (text[:-1], text[-1]) if text[-1:] in UNITS_S else (text, "s")
        if not number.replace(".", "", 1).isdecimal():
            self.fail(f"{text!r} is not a duration (such as 30s, 5m or 2h)", param, ctx)
        return float(number) * UNITS_S[unit]


@click.command("apply", cls=Leaves, short_help="Plan, ask, carry out, and read every change back.")
@click.argument("planfile", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--expect", metavar="DIGEST", help="Continue only if the plan has this digest, which a reviewed plan showed."
)
@click.option(
    "--signature",
    "signatures",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="A signature of `acctcfg approve` that does not lie beside PLANFILE. May be repeated.",
)
@click.option("--auto-approve", is_flag=True, help="Do not ask.")
@option_allow_sensitive
@click.option(
    "--allow-warnings",
    is_flag=True,
    help="Continue although the plan has warnings that were not there when it was reviewed.",
)
@option_replace
@click.option("--after-cap", is_flag=True, help="What `cap` lowered is to be raised again: do not warn of it any more.")
@click.option("--skip-blocked", is_flag=True, help="Leave out accounts with a blocked step instead of stopping.")
@click.option(
    "--wait-flat",
    type=Duration(),
    default=0.0,
    metavar="TIME",
    help="How long to wait (30s, 10m) until positions, orders and the like that block steps are gone. "
    "Closes and cancels nothing.",
)
@click.option(
    "--lock-timeout",
    type=Duration(),
    default=0.0,
    metavar="TIME",
    help="How long to wait (30s, 5m) for another run to end. Default: stop at once and say who holds the lock.",
)
@option_format("outcome")
@option_later("--exclude")
@option_later("--target")
@option_later("--with-dependencies")
@click.pass_context
def command(
    ctx: click.Context,
    planfile: Path | None,
    expect: str | None,
    signatures: tuple[Path, ...],
    auto_approve: bool,
    allow_sensitive: tuple[str, ...],
    allow_warnings: bool,
    replace: tuple[str, ...],
    after_cap: bool,
    skip_blocked: bool,
    wait_flat: float,
    lock_timeout: float,
    form: str,
) -> None:
    """Carry out the manifest, or the saved plan PLANFILE if it is still the plan.

    With any blocked step nothing at all is written, unless --skip-blocked leaves it out or --wait-flat outlasts it.
    Exits 0 when everything is as the manifest says, 1 when something failed, 3 when something is blocked.
    """
    from acctcfg.errors import UsageError

    if not auto_approve and not _can_ask():
        raise UsageError(
            "apply asks before it writes, but stdin is not a terminal; nothing was read or written",
            hint="review a plan, then run apply with --auto-approve (and --expect DIGEST, or the saved plan file)",
        )
    from acctcfg.cli.console import deeds_decide
    from acctcfg.cli.event_loop import load_workspace, run_engine, undisturbed
    from acctcfg.engine.apply import apply
    from acctcfg.engine.stopping import Interrupts
    from acctcfg.render.data import load_saved
    from acctcfg.venues.installed import rules

    saved = None if planfile is None else load_saved(ctx.obj["directory"] / planfile, rules().values())
    workspace = load_workspace(ctx)
    approvals = _approvals(ctx, workspace, saved, expect, planfile, signatures)
    interrupts = Interrupts()
    check_sensitive(ctx, workspace, allow_sensitive)
    talk = Talk(ctx, form=form, ask=not auto_approve, skip_blocked=skip_blocked, question=_question)
    try:
        outcome = run_engine(
            ctx,
            lambda progress: apply(
                workspace,
                approve=talk.approval(progress),
                saved=saved,
                expect=expect,
                replace=replace,
                allow_sensitive=allow_sensitive,
                allow_warnings=allow_warnings,
                skip_blocked=skip_blocked,
                after_cap=after_cap,
                wait_flat_s=wait_flat,
                lock_timeout_s=lock_timeout,
                unsigned=approvals.missing,
                said={
                    "auto_approve": auto_approve,
                    "plan_file": None if planfile is None else str(planfile),
                    **({"approved_by": approvals.on_record} if approvals.by else {}),
                },
                progress=progress,
                interrupts=interrupts,
            ),
            interrupts=interrupts,
        )
    except KeyboardInterrupt:
        raise KeyboardInterrupt("nothing was written" if interrupts.nothing_written else "") from None
    deeds_decide()
    with undisturbed():
        talk.conclude(outcome)
    ctx.exit(outcome.exit_code)


def _approvals(
    ctx: click.Context,
    workspace: Workspace,
    saved: JsonObject | None,
    expect: str | None,
    planfile: Path | None,
    signatures: tuple[Path, ...],
) -> Approved:
    """Who signed the plan, by the files that were named and those beside it."""
    from acctcfg.cli.approvals import approved, signatures_beside

    named = [ctx.obj["directory"] / file for file in signatures]
    beside = [] if planfile is None else signatures_beside(ctx.obj["directory"] / planfile)
    return approved(workspace, saved, expect, named, beside)


class Talk:
    """What one command that carries out a plan prints and asks, whichever of its parts come to pass."""

    def __init__(
        self, ctx: click.Context, *, form: str, ask: bool, skip_blocked: bool, question: Callable[[int], str]
    ) -> None:
        self.ctx, self.form, self.ask, self.skip_blocked, self.question = ctx, form, ask, skip_blocked, question
        self.shown = False

    def approval(self, progress: TerminalProgress) -> Callable[[Plan], bool]:
        """The question that the engine puts to the user: shows the plan, and asks where there is somebody to ask."""

        def approve(plan: Plan) -> bool:
            progress.pause()
            self.show(plan)
            return not self.ask or ask(self.question(applicable(plan, skip_blocked=self.skip_blocked)))

        return approve

    def show(self, plan: Plan) -> None:
        """The plan, once; beside a result that is no text only to whoever is asked."""
        from acctcfg.cli.console import say
        from acctcfg.render.formats import render

        if self.shown or (self.form != TEXT and not self.ask):
            return
        self.shown = True
        say(render(TEXT, "plan", plan, page(self.ctx)), err=self.form != TEXT)

    def conclude(self, outcome: Outcome) -> None:
        """What became of it."""
        from acctcfg.cli.console import say

        if self.form == TEXT:
            same = not self.shown and outcome.summary in outcome.plan.conclusion  # the plan ends with the very words
            if same and outcome.notes:
                say("\n".join(f"note: {note}" for note in outcome.notes) + "\n")
            self.show(outcome.plan)
            if same:
                return
            say("")
        show(self.ctx, self.form, "outcome", outcome)


def applicable(plan: Plan, *, skip_blocked: bool) -> int:
    """How many steps a yes would set going."""
    held = plan.held if skip_blocked else frozenset()
    return sum(not step.blocked and step.address.account not in held for step in plan.steps)


def _can_ask() -> bool:
    from acctcfg.cli.console import can_ask

    return can_ask()


def _question(number: int) -> str:
    what = "this change" if number == 1 else f"these {number} changes"
    return f"Apply {what}?"


def ask(question: str) -> bool:
    """Only the whole word counts."""
    from acctcfg.cli.console import read_answer, say

    with _interruptible():
        say(f'\n{question} Only "yes" is accepted: ', err=True, end="")
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
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise KeyboardInterrupt
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
