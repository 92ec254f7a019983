"""API keys of a sub-account: created, changed and deleted by the main user. Source: Gate API v4, sub-account keys.

A change replaces the whole key: what it leaves out, the venue clears. So the key is read right before, must still be
what the plan saw, and is sent back whole. Its name is free text that two keys may share: then nothing can tell which
is meant, and neither is touched. A secret exists once, in the answer that creates the key. Changes may need up to five
minutes to take effect, though lists show them at once.
"""

from __future__ import annotations

from collections.abc import Sequence

from acctcfg.core.address import Address, Focus
from acctcfg.core.desired import KeySpec
from acctcfg.core.diff import Change
from acctcfg.core.state import ABSENT, After, KeyValue, Live, Lost, Unreadable
from acctcfg.errors import AcctcfgError, Garbled, Refused, StoreError, VenueError
from acctcfg.venues.contract import SEEN_TWICE, Cost, Writer
from acctcfg.venues.gate_crossex.account import Account, unreadable
from acctcfg.venues.gate_crossex.endpoints import CREATE_KEY, DELETE_KEY, KEY, KEYS, MODIFY_KEY
from acctcfg.venues.gate_crossex.main_user import KeyRow
from acctcfg.wire.endpoint import JSON, Call

__all__ = ["ApiKeys"]

FIELD = "api_keys"
_IMPORT = "import its secret with `acctcfg secrets import {account} {label}`, or allow `--replace {address}`"


class ApiKeys:
    """The keys of one sub-account."""

    field = FIELD
    gated = False
    absence = SEEN_TWICE  # names are free text: the venue makes a second key of one name
    together = ""

    # -- reading -------------------------------------------------------------------------------------------------------

    async def survey(self, account: Account, focus: Focus, replace: frozenset[Address]) -> None:
        """Both sides of every key that the manifest names, and of the others where it says that it names all."""
        spec = account.spec
        named = {key.label for key in spec.api_keys}
        for key in spec.api_keys:
            address = account.address(FIELD, key.label)
            if focus.wants(address):
                found = await self._found(account, key)
                account.survey.want(address, ABSENT if key.state == "absent" else _wanted(key), found)
                self._judge(account, key, found, replace)
        if spec.api_keys_exclusive and account.row is not None and focus.may_want(spec.key, FIELD):
            for row in await account.key_list():
                address = account.address(FIELD, row.label)
                if row.label not in named and focus.wants(address):
                    account.survey.want(address, ABSENT, self._alone(account, row.label, _value(row, None)))
        elif account.keys:
            for row in account.keys:
                if row.label not in named:
                    what = f"{', '.join(row.permissions)} · {', '.join(row.ip_allowlist) or 'any address'}"
                    message = f"a key that the manifest does not name ({what})"
                    account.survey.warn(account.address(FIELD, row.label), "unknown_key", message)
        self._demand_unlocked(account)

    async def _found(self, account: Account, key: KeySpec) -> Live:
        if account.row is None:
            return ABSENT
        try:
            await account.key_list()
            stored = self._stored(account, key)
        except VenueError as error:
            return unreadable(error)
        except StoreError as error:
            return Unreadable("store", error.message)
        row = _named(account, key.label)
        if row is None:
            return ABSENT
        value = _value(row, key.store)
        if key.state == "present" and not row.usable:
            message = "the venue has frozen or locked this key: it does not work"
            account.survey.warn(account.address(FIELD, key.label), "key_not_usable", message)
        if key.state == "absent" or key.store is None:
            return self._alone(account, key.label, value)
        if stored == row.api_key:
            return self._alone(account, key.label, value)
        ours = account.memory.creating(account.name, key.label) is not None
        if ours:
            reason = "an earlier run was creating it and ended before its secret was stored"
        elif stored:
            reason = f"the store {key.store} holds the secret of another key for it"
        else:
            reason = f"it exists, and the store {key.store} holds no secret for it"
        return self._alone(account, key.label, Lost(value, reason, ours))

    def _stored(self, account: Account, key: KeySpec) -> str:
        """The id of the key whose secret is stored under this label; "" where none is."""
        if key.store is None or key.state == "absent":
            return ""
        if key.label in account.stored:  # whoever may only write to a store cannot read there what was just written
            return account.stored[key.label]
        credentials = account.secrets.get(key.store, account.secret_path(key.label))
        return str(credentials.api_key) if credentials is not None else ""

    def _alone(self, account: Account, label: str, value: KeyValue | Lost) -> Live:
        """The value, unless two keys have this name: then any change of it is blocked."""
        rows = [row for row in account.keys or () if row.label == label]
        if len(rows) < 2:
            return value
        detail = f"{len(rows)} keys are called {label}, so none can be told from the others: delete all but one of them"
        account.survey.block(account.address(FIELD, label), "key_ambiguous", detail)
        bare = value.value if isinstance(value, Lost) else value
        return Lost(bare, f"{len(rows)} keys have this name", ours=False)

    def _judge(self, account: Account, key: KeySpec, found: Live, replace: frozenset[Address]) -> None:
        address, survey = account.address(FIELD, key.label), account.survey
        if isinstance(found, Lost) and key.state == "present" and not found.ours:
            way_out = _IMPORT.format(account=account.spec.key, label=key.label, address=address)
            survey.block(address, "secret_lost", f"{found.reason}; {way_out}")
        if key.state == "present" and (found is ABSENT or isinstance(found, Lost) or address in replace):
            if key.store is None:
                survey.block(address, "store_required", "a new key needs a `store` for its secret")
            elif not account.secrets.writable(key.store):
                survey.block(
                    address, "store_read_only", f"the store {key.store} {account.secrets.why_read_only(key.store)}"
                )

    def _demand_unlocked(self, account: Account) -> None:
        """The keys of a locked account cannot be changed, unless this plan unlocks it first."""
        if account.row is None or account.row.state != "locked":
            return
        state = account.address("state")
        if account.survey.desired.get(state) == "present":
            return
        for address in account.survey.desired:
            if address.field == FIELD:
                account.survey.block(address, "account_unlocked", "it is locked: unlock it first (state: present)")

    async def current(self, account: Account, addresses: Sequence[Address]) -> dict[Address, Live]:
        """The keys as the list shows them now."""
        await account.key_list(fresh=True)
        specs = {key.label: key for key in account.spec.api_keys}
        return {address: self._now(account, specs.get(address.key), address.key) for address in addresses}

    def _now(self, account: Account, key: KeySpec | None, label: str) -> Live:
        row = _named(account, label)
        if row is None:
            return ABSENT
        if len([one for one in account.keys or () if one.label == label]) > 1:
            return After("one of two keys of this name has gone")
        value = _value(row, key.store if key else None)
        if key is None or key.state == "absent" or key.store is None:
            return value
        try:
            stored = self._stored(account, key)
        except StoreError as error:
            return Unreadable("store", error.message)
        return value if stored == row.api_key else Lost(value, "its secret never arrived", ours=True)

    # -- writing -------------------------------------------------------------------------------------------------------

    def calls(self, account: Account, change: Change) -> tuple[Call, ...]:
        """Create, change, delete; a replacement is a delete and a create."""
        row = _named(account, change.address.key)
        user = {"user_id": account.uid}
        here = {**user, "key": row.api_key if row else ""}
        if change.action == "delete":
            return (Call(DELETE_KEY, at=here),)
        after = change.after
        assert isinstance(after, KeyValue)  # noqa: S101 (the diff made it)
        body = _body(change.address.key, after)
        if change.action == "change":
            return (Call(MODIFY_KEY, body, at=here),)
        create = Call(CREATE_KEY, body, at=user)
        return (create,) if change.action == "create" else (Call(DELETE_KEY, at=here), create)

    def costs(self, account: Account, changes: Sequence[Change]) -> list[Cost]:
        """The writes, the read before a change, and the list after each."""
        owner, venue = account.main_user.user, account.spec.venue
        costs = [Cost(owner, venue, KEYS, len(changes))]
        for change in changes:
            costs += [Cost(owner, venue, call.endpoint, 1, write=True) for call in self.calls(account, change)]
            if change.action == "change":
                costs.append(Cost(owner, venue, KEY, 1))
        return costs

    async def write(self, account: Account, change: Change, writer: Writer) -> None:
        """Make the change; a new secret is on disk before this returns, or the new key is deleted again."""
        for call in self.calls(account, change):
            if call.endpoint is CREATE_KEY:
                await self._create(account, change, call, writer)
            elif call.endpoint is MODIFY_KEY:
                await self._modify(account, change, call, writer)
            else:
                await account.send(call, change, writer, deletes=call.at["key"])

    def moved_with(self, account: Account, change: Change) -> tuple[Address, ...]:  # noqa: ARG002
        """Nothing else."""
        return ()

    async def _modify(self, account: Account, change: Change, call: Call, writer: Writer) -> None:
        """Send the whole key back, if it still is what the plan saw: nothing is cleared that nobody was shown."""
        row = await account.main_user.key(account.uid, call.at["key"])
        before = change.before
        same = isinstance(before, KeyValue) and before == _value(row, before.store)
        if not same or row.label != change.address.key:
            raise Refused(f"{change.address} is not what the plan saw any more: plan again", code="stale")
        body = {**call.params, **({} if row.mode is None else {"mode": row.mode})}
        await account.send(Call(MODIFY_KEY, body, at=call.at), change, writer)

    async def _create(self, account: Account, change: Change, call: Call, writer: Writer) -> None:
        label = change.address.key
        after = change.after
        assert isinstance(after, KeyValue)  # noqa: S101 (the diff made it)
        store, path = str(after.store), account.secret_path(label)
        account.secrets.prove_writable(store, path)
        create = Call(CREATE_KEY, call.params, at={"user_id": account.uid})
        sent = {"label": label, "permissions": list(after.permissions), "ip_allowlist": list(after.ip_allowlist)}
        row = (await account.send(create, change, writer, creates_key=label, creates=sent)).data
        if not isinstance(row, dict) or not row.get("key") or not row.get("secret"):
            raise Garbled("the venue created a key and did not answer its secret", code="no_secret")
        await writer.answered({"label": label, "api_key": str(row["key"])})
        try:
            account.secrets.renew(store, path, api_key=str(row["key"]), secret_key=str(row["secret"]), passphrase="")
        except (AcctcfgError, OSError) as error:
            undo = Call(DELETE_KEY, at={"user_id": account.uid, "key": str(row["key"])})
            await account.send(undo, change, writer, deletes=str(row["key"]))
            reason = error.message if isinstance(error, AcctcfgError) else type(error).__name__
            raise StoreError(
                f"{change.address}: its secret could not be stored ({reason}); the new key was deleted again",
                hint="mend the store, then apply again",
            ) from error
        account.stored[label] = str(row["key"])


def _wanted(key: KeySpec) -> KeyValue:
    return KeyValue(key.permissions, key.ip_allowlist, key.store)


def _value(row: KeyRow, store: str | None) -> KeyValue:
    return KeyValue(row.permissions, row.ip_allowlist, store)


def _named(account: Account, label: str) -> KeyRow | None:
    return next((row for row in account.keys or () if row.label == label), None)


def _body(label: str, value: KeyValue) -> dict[str, JSON]:
    """The whole key: what a request leaves out, the venue clears."""
    perms = [word.partition(":") for word in value.permissions]
    return {
        "name": label,
        "perms": [{"name": group, "read_only": access == "read"} for group, _, access in perms],
        "ip_whitelist": list(value.ip_allowlist),
    }
