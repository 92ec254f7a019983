"""`acctcfg broker`: what a broker asks about its users' keys, and for files of its rebates. Changes no account."""

from __future__ import annotations

from datetime import datetime

import click

from acctcfg.cli.asking import Duration

__all__ = ["command"]

DAY = click.DateTime(formats=("%Y-%m-%d", "%Y%m%d"))
option_venue = click.option(
    "--venue", metavar="NAME", help="The key of `venues` to ask as; needed where there are several."
)
option_kind = click.option(
    "--broker-type", "kind", type=click.Choice(("api", "oauth")), help="Which broker, where you are both."
)


@click.group("broker", short_help="Show a broker's rebates, and request files of them.")
def command() -> None:
    """What a broker asks its venue about its users and its rebates."""


@command.command("rebate")
@click.argument("keys", metavar="KEY...", nargs=-1, required=True)
@option_venue
@option_kind
@click.pass_context
def rebate(ctx: click.Context, keys: tuple[str, ...], venue: str | None, kind: str | None) -> None:
    """Ask whether the rebate is paid for what each user's API KEY trades; the id of a key, never its secret.

    Exits 1 when it is not paid for one of them, or the venue does not tell.
    """
    from acctcfg.cli.console import say
    from acctcfg.cli.event_loop import load_workspace, run_engine
    from acctcfg.engine.broker import rebates

    workspace = load_workspace(ctx)
    found, ended = run_engine(ctx, lambda _: rebates(workspace, keys, venue=venue, kind=kind or ""))
    for key, one in found.items():
        say(f"{key}  {one.told}")
    if ended is not None:
        raise ended
    if not all(one.paid for one in found.values()):
        ctx.exit(1)


@command.command("rebate-files")
@click.option("--from", "first", type=DAY, required=True, metavar="DAY", help="The first day (UTC), as 2026-01-31.")
@click.option("--to", "last", type=DAY, required=True, metavar="DAY", help="The last day; it is in the file.")
@click.option("--wait", "wait_s", type=Duration(), default="3h", show_default=True, help="Wait so long; 0 looks once.")
@click.option("--link", "shows_link", is_flag=True, help="Print the link. Whoever has it has the file: keep it secret.")
@option_venue
@option_kind
@click.pass_context
def rebate_files(
    ctx: click.Context,
    first: datetime,
    last: datetime,
    wait_s: float,
    shows_link: bool,
    venue: str | None,
    kind: str | None,
) -> None:
    """Ask for the file of the rebates of these days, order by order, and wait until it is made.

    A file that was asked for already is not asked for again. Exits 1 when it is not ready in time.
    """
    from acctcfg.cli.console import say
    from acctcfg.cli.event_loop import load_workspace, run_engine
    from acctcfg.engine.broker import file_of_rebates

    workspace, days = load_workspace(ctx), (first.date(), last.date())
    found = run_engine(
        ctx,
        lambda progress: file_of_rebates(
            workspace, *days, venue=venue, kind=kind or "", wait_s=wait_s, progress=progress
        ),
    )
    if found is None or found.link is None:
        say(f"{days[0]} to {days[1]}  not ready yet: run this again later; it is not asked for twice")
        ctx.exit(1)
    if shows_link:
        say(found.link.reveal())
        return
    say(f"{days[0]} to {days[1]}  ready; --link prints the link, which works for {found.good_for}")
