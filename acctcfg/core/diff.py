"""The difference between what is wanted and what is: pure, keyed by address, one pass."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from acctcfg.core.address import Address
from acctcfg.core.state import ABSENT, After, AtMost, KeyValue, Live, Lost, Rotating, Unreadable, Value, Wanted, fits

__all__ = ["Change", "diff"]


@dataclass(frozen=True, slots=True)
class Change:
    """One address that is not as wanted. `before` is None where it is absent, or known only after `after_step`."""

    address: Address
    action: str  # "create" | "change" | "replace" | "delete"
    before: Live | None
    after: Wanted | None  # None for a delete
    before_known: bool = True
    after_step: str = ""  # completes "(known after ...)"
    present: Value | None = field(default=None, compare=False)  # what stands there now, and that step may reset

    def from_found(self, found: Live | None) -> Change:
        """The same from what was found there right before its write, where the plan left that open.

        A limit (`at_most`) is lowered to from wherever the value stands by then. What could not be read says nothing.
        """
        if found is not ABSENT and not isinstance(found, Value):
            return self
        if self.before_known and not isinstance(self.after, AtMost):
            return self
        return replace(self, before=None if found is ABSENT else found, before_known=True)

    @property
    def stands(self) -> bool:
        """Whether it is as wanted now, and is a change only because the step before it may reset it."""
        if self.before_known or self.present is None or self.after is None:
            return False
        return fits(self.present, self.after)

    @property
    def as_it_is(self) -> Change:
        """The same from what stands there now, for whoever takes no step that may reset it."""
        if self.before_known or self.present is None:
            return self
        return replace(self, before=self.present, before_known=True, after_step="")

    @property
    def kind(self) -> str:
        """The name by which the order of writes knows it: its field, `account` itself, with `-` before a delete."""
        name = self.address.field or "account"
        return f"-{name}" if self.action == "delete" else name

    @property
    def finishes(self) -> bool:
        """Whether it only ends a rotation: the key that stays is there by now, and gets no permission or address."""
        before, after = self.before, self.after
        if not isinstance(before, Rotating) or before.adds or not isinstance(after, KeyValue):
            return False
        had = before.value
        return (had.permissions, had.ip_allowlist) == (after.permissions, after.ip_allowlist)

    @property
    def lowers(self) -> bool:
        """Whether a number is known to go down: no greatest value that cannot be read stands in the way of that."""
        after = self.after.most if isinstance(self.after, AtMost) else self.after
        return isinstance(self.before, Decimal) and isinstance(after, Decimal) and after < self.before

    @property
    def counts_as(self) -> tuple[str, ...]:
        """What it is counted as: a replacement makes one thing, takes one away, and is told as a replacement too."""
        return ("create", "delete", "replace") if self.action == "replace" else (self.action,)


def diff(
    desired: Mapping[Address, Wanted], live: Mapping[Address, Live], *, replace: Collection[Address] = ()
) -> tuple[list[Change], list[tuple[Address, Unreadable]]]:
    """The changes that lead from `live` to `desired`, and the addresses that could not be read.

    An address that `live` does not hold at all was not read: that is a mistake of the caller (KeyError), since
    nothing may be derived from it.
    """
    changes: list[Change] = []
    unread: list[tuple[Address, Unreadable]] = []
    for address, wanted in desired.items():
        found = live[address]
        if fits(found, wanted) and not (replace and address in replace):
            continue
        if isinstance(found, Unreadable):
            unread.append((address, found))
            continue
        change = _change(address, wanted, found, address in replace)
        if change is not None:
            changes.append(change)
    return changes, unread


def _change(address: Address, wanted: Wanted, found: Live, replace: bool) -> Change | None:
    if isinstance(found, After):
        return Change(address, "change", None, wanted, before_known=False, after_step=found.what, present=found.present)
    if wanted is ABSENT:
        return None if found is ABSENT else Change(address, "delete", found, None)
    if found is ABSENT:
        return Change(address, "create", None, wanted)
    if isinstance(found, Lost) or (replace and isinstance(found, KeyValue)):
        return Change(address, "replace", found, wanted)
    if fits(found, wanted):
        return None
    return Change(address, "change", found, wanted)
