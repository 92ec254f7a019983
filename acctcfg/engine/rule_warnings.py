"""What a plan says of rules beside its steps: what breaks one already, what an exception lets pass, what is over."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime

from acctcfg.core.address import Address, Focus
from acctcfg.core.built_in import OLD_DAYS, Breach, active, of_manifest, powers_of
from acctcfg.core.desired import KeySpec
from acctcfg.core.duration import seconds_of
from acctcfg.core.guardrails import excepted, told_of
from acctcfg.core.plan import Step, Warning_
from acctcfg.core.state import KeyValue
from acctcfg.engine.session import Session
from acctcfg.venues.contract import Survey

__all__ = ["rule_warnings"]

DAY_S = 86_400


def rule_warnings(session: Session, surveys: Sequence[Survey], steps: Sequence[Step], focus: Focus) -> list[Warning_]:
    """All of them; a plan that was narrowed says nothing of what it did not look at."""
    manifest = session.workspace.manifest
    changed, seen = {step.address for step in steps}, {survey.spec.key for survey in surveys}
    brought = {step.address for step in steps if not step.change.finishes}
    keys = {
        address: wanted
        for survey in surveys
        for address, wanted in survey.desired.items()
        if isinstance(wanted, KeyValue) and address not in brought
    }
    breaches = [
        *of_manifest(manifest, keys, powers_of(manifest, session.workspace.types)),
        *_old_keys(session, surveys, keys.keys() - changed),
    ]
    told = [one for one in breaches if focus.everything or one.subject in seen]
    over = [one for one in manifest.ended if focus.everything or _looked_at(Address.of(one.address), focus, seen)]
    return [
        *told_of(told, manifest.guardrails),
        *excepted(steps),
        *(Warning_(one.address, "until_over", one.message) for one in over),
    ]


def _looked_at(entry: Address, focus: Focus, seen: Collection[str]) -> bool:
    """Whether a narrowed plan looked at what an entry that is over was about; of leverage its scopes, whichever."""
    if entry.account not in seen:
        return False
    return focus.may_want(entry.account, entry.field) if entry.field == "leverage" else focus.wants(entry)


def _old_keys(session: Session, surveys: Iterable[Survey], keys: Collection[Address]) -> Iterator[Breach]:
    """Keys that are older than they should be, by what the journal knows of them: at least that old they are."""
    if all(rule.id != "key_age" for rule in active(session.workspace.manifest.guardrails)):
        return
    today = date.fromisoformat(session.workspace.today)
    for survey in surveys:
        for key in survey.spec.api_keys:
            address, since = Address(survey.spec.key, "api_keys", key.label), _known_since(session, survey, key)
            if address not in keys or since is None or (days := (today - since).days) <= (most := _most_days(key)):
                continue
            message = f"it is at least {days} days old, and its limit is {most:g} (`acctcfg rotate`)"
            yield Breach("key_age", survey.spec.key, str(address), message)


def _known_since(session: Session, survey: Survey, key: KeySpec) -> date | None:
    """The day on which the journal first knew a key that answers for itself."""
    now = survey.stored.get(key.label)
    if now is None:
        return None
    memory = session.known(session.links[survey.spec.venue])
    days = [one.since for one in memory.stored_keys(survey.uid) if one.since and one.api_key == now.api_key]
    return datetime.fromisoformat(min(days)).astimezone(UTC).date() if days else None


def _most_days(key: KeySpec) -> float:
    return OLD_DAYS if key.rotate_after is None else seconds_of(key.rotate_after) / DAY_S
