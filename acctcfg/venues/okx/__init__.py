"""OKX: the venue on one page. Type `okx`: a user and the regular sub-accounts under it; `okx_dma_broker`: a broker.

What the two types of user do for their sub-accounts differs (`master_calls.py`); what accounts do themselves does not.

| resource | module | written by | read by |
| --- | --- | --- | --- |
| the sub-account | sub_account.py | the broker | the broker's list |
| API keys | api_keys.py | the broker | the key itself, else the broker's list |
| account mode | account_mode.py | the broker | the account's own key, else the broker's list |
| position mode | position_mode.py | the account's own key | the account's own key |
| leverage | leverage_setting.py, leverage.py, scopes.py | the account's own key | the account's own key |
| deposit addresses | deposit.py | the broker | the broker |
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from acctcfg.core.desired import VenueSpec
from acctcfg.venues.okx.rules import OKX_DMA_BROKER_RULES, OKX_RULES
from acctcfg.venues.okx.sequence import BROKERS_ORDER, ORDER

if TYPE_CHECKING:
    from acctcfg.core.verdict import Explained
    from acctcfg.errors import Refused
    from acctcfg.venues.contract import Connection, Given
    from acctcfg.wire.dialect import Dialect
    from acctcfg.wire.endpoint import Rate

__all__ = ["OKX", "OKX_DMA_BROKER", "Okx", "OkxDmaBroker"]


class Okx:
    """The venue type; connections do the work. Its parts are imported when one is made: validating needs none."""

    rules = OKX_RULES
    order = ORDER
    write_window_s = 30.0
    effects_come_later = False
    error_family = "okx"

    def base_url(self, spec: VenueSpec) -> str:
        return spec.base_url or f"https://{self.rules.region_hosts[spec.region][0]}"

    def rate_of(self, endpoint: str) -> Rate | None:
        """The row of the endpoint table, by method and path."""
        from acctcfg.venues.okx import endpoints

        return endpoints.RATES.get(endpoint)

    def error_codes(self) -> Collection[str]:
        """The codes of the table of refusals."""
        from acctcfg.venues.okx import refusals

        return refusals.CODES

    def explain(self, code: str) -> Explained | None:
        from acctcfg.venues.okx import refusals

        return refusals.explain(code)

    def address_seen(self, error: Refused) -> str:
        """By the words of a refusal for the address."""
        from acctcfg.venues.okx import own_key

        return own_key.address_seen(error)

    def questions_of(self, code: str) -> Sequence[str]:
        """By its code, or a word of the precheck of an account mode."""
        from acctcfg.venues.okx import blockers

        return blockers.questions_of(code)

    def dialect(self, spec: VenueSpec) -> Dialect:
        """Signed for the environment: demo has a header of its own and the same hosts.

        `sandbox` speaks as demo does: should its base URL ever lead to the venue, no live key is taken there.
        """
        from acctcfg.venues.okx.dialect import OkxDialect

        return OkxDialect(demo=spec.environment in ("demo", "sandbox"))

    def connect(self, given: Given) -> Connection:
        from acctcfg.venues.okx.connection import OkxConnection
        from acctcfg.venues.okx.regular_master import RegularMaster

        return OkxConnection(given, RegularMaster())


class OkxDmaBroker(Okx):
    """The venue type `okx_dma_broker`: a DMA broker and its sub-accounts."""

    rules = OKX_DMA_BROKER_RULES
    order = BROKERS_ORDER

    def connect(self, given: Given) -> Connection:
        from acctcfg.venues.okx.connection import OkxConnection
        from acctcfg.venues.okx.dma_broker import DmaBroker

        return OkxConnection(given, DmaBroker())


OKX = Okx()
OKX_DMA_BROKER = OkxDmaBroker()
