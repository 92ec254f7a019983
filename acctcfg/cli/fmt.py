"""`acctcfg fmt`: one layout for all files of a manifest. Sends no request."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["command"]


@click.command("fmt", short_help="Lay out manifests, comments kept.")
@click.argument("files", metavar="[FILE]...", nargs=-1, type=click.Path(path_type=Path))
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if a file would be written.")
@click.pass_context
def command(ctx: click.Context, files: tuple[Path, ...], check: bool) -> int:
    """Lay out each FILE, or every file of the manifest: two spaces, comments in place, one empty line at most.

    Comments stay, and so does the order of keys. What a file says never changes: one that cannot be laid out without
    that is left as it is, and named. Prints the names of the files that were written, or with --check would be.

    Exits 1 if a file is wrong or could not be laid out; with --check also if one would be written.
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
    say(f"{count} file{'s' * (count != 1)} {did}, {rest} as {'it' if rest == 1 else 'they'} should be.", err=True)
    if found.problems:
        raise ManifestError(found.problems, hint="the other files are not held up by these")
    return 1 if check and found.changed else 0
