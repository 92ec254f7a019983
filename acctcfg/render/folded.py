"""Like changes of many accounts, told once: `247 accounts: leverage[swap/BTC-USDT/cross] 10 -> 5`."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

__all__ = ["MANY", "Fold", "Row", "fold", "fold_notices", "some"]

MANY: Final = 20
"""Accounts, or notices, that a reader can still count by eye; beyond, what is alike is told once."""
KINDS: Final = 12
"""Lines of one field and one deed. Where there are more kinds of change, the last line counts the rest."""
NAMED: Final = 3
"""How many of those that are alike are named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One change of one account. `text`: what is done, without what is that account's own. `kind`: what else sets it
    apart, such as what stands in its way."""

    account: str
    field: str  # "leverage"; "" for the account itself
    within: str  # "leverage[swap/BTC-USDT/cross]"
    deed: str  # what its mark says
    text: str
    kind: Hashable = ()


@dataclass(frozen=True, slots=True)
class Fold:
    """Rows that are told in one line. `kinds`: how many different changes they are."""

    rows: tuple[Row, ...]
    kinds: int = 1

    @property
    def accounts(self) -> tuple[str, ...]:
        """Whose changes these are, each once."""
        return tuple(dict.fromkeys(row.account for row in self.rows))

    def said(self, digits: int = 0) -> str:
        """`247 accounts: leverage[swap/BTC-USDT/cross] 10 -> 5`; one account by its name."""
        accounts, first = self.accounts, self.rows[0]
        who = first.account if len(accounts) == 1 else f"{len(accounts):>{digits}} accounts"
        if self.kinds > 1:
            return f"{who}: {first.field or 'account'}, {len(self.rows)} more steps of {self.kinds} kinds"
        return f"{who}: {first.within} {first.text}" if first.within else f"{who}: {first.text}"


def fold(rows: Iterable[Row]) -> list[Fold]:
    """Fields in the order of their first change; of one field what most accounts have in common first."""
    groups: dict[Hashable, dict[Hashable, list[Row]]] = {}
    for row in rows:
        alike = groups.setdefault((row.field, row.deed, bool(row.kind)), {})
        alike.setdefault((row.within, row.text, row.kind), []).append(row)
    return [one for alike in groups.values() for one in _folded(list(alike.values()))]


def _folded(groups: Sequence[Sequence[Row]]) -> list[Fold]:
    ordered = sorted(groups, key=lambda group: -len(group))
    shown = ordered if len(ordered) <= KINDS else ordered[: KINDS - 1]
    rest = ordered[len(shown) :]
    folds = [Fold(tuple(group)) for group in shown]
    return folds + ([Fold(tuple(row for group in rest for row in group), len(rest))] if rest else [])


def fold_notices(notices: Sequence[tuple[str, str, str]], *, few: bool) -> list[tuple[str, str]]:
    """Address and sentence of each notice, given with their codes. Equal sentences are told once; `few`: where there
    are still many, of each code the first ones, and how many more."""
    equal: dict[tuple[str, str], list[str]] = {}
    for address, message, code in notices:
        equal.setdefault((message, code), []).append(address)
    if len(equal) <= MANY or not few:
        return [(some(addresses), f"{message}  [{code}]") for (message, code), addresses in equal.items()]
    return [row for code in dict.fromkeys(code for _, code in equal) for row in _of_code(equal, code)]


def _of_code(equal: dict[tuple[str, str], list[str]], code: str) -> list[tuple[str, str]]:
    own = [(addresses, message) for (message, other), addresses in equal.items() if other == code]
    rows = [(some(addresses), f"{message}  [{code}]") for addresses, message in own[:NAMED]]
    more = sum(len(addresses) for addresses, _ in own[NAMED:])
    return rows + ([(f"and {more} more", f"[{code}]")] if more else [])


def some(names: Sequence[str]) -> str:
    """`a, b and 245 more`; all of them where they are few."""
    if len(names) <= NAMED:
        return ", ".join(names)
    return f"{', '.join(names[: NAMED - 1])} and {len(names) - NAMED + 1} more"
