"""`acctcfg plan`: read live state and show what apply would do. Sends no write."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from acctcfg.cli.completing import revisions
from acctcfg.cli.consent import Leaves, check_sensitive, option_allow_sensitive, option_replace
from acctcfg.cli.formats import option_format, option_full, option_summary, show
from acctcfg.cli.listening import option_events
from acctcfg.cli.next_step import say_after_reads
from acctcfg.cli.queueing import demand_queue, option_queue
from acctcfg.cli.selection import option_dependencies, option_exclude, option_refresh, option_target

if TYPE_CHECKING:
    from acctcfg.core.plan import Plan
    from acctcfg.engine.workspace import Workspace

__all__ = ["command", "conclude", "option_detailed_exitcode", "option_out", "place_to_save"]

CHANGES = 2

option_out = click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="Save the plan for `apply FILE`."
)
option_detailed_exitcode = click.option("--detailed-exitcode", is_flag=True, help="Exit 2 if there is something to do.")


def _one_revision(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value == "":
        raise click.UsageError(f"{param.opts[0]} without a revision", ctx)
    return value


@click.command("plan", cls=Leaves, short_help="Show what apply would do, and what stands in its way.")
@option_out
@option_format("plan")
@option_full
@option_summary
@option_detailed_exitcode
@option_target
@option_exclude
@option_dependencies
@option_refresh
@option_replace
@option_allow_sensitive
@click.option(
    "--live",
    "snapshot",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Plan against this snapshot: sends no request, needs no credentials.",
)
@click.option(
    "--changed-since",
    metavar="REV",
    callback=_one_revision,
    shell_complete=revisions,
    help="Only accounts whose manifest changed since this commit, tag or branch; REV... means since HEAD left it.",
)
@option_events
@option_queue
@click.option(
    "--rehearse",
    is_flag=True,
    help="Also carry the plan out on a sandbox copy of the live accounts, and show the end state and the time.",
)
@click.pass_context
def command(  # long by its options: one line each, here and where the engine takes them
    ctx: click.Context,
    out: Path | None,
    form: str,
    detailed_exitcode: bool,
    targets: tuple[str, ...],
    excludes: tuple[str, ...],
    with_dependencies: bool,
    refresh: bool,
    replace: tuple[str, ...],
    allow_sensitive: tuple[str, ...],
    snapshot: Path | None,
    changed_since: str | None,
    queue: bool,
    rehearse: bool,
) -> None:
    """Show what apply would do, and what stands in its way.

    Of more than 20 accounts, changes that many have in common are shown once; --full and -v show each step.

    Exits 0 when the plan could be made, 1 when something could not be read, or failed in the rehearsal, 2 with
    --detailed-exitcode when there is something to do.
    """
    from acctcfg.cli.event_loop import load_workspace, run_engine
    from acctcfg.engine.plan import make_plan

    if changed_since is not None and targets:
        raise click.UsageError("--changed-since and --target exclude each other", ctx)
    if ctx.obj.get("summary") and (form != "text" or ctx.obj.get("full")):
        raise click.UsageError("--summary is for --format text, without --full", ctx)
    if rehearse and snapshot is not None:
        raise click.UsageError("--rehearse reads live state itself: leave out --live", ctx)
    if refresh and snapshot is not None:
        raise click.UsageError("--live reads nothing: leave out --refresh", ctx)
    if queue and (rehearse or snapshot is not None or targets or excludes or changed_since is not None):
        raise click.UsageError(
            "--queue reads all accounts: leave out what narrows the plan, --live and --rehearse", ctx
        )
    out = place_to_save(ctx, out)
    workspace = load_workspace(ctx) if snapshot is None else _over_snapshot(ctx, snapshot)
    check_sensitive(ctx, workspace, allow_sensitive)
    made = make_plan
    if rehearse:
        from acctcfg.rehearsal.rehearse import rehearse as made
    if queue:
        demand_queue(workspace, "plan --queue")
        from acctcfg.workers.reads import plan_queued as made
    plan = run_engine(
        ctx,
        lambda progress: made(
            workspace,
            targets=targets,
            excludes=excludes,
            with_dependencies=with_dependencies,
            replace=replace,
            allow_sensitive=allow_sensitive,
            changed_since=changed_since or "",
            refresh=refresh,
            progress=progress,
        ),
    )
    conclude(ctx, plan, out=out, form=form, detailed_exitcode=detailed_exitcode)


def _over_snapshot(ctx: click.Context, snapshot: Path) -> Workspace:
    """The workspace as a snapshot shows its live accounts."""
    from acctcfg.cli.event_loop import load_workspace
    from acctcfg.engine.replayed import SnapshotWorkspace
    from acctcfg.render.snapshot import load_snapshot

    live = load_snapshot(ctx.obj["directory"] / snapshot)
    return SnapshotWorkspace.over(load_workspace(ctx), live)


def place_to_save(ctx: click.Context, out: Path | None) -> Path | None:
    """Where the plan goes, refused before anything is read where something else stands there."""
    if out is None:
        return None
    from acctcfg.render.data import refuse_foreign

    out = ctx.obj["directory"] / out
    refuse_foreign(out)
    return out


def conclude(ctx: click.Context, plan: Plan, *, out: Path | None, form: str, detailed_exitcode: bool) -> None:
    """Save it, print it, and exit as it says."""
    if out is not None:
        from acctcfg.render.data import save_plan

        save_plan(plan, out)
    show(ctx, form, "plan", plan)
    if plan.unreadable:
        say_after_reads(ctx, plan.unreadable)
    if plan.unreadable or (plan.rehearsal is not None and plan.rehearsal.failed):
        ctx.exit(1)
    if detailed_exitcode and plan.steps:
        ctx.exit(CHANGES)
