"""Toy Exchange's settings, one row each. Source: "POST /v1/account/sweep"."""

from __future__ import annotations

from acctcfg.core.setting import Choice, Setting
from acctcfg.core.vocabulary import Words
from acctcfg.venues.switch import Switch
from acctcfg.wire.endpoint import Call
from toy_exchange.endpoints import SWEEP

__all__ = ["SWITCHES"]

SWEEP_WORDS: Words[str] = Words("sweep", {"off": "off", "daily": "daily"})

SWITCHES = (
    Switch(
        setting=Setting(
            name="cash_sweep",
            doc="Move idle cash to savings",
            kind=Choice({"off": "leave it", "daily": "at the end of each day"}),
            prechecks=("no_pending_withdrawals",),
        ),
        source="account",
        read=lambda row, _: SWEEP_WORDS.core(row["sweep"]),
        write=lambda _, value: Call(SWEEP, {"sweep": str(value)}),
        shown_as="sweep",
    ),
)
