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
    left_out = [str(address) for address in first if not focus.wants(address)]
    if left_out:
        has, it = ("has", "it") if len(left_out) == 1 else ("have", "them")
        detail = f"{' and '.join(left_out)} {has} to change first: target {it} too"
        for address in addresses:
            account.survey.block(address, "target_dependency", detail)
    return After(first[0].field) if first else None
