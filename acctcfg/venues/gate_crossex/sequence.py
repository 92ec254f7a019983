"""The order of an account's writes: left goes first, and the first row that fits two changes decides."""

from __future__ import annotations

from acctcfg.core.order import Row
from acctcfg.venues.gate_crossex.settings import SWITCHES
from acctcfg.venues.switch import rows_of

__all__ = ["ORDER"]

ORDER: tuple[Row, ...] = (
    *rows_of(SWITCHES),
    ("account", "*"),
    ("account_mode", "position_mode"),  # which of them there are follows from the account mode
    ("account_mode", "leverage"),
    ("position_mode", "leverage", "waits"),  # kept by symbol: only what is known after it depends on it
    ("state=present", "api_keys"),  # a locked account's keys cannot be changed
    ("state=present", "-api_keys"),
    ("api_keys", "state:present=locked", "waits"),
    ("api_keys", "state=locked"),  # of an account that the plan makes: locked without its keys, it could get none
    ("-api_keys", "state=locked", "waits"),
    ("api_keys", "-api_keys"),
    ("*", "-api_keys", "waits"),
)
