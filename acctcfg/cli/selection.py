"""Which accounts and addresses a command looks at: `--target` and `--exclude`, spelled one way everywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import click

from acctcfg.cli.completing import addresses

__all__ = [
    "argument_addresses",
    "option_dependencies",
    "option_exclude",
    "option_refresh",
    "option_target",
    "read_addresses",
]

Command = TypeVar("Command", bound=Callable[..., object])
LARGEST = 4 << 20  # bytes of a file of addresses


def argument_addresses(command: Command) -> Command:
    """`[ADDRESS]...`, where a command takes what `--target` takes without the option's name, too."""
    argument = click.argument(
        "addresses", metavar="[ADDRESS]...", nargs=-1, callback=read_addresses, shell_complete=addresses
    )
    return argument(command)


def option_target(command: Command) -> Command:
    """Add `--target ADDRESS`, which narrows a command to part of the manifest."""
    what = "Only this address or pattern (* and ?); an account or field name means all of it. @FILE reads one per line."
    return _option("--target", "targets", what)(command)


def option_exclude(command: Command) -> Command:
    """Add `--exclude ADDRESS`, which leaves out part of what `--target` selects."""
    what = "Leave out this address or pattern; an account or field name means all of it. @FILE reads one per line."
    return _option("--exclude", "excludes", what)(command)


def option_dependencies(command: Command) -> Command:
    """`--with-dependencies`, which adds to `--target` what has to change before it."""
    said = "With --target: also what has to change first, such as an account mode before leverage."
    return click.option("--with-dependencies", is_flag=True, help=said)(command)


def option_refresh(command: Command) -> Command:
    """`--refresh`, which reads also what the journal knows for good."""
    said = "Read everything again, even what the journal knows and the venue cannot delete (deposit addresses)."
    return click.option("--refresh", is_flag=True, help=said)(command)


def _option(name: str, target: str, what: str) -> Callable[[Command], Command]:
    return click.option(
        name,
        target,
        multiple=True,
        metavar="ADDRESS",
        callback=read_addresses,
        shell_complete=addresses,
        help=f"{what} May be repeated.",
    )


def read_addresses(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """The addresses, each once, with each `@FILE` replaced by those in the file."""
    if ctx.resilient_parsing:
        return values
    name = param.opts[0] if isinstance(param, click.Option) else "ADDRESS"
    return tuple(dict.fromkeys(one for value in values for one in _addresses(ctx, name, value)))


def _addresses(ctx: click.Context, option: str, value: str) -> Iterator[str]:
    if not value:
        raise click.UsageError(f"{option} without an address", ctx)
    if not value.startswith("@"):
        yield value
        return
    file = ctx.obj["directory"] / value[1:]
    lines = [line.strip() for line in _text(ctx, option, file).splitlines()]
    found = [line for line in lines if line and not line.startswith("#")]
    if not found:  # an empty list would mean everything
        raise click.UsageError(f"{option}: {file} names no address", ctx)
    yield from found


def _text(ctx: click.Context, option: str, file: Path) -> str:
    from acctcfg.plain_file import read_plain

    try:
        return read_plain(file, LARGEST)[0].decode("utf-8-sig")
    except OSError as exc:
        raise click.UsageError(f"{option}: cannot read {file}: {exc.strerror}", ctx) from exc
    except UnicodeDecodeError:
        raise click.UsageError(f"{option}: {file} is not UTF-8 text", ctx) from None
