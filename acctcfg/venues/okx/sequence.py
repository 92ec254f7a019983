"""The order of an account's writes: left goes first, and the first row that fits two changes decides."""

from __future__ import annotations

from acctcfg.core.order import Row
from acctcfg.venues.okx.settings import SWITCHES
from acctcfg.venues.switch import rows_of

__all__ = ["BROKERS_ORDER", "ORDER"]

ORDER: tuple[Row, ...] = (
    *rows_of(SWITCHES),
    ("account", "*"),
    ("api_keys", "account_mode"),  # its prechecks are read with the account's own key
    ("api_keys", "position_mode"),
    ("api_keys", "settings.*"),
    ("api_keys", "leverage"),
    ("position_mode=net", "account_mode:!spot=portfolio"),  # portfolio margin takes net only
    ("position_mode", "account_mode:!spot=spot"),  # in spot it can no longer be set
    ("account_mode", "position_mode"),
    ("account_mode", "settings.*"),  # which there are, and perhaps how they stand, follows from the mode
    ("position_mode", "settings.*"),
    ("account_mode", "leverage"),  # the scopes themselves follow the modes
    ("position_mode", "leverage"),
    ("api_keys", "-api_keys"),  # the old key goes when the new one is there
    ("*", "-api_keys", "waits"),
)
"""Of every type of user."""

BROKERS_ORDER: tuple[Row, ...] = (
    *ORDER,
    ("deposit.credit_to", "deposit.addresses", "waits"),
    ("*", "-account", "waits"),
    ("-api_keys", "-account"),
)
