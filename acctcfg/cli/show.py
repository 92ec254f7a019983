"""`acctcfg show`: accounts as they are now. Sends no write."""

from __future__ import annotations

import click

from acctcfg.cli.formats import option_format, show
from acctcfg.cli.next_step import say_after_reads
from acctcfg.cli.selection import argument_addresses, option_exclude, option_target

__all__ = ["command"]


@click.command("show", short_help="Show accounts as they are now.")
@argument_addresses
@option_target
@option_exclude
@click.option("--fees", is_flag=True, help="With the fee rates of each account: what makers and takers pay or get.")
@option_format("accounts")
@click.pass_context
def command(
    ctx: click.Context,
    addresses: tuple[str, ...],
    targets: tuple[str, ...],
    excludes: tuple[str, ...],
    fees: bool,
    form: str,
) -> None:
    """Show what the manifest manages as it is now: all of it, or what each ADDRESS (or pattern) names.

    Exits 1 when something could not be read.
    """
    from acctcfg.cli.event_loop import load_workspace, run_engine
    from acctcfg.engine.show import observe

    workspace = load_workspace(ctx)
    views = run_engine(
        ctx,
        lambda progress: observe(
            workspace, targets=(*addresses, *targets), excludes=excludes, fees=fees, progress=progress
        ),
    )
    show(ctx, form, "accounts", views)
    if missing := [unread for view in views for unread in view.unreadable]:
        say_after_reads(ctx, missing)
        ctx.exit(1)
