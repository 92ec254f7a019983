"""`acctcfg init`: a commented starter workspace that can be planned against the sandbox at once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from acctcfg.errors import ConfigError, UsageError
from acctcfg.plain_file import leads_out, read_plain, write_whole
from acctcfg.secrets.new_identity import IDENTITY, new_identity, write_private

if TYPE_CHECKING:
    from acctcfg.core.secret import Secret

__all__ = ["command"]

NEXT = """\
Wrote a workspace to {directory}:
{files}

Next, in another terminal:          acctcfg sandbox
and here, with what it prints:      export OKX_DESK_API_KEY=... and so on
{enter}                                    acctcfg plan
                                    acctcfg apply
Then change a line of accounts/mmdesk01.yaml, and plan again."""


@click.command("init", short_help="Write a commented starter workspace.")
@click.argument("directory", required=False, type=click.Path(path_type=Path, file_okay=False))
@click.pass_context
def command(ctx: click.Context, directory: Path | None) -> None:
    """Write a commented starter workspace to DIRECTORY (default: the present one, or that of -C).

    It plans and applies against `acctcfg sandbox` as it is. Nothing that exists is overwritten.
    """
    from acctcfg.cli.console import say_page
    from acctcfg.cli.git_ignore import leaves_out
    from acctcfg.cli.starter import starter_files
    from acctcfg.manifest.schema import manifest_schema_text
    from acctcfg.venues.installed import rules

    folder: Path = ctx.obj["directory"] / (directory or "")
    identity, recipient = new_identity()
    files = dict(starter_files(recipient, manifest_schema_text(rules())))
    if taken := [name for name in (*files, IDENTITY) if name != ".gitignore" and os.path.lexists(folder / name)]:
        raise UsageError(
            f"{folder} has {', '.join(taken)} already; nothing was written", hint="choose an empty directory"
        )
    if away := [name for name in (*files, IDENTITY) if leads_out(folder / name, folder)]:
        raise ConfigError(
            f"{folder / away[0]}: a link leads out of {folder}; nothing was written", hint="remove the link"
        )
    try:
        ignored = _read_or_empty(folder / ".gitignore")
    except OSError as exc:
        raise ConfigError(f"cannot read {folder / '.gitignore'}: {exc.strerror}") from exc
    files[".gitignore"] = ignored if leaves_out(ignored, IDENTITY) else _joined(ignored, files[".gitignore"])
    _write(folder, files, identity)
    listed = "\n".join(f"  {name}" for name in (*files, IDENTITY))
    enter = "" if folder.resolve() == Path.cwd() else f"                                    cd {folder}\n"
    say_page(NEXT.format(directory=folder, files=listed, enter=enter))


def _write(folder: Path, files: Mapping[str, str], identity: Secret) -> None:
    """All of the files, or none: what a full disk leaves half done would stand in the way of the next try."""
    made: list[Path] = []
    try:
        for name, text in files.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            if file.exists():  # only .gitignore, which is somebody's
                write_whole(file, text, mode=file.stat().st_mode & 0o777)
            else:
                made.append(file)
                file.write_text(text, encoding="utf-8", errors="surrogateescape")
        write_private(folder / IDENTITY, identity)
    except OSError as exc:
        for file in made:
            file.unlink(missing_ok=True)
        hint = "nothing was written: run init again once there is room for it"
        raise ConfigError(f"cannot write {exc.filename or folder}: {exc.strerror}", hint=hint) from exc


def _read_or_empty(file: Path) -> str:
    return read_plain(file, 1 << 20)[0].decode("utf-8", "surrogateescape") if file.exists() else ""


def _joined(before: str, more: str) -> str:
    return more if not before else before.rstrip("\n") + "\n\n" + more
