"""What a CrossEx account reads of itself: its modes and margins, its leverage, and all that may stand in the way.

Sources: CrossEx v1.0 and its later generation, "Query account assets", "Query positions", "Query leverage", "Query open
orders", "Query risk limits". Where the two generations answer in different shapes, either is taken.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from acctcfg.core.fee_rate import FeeRate
from acctcfg.core.json_types import JsonObject, JsonValue
from acctcfg.core.secret import Credentials
from acctcfg.core.state import Live, Unreadable
from acctcfg.core.vocabulary import Market
from acctcfg.errors import Garbled, Refused
from acctcfg.venues.contract import FRESH_SINCE
from acctcfg.venues.gate_crossex.by_symbol import Told, by_symbol
from acctcfg.venues.gate_crossex.endpoints import (
    ACCOUNT,
    FEES,
    GET_MARGIN_MODE,
    LEVERAGE,
    MARGIN_LEVERAGE,
    MARGIN_POSITIONS,
    OPEN_ORDERS,
    POSITIONS,
    RISK_LIMITS,
    SECURITY_POSITIONS,
    SYMBOLS,
)
from acctcfg.venues.gate_crossex.fees import fees_of
from acctcfg.venues.gate_crossex.refusals import ISOLATED_READ, NOT_SERVED
from acctcfg.venues.gate_crossex.symbols import Symbols
from acctcfg.venues.gate_crossex.vocabulary import (
    ACCOUNT_MODE,
    CROSS,
    EXCHANGES,
    FIRST,
    ISOLATED,
    POSITION_MODE,
    exchange_word,
    number,
    positive,
)
from acctcfg.venues.resources import as_documented
from acctcfg.venues.second_look import some_seconds
from acctcfg.wire.client import Client
from acctcfg.wire.endpoint import Call, Endpoint

__all__ = ["PER_READ", "CrossEx", "Rows", "State"]

PER_READ = 50
"""Symbols named in one request; the documents set no limit, and the address stays under 2,000 characters."""

Rows = Sequence[JsonObject]
_LEVERAGE = {Market.FUTURES: LEVERAGE, Market.MARGIN: MARGIN_LEVERAGE}


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The account, or in isolated_exchange the part of it at one exchange."""

    user: str
    row: JsonObject

    @classmethod
    def of(cls, row: object) -> State:
        """Read the one object of the answer; without a user it is no answer."""
        if not isinstance(row, Mapping) or not row.get("user_id"):
            raise Garbled("an account without its user_id", code="no_account")
        return cls(user=str(row["user_id"]), row=row)

    @property
    def account_mode(self) -> str:
        """Our word for it. Raises Garbled where the answer leaves it out: no default is relied on.

        The mode's field is an optional one; the exchange CROSSEX says the same, for it exists in one mode only.
        """
        said = self.row.get("account_mode")
        if not said and self.row.get("exchange_type") == "CROSSEX":
            return CROSS
        return ACCOUNT_MODE.core(said)

    @property
    def position_mode(self) -> Live:
        """Our word for it, or why it cannot be told: nothing is planned on an unknown one."""
        try:
            return POSITION_MODE.core(self.row.get("position_mode"))
        except Garbled as error:
            return Unreadable(error.code, error.message)

    def margins(self, name: str) -> dict[str, Decimal]:
        """`initial_margin` or `maintenance_margin`: of the whole (""), else of the currencies, none of them assumed."""
        found = {"": number(self.row.get(name), name)}
        if found[""]:
            return found
        with as_documented("assets"):
            for row in _listed(self.row.get("assets")):
                for what in ("futures", "borrowing"):
                    if (value := row.get(f"{what}_{name}")) not in (None, ""):
                        coin = str(row.get("coin") or "a currency without a name")
                        found[coin] = found.get(coin, Decimal(0)) + abs(number(value, f"{what}_{name}"))
        return found


def _listed(assets: JsonValue) -> Iterator[JsonObject]:
    """The rows of a list that may be missing; raises ValueError for what is none."""
    for row in assets if isinstance(assets, list) else [assets] if assets else ():
        if not isinstance(row, Mapping):
            raise ValueError("a row that is not an object")
        yield row


class CrossEx:
    """Reads of one CrossEx account. The public lists are read once a run, and only where they are needed."""

    def __init__(self, client: Client, credentials: Credentials, user: str) -> None:
        self.client = client
        self.credentials = credentials
        self.user = user
        self._symbols: asyncio.Task[Symbols] | None = None
        self._symbols_twice: asyncio.Task[Symbols] | None = None
        self._tiers: dict[str, Decimal] = {}
        self._opened: dict[str, tuple[float, State | None]] = {}  # by exchange ("": the whole): when, and what

    async def _read(self, endpoint: Endpoint, params: Mapping[str, str] | None = None) -> Any:
        return (await self.client.read(Call(endpoint, dict(params or {})), self.credentials, self.user)).data

    async def _rows(self, endpoint: Endpoint, params: Mapping[str, str] | None = None) -> Rows:
        """A list of what is open. A row that is no object is an empty one: it may be of anything."""
        found = await self._read(endpoint, params)
        if not isinstance(found, list):
            raise Garbled(f"{endpoint.text}: a success without its list", code="no_list")
        return [row if isinstance(row, dict) else {} for row in found]

    # -- modes and margins ---------------------------------------------------------------------------------------------

    async def plain(self) -> State | None:
        """The account without naming an exchange; None where the venue refuses that: it is in isolated_exchange."""
        try:
            return State.of(await self._read(ACCOUNT))
        except Refused as error:
            if error.code == ISOLATED_READ:
                return None
            raise

    async def whose(self) -> str:
        """The user behind the account. What was read to learn it is kept for the first survey (`opened`).

        In isolated_exchange any part tells: those of the first documents are asked first.
        """
        read_at = self.client.clock.monotonic()
        state = await self.plain()  # whatever its mode: that is read with the account
        self._opened = {"": (read_at, state)}
        if state is not None:
            return state.user
        refused: list[Refused] = []
        for exchange in ("gate", "okx", "binance", *(one for one in EXCHANGES if one not in FIRST)):
            try:
                part = await self.at(exchange)
            except Refused as error:  # an exchange that this user never set up
                refused.append(error)
            else:
                self._opened[exchange] = read_at, part
                return part.user
        raise next((error for error in refused if error.code != ISOLATED_READ), _nowhere())

    async def state(self, *, opened: bool = False) -> State | None:
        """The whole account; None in isolated_exchange. Raises Garbled for an account mode that we have no word for.

        `opened`: what was read when the connection was opened will do, once, unless something came between.
        """
        kept = self._kept("") if opened else None
        found = kept[1] if kept else await self.plain()
        return None if found is None or found.account_mode == ISOLATED else found

    def _kept(self, exchange: str) -> tuple[float, State | None] | None:
        kept = self._opened.pop(exchange, None)
        return kept if kept and kept[0] >= FRESH_SINCE.get() else None

    async def at(self, exchange: str, *, opened: bool = False) -> State:
        """The part at one exchange, in isolated_exchange. Raises Garbled for the answer of another part.

        `opened`: as of `state`.
        """
        if opened and (kept := self._kept(exchange)) and kept[1]:
            return kept[1]
        asked = exchange_word(exchange)
        found = State.of(await self._read(ACCOUNT, {"exchange_type": asked}))
        said = found.row.get("exchange_type") or asked
        if said != asked:
            raise Garbled(f"asked for {exchange}, the venue answered for {said}", code="wrong_exchange")
        return found

    async def exchanges(self) -> list[str]:
        """Those that we know, and those that the symbols show besides."""
        shown = {exchange.lower() for exchange in (await self.symbols()).exchanges}
        return [*EXCHANGES, *sorted(shown - set(EXCHANGES))]

    async def everywhere(self) -> dict[str, State]:
        """The parts at every exchange, in isolated_exchange: those that we know, and those that the symbols show.

        The exchanges of the first documents must answer; of the later ones the venue may say that it has no such part.
        """

        async def one(exchange: str) -> State | None:
            try:
                return await self.at(exchange)
            except Refused as error:
                if error.code == ISOLATED_READ and exchange not in FIRST:
                    return None
                raise

        every = await self.exchanges()
        found = await asyncio.gather(*map(one, every))
        return {exchange: state for exchange, state in zip(every, found, strict=True) if state is not None}

    # -- what may stand in the way -------------------------------------------------------------------------------------

    async def positions(self) -> Rows:
        """Contract positions of all exchanges, those of no quantity too."""
        return await self._rows(POSITIONS)

    async def margin_positions(self) -> Rows:
        """Margin positions of all exchanges; one of no quantity may still have a debt."""
        return await self._rows(MARGIN_POSITIONS)

    async def securities(self) -> Rows | None:
        """Stocks and ETFs of all markets; None where the venue does not serve them."""
        try:
            return await self._rows(SECURITY_POSITIONS)
        except Refused as error:
            if error.code in NOT_SERVED:
                return None
            raise

    async def orders(self) -> Rows:
        """Open orders of all exchanges and businesses."""
        return await self._rows(OPEN_ORDERS)

    async def fees(self) -> tuple[FeeRate, ...]:
        """What trading costs the account."""
        answer = await self._read(FEES)
        with as_documented("fee rates"):
            return fees_of(answer)

    # -- leverage ------------------------------------------------------------------------------------------------------

    async def symbols(self) -> Symbols:
        """The venue's public list of symbols."""
        if self._symbols is None:
            self._symbols = asyncio.create_task(self._list())
        return await self._symbols

    async def symbols_of_two_looks(self) -> Symbols:
        """What it shows some seconds later besides: one answer may lose a row."""
        if self._symbols_twice is None:
            self._symbols_twice = asyncio.create_task(self._list_again())
        return await self._symbols_twice

    async def _list_again(self) -> Symbols:
        first = await self.symbols()
        await some_seconds(self.client)
        return Symbols.together(first, await self._list())

    async def _list(self) -> Symbols:
        return Symbols(_rows_of((await self.client.read(Call(SYMBOLS))).data, "symbols"))

    async def leverage(self, market: Market, symbols: Iterable[str]) -> dict[str, Told]:
        """Present values by symbol, or why one could not be read; one that the answer leaves out is unknown, not at a
        default."""

        async def ask(some: str) -> Iterable[object]:
            return _leverage_rows(await self._read(_LEVERAGE[market], {"symbols": some}))

        return await _of_each(symbols, ask, _leverage)

    async def margin_mode(self, symbol: str) -> Any:
        """The venue's answer on one symbol's margin mode: there is no list."""
        return await self._read(GET_MARGIN_MODE, {"symbol": symbol})

    async def ceilings(self, symbols: Iterable[str]) -> dict[str, Told]:
        """The greatest leverage of any risk-limit tier, by symbol, or why it could not be read; one that the answer
        leaves out is unknown."""

        async def ask(some: str) -> Iterable[object]:
            rows = (await self.client.read(Call(RISK_LIMITS, {"symbols": some}))).data
            return _rows_of(rows, "risk limits")

        found = await _of_each((name for name in symbols if name not in self._tiers), ask, _ceiling)
        self._tiers |= {name: most for name, most in found.items() if isinstance(most, Decimal)}
        return {**found, **self._tiers}


async def _of_each(
    symbols: Iterable[str],
    ask: Callable[[str], Awaitable[Iterable[object]]],
    read: Callable[[str, JsonObject], Decimal | None],
) -> dict[str, Told]:
    """What the answers say of each symbol; one that is none, or says no, is so of the symbols that it was asked for."""
    found: dict[str, Told] = {}
    for some in _batches(symbols):
        try:
            found |= by_symbol(some, await ask(",".join(some)), read)
        except (Garbled, Refused) as error:
            found |= dict.fromkeys(some, error)
    return found


def _nowhere() -> Refused:
    message = "the account is in isolated_exchange, and the venue shows no part of it at any exchange"
    hint = "set the account up at an exchange, or switch it to cross_exchange, on the venue's site; then plan again"
    return Refused(message, hint=hint, code=ISOLATED_READ)


def _batches(symbols: Iterable[str]) -> Iterable[list[str]]:
    names = sorted(set(symbols))
    return (names[at : at + PER_READ] for at in range(0, len(names), PER_READ))


def _leverage_rows(answer: object) -> Iterable[object]:
    """The rows of either shape: a list of them, or one object keyed by symbol."""
    if isinstance(answer, Mapping):
        return [{"symbol": symbol, "leverage": value} for symbol, value in answer.items()]
    return _rows_of(answer, "leverage")


def _rows_of(answer: object, what: str) -> Sequence[object]:
    if not isinstance(answer, list):
        raise Garbled(f"the venue answered {what} in a shape that its documents do not know", code="shape")
    return answer


def _leverage(symbol: str, row: JsonObject) -> Decimal:
    return positive(row.get("leverage"), f"leverage of {symbol}")


def _ceiling(symbol: str, row: JsonObject) -> Decimal | None:
    tiers = row.get("tiers")
    if not isinstance(tiers, list) or not all(isinstance(tier, Mapping) for tier in tiers):
        raise Garbled(f"the venue answered risk limits without the tiers of {symbol}", code="shape")
    return max((positive(tier.get("leverage_max"), f"leverage_max of {symbol}") for tier in tiers), default=None)
