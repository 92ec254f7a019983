"""What earlier runs left on record about a venue user: its accounts by uid, their keys, what was never finished."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from acctcfg.core.json_types import JsonObject
from acctcfg.core.state import KeyValue

__all__ = [
    "LISTING",
    "UNLISTED",
    "Cap",
    "Creating",
    "KnownAccount",
    "Lasting",
    "NeverShown",
    "Ours",
    "Replaced",
    "Rotation",
    "StoredKey",
]

LISTING: Final = "listing"
"""As what the journal has that a list of contracts had, when an apply last read it: "swap/BTC-USDT-SWAP"."""
UNLISTED: Final = "unlisted"
"""As what it has that an apply found missing in such a list twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAccount:
    """A sub-account that acctcfg created or took over."""

    name: str  # at the venue, when it was last seen
    uid: str  # "" where the run that created it died before it wrote that down
    key: str  # its key in the manifest
    since: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """An account that is ours, and the stored key that signs for it."""

    name: str  # at the venue
    uid: str
    key: str  # in the manifest
    access: tuple[str, str, str] | None = None  # store, path and label; None: not known anew


@dataclass(frozen=True, slots=True, kw_only=True)
class Lasting:
    """A thing that cannot be deleted: once known, it need not be read."""

    facts: JsonObject  # as the venue's list showed it
    since: str  # when that was put on record


@dataclass(frozen=True, slots=True, kw_only=True)
class NeverShown:
    """A thing that a create answered and that no read showed in time: a list may be later than that."""

    facts: JsonObject  # as it was answered
    since: str  # when the looking was given up


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """A brake that is not lifted: an apply that raises leverage above it says so."""

    most: Decimal
    run: str
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKey:
    """Where the secret of one key lies. `api_key` and `uid` are "" in records of earlier versions."""

    store: str
    path: str
    label: str
    api_key: str = ""
    uid: str = ""  # of the account that it belongs to
    since: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """A key whose replacement was begun, which deletes it first, while no new one's secret is stored."""

    becomes: KeyValue
    keeps: JsonObject = field(default_factory=dict)  # what no manifest names, and the new key gets all the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """A key that gets a new secret: `new` has the label `temporary` until `old` is deleted, then it gets `label`."""

    label: str
    temporary: str
    old: str  # ids; `old` is "" where none was left
    new: str = ""  # "" until the creation is answered
    until: float  # Unix seconds by the venue's clock: the old key stays that long
    overlap_s: float  # what was asked for; it begins with the creation
    store: str = ""  # where the secret of `new` went first, under its temporary label; "" in earlier records
    path: str = ""
    kept: bool = False  # whether that secret was stored: then some checkout has it, though this one may not


@dataclass(frozen=True, slots=True, kw_only=True)
class Creating:
    """A creation that was begun and has no known end. It proves nothing by itself: see `fits`.

    `label` is the key's, "" for the account itself.
    """

    name: str  # the account's, at the venue
    label: str
    uid: str  # the account's when it was sent, "" where that was not known
    sent_at: float | None  # signed time, Unix seconds by the venue's clock
    params: Mapping[str, object] = field(default_factory=dict)  # what was sent, no secret; {} in earlier records
    answered: Mapping[str, object] = field(default_factory=dict)  # what the venue answered to it, where it did
    run: str = ""
    running: str = ""  # who is at it right now ("alice@host1, ... since ..."), "" if that run is over

    def fits(self, *, uid: str = "", created_s: float | None = None, slack_s: float = 2.0, **live: object) -> bool:
        """Whether a thing that the venue shows can be what this creation made.

        `uid` is the account's (not asked of an account itself), `created_s` the venue's creation time (None: not
        said, which is no proof), `live` what else is known of the thing, compared with what was sent under that name.
        """
        if self.uid and uid and self.uid != uid:
            return False
        if self.sent_at is None or created_s is None or created_s < self.sent_at - slack_s:
            return False
        return all(self.params[name] == value for name, value in live.items() if name in self.params)
