"""`acctcfg history`: who applied what, when, and what came of every request."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from acctcfg.cli.completing import accounts, runs
from acctcfg.cli.formats import option_format, option_full, show
from acctcfg.cli.selection import option_target, read_addresses

if TYPE_CHECKING:
    from acctcfg.journal import Journal
    from acctcfg.journal.exported import Exported

__all__ = ["command"]


EXPORT = "export"


class Since(click.ParamType[str]):
    """`2026-11-01`, `2026-11-01T12:00:00Z`, or how long ago: `24h`, `90d`. UTC."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """As the journal writes times."""
        from datetime import UTC, datetime, timedelta

        from acctcfg.cli.asking import UNITS_S, Duration
        from acctcfg.core.spelling import whole_of
        from acctcfg.journal.journal import utc

        text = str(value).strip()
        if not text:
            return ""
        if text[-1:] in UNITS_S and whole_of(text[:-1]) is not None:
            seconds = Duration().convert(text, param, ctx)
            return utc((datetime.now(UTC) - timedelta(seconds=seconds)).timestamp())
        try:
            when = datetime.fromisoformat(text)
            return utc((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp())
        except (ValueError, OverflowError):
            told = "is neither a day (2026-11-01), a time (2026-11-01T12:00:00Z) nor an age (24h)"
            self.fail(f"{text[:60]!r} {told}", param, ctx)


@click.command("history")
@click.argument("run", required=False, shell_complete=runs)
@option_format("runs", "run", "exported")
@option_full
@click.option(
    "--account",
    "accounts",
    multiple=True,
    metavar="ADDRESS",
    callback=read_addresses,
    shell_complete=accounts,
    help="The same as --target.",
)
@option_target
@click.option(
    "--since",
    type=Since(),
    default="",
    metavar="TIME",
    help="Only runs that began at or after this: 2026-11-01, 2026-11-01T12:00:00Z, or an age such as 90d. UTC.",
)
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="How many runs to list.")
@click.option("--verify", is_flag=True, help="Check that no row of the journal was altered, removed or moved.")
@click.pass_context
def command(  # long by its options and what it says of them
    ctx: click.Context,
    run: str | None,
    form: str | None,
    accounts: tuple[str, ...],
    targets: tuple[str, ...],
    since: str,
    limit: int,
    verify: bool,
) -> None:
    """List the runs, newest first, or show one RUN with the outcome of each step and request.

    RUN is an id from the list, or the beginning of one.

    `history export` writes all runs, oldest first, for an auditor: what was planned, each precheck as it was read, who,
    on which commit, and the keys on record; as jsonl (all of it), csv (a row a step) or html (a page). Where
    ACCTCFG_SIGNING_KEY names an SSH key, the head of the chain is signed with it.
    """
    from acctcfg.cli.console import say
    from acctcfg.engine.workspace import journal_in, storage_here
    from acctcfg.errors import UsageError
    from acctcfg.render.formats import is_json

    if verify and run:
        raise UsageError("--verify checks the whole journal, not one run", hint="leave out the run")
    exporting = run == EXPORT
    form = _form(ctx, form, "exported" if exporting else "run" if run else "runs")
    with journal_in(storage_here(ctx.obj["directory"], os.environ), os.environ) as journal:
        if verify:
            _verify(ctx, journal, form)
            return
        journal.demand_whole()
        about = journal.with_former_names((*accounts, *targets))
        if exporting:
            show(ctx, form, "exported", _exported(journal, since=since, about=about))
        elif run:
            record = journal.run(run)
            show(ctx, form, "run", record.about(about) if about else record)
        else:
            found = journal.runs(limit, since=since, about=about)
            if not found and not is_json(form) and journal.runs(1):
                say("No run matches what was asked for.")
            else:
                show(ctx, form, "runs", found)
        if problems := journal.verify():
            _warn(journal, problems)
            ctx.exit(1)


def _form(ctx: click.Context, form: str | None, document: str) -> str:
    """The word of `--format`, or the first of those that this document has."""
    from acctcfg.render.formats import formats_of

    words = formats_of(document)
    if form is not None and form not in words:
        raise click.UsageError(f"--format {form} is not available here (use {' or '.join(words)})", ctx)
    return form or words[0]


def _exported(journal: Journal, *, since: str, about: Sequence[str]) -> Exported:
    """What an auditor takes, signed where a key for that is configured."""
    import time
    from dataclasses import replace

    from acctcfg.journal.exported import export
    from acctcfg.journal.journal import utc
    from acctcfg.journal.signature import JOURNAL_HEAD, key_of, sign

    found = export(journal, at=utc(time.time()), since=since, about=about)
    if not os.environ.get("ACCTCFG_SIGNING_KEY"):
        return found
    return replace(found, signature=sign(found.signed, JOURNAL_HEAD, key_of(os.environ), os.environ))


def _warn(journal: Journal, problems: Sequence[str]) -> None:
    """What was printed may be as somebody else would have it."""
    from acctcfg.cli.console import say

    say(f"error: {journal.place}: the journal was changed after it was written: {problems[0]}", err=True)
    say("", err=True)
    say("hint: `acctcfg history --verify` names every such row; compare with a backup", err=True)


def _verify(ctx: click.Context, journal: Journal, form: str) -> None:
    from acctcfg.errors import JournalError
    from acctcfg.render.formats import is_json

    problems = journal.verify()
    rows, head = journal.head()
    if problems and not is_json(form):
        raise JournalError(
            f"{journal.place}: the journal was changed after it was written",
            *problems,
            hint="compare it with a backup; what its runs did at the venue stays as it is",
        )
    found = {"rows": rows, "head": head, "problems": list(problems)}
    if not is_json(form):
        found |= {"place": journal.place, "exists": journal.storage.exists()}
    show(ctx, form, "verified", found)
    if problems:
        ctx.exit(1)
