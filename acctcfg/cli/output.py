"""`acctcfg output`: what other programs need from the accounts, never a secret. Sends no write."""

from __future__ import annotations

import click

from acctcfg.cli.completing import accounts
from acctcfg.cli.formats import option_format, show
from acctcfg.cli.selection import option_target

__all__ = ["command"]


@click.command("output", short_help="Print uids and deposit addresses for other programs.")
@click.argument("accounts", metavar="[ACCOUNT]...", nargs=-1, shell_complete=accounts)
@option_target
@option_format("payable")
@click.pass_context
def command(ctx: click.Context, accounts: tuple[str, ...], targets: tuple[str, ...], form: str) -> None:
    """Print the uid and the deposit addresses of each account, or of each ACCOUNT (a name, or a pattern with * and ?).

    Nothing else is read.

    Exits 1 when something could not be read; what could be is printed.
    """
    from acctcfg.cli.console import say
    from acctcfg.cli.event_loop import load_workspace, run_engine
    from acctcfg.engine.show import PAYABLE, observe

    workspace = load_workspace(ctx)
    views = run_engine(
        ctx, lambda progress: observe(workspace, targets=(*accounts, *targets), only=PAYABLE, progress=progress)
    )
    show(ctx, form, "payable", views)
    for warning in (warning for view in views for warning in view.warnings):
        say(f"warning: {warning.address}: {warning.message} [{warning.code}]", err=True)
    missing = [unread for view in views for unread in view.unreadable]
    for unread in missing:
        say(f"could not be read: {unread.address}: {unread.message} [{unread.code}]", err=True)
    if missing:
        ctx.exit(1)
