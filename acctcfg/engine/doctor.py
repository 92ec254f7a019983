"""Check everything that the commands need, one by one; a failure does not stop the rest. Sends reads only."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from acctcfg.core.checkup import Checked, Checkup, Sheet
from acctcfg.core.desired import Manifest
from acctcfg.engine.doctor_local import look_at_git, look_at_journal, look_at_store
from acctcfg.engine.doctor_venue import look_at_venue
from acctcfg.engine.workspace import Workspace, speed_of
from acctcfg.errors import AcctcfgError, Problem
from acctcfg.manifest.load import read_all
from acctcfg.venues.installed import rules

__all__ = ["examine"]

MOST_PROBLEMS = 20  # of a manifest that are named; `validate` names all


async def examine(directory: Path, environ: Mapping[str, str], *, locks: Callable[[], Sequence[Checked]]) -> Checkup:
    """The workspace in a folder, sound or not. `locks`: what is to be said of the locks that are held."""
    manifest, problems = read_all(directory, rules(), environ=environ)
    sheet = Sheet("manifest")
    workspace = Workspace(
        directory=directory,
        manifest=_sound(manifest, problems),
        environ=environ,
        types=rules(),
        speed=_speed(sheet, environ),
    )
    _manifest(sheet, manifest, problems)
    look_at_git(sheet, workspace)
    sound = workspace.manifest
    venues = await asyncio.gather(*(look_at_venue(workspace, spec) for spec in sound.venues.values()))
    stores = [look_at_store(workspace, spec) for spec in sound.secret_stores.values()]
    journal = look_at_journal(workspace)
    missing = [*_left_out("venues", manifest.venues, sound.venues)]
    missing += _left_out("secret_stores", manifest.secret_stores, sound.secret_stores)
    every = [sheet.checks, *venues, *stores, missing, journal, list(locks())]
    return Checkup(tuple(one for checks in every for one in checks))


def _speed(sheet: Sheet, environ: Mapping[str, str]) -> float:
    try:
        return speed_of(environ)
    except AcctcfgError as error:
        sheet.fail("environment", error.message, error.hint)
        return 1.0


def _manifest(sheet: Sheet, manifest: Manifest, problems: Sequence[Problem]) -> None:
    if not problems:
        counts = [
            f"{len(some)} {word}{'s' * (len(some) != 1)}"
            for word, some in (
                ("account", manifest.accounts),
                ("venue", manifest.venues),
                ("store", manifest.secret_stores),
                ("file", manifest.files),
            )
        ]
        sheet.ok("files", ", ".join(counts))
    for problem in sorted(problems)[:MOST_PROBLEMS]:
        sheet.fail("files", str(problem), "Correct this line; `acctcfg validate` checks it.")
    if len(problems) > MOST_PROBLEMS:
        sheet.fail("files", f"{len(problems) - MOST_PROBLEMS} more problems", "`acctcfg validate` lists them all.")


def _sound(manifest: Manifest, problems: Sequence[Problem]) -> Manifest:
    """What can be used of a manifest that is wrong: venues and stores that nothing is held against.

    A field that was wrong is left out, so its default would be taken: credentials would be sent elsewhere than meant.
    """
    if not problems:
        return manifest
    files = {one.file for one in problems if not one.address}

    def clean(section: str, key: str, file: str) -> bool:
        name = f"{section}.{key}"
        return file not in files and not any(_within(one.address, name) for one in problems)

    stores = {key: one for key, one in manifest.secret_stores.items() if clean("secret_stores", key, one.place.file)}
    venues = {
        key: one
        for key, one in manifest.venues.items()
        if clean("venues", key, one.place.file) and one.credentials.get("store", "") in ("", *stores)
    }
    return replace(manifest, venues=venues, secret_stores=stores, accounts={})


def _within(address: str, name: str) -> bool:
    return address == name or address.startswith((f"{name}.", f"{name}["))


def _left_out(section: str, every: Mapping[str, object], looked_at: Mapping[str, object]) -> list[Checked]:
    found = []
    for key in every:
        if key not in looked_at:
            sheet = Sheet(f"{section}.{key}")
            sheet.warn("entry", "not checked: its entry in the manifest has an error", "Fix the manifest first.")
            found += sheet.checks
    return found
