"""An account spec that asks for everything, so that a survey reads all there is."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from decimal import Decimal

from acctcfg.core.desired import NOWHERE, AccountSpec, LeverageEntry, Selector
from acctcfg.core.rules import VenueRules
from acctcfg.core.setting import Keyed, OnOff, Record, Setting
from acctcfg.core.vocabulary import MarginMode, Market

__all__ = ["as_it_is", "every_leverage", "plain_keys"]


def as_it_is(spec: AccountSpec, *, exclusive: bool) -> AccountSpec:
    """An account of the manifest that wants nothing to be otherwise. `exclusive`: with a look at all its keys."""
    return replace(
        spec,
        state="present",
        account_mode=None,
        position_mode=None,
        position_modes={},
        settings=(),
        leverage=(),
        own={},
        resources={},
        api_keys=tuple(replace(one, permissions=None, ip_allowlist=None) for one in spec.api_keys),
        api_keys_exclusive=exclusive,
    )


def plain_keys(setting: Setting) -> Collection[str]:
    """The keys of a setting that every account has; of one by currency and the like, only the venue tells."""
    match setting.kind:
        case Keyed() | OnOff():
            return ()
        case Record(parts):
            return tuple(parts)
        case _:
            return ("",)


def every_leverage(rules: VenueRules) -> tuple[LeverageEntry, ...]:
    """Entries that come to every scope; those that do not exist under the account's modes come to none."""
    by = "instrument" if "instrument" in rules.leverage_selectors else rules.leverage_selectors[0]
    kinds: Sequence[tuple[Market | None, MarginMode | None]] = [(None, None)]
    if by == "instrument":
        kinds = [(market, margin) for market in Market for margin in MarginMode]
    return tuple(
        LeverageEntry(
            market=market,
            margin=margin,
            selector=Selector(by, "*"),
            side=None,
            value=Decimal(1),
            layer=0,
            place=NOWHERE,
            path="leverage",
        )
        for market, margin in kinds
    )
