"""One account under a connection: what was read of it so far, and how its writes leave."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from acctcfg.core.address import Address
from acctcfg.core.secret import Credentials
from acctcfg.core.spelling import unix_seconds
from acctcfg.core.state import After
from acctcfg.errors import Garbled, Refused
from acctcfg.venues.account import AccountNotes
from acctcfg.venues.gate_crossex.account_reads import CrossEx, Rows, State
from acctcfg.venues.gate_crossex.leverage import Decision
from acctcfg.venues.gate_crossex.main_user import KeyList, KeyRow, MainUser, SubAccount
from acctcfg.venues.gate_crossex.symbols import Symbols
from acctcfg.venues.gate_crossex.vocabulary import CROSS, ISOLATED
from acctcfg.venues.second_look import some_seconds
from acctcfg.wire.client import Client
from acctcfg.wire.endpoint import Call

__all__ = ["KEPT", "Account", "Open"]

KEPT = "access_key_kept"
"""Why a request about the key that signs is not sent."""


@dataclass(frozen=True, slots=True)
class Open:
    """What the questions of one moment read, where they could."""

    positions: Rows = ()
    margin_positions: Rows = ()
    orders: Rows = ()


@dataclass(slots=True, kw_only=True)
class Account(AccountNotes):
    """The venue's private notes on one account of a survey: the CrossEx account itself, or a sub-account."""

    own: CrossEx
    main_user: MainUser
    state: State | None = None  # the CrossEx account; None in isolated_exchange
    decisions: dict[Address, Decision] = field(default_factory=dict)
    symbols: Symbols | None = None  # the venue's list, once leverage needed it
    kin: dict[tuple[str, str], list[Address]] | None = None  # symbols by exchange and pair
    open: Open | None = None
    row: SubAccount | None = None  # the sub-account
    keys: tuple[KeyRow, ...] | None = None  # of the sub-account, once they were needed
    odd_keys: frozenset[str] = frozenset()  # names of rows of that list that could not be read
    looked_twice: bool = False  # whether these are what two looks show
    taken: set[str] = field(default_factory=set)  # labels in whose place another key's secret lies
    illegible: dict[str, str] = field(default_factory=dict)  # label -> why its stored secret could not be opened
    deleted: set[str] = field(default_factory=set)  # ids of the keys that this run deleted
    _writing: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def uid(self) -> str:
        """The venue's id, "" while it does not exist."""
        if self.main:
            return self.main_user.user
        return self.row.uid if self.row else ""

    @property
    def live_mode(self) -> str:
        """The account mode as it was read."""
        return ISOLATED if self.state is None else CROSS

    @property
    def mode(self) -> str:
        """The account mode under which everything behind its change is written."""
        return self.spec.account_mode or self.live_mode

    @property
    def mode_barrier(self) -> After | None:
        """What is not known before the account mode has changed; the venue does not say what the change touches."""
        return After("account_mode") if self.mode != self.live_mode else None

    @property
    def client(self) -> Client:
        return self.main_user.client

    async def find_row(self, *, fresh: bool = False) -> SubAccount | None:
        """The sub-account of this name: by the list, or where that lacks it by the id that the journal has of it.

        One list that does not show it proves nothing: it may be late, or lose a row once.
        """
        row = await self.main_user.sub_account(self.name, fresh=fresh)
        known = self.memory.named(self.name)
        if row is None and known is not None and known.uid:
            row = await self.main_user.known(self.name, known.uid)
        return row

    async def look_again(self) -> None:
        """Read the sub-account by the id that it has. Raises Garbled where that is the id of another one: whatever the
        answer to its creation said, nothing of it is done there."""
        assert self.row is not None  # noqa: S101 (who has no row is looked for by name)
        row = await self.main_user.by_uid(self.row.uid)
        if row.name != self.name:
            raise Garbled(f"the uid {row.uid} is that of {row.name}, and not of {self.name}", code="other_answer")
        self.row = row

    async def key_list(self, *, fresh: bool = False) -> tuple[KeyRow, ...]:
        """The sub-account's keys; read once unless they must be fresh."""
        if self.keys is None or fresh:
            found = await self.main_user.key_list(self.row.uid) if self.row is not None else KeyList(rows=())
            self.keys, self.odd_keys, self.looked_twice = found.rows, found.odd, False
        return self.keys

    async def look_twice(self) -> None:
        """Add what the list shows some seconds later: one answer may lose a row. Once a survey, for all of its keys."""
        if self.keys is None or self.looked_twice:
            return
        first, odd = self.keys, self.odd_keys
        await some_seconds(self.client)
        later = await self.key_list(fresh=True)
        ids = {row.api_key for row in later}
        self.keys = (*later, *(row for row in first if row.api_key not in ids))
        self.odd_keys, self.looked_twice = odd | self.odd_keys, True

    async def key_by_id(self, label: str, *ids: str) -> KeyRow | None:
        """The key of that label that has one of these ids, "" for none: a list may be late, or lose a row once."""
        for api_key in dict.fromkeys(ids):
            row = await self.main_user.key_or_none(self.uid, api_key) if api_key else None
            if row is not None and row.label == label:
                self.keys = (*(self.keys or ()), row)
                return row
        return None

    def _refuse_own_key(self, call: Call) -> None:
        """No request names the key that this run signs with: whatever it would do to it, nobody could undo it."""
        if str(call.at.get("key", "")) == self.main_user.credentials.api_key:
            message = "acctcfg signs with this very key, so it is not deleted or changed; plan again"
            raise Refused(message, code=KEPT)

    @property
    def ours(self) -> bool:
        """Whether acctcfg created it or took it over, by its uid."""
        if self.row is None:
            return False
        return self.created_by_us(created_s=unix_seconds(self.row.created_s), label=self.row.label)

    def signer(self, call: Call, *, own: bool) -> tuple[Credentials, str]:  # noqa: ARG002 (one key signs for all)
        """The user; the key that signs is never harmed."""
        self._refuse_own_key(call)
        return self.main_user.credentials, self.main_user.user

    @property
    def turn(self) -> asyncio.Lock:
        """An account's writes go one after the other, for two in flight is said to be refused."""
        return self._writing
