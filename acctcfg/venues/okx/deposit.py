"""Deposit addresses and where they are credited. Source: OKX v5, "DMA broker: deposit addresses".

Addresses are created, never deleted, and each call may make another: what exists is counted first, and what a create
answered counts as there. Where deposits go (`to`) is one value for the whole sub-account. Whether the `to` of a new
address moves that value is not documented, so every creation sends the wanted one, or the present one where none is
wanted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Sequence

from acctcfg.core.address import Address, Focus
from acctcfg.core.diff import Change
from acctcfg.core.json_types import JsonObject
from acctcfg.core.plan import Precheck
from acctcfg.core.state import ABSENT, Live, Made, Unreadable
from acctcfg.deposit import (
    ADDRESSES,
    CREDIT,
    AddressSpec,
    CreditTo,
    Deciding,
    DepositRow,
    DepositSpec,
    address_value,
    deciding,
    deposit_of,
    rules_of,
)
from acctcfg.errors import VenueError
from acctcfg.venues.contract import SEEN_TWICE, Cost, Lasting, Writer
from acctcfg.venues.okx.account import Account
from acctcfg.venues.okx.credit_to import credit_to, look_elsewhere
from acctcfg.venues.okx.deposit_rows import (
    Numbered,
    facts_of,
    known_since,
    near_chain,
    never_listed,
    numbered,
    odd_rows,
    recalled,
    use_of,
)
from acctcfg.venues.okx.endpoints import CREATE_DEPOSIT_ADDRESS, DEPOSIT_ADDRESSES
from acctcfg.venues.okx.listed import Chain, DepositAddress
from acctcfg.venues.okx.row_fields import tag_of
from acctcfg.venues.okx.rules import OKX_DMA_BROKER_RULES
from acctcfg.venues.okx.vocabulary import ADDRESS_TYPE, CREDIT_TO
from acctcfg.venues.one_call import OneCall
from acctcfg.wire.endpoint import Call

__all__ = ["DepositAddresses"]


_NOT_OPEN = {
    "closed": ("chain_closed", "takes no deposits"),
    "unknown": ("chain_unknown", "does not say whether it takes deposits"),
}
"""What is said of an address by its state: code and words."""


class DepositAddresses(OneCall[Account]):
    """The addresses of one account; an address of the plan is the N-th of its currency and chain, from the oldest."""

    field = ADDRESSES
    absence = SEEN_TWICE

    def __init__(self) -> None:
        self._made: dict[str, list[JsonObject]] = {}  # what creations of this run answered, by uid

    async def survey(self, account: Account, focus: Focus, replace: frozenset[Address]) -> None:  # noqa: ARG002
        """Both sides of every address, and of where they are credited where any exists."""
        deposit = deposit_of(account.spec)
        if deposit is None or not focus.may_want(account.spec.key, ADDRESSES, CREDIT):
            return
        account.credit_stays = not focus.wants(account.address(CREDIT))
        currencies = sorted({spec.currency for spec in deposit.addresses})
        since = await self._recall(account, deposit)
        try:
            await asyncio.gather(*(self._read(account, currency) for currency in currencies if not since))
            await look_elsewhere(account)
        except VenueError as error:
            # Where deposits go is one value for all: without one of the lists, no creation could carry it on.
            account.survey.cannot_read(account.address("deposit"), error.code or "deposit", error.message)
            return
        for currency in currencies:
            specs = [spec for spec in deposit.addresses if spec.currency == currency]
            try:
                chains = await account.master.chains(currency)
            except VenueError as error:
                message = f"whether its chains take deposits and need a tag could not be read: {error.message}"
                account.survey.cannot_read(account.address(ADDRESSES, currency), error.code or "chains", message)
                continue
            for name, one in _deciding(specs, chains).items():
                self._spec(account, focus, name, one, chains)
            self._limit(account, currency, chains)
        account.survey.recalled |= since
        await self._show(account, focus, tell=True)

    async def _recall(self, account: Account, deposit: DepositSpec) -> dict[Address, str]:
        """Take the addresses from the journal where it has all that are wanted: since when it has each; {} else."""
        known = _seen(account) if account.recalls else ()
        if not known:
            return {}
        currencies = {spec.currency for spec in deposit.addresses}
        account.deposits = {currency: recalled(known, currency) for currency in currencies}
        found: dict[Address, str] = {}
        for currency in currencies:
            try:
                chains = await account.master.chains(currency)
            except VenueError:
                chains = ()  # the survey asks again, and says so
            specs = [spec for spec in deposit.addresses if spec.currency == currency]
            for name, one in _deciding(specs, chains).items():
                rows = self._numbered(account, currency, name, chains).rows
                for number in range(1, one.spec.count + 1):
                    row = rows.get(number)
                    if row is None or not row.listed or use_of(row, chains).unpayable:
                        account.deposits.clear()
                        return {}
                    address = account.address(ADDRESSES, f"{currency}/{name}/{number}")
                    found[address] = known_since(known, row)
        return found

    async def _read(self, account: Account, currency: str) -> None:
        rows = await account.master.deposit_addresses(account.name, currency) if account.row is not None else []
        account.deposits[currency] = rows

    def _spec(self, account: Account, focus: Focus, name: str, one: Deciding, chains: Sequence[Chain]) -> None:
        """Both sides of the addresses of one chain; one that the venue does not have is a finding of theirs."""
        spec = one.spec
        if not name:
            mains = sum(chain.main for chain in chains)
            what = "has no such currency" if not chains else f"names {mains} main chains of it (write `chain`)"
            message = f"{spec.place}: {spec.currency}: the venue {what}"
            account.survey.cannot_read(account.address(ADDRESSES, spec.currency), "main_chain", message)
            return
        if one.against is not None:
            message = f"{spec.place}: this entry and that at {one.against.place} are both for {name} (keep one of them)"
            account.survey.cannot_read(account.address(ADDRESSES, f"{spec.currency}/{name}"), "collision", message)
            return
        chain = next((chain for chain in chains if chain.name == name), None)
        found = self._numbered(account, spec.currency, name, chains)
        if chain is not None:
            account.survey.saw("chain", name)
        for number in range(1, spec.count + 1):
            address = account.address(ADDRESSES, f"{spec.currency}/{name}/{number}")
            if not focus.wants(address):
                continue
            wanted = address_value(spec.currency, name, spec.type, credit_to(account))
            live = self._live(found, number, wanted, chains)
            live = _unless_odd(account, spec.currency, name) if live is ABSENT else live
            if live is ABSENT and chain is None:
                account.survey.cannot_read(address, "unknown_chain", _unknown(account, spec, name, chains))
                continue
            account.survey.want(address, wanted, live)
            account.survey.places[address] = spec.place
            if live is ABSENT and chain is not None and not chain.takes_deposits:
                _block_closed(account, address, chain)
            elif live is ABSENT:
                self._doubt(account, address, spec.currency, name)

    def _limit(self, account: Account, currency: str, chains: Sequence[Chain]) -> None:
        """Block new addresses that the venue would refuse for their number (58300): it counts a currency's, whatever
        their chain."""
        most = rules_of(OKX_DMA_BROKER_RULES).most_per_currency
        places = [place for place in self._places(account) if place[0] == currency]
        rows = [row for at in places for row in self._numbered(account, *at, chains).rows.values()]
        there = {(row.chain, row.address, row.tag) for row in rows}
        wanted = [one for one in account.survey.desired if one.field == ADDRESSES and one.key.split("/")[0] == currency]
        made = sorted((one for one in wanted if account.survey.live[one] is ABSENT), key=_by_number)
        for number, address in enumerate(made, len(there) + 1):
            if number > most:
                detail = f"{account.name} would have {len(there) + len(made)} addresses of {currency}"
                message = f"{detail}, and the venue takes at most {most} (lower `count`: addresses cannot be deleted)"
                account.survey.block(address, "address_limit", message)

    def _places(self, account: Account) -> set[tuple[str, str]]:
        """The currency and chain of every address that is there."""
        places = {(row.currency, row.chain) for rows in account.deposits.values() for row in rows if row.whole}
        return places | {(str(one["currency"]), str(one["chain"])) for one in self._created(account)}

    def _created(self, account: Account) -> list[JsonObject]:
        """What creations answered, of earlier runs and of this one."""
        known = account.memory.created(account.uid, ADDRESSES) if account.uid else ()
        return [*known, *(one for one in self._made.get(account.uid, ()) if one not in known)]

    def _numbered(self, account: Account, currency: str, name: str, chains: Sequence[Chain]) -> Numbered:
        listed, seen = account.deposits.get(currency, ()), [one.facts for one in _seen(account)]
        tagless = any(chain.name == name and chain.needs_tag is False for chain in chains)
        return numbered(listed, self._created(account), currency, name, seen, tagless=tagless)

    def _doubt(self, account: Account, address: Address, currency: str, chain: str) -> None:
        """Whether an earlier run was answered with one that no list showed: if it is only late, this makes one more."""
        if not account.uid:
            return
        answered = account.memory.never_shown(account.uid, ADDRESSES)
        listed = account.deposits.get(currency, ())
        for one in never_listed(answered, self._created(account), listed, currency, chain):
            message = (
                f"an earlier run was answered with {one.facts['address']}, which the venue's list does not show: apply "
                "makes another once five minutes have passed since, and the list was read again"
            )
            account.survey.warn(address, "never_listed", message)
            account.survey.may_show[address] = one.since

    def _live(self, found: Numbered, number: int, wanted: Made, chains: Sequence[Chain]) -> Live:
        row = found.rows.get(number)
        if row is not None:
            unpayable = use_of(row, chains).unpayable
            return Unreadable("no_tag", unpayable) if unpayable else wanted
        if number in found.missing:
            message = "it was there in an earlier run, and the venue's list does not show it now"
            return Unreadable("not_listed", message)
        return ABSENT

    async def current(self, account: Account, addresses: Sequence[Address]) -> dict[Address, Live]:
        """Which of them are there now. One that this very run made has to show in the venue's list."""
        asked = {address: address.key.split("/") for address in addresses}
        await asyncio.gather(*(self._read(account, currency) for currency in {parts[0] for parts in asked.values()}))
        found: dict[Address, Live] = {}
        for address, (currency, chain, number) in asked.items():
            wanted = account.survey.desired[address]
            assert isinstance(wanted, Made)  # noqa: S101 (the survey wanted it)
            chains = await account.master.chains(currency)
            rows = self._numbered(account, currency, chain, chains)
            live = self._live(rows, int(number), wanted, chains)
            unseen = self._unseen(account, address, rows.rows.get(int(number)))
            found[address] = _unless_odd(account, currency, chain) if unseen or live is ABSENT else live
        await self._show(account, Focus(), tell=False)
        return found

    def _unseen(self, account: Account, address: Address, row: DepositAddress | None) -> bool:
        """Whether this very run made the address, and no list shows it."""
        made = self._made.get(account.uid, ())
        keys = {f"{one['currency']}/{one['chain']}/{one['number']}" for one in made}
        return row is not None and not row.listed and address.key in keys

    async def _show(self, account: Account, focus: Focus, *, tell: bool) -> None:
        """The addresses that can be paid to, and what is to be said of the others."""
        shown: list[DepositRow] = []
        lasting: list[JsonObject] = []
        frozen = account.row is not None and account.row.is_frozen("deposit")
        for currency, name in sorted(place for place in self._places(account) if place[0] in account.deposits):
            try:
                chains = await account.master.chains(currency)
            except VenueError:
                continue  # the survey said so
            for number, row in self._numbered(account, currency, name, chains).rows.items():
                address = account.address(ADDRESSES, f"{currency}/{name}/{number}")
                use = use_of(row, chains)
                if not use.unpayable:
                    to = "" if isinstance(row.credit_to, Unreadable) else row.credit_to.value
                    state = "frozen" if frozen else use.state
                    shown.append(DepositRow(currency, name, row.address, row.tag, to, number, state))
                    if row.listed:
                        lasting.append(facts_of(row, number))
                elif tell and address not in account.survey.desired and focus.wants(address):
                    account.survey.cannot_read(address, "no_tag", use.unpayable)
                if tell and use.state in _NOT_OPEN and focus.wants(address):
                    code, words = _NOT_OPEN[use.state]
                    account.survey.warn(address, code, f"the venue {words} on {name} now: do not pay to {row.address}")
        if tell and focus.may_want(account.spec.key, ADDRESSES):
            _name_odd(account)
        account.survey.deposits = tuple(shown)
        account.survey.lasting[ADDRESSES] = tuple(lasting)

    def calls(self, account: Account, change: Change) -> tuple[Call, ...]:
        """One call an address; not safe to repeat, so the engine reads before it ever does."""
        after = change.after
        assert isinstance(after, Made)  # noqa: S101 (the diff made it)
        body = {
            "subAcct": account.name,
            "ccy": after.get("currency"),
            "chain": after.get("chain"),
            "addrType": ADDRESS_TYPE.venue(after.get("type") or "regular"),
            "to": CREDIT_TO.venue(CreditTo(credit_to(account))),
        }
        return (Call(CREATE_DEPOSIT_ADDRESS, body),)

    def costs(self, account: Account, changes: Sequence[Change]) -> list[Cost]:
        """A write and a read-back each, out of the broker's buckets."""
        master, venue = account.master.user, account.spec.venue
        return [
            Cost(master, venue, CREATE_DEPOSIT_ADDRESS, len(changes), write=True),
            Cost(master, venue, DEPOSIT_ADDRESSES, len(changes)),
        ]

    async def write(self, account: Account, change: Change, writer: Writer) -> None:
        """Create one address. What is answered counts as there from now on, whatever a list shows."""
        after = change.after
        assert isinstance(after, Made)  # noqa: S101 (the diff made it)
        chains = await account.master.chains(after.get("currency"))
        there = self._numbered(account, after.get("currency"), after.get("chain"), chains).rows.values()
        made = [(one["currency"], one["chain"]) for one in self._created(account)]
        ours = made.count((after.get("currency"), after.get("chain")))
        sent = {"currency": after.get("currency"), "chain": after.get("chain"), "credit_to": credit_to(account)}
        for call in self.calls(account, change):
            reply = await account.send(call, change, writer, creates=sent)
            row = reply.data[0] if reply.data else {}
            if row.get("addr"):
                facts = {
                    "currency": after.get("currency"),
                    "chain": after.get("chain"),
                    "address": str(row["addr"]),
                    "tag": tag_of(row),
                    "number": int(change.address.key.rpartition("/")[2]),
                    "others": max(len(there) - ours, 0),
                    **_beside(there, row),
                }
                self._made.setdefault(account.uid, []).append(facts)
                await writer.answered(facts)

    def moved_with(self, account: Account, change: Change) -> tuple[Address, ...]:  # noqa: ARG002
        """Where deposits go: the `to` of a new address may move it for all."""
        return (account.address(CREDIT),)


def _by_number(address: Address) -> tuple[str, int]:
    """Those of one chain in the order of their numbers."""
    chain, _, number = address.key.rpartition("/")
    return chain, int(number)


def _unless_odd(account: Account, currency: str, chain: str) -> Live:
    """Absent; but a row that leaves out which address it is may be the one."""
    if left_out := odd_rows(account.deposits.get(currency, ()), chain):
        return Unreadable("no_field", f"the venue lists {currency} without {left_out}: that row may be this address")
    return ABSENT


def _name_odd(account: Account) -> None:
    """Warn of rows that leave out which address they are, where no wanted address is spoilt by them."""
    live = account.survey.live.items()
    spoilt = {
        one.key.split("/")[0] for one, found in live if isinstance(found, Unreadable) and found.code == "no_field"
    }
    for currency, rows in sorted(account.deposits.items()):
        if (left_out := odd_rows(rows)) and currency not in spoilt:
            message = f"the venue lists an address of {currency} without {left_out}"
            account.survey.warn(account.address(ADDRESSES, currency), "odd_row", message)


def _seen(account: Account) -> tuple[Lasting, ...]:
    """The addresses that the journal has as seen on the venue's list."""
    return account.memory.lasting(account.uid, account.environment, ADDRESSES) if account.uid else ()


def _beside(there: Collection[DepositAddress], row: JsonObject) -> JsonObject:
    """The tags of others with the same address, where the answer has none: the list may show its own later."""
    tags = sorted({one.tag for one in there if one.address == row["addr"]} - {""})
    return {"beside": tags} if tags and not tag_of(row) else {}


def _chain_name(spec: AddressSpec, chains: Sequence[Chain]) -> str:
    """The chain of an entry: the manifest's, else the currency's main one; "" where the venue names none or more."""
    mains = [chain.name for chain in chains if chain.main]
    return spec.chain or (mains[0] if len(mains) == 1 else "")


def _deciding(specs: Iterable[AddressSpec], chains: Sequence[Chain]) -> dict[str, Deciding]:
    """By chain the entry of a currency that decides it."""
    return deciding((_chain_name(spec, chains), spec) for spec in specs)


def _unknown(account: Account, spec: AddressSpec, name: str, chains: Sequence[Chain]) -> str:
    """What became of a chain that the venue's list of the currency's chains does not have."""
    if not chains:
        return f"{spec.place}: {spec.currency}: the venue has no such currency"
    if day := account.memory.seen("chain", name):
        return f"{spec.place}: {name} is not a chain of {spec.currency} any more; the run of {day} saw it"
    near = near_chain(name, chains)
    hint = f"did you mean {near}?" if near else f"it has {', '.join(sorted(chain.name for chain in chains))}"
    return f"{spec.place}: {name} is not a chain of {spec.currency} ({hint})"


def _block_closed(account: Account, address: Address, chain: Chain) -> None:
    """No address on a chain that takes no deposits, or of which the venue does not say whether it does."""
    if chain.takes_deposits is False:
        account.survey.block(address, "chain_open", f"the venue takes no deposits on {chain.name} at present")
    else:
        unknown = Precheck("chain_open", "unknown", f"the venue does not say whether it takes deposits on {chain.name}")
        account.survey.blocks.setdefault(address, []).append(unknown)
