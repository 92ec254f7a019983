"""`acctcfg broker`: what an FD broker asks about its users' keys. Sends no write."""

from __future__ import annotations

import click

from acctcfg.cli.unsupported import sub_command_later

__all__ = ["command"]


@click.group("broker", short_help="Ask whether a broker's rebate is paid for users' keys.")
def command() -> None:
    """What a broker asks its venue about its users."""


@command.command("rebate")
@click.argument("keys", metavar="KEY...", nargs=-1, required=True)
@click.option("--venue", metavar="NAME", help="The key of `venues` to ask as; needed where there are several.")
@click.option("--broker-type", "kind", type=click.Choice(("api", "oauth")), help="Which broker, where you are both.")
@click.pass_context
def rebate(ctx: click.Context, keys: tuple[str, ...], venue: str | None, kind: str | None) -> None:
    """Ask whether the rebate is paid for what each user's API KEY trades; the id of a key, never its secret.

    Exits 1 when it is not paid for one of them.
    """
    from acctcfg.cli.console import say
    from acctcfg.cli.event_loop import load_workspace, run_engine
    from acctcfg.engine.broker import rebates
    from acctcfg.render.harmless import harmless

    workspace = load_workspace(ctx)
    found = run_engine(ctx, lambda _: rebates(workspace, keys, venue=venue, kind=kind or ""))
    say("\n".join(harmless(f"{key}  {one.told}") for key, one in found.items()))
    if not all(one.paid for one in found.values()):
        ctx.exit(1)


sub_command_later(command, "rebate-files")
