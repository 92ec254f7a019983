"""Writes the manual's pages, `acctcfg.1` and one for each command, from what `--help` says and README's exit statuses.

`python docs/man.py FOLDER` writes FOLDER/man1, so that `man -M FOLDER acctcfg-plan` finds them.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

import click

from acctcfg import __version__
from acctcfg.cli import group
from acctcfg.cli.everywhere import OPTIONS

__all__ = ["pages"]

README = Path(__file__).parents[1] / "README.md"


def pages() -> dict[str, str]:
    """The name of each page (`acctcfg-secrets-list`) and its text, in roff."""
    root = click.Context(group, info_name="acctcfg", **group.context_settings)
    return {_name(context): _page(context) for context in _contexts(root)}


def _contexts(context: click.Context) -> Iterator[click.Context]:
    """That of a command, and those of all below it."""
    yield context
    for one in _below(context):
        yield from _contexts(one)


def _below(context: click.Context) -> list[click.Context]:
    command = context.command
    if not isinstance(command, click.Group):
        return []
    found = ((name, command.get_command(context, name)) for name in command.list_commands(context))
    return [click.Context(one, info_name=name, parent=context) for name, one in found if one is not None]


def _name(context: click.Context) -> str:
    return context.command_path.replace(" ", "-")


def _page(context: click.Context) -> str:
    command, below = context.command, _below(context)
    params = [*command.get_params(context), *(OPTIONS if context.parent is not None else ())]
    options = (one.get_help_record(context) for one in params if isinstance(one, click.Option))
    commands = ((one.command_path, _line(one)) for one in below)
    return "\n".join(
        [
            f'.TH {_name(context).upper()} 1 {date.today()} "acctcfg {__version__}"',
            ".SH NAME",
            rf"{_text(_name(context))} \- {_text(_line(context)).rstrip('.')}",
            ".SH SYNOPSIS",
            _bold(context.command_path, *command.collect_usage_pieces(context)),
            ".SH DESCRIPTION",
            "\n.PP\n".join(map(_paragraph, inspect.cleandoc(command.help or "").split("\n\n"))),
            ".SH OPTIONS",
            *_terms(filter(None, options)),
            *([".SH COMMANDS", *_terms(commands)] if below else []),
            ".SH EXIT STATUS",
            *_terms(re.findall(r"^\| (\d+) \| (.+) \|$", README.read_text(encoding="utf-8"), re.MULTILINE)),
            ".SH SEE ALSO",
            ",\n".join(rf"\fB{_text(_name(one))}\fR(1)" for one in below or [context.find_root()]),
            "",
        ]
    )


def _line(context: click.Context) -> str:
    return context.command.get_short_help_str(limit=1000)


def _terms(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Options, commands and the like, each with what it means."""
    for name, meaning in rows:
        yield from (".TP", _bold(name), _text(meaning))


def _paragraph(text: str) -> str:
    """Filled; one that the help shows line by line (click's \\b) as it stands."""
    if text.startswith("\b"):
        lines = (_text(one) for one in text.splitlines()[1:])
        return "\n".join([".nf", *lines, ".fi"])
    return _text(" ".join(text.split()))


def _bold(words: str, *more: str) -> str:
    return " ".join([rf"\fB{_text(words)}\fR", *map(_text, more)])


def _text(words: str) -> str:
    """As it stands, with code in bold. To roff a dot or a quote at the beginning is a request, and - a hyphen."""
    plain = re.sub(r"^(?=[.'])", r"\\&", words.replace("\\", r"\e").replace("-", r"\-"))
    return re.sub(r"`([^`]+)`", r"\\fB\1\\fR", plain)


if __name__ == "__main__":
    folder = Path(sys.argv[1]) / "man1"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / f"{name}.1").write_text(text, encoding="utf-8")
