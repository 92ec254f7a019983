"""The part of a connection that is the same at every venue: each change goes to the resource of its field.

A venue declares one `Resource` a field, and subclasses `ByField` for its connection; what is left to write there is
who the user is (`open`), what is read of an account (`survey`), and what stands in the way (`prechecks`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Generic, Protocol, TypeVar

from acctcfg.core.address import Address, Focus
from acctcfg.core.diff import Change
from acctcfg.core.plan import Precheck, Warning_
from acctcfg.core.spelling import unix_seconds
from acctcfg.core.state import Live, Unreadable
from acctcfg.errors import Garbled, VenueError
from acctcfg.venues.contract import ACCOUNT_READ, Absence, Cost, KnownAccount, Memory, Survey, Writer
from acctcfg.venues.joint import Joint, JointPart
from acctcfg.wire.endpoint import Call

__all__ = [
    "ByField",
    "Resource",
    "adopted",
    "alias",
    "as_documented",
    "day_of",
    "demand_identity",
    "no_longer_managed",
    "survey_or_reason",
    "unreadable",
]

Notes = TypeVar("Notes")
"""What a venue notes of an account while it is surveyed: the type of `Survey.private`."""
Of = TypeVar("Of", contravariant=True)


class Resource(Protocol[Of]):
    """One field of an account: how it is read, what it costs, and which calls change it."""

    field: str  # "position_mode"; "" for the account itself; "settings" for all that stands under it
    gated: bool  # prechecks guard it
    absence: Absence  # how it is proven that one is not there: NEVER_ABSENT for a setting
    together: str  # changes with one word are read back by one read, and of one field written at once; "" for none

    async def survey(self, account: Of, focus: Focus, replace: frozenset[Address]) -> None:
        """Put both sides of every address of this field that the focus wants into the survey."""

    async def current(self, account: Of, addresses: Sequence[Address]) -> dict[Address, Live]:
        """Read these addresses anew; what cannot be read is `Unreadable`, or an error for all of them."""

    def calls(self, account: Of, change: Change) -> tuple[Call, ...]:
        """The writes that one change takes."""

    def costs(self, account: Of, changes: Sequence[Change]) -> list[Cost]:
        """The requests of these changes: each write of `calls`, and the read-backs."""

    async def write(self, account: Of, change: Change, writer: Writer) -> None:
        """Send the writes of one change."""

    def moved_with(self, account: Of, change: Change) -> tuple[Address, ...]:
        """The managed addresses, of any field, whose values these writes may move besides their own."""


class ByField(Generic[Notes]):
    """The parts of `Connection` that look up a resource, and those that a venue without sub-accounts leaves out."""

    def __init__(self, *resources: Resource[Notes]) -> None:
        self.resources = {one.field: one for one in resources}

    def _of(self, change: Change) -> Resource[Notes]:
        return self._at(change.address.field)

    def _at(self, field: str) -> Resource[Notes]:
        """The resource of a field: of `settings.greeks` the one of `settings`."""
        return self.resources.get(field) or self.resources[field.partition(".")[0]]

    def calls(self, survey: Survey, change: Change) -> tuple[Call, ...]:
        """The writes that it takes."""
        return self._of(change).calls(survey.private, change)

    def costs(self, work: Sequence[tuple[Survey, Sequence[Change]]]) -> list[Cost]:
        """Writes and read-backs of all accounts."""
        costs: list[Cost] = []
        for survey, changes in work:
            for resource in self.resources.values():
                some = [change for change in changes if self._of(change) is resource]
                if some:
                    costs += resource.costs(survey.private, some)
        return costs

    async def gate_costs(self, survey: Survey, changes: Sequence[Change]) -> list[Cost]:  # noqa: ARG002
        """None, where the venue's package does not tell."""
        return []

    def gated(self, change: Change) -> bool:
        """Whether prechecks guard this change."""
        return self._of(change).gated

    def together(self, change: Change) -> str:
        """Changes of one account with the same word are written at once."""
        return self._of(change).together

    def absence(self, change: Change) -> Absence:
        """How it is proven that it is not there."""
        return self._of(change).absence

    def moved_with(self, survey: Survey, change: Change) -> tuple[Address, ...]:
        """What else may move, of all that the manifest manages."""
        found = self._of(change).moved_with(survey.private, change)
        return tuple(one for one in found if one in survey.desired and one != change.address)

    async def current(self, survey: Survey, addresses: Sequence[Address]) -> dict[Address, Live]:
        """Read these addresses anew."""
        by_resource: dict[str, list[Address]] = {}
        for address in addresses:
            by_resource.setdefault(self._at(address.field).field, []).append(address)
        found: dict[Address, Live] = {}
        for field, some in by_resource.items():
            found.update(await self.resources[field].current(survey.private, some))
        return found

    async def write(self, survey: Survey, change: Change, writer: Writer) -> None:
        """Make one change."""
        await self._of(change).write(survey.private, change, writer)

    def joint(self, change: Change) -> bool:
        """Whether one call makes it and others of its field and value."""
        resource = self._of(change)
        return isinstance(resource, Joint) and resource.joint(change)

    async def write_joint(self, survey: Survey, parts: Sequence[JointPart]) -> None:
        """Make several changes of one field by one call."""
        resource = self._of(parts[0][0])
        assert isinstance(resource, Joint)  # noqa: S101 (`joint` said so)
        await resource.write_joint(survey.private, parts)

    def refuses_value(self, change: Change, code: str) -> bool:  # noqa: ARG002
        """None of the venue's codes is known to speak of the value alone."""
        return False

    async def notices(self, survey: Survey, changes: Sequence[Change]) -> list[Warning_]:  # noqa: ARG002
        """None, unless the venue has something to say."""
        return []

    def signed_by(self, survey: Survey) -> tuple[str, str, str] | None:  # noqa: ARG002
        """None: the connection's own credentials sign for everything."""
        return None

    async def strangers(self, managed: frozenset[str]) -> list[Warning_]:  # noqa: ARG002
        """None, at a venue without sub-accounts."""
        return []


def alias(api_key: str) -> str:
    """By what limits are counted while it is not known whose credentials these are; the next process finds it again.

    Once the user is known: `client.pacer.one_owner(alias, user)`.
    """
    return f"key {hashlib.sha256(api_key.encode()).hexdigest()[:16]}"


@contextmanager
def as_documented(what: str) -> Iterator[None]:
    """Around whatever takes an answer apart: one of a shape that no document knows is `Garbled`, never empty."""
    try:
        yield
    except (AttributeError, ArithmeticError, LookupError, TypeError, ValueError):
        raise Garbled(f"the venue answered {what} in a shape that its documents do not know", code="shape") from None


async def survey_or_reason(survey: Survey, reading: Awaitable[None]) -> Survey:
    """The survey once it is read; where reading failed, the account is unreadable and nothing is derived from it."""
    try:
        await reading
    except VenueError as error:
        survey.desired.clear()
        survey.live.clear()
        survey.blocks.clear()
        survey.cannot_read(Address(survey.spec.key), error.code or "unreadable", error.told)
    ACCOUNT_READ.get()(survey)
    return survey


def adopted(uid: str, day: str, keys: Collection[object] | None) -> str:
    """What is said of an account that is taken over. `keys`: where the slow list of them was read anyway."""
    count = "" if keys is None else f", {len(keys)} API key{'s' * (len(keys) != 1)}"
    return f"it exists and acctcfg did not create it: taken over (uid {uid}, created {day}{count})"


def no_longer_managed(memory: Memory, name: str, uid: str) -> Warning_:
    """What is said of an account of ours that no entry names: with the keys that the journal knows, read of nobody."""
    labels = {one.label for one in memory.stored_keys(uid)}
    labels |= {str(facts.get("label") or "") for facts in memory.created(uid, "api_keys")}
    known = ", ".join(sorted(labels - {""})) or "none"
    message = f"the manifest no longer names it; nothing is done to it. API keys that acctcfg made there: {known}"
    return Warning_(name, "no_longer_managed", message)


def day_of(seconds: str) -> str:
    """The day (UTC) of a venue's time in Unix seconds, however fine."""
    at = unix_seconds(seconds)
    return (
        datetime.fromtimestamp(at, UTC).date().isoformat()
        if at is not None
        else "at a time that the venue does not say"
    )


def unreadable(error: VenueError) -> Unreadable:
    """A failed read as a value, with what the venue said and what helps."""
    return Unreadable(error.code or "unreadable", error.told)


def demand_identity(survey: Survey, *, known: bool, adopt: str, before: KnownAccount | None = None) -> None:
    """Block every step in an account that is not the one meant, or that was not to be taken over.

    `known`: the journal has this uid. `before`: what the journal has under this name. `adopt` is the guardrail's word.
    The main account is its credentials', so only its uid is looked at.
    """
    found = _another(survey, known=known, before=before)
    if found is None and adopt == "explicit" and _taken_unasked(survey, known=known):
        made = f"{survey.spec.name} exists (uid {survey.uid}) and acctcfg did not create it"
        found = Precheck("adopt_explicit", "fail", f"{made}: write its uid, or adopt: true")
    survey.not_meant = found
    if found is None:
        return
    for address in survey.desired:
        survey.block(address, found.name, found.detail)
    if survey.exists and found.name != "uid_mismatch":  # which is told as soon as it is seen
        survey.warn(Address(survey.spec.key), found.name, found.detail)


def _another(survey: Survey, *, known: bool, before: KnownAccount | None) -> Precheck | None:
    """Why the account under that name is another one than the manifest means, or than the journal knows."""
    spec = survey.spec
    if not survey.exists:
        return None if spec.state == "absent" else _not_there(survey, before)
    if spec.uid is not None:
        wrong = f"its uid is {survey.uid}, the manifest says {spec.uid}"
        return Precheck("uid_mismatch", "fail", wrong) if spec.uid != survey.uid else None
    if spec.role == "main" or known or before is None or before.uid in ("", survey.uid):
        return None
    detail = (
        f"acctcfg knows {spec.name} as uid {before.uid}; the venue has it with uid {survey.uid}: "
        "another account was made under this name. If that one is meant, write its uid"
    )
    return Precheck("uid_changed", "fail", detail)


def _not_there(survey: Survey, before: KnownAccount | None) -> Precheck | None:
    """Why none may be made in the place of one that the manifest means."""
    spec = survey.spec
    if spec.uid is not None:
        wrong = f"{spec.name} does not exist, and a new one gets another uid than {spec.uid}: leave `uid` out"
        return Precheck("uid_mismatch", "fail", wrong)
    if before is None or not before.uid or before.name == spec.name:
        return None
    detail = (
        f"by `moved` it was {before.key}, which acctcfg knows as {before.name} (uid {before.uid}); the venue "
        f"has no {spec.name}, and none is made in its place: write `name: {before.name}`"
    )
    return Precheck("uid_changed", "fail", detail)


def _taken_unasked(survey: Survey, *, known: bool) -> bool:
    """Whether the entry does not say that an account that somebody else made is meant."""
    spec = survey.spec
    return survey.exists and spec.role != "main" and not (known or spec.uid is not None or spec.adopt)
