"""What has to change before a value can be read: the modes that this plan changes, in the order of the writes."""

from __future__ import annotations

from collections.abc import Iterable

from acctcfg.core.address import Address, Focus
from acctcfg.core.state import After, Unreadable
from acctcfg.venues.okx.account import Account

__all__ = ["barrier"]


def barrier(
    account: Account, focus: Focus, live_mode: str | Unreadable | After, addresses: Iterable[Address]
) -> After | None:
    """The mode change of this plan that these values will have behind them; modes that are not targeted block."""
    spec = account.spec
    live_position = account.config.position_mode if account.config else None  # a new account's is not known
    first = [
        account.address(field)
        for field, wanted, live in (
            ("position_mode", spec.position_mode, live_position),
            ("account_mode", spec.account_mode, live_mode),
        )
        if wanted is not None and wanted != live and not isinstance(live, Unreadable)
    ]
    if left_out := [address for address in first if not focus.wants(address)]:
        for address in addresses:
            account.survey.needs(address, *left_out)
    return After(first[0].field) if first else None
