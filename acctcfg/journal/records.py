"""What the journal gives back, as frozen values. Times are UTC, "2026-03-01T12:00:00.000Z"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from acctcfg.core.address import Address, AddressPattern
from acctcfg.core.json_types import JsonObject, JsonValue
from acctcfg.core.remembered import KnownAccount

__all__ = [
    "LOCK_BREAK",
    "Access",
    "Connected",
    "EntryRecord",
    "Finding",
    "Intent",
    "KnownAccount",
    "Note",
    "Outcome",
    "Run",
    "RunRecord",
    "is_of",
]

LOCK_BREAK: Final = "lock break"
"""The command of a run that breaks a lock: the only one that writes to no venue."""

Outcome = Literal["done", "refused", "failed", "unknown"]
Finding = Literal["happened", "did_not_happen"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """One write that a run meant to send."""

    seq: int  # its place in the journal; orders intents of all runs
    run: str
    at: str  # when it was written down, before the write was sent
    venue_user: str
    account: str  # its name at the venue
    address: str  # "mmdesk01.leverage[swap/BTC-USDT/cross]"
    action: str  # create, change, replace or delete
    call: str  # "POST /api/v5/account/set-leverage"
    body: JsonValue = None  # what else the run needs to find out whether it happened; never a secret
    sent_at: float | None = None  # signed time, Unix seconds by the venue's clock, where known beforehand
    creates_key: str = ""  # the label of the API key that it creates


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRecord:
    """An intent and all that became of it. `outcome` None: the process ended before it knew."""

    intent: Intent
    outcome: Outcome | None
    outcome_body: JsonValue
    finding: Finding | None  # what a later look at the venue showed, where the outcome was not known
    requests: tuple[JsonObject, ...]
    answered: JsonObject = field(default_factory=dict)  # what a create answered: uid, key id, address


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something that a run wrote down beside its writes."""

    at: str
    kind: str
    venue_user: str
    account: str
    address: str
    body: JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Who ran what, when, on which commit. `status` "" means that it never ended: running still, or killed."""

    id: str
    at: str
    ended_at: str
    command: str
    actor: str
    commit: str | None  # None: not in a git checkout
    clean: bool | None  # whether nothing was uncommitted
    digest: str | None  # of the plan
    flags: JsonObject
    status: str
    summary: JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """A run with everything that it did. `requests` are those that belong to no intent."""

    run: Run
    entries: tuple[EntryRecord, ...]
    notes: tuple[Note, ...]
    requests: tuple[JsonObject, ...]
    steps: tuple[JsonObject, ...] = ()  # every step of the plan with its end; none where the run had no end

    def about(self, targets: Sequence[str]) -> RunRecord:
        """The part of it that is about these addresses or patterns."""
        return replace(
            self,
            entries=tuple(one for one in self.entries if is_of(one.intent.address, targets)),
            notes=tuple(one for one in self.notes if is_of(one.address, targets)),
            steps=tuple(one for one in self.steps if is_of(str(one["address"]), targets)),
            requests=(),
        )


def is_of(address: str, targets: Sequence[str]) -> bool:
    """Whether one of these addresses or patterns names an address, or the account that it belongs to."""
    return any(AddressPattern(target).selects(Address.of(address)) for target in targets)


@dataclass(frozen=True, slots=True)
class Connected:
    """A connection that an apply used, by its key in the manifest, and the venue user behind it."""

    user: str
    venue: str
    environment: str
    base_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """The stored key that signed last for an account."""

    store: str
    path: str
    label: str
    since: str
    uid: str = ""  # of the account; "" in records of earlier versions
