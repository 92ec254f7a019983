"""`--format`: the option as each command has it, and the one way from a result to what is printed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import click

from acctcfg.render.formats import Page, escape_of, formats_of, is_json, render

__all__ = [
    "option_beside",
    "option_format",
    "option_full",
    "option_summary",
    "page",
    "place_beside",
    "show",
    "write_beside",
]

Command = TypeVar("Command", bound=Callable[..., object])


def option_format(*documents: str) -> Callable[[Command], Command]:
    """`--format`, with the words that this document can be shown in; the first is the default.

    Of several documents the command says which it is, and takes that one's first where the user names none.
    """
    words = list(dict.fromkeys(word for document in documents for word in formats_of(document)))
    default = words[0] if len(documents) == 1 else None
    return click.option("--format", "form", type=click.Choice(words), default=default, show_default=True)


def _noted(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value:
        ctx.obj[param.name] = True


option_full = click.option(
    "--full", is_flag=True, expose_value=False, callback=_noted, help="Show each step, however many accounts there are."
)
option_summary = click.option(
    "--summary",
    is_flag=True,
    expose_value=False,
    callback=_noted,
    help="Show only totals: steps, what blocks them, warnings.",
)


def option_beside(name: str, words: str) -> Callable[[Command], Command]:
    """An option that names a file to be written beside what is printed."""
    return click.option(name, type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help=words)


def page(ctx: click.Context) -> Page:
    """What a text is written for here."""
    from acctcfg.cli.console import is_terminal
    from acctcfg.cli.event_loop import terminal_width

    words: dict[str, bool] = ctx.obj
    return Page(
        width=terminal_width(),
        wraps=is_terminal(),
        color=words["color"],
        verbose=words["verbose"],
        full=words.get("full", False),
        summary=words.get("summary", False),
    )


def show(ctx: click.Context, form: str, document: str, value: object) -> None:
    """Print a result on stdout."""
    from acctcfg.cli.console import say_json, say_page

    text = render(form, document, value, page(ctx))
    if is_json(form):
        say_json(text)
    elif text:
        say_page(text, escape=escape_of(form))


def place_beside(ctx: click.Context, option: str, name: Path | None, *, begins: str) -> Path | None:
    """Where such a file goes, refused before anything is read where something else stands there: another file, a
    device, a pipe. Behind a link it is the file that the link leads to, not one in place of the link.

    `begins`: how each such file begins. An empty one may be overwritten, too.
    """
    from acctcfg.errors import UsageError
    from acctcfg.plain_file import leads_out

    if name is None:
        return None
    file: Path = ctx.obj["directory"] / name
    hint = f"choose another {option}"
    if leads_out(file, ctx.obj["directory"]):
        raise UsageError(f"{file} is a link to a place outside the workspace", hint=hint)
    if file.exists() and not _is_one(file, begins):
        raise UsageError(f"{file} exists and is something else; it was not overwritten", hint=hint)
    return file.resolve() if file.is_symlink() else file


def _is_one(file: Path, begins: str) -> bool:
    if not file.is_file():
        return False
    with suppress(OSError), file.open("rb") as stream:
        return stream.read(len(begins)) in (b"", begins.encode())
    return False


def write_beside(file: Path, text: str, *, hint: str) -> None:
    """Write such a file, whole or not at all, for everybody to read: whoever collects it is another user."""
    from acctcfg.errors import ConfigError
    from acctcfg.plain_file import write_whole

    try:
        write_whole(file, text, mode=0o644)
    except OSError as exc:
        raise ConfigError(f"cannot write {file}: {exc.strerror}", hint=hint) from exc
