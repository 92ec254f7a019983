"""What only an account's own key reads: its config, leverage, instruments, and all that may stand in the way.

Source: OKX v5, "Get account configuration", "Get leverage", "Get instruments", and the lists of open things.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from acctcfg.core.json_types import JsonObject
from acctcfg.core.secret import Credentials
from acctcfg.core.state import KeyValue, Unreadable
from acctcfg.core.vocabulary import PositionMode
from acctcfg.errors import Garbled, VenueError
from acctcfg.venues.okx.endpoints import (
    ACCOUNT_INSTRUMENTS,
    ALGO_ORDERS,
    BALANCE,
    COLLATERAL,
    CONFIG,
    DCA_BOTS,
    FUNDING_BALANCES,
    GRID_BOTS,
    LEVERAGE_INFO,
    MMP_CONFIG,
    OWN_DEPOSIT_ADDRESSES,
    PENDING_ORDERS,
    POSITIONS,
    PRECHECK_DELTA_NEUTRAL,
    RECURRING_BOTS,
    SIGNAL_BOTS,
    SPREAD_ORDERS,
    SWITCH_PRECHECK,
)
from acctcfg.venues.okx.instruments import INST_TYPES, Instruments
from acctcfg.venues.okx.leverage import Decision, Read, live_values
from acctcfg.venues.okx.listed import DepositAddress
from acctcfg.venues.okx.row_fields import boolean, demand, known_or_not, number, text_or_none
from acctcfg.venues.okx.scopes import Scope
from acctcfg.venues.okx.vocabulary import ACCOUNT_LEVEL, POSITION_MODE, ips_of, permissions_of
from acctcfg.wire.client import Client
from acctcfg.wire.endpoint import Call, Endpoint
from acctcfg.wire.shared import at_once

__all__ = ["Config", "Open", "OwnKey"]

_IDS_PER_CALL = 20
_OF_ONE_NAME = frozenset({"51001", "51012", "54000"})
"""No such instrument, no such currency, a pair without margin: of a request for many names, it is about one of them."""
_MOST_PAGES = 200
_OWED = ("liab", "crossLiab", "isoLiab", "interest")  # of a balance: debt where any is not 0
_MONEY = ("totalEq", "eq", "cashBal", *_OWED, "stgyEq", "frozenBal", "ordFrozen", "ordFroz", "borrowFroz", "imr")
_PAGE = 100  # rows of a full page where no limit is asked for
_ALGO_TYPES = ("conditional,oco", "trigger", "move_order_stop", "iceberg", "twap", "chase", "smart_iceberg")
_BOTS: tuple[tuple[Endpoint, dict[str, str]], ...] = (
    (GRID_BOTS, {"algoOrdType": "grid"}),
    (GRID_BOTS, {"algoOrdType": "contract_grid"}),
    (RECURRING_BOTS, {}),
    (SIGNAL_BOTS, {"algoOrdType": "contract"}),
    (DCA_BOTS, {"algoOrdType": "contract_dca"}),
    (DCA_BOTS, {"algoOrdType": "spot_dca"}),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The account that a key belongs to, and the key itself."""

    uid: str
    main_uid: str
    account_mode: str | Unreadable
    position_mode: PositionMode | Unreadable
    borrow_in_spot: bool
    key_label: str  # "": the answer does not say
    key_permissions: tuple[str, ...] | None  # None: the answer does not say; every key has one
    key_ips: tuple[str, ...] | None  # (): bound to none
    row: JsonObject = field(compare=False)  # as the venue answered it: the settings are read from it

    @classmethod
    def of(cls, row: JsonObject) -> Config:
        """Read the one object of the answer. Without uid it is none; another field that is missing, or says a word
        that is new to us, cannot be read, and is never at a default."""
        demand("an account configuration", row, "uid")
        permissions, addresses = text_or_none(row.get("perm")), text_or_none(row.get("ip"))
        return cls(
            uid=str(row["uid"]),
            main_uid=text_or_none(row.get("mainUid")) or "",
            account_mode=known_or_not(ACCOUNT_LEVEL, row.get("acctLv")),
            position_mode=known_or_not(POSITION_MODE, row.get("posMode")),
            borrow_in_spot=boolean(row.get("enableSpotBorrow")) is True,
            key_label=text_or_none(row.get("label")) or "",
            key_permissions=permissions_of(permissions) if permissions else None,
            key_ips=ips_of(addresses) if addresses is not None else None,
            row=row,
        )

    def key_value(self, store: str | None) -> KeyValue:
        """The calling key as a state. Raises Garbled where the answer does not describe it in full."""
        if not self.key_label or self.key_permissions is None or self.key_ips is None:
            raise Garbled("an account configuration that does not describe its key", code="no_config")
        return KeyValue(self.key_permissions, self.key_ips, store)


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """Everything open in an account that a setting may trip over, as the venue lists it."""

    positions: tuple[JsonObject, ...]
    orders: tuple[JsonObject, ...]
    algos: tuple[JsonObject, ...]
    bots: tuple[JsonObject, ...]


class OwnKey:
    """Reads signed with one account's own key. `user` names the account to the pacer: its keys share the limits."""

    def __init__(self, client: Client, credentials: Credentials, user: str) -> None:
        self.client = client
        self.credentials = credentials
        self.user = user
        self._uid = ""  # of the account, once the key has told it

    async def read(self, endpoint: Endpoint, params: Mapping[str, str] | None = None) -> list[JsonObject]:
        """The rows of one read."""
        reply = await self.client.read(Call(endpoint, dict(params or {})), self.credentials, self.user)
        rows: list[JsonObject] = reply.data
        return rows

    async def config(self) -> Config:
        """The account's configuration."""
        rows = await self.read(CONFIG)
        if len(rows) != 1:
            raise Garbled(f"{len(rows)} account configurations", code="no_config")
        config = Config.of(rows[0])
        if self._uid not in ("", config.uid):  # a key never changes its account: this is another one's answer
            raise Garbled(f"an account configuration of the uid {config.uid}, not {self._uid}", code="other_answer")
        self._uid = config.uid
        return config

    async def instruments(self, markets: Iterable[str]) -> Instruments:
        """The account's own lists of these markets."""
        kinds = [INST_TYPES[market] for market in sorted(set(markets))]  # type: ignore[index]
        lists = await at_once([self.read(ACCOUNT_INSTRUMENTS, {"instType": kind}) for kind in kinds])
        return Instruments.of_lists(lists)

    async def leverage(self, decisions: Sequence[Decision]) -> dict[Scope, Decimal | VenueError]:
        """The present values of these scopes, 20 to a request, or why the request for one failed.

        A scope that is missing was left out of the answer. Raises where every request failed for one reason.
        """
        kinds: dict[tuple[str, str, str], dict[str, list[Decision]]] = {}
        for decision in decisions:
            asked: Read = decision.read
            kind = asked.margin_mode, asked.param, asked.inst_type
            kinds.setdefault(kind, {}).setdefault(asked.value, []).append(decision)
        batches = [
            (margin_mode, param, {value: found[value] for value in values[at : at + _IDS_PER_CALL]})
            for (margin_mode, param, _), found in sorted(kinds.items())
            for values in (sorted(found),)
            for at in range(0, len(values), _IDS_PER_CALL)
        ]
        answers = await at_once([self._leverage_of(*batch) for batch in batches])
        failed = {decision.scope: error for _, errors in answers for error, some in errors for decision in some}
        if len(failed) == len(decisions) and len({error.code for error in failed.values()}) == 1:
            raise next(iter(failed.values()))
        return {**live_values(decisions, [row for rows, _ in answers for row in rows]), **failed}

    async def _leverage_of(
        self, margin_mode: str, param: str, asked: Mapping[str, Sequence[Decision]]
    ) -> tuple[list[JsonObject], list[tuple[VenueError, Sequence[Decision]]]]:
        """The rows of these names, and why there are none of some. One name that is gone spoils the whole request: it
        is halved until that name stands alone."""
        try:
            return await self.read(LEVERAGE_INFO, {"mgnMode": margin_mode, param: ",".join(asked)}), []
        except VenueError as error:
            if len(asked) == 1 or error.code not in _OF_ONE_NAME:
                return [], [(error, some) for some in asked.values()]
        names = list(asked)
        halves = [{name: asked[name] for name in some} for some in (names[::2], names[1::2])]
        answers = await at_once([self._leverage_of(margin_mode, param, half) for half in halves])
        return [row for rows, _ in answers for row in rows], [one for _, failed in answers for one in failed]

    async def switch_verdict(self, level: str) -> list[JsonObject]:
        """What the venue itself says about a change to that account level; `Verdict` reads it."""
        return await self.read(SWITCH_PRECHECK, {"acctLv": level})

    # -- what is open --------------------------------------------------------------------------------------------------

    async def positions(self) -> tuple[JsonObject, ...]:
        """Open positions: those whose size is not zero; the venue lists closed ones for a while."""
        rows = [demand("a position", row, "instType", "instId", "pos") for row in await self.read(POSITIONS)]
        return tuple(row for row in rows if number(row["pos"]) != 0)

    async def orders(self, *, spreads: bool) -> tuple[JsonObject, ...]:
        """Pending orders of all kinds; spread orders, which belong to no instrument, on demand."""
        lists = [self._paged(PENDING_ORDERS, {}, "ordId", "instType", "instId")]
        if spreads:
            lists.append(self._paged(SPREAD_ORDERS, {}, "ordId"))
        return tuple(row for rows in await at_once(lists) for row in rows)

    async def spot_orders(self) -> tuple[JsonObject, ...]:
        """Pending orders of the spot market."""
        return tuple(await self._paged(PENDING_ORDERS, {"instType": "SPOT"}, "ordId", "instId"))

    async def balances(self, currencies: Sequence[str] = ()) -> dict[str, JsonObject]:
        """The trading account's balances by currency: these, or without any all that are not zero."""
        batches = [currencies[at : at + _IDS_PER_CALL] for at in range(0, len(currencies), _IDS_PER_CALL)] or [()]
        found: dict[str, JsonObject] = {}
        for some in batches:
            rows = await self.read(BALANCE, {"ccy": ",".join(some)} if some else {})
            found |= _by("ccy", [demand("a balance", one, "ccy") for one in _currencies(rows)])
        return found

    async def deposit_addresses(self, currency: str) -> list[DepositAddress]:
        """The account's addresses of one currency, as it sees them itself."""
        return [DepositAddress.of(row, currency) for row in await self.read(OWN_DEPOSIT_ADDRESSES, {"ccy": currency})]

    async def collateral(self) -> dict[str, bool | None]:
        """Whether each currency that can be collateral is; None where its row does not say, or its rows differ."""
        found: dict[str, bool | None] = {}
        for row in await self.read(COLLATERAL):
            currency = str(demand("a collateral asset", row, "ccy")["ccy"])
            on = boolean(row.get("collateralEnabled"))
            found[currency] = on if found.get(currency, on) is on else None
        return found

    async def protections(self) -> dict[str, JsonObject]:
        """Market-maker protections by family."""
        return _by("instFamily", [demand("a protection", one, "instFamily") for one in await self.read(MMP_CONFIG)])

    async def unmatched(self, strategy: str) -> list[JsonObject]:
        """What stands in the way of a strategy, as the venue's own precheck words it."""
        rows = await self.read(PRECHECK_DELTA_NEUTRAL, {"stgyType": strategy})
        items = rows[0].get("unmatchedInfoCheck") if len(rows) == 1 else None
        if not isinstance(items, list):
            raise Garbled("a precheck of a strategy without its list", code="no_verdict")
        return [demand("an item of a precheck", one, "type") for one in items]

    async def debts(self) -> list[str]:
        """What the account owes, by currency: "12.5 USDT". Owed is what stands under any of the four fields."""
        details = [demand("a balance", one, "ccy") for one in _currencies(await self.read(BALANCE))]
        owed = [(row, [number(row.get(name)) for name in _OWED]) for row in details]
        return [f"{max(map(abs, amounts)):f} {row['ccy']}" for row, amounts in owed if any(amounts)]

    async def algos(self) -> tuple[JsonObject, ...]:
        """Pending algo orders of every type; the venue takes one type a call, but for the first two."""
        lists = await asyncio.gather(
            *(self._paged(ALGO_ORDERS, {"ordType": kind}, "algoId", "instType", "instId") for kind in _ALGO_TYPES)
        )
        return tuple(row for rows in lists for row in rows)

    async def bots(self) -> tuple[JsonObject, ...]:
        """Running bots of every kind."""
        lists = await asyncio.gather(*(self._paged(endpoint, params, "algoId") for endpoint, params in _BOTS))
        return tuple(row for rows in lists for row in rows)

    async def holdings(self) -> dict[str, list[str]]:
        """What is not zero, by wallet: "trading", "funding" -> ["12.5 USDT", ...]."""
        trading, funding = await asyncio.gather(self.read(BALANCE), self.read(FUNDING_BALANCES))
        details = [demand("a balance", row, "ccy", there=("eq", "cashBal")) for row in _currencies(trading)]
        funding = [dict(demand("a balance", row, "ccy", "bal")) for row in funding]
        return {
            "trading": [f"{row.get('eq') or row.get('cashBal')} {row.get('ccy')}" for row in details if _holds(row)],
            "funding": [f"{row.get('bal')} {row.get('ccy')}" for row in funding if number(row.get("bal")) != 0],
        }

    async def money(self) -> list[JsonObject]:
        """The rows of the trading account's balance, of the whole and of each currency, that hold, owe or set aside
        anything."""
        rows = await self.read(BALANCE)
        details = [demand("a balance", row, "ccy", there=("eq", "cashBal")) for row in _currencies(rows)]
        return [row for row in (*rows, *details) if any(number(row.get(name)) != 0 for name in _MONEY)]

    async def _paged(
        self, endpoint: Endpoint, params: Mapping[str, str], id_field: str, *demanded: str
    ) -> list[JsonObject]:
        """All rows of a list, newest first; each names itself, since a page begins after the last of the one before."""
        rows: list[JsonObject] = []
        begins: dict[str, dict[str, str]] = {"": {}}  # what each page began after: no list comes by one twice
        after = ""
        while True:
            page = await self.read(endpoint, {**params, **begins[after]})
            for row in page:
                demand("a pending order", row, id_field, *demanded)
            rows += page
            after = str(page[-1][id_field]) if page else ""
            if len(page) < _PAGE:
                return rows
            if after in begins or len(begins) >= _MOST_PAGES:
                raise Garbled(f"{endpoint.text}: a list that does not end", code="no_end", hint="try again")
            begins[after] = {"after": after}


def _by(name: str, rows: Iterable[JsonObject]) -> dict[str, JsonObject]:
    """Rows by what they name; of several of one name, what they agree on: the rest is as where neither says it."""
    found: dict[str, JsonObject] = {}
    for row in rows:
        before = found.setdefault(str(row[name]), row)
        if before != row:
            found[str(row[name])] = {key: value for key, value in before.items() if row.get(key) == value}
    return found


def _currencies(rows: Sequence[JsonObject]) -> list[object]:
    """The rows of a balance, each of a currency; whether they are any, who reads them looks."""
    details = rows[0].get("details") if len(rows) == 1 else None
    if not isinstance(details, list):
        raise Garbled("a balance without its currencies", code="no_list")
    return details


def _holds(row: JsonObject) -> bool:
    return any(number(row.get(name)) != 0 for name in ("eq", "cashBal", *_OWED))
