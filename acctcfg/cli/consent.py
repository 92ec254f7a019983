"""The options of `plan` and `apply` by which the user lets more be done than a plan does by itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from acctcfg.cli.completing import addresses

_OPTION = "--allow-sensitive"

if TYPE_CHECKING:
    from acctcfg.engine.workspace import Workspace

__all__ = ["Leaves", "check_sensitive", "option_allow_sensitive", "option_replace"]

_ADDRESS = re.compile(r"[A-Za-z0-9*?][^/]*\[|[^/]*[*?]|secret_stores\.")
"""How an address of a sensitive line begins, which no file is likely to be called."""


class Leaves(click.Command):
    """A command whose `--allow-sensitive` takes several addresses in a row: `--allow-sensitive A B`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Every further address gets the option of its own that it stands for."""
        found: list[str] = []
        for text in args:
            after = len(found) > 1 and found[-2] == _OPTION and _ADDRESS.match(found[-1])
            found += [_OPTION, text] if after and _ADDRESS.match(text) else [text]
        return super().parse_args(ctx, found)


option_replace = click.option(
    "--replace",
    multiple=True,
    metavar="ADDRESS",
    shell_complete=addresses,
    help="Delete and re-create this API key, or those that match a pattern (* and ?). May be repeated.",
)

option_allow_sensitive = click.option(
    _OPTION,
    multiple=True,
    is_flag=False,
    flag_value="*",
    metavar="[ADDRESS]...",
    shell_complete=addresses,
    help="Allow sensitive steps, such as those that widen what a key may do, at this address or pattern; without "
    "an address, all of them. May be repeated.",
)


def check_sensitive(ctx: click.Context, workspace: Workspace, patterns: tuple[str, ...]) -> None:
    """Refuse a file in the place of an address: `apply --allow-sensitive plan.json` would mean two things."""
    from acctcfg.engine.consent import names_account

    for text in patterns:
        if not names_account(workspace, text) and (ctx.obj["directory"] / text).is_file():
            raise click.UsageError(
                f"--allow-sensitive takes an address, and {text} is a file: write the file first "
                f"(`{ctx.command_path} {text} --allow-sensitive`), or `--allow-sensitive='*' {text}`",
                ctx,
            )
