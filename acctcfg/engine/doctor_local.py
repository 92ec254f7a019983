"""Check what a workspace has on this machine: stores, journal, git. Nothing is written."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from acctcfg.core.checkup import Checked, Sheet
from acctcfg.core.desired import StoreSpec
from acctcfg.engine.workspace import Workspace
from acctcfg.errors import AcctcfgError

__all__ = ["look_at_git", "look_at_journal", "look_at_store"]

OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def look_at_store(workspace: Workspace, spec: StoreSpec) -> list[Checked]:
    """Its place, who can read it, and whether this process can."""
    sheet = Sheet(f"secret_stores.{spec.key}")
    try:
        store = workspace.store(spec.key)
        held = store.list()
        count = "" if held is None else f"; {len(held)} secret{'s' * (len(held) != 1)}"
        sheet.ok("place", f"{store.describe()}{count}")
        _folder(sheet, workspace, spec)
        if why := store.why_read_only():
            sheet.warn("writing", f"it {why}", "Use a store that accepts new secrets.")
        if why := store.why_not_readable_here():
            sheet.fail("reading", why, "Provide the identity, or whatever else opens the store.")
        elif held:
            store.get(held[0])
            sheet.ok("reading", f"{held[0]} opens")
    except AcctcfgError as error:
        sheet.fail("reading", error.message, error.hint)
    _kept(sheet, lambda: workspace.refuse_lost_store(spec.key))
    return sheet.checks


def _folder(sheet: Sheet, workspace: Workspace, spec: StoreSpec) -> None:
    """Who else could put a secret there, or take one away."""
    if spec.path is None:
        return
    folder = workspace.directory / Path(spec.path).expanduser()
    try:
        mode = folder.stat().st_mode
    except FileNotFoundError:
        sheet.ok("folder", f"{spec.path} will be created with the first secret")
    except OSError as error:
        sheet.fail("folder", f"{spec.path} cannot be checked: {error.strerror}", "Check its owner and mode.")
    else:
        said = f"{spec.path} has mode {stat.S_IMODE(mode):04o}"
        if mode & OTHERS_WRITE:
            sheet.warn("folder", f"{said}: others can put files there", f"chmod go-w {spec.path}")
        else:
            sheet.ok("folder", said)


def look_at_journal(workspace: Workspace) -> list[Checked]:
    """Where it is, whether it is as it was written, and whether it outlives this job."""
    sheet = Sheet("journal")
    try:
        with workspace.journal() as journal:
            place = journal.storage.place
            if not journal.storage.exists():
                sheet.ok("chain", f"{place} will be created by the first apply")
            else:
                workspace.demand_intact(journal)
                sheet.ok("chain", f"{place} is intact")
    except AcctcfgError as error:
        sheet.fail("chain", error.message, error.hint)
    _kept(sheet, workspace.refuse_lost_journal)
    return sheet.checks


def _kept(sheet: Sheet, refuse_lost: Callable[[], None]) -> None:
    """Whether it outlives a CI job; silent where it does."""
    try:
        refuse_lost()
    except AcctcfgError as error:
        sheet.fail("kept", error.message, error.hint)


def look_at_git(sheet: Sheet, workspace: Workspace) -> None:
    """The commit that `history` would note, and whether git keeps something that is to stay secret."""
    who = workspace.who()
    state = {True: "clean", False: "with uncommitted changes", None: "uncommitted changes unknown"}
    if who["commit"] is None:
        sheet.ok("git", f"no commit; runs are recorded under {who['actor']}")
    else:
        sheet.ok("git", f"commit {who['commit'][:12]}, {state[who['clean']]}; runs are recorded under {who['actor']}")
    for name in _private_files(workspace):
        if workspace.tracked(workspace.directory / Path(name).expanduser()):
            fix = f"Run `git rm --cached {name}`, add it to .gitignore, and make new ones: git's history keeps the old."
            sheet.fail("git", f"git tracks {name}, which holds an identity or credentials", fix)


def _private_files(workspace: Workspace) -> Iterator[str]:
    """Identities and credentials that lie in files."""
    manifest = workspace.manifest
    sources = [one.options.get("identity") for one in manifest.secret_stores.values()]
    for source in (*sources, *(one.credentials for one in manifest.venues.values())):
        name = source.get("file") if isinstance(source, Mapping) else None
        if isinstance(name, str):
            yield name
