"""What the manual has and this version has not: options that are refused as such."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

__all__ = ["option_later"]

Command = TypeVar("Command", bound=Callable[..., Any])


def option_later(name: str) -> Callable[[Command], Command]:
    """An option, with a value or without one, that is refused and stands in no help."""

    def refuse(ctx: click.Context, param: click.Parameter, value: object) -> None:  # noqa: ARG001
        if value is not None:
            raise click.UsageError(f"{name} is not supported yet", ctx)

    return click.option(name, hidden=True, expose_value=False, is_flag=False, flag_value="", callback=refuse)
