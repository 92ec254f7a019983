"""Gate CrossEx: the venue on one page. Type `gate_crossex`: one user's CrossEx account, and that user's sub-accounts.

| resource | module | of |
| --- | --- | --- |
| account mode | account_mode.py | the CrossEx account |
| position mode, one or one for each exchange | position_mode.py | the CrossEx account |
| leverage by symbol | leverage_setting.py, leverage.py, symbols.py | the CrossEx account |
| the sub-account, and whether it is locked | sub_account.py | sub-accounts |
| API keys | api_keys.py | sub-accounts |

All of it is read and written with the user's own key. An accepted setting (202) shows later: it is done when a read
shows it. Two generations of the venue's documents differ in shapes; the answers of either are understood.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from acctcfg.core.desired import VenueSpec
from acctcfg.venues.gate_crossex.rules import GATE_CROSSEX_RULES
from acctcfg.venues.gate_crossex.sequence import ORDER

if TYPE_CHECKING:
    from acctcfg.core.verdict import Explained
    from acctcfg.venues.contract import Connection, Given
    from acctcfg.wire.dialect import Dialect
    from acctcfg.wire.endpoint import Rate

__all__ = ["GATE_CROSSEX", "GateCrossEx"]


class GateCrossEx:
    """The venue type; connections do the work. Its parts are imported when one is made: validating needs none."""

    rules = GATE_CROSSEX_RULES
    order = ORDER
    write_window_s = 61.0  # 60 s from a timestamp that may be rounded up
    effects_come_later = True
    error_family = "gate"

    def base_url(self, spec: VenueSpec) -> str:
        return spec.base_url or "https://api.gateio.ws"

    def rate_of(self, endpoint: str) -> Rate | None:
        """The row of the endpoint table, by method and path."""
        from acctcfg.venues.gate_crossex import endpoints

        return endpoints.RATES.get(endpoint)

    def error_codes(self) -> Collection[str]:
        """The labels of the table of refusals."""
        from acctcfg.venues.gate_crossex import refusals

        return refusals.LABELS

    def explain(self, code: str) -> Explained | None:
        from acctcfg.venues.gate_crossex import refusals

        return refusals.explain(code)

    def questions_of(self, code: str) -> Sequence[str]:
        """By its label."""
        from acctcfg.venues.gate_crossex import prechecks

        return prechecks.questions_of(code)

    def dialect(self, spec: VenueSpec) -> Dialect:  # noqa: ARG002 (there is one environment)
        from acctcfg.venues.gate_crossex.dialect import GateDialect

        return GateDialect()

    def connect(self, given: Given) -> Connection:
        from acctcfg.venues.gate_crossex.connection import GateConnection

        return GateConnection(given)


GATE_CROSSEX = GateCrossEx()
