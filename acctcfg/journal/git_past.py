"""A folder of a checkout as it was at a revision, by git's files alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from acctcfg.errors import ConfigError, UsageError
from acctcfg.journal.git_files import Repository
from acctcfg.journal.git_objects import Objects
from acctcfg.journal.git_revision import UNDERSTOOD, History
from acctcfg.journal.git_tree import lay_out

__all__ = ["PastFolder", "folder_at"]


@dataclass(frozen=True, slots=True)
class PastFolder:
    """The folder, laid out at `path`: a file is empty until `bring` is told its name."""

    path: Path
    bring: Callable[[str], None]
    commit: str
    merge_base: bool  # the commit is where HEAD left the revision
    elsewhere: tuple[str, ...]  # folders in it that are submodules


@contextmanager
def folder_at(folder: Path, revision: str) -> Iterator[PastFolder]:
    """The folder at `REV`, or where HEAD left it (`REV...`). UsageError or ConfigError where that cannot be had."""
    repository = _around(folder)
    try:
        inside = folder.resolve().relative_to(repository.top).parts
        with Objects(repository) as objects, TemporaryDirectory(prefix="acctcfg-") as top:
            history = History(repository, objects)
            commit, merge_base = _commit(history, revision)
            layout = lay_out(objects, history.tree(commit), inside, Path(top))
            yield PastFolder(Path(top), layout.bring, commit, merge_base, tuple(layout.elsewhere))
    except (ValueError, OSError) as exc:
        raise ConfigError(f"{revision}: git's files cannot be read: {exc}", hint="git fsck says more") from exc


def _around(folder: Path) -> Repository:
    try:
        found = Repository.around(folder)
    except (OSError, RuntimeError) as exc:
        raise ConfigError(f"{folder}: {exc}") from exc
    if found is None:
        raise UsageError(f"{folder.resolve()} is in no git checkout that could be read")
    return found


def _commit(history: History, revision: str) -> tuple[str, bool]:
    left, parts, right = revision.partition("...")
    if right not in ("", "HEAD", "@"):
        raise UsageError(f"{revision!r} is no revision that is understood here", hint=UNDERSTOOD)
    commit = history.commit(left)
    return (history.base(commit, history.commit("HEAD")), True) if parts else (commit, False)
