"""Writes the table of docs/performance.md: what each field costs a plan, from the venues' tables of limits.

`python docs/performance.py` puts it between its two marks; the rest of the page is written by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from acctcfg.engine.session import SHARE
from acctcfg.venues.gate_crossex import endpoints as gate
from acctcfg.venues.okx import endpoints as okx
from acctcfg.venues.okx.settings import CONFIG_ROW, SWITCHES
from acctcfg.venues.okx.switches import SOURCES
from acctcfg.wire.endpoint import Endpoint
from acctcfg.wire.pace import allowed, lower_bound

__all__ = ["ACCOUNTS", "READS", "Read", "page", "table"]

PAGE = Path(__file__).with_name("performance.md")
BEGIN, END = "<!-- docs/performance.py writes this table -->", "<!-- end of the table -->"
ACCOUNTS = 1000
ALL = "all accounts"
EACH = "each account"


@dataclass(frozen=True, slots=True)
class Read:
    """What a field makes a plan read. `own`: with the account's own key, out of limits that no other account uses."""

    types: str
    fields: str
    endpoint: Endpoint
    per: str  # what one request is for
    own: bool = False
    share: float = 1.0  # requests an account
    once: bool = False  # one for all accounts together
    remembered: bool = False

    @property
    def seconds(self) -> float:
        """The least that a thousand accounts take at a live venue, out of this limit."""
        requests = 1 if self.own or self.once else round(ACCOUNTS * self.share)
        return lower_bound(requests, self.endpoint.rate, SHARE)

    @property
    def row(self) -> str:
        """Its line of the table."""
        rate = self.endpoint.rate
        whose = "the account" if self.own else "the connection"
        limit = f"{allowed(rate, SHARE)} of {rate.count} per {rate.per_s:g} s, {whose}"
        cells = (self.types, self.fields, f"`{self.endpoint.text}`", self.per, limit, f"{self.seconds:.0f}")
        return f"| {' | '.join(cells)} | {'yes' if self.remembered else 'no'} |"


def _settings(source: str) -> str:
    """The settings that one source tells."""
    names = sorted(one.setting.name for one in SWITCHES if one.source == source)
    return ", ".join(f"`settings.{name}`" for name in names)


_BROKER, _OKX, _REGULAR, _GATE = "okx_dma_broker", "okx, okx_dma_broker", "okx", "gate_crossex"
READS = (
    Read(_BROKER, "any: is it there, its uid, label, parent", okx.SUB_ACCOUNTS, "100 accounts", share=0.01),
    Read(_REGULAR, "the same", okx.REGULAR_SUB_ACCOUNTS, "100 accounts", share=0.01),
    Read(_GATE, "the same", gate.SUB_ACCOUNTS, ALL, once=True),
    Read(_OKX, "`account_mode`, `position_mode`, other `settings`, stored `api_keys`", okx.CONFIG, EACH, own=True),
    Read(_OKX, "`leverage`: which contracts", okx.ACCOUNT_INSTRUMENTS, "a market of each account", own=True),
    Read(_OKX, "`leverage`: the values", okx.LEVERAGE_INFO, "20 scopes of each account", own=True),
    *(Read(_OKX, _settings(source), SOURCES[source], EACH, own=True) for source in SOURCES if source != CONFIG_ROW),
    Read(_BROKER, "`deposit.addresses`", okx.DEPOSIT_ADDRESSES, "a currency of each account", remembered=True),
    Read(_BROKER, "`deposit.addresses`: the chains", okx.CURRENCIES, "a currency", once=True),
    Read(_BROKER, "`deposit.credit_to`, addresses remembered", okx.OWN_DEPOSIT_ADDRESSES, EACH, own=True),
    Read(_BROKER, "the same, and no key that reads", okx.DEPOSIT_ADDRESSES, EACH),
    Read(_BROKER, "`api_keys_exclusive`, keys without a secret", okx.KEYS, EACH),
    Read(_REGULAR, "the same", okx.REGULAR_KEYS, EACH),
    Read(_GATE, "`api_keys`", gate.KEYS, EACH),
)


def table() -> str:
    """The table, with its heading."""
    head = "| venue type | field | request | one for | limit used of | seconds per 1,000 accounts | remembered |"
    return "\n".join([head, "| --- | --- | --- | --- | --- | --- | --- |", *_rows()])


def _rows() -> Iterator[str]:
    yield from (read.row for read in READS)


def page() -> str:
    """The page, with the table as it is now."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
