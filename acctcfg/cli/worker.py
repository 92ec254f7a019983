"""`acctcfg worker`: carries out parts of plans and applies that were queued, until it is told to stop."""

from __future__ import annotations

import click

__all__ = ["command"]


@click.command("worker", short_help="Carry out parts of queued plans and applies, beside other workers.")
@click.pass_context
def command(ctx: click.Context) -> None:
    """Take parts of what `plan`, `apply`, `drift` and `watch` queue from the journal's database, until a signal comes.

    Start any number of them, on any machine: each in a checkout of the same manifest, with the credentials and the
    stores that `apply` would have there. The first signal ends the step in hand and leaves the rest to the others.
    """
    from acctcfg.cli.asking import run_writes
    from acctcfg.cli.console import say
    from acctcfg.cli.event_loop import load_workspace
    from acctcfg.cli.queueing import demand_queue

    workspace = load_workspace(ctx)
    demand_queue(workspace, "worker")
    from acctcfg.workers.worker import Worker

    run_writes(ctx, lambda progress, interrupts: Worker(workspace, say, progress, progress.pause).run(interrupts))
