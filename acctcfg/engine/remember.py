"""What an apply leaves for the next run: whose accounts these are, which keys sign, what became of old writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from acctcfg.core.address import Address
from acctcfg.core.desired import VenueSpec
from acctcfg.core.json_types import JsonObject
from acctcfg.core.outcome import Outcome, StepResult
from acctcfg.core.remembered import LISTING, Ours
from acctcfg.core.untold import untold
from acctcfg.engine.attempt import GOOD
from acctcfg.engine.found_later import found_later, where_now
from acctcfg.engine.plan import Planned
from acctcfg.venues.contract import Survey
from acctcfg.venues.inventory import HasInventory

if TYPE_CHECKING:
    from acctcfg.journal import Intent, Journal
    from acctcfg.journal.knowledge import Knowledge

__all__ = ["remember"]


def remember(
    planned: Planned, outcome: Outcome, journal: Journal, open_before: Mapping[str, Sequence[Intent]], run: str
) -> None:
    """What the next run needs: whose accounts these are, which keys sign, and what became of old unknown writes."""
    ended = {str(result.step.address): result for result in outcome.results}
    session = planned.session
    assert session is not None  # noqa: S101
    kept = [survey for survey in _kept(planned, outcome) if not _deleted(survey, ended)]
    _remember_ours(planned, kept, journal, run)
    known: dict[str, Knowledge] = {}  # by venue user

    def knowledge(user: str) -> Knowledge:
        known[user] = known.get(user) or journal.knowledge(user)
        return known[user]

    for key, survey in planned.surveys.items():
        link = session.links[survey.spec.venue]
        user, name = link.connection.user, survey.spec.name
        if (own := _deleted(survey, ended)) is None:
            continue
        if own.status in GOOD:
            journal.forget_account(run, user, name)
        elif session.known(link).account(survey.uid) is not None:  # an answer of success may have been all of it
            journal.remember_again(run, user, Ours(name=name, uid=survey.uid, key=key))
            _remember_stored(survey, user, knowledge(user), journal, run)
    for survey in kept:
        if survey.stored or survey.lasting or survey.rotated:
            connection = session.links[survey.spec.venue].connection
            user = connection.user
            _end_rotations(survey, user, knowledge(user), journal, run)
            _remember_stored(survey, user, knowledge(user), journal, run)
            _remember_lasting(survey, connection.spec, user, knowledge(user), journal, run)
    for result in outcome.results:
        _forget_key(planned, result, journal, run)
    _remember_seen(planned, journal, run)
    _settle_old(planned, ended, journal, open_before, run)


def _settle_old(
    planned: Planned,
    ended: Mapping[str, StepResult],
    journal: Journal,
    open_before: Mapping[str, Sequence[Intent]],
    run: str,
) -> None:
    """What became of writes of earlier runs whose outcome nobody knew."""
    where = where_now(planned)
    for intent in (intent for some in open_before.values() for intent in some):
        if (address := where(intent)) is None:
            continue
        survey = planned.surveys[address.account]
        finding = found_later(intent, ended.get(str(address)), survey.live.get(address), survey.uid)
        if finding:
            journal.resolve(run, intent, finding, intent.call)


def _kept(planned: Planned, outcome: Outcome) -> list[Survey]:
    """Sub-accounts that are there, were read, and are to stay."""
    untouched = _untouched(planned, outcome)
    surveys = [survey for key, survey in planned.surveys.items() if key not in untouched]
    some = [one for one in surveys if one.spec.role != "main" and one.spec.state != "absent"]
    return [one for one in some if one.uid and one.desired]


def _deleted(survey: Survey, ended: Mapping[str, StepResult]) -> StepResult | None:
    """How its delete ended, where it was to be deleted."""
    own = ended.get(survey.spec.key)
    return own if own is not None and own.step.change.action == "delete" else None


def _remember_ours(planned: Planned, kept: Sequence[Survey], journal: Journal, run: str) -> None:
    """Whose accounts these are, and which keys sign: of each venue user at once."""
    assert planned.session is not None  # noqa: S101
    ours: dict[str, list[Ours]] = {}
    for survey in kept:
        connection, spec = planned.session.links[survey.spec.venue].connection, survey.spec
        one = Ours(name=spec.name, uid=survey.uid, key=spec.key, access=connection.signed_by(survey))
        ours.setdefault(connection.user, []).append(one)
    for user, some in ours.items():
        journal.remember_accounts(run, user, some)


def _untouched(planned: Planned, outcome: Outcome) -> set[str]:
    """Accounts in which every step was held back, or that were not to be touched at all: not taken over by this run.

    Nor is one that was made by somebody else meanwhile: what turned out to be stale was not sent.
    """
    held = {result.step.address.account for result in outcome.results}
    held -= {one.step.address.account for one in outcome.results if not _held(one)}
    return held | {key for key, survey in planned.surveys.items() if survey.blocks.get(Address(key))}


def _held(result: StepResult) -> bool:
    return result.status in ("blocked", "not_started") or result.code == "stale"


def _remember_stored(survey: Survey, user: str, known: Knowledge, journal: Journal, run: str) -> None:
    """Where the secret of each key lies, by the key's id: found there also when the manifest calls it otherwise."""
    for label, key in sorted(survey.stored.items()):
        before = known.stored_key(key.api_key)
        same = before is not None and (before.store, before.path, before.label) == (key.store, key.path, label)
        if not same or known.creating(survey.spec.name, label) is not None:
            facts = {"store": key.store, "path": key.path, "api_key": key.api_key, "uid": key.uid}
            journal.remember_key(run, user, survey.spec.name, label, **facts)


def _end_rotations(survey: Survey, user: str, known: Knowledge, journal: Journal, run: str) -> None:
    """Those that reads showed to be over."""
    for label, api_key in sorted(survey.rotated.items()):
        if (survey.uid, label) in known.rotations:
            journal.end_rotation(run, user, survey.spec.name, uid=survey.uid, label=label, api_key=api_key)


def _remember_lasting(
    survey: Survey, venue: VenueSpec, user: str, known: Knowledge, journal: Journal, run: str
) -> None:
    """What the venue's lists showed and cannot be deleted: the next plan need not read it."""
    for field, shown in survey.lasting.items():
        place = {"uid": survey.uid, "environment": venue.environment}
        before = [one.facts for one in known.lasting(**place, field_=field)]
        new = [facts for facts in shown if facts not in before and _as_it_is(facts)]
        if new:
            journal.remember_lasting(run, user, survey.spec.name, **place, field=field, shown=new)


def _as_it_is(facts: JsonObject) -> bool:
    """Whether the journal keeps every word of it: what an opened secret is part of, it does not."""
    return all(untold(str(value)) == str(value) for value in facts.values())


def _remember_seen(planned: Planned, journal: Journal, run: str) -> None:
    """What the venues' lists showed: tomorrow it may be gone from them."""
    session = planned.session
    assert session is not None  # noqa: S101
    seen: dict[tuple[str, str], set[str]] = {}
    listed: dict[str, set[str]] = {}
    for survey in planned.surveys.values():
        connection = session.links[survey.spec.venue].connection
        user = connection.user
        if isinstance(connection, HasInventory) and survey.desired:
            listed.setdefault(user, set()).update(connection.inventory.listings(survey))
        for kind, name in survey.sightings:
            seen.setdefault((user, kind), set()).add(name)
    for (user, kind), names in sorted(seen.items()):
        journal.remember_seen(run, user, kind, names)
    for user, names in sorted(listed.items()):
        journal.remember_seen(run, user, LISTING, names, daily=False)


def _forget_key(planned: Planned, result: StepResult, journal: Journal, run: str) -> None:
    step = result.step
    if step.address.field == "api_keys" and result.status in GOOD and step.change.action == "delete":
        survey = planned.surveys[step.address.account]
        journal.forget_key(run, planned.link(step).connection.user, survey.spec.name, step.address.key)
