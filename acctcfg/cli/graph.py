"""`acctcfg graph`: the manifest as a picture. Offline: no request is sent, no store is opened."""

from __future__ import annotations

import click

from acctcfg.cli.formats import option_format, show
from acctcfg.cli.selection import option_target

__all__ = ["command"]


@click.command("graph", short_help="Draw the manifest: venues, accounts, keys, profiles, stores.")
@option_format("picture")
@option_target
@click.pass_context
def command(ctx: click.Context, form: str, targets: tuple[str, ...]) -> None:
    """Draw the manifest: venues, their accounts and keys, the stores of their secrets, and profiles.

    Prints Mermaid, which GitHub and GitLab draw in markdown, or Graphviz (--format dot | dot -Tsvg). Sends no request.
    """
    from acctcfg.cli.event_loop import load_workspace
    from acctcfg.engine.picture import picture_of

    show(ctx, form, "picture", picture_of(load_workspace(ctx), targets=targets))
