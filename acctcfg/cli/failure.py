"""A failure in the format that was asked for, for a program that would else read nothing of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from acctcfg.cli.console import say, say_json

__all__ = ["say_failure"]


def say_failure(
    arguments: Sequence[str], code: str, message: str, hint: str = "", problems: Iterable[Any] = ()
) -> None:
    """A document on stdout, or lines for a CI's runner on stderr; nothing where no such format was asked for.

    The command line may be one that could not be understood otherwise.
    """
    pairs = zip(arguments, [*arguments[1:], ""], strict=True)
    said = [other if one == "--format" else one.partition("--format=")[2] for one, other in pairs]
    if not any(said):
        return
    from dataclasses import asdict  # help goes without

    from acctcfg.render.formats import Page, is_json, render, tells_failure

    if form := next(filter(tells_failure, said), ""):
        rows = [asdict(one) for one in problems]
        error = {"code": code, "message": message, "hint": hint, "problems": rows}
        text = render(form, "failure", error, Page())
        say_json(text) if is_json(form) else say(text, err=True)
