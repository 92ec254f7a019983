"""`acctcfg test`: run scenarios of the manifest, each on its own sandbox. Contacts no venue, opens no store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from acctcfg.cli.formats import option_beside, option_format, place_beside, show, write_beside

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acctcfg.core.scenario_result import ScenarioResult
    from acctcfg.errors import Problem
    from acctcfg.scenarios.play import Stage

__all__ = ["command"]


@click.command("test", short_help="Run scenarios of the manifest on a sandbox.")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, dir_okay=False), metavar="[FILE]...")
@option_beside("--junit", "Also write the results to FILE, as JUnit XML.")
@option_format("scenarios")
@click.pass_context
def command(ctx: click.Context, files: tuple[Path, ...], junit: Path | None, form: str) -> None:
    """Run scenarios of the manifest: those in FILE, or in tests/*.yaml beside the manifest.

    Each scenario runs on its own sandbox on loopback. No request goes to a venue, no credential or secret store of the
    manifest is opened, and nothing is written except the --junit file.

    Exits 0 when all scenarios passed, 1 when one failed.
    """
    from acctcfg.render.scenarios import JUNIT_BEGINS
    from acctcfg.render.scenarios import junit as as_junit

    junit = place_beside(ctx, "--junit", junit, begins=JUNIT_BEGINS)
    results = _results(_stages(ctx.obj["directory"], files))
    show(ctx, form, "scenarios", results)
    if junit is not None:
        write_beside(junit, as_junit(results), hint="the results are those above")
    if not all(one.passed for one in results):
        ctx.exit(1)


def _stages(directory: Path, files: Sequence[Path]) -> list[Stage]:
    """Every scenario with its sandbox, or every mistake of every file: nothing is tried before all are sound."""
    import os
    from functools import cache

    from acctcfg.engine.workspace import Workspace
    from acctcfg.errors import ManifestError
    from acctcfg.scenarios.play import Stage
    from acctcfg.scenarios.read import read_scenarios

    @cache
    def at(today: str) -> Workspace:
        return Workspace.load(directory, os.environ, today=today)

    now = at("")
    stages: list[Stage] = []
    problems: list[Problem] = []
    for scenario in read_scenarios(directory, files, now.manifest, now.types):
        manifest = at(scenario.said.get("today", "")).manifest
        try:
            stages.append(Stage(scenario, manifest, now.types))
        except ManifestError as exc:
            problems += exc.problems
    if problems:
        raise ManifestError(problems, hint="nothing was tried; docs/sandbox.md has every key of a seed")
    return stages


def _results(stages: Sequence[Stage]) -> list[ScenarioResult]:
    from acctcfg.scenarios.play import play

    return [play(stage) for stage in stages]
