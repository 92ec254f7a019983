"""API keys of a sub-account: created, changed and deleted by the main user. Source: Gate API v4, sub-account keys.

A change replaces the whole key: what it leaves out, the venue clears. So the key is read right before, must still be
what the plan saw, and is sent back whole. Its name is free text that two keys may share: then nothing can tell which
is meant, and neither is touched. A secret exists once, in the answer that creates the key. Changes may need up to five
minutes to take effect, though lists show them at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from acctcfg.core.address import Address, Focus
from acctcfg.core.desired import KeySpec
from acctcfg.core.diff import Change
from acctcfg.core.json_types import JsonObject
from acctcfg.core.secret import Credentials
from acctcfg.core.state import ABSENT, After, KeyValue, Live, Lost, Rotating, Unreadable
from acctcfg.errors import AuthRefused, ConfigError, Refused, StoreError, VenueError, exhausted
from acctcfg.key_groups import amounts_to
from acctcfg.venues.contract import SEEN_TWICE, Cost, Writer
from acctcfg.venues.gate_crossex.account import Account
from acctcfg.venues.gate_crossex.endpoints import CREATE_KEY, DELETE_KEY, KEY, KEYS, MODIFY_KEY
from acctcfg.venues.gate_crossex.key_rotation import AccountKeys, body_of, half_made, in_rotation, keys_of, mode_at
from acctcfg.venues.gate_crossex.main_user import KeyRow, MainUser
from acctcfg.venues.gate_crossex.refusals import UNKNOWN_KEY
from acctcfg.venues.gate_crossex.vocabulary import not_given, unknown_permissions
from acctcfg.venues.key_making import in_its_place, make_key, prove_place
from acctcfg.venues.key_rotation import outlasts, rotate, tell, temporary_labels
from acctcfg.venues.key_wishes import (
    judge,
    legible,
    limit_of_keys,
    moved,
    name_strangers,
    settled,
    taken_place,
    unbound,
    wished,
)
from acctcfg.venues.one_call import OneCall
from acctcfg.venues.resources import alias, unreadable
from acctcfg.venues.second_look import some_seconds
from acctcfg.wire.endpoint import Call
from acctcfg.wire.exchange import Reply

__all__ = ["ApiKeys"]

FIELD = "api_keys"
SURE_KEYS, MOST_KEYS = 5, 20  # of one account: the documents name both numbers as the limit
NAME_TAKEN = "INVALID_PARAM_VALUE"  # among other things
ELSEWHERE = ("FORBIDDEN", "IP_FORBIDDEN")  # a key that exists: it may not read this, or not from here


class ApiKeys(OneCall[Account]):
    """The keys of one sub-account."""

    field = FIELD
    absence = SEEN_TWICE  # names are free text: the venue makes a second key of one name

    # -- reading -------------------------------------------------------------------------------------------------------

    async def survey(self, account: Account, focus: Focus, replace: frozenset[Address]) -> None:
        """Both sides of every key that the manifest names, and of the others where it says that it names all."""
        spec, survey = account.spec, account.survey
        account.replace = replace
        named, beside = {key.label for key in spec.api_keys}, temporary_labels(account)
        for key in spec.api_keys:
            address = account.address(FIELD, key.label)
            if focus.wants(address):
                shown = await settled(account, key, partial(self._found, account, key))
                found = legible(key, shown, unknown_permissions)
                survey.want(address, wished(account, key, found), found)
                judge(survey, key, address, account.secrets, replace=replace, not_given=not_given)
                unbound(survey, address, account.environment, amounts_to)
                self._note(account, key, found)
                tell(account, address)
                made = found is ABSENT or isinstance(found, Lost | Rotating) or address in replace
                if made and key.state == "present" and (alive := await self._alive(account, key)):
                    survey.block(address, "secret_mismatch", alive)
        if spec.api_keys_exclusive and account.row is not None and focus.may_want(spec.key, FIELD):
            for row in await account.key_list():
                address = account.address(FIELD, row.label)
                if row.label not in named | beside and focus.wants(address):
                    survey.want(address, ABSENT, self._alone(account, row.label, _value(row, None)))
        rows = [row for row in account.keys or () if row.label not in beside]
        name_strangers(survey, rows, account.odd_keys)
        self._demand_unlocked(account)
        labels = [row.label for row in account.keys or ()]  # a new account has none
        limit_of_keys(survey, labels, MOST_KEYS, partial(outlasts, account), sure=SURE_KEYS)

    async def _found(self, account: Account, key: KeySpec) -> Live:
        if account.row is None:
            return ABSENT
        try:
            rotating = await in_rotation(account, key, self._stored, partial(self._as_it_is, account, key))
        except VenueError as error:
            return unreadable(error)
        return rotating if rotating is not None else await self._as_it_is(account, key)

    async def _as_it_is(self, account: Account, key: KeySpec) -> Live:
        try:
            await account.key_list()
            if (row := _named(account, key.label)) is None:
                kept = self._stored(account, key, "") if key.state == "present" and key.store is not None else ""
                row = await account.key_by_id(key.label, account.traces.created_last(key.label), kept)
        except VenueError as error:
            return unreadable(error)
        if row is None:
            return self._missing(account, key.label)
        value = _value(row, key.store)
        if key.state == "absent" or key.store is None:
            return self._alone(account, key.label, value)
        return self._alone(account, key.label, self._with_secret(account, key, row, value))

    def _missing(self, account: Account, label: str) -> Live:
        """Absent, unless a row that could not be read may be it."""
        if label in account.odd_keys or "" in account.odd_keys:
            message = "the venue's list of the account's keys has a row that cannot be read, which may be this key"
            return Unreadable("shape", message)
        return ABSENT

    def _with_secret(self, account: Account, key: KeySpec, row: KeyRow, value: KeyValue) -> Live:
        """The key that is there, if the secret that is stored for it is its own: the ids tell."""
        made = account.traces.made.get(key.label, "")
        stored = made or self._stored(account, key, row.api_key)
        if stored == row.api_key:
            if not made and key.label not in account.illegible:
                store, path = account.moved.get(key.label) or (str(key.store), account.secret_path(key.label))
                account.keep(key.label, store, path, row.api_key)
            return value
        if not stored and key.label in account.illegible:  # whose secret it is, nobody can see here
            if account.address(FIELD, key.label) in account.replace:
                return Lost(value, "its stored secret cannot be opened", ours=False)
            return Unreadable("store", account.illegible[key.label])
        if made:
            return Lost(value, "it is to be replaced", ours=False)
        if running := account.traces.running(key.label):
            return Unreadable("running", f"a run is creating it right now: {running}")
        ours = half_made(account, row)
        if ours:
            reason = "an earlier run was creating it and ended before its secret was stored"
        elif stored:
            reason = f"the store {key.store} holds the secret of another key for it"
        else:
            reason = f"it exists, and the store {key.store} holds no secret for it"
        return Lost(value, reason, ours)

    def _stored(self, account: Account, key: KeySpec, live: str) -> str:
        """The id of the key whose secret is stored for this label, or that the journal knows to be; "" where none is.

        Looked for where the manifest has it and where the journal recorded it: an account or a connection that got
        another key in the manifest is the same one at the venue. The secret of the live key goes first.
        """
        label, own = key.label, (str(key.store), account.secret_path(key.label))
        recorded = [(one.store, one.path) for one in account.other_places(label, key.store)]
        found = {place: self._at(account, label, place, gone=place != own) for place in (own, *recorded)}
        fits = [place for place, (api_key, _) in found.items() if api_key == live]
        place = next(iter([*fits, *(place for place, one in found.items() if any(one))]), own)
        api_key, why = found[place]
        for notes in (account.illegible, account.moved):
            notes.pop(label, None)
        account.taken.discard(label)
        if why:
            account.illegible[label] = why
        if place != own:
            account.moved[label] = place
            account.taken |= {label} if any(found[own]) else set()
        return api_key

    def _at(self, account: Account, label: str, place: tuple[str, str], *, gone: bool) -> tuple[str, str]:
        """The id of the key whose secret lies there, and why it could not be opened. `gone`: the store may be."""
        try:
            credentials = account.secrets.get(*place)
        except (StoreError, ConfigError) as error:
            if gone and isinstance(error, ConfigError):
                return "", ""
            return account.traces.stored_at(label, *place), error.told if exhausted(error) else error.message
        return (credentials.api_key, "") if credentials is not None else ("", "")

    async def _alive(self, account: Account, key: KeySpec) -> str:
        """Why what lies where a new key's secret would go is no dead key's: then it is not moved aside."""
        place = str(key.store), account.secret_path(key.label)
        try:
            credentials = account.secrets.get(*place)
        except (StoreError, ConfigError):
            return ""  # nobody here can tell; it is moved aside where the user says so
        if credentials is None:
            return ""
        api_key = credentials.api_key
        row = next((row for row in account.keys or () if row.api_key == api_key), None)
        if row is not None:
            other = f'the store holds the secret of the key "{row.label}" under this label; move it there'
            begun = account.rotations.get(key.label)
            return other if row.label not in (key.label, begun and begun.temporary) else ""
        known = account.memory.stored_key(api_key)
        uid = known.uid if known is not None else ""
        if uid in ("", account.uid):
            uid, refused = await self._whose(account, credentials)
            if refused in (*UNKNOWN_KEY, "INVALID_SIGNATURE"):
                return ""
            if refused not in ("", *ELSEWHERE):  # a clock, a lock: it says nothing of the key
                return f"{':'.join(place)} holds a secret whose key may exist: the venue refused it with {refused}"
        elif await self._died(account, credentials, uid):
            return ""
        return taken_place(":".join(place), uid)

    async def _whose(self, account: Account, credentials: Credentials) -> tuple[str, str]:
        """Whose key it is by its own word, or with which code the venue refuses it."""
        try:
            return await MainUser(account.main_user.client, credentials, alias(credentials.api_key)).uid(), ""
        except AuthRefused as error:
            return "", error.code

    async def _died(self, account: Account, credentials: Credentials, uid: str) -> bool:
        """Whether a key went with its account: twice the venue knows neither that id nor the key.

        Of an account that only got another name, the key may be refused for another reason: it is left where it is.
        """
        for look in range(2):
            if look:
                await some_seconds(account.client)
            if await account.main_user.anybody(uid) or (await self._whose(account, credentials))[1] not in UNKNOWN_KEY:
                return False
        return True

    def _note(self, account: Account, key: KeySpec, found: Live) -> None:
        address, survey = account.address(FIELD, key.label), account.survey
        row = _named(account, key.label)
        if key.state == "present" and row is not None and not row.usable:
            survey.warn(address, "key_not_usable", row.why_not_usable)
        if key.label in account.moved and isinstance(found, KeyValue):
            store, path = account.moved[key.label]
            place = f"{key.store}:{account.secret_path(key.label)}"
            survey.warn(address, "secret_moved", moved(f"{store}:{path}", place, taken=key.label in account.taken))
        if isinstance(found, KeyValue) and key.label in account.illegible:
            # One cause: the same words for every key of that store.
            message = f"{account.illegible[key.label]}. Its keys were compared by the venue's lists"
            survey.warn(f"secret_stores.{key.store}", "secret_not_opened", message)

    def _alone(self, account: Account, label: str, value: Live) -> Live:
        """The value, unless two keys have this name: then any change of it is blocked."""
        rows = [row for row in account.keys or () if row.label == label]
        if len(rows) < 2 or not isinstance(value, KeyValue | Lost):
            return value
        ours = [row.api_key for row in rows if account.memory.stored_key(row.api_key) is not None]
        keep = f"all but {ours[0]}, whose secret is stored" if len(ours) == 1 else "all but one of them"
        detail = f"{len(rows)} keys are called {label}, and a change would have to choose: delete {keep}"
        account.survey.block(account.address(FIELD, label), "key_ambiguous", detail)
        bare = value.value if isinstance(value, Lost) else value
        return Lost(bare, f"{len(rows)} keys have this name", ours=False)

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
        return {address: await self._now(account, specs.get(address.key), address.key) for address in addresses}

    async def _now(self, account: Account, key: KeySpec | None, label: str) -> Live:
        rows = [one for one in account.keys or () if one.label == label]
        if len(rows) > 1:
            if any(one.api_key in account.deleted for one in rows):
                return After("one of two keys of this name has gone")
            return self._alone(account, label, _value(rows[0], key.store if key is not None else None))
        if key is None:
            row = _named(account, label)
            return self._missing(account, label) if row is None else _value(row, None)
        found = await self._found(account, key)
        if found is ABSENT and label in account.traces.made:
            return After("the list shows the key")  # what a create answered is there
        return legible(key, found, unknown_permissions)

    # -- writing -------------------------------------------------------------------------------------------------------

    def calls(self, account: Account, change: Change) -> tuple[Call, ...]:
        """Create, change, delete; a replacement is a delete and a create."""
        row = _named(account, change.address.key)
        user = {"user_id": account.uid}
        if isinstance(change.before, Rotating) and isinstance(change.after, KeyValue):
            made = (Call(CREATE_KEY, at=user),) if change.before.adds else ()
            of_key = {**user, "key": row.api_key if row else ""}
            return (*made, Call(DELETE_KEY, at=of_key), Call(MODIFY_KEY, at=of_key))
        here = {**user, "key": row.api_key if row else ""}
        if change.action == "delete":
            gone = [{**user, "key": one.api_key} for one in keys_of(account, change.address.key)] or [here]
            return tuple(Call(DELETE_KEY, at=one) for one in gone)
        after = change.after
        assert isinstance(after, KeyValue)  # noqa: S101 (the diff made it)
        body = body_of(change.address.key, after, mode_at(account, row, change.address.key))
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
        if isinstance(change.before, Rotating):
            await rotate(account, change, writer, AccountKeys(account, self))
            return
        if change.action == "delete" and change.address.key in account.rotations:
            for one in keys_of(account, change.address.key):
                await AccountKeys(account, self).delete(change, writer, one.api_key)
                account.traces.made.pop(one.label, None)
                account.survey.stored.pop(one.label, None)
            return
        if change.action == "replace":
            prove_place(account, change, change.address.key)  # before the present key is gone
        for call in self.calls(account, change):
            if call.endpoint is CREATE_KEY:
                with in_its_place(change):
                    await self.create(account, change, call, writer)
            elif call.endpoint is MODIFY_KEY:
                await self._modify(account, change, call, writer)
            else:
                keeps = AccountKeys(account, self).keeps(change)
                await account.send(call, change, writer, deletes=call.at["key"], keeps=keeps)
                account.deleted.add(str(call.at["key"]))
                account.traces.made.pop(change.address.key, None)
                account.survey.stored.pop(change.address.key, None)

    async def _modify(self, account: Account, change: Change, call: Call, writer: Writer) -> None:
        """Send the whole key back, if it still is what the plan saw: nothing is cleared that nobody was shown."""
        row = await account.main_user.key(account.uid, call.at["key"])
        before = change.before
        same = isinstance(before, KeyValue) and before == _value(row, before.store)
        if not same or row.label != change.address.key:
            raise Refused(f"{change.address} is not what the plan saw any more: plan again", code="stale")
        await account.send(call, change, writer)

    async def create(
        self,
        account: Account,
        change: Change,
        call: Call,
        writer: Writer,
        label: str = "",
        facts: JsonObject | None = None,
    ) -> None:
        """Where an earlier create of ours, which was never answered, took the name: it is deleted first.

        `label`: unless that of the address.
        """
        at, label = {"user_id": account.uid}, label or change.address.key

        def delete(api_key: str) -> Call:
            return Call(DELETE_KEY, at={**at, "key": api_key})

        def read(reply: Reply) -> Credentials | None:
            row, secret_key = reply.data, reply.secrets.get("secret")
            if not isinstance(row, dict) or not row.get("key") or secret_key is None:
                return None
            return Credentials(str(row["key"]), secret_key, None)

        async def cleared(error: Refused) -> bool:
            rows = [row for row in await account.key_list(fresh=True) if row.label == label]
            if error.code != NAME_TAKEN or len(rows) != 1 or not half_made(account, rows[0]):
                return False
            await account.send(delete(rows[0].api_key), change, writer, deletes=rows[0].api_key)
            return True

        create = Call(CREATE_KEY, call.params, at=at)
        await make_key(
            account, change, writer, create=create, delete=delete, read=read, cleared=cleared, label=label, facts=facts
        )


def _value(row: KeyRow, store: str | None) -> KeyValue:
    return KeyValue(row.permissions, row.ip_allowlist, store)


def _named(account: Account, label: str) -> KeyRow | None:
    return next((row for row in account.keys or () if row.label == label), None)
