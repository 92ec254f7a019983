"""The account behind a connection: what is read of it, each list once a survey."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from acctcfg.core.address import Address
from acctcfg.core.diff import Change
from acctcfg.core.secret import Credentials
from acctcfg.core.vocabulary import PositionMode, Words
from acctcfg.venues.contract import Survey, Write, Writer
from acctcfg.venues.resources import as_documented
from acctcfg.wire.client import Client
from acctcfg.wire.endpoint import Call, Endpoint
from toy_exchange.endpoints import ACCOUNT, LEVERAGE, POSITIONS, SYMBOLS, WITHDRAWALS

__all__ = ["HEDGE_WORDS", "Account", "Exchange", "Symbol"]

HEDGE_WORDS: Words[PositionMode] = Words("position mode", {PositionMode.NET: "off", PositionMode.LONG_SHORT: "on"})


@dataclass(frozen=True, slots=True)
class Symbol:
    """One row of the public list."""

    name: str
    max_leverage: Decimal
    trading: bool


class Exchange:
    """Reads as one user. `user` is whom the limits count for: the client must be told the same name each time."""

    def __init__(self, client: Client, credentials: Credentials, user: str) -> None:
        self.client, self.credentials, self.user = client, credentials, user

    async def _read(self, endpoint: Endpoint) -> Any:
        return (await self.client.read(Call(endpoint), self.credentials, self.user)).data

    async def account_row(self) -> Any:
        """The account as the exchange shows it."""
        return await self._read(ACCOUNT)

    async def account(self) -> tuple[str, PositionMode]:
        """The user's id, and the position mode."""
        row = await self.account_row()
        with as_documented("the account"):
            return str(row["user"]), HEDGE_WORDS.core({True: "on", False: "off"}.get(row["hedge"]))

    async def leverage(self) -> dict[str, Decimal]:
        """By symbol."""
        rows = await self._read(LEVERAGE)
        with as_documented("leverage"):
            return {symbol: Decimal(value) for symbol, value in rows.items()}

    async def open_positions(self) -> list[str]:
        """In words, those of a size."""
        rows = await self._read(POSITIONS)
        with as_documented("positions"):
            return sorted(f"{row['symbol']} {row['size']}" for row in rows if Decimal(row["size"]) != 0)

    async def withdrawals(self) -> list[str]:
        """In words, those under way."""
        rows = await self._read(WITHDRAWALS)
        with as_documented("withdrawals"):
            return sorted(f"{row['amount']} {row['coin']}" for row in rows)

    async def symbols(self) -> Mapping[str, Symbol]:
        """The public list."""
        rows = (await self.client.read(Call(SYMBOLS))).data
        with as_documented("symbols"):
            found = [Symbol(row["symbol"], Decimal(row["max_leverage"]), bool(row["trading"])) for row in rows]
        return {symbol.name: symbol for symbol in found}


@dataclass(slots=True)
class Account:
    """The package's own notes on the one account of a survey."""

    survey: Survey
    exchange: Exchange
    symbols: Mapping[str, Symbol] = field(default_factory=dict)

    def address(self, field_: str, key: str = "") -> Address:
        """An address of this account."""
        return Address(self.survey.spec.key, field_, key)

    async def send(self, call: Call, change: Change, writer: Writer) -> None:
        """One write, through the engine's journal and gate."""
        await writer.send(
            Write(
                call=call,
                signer=self.exchange.credentials,
                user=self.exchange.user,
                address=change.address,
                action=change.action,
                account=self.survey.spec.name,
            )
        )
