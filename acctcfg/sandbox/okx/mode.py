"""Account mode: what stands in the way of a switch, and what a switch changes.

Source: OKX v5, "Set account mode", "Precheck account mode switch", "Preset account mode switch"; 5 / 2 s / user each.
"""

from __future__ import annotations

from acctcfg.sandbox.okx.leverage import forget_changed_shapes, shapes
from acctcfg.sandbox.okx.state import Account, Venue

__all__ = ["switch"]

LEVELS = ("1", "2", "3", "4")


def switch(venue: Venue, account: Account, level: str) -> None:
    """Make the account have a mode: position ids are new, scopes that changed shape stand at the default."""
    if account.acct_lv == level:
        return
    before = shapes(account, venue.flags)
    account.acct_lv = level
    if level == "4":
        account.pos_mode = "net_mode"  # stays net when the account leaves portfolio margin again
    forget_changed_shapes(account, venue.flags, before)
    for position in account.open_positions():
        position.pos_id = venue.next_id()
    account.preset = ""
