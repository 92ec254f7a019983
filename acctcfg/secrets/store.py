"""What a secret store can do, and the paths that it keeps secrets under."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from acctcfg.core.secret import Credentials
from acctcfg.errors import StoreError

__all__ = ["Around", "Store", "dead_path", "is_dead", "secret_path", "split_path"]

PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
DEAD = re.compile(r"\.dead-[0-9]+\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What a store is opened in: the environment, and the workspace that relative paths start from."""

    environ: Mapping[str, str]
    base_dir: Path
    passphrases: frozenset[str] | None = None  # the connections whose keys have one; None: all


class Store(Protocol):
    """A place that keeps credentials under VENUE/ACCOUNT/LABEL. Every failure is a StoreError without the secret.

    Stores hold no state of a run: they may be called from several threads.
    """

    @property
    def name(self) -> str:
        """Its key under `secret_stores`."""
        ...

    @property
    def writable(self) -> bool:
        """Whether `put` can work at all."""
        ...

    def get(self, path: str) -> Credentials | None:
        """What is kept at `path`; None if nothing is. What cannot be read is a StoreError, never None."""
        ...

    def holds(self, path: str) -> bool:
        """Whether anything is kept there, whoever can read it."""
        ...

    def put(self, path: str, credentials: Credentials) -> None:
        """Keep `credentials`, flushed to disk when it returns. Never overwrites: a StoreError if something is there."""
        ...

    def why_read_only(self) -> str:
        """Why `put` can not work, in words that go on after the store's name; "" where it can."""
        ...

    def why_not_readable_here(self) -> str:
        """Why this process could not read back what it would store here; "" where it could. Writes nothing."""
        ...

    def prove_writable(self, path: str) -> None:
        """Go through all of `put` with a throw-away secret of the usual size.

        Called before a key is created at a venue, so that what would fail afterwards fails now.
        """
        ...

    def retire(self, path: str) -> str:
        """Move the secret of a key that no longer exists aside, to LABEL.dead-N; gives its new path."""
        ...

    def supersede(self, path: str, by: str) -> None:
        """Let the secret at `by` take the place of the one at `path` in one move; that one goes to LABEL.dead-N.

        Whoever reads `path` meanwhile gets the one or the other.
        """
        ...

    def list(self) -> tuple[str, ...] | None:
        """The paths of live secrets, sorted; None where nothing tells."""
        ...

    def dead(self) -> tuple[str, ...]:
        """The paths of those that `retire` moved aside, sorted."""
        ...

    def describe(self) -> str:
        """What it is and where, in a few words for people."""
        ...


def split_path(path: str) -> tuple[str, ...]:
    """The parts of a path: plain names, or a StoreError, so that no path leaves its store.

    Keys of accounts are at VENUE/ACCOUNT/LABEL; what else is read from a store is wherever its owner put it.
    """
    parts = tuple(path.split("/"))
    if not all(PART.fullmatch(part) for part in parts):
        raise StoreError(
            f"{path!r} is not the path of a secret",
            hint="write VENUE/ACCOUNT/LABEL; each part starts with a letter or digit and goes on with these, _, . or -",
        )
    return parts


def secret_path(venue: str, account: str, label: str) -> str:
    """The path of an account's key: VENUE/ACCOUNT/LABEL."""
    path = f"{venue}/{account}/{label}"
    if len(split_path(path)) != 3:
        raise StoreError(f"{path!r} is not the path of a key", hint="VENUE/ACCOUNT/LABEL is")
    return path


def is_dead(path: str) -> bool:
    """Whether a path is one that `retire` gave."""
    return DEAD.search(path) is not None


def dead_path(path: str, number: int) -> str:
    """Where the `number`-th retired secret of `path` is kept."""
    return f"{path}.dead-{number}"
