"""A failure in the format that was asked for, for a program that would else read nothing of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from acctcfg.cli.console import documented, say_json, say_page, speaks_in_lines

if TYPE_CHECKING:
    from acctcfg.errors import Problem

__all__ = ["rows_of", "say_failure"]


def say_failure(
    arguments: Sequence[str], code: str, message: str, hint: str = "", problems: Iterable[Problem] = ()
) -> None:
    """A document on stdout, or lines for a CI's runner on stderr; nothing where no such format was asked for, or where
    the result itself was printed before something failed.

    The command line may be one that could not be understood otherwise.
    """
    pairs = list(zip(arguments, [*arguments[1:], ""], strict=True))
    said = [other if one == "--format" else one.partition("--format=")[2] for one, other in pairs]
    if not any(said) or documented():
        return
    from acctcfg.render.formats import Page, is_json, render, tells_failure
    from acctcfg.render.harmless import json_text

    if form := next(filter(tells_failure, said), ""):
        folder = next((other if one == "-C" else one[2:] for one, other in pairs if one.startswith("-C")), "")
        rows = rows_of(problems, form, folder)
        error = {"code": code, "message": message, "hint": hint, "problems": rows}
        text = render(form, "failure", error, Page())
        if is_json(form):
            say_json(json_text({"error": error}, indent=None) if speaks_in_lines() else text)
        elif text:
            say_page(text, err=True)


def rows_of(problems: Iterable[Problem], form: str, folder: str) -> list[dict[str, object]]:
    """Problems for a renderer. A program that shows them in files knows those from where it stands, as `-C` said."""
    import os
    from dataclasses import asdict
    from pathlib import Path

    rows = [asdict(one) for one in problems]
    if form == "json":
        return rows
    return [{**row, "file": os.path.relpath(Path(folder) / row["file"])} for row in rows]
