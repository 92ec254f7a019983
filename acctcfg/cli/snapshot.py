"""`acctcfg snapshot`: live state as a file without secrets, for plans that have no credentials. Sends no write."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["command"]


@click.command("snapshot", short_help="Save live state without secrets, for plans that have no credentials.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The file: a job without credentials plans against it with `plan --live FILE`.",
)
@click.option("--blur", is_flag=True, help="Other uids, key ids and deposit addresses; amounts as powers of ten.")
@click.pass_context
def command(ctx: click.Context, out: Path, blur: bool) -> None:
    """Read all that the accounts of the manifest hold, and save it without any secret.

    A job that others can feed, such as one of a pull request, plans against the file with `plan --live FILE`: it needs
    no credentials and sends no request. Exits 1 when something could not be read; the file then lacks it.
    """
    from acctcfg.cli.console import say
    from acctcfg.cli.event_loop import load_workspace, run_engine
    from acctcfg.engine.snapshot import take_snapshot
    from acctcfg.render.snapshot import refuse_foreign, save_snapshot

    place = ctx.obj["directory"] / out
    refuse_foreign(place)
    workspace = load_workspace(ctx)
    taken = run_engine(ctx, lambda progress: take_snapshot(workspace, blur=blur, progress=progress))
    save_snapshot(taken.document, place)
    say(f"{out}: {taken.accounts} accounts, {taken.answers} answers of the venues, no secret")
    for one in taken.unread:
        say(f"? {one.address}: {one.message}  [{one.code}]", err=True)
    if taken.unread:
        ctx.exit(1)
