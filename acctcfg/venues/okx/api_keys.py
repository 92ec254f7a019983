"""API keys of a sub-account: created, changed and deleted by the broker. Source: OKX v5, "DMA broker: API keys".

A key's label is its identity. Its secret exists once, in the answer that creates it, and its passphrase can never be
changed: a key whose secret nobody has is of no use, and can only be replaced (deleted and created anew). A key that
has a stored secret speaks for itself (its own config shows label, permissions and addresses), which costs one request
out of its account's bucket; the broker's list of keys is served once a second for all accounts together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

from acctcfg.core.address import Address, Focus
from acctcfg.core.desired import KeySpec
from acctcfg.core.diff import Change
from acctcfg.core.state import ABSENT, After, KeyValue, Live, Lost, Unreadable, Wanted
from acctcfg.errors import AcctcfgError, Garbled, Refused, StoreError, VenueError
from acctcfg.venues.contract import Absence, Cost, Writer
from acctcfg.venues.okx.account import Account, Signing, unreadable
from acctcfg.venues.okx.broker import KeyRow
from acctcfg.venues.okx.endpoints import CONFIG, CREATE_KEY, DELETE_KEY, KEYS, MODIFY_KEY
from acctcfg.venues.okx.words import permissions_to
from acctcfg.wire.endpoint import Call

__all__ = ["ApiKeys"]

FIELD = "api_keys"
SIGNED_FIELDS = ("account_mode", "position_mode", "leverage")
"""What is read or written with the account's own key."""
_IMPORT = "import its secret with `acctcfg secrets import {account} {label}`, or allow `--replace {address}`"


class ApiKeys:
    """The keys of one account."""

    field = FIELD
    gated = False
    absence = Absence.unique("59502")
    together = ""

    # -- reading -------------------------------------------------------------------------------------------------------

    async def survey(self, account: Account, focus: Focus, replace: frozenset[Address]) -> None:
        """Both sides of every key that the manifest names, and of the others where it says that it names all."""
        spec = account.spec
        for key in spec.api_keys:
            address = account.address(FIELD, key.label)
            signs = address == account.access_after and focus.may_want(spec.key, *SIGNED_FIELDS)
            if not (focus.wants(address) or signs):
                continue
            wanted = _wanted(key)
            found = await self._found(account, key)
            account.survey.want(address, ABSENT if key.state == "absent" else wanted, found)
            self._judge(account, key, found, replace)
        if spec.api_keys_exclusive and account.row is not None:
            for label, row in (await account.key_list()).items():
                address = account.address(FIELD, label)
                if label not in {key.label for key in spec.api_keys} and focus.wants(address):
                    account.survey.want(address, ABSENT, KeyValue(row.permissions, row.ip_allowlist, None))
        elif account.keys:
            self._name_strangers(account)
        _guard_access(account)

    async def _found(self, account: Account, key: KeySpec) -> Live:
        if account.row is None:
            return ABSENT
        signing = account.signings.get(key.label, Signing())
        if signing.illegible:
            return Unreadable("store", signing.illegible)  # its secret is not lost: nobody could read it here
        if signing.config is not None and key.state == "present":
            if signing.config.uid != account.uid:
                message = f"its stored secret belongs to the account with the uid {signing.config.uid}"
                return Unreadable("access_wrong_account", message)
            if signing.config.key_label in ("", key.label):
                try:
                    return signing.config.key_value(key.store)
                except VenueError as error:
                    return unreadable(error)
        try:
            rows = await account.key_list()
        except VenueError as error:
            return unreadable(error)
        row = rows.get(key.label)
        if row is None:
            return ABSENT
        value = KeyValue(row.permissions, row.ip_allowlist, key.store)
        if key.state == "absent" or key.store is None:
            return value
        return self._unsigned(account, key, value, signing)

    def _unsigned(self, account: Account, key: KeySpec, value: KeyValue, signing: Signing) -> Live:
        """A key that exists and whose stored secret did not sign."""
        refused = signing.refused
        if refused is not None and refused.code == "50110":
            return value  # only our address is refused: a key that is bound to its user's own is as it should be
        if refused is not None and not signing.gone and refused.code not in ("50105", "50113"):
            return unreadable(refused)
        ours = account.memory.creating(account.name, key.label) is not None
        if ours:
            reason = "an earlier run was creating it and ended before its secret was stored"
        elif refused is not None:
            reason = f"the stored secret does not sign ({refused.code})"
        elif signing.config is not None:
            reason = f'the stored secret belongs to the key "{signing.config.key_label}"'
        else:
            reason = f"it exists, and the store {key.store} holds no secret for it"
        return Lost(value, reason, ours)

    def _judge(self, account: Account, key: KeySpec, found: Live, replace: frozenset[Address]) -> None:
        address = account.address(FIELD, key.label)
        survey = account.survey
        if isinstance(found, Lost) and not found.ours:
            way_out = _IMPORT.format(account=account.spec.key, label=key.label, address=address)
            survey.block(address, "secret_lost", f"{found.reason}; {way_out}")
        if key.state == "present" and (found is ABSENT or isinstance(found, Lost) or address in replace):
            if key.store is None:
                survey.block(address, "store_required", "a new key needs a `store` for its secret")
            elif not account.secrets.writable(key.store):
                survey.block(
                    address, "store_read_only", f"the store {key.store} {account.secrets.why_read_only(key.store)}"
                )
        stored = account.signings.get(key.label, Signing()).config
        if found is ABSENT and key.state == "present" and stored is not None and stored.uid == account.uid:
            # A secret that signs is no dead one: it is not moved aside to make room for a new key's.
            detail = f'the store holds the secret of the key "{stored.key_label}" under this label; move it there'
            survey.block(address, "secret_mismatch", detail)
        if (
            account.is_access(key.label)
            and key.ip_allowlist
            and account.egress
            and not set(key.ip_allowlist) & set(account.egress)
        ):
            detail = f"none of {', '.join(key.ip_allowlist)} is an address that acctcfg calls from (egress)"
            survey.block(address, "access_ip", detail)

    def _name_strangers(self, account: Account) -> None:
        named = {key.label for key in account.spec.api_keys}
        for label, row in sorted((account.keys or {}).items()):
            if label not in named:
                what = f"{', '.join(row.permissions)} · {', '.join(row.ip_allowlist) or 'any address'}"
                message = f"a key that the manifest does not name ({what})"
                account.survey.warn(account.address(FIELD, label), "unknown_key", message)

    async def current(self, account: Account, addresses: Sequence[Address]) -> dict[Address, Live]:
        """The keys as they are now: by their own config where their secret is stored, else by the broker's list."""
        found: dict[Address, Live] = {}
        rows = None
        for address in addresses:
            key = _spec_of(account, address.key)
            stored, old = None, account.replacing.get(address.key)
            if key is not None and key.store is not None and key.state == "present" and old is None:
                stored = account.secrets.get(key.store, account.secret_path(key.label))
            if stored is not None and key is not None:
                signing = await account.try_key(stored)
                account.signings[key.label] = signing
                if signing.config is not None and signing.config.key_label in ("", key.label):
                    found[address] = self._proven(account, key, signing)
                    continue
                if signing.gone and address not in account.survey.thorough:
                    found[address] = After("the key takes effect")
                    continue
            if rows is None:
                rows = await account.key_list(fresh=True)
            row = rows.get(address.key)
            if row is None:
                found[address] = ABSENT
            else:
                value = KeyValue(row.permissions, row.ip_allowlist, key.store if key else None)
                lost = key is not None and key.store is not None and key.state == "present" and stored is None
                if stored is not None:
                    found[address] = self._listed(stored, row, value)
                elif row.api_key == old:
                    found[address] = Lost(value, "it is to be replaced", ours=False)
                else:
                    found[address] = Lost(value, "its secret never arrived", ours=True) if lost else value
        return found

    def _listed(self, stored: Any, row: KeyRow, value: KeyValue) -> Live:
        """A key of the list whose stored secret did not sign: its own, not yet, or another one's, never."""
        if stored.api_key == row.api_key:
            return After("the key takes effect")
        return Lost(value, "the stored secret is of another key", ours=False)

    def _proven(self, account: Account, key: KeySpec, signing: Signing) -> Live:
        config = signing.config
        assert config is not None  # noqa: S101 (the caller looked)
        if config.uid != account.uid:
            raise Garbled(
                f"the key {key.label} of {account.name} answers with the uid {config.uid}, not {account.uid}",
                code="access_wrong_account",
            )
        if key.label == account.access_label and account.reader is None:
            account.reader = account.writer = signing.own
            account.config = config
            account.access_from = (str(key.store), account.secret_path(key.label), key.label)
        return config.key_value(key.store)

    # -- writing -------------------------------------------------------------------------------------------------------

    def calls(self, account: Account, change: Change) -> tuple[Call, ...]:
        """Create, change in place, delete; a replacement is a delete and a create, since labels are unique."""
        name, label = account.name, change.address.key
        api_key = self._api_key(account, label)
        delete = Call(DELETE_KEY, {"subAcct": name, "apiKey": api_key})
        if change.action == "delete":
            return (delete,)
        after = change.after
        assert isinstance(after, KeyValue)  # noqa: S101 (the diff made it)
        bound = {"ip": ",".join(after.ip_allowlist)} if after.ip_allowlist else {}  # "" unbinds; nothing is bound yet
        create = Call(CREATE_KEY, {"subAcct": name, "label": label, "perm": permissions_to(after.permissions), **bound})
        if change.action == "create":
            return (create,)
        if change.action == "replace":
            return delete, create
        body = {"subAcct": name, "apiKey": api_key}
        before = change.before
        if not isinstance(before, KeyValue) or before.permissions != after.permissions:
            body["perm"] = permissions_to(after.permissions)
        if not isinstance(before, KeyValue) or before.ip_allowlist != after.ip_allowlist:
            body["ip"] = ",".join(after.ip_allowlist)  # a present field replaces the whole value; "" unbinds
        return (Call(MODIFY_KEY, body),)

    def costs(self, account: Account, changes: Sequence[Change]) -> list[Cost]:
        """The writes out of the broker's buckets; a read-back by the key's own config, or by the broker's list."""
        broker, venue = account.broker.user, account.spec.venue
        costs: list[Cost] = []
        for change in changes:
            costs += [Cost(broker, venue, call.endpoint, 1, write=True) for call in self.calls(account, change)]
            own = change.action != "delete" and isinstance(change.after, KeyValue) and change.after.store is not None
            costs.append(Cost(account.user, account.spec.key, CONFIG, 1) if own else Cost(broker, venue, KEYS, 1))
        return costs

    async def write(self, account: Account, change: Change, writer: Writer) -> None:
        """Make the change; a new secret is on disk before this returns, or the new key is deleted again."""
        for call in self.calls(account, change):
            if call.endpoint is CREATE_KEY:
                await self._create(account, change, call, writer)
            else:
                params = dict(call.params)
                if "apiKey" in params:
                    params["apiKey"] = await self._find_api_key(account, change.address.key)
                if change.action == "replace":
                    account.replacing[change.address.key] = str(params["apiKey"])
                gone = str(params["apiKey"]) if call.endpoint is DELETE_KEY else ""
                await account.send(Call(call.endpoint, params), change, writer, deletes=gone)
                if call.endpoint is DELETE_KEY:
                    account.key_gone(change.address.key)

    def moved_with(self, account: Account, change: Change) -> tuple[Address, ...]:  # noqa: ARG002
        """Nothing else."""
        return ()

    async def _create(self, account: Account, change: Change, call: Call, writer: Writer) -> None:
        label = change.address.key
        after = change.after
        assert isinstance(after, KeyValue)  # noqa: S101 (the diff made it)
        store, path = str(after.store), account.secret_path(label)
        stored = account.secrets.get(store, path)
        if stored is not None:
            account.replacing[label] = stored.api_key  # of a key that does not exist; it stays until the new one does
        account.secrets.prove_writable(store, path)
        passphrase = account.secrets.new_passphrase()
        create = Call(CREATE_KEY, {**call.params, "passphrase": passphrase})
        sent = {"label": label, "permissions": list(after.permissions), "ip_allowlist": list(after.ip_allowlist)}
        reply = await account.send(create, change, writer, creates_key=label, creates=sent)
        row = reply.data[0] if reply.data else {}
        if not row.get("apiKey") or not row.get("secretKey"):
            raise Garbled("the venue created a key and did not answer its secret", code="no_secret")
        await writer.answered({"label": label, "api_key": str(row["apiKey"])})
        try:
            account.secrets.renew(
                store,
                path,
                api_key=str(row["apiKey"]),
                secret_key=str(row["secretKey"]),
                passphrase=str(row.get("passphrase") or passphrase),
            )
            account.replacing.pop(label, None)
        except (AcctcfgError, OSError) as error:
            await self._undo(account, change, str(row["apiKey"]), error, writer)

    async def _undo(
        self, account: Account, change: Change, api_key: str, error: AcctcfgError | OSError, writer: Writer
    ) -> NoReturn:
        """Delete a key whose secret could not be stored, while its id is known; say what is left of it."""
        reason = error.message if isinstance(error, AcctcfgError) else type(error).__name__
        failed = f"{change.address}: its secret could not be stored ({reason})"
        try:
            undo = Call(DELETE_KEY, {"subAcct": account.name, "apiKey": api_key})
            await account.send(undo, change, writer, deletes=api_key)
        except VenueError as left:
            # No StoreError: the journal goes on to say that the key was being created, so that it may be replaced.
            message = f"{failed}, and the new key could not be deleted again: {left.message}"
            hint = "mend the store, then apply again: what is left of the key is replaced"
            raise VenueError(message, hint=hint, code=left.code) from error
        raise StoreError(f"{failed}; the new key was deleted again", hint="mend the store, then apply again") from error

    def _api_key(self, account: Account, label: str) -> str:
        row = (account.keys or {}).get(label)
        if row is not None:
            return row.api_key
        signing = account.signings.get(label)
        return signing.own.credentials.api_key if signing and signing.own else ""

    async def _find_api_key(self, account: Account, label: str) -> str:
        """The venue's id of a key; from its stored secret where that signed, else from the broker's list."""
        known = self._api_key(account, label)
        if known:
            return known
        row = (await account.key_list(fresh=True)).get(label)
        if row is None:
            raise Refused(f"{account.name} has no key {label} (any more)", code="59506", hint="plan again")
        return row.api_key


def _wanted(key: KeySpec) -> KeyValue:
    return KeyValue(tuple(sorted({"read", *key.permissions})), key.ip_allowlist, key.store)


def _spec_of(account: Account, label: str) -> KeySpec | None:
    return next((key for key in account.spec.api_keys if key.label == label), None)


def _guard_access(account: Account) -> None:
    """A key that signs is never deleted, unbound or narrowed, whoever named it: acctcfg would shut itself out."""
    for label in sorted(account.signs_with):
        address = account.address(FIELD, label)
        wanted, found = account.survey.desired.get(address), account.survey.live.get(address)
        if isinstance(found, KeyValue):
            for detail in _harms(account, found, wanted):
                account.survey.block(address, "access_key_kept", f"acctcfg signs with this key: {detail}")


def _harms(account: Account, found: KeyValue, wanted: Wanted | None) -> Iterator[str]:
    if wanted is ABSENT:
        yield "it is not deleted"
    elif isinstance(wanted, KeyValue):
        lost = set(found.permissions) - set(wanted.permissions)
        if lost:
            yield f"it does not lose {', '.join(sorted(lost))}"
        if wanted.ip_allowlist != found.ip_allowlist and _narrows(account, found, wanted):
            kept = "its allow-list keeps an address of `egress`, or one of the present ones"
            yield kept if wanted.ip_allowlist else "it is not unbound"


def _narrows(account: Account, found: KeyValue, wanted: KeyValue) -> bool:
    if not wanted.ip_allowlist:
        return True
    kept = set(account.egress) or set(found.ip_allowlist)
    return not set(wanted.ip_allowlist) & kept
