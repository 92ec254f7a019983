"""`acctcfg validate`: check the manifest. Offline: no request is sent, no command is run."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from acctcfg.cli.formats import option_format, show

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acctcfg.core.desired import Manifest
    from acctcfg.core.plan import Warning_
    from acctcfg.core.rules import VenueRules

__all__ = ["command"]


@click.command(name="validate", short_help="Check the manifest; sends no request.")
@option_format("validation")
@click.pass_context
def command(ctx: click.Context, form: str) -> None:
    """Check acctcfg.yaml and all files that it includes, and report everything that is wrong at once.

    Sends no request. Warnings change no exit status. Exits with 0 where the manifest is sound, with 1 where it is not.
    """
    from datetime import UTC, datetime

    from acctcfg.core.until import settled
    from acctcfg.errors import ManifestError
    from acctcfg.manifest import load
    from acctcfg.render.formats import is_json
    from acctcfg.venues.installed import rules

    types = rules()
    try:
        manifest = load(ctx.obj["directory"], types, environ=os.environ)
        manifest = settled(manifest, datetime.now(UTC).date().isoformat())
    except ManifestError as exc:
        if not is_json(form):
            raise
        rows = [_row(problem) for problem in exc.problems]
        error = {"code": exc.word, "message": exc.message, "hint": exc.hint, "problems": rows}
        show(ctx, form, "validation", {"valid": False, "problems": rows, "error": error})
        sys.exit(exc.exit_code)
    told = _warnings(manifest, types)
    warnings = [{"address": one.address, "code": one.code, "message": one.message} for one in told]
    show(ctx, form, "validation", {"valid": True, "problems": [], "warnings": warnings, **_counts(manifest)})


def _warnings(manifest: Manifest, types: Mapping[str, VenueRules]) -> list[Warning_]:
    """What the manifest says against its own rules, and what in it is over."""
    from acctcfg.core.address import Address
    from acctcfg.core.built_in import of_manifest, one_recipient, powers_of
    from acctcfg.core.guardrails import told_of
    from acctcfg.core.plan import Warning_
    from acctcfg.core.state import KeyValue

    keys = {
        Address(spec.key, "api_keys", key.label): KeyValue(key.permissions, key.ip_allowlist, key.store)
        for spec in manifest.accounts.values()
        for key in spec.api_keys
        if key.state == "present" and key.permissions is not None and key.ip_allowlist is not None
    }
    over = [Warning_(one.address, "until_over", one.message) for one in manifest.ended]
    powers = powers_of(manifest, types)
    found = list(of_manifest(manifest, keys, powers))
    alone = (one for one in one_recipient(manifest, powers) if one not in found)  # told whatever rules are switched on
    return told_of((*found, *alone), manifest.guardrails) + over


def _counts(manifest: Manifest) -> dict[str, int]:
    return {"accounts": len(manifest.accounts), "venues": len(manifest.venues), "files": len(manifest.files)}


def _row(problem: object) -> dict[str, object]:
    return {name: getattr(problem, name) for name in ("file", "line", "column", "address", "message")}
