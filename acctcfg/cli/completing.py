"""Shell completion: names of the manifest, runs of the journal, branches. Offline, and never an error.

What the files say is offered as far as it can be read; a journal on a server is not asked.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from acctcfg.core.desired import AccountSpec, Manifest

__all__ = ["accounts", "addresses", "key_labels", "revisions", "runs"]

MOST = 2000  # that a shell is offered at once
RUNS = 50


def accounts(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001
    """Accounts, by their keys in the manifest."""
    return _offered(_account_keys(ctx), incomplete)


def addresses(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001
    """Accounts; after a complete account name, also the fields that the manifest manages."""
    names = _offered(_account_keys(ctx), incomplete)
    account = incomplete.partition(".")[0] if "." in incomplete else names[0] if len(names) == 1 else ""
    spec = _manifest(ctx).accounts.get(account) if account else None
    return names if spec is None else _offered([account, *_managed(spec)], incomplete)


def key_labels(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001
    """The key labels of the account given before."""
    spec = _manifest(ctx).accounts.get(str(ctx.params.get("account")))
    return _offered([key.label for key in spec.api_keys] if spec is not None else [], incomplete)


def runs(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001
    """The last runs of a journal that lies in the workspace, newest first."""
    from acctcfg.errors import AcctcfgError
    from acctcfg.journal import Journal, SqliteStorage, journal_path

    try:
        with Journal(SqliteStorage(journal_path(_directory(ctx)))) as journal:
            return _offered([run.id for run in journal.runs(RUNS)], incomplete)
    except (AcctcfgError, OSError):
        return []


def revisions(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001
    """Branches and tags of the checkout."""
    from acctcfg.journal.git_files import Repository

    try:
        repository = Repository.around(_directory(ctx))
        return _offered(["HEAD", *repository.names(MOST)] if repository is not None else [], incomplete)
    except (OSError, RuntimeError):
        return []


def _directory(ctx: click.Context) -> Path:
    return Path((ctx.obj or {}).get("directory", "."))


def _account_keys(ctx: click.Context) -> Iterable[str]:
    from acctcfg.manifest.lineage import lineage_of
    from acctcfg.venues.installed import rules

    return lineage_of(_directory(ctx), rules()).accounts


def _manifest(ctx: click.Context) -> Manifest:
    """As far as it is sound."""
    from acctcfg.manifest.load import read_all
    from acctcfg.venues.installed import rules

    return read_all(_directory(ctx), rules(), environ=os.environ)[0]


def _managed(spec: AccountSpec) -> Iterator[str]:
    from acctcfg.core.managed import ANY, claims

    for address in claims(spec):
        if address.field:
            yield str(address._replace(key="*") if address.key == ANY else address)


def _offered(names: Iterable[str], incomplete: str) -> list[str]:
    """The words that begin so, except those that would steer the terminal or that a shell would split."""
    from acctcfg.render.harmless import harmless

    fitting = (name for name in names if name.startswith(incomplete))
    return [name for name in fitting if name == harmless(name) and not set(name) & set(" \t\n,")][:MOST]
