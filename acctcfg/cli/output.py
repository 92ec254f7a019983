"""`acctcfg output`: what other programs need from the accounts, never a secret. Sends no write."""

from __future__ import annotations

import click

from acctcfg.cli.formats import option_format, show
from acctcfg.cli.next_step import say_after_reads
from acctcfg.cli.selection import argument_addresses, option_exclude, option_target

__all__ = ["command"]


@click.command("output", short_help="Print uids and deposit addresses for other programs.")
@argument_addresses
@option_target
@option_exclude
@option_format("payable")
@click.pass_context
def command(
    ctx: click.Context, addresses: tuple[str, ...], targets: tuple[str, ...], excludes: tuple[str, ...], form: str
) -> None:
    """Print the uid and the deposit addresses of each account, or of those that each ADDRESS names.

    Nothing else is read.

    Exits 1 when something could not be read; what could be is printed.
    """
    from acctcfg.cli.console import say
    from acctcfg.cli.event_loop import load_workspace, run_engine
    from acctcfg.engine.show import PAYABLE, observe

    workspace = load_workspace(ctx)
    views = run_engine(
        ctx,
        lambda progress: observe(
            workspace, targets=(*addresses, *targets), excludes=excludes, only=PAYABLE, progress=progress
        ),
    )
    show(ctx, form, "payable", views)
    for warning in (warning for view in views for warning in view.warnings):
        say(f"warning: {warning.address}: {warning.message} [{warning.code}]", err=True)
    missing = [unread for view in views for unread in view.unreadable]
    for unread in missing:
        say(f"could not be read: {unread.address}: {unread.message} [{unread.code}]", err=True)
    if missing:
        say_after_reads(ctx, missing)
        ctx.exit(1)
