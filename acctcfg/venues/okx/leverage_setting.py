"""Leverage as a setting: read by scope, written by scope. Source: OKX v5, "Set leverage", "Get leverage"."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from acctcfg.core.address import Address, Focus
from acctcfg.core.desired import NOWHERE, LeverageEntry
from acctcfg.core.diff import Change
from acctcfg.core.json_types import JsonObject
from acctcfg.core.level import MAX, level_of, wants_most
from acctcfg.core.leverage_lines import ScopeName
from acctcfg.core.state import After, AtMost, Live, Unreadable, written
from acctcfg.core.vocabulary import MarginMode, Market
from acctcfg.core.vocabulary import PositionMode as Word
from acctcfg.errors import VenueError
from acctcfg.venues.contract import Cost
from acctcfg.venues.okx.account import Account
from acctcfg.venues.okx.account_mode import AccountMode
from acctcfg.venues.okx.barrier import barrier
from acctcfg.venues.okx.endpoints import LEVERAGE_INFO, SET_LEVERAGE
from acctcfg.venues.okx.instruments import INST_TYPES, Instruments
from acctcfg.venues.okx.leverage import Decision, Resolution, exact_names, missing_names, resolve
from acctcfg.venues.okx.missing_contracts import NOTHING_ELSE, Elsewhere
from acctcfg.venues.okx.open_things import covered
from acctcfg.venues.okx.own_list import own_list
from acctcfg.venues.okx.row_fields import number
from acctcfg.venues.okx.scopes import Keyed, Modes, Scope, limit_of
from acctcfg.venues.okx.tiers import most_at, most_of
from acctcfg.venues.one_call import OneCall
from acctcfg.venues.resources import unreadable
from acctcfg.wire.endpoint import Call

__all__ = ["Leverage", "LiveModes"]

_PER_READ = 20


class Leverage(OneCall[Account]):
    """All leverage values of one account."""

    field = "leverage"
    gated = True
    signed = True
    own = True
    together = "leverage"  # written at once, read back 20 to a request

    def __init__(self, account_mode: AccountMode, today: Callable[[], date]) -> None:
        self._account_mode = account_mode
        self._today = today

    # -- reading -------------------------------------------------------------------------------------------------------

    async def survey(self, account: Account, focus: Focus, replace: frozenset[Address]) -> None:  # noqa: ARG002
        """Both sides of every scope that the entries come to, under the modes that will hold."""
        spec = account.spec
        if not spec.leverage or not focus.may_want(spec.key, self.field):
            return
        if account.reader is None and account.later() is None:
            return  # the account's own key could not be used: the survey said so
        modes = self.modes(account)
        if modes is None:
            return
        markets = frozenset(entry.market.value for entry in spec.leverage if entry.market is not None)
        try:
            account.instruments = (
                await own_list(account, markets)
                if account.reader is not None
                else await account.master.public.instruments(markets)
            )
        except VenueError as error:
            account.survey.cannot_read(account.address(self.field), error.code or "instruments", error.message)
            return
        elsewhere = await self._elsewhere(account, markets)
        resolution = self.resolution(account, modes, modes.entries, elsewhere)
        self._tell(account, focus, resolution)
        wanted = {account.address(self.field, scope.address_key): one for scope, one in resolution.wanted.items()}
        account.decisions = {address: one for address, one in wanted.items() if focus.wants(address)}
        live = await self._live(account, focus)
        for address, decision in account.decisions.items():
            await self._want(account, address, decision, live[address])
            account.survey.places[address] = decision.entry.place

    def resolution(
        self,
        account: Account,
        modes: LiveModes,
        entries: Sequence[LeverageEntry],
        elsewhere: Elsewhere = NOTHING_ELSE,
    ) -> Resolution:
        """What these entries come to by the account's own lists."""
        assert account.instruments is not None  # noqa: S101 (the caller read them)
        return resolve(
            entries,
            account_mode=modes.scopes.account_mode,
            position_mode=modes.scopes.position_mode,
            borrow_in_spot=modes.scopes.borrow_in_spot,
            instruments=account.instruments,
            today=self._today(),
            elsewhere=elsewhere,
        )

    async def _want(self, account: Account, address: Address, decision: Decision, live: Live) -> None:
        """Both sides of one scope. Of a maximum that cannot be read nobody knows whether it is set."""
        try:
            most = await self._most(account, decision) if wants_most(decision.value, live) else None
            wanted = level_of(decision.value, most, live)
        except VenueError as error:
            account.survey.cannot_read(address, error.code or "unreadable", error.told)
            return
        if wanted is None:
            message = "the venue's list does not say its greatest leverage (a number in place of `max`)"
            account.survey.cannot_read(address, "no_maximum", message)
            return
        account.survey.want(address, wanted, live)

    async def _most(self, account: Account, decision: Decision) -> Decimal | None:
        """The greatest leverage of a scope: by the list; of a currency by its first tier too, which may be lower."""
        assert account.instruments is not None  # noqa: S101 (the decision came of them)
        limit = limit_of(decision.scope, account.instruments)
        listed = None if limit is None else limit.most
        if decision.value is not MAX or decision.param != "ccy":
            return listed
        public, mode = account.master.public, decision.read.margin_mode
        first = most_of(await public.tiers("MARGIN", mode, currency=decision.handle))
        return first if listed is None else min(first, listed)

    async def _elsewhere(self, account: Account, markets: frozenset[str]) -> Elsewhere:
        """What the public lists and the journal say of names that the account's own lists do not have."""
        assert account.instruments is not None  # noqa: S101 (the caller read them)
        missing = missing_names(account.spec.leverage, account.instruments)
        for name in exact_names(account.spec.leverage) - missing:
            account.survey.saw(name.kind, name.name)
        if not missing:
            return NOTHING_ELSE
        seen = frozenset((name, day) for name in missing if (day := account.memory.seen(name.kind, name.name)))
        try:
            public = await account.master.public.instruments(markets) if account.reader is not None else None
        except VenueError:
            public = None
        return Elsewhere(public, seen)

    def _tell(self, account: Account, focus: Focus, resolution: Resolution) -> None:
        """What the lists show of single entries: a finding of that scope, never of the others."""
        for trouble in resolution.troubles:
            if trouble.place == NOWHERE and trouble.code == "unknown_instrument":
                continue  # no slip of anybody's: the brake, which asked, tells where it stands
            addresses = [account.address(self.field, key) for key in trouble.keys]
            wanted = [address for address in addresses if focus.wants(address)]
            if wanted or not addresses:
                account.survey.cannot_read(wanted[0] if wanted else trouble.path, trouble.code, trouble.told)
        for notice in resolution.warnings:
            account.survey.warn(notice.path, notice.code, notice.message)
        account.survey.sets_nothing += resolution.idle

    def modes(self, account: Account) -> LiveModes | None:
        """The modes under which the writes will be sent, and the entries that come to scopes under them.

        Nothing is known of any where the account mode cannot be read; where the position mode cannot, nothing of those
        that are kept per side under long_short.
        """
        spec, live = account.spec, self._account_mode.live(account)
        if isinstance(live, Unreadable):
            account.survey.cannot_read(account.address(self.field), live.code, live.message)
            return None
        if isinstance(live, After) and spec.account_mode is None:
            message = "it cannot be read before the account has a key (write account_mode as well)"
            account.survey.cannot_read(account.address(self.field), "account_mode", message)
            return None
        mode = spec.account_mode or str(live)
        borrow = account.config.borrow_in_spot if account.config is not None else False
        if mode == "portfolio":
            return LiveModes(Modes(mode, Word.NET, borrow), spec.leverage)
        position = spec.position_mode or (account.config.position_mode if account.config is not None else None)
        if isinstance(position, Word):
            return LiveModes(Modes(mode, position, borrow), spec.leverage)
        why = position.message if position is not None else "it cannot be read before the account has a key"
        sided = [one for one in spec.leverage if one.margin is MarginMode.ISOLATED and one.market is not Market.MARGIN]
        for entry in sided:
            message = entry.place.about(
                "isolated leverage of contracts is kept per side under long_short, and the position mode is not known: "
                f"{why} (write position_mode as well)"
            )
            account.survey.cannot_read(entry.path, "position_mode", message)
        return LiveModes(Modes(mode, Word.NET, borrow), tuple(one for one in spec.leverage if one not in sided))

    async def _live(self, account: Account, focus: Focus) -> dict[Address, Live]:
        """Present values; behind a mode change they are not known before it, and shown as they stand now."""
        modes = barrier(account, focus, self._account_mode.live(account), account.decisions)
        later = account.later()
        if later is not None:
            return dict.fromkeys(account.decisions, later)
        try:
            found = await self.current(account, list(account.decisions)) if account.decisions else {}
        except VenueError as error:
            found = dict.fromkeys(account.decisions, unreadable(error))
        return found if modes is None else {address: modes.beside(one) for address, one in found.items()}

    async def current(self, account: Account, addresses: Sequence[Address]) -> dict[Address, Live]:
        """As the venue has them now. A scope that the answer leaves out could not be read."""
        if account.reader is None:
            raise account.no_access()
        decisions = {address: account.decisions[address] for address in addresses}
        values = await account.reader.leverage(list(decisions.values()))
        missing = Unreadable("no_leverage", "the venue's answer leaves this scope out")
        found = {address: values.get(decision.scope, missing) for address, decision in decisions.items()}
        return {address: unreadable(one) if isinstance(one, VenueError) else one for address, one in found.items()}

    # -- what a switch of the account mode presets ---------------------------------------------------------------------

    async def wished(self, account: Account, row: JsonObject) -> Wish:
        """What the manifest wants for an open cross position, targeted or not."""
        inst_type, inst_id = str(row["instType"]), str(row["instId"])
        found = [one for one in await self._decided(account) if covered(account, one.scope, row, "cross")]
        if account.reader is None or account.instruments is None:
            return Wish(None, Decimal("Infinity"), account.address(self.field))
        market = next(market for market, word in INST_TYPES.items() if word == inst_type)
        known = account.instruments
        known = known if known.find(market, inst_id) else await account.reader.instruments([market])
        family = known.family_of(inst_type, inst_id)
        most = most_at(await account.master.public.tiers(inst_type, "cross", family=family), abs(number(row["pos"])))
        levels = [level_of(one.value, most, most) for one in found]
        wishes = [min(one.most, most) if isinstance(one, AtMost) else one for one in levels if one]
        scope = Scope(market, family or inst_id, MarginMode.CROSS)  # in either mode that is switched to
        return Wish(min(wishes, default=None), most, account.address(self.field, scope.address_key))

    async def _decided(self, account: Account) -> Iterable[Decision]:
        """Every scope that the entries come to under the modes that will hold."""
        modes = self.modes(account) if account.spec.leverage else None
        if modes is None or account.reader is None:
            return ()
        if account.instruments is None:
            markets = {entry.market.value for entry in modes.entries if entry.market is not None}
            account.instruments = await own_list(account, markets)
        return self.resolution(account, modes, modes.entries).wanted.values()

    # -- writing -------------------------------------------------------------------------------------------------------

    def decision(self, account: Account, change: Change) -> Decision:
        return account.decisions[change.address]

    def calls(self, account: Account, change: Change) -> tuple[Call, ...]:
        """One call a scope, signed by the account."""
        lever = written(change.after)
        assert isinstance(lever, Decimal)  # noqa: S101 (`_want` put it there)
        return (Call(SET_LEVERAGE, self.decision(account, change).write(lever)),)

    def costs(self, account: Account, changes: Sequence[Change]) -> list[Cost]:
        """A write a scope; read-backs of 20 to a request for each margin mode and market."""
        reads: dict[tuple[str, str, str], int] = {}
        for change in changes:
            read = self.decision(account, change).read
            kind = (read.margin_mode, read.param, read.inst_type)
            reads[kind] = reads.get(kind, 0) + 1
        batches = sum(-(-count // _PER_READ) for count in reads.values())
        key = account.spec.key
        return [
            Cost(account.user, key, SET_LEVERAGE, len(changes), write=True),
            Cost(account.user, key, LEVERAGE_INFO, batches),
        ]

    def moved_with(self, account: Account, change: Change) -> tuple[Address, ...]:
        """Every managed scope of one family (or pair, or currency) and margin mode: the documents can be read so."""
        names = _kept_by(account, self.decision(account, change))
        if account.kin is None:
            account.kin = defaultdict(list)
            for address, decision in account.decisions.items():
                for name in _kept_by(account, decision):
                    account.kin[name].append(address)
        return tuple(dict.fromkeys(address for name in sorted(names) for address in account.kin[name]))

    def scope_name(self, account: Account, address: Address) -> ScopeName:
        """What an entry would name a scope by that was read: a family, a currency or an instrument."""
        decision = account.decisions[address]
        market, name, margin, side = decision.scope
        known = account.instruments
        listed = known is not None and known.find(market, name) is not None and market is not Market.SWAP
        by = Keyed.INSTRUMENT if listed else Keyed.CURRENCY if decision.param == "ccy" else Keyed.FAMILY
        return ScopeName(market, str(by), name, margin, side)


def _kept_by(account: Account, decision: Decision) -> frozenset[tuple[str, str]]:
    return _names_of(decision.scope, decision.instruments, account.instruments)


@lru_cache(maxsize=1 << 14)  # many accounts have the same of all three
def _names_of(scope: Scope, held: tuple[str, ...], known: Instruments | None) -> frozenset[tuple[str, str]]:
    """Margin mode and kind, with each name that the venue might keep the scope's value by."""
    kind = f"{scope.margin}/{'margin' if scope.market is Market.MARGIN else 'contracts'}"
    rows = [known.find(scope.market, one) for one in held] if known is not None else []
    families = {row.family or row.inst_id for row in rows if row is not None}
    return frozenset((kind, name) for name in {scope.key, *families})


class Wish(NamedTuple):
    """What the manifest wants for an open position, None where it says nothing of it; the most that the position's size
    takes; and the address of its leverage, wanted or not."""

    value: Decimal | None
    most: Decimal
    address: Address


class LiveModes(NamedTuple):
    """The modes under which writes are sent, and the entries that can be told under them."""

    scopes: Modes
    entries: tuple[LeverageEntry, ...]
