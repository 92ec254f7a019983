"""Where a sub-account's deposits are credited: one value for all of its addresses. Source: as `deposit.py`.

It can be changed at the venue, so it is read every time. Where the addresses come from the journal, the account's own
key reads it, out of a limit that the account shares with nobody; the broker's list is one line for all accounts.
"""

from __future__ import annotations

from collections.abc import Sequence

from acctcfg.core.address import Address, Focus
from acctcfg.core.diff import Change
from acctcfg.core.state import ABSENT, Live, Unreadable
from acctcfg.deposit import ADDRESSES, CREDIT, CreditTo, deposit_of
from acctcfg.errors import VenueError
from acctcfg.venues.contract import Cost
from acctcfg.venues.okx.account import Account
from acctcfg.venues.okx.account_reads import OwnKey
from acctcfg.venues.okx.deposit_rows import NOT_READ
from acctcfg.venues.okx.endpoints import DEPOSIT_ADDRESSES, MODIFY_DEPOSIT_ADDRESS
from acctcfg.venues.okx.listed import DepositAddress
from acctcfg.venues.okx.vocabulary import CREDIT_TO
from acctcfg.venues.one_call import OneCall
from acctcfg.wire.endpoint import Call

__all__ = ["CreditToSetting", "credit_to", "look_elsewhere"]


_UNSEEN = "the venue shows it only with a currency's addresses, and the manifest names none: add one to `addresses`"
_MAY_MOVE = (
    "where the account's deposits go now is not known: the venue shows it only with a currency's addresses, and there "
    "are none of the currencies that the manifest names. A new address is credited to funding, and the venue may "
    "credit those of every other currency there as well (write `credit_to`)"
)


class CreditToSetting(OneCall[Account]):
    """Where the whole sub-account's deposits go; a write of its own only where addresses exist."""

    field = CREDIT

    async def survey(self, account: Account, focus: Focus, replace: frozenset[Address]) -> None:  # noqa: ARG002
        """Both sides, from the addresses that were read."""
        deposit, address = deposit_of(account.spec), account.address(CREDIT)
        rows = _rows(account)
        if deposit is not None and not rows and any(account.deposits.values()) and focus.wants(address):
            account.survey.cannot_read(address, "no_field", "no row of the venue's list says which address it is")
        elif deposit is not None and deposit.credit_to is not None and rows and focus.wants(address):
            try:
                rows = await _where_now(account, rows) if any(row.credit_to == NOT_READ for row in rows) else rows
            except VenueError as error:
                account.survey.cannot_read(address, error.code or "deposit", error.message)
            else:
                account.survey.want(address, deposit.credit_to, _live(rows, deposit.credit_to))
        elif deposit is not None and deposit.credit_to is not None and not rows:
            account.survey.nothing_to_set(address, "it is kept with addresses: a new one is created with it")
            if not deposit.addresses and focus.wants(address):
                account.survey.sets_nothing.append(str(address))
                account.survey.warn(address, "no_address_named", _UNSEEN)
        elif deposit is not None and _creates(account):
            _carry_on(account, address)

    async def current(self, account: Account, addresses: Sequence[Address]) -> dict[Address, Live]:
        """By the addresses of one currency, since the value is one for all."""
        currency = _rows(account)[0].currency
        account.deposits[currency] = await account.master.deposit_addresses(account.name, currency)
        rows = [row for row in account.deposits[currency] if row.whole]
        wanted = deposit.credit_to if (deposit := deposit_of(account.spec)) else None
        return dict.fromkeys(addresses, _live(rows, wanted))

    def calls(self, account: Account, change: Change) -> tuple[Call, ...]:
        """One call for the whole sub-account, through any one of its addresses."""
        row = _rows(account)[0]
        body = {
            "subAcct": account.name,
            "ccy": row.currency,
            "chain": row.chain,
            "addr": f"{row.address}:{row.tag}" if row.tag else row.address,  # else 58302
            "to": CREDIT_TO.venue(CreditTo(str(change.after))),
        }
        return (Call(MODIFY_DEPOSIT_ADDRESS, body),)

    def costs(self, account: Account, changes: Sequence[Change]) -> list[Cost]:
        """A write and a read-back, out of the broker's buckets."""
        master, venue = account.master.user, account.spec.venue
        return [
            Cost(master, venue, MODIFY_DEPOSIT_ADDRESS, len(changes), write=True),
            Cost(master, venue, DEPOSIT_ADDRESSES, len(changes)),
        ]


def credit_to(account: Account) -> str:
    """What a new address is created with: the wanted value, else the present one, else the venue's default.

    A creation may move it for all addresses. Where the user left that out of this run, the present one is carried on.
    """
    deposit = deposit_of(account.spec)
    rows = (*_rows(account), *account.elsewhere)
    present = [row.credit_to for row in rows if not isinstance(row.credit_to, Unreadable)]
    if deposit is not None and deposit.credit_to is not None and not (account.credit_stays and present):
        return deposit.credit_to.value
    return (present[0] if present else CreditTo.FUNDING).value


def _creates(account: Account) -> bool:
    """Whether this plan makes an address."""
    return any(one.field == ADDRESSES and found is ABSENT for one, found in account.survey.live.items())


async def look_elsewhere(account: Account) -> None:
    """Where the manifest does not say it, and its currencies have no address: read a currency of the journal's, since
    the value is one for all."""
    deposit = deposit_of(account.spec)
    if account.row is None or deposit is None or _rows(account):
        return
    if deposit.credit_to is not None and not account.credit_stays:
        return
    lasting = account.memory.lasting(account.uid, account.environment, ADDRESSES)
    known = [*account.memory.created(account.uid, ADDRESSES), *(one.facts for one in lasting)]
    for currency in sorted({str(one["currency"]) for one in known} - account.deposits.keys()):
        rows = await account.master.deposit_addresses(account.name, currency)
        account.elsewhere = [row for row in rows if row.whole]
        if account.elsewhere:
            return


def _carry_on(account: Account, address: Address) -> None:
    """Creations carry the present value on where the manifest says none; warn where nothing shows it."""
    rows = _rows(account) or account.elsewhere
    live = _live(rows, None)
    if rows and isinstance(live, Unreadable):
        message = f"{live.message}; a creation has to carry where deposits go (write `credit_to`)"
        account.survey.cannot_read(address, live.code, message)
    elif not rows and account.row is not None:
        account.survey.warn(address, "credit_not_seen", _MAY_MOVE)


def _rows(account: Account) -> list[DepositAddress]:
    return [row for _, rows in sorted(account.deposits.items()) for row in rows if row.whole]


async def _where_now(account: Account, known: Sequence[DepositAddress]) -> list[DepositAddress]:
    """The addresses of one currency with where they credit now: read as the account itself, which waits for no other.

    Where its own list is refused, or shows none of the addresses that are known, the broker's tells.
    """
    currency, names = known[0].currency, {(row.chain, row.address, row.tag) for row in known}
    own = [row for row in await _own_list(account, currency) if (row.chain, row.address, row.tag) in names]
    told = own and not any(isinstance(row.credit_to, Unreadable) for row in own)
    if told:
        return own
    return [row for row in await account.master.deposit_addresses(account.name, currency) if row.whole]


async def _own_list(account: Account, currency: str) -> list[DepositAddress]:
    """Its addresses as the account itself reads them; [] where it cannot, or the first that asked could not."""
    master, reader = account.master, account.who_reads()
    if reader is None:
        return []
    if master.own_lists is None:
        async with master.first_own_list:
            if master.own_lists is None:
                first = await _asked(reader, currency)
                master.own_lists = first is not None
                return first or []
    return await _asked(reader, currency) or [] if master.own_lists else []


async def _asked(reader: OwnKey, currency: str) -> list[DepositAddress] | None:
    """None where it could not be read."""
    try:
        return await reader.deposit_addresses(currency)
    except VenueError:
        return None


def _live(rows: Sequence[DepositAddress], wanted: CreditTo | None) -> Live:
    """One value for all; should the venue show several, one that is not wanted counts, so that it is mended."""
    if not rows:
        return Unreadable("not_listed", "the venue's list shows no address now")
    values = [row.credit_to for row in rows]
    unread = [value for value in values if isinstance(value, Unreadable)]
    return next((value for value in (*unread, *values) if value != wanted), values[0])
