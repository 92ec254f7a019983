"""A journal export: runs with everything that they did, the keys on record, and the last row's hash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from acctcfg.core.remembered import StoredKey
from acctcfg.journal.past import Past
from acctcfg.journal.records import RunRecord

__all__ = ["Exported", "export"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What an auditor takes. `flaws` is empty where no row was altered, removed or moved."""

    place: str
    at: str
    rows: int
    head: str  # the last row's hash
    flaws: tuple[str, ...]
    since: str  # "" for all
    account: str  # "" for all
    runs: tuple[RunRecord, ...]  # oldest first
    keys: tuple[tuple[str, StoredKey], ...]  # of which venue user; by its account's uid and label
    signature: str = ""  # of "ROWS HEAD" and a line end, where a key to sign with is configured

    @property
    def signed(self) -> str:
        """The text that a signature is over."""
        return f"{self.rows} {self.head}"


def export(past: Past, *, at: str, since: str = "", about: Sequence[str] = ()) -> Exported:
    """The runs that began at or after `since` and touched one of `about`, with the keys on record; () for all."""
    flaws = past.verify()
    rows, head = past.head()
    runs = past.runs(None, since=since, about=about)
    found = ((user, key) for user in past.venue_users() for key in past.knowledge(user).stored.values())
    return Exported(
        place=past.place,
        at=at,
        rows=rows,
        head=head,
        flaws=flaws,
        since=since,
        account=", ".join(about),
        runs=tuple(_about(past.run(run.id), about) for run in reversed(runs)),
        keys=tuple(sorted(found, key=lambda one: (one[0], one[1].uid, one[1].label, one[1].path))),
    )


def _about(record: RunRecord, about: Sequence[str]) -> RunRecord:
    """The part of a run that is about these addresses; all of it where none is named."""
    return record.about(about) if about else record
