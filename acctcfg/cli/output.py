"""`acctcfg output`: what other programs need from the accounts, never a secret. Sends no write."""

from __future__ import annotations

import click

from acctcfg.cli.unsupported import option_target

__all__ = ["command"]


@click.command("output", short_help="Print uids and deposit addresses for other programs.")
@click.argument("accounts", metavar="[ACCOUNT]...", nargs=-1)
@option_target
@click.option("--format", "form", type=click.Choice(["json", "csv", "env"]), default="json", show_default=True)
@click.pass_context
def command(ctx: click.Context, accounts: tuple[str, ...], targets: tuple[str, ...], form: str) -> None:
    """Print the uid and the deposit addresses of each account, or of each ACCOUNT (a name, or a pattern with * and ?).

    Nothing else is read.

    Exits 1 when something could not be read; what could be is printed.
    """
    from acctcfg.cli.console import say, say_json
    from acctcfg.cli.event_loop import load_workspace, run_engine
    from acctcfg.engine.show import PAYABLE, observe
    from acctcfg.render.views import output_csv, output_env, output_json

    workspace = load_workspace(ctx)
    views = run_engine(
        ctx, lambda progress: observe(workspace, targets=(*accounts, *targets), only=PAYABLE, progress=progress)
    )
    if form == "json":
        say_json(output_json(views))
    elif text := {"csv": output_csv, "env": output_env}[form](views):
        say(text)
    for warning in (warning for view in views for warning in view.warnings):
        say(f"warning: {warning.address}: {warning.message} [{warning.code}]", err=True)
    missing = [unread for view in views for unread in view.unreadable]
    for unread in missing:
        say(f"could not be read: {unread.address}: {unread.message} [{unread.code}]", err=True)
    if missing:
        ctx.exit(1)
