"""Values that a plan took from the journal unread, since they cannot be deleted: how many, and how long known."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from acctcfg.core.address import Address

__all__ = ["Recalled", "recalled_of"]

_DAY_S = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    """The values of one field that were not read. A venue package names such fields, and no others."""

    field: str
    count: int
    accounts: int
    since: str  # when the first of them went on record: "2026-11-01T10:00:07.123Z"
    age_s: int  # how long before the plan that was

    @property
    def said(self) -> str:
        """How many of which field were not read, and how long they are known."""
        days = self.age_s // _DAY_S
        age = "less than a day" if days < 1 else "1 day" if days == 1 else f"{days} days"
        values = "1 value" if self.count == 1 else f"{self.count} values"
        accounts = "1 account" if self.accounts == 1 else f"{self.accounts} accounts"
        return (
            f"{self.field} known since {self.since[:10]} ({age}): {values} in {accounts} not read, "
            "because the venue never deletes them (--refresh reads them)."
        )

    def to_json(self) -> dict[str, object]:
        """As a plan's JSON shows it."""
        return {
            "field": self.field,
            "count": self.count,
            "accounts": self.accounts,
            "since": self.since,
            "age_s": self.age_s,
        }


def recalled_of(found: Iterable[tuple[Address, str]], age_s: Callable[[str], int]) -> tuple[Recalled, ...]:
    """Of these addresses, each with the time since which it is known. `age_s`: how long ago a time is."""
    fields: dict[str, list[tuple[Address, str]]] = {}
    for address, since in found:
        fields.setdefault(address.field, []).append((address, since))
    oldest = {field: min(since for _, since in some) for field, some in fields.items()}
    return tuple(
        Recalled(
            field=field,
            count=len(some),
            accounts=len({address.account for address, _ in some}),
            since=oldest[field],
            age_s=age_s(oldest[field]),
        )
        for field, some in sorted(fields.items())
    )
