"""The plan: what apply would do, in order, with what stands in its way. Its JSON is a contract (format_version 1)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from acctcfg.core.address import Address
from acctcfg.core.diff import Change
from acctcfg.core.state import to_json

__all__ = [
    "FORMAT_VERSION",
    "Estimate",
    "Plan",
    "Precheck",
    "Step",
    "Unread",
    "VenueReport",
    "Warning_",
    "canonical",
    "digest_of",
]

FORMAT_VERSION = "1"


@dataclass(frozen=True, slots=True)
class Precheck:
    """One question that a write depends on. `status`: pass, fail, unknown, venue or deferred."""

    name: str
    status: str
    detail: str = ""

    @property
    def blocks(self) -> bool:
        """What fails blocks, and so does what could not be read."""
        return self.status in ("fail", "unknown")


@dataclass(frozen=True, slots=True)
class Step:
    """One change with its prechecks, the steps that it depends on and the calls that it takes."""

    change: Change
    venue: str  # the manifest's key of the connection
    prechecks: tuple[Precheck, ...] = ()
    depends_on: tuple[Address, ...] = ()
    waits_for: tuple[Address, ...] = ()
    calls: tuple[str, ...] = ()

    @property
    def address(self) -> Address:
        """The address of the change."""
        return self.change.address

    @property
    def blocked(self) -> bool:
        """Whether any precheck stands in the way."""
        return any(check.blocks for check in self.prechecks)

    def with_prechecks(self, *more: Precheck) -> Step:
        """The same step with further prechecks."""
        return replace(self, prechecks=self.prechecks + more)

    def to_json(self) -> dict[str, Any]:
        """The step as the plan's JSON shows it."""
        change = self.change
        return {
            "address": str(change.address),
            "venue": self.venue,
            "action": change.action,
            "before": to_json(change.before),
            "after": to_json(change.after),
            "before_known": change.before_known,
            "blocked": self.blocked,
            "prechecks": [{"name": c.name, "status": c.status, "detail": c.detail} for c in self.prechecks],
            "depends_on": [str(address) for address in self.depends_on],
            "calls": list(self.calls),
        }

    def fingerprint(self) -> dict[str, Any]:
        """What makes it this step and no other: everything but amounts and times."""
        whole = self.to_json()
        whole["prechecks"] = sorted(check.name for check in self.prechecks if check.blocks)
        return whole


@dataclass(frozen=True, slots=True)
class Warning_:
    """Something the user should know that is no step."""

    address: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Unread:
    """An account or a field that could not be read, and why."""

    address: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Estimate:
    """How long the writes and their read-backs take at least at the venue's rate limits."""

    writes: int
    seconds: float
    bottleneck: str  # "set-leverage of mmdesk01, 20 per 2 s"; "" where nothing waits


@dataclass(frozen=True, slots=True)
class VenueReport:
    """What reading one connection took; shown above its steps, never part of a digest."""

    venue: str
    type: str
    environment: str
    accounts: int
    requests: int
    seconds: float
    uid: str = ""  # of the venue user behind the credentials
    base_url: str = ""  # "" where it is one of the venue type's own


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """An ordered list of steps with all that was noticed on the way. Equal inputs give equal digests."""

    steps: tuple[Step, ...]
    warnings: tuple[Warning_, ...] = ()
    unreadable: tuple[Unread, ...] = ()
    estimate: Estimate = field(default_factory=lambda: Estimate(0, 0.0, ""))
    manifest_digest: str = ""
    reports: tuple[VenueReport, ...] = ()
    acctcfg_version: str = ""
    created_at: str = ""

    @property
    def empty(self) -> bool:
        """True where everything was read and nothing is to be done."""
        return not self.steps and not self.unreadable

    @property
    def blocked(self) -> tuple[Step, ...]:
        """The steps that something forbids."""
        return tuple(step for step in self.steps if step.blocked)

    @property
    def held(self) -> frozenset[str]:
        """The accounts in which something is blocked or could not be read."""
        unread = (one.address.partition(".")[0] for one in self.unreadable)
        return frozenset({*(step.address.account for step in self.blocked), *unread})

    @property
    def summary(self) -> dict[str, int]:
        """Counts as the last line shows them: a replacement is a change, a blocked step is in `blocked` only."""
        counts = {"create": 0, "change": 0, "delete": 0, "blocked": 0}
        for step in self.steps:
            action = "change" if step.change.action == "replace" else step.change.action
            counts["blocked" if step.blocked else action] += 1
        counts["accounts"] = len({step.address.account for step in self.steps})
        return counts

    @property
    def live_digest(self) -> str:
        """Covers the `before` values and the names of failing prechecks, never amounts or times."""
        return digest_of(
            [
                [
                    str(step.address),
                    to_json(step.change.before),
                    step.change.before_known,
                    sorted(check.name for check in step.prechecks if check.blocks),
                ]
                for step in self.steps
            ]
        )

    @property
    def digest(self) -> str:
        """Names this plan: its steps and the manifest that it was made from."""
        return digest_of(
            {
                "format_version": FORMAT_VERSION,
                "manifest_digest": self.manifest_digest,
                "live_digest": self.live_digest,
                "steps": [step.fingerprint() for step in self.steps],
                "unreadable": sorted([one.address, one.code] for one in self.unreadable),
            }
        )

    def to_json(self) -> dict[str, Any]:
        """The document of `plan --format json` and of a saved plan. `checksum` covers all of it."""
        document: dict[str, Any] = {
            "format_version": FORMAT_VERSION,
            "acctcfg_version": self.acctcfg_version,
            "created_at": self.created_at,
            "digest": self.digest,
            "manifest_digest": self.manifest_digest,
            "live_digest": self.live_digest,
            "summary": self.summary,
            "steps": [step.to_json() for step in self.steps],
            "warnings": [{"address": w.address, "code": w.code, "message": w.message} for w in self.warnings],
            "unreadable": [{"address": u.address, "code": u.code, "message": u.message} for u in self.unreadable],
            "estimate": {
                "writes": self.estimate.writes,
                "seconds": self.estimate.seconds,
                "bottleneck": self.estimate.bottleneck,
            },
        }
        document["checksum"] = digest_of(document)
        return document

    def with_steps(self, steps: Iterable[Step]) -> Plan:
        """The same plan with other steps."""
        return replace(self, steps=tuple(steps))


def canonical(value: object) -> str:
    """One text for equal JSON values, whatever order their keys were made in."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest_of(value: Mapping[str, Any] | Sequence[Any]) -> str:
    """`sha256:` and the hex digest of the canonical text."""
    return "sha256:" + hashlib.sha256(canonical(value).encode()).hexdigest()
