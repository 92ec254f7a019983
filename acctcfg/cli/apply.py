"""`acctcfg apply`: plan, ask, carry out, read back."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from acctcfg.cli.asking import Duration, ask, demand_asker, option_auto_approve, option_lock_timeout, run_writes
from acctcfg.cli.consent import Leaves, check_sensitive, option_allow_sensitive, option_replace
from acctcfg.cli.formats import option_format, option_full, page, show
from acctcfg.cli.listening import option_events
from acctcfg.cli.next_step import say_after_apply
from acctcfg.cli.queueing import apply_with, demand_queue, option_queue
from acctcfg.cli.selection import option_dependencies, option_exclude, option_refresh, option_target

if TYPE_CHECKING:
    from acctcfg.cli.approvals import Approved
    from acctcfg.cli.listeners import Listeners
    from acctcfg.core.json_types import JsonObject
    from acctcfg.core.outcome import Outcome
    from acctcfg.core.plan import Plan
    from acctcfg.engine.workspace import Workspace

__all__ = ["Talk", "applicable", "command", "question"]

TEXT = "text"


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
@option_target
@option_exclude
@option_dependencies
@option_refresh
@option_auto_approve
@option_allow_sensitive
@click.option(
    "--allow-warnings",
    is_flag=True,
    help="Continue although the plan has warnings that were not there when it was reviewed.",
)
@option_replace
@click.option("--after-cap", is_flag=True, help="Raise again what `cap` lowered, without a warning about it.")
@click.option("--skip-blocked", is_flag=True, help="Leave out accounts with a blocked step instead of stopping.")
@click.option(
    "--wait-flat",
    type=Duration(),
    default=0.0,
    metavar="TIME",
    help="How long to wait (30s, 10m) until positions, orders and the like that block steps are gone. "
    "Closes and cancels nothing.",
)
@option_lock_timeout
@option_queue
@option_format("outcome")
@option_events
@option_full
@click.pass_context
def command(  # long by its options: one line each, here and where the engine takes them
    ctx: click.Context,
    planfile: Path | None,
    expect: str | None,
    signatures: tuple[Path, ...],
    targets: tuple[str, ...],
    excludes: tuple[str, ...],
    with_dependencies: bool,
    refresh: bool,
    auto_approve: bool,
    allow_sensitive: tuple[str, ...],
    allow_warnings: bool,
    replace: tuple[str, ...],
    after_cap: bool,
    skip_blocked: bool,
    wait_flat: float,
    lock_timeout: float,
    queue: bool,
    form: str,
) -> None:
    """Carry out the manifest, or the saved plan PLANFILE if it is still the plan.

    If any step is blocked, nothing is written, unless --skip-blocked leaves it out or --wait-flat waits it out.
    Exits 0 when everything is as the manifest says, 1 when something failed, 3 when something is blocked.
    """
    if planfile is not None and (targets or excludes):
        raise click.UsageError("a saved plan has its own targets: leave out --target and --exclude", ctx)
    hint = "review a plan, then run apply with --auto-approve (and --expect DIGEST, or the saved plan file)"
    demand_asker(ctx, auto_approve=auto_approve, hint=hint)
    from acctcfg.cli.event_loop import load_workspace, undisturbed

    saved = None if planfile is None else _saved(ctx, planfile)
    workspace = load_workspace(ctx)
    approvals = _approvals(ctx, workspace, saved, expect, planfile, signatures)
    check_sensitive(ctx, workspace, allow_sensitive)
    if queue:
        demand_queue(workspace, "apply --queue")
    talk = Talk(ctx, form=form, ask=not auto_approve, skip_blocked=skip_blocked, question=question)
    outcome = run_writes(
        ctx,
        lambda progress, interrupts: apply_with(queue=queue)(
            workspace,
            approve=talk.approval(progress),
            targets=targets,
            excludes=excludes,
            with_dependencies=with_dependencies,
            refresh=refresh,
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
            said=_on_record(planfile, targets, excludes, approvals, auto_approve=auto_approve, queue=queue),
            progress=progress,
            interrupts=interrupts,
        ),
    )
    with undisturbed():
        talk.conclude(outcome)
    ctx.exit(outcome.exit_code)


def _saved(ctx: click.Context, planfile: Path) -> JsonObject:
    """The plan in the file."""
    from acctcfg.render.data import load_saved
    from acctcfg.venues.installed import rules

    return load_saved(ctx.obj["directory"] / planfile, rules().values())


def _on_record(
    planfile: Path | None,
    targets: tuple[str, ...],
    excludes: tuple[str, ...],
    approvals: Approved,
    *,
    auto_approve: bool,
    queue: bool,
) -> JsonObject:
    """What of the command line the run keeps, besides what the engine is told itself."""
    return {
        "auto_approve": auto_approve,
        "plan_file": None if planfile is None else str(planfile),
        **({"targets": list(targets)} if targets else {}),
        **({"excludes": list(excludes)} if excludes else {}),
        **({"approved_by": approvals.on_record} if approvals.by else {}),
        **({"queue": True} if queue else {}),
    }


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
        self, ctx: click.Context, *, form: str, ask: bool, skip_blocked: bool, question: Callable[[Plan], str]
    ) -> None:
        self.ctx, self.form, self.ask, self.skip_blocked, self.question = ctx, form, ask, skip_blocked, question
        self.shown = False

    def approval(self, progress: Listeners) -> Callable[[Plan], bool]:
        """The question that the engine puts to the user: shows the plan, and asks where there is somebody to ask."""

        def approve(plan: Plan) -> bool:
            progress.pause()
            self.show(plan)
            return not self.ask or ask(self.question(applicable(plan, skip_blocked=self.skip_blocked)))

        return approve

    def show(self, plan: Plan) -> None:
        """The plan, once; beside a result that is no text only to whoever is asked."""
        from acctcfg.cli.console import say_page
        from acctcfg.render.formats import render

        if self.shown or (self.form != TEXT and not self.ask):
            return
        self.shown = True
        sheet = dataclasses.replace(page(self.ctx), skips_blocked=self.skip_blocked)
        say_page(render(TEXT, "plan", plan, sheet), err=self.form != TEXT)

    def conclude(self, outcome: Outcome) -> None:
        """Print how the run ended, in the format that was asked for."""
        from acctcfg.cli.console import say

        if self.form == TEXT:
            same = not self.shown and outcome.summary in outcome.plan.conclusion  # the plan ends with the very words
            if same and outcome.notes:
                for line in (*(f"note: {note}" for note in outcome.notes), ""):
                    say(line)
            self.show(outcome.plan)
            if same:
                say_after_apply(self.ctx, outcome)
                return
            say("")
        show(self.ctx, self.form, "outcome", outcome)
        say_after_apply(self.ctx, outcome)


def applicable(plan: Plan, *, skip_blocked: bool) -> Plan:
    """The part of it that a yes would set going."""
    held = plan.held if skip_blocked else frozenset()
    return plan.with_steps(step for step in plan.steps if not step.blocked and step.address.account not in held)


def question(plan: Plan) -> str:
    """`Apply these 5 changes? 2 to create, 3 to change, in 2 accounts.`"""
    number, counts = len(plan.steps), plan.summary
    what = "this change" if number == 1 else f"these {number} changes"
    words = [f"{counts[word]} to {word}" for word in ("create", "change", "delete") if counts[word]]
    accounts = "1 account" if counts["accounts"] == 1 else f"{counts['accounts']} accounts"
    return f"Apply {what}? {', '.join(words)}, in {accounts}."
