"""The options of every command: they may stand before its name or after it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click

from acctcfg.cli.console import is_terminal, let_colors_pass

__all__ = ["OPTIONS", "Context", "begun", "with_options"]

_HYPHEN = "\ue000"  # stands for one while lines are filled
NOTE = "-C, -v, --color and --no-color work here too: acctcfg --help explains them."


def begun(arguments: Sequence[str] = ()) -> dict[str, Any]:
    """What `ctx.obj` is before any option was read: `directory`, `color`, `verbose`, and the `arguments` as typed."""
    return {"directory": Path(), "color": _colored("auto"), "verbose": False, "arguments": arguments}


def with_options(command: click.Command) -> click.Command:
    """The command, and all that belong to it, with these options; they stand in the help of `acctcfg` alone."""
    command.context_class = Context
    if not any(isinstance(one, _Hidden) for one in command.params):
        command.params += [_Hidden(option) for option in OPTIONS]
        command.epilog = command.epilog or NOTE
    if isinstance(command, click.Group):
        for one in command.commands.values():
            with_options(one)
    return command


def _colored(when: str) -> bool:
    """Whether text is coloured: as was asked for; else as variables say; else on a terminal that can."""
    if when != "auto":
        colored = when == "always"
    elif os.environ.get("NO_COLOR"):
        colored = False
    elif os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        colored = True
    else:
        colored = is_terminal() and not os.environ.get("CI") and os.environ.get("TERM") != "dumb"
    let_colors_pass(colored)
    return colored


class _Formatter(click.HelpFormatter):
    """Breaks no word of a help at its hyphens: an option, or a path, is copied whole."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, _held(args), prefix)

    def write_text(self, text: str) -> None:
        super().write_text(_held(text))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        super().write_dl([(name, _held(text)) for name, text in rows], col_max, col_spacing)

    def getvalue(self) -> str:
        return super().getvalue().replace(_HYPHEN, "-")


def _held(text: str) -> str:
    return text.replace("-", _HYPHEN)


class Context(click.Context):
    """Of every command: its help breaks no word."""

    formatter_class = _Formatter


class _Everywhere(click.Option):
    """An option that sets one value of `ctx.obj`, wherever it stands; the last one counts."""

    def __init__(self, sets: str, *spelled: str, **more: Any) -> None:
        name = f"everywhere_{sets}"  # no command has a parameter of that name
        super().__init__((*spelled, name), expose_value=False, is_eager=True, callback=_set, **more)
        self.sets = sets


class _Hidden(_Everywhere):
    """The same option as every command has it."""

    def __init__(self, option: _Everywhere) -> None:
        flag = option.is_flag
        super().__init__(option.sets, *option.opts, is_flag=flag, type=None if flag else option.type, hidden=True)


def _set(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    assert isinstance(param, _Everywhere)  # noqa: S101 (it is the callback of these alone)
    if not value:
        return
    if ctx.obj is None:  # a context made by hand
        ctx.obj = begun()
    if param.sets == "no_color":
        ctx.obj["color"] = _colored("never")
    else:
        ctx.obj[param.sets] = _colored(value) if param.sets == "color" else value


OPTIONS = (
    _Everywhere(
        "directory",
        "-C",
        metavar="DIR",
        type=click.Path(path_type=Path),
        help="Work in this directory instead of the current one.",
    ),
    _Everywhere(
        "color",
        "--color",
        metavar="WHEN",
        type=click.Choice(["auto", "always", "never"]),
        help="auto (default), always or never. auto: on a terminal, unless NO_COLOR or CI is set; FORCE_COLOR colours "
        "pipes, too.",
    ),
    _Everywhere("no_color", "--no-color", is_flag=True, help="The same as --color never."),
    _Everywhere(
        "verbose",
        "-v",
        "--verbose",
        is_flag=True,
        help="Show more: prechecks of every step, progress, where an error came from.",
    ),
)
