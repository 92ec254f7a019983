"""A plan in parts that share no account: what each holds, and what a worker is told of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Self

from acctcfg.core.fingerprint import manifest_digest
from acctcfg.core.json_types import JsonObject
from acctcfg.core.plan import Plan, Step
from acctcfg.engine.plan import Planned
from acctcfg.engine.workspace import Locks
from acctcfg.journal import Lock

__all__ = ["Handed", "cut", "handed", "in_parts"]

SHARE: Final = 8
"""A part is this share of what is left: the first are large, and at the last ones no worker waits long for another."""
LEAST: Final = 5
"""Accounts of a part, where there are as many; of more than 500 accounts a hundredth."""


LISTED_S: Final = 600.0
"""So long a worker takes what the list of accounts said from the process that queued the part."""


def in_parts(accounts: Sequence[Sequence[Step]]) -> list[list[Sequence[Step]]]:
    """The accounts in parts, the large ones first. Those that wait for each other stay together."""
    groups = list(_together(accounts))
    parts: list[list[Sequence[Step]]] = []
    for venue in sorted({group[0][0].venue for group in groups}):
        ours = [group for group in groups if group[0][0].venue == venue]
        count, steps = sum(map(len, ours)), [sum(map(len, group)) for group in ours]
        parts += [[one for group in ours[some] for one in group] for some in cut(steps, count)]
    return parts


def cut(weights: Sequence[int], accounts: int) -> Iterator[slice]:
    """Groups of so many accounts in parts: each an eighth of what is left, by their weights, but none too small."""
    left, begin, size = sum(weights), 0, 0
    least = left / accounts * max(LEAST, accounts // 100)

    def goal() -> float:
        return left if left < 1.5 * least else max(least, left / SHARE)

    for at, weight in enumerate(weights):
        if size and size + weight / 2 > goal():
            yield slice(begin, at)
            left, begin, size = left - size, at, 0
        size += weight
    yield slice(begin, len(weights))


def _together(accounts: Sequence[Sequence[Step]]) -> Iterator[list[Sequence[Step]]]:
    """The accounts in groups: what a step waits for is in the group of its own account."""
    group_of = {steps[0].address.account: [steps] for steps in accounts}
    for steps in accounts:
        mine = steps[0].address.account
        for other in {one.account for step in steps for one in (*step.depends_on, *step.waits_for)}:
            if other in group_of and group_of[other] is not group_of[mine]:
                group_of[mine] += group_of[other]
                for joined in group_of[other]:
                    group_of[joined[0].address.account] = group_of[mine]
    yield from {id(group): group for group in group_of.values()}.values()


def handed(
    planned: Planned, accounts: Sequence[Sequence[Step]], locks: Locks, number: int, *, allow_warnings: bool
) -> JsonObject:
    """What a worker is told of a part: its steps as a saved plan has them, and the lock in whose name it writes."""
    assert planned.session is not None  # noqa: S101 (draw_up read through it)
    steps = tuple(step for some in accounts for step in some)
    link, names = planned.link(steps[0]), {step.address.account for step in steps}
    user, base_url = link.connection.user, planned.session.workspace.place_of(link.client.base_url)
    ours = (one for one in locks.all if isinstance(one, Lock))
    lock = next(one for one in ours if (one.venue_user, one.base_url) == (user, base_url))
    return {
        "number": number,
        "user": user,
        "base_url": base_url,
        "lock": lock.number,
        "accounts": sorted(planned.surveys[name].spec.name for name in names),
        "allow_warnings": allow_warnings,
        "listed": link.listed(map(planned.surveys.__getitem__, names)),
        "listed_at": planned.session.clock.now(),
        "plan": _document(planned, steps, names),
    }


def _document(planned: Planned, steps: tuple[Step, ...], names: Collection[str]) -> JsonObject:
    """The steps as a saved plan of these accounts alone, under the digest of the whole."""
    assert planned.session is not None  # noqa: S101 (draw_up read through it)
    whole, manifest = planned.plan, planned.session.workspace.manifest
    uids = {one.venue: one.uid for one in whole.reports}
    ours = {str(step.address) for step in steps}
    part: Plan = replace(
        whole,
        steps=steps,
        warnings=tuple(one for one in whole.warnings if one.address.partition(".")[0] in names),
        unreadable=(),
        replace=tuple(address for address in whole.replace if address in ours),
        manifest_digest=manifest_digest(manifest, names, uids),
    )
    return {**part.to_json(), "digest": planned.reviewed}


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """A part as a worker reads it."""

    number: int
    user: str
    base_url: str
    lock: int
    accounts: frozenset[str]
    allow_warnings: bool
    listed: Mapping[str, JsonObject]
    listed_at: float
    plan: JsonObject

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Self:
        """From the journal's note."""
        return cls(**{**body, "accounts": frozenset(body["accounts"])})

    def still_listed(self, now: float, begun: Collection[str]) -> Mapping[str, JsonObject]:
        """What a slow list said of the accounts, where that is not too old: `begun` were written to since."""
        if not 0 <= now - self.listed_at <= LISTED_S:
            return {}
        return {name: facts for name, facts in self.listed.items() if name not in begun}
