"""The statements that every SQL database understands alike; only the mark of a bound value differs."""

from __future__ import annotations

from acctcfg.journal.chain import Row
from acctcfg.journal.storage import Which

__all__ = ["COLUMNS", "Statements"]

COLUMNS = ", ".join(Row._fields)


class Statements:
    """The statements over one table of rows. `mark` stands for a bound value."""

    def __init__(self, table: str, mark: str) -> None:
        self._table, self._mark = table, mark
        self.insert = f"INSERT INTO {table} ({COLUMNS}) VALUES ({self._marks(len(Row._fields))})"  # noqa: S608
        self._own_rows = f"(run = {mark} OR entry IN (SELECT seq FROM {table} WHERE run = {mark} AND kind = 'intent'))"  # noqa: S608
        self._unresolved = f"""NOT EXISTS (SELECT 1 FROM {table} AS later WHERE later.entry = {table}.seq
    AND later.kind IN ('done', 'refused', 'failed', 'resolved'))"""  # noqa: S608

    def select(self, which: Which) -> tuple[str, list[str | int]]:
        """The statement for these rows, and the values that are bound to it."""
        terms: list[str] = []
        values: list[str | int] = []
        mark = self._mark
        for wanted, term, bound in (
            (which.venue_user is not None, f"venue_user = {mark}", [which.venue_user or ""]),
            (which.kinds, f"kind IN ({self._marks(len(which.kinds))})", which.kinds),
            (which.account is not None, f"account = {mark}", [which.account or ""]),
            (which.accounts, f"account IN ({self._marks(len(which.accounts))})", which.accounts),
            (which.address is not None, f"address = {mark}", [which.address or ""]),
            (which.run_begins, f"run >= {mark} AND run < {mark}", [which.run_begins, which.run_begins + "~"]),
            (which.run_with_answers, self._own_rows, [which.run_with_answers] * 2),
            (which.unresolved, self._unresolved, []),
            (which.first, f"seq >= {mark}", [which.first]),
        ):
            if wanted:
                terms.append(term)
                values += bound
        where = f" WHERE {' AND '.join(terms)}" if terms else ""
        select = f"SELECT {COLUMNS} FROM {self._table}{where} ORDER BY seq"  # noqa: S608
        return (f"{select} DESC LIMIT {mark}", [*values, which.last]) if which.last else (select, values)

    def _marks(self, count: int) -> str:
        return ", ".join([self._mark] * count)
