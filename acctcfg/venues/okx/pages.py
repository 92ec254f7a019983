"""How a list of sub-accounts is read page by page: pure, and another for each type of user. Source: OKX v5."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import NamedTuple, Protocol

from acctcfg.core.json_types import JsonObject
from acctcfg.core.quoting import quoted
from acctcfg.core.spelling import whole_of
from acctcfg.errors import Garbled
from acctcfg.venues.okx.endpoints import REGULAR_SUB_ACCOUNTS, SUB_ACCOUNTS
from acctcfg.venues.okx.listed import SubAccount
from acctcfg.wire.endpoint import Call, Endpoint

__all__ = ["MOST_PAGES", "PAGE", "Everybody", "NumberedPages", "Page", "Pages", "PagesByTime", "found_in"]

PAGE = 100
MOST_PAGES = 1000  # a list of more than a hundred thousand accounts is none


class Page(NamedTuple):
    """One page, and how many more there are at least. `odd`: how many of its rows say nothing of whose they are."""

    rows: tuple[SubAccount, ...]
    more: int
    odd: int = 0


class Everybody(NamedTuple):
    """A whole list, by name. `odd`: how many rows say nothing of whose they are, so any name not found may be there."""

    rows: Mapping[str, SubAccount]
    odd: int = 0

    def find(self, name: str) -> SubAccount | None:
        """The account of that name, None if there is none. Raises Garbled where the list does not tell."""
        row = self.rows.get(name)
        if row is None and self.odd:
            message = f"the venue's list of sub-accounts has a row that cannot be read, which may be {name}"
            raise Garbled(message, code="shape")
        if row is not None and row.doubled:
            raise Garbled(f"the venue lists several sub-accounts called {name}", code="not_unique")
        if row is not None and not row.uid:
            raise Garbled(f"the venue lists {name} without its uid", code="no_field")
        return row


def found_in(*pages: Page) -> Everybody:
    """What some pages show. A name is an account's own: under two uids, nobody knows which of them is meant."""
    found: dict[str, SubAccount] = {}
    for row in (row for page in pages for row in page.rows):
        before = found.setdefault(row.name, row)
        found[row.name] = replace(row, doubled=before.doubled or before.uid != row.uid)
    return Everybody(found, sum(page.odd for page in pages))


class Pages(Protocol):
    """The calls of one list, and what their answers say."""

    endpoint: Endpoint
    first: Call

    def one(self, name: str) -> Call:
        """The request for the row of that name alone."""

    def rows(self, data: Sequence[JsonObject], number: int = 1) -> Page:
        """The rows of an answer, which is the `number`-th page."""

    def after(self, page: Page, number: int) -> Call | None:
        """What follows the page, which is the `number`-th; None where its rows show that the list moved."""

    def whole(self, pages: Sequence[Page]) -> Everybody | None:
        """All rows by name; None where they show that the list moved, so that one may have slipped by."""


class NumberedPages:
    """A broker's list: pages by number, wrapped in one object that tells how many there are."""

    endpoint = SUB_ACCOUNTS
    first = Call(SUB_ACCOUNTS, {"page": "1", "limit": str(PAGE)})

    def one(self, name: str) -> Call:
        """The request for the row of that name alone."""
        return Call(SUB_ACCOUNTS, {"subAcct": name})

    def rows(self, data: Sequence[JsonObject], number: int = 1) -> Page:
        """The rows, and how many pages follow by the answer's count of them; without it a full one is not the last."""
        if not data:
            return Page((), 0)
        details = data[0].get("details")
        if not isinstance(details, list):
            raise Garbled("a list of sub-accounts without its rows", code="no_list")
        _end(number)
        return _page(details, _behind(data[0].get("totalPage"), number, full=len(details) >= PAGE))

    def after(self, page: Page, number: int) -> Call | None:
        """The next number. Whatever follows a short page, it is no list of so many."""
        if len(page.rows) + page.odd != PAGE:
            return None
        return Call(SUB_ACCOUNTS, {"page": str(number + 1), "limit": str(PAGE)})

    def whole(self, pages: Sequence[Page]) -> Everybody | None:
        """No row stands on two pages of a list that stood still."""
        found = found_in(*pages)
        return found if len(found.rows) == sum(len(found_in(page).rows) for page in pages) else None


class PagesByTime:
    """A regular master's list, newest first: what follows a full page was created before its last row, or with it.

    Where a page ends, the next one begins with that same millisecond again: another account of it would be lost.
    """

    endpoint = REGULAR_SUB_ACCOUNTS
    first = Call(REGULAR_SUB_ACCOUNTS, {"limit": str(PAGE)})

    def one(self, name: str) -> Call:
        """The request for the row of that name alone."""
        return Call(REGULAR_SUB_ACCOUNTS, {"subAcct": name})

    def rows(self, data: Sequence[JsonObject], number: int = 1) -> Page:
        """The rows; a full page may have another one behind it."""
        _end(number)
        return _page(data, int(len(data) >= PAGE), shows_mode=False)

    def after(self, page: Page, number: int) -> Call | None:  # noqa: ARG002
        """From the last millisecond of the page on; one that no row of it tells comes with the next page again."""
        times = [ms for row in page.rows if (ms := whole_of(row.created_ms)) is not None]
        if not times:
            raise Garbled("sub-accounts without the time of their creation", code="no_field")
        if min(times) == max(times):
            raise Garbled(f"{len(times)} sub-accounts of one millisecond", code="no_end")
        return Call(REGULAR_SUB_ACCOUNTS, {"after": str(min(times) + 1), "limit": str(PAGE)})

    def whole(self, pages: Sequence[Page]) -> Everybody:
        """What is new stands before the first page, so no row slips by."""
        return found_in(*pages)


def _page(rows: Sequence[object], more: int, *, shows_mode: bool = True) -> Page:
    """A row that cannot be read says nothing of the others."""
    found = []
    for row in rows:
        with suppress(Garbled):
            found.append(SubAccount.of(row, shows_mode=shows_mode))
    return Page(tuple(found), more, len(rows) - len(found))


def _end(number: int) -> None:
    """A list whose rows alone tell that it goes on may do so for ever."""
    if number > MOST_PAGES:
        raise Garbled("a list of sub-accounts that does not end", code="no_end")


def _behind(said: object, number: int, *, full: bool) -> int:
    """How many pages follow the `number`-th, of as many as the answer says.

    What does not count this very page (nothing, "", "0") counts none of those behind it: a full one is taken to have
    another, as in a list without a count.
    """
    pages = whole_of(str(said or "0"))
    if pages is None or pages > MOST_PAGES:
        raise Garbled(f"a list of {quoted(said)} pages", code="no_list")
    return pages - number if pages >= number else int(full)
