"""Deposit addresses and where they are credited. Source: OKX v5, "DMA broker: deposit addresses".

Addresses are created, never deleted, and each call may make another: what exists is counted first. Where deposits go
(`to`) is one value for the whole sub-account. Whether the `to` of a new address moves that value is not documented, so
every creation sends the wanted one, or the present one where none is wanted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from acctcfg.core.address import Address, Focus
from acctcfg.core.desired import AddressSpec
from acctcfg.core.diff import Change
from acctcfg.core.outcome import DepositRow
from acctcfg.core.state import ABSENT, DepositValue, Live
from acctcfg.core.words import CreditTo
from acctcfg.errors import VenueError
from acctcfg.venues.contract import NEVER_ABSENT, SEEN_TWICE, Cost, Writer
from acctcfg.venues.okx.account import Account
from acctcfg.venues.okx.broker import DepositAddress
from acctcfg.venues.okx.endpoints import CREATE_DEPOSIT_ADDRESS, DEPOSIT_ADDRESSES, MODIFY_DEPOSIT_ADDRESS
from acctcfg.venues.okx.words import ADDRESS_TYPE, CREDIT_TO
from acctcfg.wire.endpoint import Call

__all__ = ["CreditToSetting", "DepositAddresses"]

ADDRESSES = "deposit.addresses"
CREDIT = "deposit.credit_to"


class DepositAddresses:
    """The addresses of one account; an address of the plan is the N-th of its currency and chain."""

    field = ADDRESSES
    gated = False
    absence = SEEN_TWICE
    together = ""

    async def survey(self, account: Account, focus: Focus, replace: frozenset[Address]) -> None:  # noqa: ARG002
        """Both sides of every address, and of where they are credited where any exists."""
        deposit = account.spec.deposit
        if deposit is None or not focus.may_want(account.spec.key, ADDRESSES, CREDIT):
            return
        try:
            await asyncio.gather(*(self._read(account, ccy) for ccy in sorted({a.currency for a in deposit.addresses})))
            chains = await asyncio.gather(*(self._chain(account, spec) for spec in deposit.addresses))
        except VenueError as error:
            account.survey.cannot_read(account.address("deposit"), error.code or "deposit", error.message)
            return
        for spec, chain in zip(deposit.addresses, chains, strict=True):
            there = sum(row.chain == chain for row in account.deposits.get(spec.currency, ()))
            for number in range(1, spec.count + 1):
                address = account.address(ADDRESSES, f"{spec.currency}/{chain}/{number}")
                wanted = DepositValue(spec.currency, chain, spec.type, credit_to(account))
                if focus.wants(address):
                    account.survey.want(address, wanted, wanted if number <= there else ABSENT)
        _show(account)

    async def _read(self, account: Account, currency: str) -> None:
        rows = await account.broker.deposit_addresses(account.name, currency) if account.row is not None else []
        account.deposits[currency] = rows

    async def _chain(self, account: Account, spec: AddressSpec) -> str:
        return spec.chain if spec.chain is not None else await account.broker.main_chain(spec.currency)

    async def current(self, account: Account, addresses: Sequence[Address]) -> dict[Address, Live]:
        """Which of them are there now."""
        asked = {address: address.key.split("/") for address in addresses}
        await asyncio.gather(*(self._read(account, currency) for currency in {parts[0] for parts in asked.values()}))
        found: dict[Address, Live] = {}
        for address, (currency, chain, number) in asked.items():
            rows = [row for row in account.deposits[currency] if row.chain == chain]
            wanted = account.survey.desired[address]
            found[address] = wanted if len(rows) >= int(number) else ABSENT
        _show(account)
        return found

    def calls(self, account: Account, change: Change) -> tuple[Call, ...]:
        """One call an address; not safe to repeat, so the engine reads before it ever does."""
        after = change.after
        assert isinstance(after, DepositValue)  # noqa: S101 (the diff made it)
        body = {
            "subAcct": account.name,
            "ccy": after.currency,
            "chain": after.chain,
            "addrType": ADDRESS_TYPE.venue(after.type or "regular"),
            "to": CREDIT_TO.venue(CreditTo(credit_to(account))),
        }
        return (Call(CREATE_DEPOSIT_ADDRESS, body),)

    def costs(self, account: Account, changes: Sequence[Change]) -> list[Cost]:
        """A write and a read-back each, out of the broker's buckets."""
        broker, venue = account.broker.user, account.spec.venue
        return [
            Cost(broker, venue, CREATE_DEPOSIT_ADDRESS, len(changes), write=True),
            Cost(broker, venue, DEPOSIT_ADDRESSES, len(changes)),
        ]

    async def write(self, account: Account, change: Change, writer: Writer) -> None:
        """Create one address."""
        after = change.after
        assert isinstance(after, DepositValue)  # noqa: S101 (the diff made it)
        sent = {"currency": after.currency, "chain": after.chain, "credit_to": credit_to(account)}
        for call in self.calls(account, change):
            reply = await account.send(call, change, writer, creates=sent)
            row = reply.data[0] if reply.data else {}
            if row.get("addr"):
                await writer.answered({"currency": after.currency, "chain": after.chain, "address": str(row["addr"])})

    def moved_with(self, account: Account, change: Change) -> tuple[Address, ...]:  # noqa: ARG002
        """Where deposits go: the `to` of a new address may move it for all."""
        return (account.address(CREDIT),)


class CreditToSetting:
    """Where the whole sub-account's deposits go; a write of its own only where addresses exist."""

    field = CREDIT
    gated = False
    absence = NEVER_ABSENT
    together = ""

    async def survey(self, account: Account, focus: Focus, replace: frozenset[Address]) -> None:  # noqa: ARG002
        """Both sides, from the addresses that were read."""
        deposit, address = account.spec.deposit, account.address(CREDIT)
        rows = _rows(account)
        if deposit is not None and deposit.credit_to is not None and rows and focus.wants(address):
            account.survey.want(address, deposit.credit_to, _live(rows, deposit.credit_to))

    async def current(self, account: Account, addresses: Sequence[Address]) -> dict[Address, Live]:
        """By the addresses of one currency, since the value is one for all."""
        currency = _rows(account)[0].currency
        account.deposits[currency] = await account.broker.deposit_addresses(account.name, currency)
        wanted = account.spec.deposit.credit_to if account.spec.deposit else None
        return dict.fromkeys(addresses, _live(account.deposits[currency], wanted))

    def calls(self, account: Account, change: Change) -> tuple[Call, ...]:
        """One call, through any one address."""
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
        broker, venue = account.broker.user, account.spec.venue
        return [
            Cost(broker, venue, MODIFY_DEPOSIT_ADDRESS, len(changes), write=True),
            Cost(broker, venue, DEPOSIT_ADDRESSES, len(changes)),
        ]

    async def write(self, account: Account, change: Change, writer: Writer) -> None:
        """Move it."""
        for call in self.calls(account, change):
            await account.send(call, change, writer)

    def moved_with(self, account: Account, change: Change) -> tuple[Address, ...]:  # noqa: ARG002
        """Nothing else."""
        return ()


def credit_to(account: Account) -> str:
    """What a new address is created with: the wanted value, else the present one, else the venue's default."""
    deposit = account.spec.deposit
    if deposit is not None and deposit.credit_to is not None:
        return deposit.credit_to.value
    rows = _rows(account)
    return (rows[0].credit_to if rows else CreditTo.FUNDING).value


def _rows(account: Account) -> list[DepositAddress]:
    return [row for _, rows in sorted(account.deposits.items()) for row in rows]


def _live(rows: Sequence[DepositAddress], wanted: CreditTo | None) -> Live:
    """One value for all; should the venue show several, one that is not wanted counts, so that it is mended."""
    values = [row.credit_to for row in rows]
    return next((value for value in values if value != wanted), values[0])


def _show(account: Account) -> None:
    account.survey.deposits = tuple(
        DepositRow(row.currency, row.chain, row.address, row.tag, row.credit_to.value) for row in _rows(account)
    )
