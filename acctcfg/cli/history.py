"""`acctcfg history`: who applied what, when, and what came of every request."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from acctcfg.cli.formats import option_format, show

if TYPE_CHECKING:
    from acctcfg.journal import Journal

__all__ = ["command"]


@click.command("history")
@click.argument("run", required=False)
@option_format("runs")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="How many runs to list.")
@click.option("--verify", is_flag=True, help="Check that no row of the journal was altered, removed or moved.")
@click.pass_context
def command(ctx: click.Context, run: str | None, form: str, limit: int, verify: bool) -> None:
    """List the runs, newest first, or show one RUN with the outcome of each step and request.

    RUN is an id from the list, or the beginning of one.
    """
    from acctcfg.engine.workspace import storage_here
    from acctcfg.errors import UsageError
    from acctcfg.journal import Journal

    if verify and run:
        raise UsageError("--verify checks the whole journal, not one run", hint="leave out the run")
    with Journal(storage_here(ctx.obj["directory"], os.environ)) as journal:
        if verify:
            _verify(ctx, journal, form)
            return
        journal.demand_whole()
        if run:
            show(ctx, form, "run", journal.run(run))
        else:
            show(ctx, form, "runs", journal.runs(limit))
        if problems := journal.verify():
            _warn(journal, problems)
            ctx.exit(1)


def _warn(journal: Journal, problems: Sequence[str]) -> None:
    """What was printed may be as somebody else would have it."""
    from acctcfg.cli.console import say

    say(f"error: {journal.place}: the journal was changed after it was written: {problems[0]}", err=True)
    say("\nhint: `acctcfg history --verify` names every such row; compare with a backup", err=True)


def _verify(ctx: click.Context, journal: Journal, form: str) -> None:
    from acctcfg.errors import JournalError
    from acctcfg.render.formats import is_json

    problems = journal.verify()
    rows, head = journal.head()
    if problems and not is_json(form):
        raise JournalError(
            "\n".join((f"{journal.place}: the journal was changed after it was written", *problems)),
            hint="compare it with a backup; what its runs did at the venue stays as it is",
        )
    found = {"rows": rows, "head": head, "problems": list(problems)}
    if not is_json(form):
        found |= {"place": journal.place, "exists": journal.storage.exists()}
    show(ctx, form, "verified", found)
    if problems:
        ctx.exit(1)
