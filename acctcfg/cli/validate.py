"""`acctcfg validate`: check the manifest. Offline: no request is sent, no command is run."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from acctcfg.cli.formats import option_format, show

if TYPE_CHECKING:
    from acctcfg.core.desired import Manifest

__all__ = ["command"]


@click.command(name="validate", short_help="Check the manifest; sends no request.")
@option_format("validation")
@click.pass_context
def command(ctx: click.Context, form: str) -> None:
    """Check acctcfg.yaml and all files that it includes, and report everything that is wrong at once.

    Sends no request. Exits with 0 where the manifest is sound, with 1 where it is not.
    """
    from acctcfg.errors import ManifestError
    from acctcfg.manifest import load
    from acctcfg.render.formats import is_json
    from acctcfg.venues.installed import rules

    try:
        manifest = load(ctx.obj["directory"], rules(), environ=os.environ)
    except ManifestError as exc:
        if not is_json(form):
            raise
        rows = [_row(problem) for problem in exc.problems]
        error = {"code": exc.word, "message": exc.message, "hint": exc.hint, "problems": rows}
        show(ctx, form, "validation", {"valid": False, "problems": rows, "error": error})
        sys.exit(exc.exit_code)
    show(ctx, form, "validation", {"valid": True, "problems": [], **_counts(manifest)})


def _counts(manifest: Manifest) -> dict[str, int]:
    return {"accounts": len(manifest.accounts), "venues": len(manifest.venues), "files": len(manifest.files)}


def _row(problem: object) -> dict[str, object]:
    return {name: getattr(problem, name) for name in ("file", "line", "column", "address", "message")}
