"""`acctcfg snapshot`: save live state without secrets, for plans without credentials. Sends no write."""

from __future__ import annotations

from pathlib import Path

import click

from acctcfg.cli.next_step import say_after_reads

__all__ = ["command"]


@click.command("snapshot", short_help="Save live state without secrets, for plans without credentials.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="Where to save the snapshot, for `plan --live FILE`.",
)
@click.option(
    "--blur",
    is_flag=True,
    help="Replace uids, key ids, deposit and e-mail addresses; round amounts up to powers of ten.",
)
@click.pass_context
def command(ctx: click.Context, out: Path, blur: bool) -> None:
    """Read the live state of the manifest's accounts, and save it without any secret.

    A job that must not hold credentials, such as one that runs on pull requests, plans against the file with
    `plan --live FILE` and sends no request. Exits 1 when something could not be read; that is missing from the file.
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
    accounts = f"{taken.accounts} account{'s' * (taken.accounts != 1)}"
    say(f"{out}: {accounts}, {taken.answers} answers from the venues, no secrets")
    for one in taken.unread:
        say(f"? {one.address}: {one.message}  [{one.code}]", err=True)
    if taken.unread:
        say_after_reads(ctx, taken.unread)
        ctx.exit(1)
