"""Leverage as a setting: read by symbol, written by symbol. Source: CrossEx v1.0, "Adjust leverage", "Query leverage".

Contracts and margin have calls of their own. An untouched symbol may be left out of an answer: that is unknown, never
a default.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from acctcfg.core.address import Address, Focus
from acctcfg.core.desired import LeverageEntry
from acctcfg.core.diff import Change
from acctcfg.core.level import level_of, wants_most
from acctcfg.core.remembered import LISTING
from acctcfg.core.state import Live, Unreadable, written
from acctcfg.core.vocabulary import Market
from acctcfg.errors import VenueError
from acctcfg.venues.contract import Cost
from acctcfg.venues.gate_crossex.account import Account
from acctcfg.venues.gate_crossex.account_reads import PER_READ
from acctcfg.venues.gate_crossex.barrier import barrier
from acctcfg.venues.gate_crossex.by_symbol import Told
from acctcfg.venues.gate_crossex.endpoints import LEVERAGE, MARGIN_LEVERAGE, SET_LEVERAGE, SET_MARGIN_LEVERAGE
from acctcfg.venues.gate_crossex.leverage import Decision, Resolution, lever_text, resolve
from acctcfg.venues.gate_crossex.listed import listed
from acctcfg.venues.gate_crossex.symbols import Symbols
from acctcfg.venues.gate_crossex.vocabulary import ISOLATED
from acctcfg.venues.one_call import OneCall
from acctcfg.venues.resources import unreadable
from acctcfg.wire.endpoint import Call

__all__ = ["Leverage"]

_WRITE = {Market.FUTURES: SET_LEVERAGE, Market.MARGIN: SET_MARGIN_LEVERAGE}
_READ = {Market.FUTURES: LEVERAGE, Market.MARGIN: MARGIN_LEVERAGE}


class Leverage(OneCall[Account]):
    """All leverage values of the account."""

    field = "leverage"
    gated = True
    together = "leverage"  # written one after the other, read back together

    async def survey(self, account: Account, focus: Focus, replace: frozenset[Address]) -> None:  # noqa: ARG002
        """Both sides of every symbol that the entries come to, under the account mode that will hold."""
        spec = account.spec
        if not spec.leverage or not focus.may_want(spec.key, self.field):
            return
        try:
            symbols = await self.symbols(account)
        except VenueError as error:
            account.survey.cannot_read(account.address(self.field), error.code or "symbols", error.told)
            return
        account.symbols = symbols
        resolution = self.resolution(account, symbols, spec.leverage)
        self._tell(account, focus, resolution)
        for entry in spec.leverage:
            if entry.selector.exact and symbols.find(entry.selector.pattern) is not None:
                account.survey.saw("instrument", entry.selector.pattern)
        wanted = {account.address(self.field, key): one for key, one in resolution.wanted.items()}
        account.decisions = {address: one for address, one in wanted.items() if focus.wants(address)}
        live = await self._behind_barriers(account, focus)
        decided = account.decisions.items()
        asked = (one for address, one in decided if wants_most(one.value, live[address]))
        ceilings = await self.ceilings(account, asked)
        for address, decision in account.decisions.items():
            level = level_of(decision.value, ceilings.get(decision.symbol), live[address])
            if level is None:
                message = "the venue's risk limits do not say its greatest leverage (a number in place of `max`)"
                account.survey.cannot_read(address, "no_maximum", message)
                continue
            account.survey.want(address, level, live[address])
            account.survey.places[address] = decision.entry.place

    async def symbols(self, account: Account, names: Iterable[str] = ()) -> Symbols:
        """The venue's list, looked at twice where it lacks one of these names or one that an earlier run saw there."""
        entries, memory = account.spec.leverage, account.memory
        exact = {one.selector.pattern for one in entries if one.selector.exact}
        known = {name for name in exact if memory.seen("instrument", name)}
        if len(exact) < len(entries):
            known |= {name for one in memory.all_seen(LISTING) if (name := one.partition("/")[2])}
        return await listed(account, known, names)

    def resolution(self, account: Account, symbols: Symbols, entries: Sequence[LeverageEntry]) -> Resolution:
        """What these entries come to by the venue's list."""
        return resolve(
            entries,
            symbols,
            isolated=account.mode == ISOLATED,
            now_ms=int((account.own.client.clock.now() + account.own.client.offset_s) * 1000),
            seen=lambda name: account.memory.seen("instrument", name),
        )

    async def ceilings(self, account: Account, decisions: Iterable[Decision]) -> Mapping[str, Decimal]:
        """The greatest leverage of these symbols; what cannot be read is not there."""
        names = [one.symbol for one in decisions]
        try:
            found = await account.own.ceilings(names) if names else {}
        except VenueError:
            return {}
        return {name: most for name, most in found.items() if isinstance(most, Decimal)}

    def _tell(self, account: Account, focus: Focus, resolution: Resolution) -> None:
        """What the list shows of single entries: a finding of that symbol, never of the others."""
        for trouble in resolution.troubles:
            addresses = [account.address(self.field, key) for key in trouble.keys]
            wanted = [address for address in addresses if focus.wants(address)]
            if wanted or not addresses:
                account.survey.cannot_read(wanted[0] if wanted else trouble.path, trouble.code, trouble.told)
        for notice in resolution.warnings:
            account.survey.warn(notice.path, notice.code, notice.message)
        account.survey.sets_nothing += resolution.idle

    async def _behind_barriers(self, account: Account, focus: Focus) -> dict[Address, Live]:
        """Present values; those behind a mode change of this plan are read after it, too, and only shown before.

        A symbol keeps its one leverage through all modes: one that cannot be read before the change is not taken for
        one that can be after it, or the account would be left half changed. Only margin comes with cross_exchange.
        """
        live = await self._read(account, account.decisions)
        for address, decision in account.decisions.items():
            after = barrier(account, decision.exchange)
            comes = decision.market is Market.MARGIN and account.live_mode == ISOLATED
            if after is not None and (comes or not isinstance(live[address], Unreadable)):
                live[address] = after.beside(live[address])
            if account.mode_barrier is not None and not focus.wants(account.address("account_mode")):
                account.survey.needs(address, account.address("account_mode"))
        return live

    async def current(self, account: Account, addresses: Sequence[Address]) -> dict[Address, Live]:
        return await self._read(account, addresses)

    async def _read(self, account: Account, addresses: Iterable[Address]) -> dict[Address, Live]:
        decisions = {address: account.decisions[address] for address in addresses}
        markets = sorted({decision.market for decision in decisions.values()})

        async def one(market: Market) -> dict[str, Told] | Unreadable:
            names = [decision.symbol for decision in decisions.values() if decision.market is market]
            try:
                return await account.own.leverage(market, names)
            except VenueError as error:
                return unreadable(error)

        answers = dict(zip(markets, await asyncio.gather(*map(one, markets)), strict=True))
        missing = Unreadable("no_leverage", "the venue's answer leaves this symbol out")
        found: dict[Address, Live] = {}
        for address, decision in decisions.items():
            answer = answers[decision.market]
            said = answer if isinstance(answer, Unreadable) else answer.get(decision.symbol, missing)
            found[address] = unreadable(said) if isinstance(said, VenueError) else said
        return found

    def calls(self, account: Account, change: Change) -> tuple[Call, ...]:
        decision = account.decisions[change.address]
        lever = written(change.after)
        assert isinstance(lever, Decimal)  # noqa: S101 (the survey put it there)
        body = {"symbol": decision.symbol, "leverage": lever_text(lever)}
        return (Call(_WRITE[decision.market], body),)

    def costs(self, account: Account, changes: Sequence[Change]) -> list[Cost]:
        """A write a symbol; read-backs of many to a request."""
        owner, venue = account.main_user.user, account.spec.venue
        costs = []
        for market in _WRITE:
            count = sum(account.decisions[change.address].market is market for change in changes)
            if count:
                costs.append(Cost(owner, venue, _WRITE[market], count, write=True))
                costs.append(Cost(owner, venue, _READ[market], -(-count // PER_READ)))
        return costs

    def moved_with(self, account: Account, change: Change) -> tuple[Address, ...]:
        """The other managed symbols of that pair at that exchange: contract and margin."""
        mine = account.decisions[change.address]
        if account.kin is None:
            account.kin = defaultdict(list)
            for address, decision in account.decisions.items():
                account.kin[_pair(decision)].append(address)
        return tuple(account.kin[_pair(mine)])


def _pair(decision: Decision) -> tuple[str, str]:
    """Exchange and pair: ("OKX", "ADA_USDT")."""
    return decision.exchange, decision.symbol.split("_", 2)[-1]
