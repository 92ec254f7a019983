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
    from acctcfg.errors import Problem

__all__ = ["command"]


@click.command(name="validate", short_help="Check the manifest; sends no request.")
@option_format("validation")
@click.pass_context
def command(ctx: click.Context, form: str) -> None:
    """Check acctcfg.yaml and all files that it includes, and report everything that is wrong at once.

    Sends no request. Warnings change no exit status. Exits with 0 where the manifest is sound, with 1 where it is not.
    """
    from datetime import UTC, datetime

    from acctcfg.cli.failure import rows_of
    from acctcfg.core.until import settled
    from acctcfg.errors import ManifestError
    from acctcfg.manifest import load
    from acctcfg.render.formats import tells_failure
    from acctcfg.venues.installed import rules

    types = rules()
    try:
        manifest = load(ctx.obj["directory"], types, environ=os.environ)
        manifest = settled(manifest, datetime.now(UTC).date().isoformat())
    except ManifestError as exc:
        if form == "text":
            raise
        rows = rows_of(exc.problems, form, str(ctx.obj["directory"]))
        error = {"code": exc.word, "message": exc.message, "hint": exc.hint, "problems": rows}
        show(ctx, form, "validation", {"valid": False, "problems": rows, "error": error})
        if not tells_failure(form):  # a report goes to a program: the words are for the log
            raise
        sys.exit(exc.exit_code)
    told = _warnings(manifest, types)
    placed = rows_of([_problem(manifest, one) for one in told], form, str(ctx.obj["directory"]))
    warnings = [{**row, "code": one.code} for row, one in zip(placed, told, strict=True)]
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


def _problem(manifest: Manifest, warning: Warning_) -> Problem:
    """The warning at the place that it is about: the first line where that is no one entry of the manifest."""
    from acctcfg.core.address import Address
    from acctcfg.errors import Problem
    from acctcfg.manifest.layout import ROOT

    address = Address.of(warning.address)
    named = {one.address: one.place for one in manifest.ended}
    named |= {f"secret_stores.{key}": store.place for key, store in manifest.secret_stores.items()}
    named |= {f"venues.{key}": venue.place for key, venue in manifest.venues.items()}
    spec = manifest.accounts.get(address.account)
    place = named.get(warning.address) or (spec.place_of(address.field, address.key) if spec else (ROOT, 1, 1))
    return Problem(*place, warning.address, warning.message)
