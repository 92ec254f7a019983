"""Fee rates. Sources: CrossEx v1.0 and its later generation, "Query fee rates".

One object in the first generation, one an exchange since; the list of special rates may be missing. The venue calls
these numbers fees and says nothing of their sign: one above zero is read as paid, one below as received.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from acctcfg.core.fee_rate import FeeRate
from acctcfg.venues.gate_crossex.vocabulary import number

__all__ = ["fees_of"]


def fees_of(answer: object) -> tuple[FeeRate, ...]:
    """By kind of product, at each exchange; then the symbols that have rates of their own."""
    if isinstance(answer, Mapping):
        answer = [answer]
    if not isinstance(answer, list):
        raise TypeError(answer)
    return tuple(rate for row in answer for rate in _row(row))


def _row(row: Mapping[str, object]) -> Iterator[FeeRate]:
    place = f" at {exchange.lower()}" if isinstance(exchange := row.get("exchange_type"), str) else ""
    for kind, name in (("spot", "spot"), ("future", "futures")):
        yield FeeRate(of=name + place, maker=_rate(row, f"{kind}_maker_fee"), taker=_rate(row, f"{kind}_taker_fee"))
    special = row.get("special_fee_list") or []
    if not isinstance(special, list):
        raise TypeError(special)
    for one in special:
        yield FeeRate(
            of=f"{one['symbol']}{place}", maker=_rate(one, "maker_fee_rate"), taker=_rate(one, "taker_fee_rate")
        )


def _rate(row: Mapping[str, object], name: str) -> Decimal | None:
    """Negative where it is paid; None where the venue names none."""
    value = row.get(name)
    return None if value in ("", None) else -number(value, name)
