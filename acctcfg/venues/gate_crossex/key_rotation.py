"""How the rotation of a sub-account's key is seen and done at Gate: names are free text, so a key goes by its id.

A key takes effect, and loses it, up to five minutes after the venue's answer: a new one is tried until it signs.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from acctcfg.core.desired import KeySpec
from acctcfg.core.diff import Change
from acctcfg.core.json_types import JsonObject
from acctcfg.core.remembered import Rotation
from acctcfg.core.secret import Credentials
from acctcfg.core.spelling import unix_seconds
from acctcfg.core.state import KeyValue, Live, Rotating
from acctcfg.errors import AuthRefused, Garbled, Refused
from acctcfg.venues.contract import Writer
from acctcfg.venues.gate_crossex.account import Account
from acctcfg.venues.gate_crossex.endpoints import CREATE_KEY, DELETE_KEY, MODIFY_KEY
from acctcfg.venues.gate_crossex.main_user import KeyRow, MainUser
from acctcfg.venues.key_rotation import as_made, begins, elsewhere, goes_on, stays, unstored
from acctcfg.venues.key_wishes import value_of
from acctcfg.venues.resources import alias
from acctcfg.venues.rotation_looks import lacks, lost_again
from acctcfg.wire.endpoint import Call, Param

__all__ = ["AccountKeys", "body_of", "half_made", "in_rotation", "keys_of", "mode_at"]

NOT_FOUND = "NOT_FOUND"
NOT_YET = "INVALID_KEY"
SIGNED = ("FORBIDDEN", "IP_FORBIDDEN")
"""A key that may not read its own account, or not from here: the first comes once its signature was found right."""


def body_of(label: str, value: KeyValue, mode: int | None) -> dict[str, Param]:
    """The whole key: what a request leaves out, the venue clears.

    `mode`: of the key as it is listed, or of the one that it takes the place of. It (classic or portfolio) can only be
    set at creation, and is in no manifest: a key for portfolio accounts stays one. One without a past gets the venue's.
    """
    perms = [word.partition(":") for word in value.permissions]
    made_for: dict[str, Param] = {} if mode is None else {"mode": mode}
    return {
        **made_for,
        "name": label,
        "perms": [{"name": group, "read_only": access == "read"} for group, _, access in perms],
        "ip_whitelist": list(value.ip_allowlist),
    }


def mode_of(row: KeyRow | None) -> int | None:
    """What a key was made for; None where no key is there, or its row does not say it."""
    return row.mode if row is not None else None


def mode_at(account: Account, row: KeyRow | None, label: str) -> int | None:
    """What the key of that label was made for, also where a replacement deleted it and was cut short."""
    begun = account.replaced(label) if row is None else None
    mode = begun.keeps.get("mode") if begun is not None else mode_of(row)
    return mode if isinstance(mode, int) else None


async def in_rotation(
    account: Account,
    key: KeySpec,
    stored: Callable[[Account, KeySpec, str], str],
    as_it_is: Callable[[], Awaitable[Live]],
) -> Live | None:
    """A key that is rotated, or whose rotation is not over; None for any other. `stored`: whose secret is kept."""
    address, begun = account.address("api_keys", key.label), account.rotations.get(key.label)
    if key.state == "absent":
        return await _at_its_end(account, key, begun) if begun is not None else None
    if begun is None and address not in account.rotate:
        return None
    if begun is None:
        value = value_of(found := await as_it_is())
        return found if value is None else Rotating(value, begins(account), adds=True)
    rows = await _rows_of(account, key.label, begun)
    if account.odd_keys & {"", key.label, begun.temporary}:
        raise Garbled("the venue's list of the account's keys has a row that cannot be read", code="shape")
    new, old = rows.get(begun.new), rows.get(begun.old)
    if new is not None and old is None and new.label == key.label:
        account.rotation_over(key.label)
        return await in_rotation(account, key, stored, as_it_is)  # another may be asked for
    left = new or old or next((row for row in rows.values() if row.label == begun.temporary), None)
    others = {row.api_key for row in rows.values() if row.label == key.label} - {begun.old, begun.new}
    if left is None or (others and new is None):
        account.rotation_over(key.label)  # both are gone, or somebody made another
        return await in_rotation(account, key, stored, as_it_is)
    if new is not None and stays(account, address, begun):
        here = stored(account, key, begun.new) == begun.new
        if here:
            store, path = account.moved.get(key.label) or (str(key.store), account.secret_path(key.label))
            account.keep(key.label, store, path, begun.new)
        if here or (old is not None and elsewhere(account, begun, key.store)):
            return KeyValue(new.permissions, new.ip_allowlist, key.store)
    adds = new is None or unstored(account, begun, key.store)
    row = old or left if adds else left  # the one that stays is the new one
    value = KeyValue(row.permissions, row.ip_allowlist, key.store)
    return Rotating(value, goes_on(account, address, begun, adds=adds), adds=adds)


async def _rows_of(account: Account, label: str, begun: Rotation) -> dict[str, KeyRow]:
    """The listed keys by id. A missing one is looked for twice: the new key, and an old one that would go unseen.

    An old key that this run deleted is known to be gone.
    """
    rows = {row.api_key: row for row in await account.key_list()}
    labels = {api_key: row.label for api_key, row in rows.items()}
    unseen = labels.get(begun.new) == label and begun.old not in {*labels, *account.deleted}
    if lacks(begun, labels) or unseen:
        await account.look_twice()
        rows = {row.api_key: row for row in account.keys or ()}
    return rows


async def _at_its_end(account: Account, key: KeySpec, begun: Rotation) -> Live | None:
    """A key that is to go where only the new one is left of it; None where a key still has the name, or none is."""
    rows = await account.key_list()
    if account.odd_keys & {"", begun.temporary}:
        raise Garbled("the venue's list of the account's keys has a row that cannot be read", code="shape")
    left = keys_of(account, key.label)
    if not left or any(row.label == key.label for row in rows):
        return None
    return KeyValue(left[0].permissions, left[0].ip_allowlist, key.store)


def keys_of(account: Account, label: str) -> tuple[KeyRow, ...]:
    """The listed keys that go where the key of that name does: it, and the new one of a rotation that is not over."""
    begun, rows = account.rotations.get(label), account.keys or ()
    found = [row for row in rows if row.label == label][:1]  # of two, neither is touched
    if begun is not None:
        beside = [row for row in rows if row.label == begun.temporary]
        found += [row for row in beside if row.api_key == begun.new or (not begun.new and half_made(account, row))]
    return tuple(found)


def half_made(account: Account, row: KeyRow) -> bool:
    """Whether that key is what is left of a creation of ours: by the venue's times of it, and what was sent.

    It was made then, and has not been changed since: an older key that somebody gave the same name and lists is theirs.
    """
    value = KeyValue(row.permissions, row.ip_allowlist, None)
    times = {unix_seconds(row.made_s or row.changed_s), unix_seconds(row.changed_s)}
    return all(account.traces.half_made(row.label, row.api_key, value, one) for one in times)


class Resource(Protocol):
    """What a rotation needs of the keys as a resource."""

    async def create(
        self,
        account: Account,
        change: Change,
        call: Call,
        writer: Writer,
        label: str = "",
        facts: JsonObject | None = None,
    ) -> None:
        """Create it and store its secret."""


class AccountKeys:
    """The keys of one account, as a rotation needs them."""

    def __init__(self, account: Account, resource: Resource) -> None:
        self.account, self.resource = account, resource

    async def _rows(self) -> dict[str, KeyRow]:
        return {row.api_key: row for row in await self.account.key_list(fresh=True)}

    async def listed(self) -> Mapping[str, str]:
        """The label of each listed key, by its id."""
        return {api_key: row.label for api_key, row in (await self._rows()).items()}

    def _old(self, label: str) -> KeyRow | None:
        return next((row for row in self.account.keys or () if row.label == label), None)

    def old(self, label: str) -> str:
        """The only one of that name, as the list showed it right before."""
        row = self._old(label)
        return row.api_key if row is not None else ""

    async def ours(self, label: str, api_key: str) -> bool:
        """By the venue's time of it, and what was sent."""
        rows = await self._rows()
        if api_key not in rows:
            raise lost_again(label)
        return half_made(self.account, rows[api_key])

    def keeps(self, change: Change) -> JsonObject:
        """What goes on record with the delete of a key that is replaced, since the new one gets it, too."""
        mode = mode_of(self._old(change.address.key))
        return {"mode": mode} if change.action == "replace" and mode is not None else {}

    async def make(self, change: Change, writer: Writer, label: str, facts: JsonObject) -> None:
        """Create a key with the wanted permissions and addresses, and the old one's mode."""
        assert isinstance(change.after, KeyValue)  # noqa: S101 (the diff made it)
        call = Call(CREATE_KEY, body_of(label, change.after, mode_of(self._old(change.address.key))))
        await self.resource.create(self.account, change, call, writer, label, facts)

    async def signs(self, credentials: Credentials, label: str) -> bool:
        """By its own account, or a refusal that only follows a right signature; the list must have it besides."""
        account = self.account
        try:
            uid = await MainUser(account.main_user.client, credentials, alias(credentials.api_key)).uid()
        except AuthRefused as error:
            if error.code == NOT_YET:
                return False
            if error.code not in SIGNED:
                raise
            uid = account.uid
        if uid != account.uid:
            raise Garbled(f"its new key signs for the uid {uid}", code="wrong_key")
        return (await self.listed()).get(credentials.api_key) == label

    def take_up(self, label: str, old: str) -> None:
        """Nothing is signed with a sub-account's key."""

    async def delete(self, change: Change, writer: Writer, api_key: str) -> None:
        """One that is gone by now is as good."""
        call = Call(DELETE_KEY, at={"user_id": self.account.uid, "key": api_key})
        try:
            await self.account.send(call, change, writer, deletes=api_key)
        except Refused as error:
            if error.code != NOT_FOUND:
                raise
        self.account.deleted.add(api_key)

    async def rename(self, change: Change, writer: Writer, api_key: str) -> None:
        """The whole key is sent back under its own name: what a request leaves out, the venue clears.

        As it is, or with what the manifest says by now, if that is not what it was made with.
        """
        account, label, after = self.account, change.address.key, change.after
        assert isinstance(after, KeyValue)  # noqa: S101 (the diff made it)
        row = await account.main_user.key(account.uid, api_key)
        value = KeyValue(row.permissions, row.ip_allowlist, None) if as_made(change) else after
        call = Call(MODIFY_KEY, body_of(label, value, mode_of(row)), at={"user_id": account.uid, "key": api_key})
        await account.send(call, change, writer, renames={"api_key": api_key, "label": label})
