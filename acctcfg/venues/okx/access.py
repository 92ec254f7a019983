"""Which key signs as an account, and the proof that it is that account's. Source: the design of `access`.

A key is used for nothing before the config read with it shows the uid that the broker's list has under the account's
name: a key stored under the wrong name would set up somebody else's account.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from acctcfg.core.address import Address
from acctcfg.core.desired import AccessSource, KeySpec
from acctcfg.core.outcome import NOT_YET
from acctcfg.core.remembered import StoredKey
from acctcfg.core.state import ABSENT, KeyValue, Lost, Rotating, Unreadable
from acctcfg.errors import AcctcfgError, ConfigError, StoreError, VenueError, exhausted
from acctcfg.venues.okx.account import ONLY_ELSEWHERE, Account, Signing, not_yet
from acctcfg.wire.shared import at_once

__all__ = [
    "ask_key",
    "demand_writer",
    "find_access",
    "look_where_it_lay",
    "settle_access",
    "signs_unlisted",
    "try_stored_keys",
]

WAY_BACK = (
    "Put the identity in its place; if it is lost, make a new one (`acctcfg secrets identity`) and new keys "
    "(`apply --replace ADDRESS`): what nobody can open is moved aside"
)


async def try_stored_keys(account: Account) -> None:
    """Let every key of the manifest that has a stored secret answer for itself; a config read each."""
    keys = [key for key in account.spec.api_keys if key.store is not None and key.state == "present"]
    answers = await at_once([ask_key(account, key) for key in keys])
    account.signings.update({key.label: answer for key, answer in zip(keys, answers, strict=True)})


async def ask_key(account: Account, key: KeySpec, place: tuple[str, str] | None = None) -> Signing:
    """How the key whose secret is stored answers for itself; why not, where that secret cannot be opened."""
    store, path = place or account.secret_at(key)
    try:
        stored = account.secrets.get(store, path)
    except (StoreError, ConfigError) as error:
        return Signing(
            illegible=error.told if exhausted(error) else error.message,
            way_out=_way_out(error),
            api_key=account.traces.stored_at(key.label, store, path),
        )
    return await account.try_key(stored)


def _way_out(error: AcctcfgError) -> str:
    """What to do about a secret that cannot be opened. New keys are advised only where the identity may be lost: a
    helper that refuses, a file that may not be read or was cut, a hardware key that nobody touched are mended."""
    if isinstance(error, StoreError) and error.identity_missing:
        return f". {WAY_BACK}"
    return f" ({error.hint})" if error.hint and not exhausted(error) else ""


async def look_where_it_lay(account: Account) -> None:
    """Once the uid is known: the secrets that are not where the manifest would have them, but where the journal says.

    An account or a connection that got another key in the manifest is the same one at the venue; where the manifest
    would have its secret, another key's may lie.
    """
    for key in account.spec.api_keys:
        signing = account.signings.get(key.label)
        if signing is None or account.fits(key, signing):
            continue
        own = account.secret_at(key)
        if signing.illegible and not signing.api_key:
            signing.api_key = account.traces.stored_at(key.label, *own)
        found = await _elsewhere(account, key, own)
        if found is not None:
            if signing.own is not None or signing.illegible:
                account.taken[key.label] = signing
            account.moved[key.label], account.signings[key.label] = found


async def _elsewhere(account: Account, key: KeySpec, own: tuple[str, str]) -> tuple[tuple[str, str], Signing] | None:
    """The place that the journal recorded for the key, and how the secret there answers; one that signs goes first."""
    first = None
    for one in account.other_places(key.label, key.store):
        place = one.store, one.path
        if place == own:
            continue
        found = await ask_key(account, key, place)
        if account.fits(key, found):
            return place, found
        if first is None and (found.illegible or (found.own is not None and one.api_key in ("", found.api_key))):
            first = place, found
    return first


def signs_unlisted(account: Account) -> bool:
    """Whether a stored key is alive though the venue lists no such account; that is then said.

    Either the list lost a row or the secret is another account's: neither is a reason to create an account.
    """
    for label, signing in sorted(account.signings.items()) if account.row is None else ():
        elsewhere = signing.refused is not None and signing.refused.code == ONLY_ELSEWHERE
        if signing.config is None and not elsewhere:
            continue
        whose = f"belongs to the account with the uid {signing.config.uid}" if signing.config else "exists at the venue"
        message = (
            f"the key whose secret is stored as {label} of {account.spec.key} {whose}, and the venue lists no "
            f"{account.name}: its list lost a row, or the secret is another account's. It is not created: "
            "correct `name`, or move the secret to where it belongs"
        )
        account.survey.cannot_read(account.address(), "access_wrong_account", message)
        return True
    return False


@dataclass(frozen=True, slots=True)
class _Side:
    """The key that reads, or writes: its answer, or the step that makes it."""

    signing: Signing | None = None
    label: str = ""
    after: Address | None = None


async def find_access(account: Account, *, needed: bool) -> bool:
    """Settle who reads and writes, or which step they wait for. False where a key signs for another account.

    `needed`: something is read or written as the account in this run; else a key that the manifest does not name is
    left alone, and none is demanded.
    """
    spec = account.spec
    if account.row is None and not account.main and (strange := _of_another(account)):
        return _belongs(account, strange, needed=needed)
    if account.main:
        own = account.signing_with(account.master.credentials)
        account.sign_with(reader=own, writer=own)
        return True
    access = spec.access
    write = access.write if access else None
    read = access.read if access else None
    writing = await _named(account, write) if write is not None else await _default(account, needed=needed)
    reading = await _named(account, read) if read is not None and read != write else writing
    account.access_label, account.read_label = writing.label, reading.label
    account.access_from = _place(account, writing) or account.access_from
    for side in (writing,) if reading is writing else (writing, reading):
        if not _belongs(account, side, needed=needed):
            return False
    reader, writer = (side.signing.own if side.signing and side.signing.config else None for side in (reading, writing))
    account.sign_with(reader=reader, writer=writer)
    account.config = reading.signing.config if reading.signing else None
    account.access_after = reading.after if reader is None else None
    waiting = ((reader, reading.after), (writer, writing.after))
    account.waits_for = frozenset(after for own, after in waiting if own is None and after is not None)
    if writer is None and writing.signing is not None and writing.signing.illegible:
        account.write_lack = writing.signing.illegible
    return True


def _of_another(account: Account) -> _Side | None:
    """A stored secret that signs, though the venue has no such account: it is somebody else's."""
    return next((_Side(one, label) for label, one in account.signings.items() if one.config is not None), None)


def _place(account: Account, side: _Side) -> tuple[str, str, str] | None:
    key = next((key for key in account.spec.api_keys if key.label == side.label), None)
    if key is None or side.signing is None or side.signing.config is None:
        return None
    store, path = account.secret_at(key)
    return store, path, key.label


async def _default(account: Account, *, needed: bool) -> _Side:
    if not account.manages:
        return _Side()
    candidates = account.candidates()
    for key in candidates:
        signing = account.signings.get(key.label, Signing())
        if signing.config is not None:
            return _Side(signing, key.label)
    if account.spec.state == "absent":
        return await _whoever_signs(account)
    if candidates:
        first = candidates[0]
        return _Side(account.signings.get(first.label), first.label, account.address("api_keys", first.label))
    return await _last_that_signed(account) if needed else _Side()


async def _last_that_signed(account: Account) -> _Side:
    """A key that the manifest no longer names, as the journal remembers it."""
    last = account.memory.last_access(account.uid) if account.uid else None
    signing = await _recorded(account, last) if last is not None else None
    if last is None or signing is None:
        return _Side()
    account.access_from = (last.store, last.path, last.label)
    return _Side(signing if signing.config is not None else None, last.label)


async def _recorded(account: Account, one: StoredKey) -> Signing | None:
    """How the key whose secret the journal knows to lie there answers; None where it cannot be opened."""
    try:
        stored = account.secrets.get(one.store, one.path)
    except (StoreError, ConfigError):
        return None
    return await account.try_key(stored)


async def _whoever_signs(account: Account) -> _Side:
    """For an account that is to be deleted: it is only read, so any of its keys will do.

    The manifest's, then the one that signed last, then whatever else the journal recorded. One that is another
    account's is said where none is its own.
    """
    for key in account.spec.api_keys:
        signing = account.signings.get(key.label)
        if signing is not None and account.fits(key, signing):
            return _Side(signing, key.label)
    last, strange = account.memory.last_access(account.uid) if account.uid else None, _Side()
    tried = {account.secret_at(key) for key in account.spec.api_keys if key.label in account.signings}
    for one in (*((last,) if last is not None else ()), *account.traces.stored()):
        if (one.store, one.path) in tried:
            continue
        tried.add((one.store, one.path))
        signing = await _recorded(account, one)
        if signing is None or signing.config is None:
            continue
        if signing.config.uid == account.uid:
            account.access_from = (one.store, one.path, one.label)
            return _Side(signing, one.label)
        strange = _Side(signing, one.label)
    return strange


async def _named(account: Account, source: AccessSource) -> _Side:
    """The key that `access` names: one of the manifest's by label, or credentials from elsewhere."""
    label, credentials = source.get("key"), source.get("credentials")
    if not isinstance(label, str) or len(source) > 1:  # {"store": NAME, "key": PATH} names no label
        plain = credentials if isinstance(credentials, Mapping) else source
        try:
            stored = account.secrets.load(plain)
        except (StoreError, ConfigError) as error:
            if exhausted(error):
                raise
            return _Side(Signing(refused=VenueError(error.told, code="no_credentials")))
        return _Side(await account.try_key(stored))
    return _Side(account.signings.get(label), label, account.address("api_keys", label))


def _belongs(account: Account, side: _Side, *, needed: bool) -> bool:
    """Whether the key's account is the one of that name; says so where it is not."""
    signing = side.signing
    if signing is None or (signing.config is None and side.after is not None):
        return True  # a key of the manifest that does not sign is its own address's matter
    if signing.config is None:
        error = signing.refused
        if error is not None and needed:
            account.survey.cannot_read(account.address(), error.code or "access", error.told)
        return error is None or not needed
    if signing.config.uid == account.uid:
        return True
    account.survey.cannot_read(
        account.address(),
        "access_wrong_account",
        f"the key that signs as {account.spec.key} belongs to the account with the uid {signing.config.uid}; "
        f"the venue lists {account.name} with the uid {account.uid or '(no such account)'}. "
        "Nothing was done with it: put the right secret in its place",
    )
    return False


def settle_access(account: Account, replace: Collection[Address], fields: Sequence[str]) -> None:
    """Where the access waits for a key that no step of this plan makes, what it reads cannot be read."""
    if account.reader is not None:
        return
    waits = account.access_after
    if waits is not None and (account.row is None or _made(account, waits, replace)):
        return
    account.access_after = None
    signing = account.signings.get(account.read_label, Signing())
    if fields and signing.illegible:  # one cause: the same words for every account whose secrets it keeps shut
        message = f"{' and '.join(fields)} could not be read: {signing.illegible}{signing.way_out}"
        account.survey.cannot_read(account.address(), "store", message)
        return
    code, message = _why_unread(account, signing)
    for name in fields:
        account.survey.cannot_read(account.address(name), code, message)


def _why_unread(account: Account, signing: Signing) -> tuple[str, str]:
    """Why nobody signs for the account: a key that is listed and takes effect later is neither wrong nor lost."""
    refused, label = signing.refused, account.read_label
    if refused is None:
        return "no_access", "no key of the manifest signs for it (a key with trade and a store)"
    if signing.gone and isinstance(account.survey.live.get(account.address("api_keys", label)), KeyValue):
        return NOT_YET, not_yet(label)
    return refused.code or "no_access", refused.told


def _made(account: Account, address: Address, replace: Collection[Address]) -> bool:
    """Whether a step of this plan makes that key, or makes it sign from here: no change opens what is shut here."""
    desired, live = account.survey.desired, account.survey.live
    if address not in desired or desired[address] is ABSENT or isinstance(live[address], Unreadable):
        return False
    if _makes(live[address], address in replace) or isinstance(live[address], Rotating):
        return True
    shut = account.signings.get(address.key, Signing()).illegible
    return desired[address] != live[address] and not shut


def demand_writer(account: Account, replace: Collection[Address]) -> None:
    """What differs is shown and cannot be set where no key that writes is there, nor will be, nor opens here."""
    survey = account.survey
    own = [address for address in survey.desired if address.field in account.own]
    for waits in account.waits_for if account.manages else ():
        made = account.row is None or _made(account, waits, replace)
        new = _makes(survey.live.get(waits), waits in replace)
        wanted = survey.desired.get(waits)
        if made and new and isinstance(wanted, KeyValue) and wanted.store is not None:
            _cannot_sign(account, [waits], wanted.store, account.secrets.why_not_readable_here(wanted.store))
    if account.writer is not None or (account.reader is None and account.access_after is None):
        return
    writing = account.address("api_keys", account.access_label)
    if writing in account.waits_for and _made(account, writing, replace):
        return
    if account.write_lack:
        store = next((str(key.store) for key in account.spec.api_keys if key.label == account.access_label), "")
        _cannot_sign(
            account, [one for one in own if survey.desired[one] != survey.live[one]], store, account.write_lack
        )
        return
    for address in own:
        detail = "`access` names a key that reads and none that writes (nor is there one with trade and a store)"
        survey.block(address, "no_credentials", detail)


def _makes(found: object, replaced: bool) -> bool:
    """Whether a step that leads from there makes a new key."""
    return replaced or found is ABSENT or isinstance(found, Lost)


def _cannot_sign(account: Account, addresses: Sequence[Address], store: str, why: str) -> None:
    if why and addresses:
        message = f"{why}. So this process cannot sign with what it holds: apply refuses before its first write"
        account.survey.unsigned.update(dict.fromkeys(addresses, why))
        account.survey.warn(f"secret_stores.{store}", "cannot_sign_here", message)
