"""`acctcfg revert`: the plan that leads back to the state before a run. Sends no write."""

from __future__ import annotations

from pathlib import Path

import click

from acctcfg.cli.completing import runs
from acctcfg.cli.consent import Leaves, check_sensitive, option_allow_sensitive
from acctcfg.cli.formats import option_format, option_full
from acctcfg.cli.plan import conclude, option_detailed_exitcode, option_out, place_to_save
from acctcfg.cli.selection import option_target

__all__ = ["command"]


@click.command("revert", cls=Leaves, short_help="Show the plan that leads back to the state before a run.")
@click.argument("run", metavar="RUN", shell_complete=runs)
@option_out
@option_format("plan")
@option_full
@option_detailed_exitcode
@option_target
@click.option(
    "--with-deletes",
    is_flag=True,
    help="Delete the accounts and keys that the run created, within guardrails.max_deletes.",
)
@option_allow_sensitive
@click.pass_context
def command(
    ctx: click.Context,
    run: str,
    out: Path | None,
    form: str,
    detailed_exitcode: bool,
    targets: tuple[str, ...],
    with_deletes: bool,
    allow_sensitive: tuple[str, ...],
) -> None:
    """Show the plan that leads back to the state before RUN: an id from `acctcfg history`, or the beginning of one.

    Changes nothing itself: save the plan with --out, review it, and carry it out with `acctcfg apply FILE`, which
    repeats all prechecks and obeys every guardrail.

    The plan names what cannot be undone, and what has been changed since by something else: that is left as it is. It
    also names the lines of the manifest that contradict it: change them too, or the next apply sets those values again.

    Exits 0 when the plan could be made, 1 when something could not be read, 2 with --detailed-exitcode when there is
    something to undo.
    """
    from acctcfg.cli.event_loop import load_workspace, run_engine
    from acctcfg.engine.plan import make_plan
    from acctcfg.engine.undo import Undo

    out = place_to_save(ctx, out)
    workspace = load_workspace(ctx)
    check_sensitive(ctx, workspace, allow_sensitive)
    undo = Undo.of(workspace, run, with_deletes=with_deletes, targets=targets)
    plan = run_engine(
        ctx, lambda progress: make_plan(workspace, undo=undo, allow_sensitive=allow_sensitive, progress=progress)
    )
    conclude(ctx, plan, out=out, form=form, detailed_exitcode=detailed_exitcode)
