"""`acctcfg drift`: compare live accounts with the manifest, and report what it does not name. Sends no write."""

from __future__ import annotations

from pathlib import Path

import click

from acctcfg.cli.formats import option_beside, option_format, option_full, place_beside, show, write_beside
from acctcfg.cli.listening import option_events
from acctcfg.cli.next_step import say_after_reads
from acctcfg.cli.queueing import drift_with, option_queue
from acctcfg.cli.selection import option_exclude, option_target

__all__ = ["command", "option_skip"]

FAILED, DRIFT = 1, 2


option_skip = click.option(
    "--skip",
    multiple=True,
    type=click.Choice(["keys"]),
    help="Skip a kind of finding. keys: unknown keys and the age of keys; the venue's slow lists of keys "
    "are then not read.",
)


@click.command("drift", short_help="Show how live accounts differ from the manifest, and what it does not name.")
@option_target
@option_exclude
@option_skip
@option_queue
@option_beside("--metrics", "Also write metrics to FILE, for Prometheus's textfile collector.")
@option_format("drift")
@option_events
@option_full
@click.pass_context
def command(
    ctx: click.Context,
    targets: tuple[str, ...],
    excludes: tuple[str, ...],
    skip: tuple[str, ...],
    queue: bool,
    metrics: Path | None,
    form: str,
) -> None:
    """Show how live accounts differ from the manifest, and what it does not name.

    Besides changed values, it reports API keys that the manifest does not name, that are due for rotation or that the
    venue will soon delete; sub-accounts that the manifest does not name; what the venue has frozen; newly listed
    instruments that match a pattern; and what is past its `until` date.

    Exits 0 when there is no drift, 2 when there is some, 1 when something could not be read.
    """
    from acctcfg.cli.event_loop import load_workspace, run_engine
    from acctcfg.render.metrics import BEGINS, drift_metrics

    metrics = place_beside(ctx, "--metrics", metrics, begins=BEGINS)
    workspace = load_workspace(ctx)
    find = drift_with(workspace, "drift", queue=queue)
    drift = run_engine(
        ctx,
        lambda progress: find(workspace, targets=targets, excludes=excludes, skip=skip, progress=progress),
    )
    show(ctx, form, "drift", drift)
    if metrics is not None:
        write_beside(metrics, drift_metrics(drift), hint="no metrics were written")
    if drift.plan.unreadable:
        say_after_reads(ctx, drift.plan.unreadable)
        ctx.exit(FAILED)
    if drift.exists:
        ctx.exit(DRIFT)
