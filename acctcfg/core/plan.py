"""The plan: what apply would do, in order, with what stands in its way. Its JSON is a contract (format_version 1.x)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain, combinations
from typing import Any, Final

from acctcfg.core.address import Address
from acctcfg.core.canonical import canonical, digest_of
from acctcfg.core.codes import CLEARING, OF_THE_MOMENT, UNREVIEWED
from acctcfg.core.desired import Place, Wave
from acctcfg.core.diff import Change
from acctcfg.core.recalled import Recalled
from acctcfg.core.rehearsal import Rehearsal
from acctcfg.core.rollout import StagedWave, staged
from acctcfg.core.scope import Reverts, Scope, StoreReport, VenueReport
from acctcfg.core.snapshot import Earlier
from acctcfg.core.state import KeyValue, Rotating, to_json

__all__ = [
    "BLOCKING",
    "FORMAT_VERSION",
    "MATCH",
    "Estimate",
    "Plan",
    "Precheck",
    "Scope",
    "Step",
    "StoreReport",
    "Unread",
    "VenueReport",
    "Warning_",
    "by_account",
    "canonical",
    "digest_of",
]

FORMAT_VERSION: Final = "1.0"
"""A reader takes any minor version of its own major one, and ignores members that it does not know."""

MATCH: Final = "No changes. Live accounts match the manifest."
"""Said in one place alone: `Plan.conclusion`, of a plan that looked at everything."""

BLOCKING = ("fail", "unknown")
_FEW = 10  # warnings of which every choice can be tried


@dataclass(frozen=True, slots=True)
class Precheck:
    """One question that a write depends on. `status`: pass, fail, unknown, venue or deferred."""

    name: str
    status: str
    detail: str = ""
    words: str = field(default="", compare=False)  # what the name says, where it is the venue package's own
    lasting: bool = field(default=False, compare=False)  # one that clears as a rule, and will not here
    clearing: bool = field(default=False, compare=False)  # one that clears as a rule, by the venue package

    @property
    def blocks(self) -> bool:
        """What fails blocks, and so does what could not be read."""
        return self.status in BLOCKING

    @property
    def clears(self) -> bool:
        """Whether it passes once what is open is closed, filled, repaid or moved: `--wait-flat` waits for these."""
        return not self.lasting and (self.clearing or self.name in CLEARING)


@dataclass(frozen=True, slots=True)
class Step:
    """One change with its prechecks, the steps that it depends on and the calls that it takes."""

    change: Change
    venue: str  # the manifest's key of the connection
    prechecks: tuple[Precheck, ...] = ()
    depends_on: tuple[Address, ...] = ()
    waits_for: tuple[Address, ...] = ()
    calls: tuple[str, ...] = ()
    one_way: str = ""  # why the venue does not take it back; "" where it does
    place: Place | None = None  # where the manifest says it; None where nothing does
    besides: tuple[Change, ...] = ()  # what its calls set at other addresses

    @property
    def address(self) -> Address:
        """The address of the change."""
        return self.change.address

    @property
    def sets(self) -> tuple[Change, ...]:
        """All that its calls set: whatever limits a value looks at each of these, not at `change` alone."""
        return (self.change, *self.besides)

    @property
    def secret_store(self) -> str:
        """The store that a new secret of this step goes to; "" where it makes none."""
        after = self.change.after
        makes = self.change.action in ("create", "replace") or isinstance(self.change.before, Rotating)
        if not isinstance(after, KeyValue) or not makes:
            return ""
        return after.store or ""

    @property
    def blocked(self) -> bool:
        """Whether any precheck stands in the way."""
        return any(check.blocks for check in self.prechecks)

    def with_prechecks(self, *more: Precheck) -> Step:
        """The same step with further prechecks."""
        return replace(self, prechecks=self.prechecks + more)

    def to_json(self) -> dict[str, object]:
        """The step as the plan's JSON shows it."""
        change, place = self.change, self.place or Place("", 0, 0)
        return {
            "address": str(change.address),
            "account": change.address.account,
            "field": change.address.field,
            "key": change.address.key,
            "venue": self.venue,
            "action": change.action,
            "place": {"file": place.file, "line": place.line, "column": place.column},
            "before": to_json(change.before),
            "after": to_json(change.after),
            "before_known": change.before_known,
            "blocked": self.blocked,
            "prechecks": [{"name": c.name, "status": c.status, "detail": c.detail} for c in self.prechecks],
            "depends_on": [str(address) for address in self.depends_on],
            "calls": list(self.calls),
        }

    def fingerprint(self) -> dict[str, object]:
        """What makes it this step and no other: everything but amounts, times and where it is written."""
        whole = self.to_json()
        del whole["place"]
        whole["prechecks"] = list(self.in_its_way)
        whole["blocked"] = bool(self.in_its_way)
        return whole

    @property
    def in_its_way(self) -> tuple[str, ...]:
        """The names of what stands in its way, besides the leave to take it."""
        return tuple(sorted(one.name for one in self.prechecks if one.blocks and one.name not in OF_THE_MOMENT))


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """An ordered list of steps with all that was noticed on the way. Equal inputs give equal digests."""

    steps: tuple[Step, ...]
    scope: Scope = field(default_factory=Scope)
    warnings: tuple[Warning_, ...] = ()
    unreadable: tuple[Unread, ...] = ()
    estimate: Estimate = field(default_factory=lambda: Estimate(0, 0.0, ""))
    manifest_digest: str = ""
    uids: Mapping[str, str] = field(default_factory=dict)  # what the venue knows each account by that is there
    reports: tuple[VenueReport, ...] = ()
    stores: tuple[StoreReport, ...] = ()  # where new secrets of its steps go
    replace: tuple[str, ...] = ()  # keys that the user lets be replaced
    allow_sensitive: tuple[str, ...] = ()  # sensitive lines of this plan that the user allows
    rollout: tuple[Wave, ...] = ()  # in which waves it is carried out
    reverts: Reverts | None = None  # the run that it undoes, in place of what the manifest wants
    acctcfg_version: str = ""
    created_at: str = ""
    author: str = ""  # who made it
    rehearsal: Rehearsal | None = None  # what became of it on a sandbox
    recalled: tuple[Recalled, ...] = ()  # what was not read, since it cannot be deleted
    earlier: Earlier | None = None  # the live state that it was made from, where that was not read for it

    @property
    def waves(self) -> tuple[StagedWave, ...]:
        """The accounts of each wave, without those that are held back; () where all go at once."""
        order = [(step.address, (*step.depends_on, *step.waits_for)) for step in self.steps]
        return staged(order, self.rollout, self.held) if self.rollout else ()

    @property
    def matches(self) -> bool:
        """Whether live accounts match: all was looked at and read, every entry set something, nothing differs."""
        nothing = not self.steps and not self.unreadable and self.earlier is None
        return nothing and self.scope.whole and not self.scope.narrowed and not self.scope.sets_nothing

    @property
    def conclusion(self) -> tuple[str, ...]:
        """The last line, and after it what was looked at where that is not everything."""
        if self.matches:
            return (MATCH,)
        return (self._counted() if self.steps else self._nothing(), *filter(None, [self.scope.said]))

    def _counted(self) -> str:
        s = self.summary
        return (
            f"Plan: {s['create']} to create, {s['change']} to change, {s['delete']} to delete, {s['blocked']} blocked."
        )

    def _nothing(self) -> str:
        unread, idle = len(self.unreadable), len(self.scope.sets_nothing)
        why = [f"{unread} could not be read"] * bool(unread) + [f"{idle} entries set nothing"] * bool(idle)
        if self.scope.narrowed and not why:
            return self._counted()
        if self.reverts is not None and not why:
            return "Nothing to undo."
        if self.earlier is not None:
            return "; ".join([f"Nothing to change in the {self.earlier.said}", *why]) + "."
        return "; ".join(["Nothing to change in what was read", *why]) + "."

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
        """Counts as the last line shows them: a replacement is one create and one delete, and counted as `replace` too.

        A blocked step is in `blocked` only.
        """
        counts = {"create": 0, "change": 0, "delete": 0, "replace": 0, "blocked": 0}
        for step in self.steps:
            for word in ("blocked",) if step.blocked else step.change.counts_as:
                counts[word] += 1
        counts["accounts"] = len({step.address.account for step in self.steps})
        return counts

    @property
    def cautions(self) -> tuple[tuple[str, str], ...]:
        """Address and code of every warning about one of its own steps: who reviews the plan must have seen them."""
        own = {str(step.address) for step in self.steps}
        return tuple(
            sorted({(w.address, w.code) for w in self.warnings if w.address in own and w.code not in UNREVIEWED})
        )

    @property
    def live_digest(self) -> str:
        """Covers the `before` values and the names of failing prechecks, never amounts or times."""
        return digest_of(
            [
                [
                    str(step.address),
                    to_json(step.change.before),
                    step.change.before_known,
                    list(step.in_its_way),
                ]
                for step in self.steps
            ]
        )

    @property
    def digest(self) -> str:
        """Names this plan: its steps, whose accounts they are of, who can read its secrets, and its manifest."""
        return digest_of({**self._identity(), "cautions": self.cautions})

    def _identity(self) -> dict[str, object]:
        return {
            "format_version": FORMAT_VERSION.partition(".")[0],
            "manifest_digest": self.manifest_digest,
            "live_digest": self.live_digest,
            "venues": self._venues(),
            "targets": sorted(self.scope.targets),
            **({"excludes": sorted(self.scope.excludes)} if self.scope.excludes else {}),
            "secret_stores": self._stores(),
            "replace": sorted(self.replace),
            "allow_sensitive": sorted(self.allow_sensitive),
            "steps": [step.fingerprint() for step in self.steps],
            **({"uids": uids} if (uids := self._uids()) else {}),
            "unreadable": sorted([one.address, one.code] for one in self.unreadable),
            **self._reverts(),
            **({"snapshot": True} if self.earlier is not None else {}),
        }

    def is_named_by(self, digest: str, *, allow_warnings: bool = False) -> bool:
        """Whether a reviewed plan's digest names this one. `allow_warnings`: also if it had fewer of them."""
        if not allow_warnings:
            return digest == self.digest
        cautions, identity = self.cautions, self._identity()
        parts = [[one] for one in cautions]
        if len(parts) > _FEW:  # by their codes, then
            parts = [[one for one in cautions if one[1] == code] for code in sorted({code for _, code in cautions})]
        choices = chain.from_iterable(combinations(parts, number) for number in range(len(parts) + 1))
        return any(
            digest_of({**identity, "cautions": sorted(chain.from_iterable(choice))}) == digest for choice in choices
        )

    def as_of_snapshot_is_named_by(self, digest: str) -> bool:
        """Whether a digest names this very plan as one made from a snapshot."""
        seen = Earlier(as_of="", age_s=0, blurred=False)
        return replace(self, earlier=seen).is_named_by(digest, allow_warnings=True)

    def _reverts(self) -> dict[str, object]:
        return {} if self.reverts is None else {"reverts": self.reverts.to_json()}

    def _uids(self) -> dict[str, str]:
        """Of the accounts that it changes: one that was deleted and made anew under its name is another account."""
        accounts = sorted({step.address.account for step in self.steps} & self.uids.keys())
        return {account: self.uids[account] for account in accounts}

    def _venues(self) -> dict[str, object]:
        return {report.venue: report.to_json() for report in self.reports}

    def _stores(self) -> dict[str, object]:
        return {one.store: one.to_json() for one in self.stores}

    def to_json(self) -> dict[str, Any]:
        """The document of `plan --format json` and of a saved plan. `checksum` covers all of it."""
        document: dict[str, Any] = {
            "format_version": FORMAT_VERSION,
            "acctcfg_version": self.acctcfg_version,
            "created_at": self.created_at,
            "author": self.author,
            "digest": self.digest,
            "manifest_digest": self.manifest_digest,
            "live_digest": self.live_digest,
            "summary": self.summary,
            "venues": self._venues(),
            "targets": list(self.scope.targets),
            "excludes": list(self.scope.excludes),
            "secret_stores": self._stores(),
            "replace": list(self.replace),
            "allow_sensitive": list(self.allow_sensitive),
            "sets_nothing": list(self.scope.sets_nothing),
            "uids": self._uids(),
            "steps": self._steps_json(),
            "warnings": [{"address": w.address, "code": w.code, "message": w.message} for w in self.warnings],
            "unreadable": [{"address": u.address, "code": u.code, "message": u.message} for u in self.unreadable],
            "estimate": {
                "writes": self.estimate.writes,
                "seconds": self.estimate.seconds,
                "bottleneck": self.estimate.bottleneck,
            },
        }
        document |= self._reverts()
        if self.scope.since is not None:
            document["changed_since"] = self.scope.since.to_json()
        if self.recalled:
            document["recalled"] = [one.to_json() for one in self.recalled]
        if self.rehearsal is not None:
            document["rehearsal"] = self.rehearsal.to_json()
        if self.earlier is not None:
            document["snapshot"] = self.earlier.to_json()
        if self.rollout:
            document["waves"] = [{"accounts": list(one.accounts), "then_wait_s": one.then_wait_s} for one in self.waves]
        document["checksum"] = digest_of(document)
        return document

    def _steps_json(self) -> list[dict[str, object]]:
        """Each step, with the number of its wave where it is in one."""
        waves = {account: number for number, wave in enumerate(self.waves, 1) for account in wave.accounts}
        found = [(step, waves.get(step.address.account)) for step in self.steps]
        return [step.to_json() | ({"wave": number} if number else {}) for step, number in found]

    def with_steps(self, steps: Iterable[Step]) -> Plan:
        """The same plan with other steps."""
        return replace(self, steps=tuple(steps))


def by_account(steps: Iterable[Step]) -> dict[str, list[Step]]:
    """The steps of each account, in their order."""
    found: dict[str, list[Step]] = {}
    for step in steps:
        found.setdefault(step.address.account, []).append(step)
    return found
