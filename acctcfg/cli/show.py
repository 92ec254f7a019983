"""`acctcfg show`: accounts as they are now. Sends no write."""

from __future__ import annotations

import click

from acctcfg.cli.completing import addresses
from acctcfg.cli.formats import option_format, show
from acctcfg.cli.selection import option_exclude, option_target

__all__ = ["command"]


@click.command("show", short_help="Show accounts as they are now.")
@click.argument("addresses", metavar="[ADDRESS]...", nargs=-1, shell_complete=addresses)
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
    if any(view.unreadable for view in views):
        ctx.exit(1)
