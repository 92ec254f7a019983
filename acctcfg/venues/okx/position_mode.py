"""The position mode. Source: OKX v5, "Set position mode": 5 per 2 s, signed by the account itself.

Refused while anything is open in the account (59000), in spot (51010), and under portfolio for anything but net.
"""

from __future__ import annotations

from collections.abc import Sequence

from acctcfg.core.address import Address, Focus
from acctcfg.core.diff import Change
from acctcfg.core.order import behind, order
from acctcfg.core.state import After, Live, Unreadable
from acctcfg.core.vocabulary import PositionMode as Word
from acctcfg.venues.contract import Cost
from acctcfg.venues.okx.account import Account
from acctcfg.venues.okx.account_mode import AccountMode
from acctcfg.venues.okx.endpoints import CONFIG, SET_POSITION_MODE
from acctcfg.venues.okx.sequence import ORDER
from acctcfg.venues.okx.vocabulary import POSITION_MODE
from acctcfg.venues.one_call import OneCall
from acctcfg.wire.endpoint import Call

__all__ = ["PositionMode"]


class PositionMode(OneCall[Account]):
    """One word for the whole account; margin and options are always net."""

    field = "position_mode"
    gated = True
    signed = True
    own = True

    def __init__(self, account_mode: AccountMode) -> None:
        self._account_mode = account_mode

    async def survey(self, account: Account, focus: Focus, replace: frozenset[Address]) -> None:  # noqa: ARG002
        """Both sides. Behind a change of the account mode the present value says nothing: it is read after that."""
        spec, address = account.spec, account.address(self.field)
        if spec.position_mode is None or not focus.wants(address):
            return
        live_mode = self._account_mode.live(account)
        wanted_mode = spec.account_mode or live_mode
        found: Live | None = account.later()
        if found is None and account.config is not None:
            found = account.config.position_mode
        if isinstance(live_mode, Unreadable) and spec.account_mode is not None:
            found = live_mode  # whether the account mode goes first is not known
        if found is None:
            return  # the account's own key could not be used: the survey said so
        moves = isinstance(live_mode, str) and isinstance(wanted_mode, str) and wanted_mode != live_mode
        if moves and not _goes_first(account, found, str(live_mode), str(wanted_mode)):
            if not isinstance(found, After) or found.what != "create":
                found = After("account_mode").beside(found)
            if not focus.wants(account.address("account_mode")):
                account.survey.needs(address, account.address("account_mode"))
        account.survey.want(address, spec.position_mode, found)
        unlike = spec.position_mode is Word.LONG_SHORT if isinstance(found, After) else found != spec.position_mode
        why_never = _never(spec.position_mode, live_mode, wanted_mode) if unlike else None
        if why_never is not None:
            account.survey.block(address, *why_never)

    async def current(self, account: Account, addresses: Sequence[Address]) -> dict[Address, Live]:
        return dict.fromkeys(addresses, (await account.own_config()).position_mode)

    def calls(self, account: Account, change: Change) -> tuple[Call, ...]:  # noqa: ARG002
        return (Call(SET_POSITION_MODE, {"posMode": POSITION_MODE.venue(Word(str(change.after)))}),)

    def costs(self, account: Account, changes: Sequence[Change]) -> list[Cost]:
        """A write and a config read, both out of the account's own buckets."""
        key = account.spec.key
        return [
            cost
            for _ in changes
            for cost in (
                Cost(account.user, key, SET_POSITION_MODE, 1, write=True),
                Cost(account.user, key, CONFIG, 1),
            )
        ]

    def moved_with(self, account: Account, change: Change) -> tuple[Address, ...]:  # noqa: ARG002
        """What stands behind it: of leverage, isolated values are kept by side in one of the two."""
        return tuple(one for one in account.survey.desired if behind(ORDER, self.field, one.field))


def _takes(account_mode: str, wanted: Word) -> bool:
    """Whether the venue sets that position mode in an account mode."""
    return account_mode != "spot" and (account_mode != "portfolio" or wanted is Word.NET)


def _never(wanted: Word, live_mode: object, wanted_mode: object) -> tuple[str, str] | None:
    """The precheck that fails, and why, where neither the account mode that is nor the one to be takes it."""
    if not isinstance(live_mode, str) or not isinstance(wanted_mode, str):
        return None  # which account mode it is set in is not known yet
    if _takes(live_mode, wanted) or _takes(wanted_mode, wanted):
        return None
    if live_mode == wanted_mode == "spot":
        why = "the venue sets no position mode while the account is in spot; want another account_mode too"
        return "position_mode_in_spot", why
    if live_mode == wanted_mode:
        why = "the account is in portfolio, which takes net only; want another account_mode too"
    else:
        why = (
            f"the account is in {live_mode}, and neither that nor {wanted_mode} takes {wanted}: "
            f"apply account_mode futures with it first, then {wanted_mode}"
        )
    return "position_mode_in_portfolio", why


def _goes_first(account: Account, found: Live, live_mode: str, wanted_mode: str) -> bool:
    """Whether the order of writes puts the position mode before the account mode: the same rows decide as later."""
    here, there = account.address("position_mode"), account.address("account_mode")
    ordered = order(
        (
            Change(here, "change", found, account.spec.position_mode),
            Change(there, "change", live_mode, wanted_mode),
        ),
        ORDER,
    )
    return ordered[0].change.address == here and not isinstance(found, After)
