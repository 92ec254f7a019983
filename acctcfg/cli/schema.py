"""`acctcfg schema`: the JSON Schemas of what acctcfg reads and writes, for editors and pipelines."""

from __future__ import annotations

from collections.abc import Callable

import click

__all__ = ["command"]


def _manifest() -> str:
    from acctcfg.manifest.schema import manifest_schema_text
    from acctcfg.venues.installed import rules

    return manifest_schema_text(rules())


def _plan() -> str:
    from acctcfg.render.plan_schema import plan_schema_text
    from acctcfg.venues.installed import rules

    return plan_schema_text(rules().values())


def _drift() -> str:
    from acctcfg.render.drift_schema import drift_schema_text

    return drift_schema_text()


def _events() -> str:
    from acctcfg.render.events_schema import events_schema_text

    return events_schema_text()


def _snapshot() -> str:
    from acctcfg.render.snapshot import snapshot_schema_text

    return snapshot_schema_text()


def _sandbox_seed() -> str:
    from acctcfg.sandbox.schema import seed_schema_text
    from acctcfg.sandbox.venues import VENUES

    return seed_schema_text(VENUES)


def _scenario() -> str:
    from acctcfg.scenarios.shape import scenario_schema_text
    from acctcfg.venues.installed import rules

    return scenario_schema_text(rules().values())


# a document's name -> its schema as text
SCHEMAS: dict[str, Callable[[], str]] = {
    "manifest": _manifest,
    "plan": _plan,
    "drift": _drift,
    "events": _events,
    "snapshot": _snapshot,
    "sandbox-seed": _sandbox_seed,
    "scenario": _scenario,
}


@click.command(name="schema", short_help="Print a JSON Schema.")
@click.argument("document", metavar="DOCUMENT", type=click.Choice(sorted(SCHEMAS)))
def command(document: str) -> None:
    """Print the JSON Schema of a document to stdout.

    DOCUMENT is drift, events, manifest, plan, sandbox-seed, scenario or snapshot.

    With `acctcfg schema manifest > schema.json`, an editor completes and checks manifests that begin with
    `# yaml-language-server: $schema=schema.json`.
    """
    from acctcfg.cli.console import say_json

    say_json(SCHEMAS[document]().rstrip("\n"))
