"""`acctcfg fmt`: one layout for all files of a manifest. Sends no request."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["command"]


@click.command("fmt", short_help="Format manifests; comments are kept.")
@click.argument("files", metavar="[FILE]...", nargs=-1, type=click.Path(path_type=Path))
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if a file would be written.")
@click.pass_context
def command(ctx: click.Context, files: tuple[Path, ...], check: bool) -> int:
    """Format each FILE, or every file of the manifest: two spaces, aligned comments, at most one empty line in a row.

    Comments and the order of keys are kept. The meaning of a file never changes: a file that cannot be formatted
    without changing it is left as it is, and named. Prints the name of each file that was written (with --check: that
    would be written).

    Exits 1 if a file has an error or could not be formatted; with --check also if a file would be written.
    """
    from acctcfg.cli.console import say
    from acctcfg.errors import ManifestError
    from acctcfg.manifest.laid_out import lay_out
    from acctcfg.venues.installed import rules

    found = lay_out(ctx.obj["directory"], files, rules(), write=not check)
    for name in found.changed:
        say(name)
    count, rest = len(found.changed), found.looked_at - len(found.changed) - len({one.file for one in found.problems})
    did = "would be written" if check else "written"
    say(f"{count} file{'s' * (count != 1)} {did}, {rest} already formatted.", err=True)
    if found.problems:
        raise ManifestError(found.problems, hint="the other files are not affected")
    return 1 if check and found.changed else 0
