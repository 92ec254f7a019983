"""`--format`: the option as each command has it, and the one way from a result to what is printed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click

from acctcfg.render.formats import LATER, Page, formats_of, is_json, render

__all__ = ["option_format", "page", "show"]

Command = TypeVar("Command", bound=Callable[..., object])


class _Form(click.Choice[str]):
    """A choice of words; `later` are those that have a meaning and are not built yet."""

    def __init__(self, *documents: str) -> None:
        super().__init__([word for document in documents for word in formats_of(document)])
        self.later = tuple(word for document in documents for word in LATER.get(document, ()))

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """One of the formats. One that a later version brings is refused as such."""
        if value in self.later and value not in self.choices:
            option = f"{param.opts[0]} " if param is not None else ""
            raise click.UsageError(f"{option}{value} is not supported yet ({' or '.join(self.choices)})", ctx)
        return str(super().convert(value, param, ctx))


def option_format(*documents: str) -> Callable[[Command], Command]:
    """`--format`, with the words that this document can be shown in; the first is the default.

    Of several documents the command says which it is, and takes that one's first where the user names none.
    """
    form = _Form(*documents)
    default = form.choices[0] if len(documents) == 1 else None
    return click.option("--format", "form", type=form, default=default, show_default=True)


def page(ctx: click.Context) -> Page:
    """What a text is written for here."""
    from acctcfg.cli.event_loop import terminal_width

    return Page(width=terminal_width(), color=ctx.obj["color"], verbose=ctx.obj["verbose"])


def show(ctx: click.Context, form: str, document: str, value: object) -> None:
    """Print a result on stdout."""
    from acctcfg.cli.console import say, say_json

    text = render(form, document, value, page(ctx))
    if is_json(form):
        say_json(text)
    elif text:
        say(text)
