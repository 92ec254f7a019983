"""OKX's settings, one row each. Source: OKX v5, "Trading Account", the page of each endpoint.

All are signed by the account itself, and read back from its configuration.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from acctcfg.core.quoting import quoted
from acctcfg.core.setting import Choice, Flag, Setting
from acctcfg.core.state import Live, Unreadable, Value
from acctcfg.core.vocabulary import Words
from acctcfg.venues.okx.endpoints import SET_AUTO_LOAN, SET_FEE_TYPE, SET_GREEKS
from acctcfg.venues.okx.row_fields import boolean, known_or_not
from acctcfg.venues.switch import Switch
from acctcfg.wire.endpoint import Call, Endpoint

__all__ = ["CONFIG_ROW", "SWITCHES"]

CONFIG_ROW = "configuration"
"""The source of what `GET /api/v5/account/config` shows."""

GREEKS: Words[str] = Words("greeks", {"PA": "PA", "BS": "BS"})
FEE_TYPE: Words[str] = Words("fee type", {"received": "0", "quote": "1"})


def _word(name: str, words: Words[str]) -> Callable[[Any, str], Live]:
    return lambda row, _: known_or_not(words, row.get(name))


def _flag(name: str) -> Callable[[Any, str], Live]:
    def read(row: Any, _: str) -> Live:
        found = boolean(row.get(name))
        said = f"the account's configuration says {quoted(row.get(name))} under {name}, where true or false belongs"
        return Unreadable("no_field", said) if found is None else found

    return read


def _sends_word(endpoint: Endpoint, name: str, words: Words[str]) -> Callable[[str, Value], Call]:
    return lambda _, value: Call(endpoint, {name: words.venue(str(value))})


def _sends_flag(endpoint: Endpoint, name: str) -> Callable[[str, Value], Call]:
    """As JSON has it: an endpoint that is sent no value takes one of its own."""
    return lambda _, value: Call(endpoint, {name: value is True})


SWITCHES: tuple[Switch, ...] = (
    Switch(
        setting=Setting(
            name="auto_loan",
            doc="Borrow by itself what an order or a position lacks",
            kind=Flag(),
            modes=("multi_currency", "portfolio"),
            prechecks=("no_borrowings",),  # 59001
        ),
        source=CONFIG_ROW,
        read=_flag("autoLoan"),
        write=_sends_flag(SET_AUTO_LOAN, "autoLoan"),
        shown_as="autoLoan",
    ),
    Switch(
        setting=Setting(
            name="greeks",
            doc="How Greeks are shown; trading is as before",
            kind=Choice({"PA": "in coins", "BS": "Black-Scholes, in dollars"}),
        ),
        source=CONFIG_ROW,
        read=_word("greeksType", GREEKS),
        write=_sends_word(SET_GREEKS, "greeksType", GREEKS),
        shown_as="greeksType",
    ),
    Switch(
        setting=Setting(
            name="fee_type",
            doc="The currency that the fee of a spot trade is taken in",
            kind=Choice({"received": "the one that the trade brings in", "quote": "the quote currency"}),
            prechecks=("no_spot_orders",),  # 59678
        ),
        source=CONFIG_ROW,
        read=_word("feeType", FEE_TYPE),
        write=_sends_word(SET_FEE_TYPE, "feeType", FEE_TYPE),
        shown_as="feeType",
    ),
)
