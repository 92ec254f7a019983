"""An exact name that the account's own list does not have: gone, not open to this account, or a mistake.

Source: OKX v5, "Get instruments": a contract that was delivered or delisted leaves the list; on 2026-09-30 the pairs of
a crypto currency and USD were delisted in favour of USDC, and are no alias of these.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from acctcfg.core.vocabulary import Market
from acctcfg.venues.okx.instruments import Instruments

__all__ = ["NOTHING_ELSE", "Elsewhere", "Missing", "Name", "missing_name"]

_USD_PAIRS_GONE = date(2026, 9, 30)


class Name(NamedTuple):
    """An exact name in a manifest: of an instrument, a family or a currency of one market."""

    market: Market
    by: str
    name: str

    @property
    def kind(self) -> str:
        """How earlier runs noted it."""
        return self.by if self.by == "instrument" else f"{self.market} {self.by}"


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What the public lists and earlier runs know of names that the account's own list does not have."""

    public: Instruments | None = None  # None where they were not needed, or could not be read
    seen: frozenset[tuple[Name, str]] = frozenset()  # with the day of the last run that saw it

    def day(self, name: Name) -> str:
        """The day of the last run that saw it; "" where none did."""
        return next((day for one, day in self.seen if one == name), "")


NOTHING_ELSE = Elsewhere()


class Missing(NamedTuple):
    """What became of a name. `unknown`: no list and no earlier run knows it, or the list does not tell."""

    code: str
    text: str
    unknown: bool


def missing_name(name: Name, instruments: Instruments, today: date, elsewhere: Elsewhere) -> Missing:
    """What is to be said of a name that the account's own list does not have."""
    if instruments.odd:
        text = f"the venue's list of instruments has a row that cannot be read, which may be {name.name}"
        return Missing("shape", text, unknown=True)
    gone = _gone(name, instruments, today, elsewhere)
    if gone:
        return Missing("instrument_not_live", f"{name.name} {gone}, so the entry sets nothing", unknown=False)
    hints = [f"did you mean {near}?"] if (near := _near(name, instruments)) else []
    if name.by == "instrument":
        hints += [f"it is listed under market: {other}" for other in Market if instruments.find(other, name.name)]
    hint = "; ".join(hints) or f"no list of {name.market} has it, and no earlier run saw it"
    return Missing("unknown_instrument", f"unknown {name.by} {name.name} ({hint})", unknown=True)


def _gone(name: Name, instruments: Instruments, today: date, elsewhere: Elsewhere) -> str:
    """Why a name that was right is not on the list; "" where nothing says that it ever was."""
    if name.by == "instrument" and name.market is Market.FUTURES and _was_delivered(name.name, instruments, today):
        return "has expired and is no longer listed"
    if elsewhere.public is not None and elsewhere.public.named(*name):
        return "is listed by the venue, and is not open to this account"
    if successor := _usd_pair(name, instruments, today):
        return f"was delisted {_USD_PAIRS_GONE}, now {successor} (write that if it is what you want)"
    day = elsewhere.day(name)
    return f"was delisted since the run of {day}" if day else ""


def _usd_pair(name: Name, instruments: Instruments, today: date) -> str:
    """The pair with USDC of a delisted pair of the same currency with USD; "" where it is no such pair."""
    base, _, quote = name.name.partition("-")
    if name.market is not Market.MARGIN or name.by == "currency" or quote != "USD" or today < _USD_PAIRS_GONE:
        return ""
    successor = f"{base}-USDC"
    return successor if instruments.find(Market.MARGIN, successor) else ""


def _near(name: Name, instruments: Instruments) -> str:
    """A listed name of the same coin that looks like it; another coin is never suggested."""
    coin = _coin(name.name)
    known = sorted(
        {each for row in instruments.market(name.market) for each in row.names(name.by) if _coin(each) == coin}
    )
    return next(iter(difflib.get_close_matches(name.name.upper(), known, n=1)), "")


def _coin(name: str) -> str:
    return re.split(r"[-_]", name.upper(), maxsplit=1)[0]


def _was_delivered(name: str, instruments: Instruments, today: date) -> bool:
    """Whether an unlisted id is a known family's contract of a date that has come.

    Delivered contracts leave the list, so their id is all there is: the family must be one that the lists know, and
    what follows it six digits. One that ends today and is listed no more was delivered this morning.
    """
    family, _, day = name.rpartition("-")
    if family not in instruments.families() or not re.fullmatch(r"[0-9]{6}", day):
        return False
    try:
        return datetime.strptime(day, "%y%m%d").date() <= today
    except ValueError:
        return False
