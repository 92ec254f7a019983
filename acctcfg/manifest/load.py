"""The one way in: a folder -> the manifest that it holds, or everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from acctcfg.core.desired import Manifest
from acctcfg.core.rules import VenueRules
from acctcfg.errors import ManifestError, Problem
from acctcfg.manifest.accounts import build_accounts
from acctcfg.manifest.connections import build_stores, build_venues
from acctcfg.manifest.files import read_workspace
from acctcfg.manifest.journal import build_journal
from acctcfg.manifest.moved import build_moved
from acctcfg.manifest.notify import build_notify
from acctcfg.manifest.policy import build_guardrails
from acctcfg.manifest.rows import build_rows
from acctcfg.manifest.shape import Shape

__all__ = ["load", "read_all"]


def load(
    directory: Path,
    rules: Mapping[str, VenueRules],
    *,
    environ: Mapping[str, str],
    root: str = "acctcfg.yaml",
    patterns_may_be_empty: bool = False,
    bring: Callable[[str], None] | None = None,
) -> Manifest:
    """Read `root` in `directory` and the files that it includes; sends nothing, runs nothing, writes nothing.

    `rules` are the venue types by name; of `environ` only ACCTCFG_TRUST is read. `bring` is told the name of each file
    before it is read. Raises `ManifestError` with every problem of every file.
    """
    manifest, problems = read_all(
        directory, rules, environ=environ, root=root, patterns_may_be_empty=patterns_may_be_empty, bring=bring
    )
    if problems:
        raise ManifestError(problems, hint="nothing was sent; correct these lines, then validate again")
    return manifest


def read_all(
    directory: Path,
    rules: Mapping[str, VenueRules],
    *,
    environ: Mapping[str, str],
    root: str = "acctcfg.yaml",
    patterns_may_be_empty: bool = False,
    bring: Callable[[str], None] | None = None,
) -> tuple[Manifest, tuple[Problem, ...]]:
    """What the files say, with what is wrong in them: where that is anything, the manifest is not to be acted on."""
    shape = Shape(rules, environ.get("ACCTCFG_TRUST", ""))
    workspace = read_workspace(directory, shape, root, patterns_may_be_empty=patterns_may_be_empty, bring=bring)
    rows = build_rows(workspace, shape)
    stores = build_stores(workspace, shape)
    moved = build_moved(workspace, shape)
    venues = build_venues(workspace, shape, stores, environ, moved.venues)
    guardrails = build_guardrails(workspace, shape)
    journal = build_journal(workspace, shape, environ)
    accounts = build_accounts(workspace, shape, venues, stores, moved)
    manifest = Manifest(
        directory=directory,
        files=tuple(sorted([*workspace.files, *workspace.tables])),
        venues=venues,
        secret_stores=stores,
        guardrails=guardrails,
        accounts=accounts,
        journal=journal,
        notify=build_notify(workspace, shape),
    )
    return manifest, tuple(rows.explained(workspace)) if workspace.problems else ()
