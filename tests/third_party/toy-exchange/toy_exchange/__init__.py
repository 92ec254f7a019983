"""Toy Exchange for acctcfg: the venue on one page. Type `toy_exchange`: one user's own account.

| resource | module |
| --- | --- |
| position mode | position_mode.py |
| settings | settings.py, switches.py |
| leverage by symbol | leverage.py |

Source: Toy Exchange API 1 (EXCHANGE.md).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from acctcfg.core.desired import VenueSpec
from toy_exchange.rules import ORDER, RULES

if TYPE_CHECKING:
    from acctcfg.core.verdict import Explained
    from acctcfg.venues.contract import Connection, Given, Venue
    from acctcfg.wire.dialect import Dialect
    from acctcfg.wire.endpoint import Rate

__all__ = ["TOY_EXCHANGE"]


class ToyExchange:
    """The venue type. What `acctcfg validate` does not need is imported when it is used."""

    rules = RULES
    order = ORDER
    write_window_s = 30.0
    effects_come_later = False
    error_family = "toy"

    def base_url(self, spec: VenueSpec) -> str:
        """The manifest's, else the exchange's only one."""
        return spec.base_url or "https://api.toy-exchange.example"

    def rate_of(self, endpoint: str) -> Rate | None:
        """A row of the table."""
        from toy_exchange.endpoints import RATES

        return RATES.get(endpoint)

    def error_codes(self) -> Collection[str]:
        """All of them."""
        from toy_exchange.refusals import REFUSALS

        return REFUSALS.keys()

    def explain(self, code: str) -> Explained | None:
        """A row of the table."""
        from toy_exchange.refusals import REFUSALS

        return REFUSALS.get(code)

    def dialect(self, spec: VenueSpec) -> Dialect:
        """There is one."""
        from toy_exchange.dialect import ToyDialect

        return ToyDialect()

    def connect(self, given: Given) -> Connection:
        """A connection as this user; without sub-accounts and keys it needs no stores and no memory."""
        from toy_exchange.connection import ToyConnection

        return ToyConnection(given.spec, given.client, given.credentials)


TOY_EXCHANGE: Venue = ToyExchange()
