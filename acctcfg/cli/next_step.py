"""What to run next after something that was left half done: one place decides it, from the outcome."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from acctcfg.core.brake import Braked
    from acctcfg.core.outcome import Outcome
    from acctcfg.core.plan import Unread
    from acctcfg.engine.stored_keys import KeyReport

__all__ = ["in_folder", "say_after_apply", "say_after_cap", "say_after_import", "say_after_reads", "say_after_secrets"]


def say_after_apply(ctx: click.Context, outcome: Outcome) -> None:
    """After an apply, or what ends as one; nothing where nothing is left to do."""
    here, same = _typed(ctx)
    statuses = {result.status for result in outcome.results if not result.made}
    if outcome.declined:
        return
    if outcome.interrupted:
        _say(f"{same} goes on from here")
    elif statuses & {"failed", "unknown"}:
        asked = f"`{here} history {outcome.run}` shows what the venue answered, " if outcome.run else ""
        _say(f"{asked}`{here} plan` shows what is left, and {same} goes on with it")
    elif outcome.plan.unreadable:
        say_after_reads(ctx, outcome.plan.unreadable)
    elif "blocked" in statuses:
        _say(f"clear what stands in the way; `{here} plan` shows whether it is gone, and {same} goes on")
    elif outcome.unrecorded:
        _say(f"`{here} doctor` looks at the journal, and `{here} plan` shows what is left")
    elif outcome.exit_code:
        _say(f"`{here} plan` shows whether everything is in effect")


def say_after_cap(ctx: click.Context, brake: Braked) -> None:
    """After a brake: what it left above the cap, or could not see."""
    here, same = _typed(ctx)
    if brake.declined:
        return
    if brake.interrupted:
        _say(f"{same} goes on from here")
    elif brake.count("failed", "unknown", "not_started"):
        _say(f"{same} tries again what is still above")
    elif brake.unreadable:
        say_after_reads(ctx, brake.unreadable)
    elif brake.still_above:
        # an identity that is missing or a frozen account is nothing that anybody could cancel
        verb = "cancel" if all(one.obstacles for one in brake.still_above) else "clear"
        _say(f"{verb} what is in the way, then {same}")
    elif brake.unrecorded:
        _say(f"`{here} doctor` looks at the journal")


def say_after_reads(ctx: click.Context, unread: Sequence[Unread]) -> None:
    """After reads that were not all answered."""
    here, same = _typed(ctx)
    if unread:
        _say(f"`{here} doctor` looks for the reason; then {same}")


def say_after_import(ctx: click.Context, failed: Sequence[str], unlisted: Sequence[str], out: Path | None) -> None:
    """After an import that left accounts, or all of a connection, out; what it wrote is not read again, and `out` is
    not empty any more."""
    here, same = _typed(ctx)
    asked = [*([failed] if failed else []), *(["--all", "--venue", key] for key in unlisted)]
    if out is not None:
        same = " and ".join(f"`{shlex.join(['acctcfg', '-C', str(out), 'import', *one])}`" for one in asked)
    if asked:
        take = "take" if out is not None and len(asked) > 1 else "takes"
        _say(f"`{here} doctor` looks for the reason; then {same} {take} in the rest")


def say_after_secrets(ctx: click.Context, reports: Sequence[KeyReport]) -> None:
    """After secrets of which some were not stored; those that were are left as they are the next time."""
    _, same = _typed(ctx)
    if not all(one.good for one in reports):
        _say(f"correct what is refused; {same} takes the same input again, and leaves alone what it has stored")


def _typed(ctx: click.Context) -> tuple[str, str]:
    """How other commands of this folder begin, and the command line that was typed, in quotes of its own."""
    return in_folder(ctx.obj["directory"]), f"`{shlex.join(['acctcfg', *ctx.obj['arguments']])}`"


def _say(words: str) -> None:
    from acctcfg.cli.console import say_talk

    say_talk(f"next: {words}")


def in_folder(folder: Path) -> str:
    """How commands of a workspace begin, from where this one was typed."""
    return "acctcfg" if folder == Path() else shlex.join(["acctcfg", "-C", str(folder)])
