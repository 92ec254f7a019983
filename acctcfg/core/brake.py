"""What a brake did: every leverage that it looked at, and what is still above the cap."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from acctcfg.core.address import Address
from acctcfg.core.json_types import JsonObject
from acctcfg.core.plan import FORMAT_VERSION, Unread
from acctcfg.core.state import to_json

__all__ = ["Braked", "Lowering"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lowering:
    """One leverage that stood above the cap.

    status: `to_lower` before the question; `lowered`; `blocked`; `failed`; `unknown` (sent, and no read shows what
    became of it); `not_started`. One that somebody else lowered meanwhile is none: nothing was sent for it.
    """

    address: Address
    venue: str
    before: Decimal  # right before its write, as far as that was read
    after: Decimal  # what it is lowered to: the cap, or the next lower value that the venue has
    notional: Decimal  # of the open positions under it, in USD
    status: str
    message: str = ""
    code: str = ""
    obstacles: tuple[tuple[str, str], ...] = ()  # what stands in the way, and the venue's call that takes it away
    wanted: Decimal | None = None  # what the manifest wants, where that is above the cap

    @property
    def above(self) -> bool:
        """Whether it still stands above the cap, or may."""
        return self.status != "lowered"

    def to_json(self) -> JsonObject:
        """As `cap --format json` shows it."""
        return {
            "address": str(self.address),
            "venue": self.venue,
            "before": to_json(self.before),
            "after": to_json(self.after),
            "notional_usd": to_json(self.notional),
            "status": self.status,
            "code": self.code,
            "message": self.message,
            "in_the_way": [{"what": what, "cancel": cancel} for what, cancel in self.obstacles],
            "manifest_wants": to_json(self.wanted),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Braked:
    """A whole brake. `looked_at` counts what was read; what is not in `lowerings` was at the cap or below it."""

    most: Decimal
    lowerings: tuple[Lowering, ...] = ()  # the largest open notional first
    raised: tuple[tuple[Address, Decimal], ...] = ()  # what the manifest wants above the cap, of all scopes
    unreadable: tuple[Unread, ...] = ()
    looked_at: int = 0
    accounts: int = 0
    pending: int = 0  # accounts that are still being read; their leverage is lowered as well
    targets: tuple[str, ...] = ()
    run: str = ""
    declined: bool = False
    interrupted: bool = False
    unrecorded: bool = False
    notes: tuple[str, ...] = ()

    @property
    def still_above(self) -> tuple[Lowering, ...]:
        """What stands above the cap, or may."""
        return tuple(one for one in self.lowerings if one.above)

    def count(self, *statuses: str) -> int:
        """The number of lowerings with one of these statuses."""
        return sum(one.status in statuses for one in self.lowerings)

    @property
    def counts(self) -> dict[str, int]:
        """How it ended, as the journal and `--format json` have it."""
        return {
            "lowered": self.count("lowered"),
            "blocked": self.count("blocked"),
            "failed": self.count("failed", "unknown"),
            "not_started": self.count("not_started"),
            "unreadable": len(self.unreadable),
        }

    @property
    def exit_code(self) -> int:
        """Of several, the first of 130, 1, 3, 0."""
        if self.interrupted:
            return 130
        if self.declined or self.unrecorded or self.unreadable or self.count("failed", "unknown"):
            return 1
        return 3 if self.still_above else 0

    @property
    def summary(self) -> str:
        """The last line that `acctcfg cap` prints: `Capped: A lowered, ...`."""
        line = (
            f"Capped: {self.count('lowered')} lowered, {self.looked_at - len(self.lowerings)} at or below it already, "
            f"{self.count('blocked')} blocked, {self.count('failed', 'unknown')} failed"
        )
        left = self.count("not_started")
        return f"{line}, {left} not started." if left else f"{line}."

    def to_json(self) -> JsonObject:
        """The document of `cap --format json`."""
        return {
            "format_version": FORMAT_VERSION,
            "run": self.run,
            "cap": to_json(self.most),
            "targets": list(self.targets),
            "summary": {
                "accounts": self.accounts,
                "scopes": self.looked_at,
                **self.counts,
            },
            "lowerings": [one.to_json() for one in self.lowerings],
            "still_above": [str(one.address) for one in self.still_above],
            "raised_by_next_apply": [{"address": str(address), "to": to_json(value)} for address, value in self.raised],
            "unreadable": [{"address": u.address, "code": u.code, "message": u.message} for u in self.unreadable],
            "notes": list(self.notes),
            "exit_code": self.exit_code,
        }
