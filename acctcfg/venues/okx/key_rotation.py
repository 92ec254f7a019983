"""How the rotation of a sub-account's key is seen and done at OKX: labels are unique, and a key can get another one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from acctcfg.core.desired import KeySpec
from acctcfg.core.diff import Change
from acctcfg.core.json_types import JsonObject
from acctcfg.core.remembered import Rotation
from acctcfg.core.secret import Credentials
from acctcfg.core.state import KeyValue, Live, Rotating
from acctcfg.errors import Garbled, Refused
from acctcfg.venues.contract import Writer
from acctcfg.venues.key_rotation import begins, elsewhere, goes_on, stands, stays, unstored
from acctcfg.venues.key_wishes import value_of
from acctcfg.venues.okx.account import NEW_KEY_CODES, ONLY_ELSEWHERE, Account, Signing
from acctcfg.venues.okx.listed import KeyRow, seconds
from acctcfg.venues.rotation_looks import lacks, lost_again
from acctcfg.wire.endpoint import Call

__all__ = ["AccountKeys", "in_rotation", "keys_of"]

NO_SUCH_KEY = "59506"


async def in_rotation(account: Account, key: KeySpec, as_it_is: Callable[[], Awaitable[Live]]) -> Live | None:
    """A key that is rotated, or whose rotation is not over; None for any other."""
    address, signing = account.address("api_keys", key.label), account.signings.get(key.label, Signing())
    begun, config = account.rotations.get(key.label), signing.config
    if key.state == "absent":
        return await _at_its_end(account, key, begun) if begun is not None else None
    if begun is None and address not in account.rotate:
        return None
    if begun is None:
        if not account.survey.read_at:  # a plan's look: how many there are decides whether a further one can be made
            await account.key_list()
        value = value_of(found := await as_it_is())
        return found if value is None else Rotating(value, begins(account), adds=True)
    if config is not None and config.uid == account.uid and signing.api_key == begun.new:
        if config.key_label == key.label:
            account.rotation_over(key.label)
            return await in_rotation(account, key, as_it_is)  # another may be asked for
        if stays(account, address, begun):
            account.has_secret(key, signing.api_key)
            return config.key_value(key.store)
    rows = await account.key_list()
    if lacks(begun, {row.api_key: row.label for row in rows.values()}):
        await account.look_twice()
        rows = await account.key_list()
    if account.keys is not None and account.keys.odd & {"", key.label, begun.temporary}:
        raise Garbled("the venue's list of the account's keys has a row that cannot be read", code="shape")
    ids = {row.api_key for row in rows.values()}
    if stays(account, address, begun) and (made := _beside(account, key, begun, rows, signing)) is not None:
        return KeyValue(made.permissions, made.ip_allowlist, key.store)
    row = rows.get(key.label) or rows.get(begun.temporary)
    over = row is not None and row.label == key.label and row.api_key == begun.new and begun.old not in ids
    if over or row is None or (begun.new not in ids and row.api_key != begun.old and row.label == key.label):
        account.rotation_over(key.label)  # or both are gone, or somebody made another
        return await in_rotation(account, key, as_it_is)
    adds = begun.new not in ids or unstored(account, begun, key.store)
    if not adds:
        row = next(one for one in rows.values() if one.api_key == begun.new)  # the one that stays
    value = KeyValue(row.permissions, row.ip_allowlist, key.store)
    return Rotating(value, goes_on(account, address, begun, adds=adds), adds=adds)


def _beside(
    account: Account, key: KeySpec, begun: Rotation, rows: Mapping[str, KeyRow], signing: Signing
) -> KeyRow | None:
    """The new key in an overlap that lasts, where its secret cannot be tried from here: it is in its place and bound to
    other addresses, or in that of another checkout.

    The venue's list has it, and a run would do nothing before the end. A secret that is wrong is told as that.
    """
    made = next((row for row in rows.values() if row.api_key == begun.new), None)
    old = any(row.api_key == begun.old for row in rows.values())
    if made is None or not old:
        return None
    if signing.api_key != begun.new:
        return made if elsewhere(account, begun, key.store) else None
    if signing.config is not None:
        return None
    refused = signing.refused
    if refused is not None and refused.code != ONLY_ELSEWHERE and not signing.gone:
        raise refused
    return made


async def _at_its_end(account: Account, key: KeySpec, begun: Rotation) -> Live | None:
    """A key that is to go where only the new one is left of it; None where a key still has the label, or none is."""
    rows = await account.key_list()
    if account.keys is not None and account.keys.odd & {"", begun.temporary}:
        raise Garbled("the venue's list of the account's keys has a row that cannot be read", code="shape")
    left = keys_of(account, key.label)
    if not left or key.label in rows:
        return None
    return KeyValue(left[0].permissions, left[0].ip_allowlist, key.store)


def keys_of(account: Account, label: str) -> tuple[KeyRow, ...]:
    """The listed keys that go where the key of that label does: it, and the new one of a rotation that is not over."""
    rows = account.keys.rows if account.keys is not None else {}
    begun, found = account.rotations.get(label), [rows[label]] if label in rows else []
    beside = rows.get(begun.temporary) if begun is not None else None
    if begun is not None and beside is not None and beside.api_key == (begun.new or beside.api_key):
        found += [beside] if begun.new or _half_made(account, beside) else []
    return tuple(found)


def _half_made(account: Account, row: KeyRow) -> bool:
    """By the venue's time of it, and what was sent."""
    value = KeyValue(row.permissions, row.ip_allowlist, None)
    return account.traces.half_made(row.label, row.api_key, value, seconds(row.changed_ms))


class Resource(Protocol):
    """What a rotation needs of the keys as a resource."""

    def api_key(self, account: Account, label: str) -> str:
        """The id of the key of that label, as far as it was read."""

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

    def take_up(self, account: Account, key: KeySpec, signing: Signing) -> None:
        """Sign with it where the account waits for it."""


class AccountKeys:
    """The keys of one account, as a rotation needs them."""

    def __init__(self, account: Account, resource: Resource) -> None:
        self.account, self.resource = account, resource
        self.proven: Signing | None = None

    async def listed(self) -> Mapping[str, str]:
        """The label of each listed key, by its id."""
        return {row.api_key: row.label for row in (await self.account.key_list(fresh=True)).values()}

    def old(self, label: str) -> str:
        """From the list of the plan, or from what the key's own secret said."""
        return self.resource.api_key(self.account, label)

    async def ours(self, label: str, api_key: str) -> bool:  # noqa: ARG002 (labels tell here)
        """By the venue's time of it, and what was sent."""
        rows = await self.account.key_list()
        if label not in rows:
            raise lost_again(label)
        return _half_made(self.account, rows[label])

    async def make(self, change: Change, writer: Writer, label: str, facts: JsonObject) -> None:
        """Create a key with the wanted permissions and addresses."""
        assert isinstance(change.after, KeyValue)  # noqa: S101 (the diff made it)
        call = self.account.master.calls.keys.create(self.account.name, label, change.after)
        await self.resource.create(self.account, change, call, writer, label, facts)

    async def signs(self, credentials: Credentials, label: str) -> bool:
        """By its own config. One that is bound to other addresses than ours cannot be tried: the list must have it."""
        self.proven = signing = await self.account.try_key(credentials)
        config, refused = signing.config, signing.refused
        if config is not None:
            if config.uid != self.account.uid or config.key_label not in ("", label):
                raise Garbled(f"its new key signs as {config.key_label} of the uid {config.uid}", code="wrong_key")
            return True
        if refused is not None and refused.code == ONLY_ELSEWHERE:
            return credentials.api_key in await self.listed()
        if refused is not None and refused.code not in NEW_KEY_CODES:
            raise refused
        return False

    def take_up(self, label: str, old: str) -> None:
        """With what the new key said of itself, now or in the survey."""
        account = self.account
        account.lay_down(label, old)
        if self.proven is not None:
            account.signings[label] = self.proven
        key = next(one for one in account.spec.api_keys if one.label == label)
        self.resource.take_up(account, key, account.signings.get(label, Signing()))

    async def delete(self, change: Change, writer: Writer, api_key: str) -> None:
        """One that is gone by now is as good."""
        call = self.account.master.calls.keys.delete(self.account.name, api_key)
        try:
            await self.account.send(call, change, writer, deletes=api_key)
        except Refused as error:
            if error.code != NO_SUCH_KEY:
                raise

    async def rename(self, change: Change, writer: Writer, api_key: str) -> None:
        """Give the key another label, and what the manifest says by now, if that is not what it was made with."""
        label, after = change.address.key, change.after
        assert isinstance(after, KeyValue)  # noqa: S101 (the diff made it)
        call = self.account.master.calls.keys.rename(self.account.name, api_key, label, stands(change), after)
        await self.account.send(call, change, writer, renames={"api_key": api_key, "label": label})
