"""Leverage by symbol. Source: "POST /v1/leverage"; within the symbol's maximum, whatever is open."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from acctcfg.core.address import Address, Focus
from acctcfg.core.desired import LeverageEntry
from acctcfg.core.diff import Change
from acctcfg.core.level import level_of
from acctcfg.core.state import Live, Unreadable, written
from acctcfg.venues.contract import NEVER_ABSENT, Cost, Writer
from acctcfg.wire.endpoint import Call
from toy_exchange.account import Account, Symbol
from toy_exchange.endpoints import LEVERAGE, SET_LEVERAGE

__all__ = ["LeverageSetting"]


class LeverageSetting:
    """`leverage[swap/BTC-PERP]`: one value a symbol."""

    field = "leverage"
    gated = True
    absence = NEVER_ABSENT
    together = "leverage"

    async def survey(self, account: Account, focus: Focus, replace: frozenset[Address]) -> None:
        """Both sides of every symbol that an entry names; the most precise entry of the last layer decides."""
        spec = account.survey.spec
        if not spec.leverage or not focus.may_want(spec.key, self.field):
            return
        account.symbols = await account.exchange.symbols()
        decided: dict[str, LeverageEntry] = {}
        for entry in sorted(spec.leverage, key=lambda entry: (entry.layer, entry.selector.exact)):
            decided.update(dict.fromkeys(self._symbols(account, entry), entry))
        wanted = {account.address(self.field, f"swap/{symbol}"): entry.value for symbol, entry in decided.items()}
        wanted = {address: value for address, value in wanted.items() if focus.wants(address)}
        live = await self.current(account, list(wanted))
        for address, entry_level in wanted.items():
            value = level_of(entry_level, self.limit(account, address).max_leverage, live[address])
            assert value is not None  # the list has every symbol's maximum
            account.survey.want(address, value, live[address])

    def _symbols(self, account: Account, entry: LeverageEntry) -> list[str]:
        pattern, survey = entry.selector.pattern, account.survey
        if not entry.selector.exact:
            found = [name for name, one in account.symbols.items() if one.trading and fnmatchcase(name, pattern)]
            if not found:
                survey.warn(entry.path, "matches_nothing", f"no symbol matches {pattern!r}, so the entry sets nothing")
            return found
        symbol = account.symbols.get(pattern)
        if symbol is None:
            survey.cannot_read(entry.path, "unknown_symbol", f"{entry.place}: unknown symbol {pattern}")
        elif not symbol.trading:
            survey.warn(entry.path, "instrument_not_live", f"{pattern} does not trade, so the entry sets nothing")
        return [pattern] if symbol is not None and symbol.trading else []

    async def current(self, account: Account, addresses: Sequence[Address]) -> dict[Address, Live]:
        """As they are now; a symbol that the answer leaves out is unreadable, not at a default."""
        found = await account.exchange.leverage()
        missing = Unreadable("no_leverage", "the exchange's answer leaves this symbol out")
        return {address: found.get(symbol_of(address), missing) for address in addresses}

    def calls(self, account: Account, change: Change) -> tuple[Call, ...]:
        """One call a symbol."""
        return (
            Call(SET_LEVERAGE, {"symbol": symbol_of(change.address), "leverage": str(int(str(written(change.after))))}),
        )

    def costs(self, account: Account, changes: Sequence[Change]) -> list[Cost]:
        """A write a symbol, each in a bucket of its own; one read for all."""
        user, key = account.exchange.user, account.survey.spec.key
        writes = [Cost(f"{user}/{symbol_of(one.address)}", key, SET_LEVERAGE, 1, write=True) for one in changes]
        return [*writes, Cost(user, key, LEVERAGE, 1)]

    async def write(self, account: Account, change: Change, writer: Writer) -> None:
        """Send it."""
        for call in self.calls(account, change):
            await account.send(call, change, writer)

    def moved_with(self, account: Account, change: Change) -> tuple[Address, ...]:
        """Every managed symbol: reading them takes one request."""
        return tuple(one for one in account.survey.desired if one.field == self.field)

    def limit(self, account: Account, address: Address) -> Symbol:
        """The symbol whose maximum counts for an address."""
        return account.symbols[symbol_of(address)]


def symbol_of(address: Address) -> str:
    """The symbol in `leverage[swap/BTC-PERP]`."""
    return address.key.partition("/")[2]
