"""Fee rates. Sources: OKX v5, "Get fee rates" and, of a broker's sub-accounts, "Get sub-account fee rates".

A negative rate is paid, a positive one received. Pairs without fees are not in the answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from acctcfg.core.fee_rate import FeeRate
from acctcfg.core.json_types import JsonObject
from acctcfg.core.spelling import decimal_of
from acctcfg.errors import Garbled
from acctcfg.venues.okx.account import Account
from acctcfg.venues.okx.account_reads import OwnKey
from acctcfg.venues.okx.endpoints import SUB_ACCOUNT_FEES, TRADE_FEE
from acctcfg.wire.endpoint import Call

__all__ = ["fees_of"]

MARKETS: Final = ("SPOT", "MARGIN", "SWAP", "FUTURES", "OPTION", "EVENTS")


async def fees_of(account: Account, *, by_broker: bool) -> tuple[FeeRate, ...]:
    """By the broker for a sub-account of its, else by the account's own key: a call for each kind of product."""
    if by_broker and not account.main:
        told = await account.master.read(Call(SUB_ACCOUNT_FEES, {"subAcct": account.name}))
        return tuple(_types(account.name, told))
    if account.reader is None:
        raise await account.why_no_access()
    lists = await asyncio.gather(*(_market(account.reader, one) for one in MARKETS))
    return tuple(rate for rates in lists for rate in rates)


async def _market(own: OwnKey, market: str) -> list[FeeRate]:
    rows = await own.read(TRADE_FEE, {"instType": market})
    return [rate for row in rows for rate in _groups(row, market.lower())]


def _groups(row: JsonObject, market: str) -> Iterator[FeeRate]:
    level = str(row.get("level", ""))
    for group in _rows(row.get("feeGroup")):
        named = f"{market}, group {group.get('groupId', '')}"
        yield FeeRate(of=named, maker=_rate(group.get("maker")), taker=_rate(group.get("taker")), level=level)


def _types(name: str, rows: list[JsonObject]) -> Iterator[FeeRate]:
    """By the venue's fee types 1 to 9. Its documents write the maker's field in two ways."""
    for page in rows:
        for row in _rows(page.get("details")):
            if row.get("subAcct") == name:
                for rate in _rows(row.get("feeRates")):
                    maker = rate.get("maker", rate.get("marker"))
                    of = f"fee type {rate.get('type', '')}"
                    yield FeeRate(of=of, maker=_rate(maker), taker=_rate(rate.get("taker")))


def _rows(found: object) -> list[Mapping[str, object]]:
    if not isinstance(found, list) or not all(isinstance(one, Mapping) for one in found):
        raise Garbled("fee rates without their list", code="no_list")
    return found


def _rate(text: object) -> Decimal | None:
    if text in ("", None):
        return None
    rate = decimal_of(str(text))
    if rate is None:
        raise Garbled("a fee rate that is not a number", code="no_number")
    return rate
