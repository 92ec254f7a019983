"""API keys as every venue has them: what a manifest's entry makes of the live key, and what stands in its way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from typing import Protocol

from acctcfg.core.address import Address
from acctcfg.core.built_in import powers
from acctcfg.core.desired import AccountSpec, KeySpec
from acctcfg.core.plan import Precheck
from acctcfg.core.remembered import Replaced
from acctcfg.core.rules import AmountsTo
from acctcfg.core.state import ABSENT, KeyValue, Live, Lost, Rotating, Unreadable, Wanted
from acctcfg.errors import VenueError
from acctcfg.venues.contract import Memory, SecretDoor, Survey
from acctcfg.venues.resources import unreadable

__all__ = [
    "IMPORT",
    "judge",
    "legible",
    "limit_of_keys",
    "makes_key",
    "moved",
    "name_strangers",
    "settled",
    "taken_place",
    "unbound",
    "value_of",
    "wished",
]

IMPORT = "import its secret with `acctcfg secrets import {account} {label}`, or allow `--replace {address}`"


def value_of(found: Live) -> KeyValue | None:
    """The key that is there, of use or not; None where none is, or nobody could read it."""
    if isinstance(found, Lost | Rotating):
        return found.value
    return found if isinstance(found, KeyValue) else None


def wished(account: _Looks, key: KeySpec, found: Live, *, always: Collection[str] = ()) -> Wanted:
    """The key as it is to become: what the manifest leaves out stays as it is. `always`: what every key can do.

    A replacement deletes the present key first. Where it ended then, what that key had is as it was to become.
    """
    if key.state == "absent":
        return ABSENT
    begun = account.replaced(key.label) if found is ABSENT else None
    live = begun.becomes if begun is not None else value_of(found)
    permissions, addresses = key.permissions, key.ip_allowlist
    if permissions is not None:
        permissions = tuple(sorted({*always, *permissions}))
    elif live is not None:
        permissions = live.permissions
    if addresses is None:
        addresses = live.ip_allowlist if live else ()
    return KeyValue(permissions or (), addresses, key.store)


async def settled(account: _Looks, key: KeySpec, find: Callable[[], Awaitable[Live]]) -> Live:
    """What `find` shows of a key, absent only after a second look, where nothing would look again.

    A key that would be made is looked for right before it is. One that is to go, that is rotated, or that the manifest
    takes for there (it has no `store`), is not: one list that lost its row would decide. One that a run of ours deleted
    was looked for twice then.
    """
    found, rotates = await find(), Address(account.spec.key, "api_keys", key.label) in account.rotate
    goes = key.state == "absent" and not account.memory.gone(account.name, key.label)
    if found is not ABSENT or not (goes or (key.state == "present" and (key.store is None or rotates))):
        return found
    try:
        await account.look_twice()
    except VenueError as error:
        return unreadable(error)
    return await find()


def legible(key: KeySpec, found: Live, unknown: Callable[[Collection[str]], list[str]]) -> Live:
    """The live key, or why its permissions cannot be compared: a word that is new to us is never dropped unseen.

    `unknown` picks such words. Where the manifest leaves the permissions to the venue, they are left to it.
    """
    live = value_of(found)
    words = unknown(live.permissions) if live is not None else []
    if not words or key.state == "absent" or key.permissions is None:
        return found
    message = (
        f"it has the permission {', '.join(words)} at the venue, which this version does not know; "
        "leave `permissions` out to keep what it has"
    )
    return Unreadable("unknown_permission", message)


def judge(
    survey: Survey,
    key: KeySpec,
    address: Address,
    secrets: SecretDoor,
    *,
    replace: Collection[Address],
    not_given: Callable[[Collection[str]], list[str]],
) -> None:
    """Block what the manifest, the store or the user has still to say before a key is made or replaced.

    `not_given` picks the permissions that the venue may refuse to a new key.
    """
    if key.state == "absent":
        return
    found = survey.live[address]
    if (isinstance(found, Lost) and not found.ours) or (isinstance(found, KeyValue) and address in replace):
        _keep_what_cannot_be_made(survey, key, address, not_given)
    if isinstance(found, Lost) and not found.ours:
        way_out = IMPORT.format(account=survey.spec.key, label=key.label, address=address)
        if key.store is not None and not secrets.writable(key.store):
            why = f"the store {key.store} {secrets.why_read_only(key.store)}"
            way_out = f"{why}: set its secret there yourself, or give the key a store that can be written"
        survey.block(address, "secret_lost", f"{found.reason}; {way_out}")
    wanted = survey.desired[address]
    if found is ABSENT and key.permissions is None and not (isinstance(wanted, KeyValue) and wanted.permissions):
        survey.block(address, "permissions_required", "a new key needs `permissions`")
    if found is ABSENT or isinstance(found, Lost | Rotating) or address in replace:
        if key.store is None:
            survey.block(address, "store_required", "a new key needs a `store` for its secret")
        elif not secrets.writable(key.store):
            survey.block(address, "store_read_only", f"the store {key.store} {secrets.why_read_only(key.store)}")


def _keep_what_cannot_be_made(
    survey: Survey, key: KeySpec, address: Address, not_given: Callable[[Collection[str]], list[str]]
) -> None:
    """Block a replacement whose new key the venue may refuse: the present one would be gone by then."""
    wanted = survey.desired[address]
    words = not_given(wanted.permissions) if isinstance(wanted, KeyValue) else []
    if words:
        detail = (
            f"the venue may refuse {', '.join(words)} to a new key, and a replacement deletes the present one first: "
            f"leave that out of `permissions`, or make the new key first: acctcfg rotate {survey.spec.key} {key.label}"
        )
        survey.block(address, "permissions_given", detail)


def moved(lies: str, wanted: str, *, taken: bool) -> str:
    """Of a secret that lies where an earlier manifest had it. `taken`: another key's lies where this one has it."""
    way = "move the file"
    if taken:
        way = "another key's secret lies there: move that one away first, for no file may be overwritten"
    return f"its secret lies at {lies}, where the journal recorded it; the manifest would have it at {wanted}: {way}"


def taken_place(place: str, uid: str) -> str:
    """Of a place in a store that a new secret would go to, where the secret of another, living key lies."""
    whose = f"of a key of the account with the uid {uid}" if uid else "of another key, which exists at the venue"
    return f"{place} holds the secret {whose}: move that file to where it belongs"


class _Looks(Protocol):
    """An account whose keys a list shows."""

    spec: AccountSpec
    rotate: frozenset[Address]
    memory: Memory

    @property
    def name(self) -> str: ...

    def replaced(self, label: str) -> Replaced | None:
        """The key of that label, if a replacement of it ended before the secret of a new one was stored."""

    async def look_twice(self) -> None:
        """Add what the list shows some seconds later."""


class _Listed(Protocol):
    """A key of a venue's list."""

    @property
    def label(self) -> str: ...
    @property
    def permissions(self) -> tuple[str, ...]: ...
    @property
    def ip_allowlist(self) -> tuple[str, ...]: ...


def name_strangers(survey: Survey, rows: Iterable[_Listed], odd: Collection[str]) -> None:
    """Warn of listed keys that the manifest does not name; where it is to name all, those are a matter of its own.

    `odd`: labels of rows that could not be read, "" for one without a label.
    """
    spec = survey.spec
    named = {key.label for key in spec.api_keys}
    for label in sorted(set(odd) - named):
        address = Address(spec.key, "api_keys", label)
        message = "a key that the manifest does not name; its row in the venue's list cannot be read"
        if spec.api_keys_exclusive:
            survey.cannot_read(address, "shape", message)
        else:
            survey.warn(address, "unknown_key", message)
    for row in sorted(rows, key=lambda one: one.label):
        if row.label not in named and not spec.api_keys_exclusive:
            what = f"{', '.join(row.permissions) or 'no permissions'} · {', '.join(row.ip_allowlist) or 'any address'}"
            message = f"a key that the manifest does not name ({what})"
            survey.warn(Address(spec.key, "api_keys", row.label), "unknown_key", message)


def unbound(survey: Survey, address: Address, environment: str, amounts_to: AmountsTo = str, *, what: str = "") -> None:
    """Warn of a live key that can do something from any address. `what` the venue does to such keys, in words."""
    wanted = survey.desired.get(address)
    if environment != "live" or not isinstance(wanted, KeyValue) or wanted.ip_allowlist:
        return
    if powers(wanted.permissions, amounts_to):
        survey.warn(address, "unbound_key", f"it works from any address{what}; `ip_allowlist` binds it")


def makes_key(found: Live, *, replaced: bool) -> bool:
    """Whether what leads from there makes a key: also in the place of one that goes first, or beside one."""
    return replaced or isinstance(found, Lost) or _adds(found)


def _adds(found: Live) -> bool:
    """Whether what leads from there makes a key that was not there."""
    return found is ABSENT or (isinstance(found, Rotating) and found.adds)


def limit_of_keys(
    survey: Survey, live: Sequence[str], most: int, outlasts: Callable[[Address], bool], *, sure: int | None = None
) -> None:
    """Block new keys that the venue would refuse for their number. `live`: the labels of all that are there.

    Keys that go are deleted last, so all that is there counts. Rotations go one after the other: those whose old key
    does not outlast the run (`outlasts`) take one place between them. `sure`: from there on the venue may refuse, for
    its documents disagree.
    """
    keys = sorted((one for one in survey.desired if one.field == "api_keys"), key=str)
    made = [one for one in keys if survey.desired[one] is not ABSENT and _adds(survey.live[one])]
    lasting = [one for one in made if not isinstance(survey.live[one], Rotating) or outlasts(one)]
    room = {address: len(live) + number for number, address in enumerate(lasting, 1)}
    passing = {address: len(live) + len(lasting) + 1 for address in made if address not in room}
    needed = max((*room.values(), *passing.values()), default=0)
    goes = next((one for one in keys if survey.desired[one] is ABSENT and one.key in live), None)
    first = f"; keys are deleted last, so delete first what is to go (--target {goes})" if goes else ""
    for address, number in (room | passing).items():
        detail = f"{survey.spec.name} would have {needed} keys, and the venue takes at most"
        if number > most:
            survey.block(address, "key_limit", f"{detail} {most}{first}")
        elif sure is not None and number > sure:
            said = f"{detail} {sure} or {most}: its documents name both{first}"
            survey.blocks.setdefault(address, []).append(Precheck("key_limit", "venue", said))
