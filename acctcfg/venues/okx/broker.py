"""What the broker's own key reads: its sub-accounts, their keys, their deposit addresses. Source: OKX v5, "DMA broker".

The list of sub-accounts and the list of one account's keys are served once a second, so everybody who wants to know of
an account at about the same time shares a request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from acctcfg.core.secret import Credentials
from acctcfg.core.state import Unreadable
from acctcfg.core.vocabulary import CreditTo
from acctcfg.errors import Garbled, Refused
from acctcfg.venues.okx.endpoints import (
    CURRENCIES,
    DEPOSIT_ADDRESSES,
    KEYS,
    POSITION_TIERS,
    PUBLIC_INSTRUMENTS,
    SUB_ACCOUNTS,
)
from acctcfg.venues.okx.instruments import INST_TYPES, Instruments
from acctcfg.venues.okx.row_fields import boolean, demand, known_or_not, tag_of
from acctcfg.venues.okx.tiers import Tier, tiers_of
from acctcfg.venues.okx.vocabulary import ACCOUNT_LEVEL, CREDIT_TO, ips_of, permissions_of
from acctcfg.wire.client import Client
from acctcfg.wire.endpoint import Call
from acctcfg.wire.exchange import Reply
from acctcfg.wire.shared import Shared

__all__ = ["EVERYTHING", "PAGE", "Broker", "Chain", "DepositAddress", "KeyList", "KeyRow", "SubAccount"]

PAGE = 100
MOST_PAGES = 1000  # a list of more than a hundred thousand accounts is none
ROUNDS = 3  # in which pages may move while they are read
GATHER_S = 0.5  # how long the list waits for those whose account is being made
_FIRST = "1"
_ALL = Call(SUB_ACCOUNTS, {"page": _FIRST, "limit": str(PAGE)})
_NO_SUCH = "59510"  # the venue's word for: no such sub-account
_NO_CURRENCY = "51012"  # the venue's word for: no such currency
EVERYTHING = "everything"
"""In place of the frozen functions, where the venue says that an account is frozen and not what of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubAccount:
    """One row of the list of sub-accounts."""

    name: str
    uid: str  # "": the row does not say, so nothing is done with that account
    label: str  # without outer blanks, which the venue adds
    account_mode: str | Unreadable
    parent: str | None  # the venue's name of the first-level account, "" for one; None: the row does not say
    created_ms: str
    frozen: tuple[str, ...] = ()  # the functions that the venue has frozen, in its words; EVERYTHING: it does not say

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> SubAccount:
        """Read a row; one without a name is no answer. A word that is new to us spoils its own field."""
        demand("a sub-account", row, "subAcct")
        return cls(
            name=str(row["subAcct"]),
            uid=str(row.get("uid") or ""),
            label=str(row.get("label") or "").strip(),
            account_mode=known_or_not(ACCOUNT_LEVEL, row.get("acctLv")),
            parent=_parent(row),
            created_ms=str(row.get("ts") or ""),
            frozen=_frozen(row),
        )

    def is_frozen(self, function: str) -> bool:
        """Whether a function is frozen; the venue's word for it."""
        return function in self.frozen or EVERYTHING in self.frozen


def _parent(row: Mapping[str, Any]) -> str | None:
    """Both generations of rows: `mainAcct`; since 2025-05-28 `firstLvSubAcct`, the own name for a first-level one."""
    if row.get("mainAcct"):
        return str(row["mainAcct"])
    first, level = row.get("firstLvSubAcct"), row.get("subAcctLv")
    if str(level) == "1" or (first and str(first) == str(row["subAcct"])):
        return ""
    if first:
        return str(first)
    return "" if row.get("mainAcct") == "" and level in (None, "") else None


def _frozen(row: Mapping[str, Any]) -> tuple[str, ...]:
    """The frozen functions, whatever their words; a frozen account that names none has all of them frozen."""
    named = row.get("frozenFunc")
    functions = named.split(",") if isinstance(named, str) else named if isinstance(named, list) else []
    found = tuple(sorted({str(one).strip() for one in functions} - {""}))
    return found or ((EVERYTHING,) if str(row.get("enable")).lower() == "false" else ())


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRow:
    """One API key as the broker sees it; the secret is never part of it."""

    label: str
    api_key: str
    permissions: tuple[str, ...]
    ip_allowlist: tuple[str, ...]
    changed_ms: str  # when it was made, or changed last

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> KeyRow:
        """Read a row; one that does not tell which key it is, or what it can do, is no answer."""
        demand("an API key", row, "label", "apiKey", "perm", there=("ip",))
        return cls(
            label=str(row["label"]),
            api_key=str(row["apiKey"]),
            permissions=permissions_of(str(row["perm"])),
            ip_allowlist=ips_of(str(row["ip"])),
            changed_ms=str(row.get("ts") or ""),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyList:
    """An account's keys by label. `odd`: labels of rows that could not be read, "" for one without a label."""

    rows: Mapping[str, KeyRow]
    odd: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositAddress:
    """One deposit address of a sub-account."""

    currency: str
    chain: str
    address: str
    tag: str  # "": none is shown
    credit_to: CreditTo | Unreadable
    listed: bool = True  # False: the venue answered it when it was made, and its list does not show it (yet)

    @classmethod
    def of(cls, row: Mapping[str, Any], currency: str) -> DepositAddress:
        """Read a row; one without chain or address is no answer."""
        demand("a deposit address", row, "chain", "addr")
        return cls(
            currency=currency,
            chain=str(row["chain"]),
            address=str(row["addr"]),
            tag=tag_of(row),
            credit_to=known_or_not(CREDIT_TO, str(row.get("to") or "")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """One chain of a currency. None: the venue does not say."""

    name: str
    main: bool
    takes_deposits: bool | None
    needs_tag: bool | None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Chain:
        """Read a row; one without its chain is no answer."""
        demand("a currency", row, "chain")
        return cls(
            name=str(row["chain"]),
            main=boolean(row.get("mainNet")) is True,
            takes_deposits=boolean(row.get("canDep")),
            needs_tag=boolean(row.get("needTag")),
        )


class Broker:
    """Reads through the credentials of the connection. `user` is the venue user's id, set once it is known."""

    def __init__(self, client: Client, credentials: Credentials, user: str) -> None:
        self.client = client
        self.credentials = credentials
        self.user = user
        self.in_use: set[str] = {credentials.api_key}  # ids of the keys that this run signs with
        self._waiting: dict[str, list[tuple[float, asyncio.Future[SubAccount | None]]]] = {}
        self._serving: asyncio.Task[None] | None = None
        self._moved = 0  # rounds in a row whose pages moved
        self.making: set[str] = set()  # accounts whose creation is under way; each is asked for right after it
        self._key_lists: dict[str, Shared[list[dict[str, Any]]]] = {}
        self._chains: dict[str, asyncio.Task[tuple[Chain, ...]]] = {}
        self._instruments: dict[frozenset[str], asyncio.Task[Instruments]] = {}
        self._tiers: dict[tuple[str, str, str, str], asyncio.Task[tuple[Tier, ...]]] = {}

    async def read(self, call: Call) -> list[dict[str, Any]]:
        """The rows of one signed read."""
        reply = await self.client.read(call, self.credentials, self.user)
        rows: list[dict[str, Any]] = reply.data
        return rows

    # -- sub-accounts --------------------------------------------------------------------------------------------------

    async def sub_account(self, name: str) -> SubAccount | None:
        """The account as it is at some moment after this call; None if there is none of that name."""
        self.making.discard(name)
        future: asyncio.Future[SubAccount | None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(name, []).append((self._now(), future))
        if self._serving is None or self._serving.done():
            self._serving = asyncio.create_task(self._serve())
        return await future

    async def sub_accounts(self) -> dict[str, SubAccount]:
        """All of them, page by page; once more where the pages moved while they were read."""
        for _ in range(ROUNDS):
            rows, pages = await self._page(_FIRST)
            found = await self._further(rows, pages)
            if found is not None:
                return found
        raise _moving()

    async def _further(self, first: list[SubAccount], pages: int) -> dict[str, SubAccount] | None:
        """The first page with all that follow; None where they moved meanwhile, so that a row may have slipped by."""
        every, full = list(first), pages <= 1 or len(first) == PAGE
        for number in range(2, pages + 1):
            if not full:
                return None  # whatever follows a short page, it is no list of so many
            more, _ = await self._page(str(number))
            full = len(more) == PAGE or number == pages
            every += more
        found = {row.name: row for row in every}
        return found if full and len(found) == len(every) else None

    def _now(self) -> float:
        return self.client.clock.now() + self.client.offset_s

    async def _serve(self) -> None:
        """Answer all who wait, by as few requests as the list's pages and their number allow."""
        await asyncio.sleep(0)  # let those come in who ask at this same moment
        while self._waiting:
            try:
                await self._round()
            except Exception as error:
                waiting, self._waiting = self._waiting, {}
                for future in (future for some in waiting.values() for _, future in some):
                    if not future.done():
                        future.set_exception(error)
            await asyncio.sleep(0)

    async def _round(self) -> None:
        alone: list[str] = []

        async def settle() -> Call:
            await self._gather()
            alone[:] = self._waiting if len(self._waiting) == 1 else ()
            return Call(SUB_ACCOUNTS, {"subAcct": alone[0]}) if alone else _ALL

        reply = None
        try:
            reply = await self.client.read(_ALL, self.credentials, self.user, settle=settle)
        except Refused as error:
            if not alone or error.code != _NO_SUCH:
                raise
        if alone:
            self._alone(alone[0], reply)
        elif reply is not None:
            await self._everybody(reply)

    async def _gather(self) -> None:
        """Let those come in whose account is just being made: they ask in a moment."""
        clock, speed = self.client.clock, self.client.pacer.speed
        end = clock.monotonic() + GATHER_S / speed
        while self.making and clock.monotonic() < end:
            await clock.sleep(GATHER_S / 20 / speed)

    async def _everybody(self, reply: Reply) -> None:
        rows, pages = _listing(reply.data)
        found = {row.name: row for row in rows}
        asked = {name for name, some in self._waiting.items() if any(at <= reply.sent_at for at, _ in some)}
        for name in asked & set(found):
            self._answer(name, found[name], reply.sent_at)
        missing = asked - set(found)
        if pages <= 1:
            for name in missing:
                self._answer(name, None, reply.sent_at)
        elif len(missing) < pages:
            for name in sorted(missing):
                await self._single(name)
        else:
            every = await self._further(rows, pages)
            if every is None:  # the pages moved while they were read: another round, but not for ever
                self._moved += 1
                if self._moved >= ROUNDS:
                    self._moved = 0
                    raise _moving()
                return
            self._moved = 0
            for name in missing:
                self._answer(name, every.get(name), reply.sent_at)

    async def _single(self, name: str) -> None:
        reply = None
        try:
            reply = await self.client.read(Call(SUB_ACCOUNTS, {"subAcct": name}), self.credentials, self.user)
        except Refused as error:
            if error.code != _NO_SUCH:
                raise
        self._alone(name, reply)

    def _alone(self, name: str, reply: Reply | None) -> None:
        """The answer to a request for one account; None where the venue refused it as unknown."""
        rows = _listing(reply.data)[0] if reply is not None else []
        row = next((row for row in rows if row.name == name), None)
        self._answer(name, row, reply.sent_at if reply is not None else self._now())

    async def _page(self, number: str) -> tuple[list[SubAccount], int]:
        return _listing(await self.read(Call(SUB_ACCOUNTS, {"page": number, "limit": str(PAGE)})))

    def _answer(self, name: str, row: SubAccount | None, as_of: float) -> None:
        some = self._waiting.pop(name, [])
        late = [(at, future) for at, future in some if at > as_of]
        if late:
            self._waiting[name] = late
        for at, future in some:
            if at > as_of or future.done():
                continue
            if row is not None and not row.uid:
                future.set_exception(Garbled(f"the venue lists {name} without its uid", code="no_field"))
            else:
                future.set_result(row)

    # -- keys and deposit addresses ------------------------------------------------------------------------------------

    async def key_list(self, name: str) -> KeyList:
        """An account's keys by label; a row that cannot be read says nothing of the others."""
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
                rows[key.label] = key
        return KeyList(rows=rows, odd=frozenset(odd))

    def _key_list(self, name: str) -> Shared[list[dict[str, Any]]]:
        call = Call(KEYS, {"subAcct": name})

        async def send(leaves: Callable[[], None]) -> list[dict[str, Any]]:
            async def settle() -> Call:
                leaves()
                return call

            reply = await self.client.read(call, self.credentials, self.user, settle=settle)
            rows: list[dict[str, Any]] = reply.data
            return rows

        return self._key_lists.setdefault(name, Shared(send))

    async def keys(self, name: str) -> Mapping[str, KeyRow]:
        """Those of an account's keys that could be read, by label."""
        return (await self.key_list(name)).rows

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

    # -- public lists --------------------------------------------------------------------------------------------------

    async def instruments(self, markets: frozenset[str]) -> Instruments:
        """The public lists of these markets, for accounts that have no key of their own yet; read once a run."""
        if markets not in self._instruments:
            self._instruments[markets] = asyncio.create_task(self._public(markets))
        return await self._instruments[markets]

    async def tiers(
        self, inst_type: str, margin_mode: str, *, family: str = "", currency: str = ""
    ) -> tuple[Tier, ...]:
        """The position tiers of a family, or of a currency that is borrowed; read once a run. Arguments are the venue's
        words."""
        asked = inst_type, margin_mode, family, currency
        if asked not in self._tiers:
            self._tiers[asked] = asyncio.create_task(self._position_tiers(*asked))
        return await self._tiers[asked]

    async def _position_tiers(self, inst_type: str, margin_mode: str, family: str, currency: str) -> tuple[Tier, ...]:
        named = {"instFamily": family} if family else {"ccy": currency}
        params = {"instType": inst_type, "tdMode": margin_mode, **named}
        return tiers_of((await self.client.read(Call(POSITION_TIERS, params))).data)

    async def _public(self, markets: frozenset[str]) -> Instruments:
        calls = [
            Call(PUBLIC_INSTRUMENTS, {"instType": INST_TYPES[market]})  # type: ignore[index]
            for market in sorted(markets)
        ]
        replies = await asyncio.gather(*(self.client.read(call) for call in calls))
        return Instruments.of_lists(reply.data for reply in replies)


def _moving() -> Garbled:
    return Garbled("the list of sub-accounts changed each time it was read", code="moving_list", hint="try again")


def _listing(data: list[dict[str, Any]]) -> tuple[list[SubAccount], int]:
    """The rows and the number of pages; the venue wraps both in one object."""
    if not data:
        return [], 1
    details = data[0].get("details")
    if not isinstance(details, list):
        raise Garbled("a list of sub-accounts without its rows", code="no_list")
    pages = str(data[0].get("totalPage") or "1")
    if not pages.isdecimal() or len(pages) > 9 or int(pages) > MOST_PAGES:
        raise Garbled(f"a list of {pages[:20]!r} pages", code="no_list")
    return [SubAccount.of(row) for row in details], int(pages)
