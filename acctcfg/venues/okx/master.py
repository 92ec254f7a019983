"""What a master key reads: its sub-accounts, their keys, their deposit addresses. Source: OKX v5.

A list of one account's keys may be served once a second, so everybody who wants to know at about the same time shares
a request. Which calls these are is the type's: `MasterCalls`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from acctcfg.core.json_types import JsonObject
from acctcfg.core.secret import Credentials
from acctcfg.errors import Garbled, Refused
from acctcfg.venues.contract import Cost
from acctcfg.venues.okx.endpoints import CURRENCIES, DEPOSIT_ADDRESSES
from acctcfg.venues.okx.listed import Chain, DepositAddress, KeyList, KeyRow
from acctcfg.venues.okx.master_calls import MasterCalls
from acctcfg.venues.okx.pages import PAGE
from acctcfg.venues.okx.public_lists import PublicLists
from acctcfg.venues.okx.sub_account_list import SubAccountList
from acctcfg.wire.client import Client
from acctcfg.wire.endpoint import Call
from acctcfg.wire.shared import Shared

__all__ = ["Master"]

_NO_SUCH_KEY = "59506"
_NO_CURRENCY = "51012"  # the venue's word for: no such currency


class Master:
    """Reads through the credentials of the connection. `user` is the venue user's id, set once it is known."""

    def __init__(self, client: Client, credentials: Credentials, user: str, calls: MasterCalls) -> None:
        self.client = client
        self.credentials = credentials
        self.user = user
        self.calls = calls
        self.own_lists: bool | None = None  # whether accounts may read their deposit addresses; None: nobody asked yet
        self.first_own_list = asyncio.Lock()  # whoever asks first finds that out for all
        self.in_use: set[str] = {credentials.api_key}  # ids of the keys that this run signs with
        self.sub_accounts = SubAccountList(client, credentials, user, calls.pages)
        self.public = PublicLists(client)
        self._key_lists: dict[str, Shared[list[JsonObject]]] = {}
        self._chains: dict[str, asyncio.Task[tuple[Chain, ...]]] = {}

    def listing(self, venue: str, accounts: int = 1) -> Cost:
        """What it costs to read so many accounts back from the list: a page answers for all on it."""
        return Cost(self.user, venue, self.calls.pages.endpoint, accounts, serves=PAGE)

    async def read(self, call: Call) -> list[JsonObject]:
        """The rows of one signed read."""
        reply = await self.client.read(call, self.credentials, self.user)
        rows: list[JsonObject] = reply.data
        return rows

    # -- keys ----------------------------------------------------------------------------------------------------------

    async def key_list(self, name: str) -> KeyList:
        """An account's keys by label; a row that cannot be read says nothing of the others.

        A label is a key's own: two ids under one contradict each other, so neither row can be read as that key.
        """
        rows: dict[str, KeyRow] = {}
        odd: set[str] = set()
        for row in await self._key_list(name).get():
            try:
                key = KeyRow.of(row)
            except Garbled:
                if not isinstance(row, Mapping) or not (row.get("label") or row.get("apiKey")):
                    raise  # no key at all: whatever this list is, it is not of keys
                odd.add(str(row.get("label") or ""))
            else:
                odd |= {key.label} if rows.setdefault(key.label, key) != key else set()
        return KeyList(rows={label: key for label, key in rows.items() if label not in odd}, odd=frozenset(odd))

    def _key_list(self, name: str) -> Shared[list[JsonObject]]:
        call = Call(self.calls.keys.listed, {"subAcct": name})

        async def send(leaves: Callable[[], None]) -> list[JsonObject]:
            async def settle() -> Call:
                leaves()
                return call

            reply = await self.client.read(call, self.credentials, self.user, settle=settle)
            rows: list[JsonObject] = reply.data
            return rows

        return self._key_lists.setdefault(name, Shared(send))

    async def key(self, name: str, api_key: str) -> KeyRow | None:
        """One key, asked for by its id; None where the venue has it no more."""
        try:
            rows = await self.read(Call(self.calls.keys.listed, {"subAcct": name, "apiKey": api_key}))
        except Refused as error:
            if error.code != _NO_SUCH_KEY:
                raise
            return None
        return next((key for key in map(KeyRow.of, rows) if key.api_key == api_key), None)

    async def keys(self, name: str) -> Mapping[str, KeyRow]:
        """Those of an account's keys that could be read, by label."""
        return (await self.key_list(name)).rows

    # -- deposit addresses ---------------------------------------------------------------------------------------------

    async def deposit_addresses(self, name: str, currency: str) -> list[DepositAddress]:
        """An account's addresses of one currency, in the venue's order."""
        try:
            rows = await self.read(Call(DEPOSIT_ADDRESSES, {"subAcct": name, "ccy": currency}))
        except Refused as error:
            if error.code != _NO_CURRENCY:
                raise
            return []
        return [DepositAddress.of(row, currency) for row in rows]

    async def chains(self, currency: str) -> tuple[Chain, ...]:
        """The chains of a currency, () where the venue has no such currency; read once a run."""
        if currency not in self._chains:
            self._chains[currency] = asyncio.create_task(self._read_chains(currency))
        return await self._chains[currency]

    async def _read_chains(self, currency: str) -> tuple[Chain, ...]:
        try:
            rows = await self.read(Call(CURRENCIES, {"ccy": currency}))
        except Refused as error:
            if error.code != _NO_CURRENCY:
                raise
            return ()
        return tuple(Chain.of(row) for row in rows if row.get("ccy") == currency)
