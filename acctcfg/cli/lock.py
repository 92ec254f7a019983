"""`acctcfg lock`: who holds which venue user since when, and taking such a lock away."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from acctcfg.cli.formats import option_format, show

if TYPE_CHECKING:
    from acctcfg.cli.held_locks import HeldLock

__all__ = ["command"]


@click.group(
    "lock", short_help="List who holds the lock of a venue user, or break a lock.", invoke_without_command=True
)
@option_format("locks")
@click.pass_context
def command(ctx: click.Context, form: str) -> None:
    """Who holds which venue user since when, and what it is doing there. Sends no request.

    An apply holds the lock of each venue user that it writes to, so that no two write at once.
    """
    ctx.default_map = {"list": {"form": form}}
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_, form=form)


@command.command("list")
@option_format("locks")
@click.pass_context
def list_(ctx: click.Context, form: str) -> None:
    """List the locks that are held, beside the journal and in this user's state folder.

    Locks of holders that are gone are counted; --format json has each.
    """
    from acctcfg.cli.held_locks import held_locks

    show(ctx, form, "locks", held_locks(ctx.obj["directory"], os.environ))


@command.command("break")
@click.argument("user", required=False)
@click.option("--auto-approve", is_flag=True, help="Do not ask.")
@click.pass_context
def break_(ctx: click.Context, user: str | None, auto_approve: bool) -> None:
    """Take the lock of the venue user USER away from its holder, which then sends no further write.

    USER is a uid from the list, and may be left out where one lock is held. What was on its way already still arrives.
    A lock whose holder is dead need not be broken: the next apply takes it, after 60 s at most. Where none is held,
    those of the dead are removed.

    Exits 0 when nobody holds the lock any more, 1 when you said no or the lock changed hands.
    """
    from acctcfg.cli.console import can_ask, say
    from acctcfg.cli.held_locks import held_locks
    from acctcfg.errors import UsageError

    found = held_locks(ctx.obj["directory"], os.environ)
    held = [one for one in found if not one.gone]
    chosen = [one for one in found if one.venue_user == user] if user else held or found
    if not chosen:
        say(f"Nobody holds the lock of venue user {user}." if user else "No lock is held.")
        return
    if user is None and len(held) > 1:
        raise UsageError(
            f"{len(held)} locks are held; nothing was broken",
            hint=f"name the venue user: {', '.join(sorted({one.venue_user for one in held}))}",
        )
    if not auto_approve and not can_ask():
        raise UsageError(
            "lock break asks first, and stdin is not a terminal; nothing was broken",
            hint="--auto-approve breaks it without asking",
        )
    ctx.exit(max(_break(ctx, one, ask_first=not auto_approve) for one in chosen))


def _break(ctx: click.Context, held: HeldLock, *, ask_first: bool) -> int:
    from acctcfg.cli.asking import ask
    from acctcfg.cli.console import say, say_page
    from acctcfg.cli.held_locks import break_held
    from acctcfg.render.locks import lock_lines

    say_page("\n".join(lock_lines(held)))
    if ask_first and not ask("Break the lock? What its holder was doing stays half done until the next apply."):
        say("Nothing was broken.")
        return 1
    broken, untold = break_held(ctx.obj["directory"], os.environ, held, asked=ask_first)
    if untold:
        say(f"note: the break is not on record: {untold}", err=True)
    if not broken:
        say("The lock has changed hands in the meantime; nothing was broken. See `acctcfg lock list`.")
        return 1
    say(f"Broken: {held.owner} no longer holds venue user {held.venue_user}.")
    return 0
