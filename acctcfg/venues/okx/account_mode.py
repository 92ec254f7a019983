"""The account mode. Source: OKX v5, "Set account mode"; for sub-accounts "DMA broker: set sub-account level".

A broker switches its sub-accounts; every other account is switched with its own key. What guards it: `switch_checks`.
"""

from __future__ import annotations

from collections.abc import Sequence

from acctcfg.core.address import Address, Focus
from acctcfg.core.diff import Change
from acctcfg.core.order import behind
from acctcfg.core.state import After, Live, Unreadable
from acctcfg.core.vocabulary import PositionMode
from acctcfg.errors import AuthRefused, Garbled, OutcomeUnknown, VenueError
from acctcfg.venues.contract import Cost, Writer
from acctcfg.venues.okx.account import Account
from acctcfg.venues.okx.endpoints import CONFIG, SET_ACCOUNT_LEVEL, SWITCH_PRECHECK, SWITCH_PRESET
from acctcfg.venues.okx.master_calls import MasterCalls
from acctcfg.venues.okx.sequence import ORDER
from acctcfg.venues.okx.vocabulary import ACCOUNT_LEVEL
from acctcfg.venues.one_call import OneCall
from acctcfg.venues.resources import unreadable
from acctcfg.wire.endpoint import Call

__all__ = ["AccountMode"]


class AccountMode(OneCall[Account]):
    """The account mode: `spot`, `futures`, `multi_currency` or `portfolio`."""

    field = "account_mode"
    gated = True
    signed = True

    def __init__(self, calls: MasterCalls) -> None:
        self.own = not calls.sets_account_mode
        self._calls = calls

    async def survey(self, account: Account, focus: Focus, replace: frozenset[Address]) -> None:  # noqa: ARG002
        """Both sides; a new sub-account is known to be in spot."""
        address = account.address(self.field)
        if account.spec.account_mode is not None and focus.wants(address):
            account.survey.want(address, account.spec.account_mode, self.live(account))

    def live(self, account: Account) -> str | Unreadable | After:
        """The mode as it was read, without another request: by the account's own config, else by the master's list."""
        if account.config is not None:
            return account.config.account_mode
        if account.row is None:
            return "spot"
        if account.row.account_mode is not None:
            return account.row.account_mode
        return account.later() or unreadable(account.no_access())

    async def current(self, account: Account, addresses: Sequence[Address]) -> dict[Address, Live]:
        """By the account's own config; by the master's list, where it shows the mode and no key signs (any more)."""
        return dict.fromkeys(addresses, await self._now(account))

    async def _now(self, account: Account) -> str | Unreadable:
        if account.reader is not None:
            try:
                return (await account.own_config()).account_mode
            except AuthRefused:
                if account.main or self.own:
                    raise
        row = await account.master.sub_accounts.get(account.name)
        if row is None:
            raise VenueError(f"the venue lists no sub-account {account.name} any more", code="59510")
        account.row = row
        if row.account_mode is None:
            raise account.no_access()
        return row.account_mode

    def by_itself(self, account: Account) -> bool:
        """Whether the account's own key switches it, which may keep positions; a broker's call wants none."""
        return account.main or self.own

    def calls(self, account: Account, change: Change) -> tuple[Call, ...]:
        """The master's call for a sub-account where it has one, else the account's own, after the preset if any."""
        level = ACCOUNT_LEVEL.venue(str(change.after))
        if not self.by_itself(account):
            return (self._calls.set_account_mode(account.name, level),)
        switch = Call(SET_ACCOUNT_LEVEL, {"acctLv": level})
        if account.preset is None:
            return (switch,)
        return (account.preset.call(level), switch)

    async def write(self, account: Account, change: Change, writer: Writer) -> None:
        """The preset where there is one, read back like every write; then the switch."""
        account.preset_stands = False
        *presets, switch = self.calls(account, change)
        for call in presets:
            await self._preset(account, call, change, writer)
            account.preset_stands = True
        await account.send(switch, change, writer, own=self.own)

    async def _preset(self, account: Account, call: Call, change: Change, writer: Writer) -> None:
        """One that was not answered is settled by reading: it stands, or the step is tried once more when it can be
        executed no longer. Then, too, what stands is not sent again."""
        preset, own, level = account.preset, account.reader, ACCOUNT_LEVEL.venue(str(change.after))
        assert preset is not None  # noqa: S101 (`calls` made the call of it)
        assert own is not None  # noqa: S101 (its positions were read)
        if account.preset_begun and await preset.stands(own, level):
            return
        account.preset_begun = True
        try:
            await account.send(call, change, writer, own=self.own)
        except (OutcomeUnknown, Garbled):
            if not await preset.stands(own, level):
                raise
        else:
            await preset.read_back(own, level)

    def loses(self, account: Account, change: Change) -> str:
        """What the switch does to a position mode that the manifest leaves out; "" where it stays."""
        had = account.config.position_mode if account.config is not None else None
        if change.after != "portfolio" or account.spec.position_mode is not None or had is not PositionMode.LONG_SHORT:
            return ""
        return (
            "portfolio takes net only: the position mode long_short, which the manifest does not name, becomes net "
            "with the switch, and a switch back does not bring it back (position_mode: net says that it is meant)"
        )

    def costs(self, account: Account, changes: Sequence[Change]) -> list[Cost]:
        """A write out of the bucket of who signs it, and a read: the account's own config, or the master's list."""
        master, own = (account.master.user, account.spec.venue), (account.user, account.spec.key)
        reads_itself = account.reader is not None or account.later() is not None
        back = Cost(*own, CONFIG, 1) if reads_itself else account.master.listing(account.spec.venue)
        writes = own if self.own else master
        sent = [call.endpoint for change in changes for call in self.calls(account, change)]
        shown = [Cost(*own, SWITCH_PRECHECK, 1)] * sent.count(SWITCH_PRESET)
        return [*(Cost(*writes, endpoint, 1, write=True) for endpoint in sent), *shown, *([back] * len(changes))]

    def moved_with(self, account: Account, change: Change) -> tuple[Address, ...]:  # noqa: ARG002
        """Everything that is kept by the modes: the venue may set it anew."""
        return tuple(one for one in account.survey.desired if behind(ORDER, self.field, one.field))
