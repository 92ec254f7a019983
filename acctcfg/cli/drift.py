"""`acctcfg drift`: live accounts against the manifest, and what is there besides. Sends no write."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from acctcfg.cli.formats import option_format, show
from acctcfg.cli.selection import option_exclude, option_target

if TYPE_CHECKING:
    from acctcfg.core.drift import Drift

__all__ = ["command", "option_skip"]

FAILED, DRIFT = 1, 2


option_skip = click.option(
    "--skip",
    multiple=True,
    type=click.Choice(["keys"]),
    help="Do not look for it. keys: those that the manifest does not name, and how old keys are; "
    "the venue's slow lists of keys are not read then.",
)


@click.command("drift", short_help="Show how live accounts differ from the manifest, and what is there besides.")
@option_target
@option_exclude
@option_skip
@click.option(
    "--metrics",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the numbers there, too, for Prometheus's textfile collector.",
)
@option_format("drift")
@click.pass_context
def command(
    ctx: click.Context,
    targets: tuple[str, ...],
    excludes: tuple[str, ...],
    skip: tuple[str, ...],
    metrics: Path | None,
    form: str,
) -> None:
    """Show how live accounts differ from the manifest, and what is there besides.

    Beside changed values: API keys that the manifest does not name, that are due for rotation or that the venue soon
    deletes; sub-accounts that it does not name; what the venue has frozen; new listings under a pattern; what was to
    hold until a day that is over.

    Exits 0 when there is nothing of the kind, 2 when there is, 1 when something could not be read.
    """
    from acctcfg.cli.event_loop import load_workspace, run_engine
    from acctcfg.engine.drift import find_drift

    workspace = load_workspace(ctx)
    drift = run_engine(
        ctx,
        lambda progress: find_drift(workspace, targets=targets, excludes=excludes, skip=skip, progress=progress),
    )
    show(ctx, form, "drift", drift)
    if metrics is not None:
        _write(ctx.obj["directory"] / metrics, drift)
    if drift.plan.unreadable:
        ctx.exit(FAILED)
    if drift.exists:
        ctx.exit(DRIFT)


def _write(file: Path, drift: Drift) -> None:
    """Whole or not at all, and for everybody to read: the collector is another user."""
    from acctcfg.errors import ConfigError
    from acctcfg.plain_file import write_whole
    from acctcfg.render.metrics import drift_metrics

    try:
        write_whole(file, drift_metrics(drift), mode=0o644)
    except OSError as exc:
        raise ConfigError(f"cannot write {file}: {exc.strerror}", hint="no metrics were written") from exc
