"""The sub-account itself, and whether it is locked. Source: Gate API v4, sub-accounts.

It can be created, locked and unlocked. Nothing deletes or renames it, and its remark is set at creation only. Password
and email are the main account's unless given, and are not given.
"""

from __future__ import annotations

from collections.abc import Sequence

from acctcfg.core.address import Address, Focus
from acctcfg.core.diff import Change
from acctcfg.core.state import ABSENT, AccountValue, After, Live, Unreadable
from acctcfg.errors import Garbled
from acctcfg.venues.contract import Absence, Cost, Writer
from acctcfg.venues.gate_crossex.account import Account
from acctcfg.venues.gate_crossex.endpoints import CREATE_SUB_ACCOUNT, LOCK, SUB_ACCOUNT, UNLOCK
from acctcfg.venues.gate_crossex.main_user import SubAccount
from acctcfg.venues.one_call import OneCall
from acctcfg.venues.resources import adopted, day_of
from acctcfg.wire.endpoint import Call

__all__ = ["SubAccountState", "SubAccounts"]

SENT = {"name": "login_name", "label": "remark"}
"""What of a creation is kept on record, by our words."""


NO_PARENT = (("parent", ""),)
"""As plans say it of accounts at every venue: here none stands under another."""


class SubAccounts(OneCall[Account]):
    """Existence of one sub-account."""

    field = ""
    absence = Absence.unique()  # the login name; with which label a second one is refused is not documented

    async def survey(self, account: Account, focus: Focus, replace: frozenset[Address]) -> None:  # noqa: ARG002
        """Both sides. Its creation is part of any focus that needs the account."""
        if account.main:
            return
        wanted = AccountValue(account.name, account.spec.label, NO_PARENT)
        account.survey.want(account.address(), wanted, ABSENT if account.row is None else wanted)
        if account.row is not None:
            self._compare(account, account.row)

    def _compare(self, account: Account, row: SubAccount) -> None:
        """What of an existing account is not as the manifest says, and cannot be changed."""
        label, address = account.spec.label, account.address()
        if label is not None and label.strip() != row.label:
            message = f'its label is "{row.label}", not "{label}"; the venue sets it at creation only'
            account.survey.warn(address, "label_differs", message)

    def tell_taken_over(self, account: Account) -> None:
        """Warn of an account that acctcfg did not make. Last of the survey: its keys are counted if they were read."""
        if account.row is not None and not account.ours and account.survey.not_meant is None:
            row = account.row
            account.survey.warn(account.address(), "adopted", adopted(row.uid, day_of(row.created_s), account.keys))

    async def current(self, account: Account, addresses: Sequence[Address]) -> dict[Address, Live]:
        """Whether it is there now: by its id where that is known, else by the list."""
        if account.row is not None:
            await account.look_again()
        else:
            account.row = await account.find_row(fresh=True)
        account.survey.uid = account.uid
        found = ABSENT if account.row is None else AccountValue(account.name, account.spec.label, NO_PARENT)
        return dict.fromkeys(addresses, found)

    def calls(self, account: Account, change: Change) -> tuple[Call, ...]:  # noqa: ARG002
        body = {"login_name": account.name}
        if account.spec.label:
            body["remark"] = account.spec.label.strip()
        return (Call(CREATE_SUB_ACCOUNT, body),)

    def costs(self, account: Account, changes: Sequence[Change]) -> list[Cost]:
        owner, venue = account.main_user.user, account.spec.venue
        return [
            Cost(owner, venue, CREATE_SUB_ACCOUNT, len(changes), write=True),
            Cost(owner, venue, SUB_ACCOUNT, len(changes)),
        ]

    async def write(self, account: Account, change: Change, writer: Writer) -> None:
        """Create it; the answer tells its id."""
        for call in self.calls(account, change):
            sent = {name: str(call.params[param]) for name, param in SENT.items() if param in call.params}
            reply = await account.send(call, change, writer, creates=sent)
            row = SubAccount.of(reply.data)
            there = (await account.main_user.sub_accounts()).rows  # as they were read right before
            if other := next((one.name for one in there if one.uid == row.uid and one.name != account.name), ""):
                raise Garbled(f"the answer names the uid of {other}", code="other_answer")
            await writer.answered({"uid": row.uid})
            account.row = row


class SubAccountState(OneCall[Account]):
    """Whether it is locked; managed only where the manifest says so."""

    field = "state"

    async def survey(self, account: Account, focus: Focus, replace: frozenset[Address]) -> None:  # noqa: ARG002
        """Both sides; a new account is not locked."""
        if account.main:
            return
        address, wanted = account.address(self.field), account.spec.state
        if self.field not in account.spec.places:
            if account.row is not None and account.row.state == "locked":
                message = "it is locked at the venue, and the manifest does not say what it should be"
                account.survey.warn(account.address(), "account_locked", message)
            elif account.row is not None and isinstance(account.row.state, Unreadable):
                message = f"whether it is locked cannot be told: {account.row.state.message}"
                account.survey.warn(account.address(), "account_locked", message)
        elif focus.wants(address) and (account.row is not None or wanted == "locked"):
            account.survey.want(address, wanted, account.row.state if account.row is not None else After("create"))

    async def current(self, account: Account, addresses: Sequence[Address]) -> dict[Address, Live]:
        if account.row is None:
            return dict.fromkeys(addresses, After("create"))
        await account.look_again()
        return dict.fromkeys(addresses, account.row.state)

    def calls(self, account: Account, change: Change) -> tuple[Call, ...]:
        return (Call(LOCK if change.after == "locked" else UNLOCK, at={"user_id": account.uid}),)

    def costs(self, account: Account, changes: Sequence[Change]) -> list[Cost]:
        owner, venue = account.main_user.user, account.spec.venue
        writes = [Cost(owner, venue, call.endpoint, 1, write=True) for c in changes for call in self.calls(account, c)]
        return [*writes, Cost(owner, venue, SUB_ACCOUNT, len(changes))]
