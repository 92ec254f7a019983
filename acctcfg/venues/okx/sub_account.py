"""The sub-account itself: created and deleted by the broker. Source: OKX v5, "DMA broker: sub-account".

Label, parent and registration address are set at creation and never again: no endpoint changes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from acctcfg.core.address import Address, Focus
from acctcfg.core.diff import Change
from acctcfg.core.managed import managed_fields
from acctcfg.core.state import ABSENT, AccountValue, Live
from acctcfg.errors import VenueError
from acctcfg.venues.contract import Absence, Cost, Writer
from acctcfg.venues.okx.account import Account
from acctcfg.venues.one_call import OneCall
from acctcfg.venues.resources import adopted, day_of
from acctcfg.wire.endpoint import Call

__all__ = ["SubAccounts"]

SENT = {"name": "subAcct", "label": "label", "parent": "mainAcct"}
"""What of a creation is kept on record, by our words."""


class SubAccounts(OneCall[Account]):
    """Existence of one sub-account."""

    field = ""
    gated = True  # a delete is; a creation has nothing that could forbid it
    absence = Absence.unique("59601")

    # -- reading -------------------------------------------------------------------------------------------------------

    async def survey(self, account: Account, focus: Focus, replace: frozenset[Address]) -> None:  # noqa: ARG002
        """Both sides of the account's existence. Its creation is part of any focus that needs the account."""
        if account.main:
            return
        address = account.address()
        survey = account.survey
        if account.spec.state == "absent":
            if focus.wants(address):
                absent = [spec for spec in account.specs.values() if spec.state == "absent"]
                account.going = frozenset(spec.name for spec in absent if focus.wants(Address(spec.key)))
                survey.want(address, ABSENT, ABSENT if account.row is None else self._live(account))
                if account.spec.protect and account.row is not None:
                    survey.block(address, "protected", "`protect: true` forbids to delete it")
            return
        survey.want(address, self._wanted(account), ABSENT if account.row is None else self._wanted(account))
        if account.row is not None:
            self._compare(account)
        else:
            await self._demand_parent(account, focus)

    async def _demand_parent(self, account: Account, focus: Focus) -> None:
        """A creation under an account that is not there yet needs that one's creation, targeted or not; under one that
        is itself under another it is refused (59622), and nothing can be changed about that."""
        above = account.spec.above
        if above is None:
            return
        name, row = self._parent_name(account), None
        if not focus.touches(above.account, *managed_fields(account.specs[above.account])):
            row = await account.master.sub_accounts.get(name)
            if row is None:
                account.survey.needs(account.address(), Address(above.account))
        elif account.above is not None:
            with suppress(VenueError):  # that is the parent's own matter
                row = await account.above
        if row is not None and row.parent:
            detail = f"{name} is under {row.parent} at the venue, and there is no third level; correct `parent`"
            account.survey.block(account.address(), "first_level_parent", detail)

    def _compare(self, account: Account) -> None:
        """What of an existing account is not as the manifest says, and cannot be changed."""
        row, spec, survey = account.row, account.spec, account.survey
        assert row is not None  # noqa: S101 (the caller looked)
        address = account.address()
        if spec.label is not None and row.label is None:
            survey.warn(address, "label_differs", f'the venue does not say its label; "{spec.label}" is wanted')
        elif spec.label is not None and spec.label.strip() != row.label:
            message = f'its label is "{row.label}", not "{spec.label}"; the venue sets it at creation only'
            survey.warn(address, "label_differs", message)
        parent = self._parent_name(account)
        if spec.above is not None and row.parent is None:
            survey.warn(address, "parent_differs", f'the venue does not say its parent; "{parent}" is wanted')
        elif spec.above is not None and parent != row.parent:
            message = f'its parent is "{row.parent}", not "{parent}"; the venue sets it at creation only'
            survey.warn(address, "parent_differs", message)

    def tell_taken_over(self, account: Account) -> None:
        """Warn of an account that acctcfg did not make. Last of the survey: its keys are counted if they were read."""
        if account.row is not None and not account.main and not account.ours and account.survey.not_meant is None:
            row, keys = account.row, account.keys
            told = adopted(row.uid, day_of(row.created_ms[:-3]), None if keys is None else keys.rows)
            account.survey.warn(account.address(), "adopted", told)

    def _wanted(self, account: Account) -> AccountValue:
        above = account.spec.above
        return AccountValue(account.name, account.spec.label, (("parent", above.account if above else ""),))

    def _live(self, account: Account) -> Live:
        if account.row is None:
            return ABSENT
        parent = next((key for key, spec in account.specs.items() if spec.name == account.row.parent), "")
        return AccountValue(account.row.name, account.row.label, (("parent", parent),))

    def _parent_name(self, account: Account) -> str:
        above = account.spec.above
        return account.specs[above.account].name if above else ""

    async def current(self, account: Account, addresses: Sequence[Address]) -> dict[Address, Live]:
        """Whether it is there now, by the broker's list."""
        account.row = await account.master.sub_accounts.get(account.name)
        account.survey.uid = account.uid
        there = self._live(account) if account.spec.state == "absent" else self._wanted(account)
        live = ABSENT if account.row is None else there
        return dict.fromkeys(addresses, live)

    # -- writing -------------------------------------------------------------------------------------------------------

    def calls(self, account: Account, change: Change) -> tuple[Call, ...]:
        """One call; a delete takes the account's keys along."""
        calls = account.master.calls
        if change.action == "delete":
            return (calls.delete(account.name),)
        return (calls.create(account.spec, self._parent_name(account)),)

    def costs(self, account: Account, changes: Sequence[Change]) -> list[Cost]:
        """The writes, and the page of the list that reads them back."""
        master, venue = account.master.user, account.spec.venue
        writes = [call.endpoint for change in changes for call in self.calls(account, change)]
        return [
            *(Cost(master, venue, endpoint, 1, write=True) for endpoint in writes),
            account.master.listing(venue, len(changes)),
        ]

    async def write(self, account: Account, change: Change, writer: Writer) -> None:
        """Create or delete it."""
        for call in self.calls(account, change):
            if change.action == "delete":
                await account.send(call, change, writer)
                continue
            sent = {name: str(call.params[param]) for name, param in SENT.items() if param in call.params}
            known = account.before
            account.master.sub_accounts.making[account.name] = call
            try:
                reply = await account.send(call, change, writer, creates=sent)
            except BaseException:
                account.master.sub_accounts.making.pop(account.name, None)
                raise
            row = reply.data[0] if reply.data else {}
            if row.get("uid"):
                account.made_uid = "" if known is not None else str(row["uid"])
                await writer.answered({"uid": str(row["uid"])})
