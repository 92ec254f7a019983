"""Where imported accounts go: a new file of the workspace, or a new workspace. No file is ever overwritten."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from acctcfg.core.desired import StoreOption, StoreSpec, VenueSpec
from acctcfg.engine.import_accounts import Imports
from acctcfg.engine.workspace import Workspace
from acctcfg.errors import ConfigError, ManifestError, Problem, UsageError
from acctcfg.manifest.layout import ROOT, new_file
from acctcfg.plain_file import leads_out, write_new

__all__ = ["carried", "demand_empty", "place_for", "sound", "write_files"]


def place_for(workspace: Workspace, stem: str) -> str:
    """The new file of a workspace, by its `include`."""
    name = new_file(workspace.directory, stem)
    if name is None:
        raise ConfigError(
            f"{ROOT}: no `include` pattern allows a new file",
            hint="write `include: [accounts/*.yaml]`, or import into a new folder with --out DIR",
        )
    if leads_out(workspace.directory / name, workspace.directory):
        raise ConfigError(f"{name}: a link leads out of the workspace; nothing was written", hint="remove the link")
    return name


def demand_empty(folder: Path) -> None:
    """Refuse a folder that holds anything."""
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise UsageError(f"{folder} is not an empty folder; nothing was written", hint="--out names a new one")
    except OSError as exc:
        raise ConfigError(f"cannot read {folder}: {exc.strerror}") from exc


def sound(workspace: Workspace, found: Imports, files: Callable[[Imports], Mapping[str, str]]) -> Imports:
    """Before anything is written: the accounts that make a manifest by themselves. An account with something that no
    manifest can hold stands under `failed`, with what is wrong, and holds up no other."""
    while found.accounts and (problems := _problems(workspace, files(found))):
        keys = {one.key for one in found.accounts}
        wrong = {key: one.message for one in problems if (key := re.split(r"[.\[]", one.address)[0]) in keys}
        if wrong:
            found = found.without(wrong)
        elif found.profiles:  # what is wrong in a profile is its members'
            found = replace(found, profiles=())
        else:
            raise ConfigError(
                f"the accounts do not make a valid manifest, so nothing was written: {problems[0]}",
                hint="this is a bug in acctcfg; import the other accounts by their names",
            )
    return found


def _problems(workspace: Workspace, files: Mapping[str, str]) -> tuple[Problem, ...]:
    with TemporaryDirectory() as folder:
        write_files(Path(folder), files)
        try:
            Workspace.load(Path(folder), workspace.environ, today=workspace.today)
        except ManifestError as exc:
            return exc.problems
    return ()


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """All of them, or none: one that is there by now is never overwritten."""
    made: list[Path] = []
    try:
        for name, text in files.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            write_new(file, text)
            made.append(file)
    except OSError as exc:
        for file in made:
            file.unlink(missing_ok=True)
        why = "it exists" if isinstance(exc, FileExistsError) else exc.strerror
        raise ConfigError(f"cannot write {exc.filename or folder}: {why}; nothing was written") from exc


def carried(workspace: Workspace, folder: Path) -> tuple[list[VenueSpec], list[StoreSpec]]:
    """Its connections and stores for a manifest in another folder: paths lead from there to where they led."""

    def there(path: str) -> str:
        if Path(path).is_absolute() or path.startswith("~"):
            return path
        return os.path.relpath(workspace.directory / path, folder)

    def source(value: Mapping[str, str]) -> dict[str, str]:
        return {name: there(one) if name == "file" else one for name, one in value.items()}

    def option(name: str, value: StoreOption) -> StoreOption:
        if isinstance(value, Mapping):
            return source(value)
        return there(value) if name == "path" and isinstance(value, str) else value

    manifest = workspace.manifest
    venues = [replace(one, credentials=source(one.credentials)) for one in manifest.venues.values()]
    stores = [
        replace(one, options={name: option(name, value) for name, value in one.options.items()})
        for one in manifest.secret_stores.values()
    ]
    return venues, stores
