"""The instruments that one account may trade, as its own list shows them. Source: OKX v5, "Get instruments"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from acctcfg.core.spelling import decimal_of
from acctcfg.core.vocabulary import Market
from acctcfg.errors import Garbled

__all__ = ["INST_TYPES", "Instrument", "Instruments", "positive"]

INST_TYPES: Mapping[Market, str] = {Market.MARGIN: "MARGIN", Market.FUTURES: "FUTURES", Market.SWAP: "SWAP"}
TAKES_NO_LEVERAGE = frozenset({"suspend", "preopen", "test"})
"""The states in which the venue takes no leverage. In any other, a word that is new to us too, it is the judge."""


class Instrument(NamedTuple):
    """One row of the list. "" and None: the venue does not say, which is never taken for an answer."""

    inst_type: str  # "MARGIN" | "SWAP" | "FUTURES" | "SPOT"
    inst_id: str  # "BTC-USDT-SWAP"
    family: str  # "BTC-USDT"; from the row: an id shows neither family nor underlying reliably
    base: str  # MARGIN and SPOT only
    quote: str
    max_leverage: Decimal | None  # the first tier's; a large position may have less
    state: str  # "live", "post_only", "rebase", "suspend", "preopen", "test", or a word that is new to us

    @classmethod
    def of(cls, row: Mapping[str, object]) -> Instrument:
        """Read a row of the venue's; unknown fields are ignored, missing ones are unknown."""
        return cls(
            _text(row, "instType"),
            _text(row, "instId"),
            _text(row, "instFamily"),
            _text(row, "baseCcy"),
            _text(row, "quoteCcy"),
            positive(row.get("lever")),
            _text(row, "state"),
        )

    def agreed(self, other: Instrument) -> Instrument:
        """What two rows of one id agree on; the rest is as unknown as where neither says it."""
        return Instrument(
            self.inst_type,
            self.inst_id,
            self.family if self.family == other.family else "",
            self.base if self.base == other.base else "",
            self.quote if self.quote == other.quote else "",
            self.max_leverage if self.max_leverage == other.max_leverage else None,
            self.state if self.state == other.state else "",
        )

    @property
    def takes_leverage(self) -> bool:
        """Whether its leverage is read and set; patterns expand over these only."""
        return self.state not in TAKES_NO_LEVERAGE

    @property
    def currencies(self) -> tuple[str, ...]:
        """What trading the pair may borrow: the base when selling, the quote when buying."""
        return tuple(ccy for ccy in (self.base, self.quote) if ccy)

    def names(self, by: str) -> tuple[str, ...]:
        """What it answers to under a selector: instrument, family or currency."""
        if by == "instrument":
            return (self.inst_id,)
        if by == "currency":
            return self.currencies
        return (self.family,) if self.family else ()


class Instruments:
    """One account's lists, indexed by market. Immutable, and one object for equal lists: compare by identity.

    Most sub-accounts of a broker see the same list, so that what was derived for one is right for all of them.
    """

    __slots__ = ("_by_id", "_by_key", "_by_market", "odd", "rows")

    def __init__(self, rows: tuple[Instrument, ...], *, odd: bool = False) -> None:
        self.rows = rows
        self.odd = odd  # a row says nothing at all: it may be of any name that is not found
        self._by_market: dict[str, tuple[Instrument, ...]] = {
            inst_type: tuple(row for row in rows if row.inst_type == inst_type)
            for inst_type in {row.inst_type for row in rows}
        }
        self._by_id = {(row.inst_type, row.inst_id): row for row in rows}
        self._by_key: dict[tuple[str, str, str], list[Instrument]] = {}
        for row in rows:
            for kind, key in (("family", row.family), *(("currency", ccy) for ccy in dict.fromkeys(row.currencies))):
                self._by_key.setdefault((row.inst_type, kind, key), []).append(row)

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, object]]) -> Instruments:
        """Index the rows of any number of lists, in any order. A row without an id says nothing and is left out; of
        several with one id what they agree on is known."""
        read: dict[tuple[str, str], Instrument] = {}
        odd = False
        for each in rows:
            row = Instrument.of(each)
            key = row.inst_type, row.inst_id
            if row.inst_id:
                read[key] = row if read.get(key, row) == row else row.agreed(read[key])
            odd = odd or not each
        return _interned(tuple(read[key] for key in sorted(read)), odd)

    @classmethod
    def of_lists(cls, lists: Iterable[Sequence[Mapping[str, object]]]) -> Instruments:
        """As `of`, for lists that nobody changes: the very same ones are indexed once."""
        return _indexed(*map(_Itself, lists))

    def with_those_of(self, other: Instruments) -> Instruments:
        """What either list has; of one that both have, the row of the other."""
        rows = {(row.inst_type, row.inst_id): row for row in (*self.rows, *other.rows)}
        return _interned(tuple(rows[key] for key in sorted(rows)), self.odd or other.odd)

    def market(self, market: Market) -> tuple[Instrument, ...]:
        """All of a market, whatever their state, sorted by id."""
        return self._by_market.get(INST_TYPES[market], ())

    def find(self, market: Market, inst_id: str) -> Instrument | None:
        """The instrument of that very id, whatever its state."""
        return self._by_id.get((INST_TYPES[market], inst_id))

    def named(self, market: Market, by: str, name: str) -> tuple[Instrument, ...]:
        """The instruments, whatever their state, that an exact name stands for."""
        if by == "instrument":
            row = self.find(market, name)
            return (row,) if row else ()
        return self.with_currency(name) if by == "currency" else self.of_family(market, name)

    def of_family(self, market: Market, family: str) -> tuple[Instrument, ...]:
        """All of a family in one market, whatever their state, sorted by id."""
        return tuple(self._by_key.get((INST_TYPES[market], "family", family), ()))

    def with_currency(self, currency: str) -> tuple[Instrument, ...]:
        """The margin pairs with that currency on either side, whatever their state, sorted by id."""
        return tuple(self._by_key.get((INST_TYPES[Market.MARGIN], "currency", currency), ()))

    def families(self) -> frozenset[str]:
        """The families of all markets."""
        return frozenset(row.family for row in self.rows if row.family)

    def family_of(self, inst_type: str, inst_id: str) -> str:
        """The family of an instrument that an order or a position names; "" where the list does not know it."""
        row = self._by_id.get((inst_type, inst_id))
        return row.family if row else ""

    def currencies_of(self, inst_id: str) -> tuple[str, ...]:
        """Both currencies of a pair that an order or a position names; () where the lists do not know it."""
        row = self._by_id.get(("MARGIN", inst_id)) or self._by_id.get(("SPOT", inst_id))
        return row.currencies if row else ()


class _Itself:
    """A list as a key: equal to nothing but that very list, which it keeps alive."""

    __slots__ = ("rows",)

    def __init__(self, rows: Sequence[Mapping[str, object]]) -> None:
        self.rows = rows

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Itself) and self.rows is other.rows

    def __hash__(self) -> int:
        return id(self.rows)


@lru_cache(maxsize=16)
def _indexed(*lists: _Itself) -> Instruments:
    for each in lists:
        if each.rows and not any(row.get("instId") for row in each.rows):
            raise Garbled("a list of instruments of which none has an id", code="shape")
    return Instruments.of(row for each in lists for row in each.rows)


@lru_cache(maxsize=64)
def _interned(rows: tuple[Instrument, ...], odd: bool) -> Instruments:
    return Instruments(rows, odd=odd)


def _text(row: Mapping[str, object], field: str) -> str:
    value = row.get(field)
    return value if isinstance(value, str) else ""


def positive(field: object) -> Decimal | None:
    """A number as the venue writes it, in a string or as a number; None for "" and whatever is none above 0."""
    return (
        _decimal(str(field)) if isinstance(field, str | int | float | Decimal) and not isinstance(field, bool) else None
    )


@lru_cache(maxsize=1024)
def _decimal(text: str) -> Decimal | None:
    value = decimal_of(text)
    return value if value is not None and value > 0 else None
