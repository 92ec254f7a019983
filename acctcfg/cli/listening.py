"""`--events`: the option, and what every command with it does at its beginning and its end."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

__all__ = ["option_events"]

T = TypeVar("T")


def option_events(command: Callable[..., T]) -> Callable[..., T]:
    """`--events`, for a command that runs the engine."""

    @click.option(
        "--events",
        type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
        metavar="FILE",
        help="Write what happens to FILE while it does, as JSON Lines. - is stdout; the result then goes to stderr.",
    )
    @functools.wraps(command)
    def listened_to(*args: object, events: Path | None, **kwargs: object) -> T:
        from acctcfg.cli.console import at_the_end
        from acctcfg.cli.listeners import STDOUT, Others

        ctx = click.get_current_context()
        if str(events) == STDOUT:
            if kwargs.get("form") not in (None, "text"):
                raise click.UsageError("--events - and --format both write to stdout: name a file for --events", ctx)
            ctx.obj["color"] = False
        others = ctx.obj["others"] = Others(events, ctx.info_name or "", ctx.obj["directory"])
        at_the_end(others.conclude)
        try:
            return command(*args, **kwargs)
        except click.exceptions.Exit:
            raise
        except BaseException as error:
            others.failed(error)
            raise

    return listened_to
