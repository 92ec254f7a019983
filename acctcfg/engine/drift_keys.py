"""The keys of managed accounts: unknown ones, those due for rotation, those that the venue will soon delete."""

from __future__ import annotations

from datetime import datetime

from acctcfg.core.address import Address
from acctcfg.core.desired import KeySpec
from acctcfg.core.drift import KeyTimes
from acctcfg.core.json_types import JsonObject
from acctcfg.core.key_age import due_at
from acctcfg.core.state import Rotating
from acctcfg.engine.look import Look, inventory_of
from acctcfg.engine.moment import day, moment
from acctcfg.engine.session import Link
from acctcfg.engine.workspace import JournalMemory
from acctcfg.venues.contract import Survey
from acctcfg.venues.inventory import ListedKey, ListedKeys

__all__ = ["FIELD", "iso", "key_json", "look_at_keys"]

FIELD = "api_keys"
DAY_S = 86_400
NEAR_DAYS = 3
"""How long before the venue may delete an idle key it becomes a finding: longer than a weekend."""


async def look_at_keys(look: Look, survey: Survey) -> None:
    """Read all keys of an account, and report what is wrong with them."""
    link, account = look.session.links[survey.spec.venue], survey.spec.key
    inventory = inventory_of(link)
    if inventory is None or survey.spec.state == "absent" or not look.focus.may_want(account, FIELD):
        return
    try:
        listed = await inventory.keys_of(survey)
    except Exception as error:
        look.cannot_read(f"{account}.{FIELD}", link, error)
        return
    look.listed.append(account)
    _unknown(look, survey, listed)
    _count(look, survey, listed, listed.most or inventory.most_keys)
    named = {key.label: key for key in survey.spec.api_keys}
    for row in listed.rows:
        address = Address(account, FIELD, row.label)
        if look.focus.wants(address):
            _age(look, survey, address, row, named.get(row.label), link)


def _unknown(look: Look, survey: Survey, listed: ListedKeys) -> None:
    """Report unknown keys, unless `api_keys_exclusive` is on: then the plan deletes them."""
    spec = survey.spec
    named = {key.label for key in spec.api_keys}
    for row in () if spec.api_keys_exclusive else listed.rows:
        address = Address(spec.key, FIELD, row.label)
        if row.label not in named and look.focus.wants(address):
            what = f"{', '.join(row.permissions) or 'no permissions'} · {', '.join(row.ip_allowlist) or 'any address'}"
            since = f" · created or changed {day(row.changed_s)}" if row.changed_s is not None else ""
            message = f"a key that the manifest does not name ({what}{since})"
            look.find("unknown_key", address, spec.venue, message, key_json(row))
    for label in sorted(listed.odd - named):
        message = "a key that the manifest does not name; its row in the venue's list cannot be read"
        look.find("unknown_key", Address(spec.key, FIELD, label), spec.venue, message, {"label": label})


def _count(look: Look, survey: Survey, listed: ListedKeys, most: int) -> None:
    """Report an account that has nine tenths of the keys that the venue allows."""
    count = len(listed.rows)
    if count * 10 >= most * 9:
        message = f"it has {count} API keys, and the venue allows {most}"
        look.find("key_limit", survey.spec.key, survey.spec.venue, message, {"keys": count, "most": most})


def _age(look: Look, survey: Survey, address: Address, row: ListedKey, key: KeySpec | None, link: Link) -> None:
    now, venue = look.time_at(link), survey.spec.venue
    rotate_at = lapses_at = None
    if key is not None and key.state == "present" and not isinstance(survey.live.get(address), Rotating):
        rotate_at = due_at(key.rotate_after, _made_at(look.session.known(link), survey.uid, row))
    if row.idle_s is not None:
        since = row.used_s if row.used_s is not None else row.changed_s
        lapses_at = now if since is None else max(since + row.idle_s, now)
    if rotate_at is not None and key is not None and rotate_at <= now:
        command = f"acctcfg rotate {address.account} {key.label}"
        message = f"it was due for rotation by {day(rotate_at)} (rotate_after: {key.rotate_after}): {command}"
        look.find("rotation_due", address, venue, message, {"due_at": iso(rotate_at)})
    if lapses_at is not None and lapses_at - now < NEAR_DAYS * DAY_S:
        look.find("key_lapses", address, venue, _lapse(row, lapses_at, now), {"lapses_at": iso(lapses_at)})
    if rotate_at is not None or lapses_at is not None:
        times = KeyTimes(address=str(address), venue=venue, rotate_at=rotate_at, lapses_at=lapses_at)
        look.times.append(times)


def _lapse(row: ListedKey, lapses_at: float, now: float) -> str:
    days = round((row.idle_s or 0) / DAY_S)
    rule = f"it is bound to no address, and the venue deletes such a key after {days} idle days"
    if row.used_s is None and lapses_at <= now:
        return f"{rule}; it is not known when it was last used"
    return f"{rule}: by {day(lapses_at)} if nothing uses it"


def _made_at(memory: JournalMemory, uid: str, row: ListedKey) -> float | None:
    """When the key is known to have existed: by the journal, or by the venue's list, which may only give its last
    change."""
    known = [one.since for one in memory.stored_keys(uid) if one.since and one.api_key == row.api_key]
    times = [datetime.fromisoformat(one).timestamp() for one in known]
    times += [one for one in (row.made_s, row.changed_s) if one is not None]
    return min(times, default=None)


def key_json(row: ListedKey) -> JsonObject:
    """A live key as JSON. Its id is left out, because it is half of the credentials."""
    return {
        "label": row.label,
        "permissions": list(row.permissions),
        "ip_allowlist": list(row.ip_allowlist),
        "changed_at": iso(row.changed_s),
    }


def iso(seconds: float | None) -> str | None:
    """A time as documents have it; None where nobody knows it."""
    return None if seconds is None else moment(seconds)
