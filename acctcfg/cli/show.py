"""`acctcfg show`: accounts as they are now. Sends no write."""

from __future__ import annotations

import click

from acctcfg.cli.unsupported import option_later, option_target

__all__ = ["command"]


@click.command("show", short_help="Show accounts as they are now.")
@click.argument("addresses", metavar="[ADDRESS]...", nargs=-1)
@option_target
@option_later("--exclude")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_context
def command(ctx: click.Context, addresses: tuple[str, ...], targets: tuple[str, ...], form: str) -> None:
    """Show what the manifest manages as it is now: all of it, or what each ADDRESS (or pattern) names.

    Exits 1 when something could not be read.
    """
    from acctcfg.cli.console import say, say_json
    from acctcfg.cli.event_loop import load_workspace, run_engine
    from acctcfg.engine.show import observe
    from acctcfg.render.data import views_json
    from acctcfg.render.views import render_views

    workspace = load_workspace(ctx)
    views = run_engine(ctx, lambda progress: observe(workspace, targets=(*addresses, *targets), progress=progress))
    if form == "json":
        say_json(views_json(views))
    else:
        say(render_views(views, color=ctx.obj["color"]))
    if any(view.unreadable for view in views):
        ctx.exit(1)
