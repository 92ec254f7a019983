"""CSV -> cells that know where they were written (RFC 4180, and what spreadsheets make of it).

The first line names the columns. Cells stand between commas, or between semicolons or tabs where the first line has
no comma; a cell in double quotes may hold all of these, line ends, and `""` for a quote. Blanks around a cell, lines
without any text, and empty cells behind the last column say nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from acctcfg.core.desired import Place
from acctcfg.errors import Problem
from acctcfg.manifest.nodes import Sources, mark_at, shown
from acctcfg.manifest.read import Unreadable, decoded

__all__ = ["Cell", "CsvTable", "read_table"]

MOST_ROWS: Final = 200_000  # two rows for each account of the largest workspace

Cell = tuple[str, int]  # its text, and its mark


@dataclass(frozen=True, slots=True)
class CsvTable:
    """The columns by name, and the rows below them, each with a cell for every column."""

    columns: dict[str, int]
    rows: list[list[Cell]]

    def columns_at(self, places: Collection[Place], sources: Sources) -> dict[Place, str]:
        """The names of the columns in which the cells at these places stand."""
        return {
            place: name
            for row in self.rows
            for name, index in self.columns.items()
            if (place := sources.place(row[index][1])) in places
        }


def read_table(data: bytes, sources: Sources, name: str) -> tuple[CsvTable | None, list[Problem]]:
    """The table in a file; None where its columns cannot be told. Rows that are wrong are left out, each a problem."""
    base = sources.add(name)
    try:
        text = decoded(data, base).replace("\r\n", "\n").replace("\r", "\n")
        lines = _lines(text, base)
        header = next(lines, [])
        columns = _columns(header, base)
        rows, wrong = _rows(lines, header)
    except Unreadable as exc:
        return None, [sources.problem(exc.mark, exc.message)]
    return CsvTable(columns, rows), [sources.problem(mark, message) for mark, message in wrong]


def _columns(header: list[Cell], base: int) -> dict[str, int]:
    columns: dict[str, int] = {}
    for index, (name, mark) in enumerate(header):
        if name in columns:
            raise Unreadable(mark, f"the column {shown(name)} appears twice (rename one)")
        if name:
            columns[name] = index
    if not columns:
        raise Unreadable(base, "the file is empty (the first line must name the columns)")
    return columns


def _rows(lines: Iterator[list[Cell]], header: list[Cell]) -> tuple[list[list[Cell]], list[tuple[int, str]]]:
    rows: list[list[Cell]] = []
    wrong: list[tuple[int, str]] = []
    wide = len(header)
    for row in lines:
        if len(row) < wide:
            said = f"the row has {len(row)} cells, but the first line names {wide} columns (quote a cell with a comma)"
            wrong.append((row[0][1], said))
        elif extra := [mark for text, mark in row[wide:] if text]:
            said = f"the row has {len(row)} cells, but the first line names {wide} columns (quote a cell with a comma)"
            wrong.append((extra[0], said))
        elif len(rows) == MOST_ROWS:
            raise Unreadable(row[0][1], f"the file has more than {MOST_ROWS:,} rows")
        else:
            rows.append(row[:wide])
    return rows, wrong


def _lines(text: str, base: int) -> Iterator[list[Cell]]:
    """The lines that say anything, as their cells."""
    first = text.partition("\n")[0]
    separator = next((one for one in ",;\t" if one in first), ",")
    bare = re.compile(f"[^{separator}\n]*")
    at = line = start = 0  # `start`: where the line that we are in begins
    row: list[Cell] = []
    while at < len(text) or row:
        cell, end = _cell(text, at, mark_at(base, line, at - start), bare)
        row.append(cell)
        if newlines := text.count("\n", at, end):
            line, start = line + newlines, text.rindex("\n", at, end) + 1
        at = end + 1
        if text[end : end + 1] != separator:
            line, start = line + 1, at
            if any(words for words, _ in row):
                yield row
            row = []


def _cell(text: str, at: int, mark: int, bare: re.Pattern[str]) -> tuple[Cell, int]:
    """The cell that begins here, and where it ends."""
    written, stop = _bare(text, at, bare)
    if not written.startswith('"'):
        return (written.strip(), mark), stop
    opened = end = stop - len(written) + 1
    while True:
        end = text.find('"', end)
        if end < 0:
            raise Unreadable(mark, 'the quote that begins here is never closed (a quote in a text is "")')
        if text[end + 1 : end + 2] != '"':
            break
        end += 2
    after, stop = _bare(text, end + 1, bare)
    if after.strip():
        raise Unreadable(mark, 'text follows the closing quote of this cell (a quote in a text is "")')
    return (text[opened:end].replace('""', '"').strip(), mark), stop


def _bare(text: str, at: int, bare: re.Pattern[str]) -> tuple[str, int]:
    """What stands here up to the next separator or line end, without the blanks before it; and where it ends."""
    found = bare.match(text, at)
    return (found.group().lstrip(" "), found.end()) if found else ("", at)
