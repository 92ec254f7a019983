"""What a master calls for its sub-accounts: one small pure class for each type of user, and what they share.

| | a broker (`dma_broker.py`) | a regular master (`regular_master.py`) |
| --- | --- | --- |
| list | pages by number, with each account's mode | pages by time of creation, without it |
| creates, deletes | yes, yes | yes, on the web page only |
| its own key | any | must be bound to an address (50035) |
| account mode of a sub-account | set by the broker | by the account itself |
| deposit addresses | made by the broker | on the web page only |
| transfers to other sub-accounts | always allowed | `transfer_out` |
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from acctcfg.core.desired import AccountSpec
from acctcfg.core.state import KeyValue
from acctcfg.venues.okx.pages import Pages
from acctcfg.venues.okx.vocabulary import permissions_to
from acctcfg.wire.endpoint import Call, Endpoint

__all__ = ["KeyCalls", "MasterCalls"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyCalls:
    """The four endpoints of keys; what they are sent is the same for every type of user."""

    listed: Endpoint
    made: Endpoint
    modified: Endpoint
    deleted: Endpoint

    def create(self, name: str, label: str, after: KeyValue) -> Call:
        """A new key of an account, without its passphrase. `ip` "" would unbind, and nothing is bound yet."""
        bound = {"ip": ",".join(after.ip_allowlist)} if after.ip_allowlist else {}
        return Call(self.made, {"subAcct": name, "label": label, "perm": permissions_to(after.permissions), **bound})

    def modify(self, name: str, api_key: str, before: object, after: KeyValue) -> Call:
        """What differs; a present field replaces the whole value, and `ip` "" unbinds."""
        body = {"subAcct": name, "apiKey": api_key}
        if not isinstance(before, KeyValue) or before.permissions != after.permissions:
            body["perm"] = permissions_to(after.permissions)
        if not isinstance(before, KeyValue) or before.ip_allowlist != after.ip_allowlist:
            body["ip"] = ",".join(after.ip_allowlist)
        return Call(self.modified, body)

    def rename(self, name: str, api_key: str, label: str, before: KeyValue, after: KeyValue) -> Call:
        """Another label, and what differs besides; what is left out stays as it is."""
        return Call(self.modified, {**self.modify(name, api_key, before, after).params, "label": label})

    def delete(self, name: str, api_key: str) -> Call:
        """The request that deletes a key, by its id."""
        return Call(self.deleted, {"subAcct": name, "apiKey": api_key})


class MasterCalls(Protocol):
    """The calls of one type of user. Nothing is sent here."""

    title: str  # what its credentials are, for messages: "a broker's connection"
    pages: Pages
    keys: KeyCalls
    sets_account_mode: bool  # of its sub-accounts; else only their own keys do
    makes_addresses: bool  # deposit addresses of its sub-accounts
    tells_fees: bool  # of its sub-accounts; else only their own keys do
    wants_bound_key: bool  # it creates accounts and keys only by a key that is bound to an address

    def create(self, spec: AccountSpec, above: str) -> Call:
        """A new sub-account. `above`: the venue's name of the account that it stands under, "" for none."""

    def delete(self, name: str) -> Call:
        """The request that deletes a sub-account and its keys."""

    def set_account_mode(self, name: str, level: str) -> Call:
        """The switch of a sub-account's mode, where it `sets_account_mode`."""
