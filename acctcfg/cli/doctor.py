"""`acctcfg doctor`: check everything that the other commands need. Sends no write."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from acctcfg.cli.formats import option_format, show

if TYPE_CHECKING:
    from acctcfg.core.checkup import Checked

__all__ = ["command"]


@click.command("doctor", short_help="Check credentials, stores, journal and environment, and suggest fixes.")
@option_format("checkup")
@click.pass_context
def command(ctx: click.Context, form: str) -> None:
    """Check everything that the commands need, and say how to fix what is wrong.

    Checks the manifest, each venue (host, clock, credentials, permissions, address, limits), the secret stores, the
    journal, locks and git. A problem does not stop the other checks: a manifest with a mistake, or a venue that is
    down, is one finding. Sends reads only; shows no secret.

    Exits 0 when no check failed, 1 when one did.
    """
    from acctcfg.cli.event_loop import run_engine
    from acctcfg.engine.doctor import examine

    directory, environ = ctx.obj["directory"], os.environ
    found = run_engine(ctx, lambda _: examine(directory, environ, locks=lambda: _locks(directory, environ)))
    show(ctx, form, "checkup", found)
    if found.count("failed"):
        ctx.exit(1)


def _locks(directory: Path, environ: Mapping[str, str]) -> list[Checked]:
    """Who holds a lock; where that cannot be known, the journal's own check says why."""
    from acctcfg.cli.held_locks import held_locks
    from acctcfg.core.checkup import Sheet
    from acctcfg.errors import AcctcfgError
    from acctcfg.render.locks import left_behind

    sheet = Sheet("locks")
    try:
        held = held_locks(directory, environ)
    except AcctcfgError:
        sheet.warn("held", "unknown, because the journal cannot be read", "Repair the journal first.")
        return sheet.checks
    for one in held:
        if not one.gone:
            said = f"{one.owner} has held venue user {one.venue_user} since {one.since}"
            sheet.warn("held", said, "Wait for it, or see `acctcfg lock list`.")
    if left := left_behind(held):
        sheet.warn("held", left, "None needed: the next apply to the same venue user takes such a lock over.")
    if not held:
        sheet.ok("held", "no lock is held")
    return sheet.checks
