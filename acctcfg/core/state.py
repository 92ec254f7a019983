"""What is wanted and what is: values by address. Absent, unreadable and not-yet-known are three different things."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import Enum
from typing import Any, Final, assert_never

__all__ = [
    "ABSENT",
    "UNSET",
    "AccountValue",
    "After",
    "AtMost",
    "KeyValue",
    "Live",
    "Lost",
    "Made",
    "Members",
    "Rotating",
    "Unreadable",
    "Value",
    "Wanted",
    "fits",
    "to_json",
    "written",
]


class _Absent(Enum):
    ABSENT = "absent"

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent.ABSENT
"""Read, and known not to be there. Never the answer to a read that failed."""


class _Unset(Enum):
    UNSET = "unset"

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = _Unset.UNSET
"""Read, and known never to have been set: the venue goes by a value of its own. Whatever is wanted is a change."""


@dataclass(frozen=True, slots=True)
class AccountValue:
    """A sub-account: `label` is None where the manifest does not manage it.

    `details`: what else it is created with, by the venue type's fields; "" where it has none.
    """

    name: str
    label: str | None
    details: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class KeyValue:
    """An API key; both lists are sorted. `store` is where its secret is kept, None where nobody keeps it.

    A permission is a word ("trade"), or a group and its access where the venue has groups ("futures:write").
    """

    permissions: tuple[str, ...]
    ip_allowlist: tuple[str, ...]
    store: str | None


@dataclass(frozen=True, slots=True)
class Made:
    """A thing that a venue makes once, by its fields in their order."""

    kind: str  # "address"
    fields: tuple[tuple[str, str | None], ...]
    shown: str = field(default="", compare=False)  # what a plan says of it
    told: str = field(default="", compare=False)  # what it is, in a sentence

    def get(self, name: str) -> str:
        """One of its fields, "" where that has no value."""
        return dict(self.fields).get(name) or ""


@dataclass(frozen=True, slots=True)
class Members:
    """A setting of several values that are set together: by name, sorted."""

    fields: tuple[tuple[str, bool | str | Decimal], ...]

    @classmethod
    def of(cls, values: Mapping[str, bool | str | Decimal]) -> Members:
        """From a map in any order."""
        return cls(tuple(sorted(values.items())))


@dataclass(frozen=True, slots=True)
class AtMost:
    """A number that whatever is below it satisfies too: it lowers what stands above, and raises nothing."""

    most: Decimal


@dataclass(frozen=True, slots=True)
class After:
    """Can be read only after a step of the plan: `what` completes "(known after ...)".

    `present`: what stands there now, where that was read anyway; the step may reset it.
    """

    what: str
    present: Value | None = field(default=None, compare=False)

    def beside(self, found: Live | None) -> After:
        """The same, with what was found there, where that is a value."""
        return replace(self, present=found) if isinstance(found, Value) else self


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Could not be read; never taken for missing. `code` is the venue's own, or a word of ours."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Lost:
    """A thing that exists but is of no use as it is, such as a key whose secret nobody has; only replacing helps.

    `ours`: the journal shows that acctcfg itself was creating it, so replacing it loses nothing.
    """

    value: KeyValue
    reason: str
    ours: bool


@dataclass(frozen=True, slots=True)
class Rotating:
    """A key whose rotation is to begin, or to be finished: a change that gives it a new secret under its own label.

    `value`: as it is at the venue. `reason`: what is still to be done. `adds`: a further key has yet to be made.
    """

    value: KeyValue
    reason: str
    adds: bool


Value = bool | str | Decimal | Members | AccountValue | KeyValue | Made
Live = Value | _Absent | _Unset | After | Unreadable | Lost | Rotating
Wanted = Value | AtMost | _Absent


def fits(found: Live | None, wanted: Wanted | Live) -> bool:
    """Whether what is there is as wanted."""
    return found == wanted or (isinstance(wanted, AtMost) and isinstance(found, Decimal) and found <= wanted.most)


def written(wanted: Wanted | None) -> Wanted | None:
    """The value that a write sets to bring it about."""
    return wanted.most if isinstance(wanted, AtMost) else wanted


def to_json(value: Live | Wanted | None) -> Any:
    """The value as the plan's JSON shows it: a mode its word, a leverage a number, a switch true or false, the others
    objects; null for what is not there or not known."""
    match value:
        case bool():
            return value
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case AtMost(most):
            return to_json(most)
        case str():
            return str(value)
        case Members(fields):
            return {name: to_json(one) for name, one in fields}
        case AccountValue(name, label, details):
            return {"name": name, "label": label or "", **dict(details)}
        case KeyValue(permissions, ip_allowlist, store):
            return {"permissions": list(permissions), "ip_allowlist": list(ip_allowlist), "store": store}
        case Made(fields=fields):
            return dict(fields)
        case Lost(value=inner) | Rotating(value=inner):
            return to_json(inner)
        case None | _Absent.ABSENT | _Unset.UNSET | After() | Unreadable():
            return None
        case _ as unknown:
            assert_never(unknown)
