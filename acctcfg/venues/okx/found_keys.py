"""What a key of a manifest's entry is at the venue: by its own word where its stored secret signs, else by the list.

Why a key is lost, and what is only not known, is decided here and nowhere else: a lost key is replaced.
"""

from __future__ import annotations

from functools import partial

from acctcfg.core.desired import KeySpec
from acctcfg.core.state import ABSENT, KeyValue, Live, Lost, Unreadable
from acctcfg.errors import VenueError
from acctcfg.venues.okx.account import ONLY_ELSEWHERE, Account, Signing
from acctcfg.venues.okx.key_rotation import in_rotation
from acctcfg.venues.okx.listed import KeyRow, seconds
from acctcfg.venues.resources import unreadable

__all__ = ["FIELD", "OTHER_WORLD", "WRONG_SECRET", "found_key", "missing", "other_world"]

FIELD = "api_keys"
WRONG_SECRET = ("50105", "50113")  # its passphrase, its signature
OTHER_WORLD = "50101"  # a demo key where live ones work, or the other way round


async def found_key(account: Account, key: KeySpec) -> Live:
    if account.row is None:
        return ABSENT
    try:
        rotating = await in_rotation(account, key, partial(_as_it_is, account, key))
    except VenueError as error:
        return unreadable(error)
    return rotating if rotating is not None else await _as_it_is(account, key)


async def _as_it_is(account: Account, key: KeySpec) -> Live:
    signing = account.signings.get(key.label, Signing())
    if signing.config is not None and key.state == "present":
        said = _own_word(account, key, signing)
        if said is not None:
            return said
    try:
        rows = await account.key_list()
        row = rows.get(key.label)
        if row is None and key.label not in _odd(account):
            row = await _not_listed(account, key.label)
    except VenueError as error:
        return unreadable(error)
    if row is None:
        return missing(account, key.label)
    value = KeyValue(row.permissions, row.ip_allowlist, key.store)
    if key.state == "absent" or key.store is None:
        return value
    return _unsigned(account, key, row, value)


def _own_word(account: Account, key: KeySpec, signing: Signing) -> Live | None:
    """What a key says of itself; None where it is a key of another label."""
    config = signing.config
    if config is None:
        return None
    if config.uid != account.uid:
        message = f"its stored secret belongs to the account with the uid {config.uid}"
        return Unreadable("access_wrong_account", message)
    if config.key_label not in ("", key.label):
        return None
    if key.store is not None:
        account.has_secret(key, signing.api_key)
    try:
        return config.key_value(key.store)
    except VenueError as error:
        return unreadable(error)


async def _not_listed(account: Account, label: str) -> KeyRow | None:
    """A key that a create of ours was answered with, or whose secret is stored, read by its id: a list may be late, or
    lose a row once."""
    signing = account.signings.get(label, Signing())
    for api_key in dict.fromkeys((account.traces.created_last(label), signing.api_key)):
        if not api_key or (signing.gone and signing.api_key == api_key):  # the key itself says that it has gone
            continue
        row = await account.master.key(account.name, api_key)
        if row is not None and row.label == label:
            account.add_to_list(row)
            return row
    return None


def missing(account: Account, label: str) -> Live:
    """Absent, unless a row that could not be read is it, or may be it."""
    odd, of = _odd(account), "the venue's list of the account's keys has"
    if label in odd:
        return Unreadable("shape", f"{of} a row of this key that cannot be read, or two that contradict each other")
    if "" in odd:
        return Unreadable("shape", f"{of} a row that cannot be read, which may be this key")
    return ABSENT


def _odd(account: Account) -> frozenset[str]:
    return account.keys.odd if account.keys is not None else frozenset()


def _unsigned(account: Account, key: KeySpec, row: KeyRow, value: KeyValue) -> Live:
    """A key that is listed and whose stored secret did not sign: the ids tell whether it is that one's."""
    signing = account.signings.get(key.label, Signing())
    made, refused = account.traces.made.get(key.label, ""), signing.refused
    if made and row.api_key != made:
        return Lost(value, "it is to be replaced", ours=False)
    if row.api_key == (made or signing.api_key):
        if signing.own is not None:
            account.has_secret(key, row.api_key)
        return _silent(account, key, value, refused)
    if signing.illegible and not signing.api_key:  # whose secret it is, nobody can see here
        if account.address(FIELD, key.label) in account.replace:
            return Lost(value, "its stored secret cannot be opened", ours=False)
        return Unreadable("store", signing.illegible)
    if refused is not None and refused.code not in (*WRONG_SECRET, ONLY_ELSEWHERE) and not signing.gone:
        return _refused(account, key, refused)
    if running := account.traces.running(key.label):
        return Unreadable("running", f"a run is creating it right now: {running}")
    ours = _half_made(account, row)
    if ours:
        reason = "an earlier run was creating it and ended before its secret was stored"
    elif signing.illegible:
        reason = "the stored secret is another key's"
    elif refused is not None:
        reason = f"the stored secret does not sign ({refused.code})"
    elif signing.config is not None:
        reason = f'the stored secret belongs to the key "{signing.config.key_label}"'
    else:
        reason = f"it exists, and the store {key.store} holds no secret for it"
    return Lost(value, reason, ours)


def _refused(account: Account, key: KeySpec, refused: VenueError) -> Unreadable:
    """A stored secret that the venue does not take: why, and the way out where it is of the other environment."""
    if refused.code != OTHER_WORLD:
        return Unreadable(refused.code or "unreadable", refused.told)
    return Unreadable(OTHER_WORLD, other_world(account, key))


def other_world(account: Account, key: KeySpec) -> str:
    store, path = account.secret_at(key)
    return (
        f"the secret at {store}:{path} belongs to a key of another environment than this one ({account.environment}); "
        "give the connection of each environment its own name under `venues`, because secrets are stored under it, "
        "or keep them in different stores"
    )


def _silent(account: Account, key: KeySpec, value: KeyValue, refused: VenueError | None) -> Live:
    """The very key whose secret is stored, which did not sign: not yet, or not from here, is not lost."""
    if refused is None or refused.code == ONLY_ELSEWHERE or Signing(refused=refused).gone:
        return value
    if refused.code in WRONG_SECRET:
        return Lost(value, f"the stored secret does not sign ({refused.code})", ours=False)
    return _refused(account, key, refused)


def _half_made(account: Account, row: KeyRow) -> bool:
    changed_s = seconds(row.changed_ms)
    value = KeyValue(row.permissions, row.ip_allowlist, None)
    return account.traces.half_made(row.label, row.api_key, value, changed_s)
