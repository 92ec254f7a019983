"""API keys of a sub-account: created, changed and deleted by the broker. Source: OKX v5, "DMA broker: API keys".

A key's label is its identity in a manifest, its id the one at the venue. Its secret exists once, in the answer that
creates it, and its passphrase can never be changed: a key whose secret nobody has is of no use, and can only be
replaced (deleted and created anew). A key that has a stored secret speaks for itself (its own config shows label,
permissions and addresses), which costs one request out of its account's bucket; the broker's list of keys is served
once a second for all accounts together.
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
from acctcfg.errors import Garbled, Refused
from acctcfg.venues.contract import Absence, Cost, Writer
from acctcfg.venues.key_making import in_its_place, make_key, prove_place
from acctcfg.venues.key_rotation import outlasts, rotate, stands, tell, temporary_labels
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
from acctcfg.venues.okx.access import ask_key
from acctcfg.venues.okx.account import ONLY_ELSEWHERE, Account, Signing
from acctcfg.venues.okx.endpoints import CONFIG
from acctcfg.venues.okx.found_keys import FIELD, OTHER_WORLD, WRONG_SECRET, found_key, missing, other_world
from acctcfg.venues.okx.key_guard import KEPT, harms
from acctcfg.venues.okx.key_rotation import AccountKeys, keys_of
from acctcfg.venues.okx.vocabulary import not_given, unknown_permissions
from acctcfg.venues.one_call import OneCall
from acctcfg.venues.second_look import some_seconds
from acctcfg.wire.endpoint import Call
from acctcfg.wire.exchange import Reply

__all__ = ["MOST_KEYS", "ApiKeys"]

MOST_KEYS = 50  # of one account
LABEL_TAKEN = "59502"
APART = "`access` signs with this key by credentials of its own: write `access: {key: LABEL}` instead"
NO_WITHDRAW = "OKX has not granted `withdraw` to keys of sub-accounts since 2025-05-28, and refuses it: leave it out"


class ApiKeys(OneCall[Account]):
    """The keys of one account."""

    field = FIELD
    absence = Absence.unique(LABEL_TAKEN)

    # -- reading -------------------------------------------------------------------------------------------------------

    async def survey(self, account: Account, focus: Focus, replace: frozenset[Address]) -> None:
        """Both sides of every key that the manifest names, and of the others where it says that it names all."""
        spec, survey = account.spec, account.survey
        account.replace = replace
        for key in spec.api_keys:
            address = account.address(FIELD, key.label)
            signs = address in account.waits_for and focus.may_want(spec.key, *account.signed)
            if not (focus.wants(address) or signs):
                continue
            found = legible(key, await settled(account, key, partial(found_key, account, key)), unknown_permissions)
            survey.want(address, wished(account, key, found, always=("read",)), found)
            judge(survey, key, address, account.secrets, replace=replace, not_given=not_given)
            await self._judge(account, key, found)
            tell(account, address)
        beside = temporary_labels(account)
        if spec.api_keys_exclusive and account.row is not None:
            for label, row in (await account.key_list()).items():
                address = account.address(FIELD, label)
                if label not in {*beside, *(key.label for key in spec.api_keys)} and focus.wants(address):
                    survey.want(address, ABSENT, KeyValue(row.permissions, row.ip_allowlist, None))
        if account.keys is not None:
            rows = [row for row in account.keys.rows.values() if row.label not in beside]
            name_strangers(survey, rows, account.keys.odd)
        _guard_access(account)
        if account.keys is not None:
            limit_of_keys(survey, list(account.keys.rows), MOST_KEYS, partial(outlasts, account))

    async def _judge(self, account: Account, key: KeySpec, found: Live) -> None:
        """What this venue's keys need besides, and what there is to say of them."""
        address, survey, signing = account.address(FIELD, key.label), account.survey, account.signings.get(key.label)
        made = found is ABSENT or isinstance(found, Lost | Rotating) or address in account.replace
        if made and key.state == "present" and (alive := await self._alive(account, key)):
            survey.block(address, "secret_mismatch", alive)
        wanted = survey.desired[address]
        if isinstance(wanted, KeyValue) and account.is_access(key.label) and self._is_away(account, wanted):
            survey.block(address, "access_ip", self._away(account, key.label, wanted))
        if _gains_withdraw(wanted, found):
            survey.warn(address, "withdraw_not_given", NO_WITHDRAW)
        unbound(survey, address, account.environment, what="; the venue deletes it after 14 idle days")
        if signing is not None:
            self._note(account, key, found, signing)

    async def _alive(self, account: Account, key: KeySpec) -> str:
        """Why what lies where a new key's secret would go is no dead key's: then it is not moved aside."""
        signing = account.signings.get(key.label, Signing())
        place = account.taken.get(key.label, signing)
        row = account.keys.rows.get(key.label) if account.keys is not None else None
        own = row.api_key if row is not None else signing.api_key if account.fits(key, signing) else ""
        begun = account.rotations.get(key.label)
        if place.api_key in ("", own, begun.new if begun is not None else ""):
            return ""
        whose, refused = place.config, place.refused
        listed = {one.api_key: label for label, one in account.keys.rows.items()} if account.keys is not None else {}
        if whose is not None and whose.uid == account.uid:
            listed[place.api_key] = whose.key_label
        if place.api_key in listed:
            return f'the store holds the secret of the key "{listed[place.api_key]}" under this label; move it there'
        if refused is not None and refused.code == OTHER_WORLD:
            return other_world(account, key)
        if refused is not None and not place.gone and refused.code not in (*WRONG_SECRET, ONLY_ELSEWHERE):
            raise refused  # a limit, a clock, a code without words: it says nothing of the key
        known = account.memory.stored_key(place.api_key)
        uid = whose.uid if whose is not None else known.uid if known is not None else ""
        if uid in ("", account.uid) and (refused is None or refused.code != ONLY_ELSEWHERE):
            return ""
        if await self._died(account, place, uid):
            return ""
        return taken_place(f"{key.store}:{account.secret_path(key.label)}", uid)

    async def _died(self, account: Account, place: Signing, uid: str) -> bool:
        """Whether a key went with its account: twice the venue knows neither the key nor, by any name, that uid.

        Of an account that only got another name, the key may be refused for another reason: it is left where it is.
        """
        accounts = account.master.sub_accounts
        if place.own is None or not place.gone or not uid or await accounts.may_have(uid):
            return False
        await some_seconds(account.client)
        return (await account.try_key(place.own.credentials)).gone and not await accounts.may_have(uid)

    def _is_away(self, account: Account, wanted: KeyValue) -> bool:
        return bool(account.egress and wanted.ip_allowlist) and not set(wanted.ip_allowlist) & set(account.egress)

    def _away(self, account: Account, label: str, wanted: KeyValue) -> str:
        others = [one.label for one in account.candidates() if one.label != label and account.from_here(one)]
        way_out = (
            f"{others[0]} can sign from here: `access: {{key: {others[0]}}}`"
            if others
            else "give the account another key with trade and a store that does, and name it: `access: {key: LABEL}`"
        )
        listed = ", ".join(wanted.ip_allowlist)
        return f"none of {listed} is an address that acctcfg calls from (egress). Add one, or {way_out}"

    def _note(self, account: Account, key: KeySpec, found: Live, signing: Signing) -> None:
        address, survey = account.address(FIELD, key.label), account.survey
        if key.label in account.moved and isinstance(found, KeyValue):
            store, path = account.moved[key.label]
            place = f"{key.store}:{account.secret_path(key.label)}"
            survey.warn(address, "secret_moved", moved(f"{store}:{path}", place, taken=key.label in account.taken))
        if isinstance(found, KeyValue) and signing.gone:
            survey.warn(address, "not_yet_effective", "the venue lists it, but it does not sign yet")
        if isinstance(found, KeyValue) and signing.illegible:
            # One cause: the same words for every key of that store.
            message = f"{signing.illegible}. Its keys were compared by the venue's lists"
            survey.warn(f"secret_stores.{key.store}", "secret_not_opened", message)

    async def current(self, account: Account, addresses: Sequence[Address]) -> dict[Address, Live]:
        """The keys as they are now: by their own config where their secret is stored, else by the broker's list."""
        account.keys = None  # read anew, once for all of these
        return {address: await self._now(account, address) for address in addresses}

    async def _now(self, account: Account, address: Address) -> Live:
        label = address.key
        key = _spec_of(account, label)
        if key is None:
            row = (await account.key_list()).get(label)
            return missing(account, label) if row is None else KeyValue(row.permissions, row.ip_allowlist, None)
        if key.store is not None and key.state == "present":
            account.signings[label] = signing = await ask_key(account, key)
            if signing.config is not None and signing.config.key_label in ("", label):
                self.take_up(account, key, signing)
            elif label in account.traces.made and signing.gone and address not in account.survey.thorough:
                return After("the key takes effect")  # its list is slow, and would say no more
        found = await found_key(account, key)
        if isinstance(found, Unreadable) and found.code == "access_wrong_account":
            raise Garbled(f"the key {label} of {account.name}: {found.message}", code=found.code)
        if label in account.traces.made and (
            (found is ABSENT and address not in account.survey.thorough)
            or (isinstance(found, KeyValue) and self._sleeps(account, label))
        ):
            return After("the key takes effect")
        return legible(key, found, unknown_permissions)

    def _sleeps(self, account: Account, label: str) -> bool:
        return account.signings.get(label, Signing()).gone

    def take_up(self, account: Account, key: KeySpec, signing: Signing) -> None:
        """Sign with a key that has proven to be the account's, where the account waits for it."""
        if signing.config is None or signing.config.uid != account.uid:
            return
        reads = key.label == account.read_label and account.reader is None
        writes = key.label == account.access_label and account.writer is None
        if reads:
            account.config = signing.config
        if writes:
            account.access_from = (*account.secret_at(key), key.label)
        if reads or writes:
            account.sign_with(
                reader=signing.own if reads else account.reader, writer=signing.own if writes else account.writer
            )

    # -- writing -------------------------------------------------------------------------------------------------------

    def calls(self, account: Account, change: Change) -> tuple[Call, ...]:
        """Create, change in place, delete; a replacement is a delete and a create, since labels are unique."""
        keys, name, label = account.master.calls.keys, account.name, change.address.key
        api_key = self.api_key(account, label)
        if isinstance(change.before, Rotating) and isinstance(change.after, KeyValue):
            made = (keys.create(name, label, change.after),) if change.before.adds else ()
            had = stands(change)
            return (*made, keys.delete(name, api_key), keys.rename(name, api_key, label, had, change.after))
        if change.action == "delete":
            gone = [row.api_key for row in keys_of(account, label)] or [api_key]
            return tuple(keys.delete(name, one) for one in gone)
        after = change.after
        assert isinstance(after, KeyValue)  # noqa: S101 (the diff made it)
        if change.action == "change":
            return (keys.modify(name, api_key, change.before, after),)
        create = keys.create(name, label, after)
        return (create,) if change.action == "create" else (keys.delete(name, api_key), create)

    def costs(self, account: Account, changes: Sequence[Change]) -> list[Cost]:
        """The writes out of the broker's buckets; a read-back by the key's own config, or by the broker's list."""
        master, listed = (account.master.user, account.spec.venue), account.master.calls.keys.listed
        costs: list[Cost] = []
        for change in changes:
            costs += [Cost(*master, call.endpoint, 1, write=True) for call in self.calls(account, change)]
            own = isinstance(change.after, KeyValue) and self._reads_itself(account, change.address.key)
            costs.append(Cost(account.user, account.spec.key, CONFIG, 1) if own else Cost(*master, listed, 1))
        return costs

    def _reads_itself(self, account: Account, label: str) -> bool:
        """Whether its secret is stored, and it may be used from here: else only the broker's slow list shows it."""
        key = _spec_of(account, label)
        return key is not None and key.store is not None and account.from_here(key)

    async def write(self, account: Account, change: Change, writer: Writer) -> None:
        """Make the change; a new secret is on disk before this returns, or the new key is deleted again."""
        label = change.address.key
        keys = account.master.calls.keys
        if isinstance(change.before, Rotating):
            await rotate(account, change, writer, AccountKeys(account, self))
            return
        if change.action == "delete" and label in account.rotations:
            for row in keys_of(account, label):
                await AccountKeys(account, self).delete(change, writer, row.api_key)
                self._gone(account, row.label)
            return
        if change.action == "replace":
            prove_place(account, change, label)  # before the present key is gone
        for call in self.calls(account, change):
            if call.endpoint is keys.made:
                with in_its_place(change):
                    await self.create(account, change, call, writer)
                continue
            api_key = await self._find_api_key(account, label)
            if change.action == "replace":
                account.lay_down(label, api_key)
            gone = api_key if call.endpoint is keys.deleted else ""
            await account.send(Call(call.endpoint, {**call.params, "apiKey": api_key}), change, writer, deletes=gone)
            if call.endpoint is keys.deleted:
                self._gone(account, label)

    def _gone(self, account: Account, label: str) -> None:
        account.signings.pop(label, None)
        account.survey.stored.pop(label, None)
        account.traces.made.pop(label, None)

    async def create(
        self,
        account: Account,
        change: Change,
        call: Call,
        writer: Writer,
        label: str = "",
        facts: JsonObject | None = None,
    ) -> None:
        """With a passphrase of our own, which the answer repeats. `label`: unless that of the address."""
        passphrase = account.secrets.new_passphrase()

        def read(reply: Reply) -> Credentials | None:
            row, secret_key = reply.data[0] if reply.data else {}, reply.secrets.get("secretKey")
            if not row.get("apiKey") or secret_key is None:
                return None
            return Credentials(str(row["apiKey"]), secret_key, reply.secrets.get("passphrase", passphrase))

        create = Call(call.endpoint, {**call.params, "passphrase": passphrase})
        delete = partial(account.master.calls.keys.delete, account.name)
        await make_key(account, change, writer, create=create, delete=delete, read=read, label=label, facts=facts)

    def api_key(self, account: Account, label: str) -> str:
        """The venue's id of a key as far as it was read: from the broker's list, or from its own secret."""
        row = account.keys.rows.get(label) if account.keys is not None else None
        if row is not None:
            return row.api_key
        signing = account.signings.get(label)
        return signing.api_key if signing and signing.config is not None else ""

    async def _find_api_key(self, account: Account, label: str) -> str:
        """The venue's id of a key; from its stored secret where that signed, else from the broker's list."""
        known = self.api_key(account, label)
        if known:
            return known
        row = (await account.key_list(fresh=True)).get(label)
        if row is None:
            raise Refused(f"{account.name} has no key {label} (any more)", code="59506", hint="plan again")
        return row.api_key


def _gains_withdraw(wanted: object, found: Live) -> bool:
    """Whether a key is to get what old keys alone can still have."""
    had = found.permissions if isinstance(found, KeyValue) else ()
    return isinstance(wanted, KeyValue) and "withdraw" in wanted.permissions and "withdraw" not in had


def _spec_of(account: Account, label: str) -> KeySpec | None:
    return next((key for key in account.spec.api_keys if key.label == label), None)


def _guard_access(account: Account) -> None:
    """No step deletes, unbinds or narrows a key that signs, whoever named it, and whatever its label is by now."""
    survey = account.survey
    for address in [address for address in survey.desired if address.field == FIELD]:
        found = survey.live[address]
        signing = account.signings.get(address.key, Signing())
        row = account.keys.rows.get(address.key) if account.keys is not None else None
        ids = {signing.api_key} if signing.config is not None else set()
        if survey.desired[address] is ABSENT:
            ids |= {one.api_key for one in keys_of(account, address.key)}
        if isinstance(found, KeyValue) and (ids | ({row.api_key} if row else set())) & account.in_use:
            for detail in harms(found, survey.desired[address], account.egress):
                survey.block(address, KEPT, f"acctcfg signs with this key: {detail}")
        if isinstance(found, Rotating) and not found.adds:
            _guard_new(account, address, found.value)
        if isinstance(found, Lost | Rotating) or address in account.replace:
            begun = account.rotations.get(address.key)
            goes = ({row.api_key} if row else ids) | ({begun.old} if begun is not None else set())
            if any(account.signs_apart(address.key, api_key) for api_key in goes):
                survey.block(address, KEPT, APART)


def _guard_new(account: Account, address: Address, made: KeyValue) -> None:
    """The new key of a rotation signs once that is over: its end does not narrow it either."""
    begun = account.rotations.get(address.key)
    if begun is not None and {begun.old, begun.new} & account.in_use:
        for detail in harms(made, account.survey.desired[address], account.egress):
            account.survey.block(address, KEPT, f"acctcfg signs with this key: {detail}")
