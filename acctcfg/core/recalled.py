"""Values that a plan took from the journal unread, since nobody can take them away: how many, and how long known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from acctcfg.core.address import Address

__all__ = ["Recalled", "recalled_of"]

_DAY_S = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    """The values of one field that were not read. A venue package names such fields, and no others."""

    field: str  # "deposit.addresses"
    count: int
    accounts: int
    since: str  # when the first of them went on record: "2026-11-01T10:00:07.123Z"
    age_s: int  # how long before the plan that was

    @property
    def said(self) -> str:
        """ "deposit.addresses known since 2026-11-01 (28 days): 4 of 2 accounts ..."."""
        days = self.age_s // _DAY_S
        age = "less than a day" if days < 1 else "1 day" if days == 1 else f"{days} days"
        accounts = "1 account" if self.accounts == 1 else f"{self.accounts} accounts"
        return (
            f"{self.field} known since {self.since[:10]} ({age}): {self.count} of {accounts} not read, "
            "since nobody can take them away (--refresh reads them)."
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


def recalled_of(found: Iterable[tuple[Address, str]], now: datetime) -> tuple[Recalled, ...]:
    """Of these addresses, each with the time since which it is known."""
    fields: dict[str, list[tuple[Address, str]]] = {}
    for address, since in found:
        fields.setdefault(address.field, []).append((address, since))
    return tuple(_of_field(field, some, now) for field, some in sorted(fields.items()))


def _of_field(field: str, some: list[tuple[Address, str]], now: datetime) -> Recalled:
    since = min(when for _, when in some)
    age = now.astimezone(UTC) - datetime.fromisoformat(since.replace("Z", "+00:00"))
    accounts = {address.account for address, _ in some}
    return Recalled(
        field=field, count=len(some), accounts=len(accounts), since=since, age_s=max(0, int(age.total_seconds()))
    )
