"""`accounts_from`: each row of a table becomes an account, with the cells where a template has `{COLUMN}`.

The accounts are nodes like those of YAML, and everything after this takes them for such. What a row fills in has the
place of its cell; what all rows share is one node, at its place in the template.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from acctcfg.core.desired import Place
from acctcfg.errors import Problem
from acctcfg.manifest.alternatives import AllOrListed, Permissions, WholeOrParts
from acctcfg.manifest.containers import Kind, ListOf, OneOrMany, Record, Table
from acctcfg.manifest.core_schema import resolve
from acctcfg.manifest.csv_table import Cell, CsvTable, read_table
from acctcfg.manifest.days import AllowedAddress
from acctcfg.manifest.files import LARGEST, Template, Workspace
from acctcfg.manifest.nodes import Filled, Node
from acctcfg.manifest.problems import near, shown
from acctcfg.manifest.scalars import Flag
from acctcfg.manifest.shape import Shape

__all__ = ["Rows", "build_rows"]

_PARTS: Final = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_BETWEEN: Final = re.compile(r"[,;\s]+")  # the entries of a list in one cell
_A_NODE: Final = 64  # what a filled-in value counts besides its text
_DOUBLED: Final = "write {{ and }} for literal braces"

Row: TypeAlias = list[Cell]
Fill: TypeAlias = Callable[[Row], Node | None]  # None: a cell of it is empty, which leaves the value out


@dataclass(slots=True)
class Rows:
    """The tables of a workspace, and which accounts came from which template."""

    tables: dict[str, CsvTable]
    origins: dict[str, str]  # the account's key -> the template's address

    def explained(self, workspace: Workspace) -> set[Problem]:
        """Add the column's name to problems in cells, and report a problem of the template only once."""
        said = {self._shared(one) for one in workspace.problems}
        places = {Place(one.file, one.line, one.column) for one in said}
        columns: dict[Place, str] = {}
        for name, table in self.tables.items():
            here = {place for place in places if place.file == name}
            columns |= table.columns_at(here, workspace.sources) if here else {}
        return {self._in_column(one, columns.get(Place(one.file, one.line, one.column))) for one in said}

    def _shared(self, problem: Problem) -> Problem:
        key, dot, rest = problem.address.partition(".")
        origin = self.origins.get(key)
        if origin is None or problem.file in self.tables:
            return problem
        if rest and not rest.startswith("profile"):
            origin += ".fields"
        return replace(problem, address=f"{origin}{dot}{rest}")

    def _in_column(self, problem: Problem, column: str | None) -> Problem:
        return replace(problem, message=f"{problem.message} (column {shown(column)})") if column else problem


def build_rows(workspace: Workspace, shape: Shape) -> Rows:
    """Add the accounts of all rows to `workspace`, with what is wrong in the tables and the templates."""
    rows = Rows({}, {})
    for name, data in workspace.tables.items():
        table, problems = read_table(data, workspace.sources, name)
        workspace.problems.update(problems)
        if table is not None:
            rows.tables[name] = table
    room = Room()
    for template in workspace.templates:
        if template.table in rows.tables:
            _Accounts(workspace, shape, template, rows, room).add()
    return rows


class Room:
    """How much rows and templates may still become: some bytes of YAML become no more than a large file of it."""

    def __init__(self) -> None:
        self.left = LARGEST

    def take(self, length: int) -> bool:
        """Whether one more value of this length fits."""
        self.left -= length + _A_NODE
        return self.left >= 0


class _Accounts:
    """The accounts of one template."""

    def __init__(self, workspace: Workspace, shape: Shape, template: Template, rows: Rows, room: Room) -> None:
        self.workspace = workspace
        self.node = template.node
        self.report = template.report
        self.table = rows.tables[template.table]
        self.rows = rows
        self.room = room
        self.account = shape.account
        self.sound = True

    def add(self) -> None:
        """Fill in each row."""
        written_name = self.node.value["name"]
        name = self._scalar(written_name, None)
        if isinstance(name, Node) and self.sound:  # else it names one that the table does not have, which is said
            self._wrong(written_name, "names no column (such as {customer_id})")
        fields = {}
        if (profile := self.node.value.get("profile")) is not None:
            fields["profile"] = profile
        if (written := self.node.value.get("fields")) is not None and type(written.value) is dict:
            fields |= written.value
        filled = self._map(self.node.holding(fields), self.account)
        if isinstance(name, Node) or not self.sound:
            return
        origin = self.report.address(self.node)
        for row in self.table.rows:
            self._one(row, name, filled, origin)
            if self.room.left < 0:
                self.report.value(self.node, f"the rows expand to more than {LARGEST >> 20} MiB of manifest")
                return

    def _one(self, row: Row, name: Fill, filled: Node | Fill, origin: str) -> None:
        key = name(row)
        sources, problems = self.workspace.sources, self.workspace.problems
        if key is None:
            problems.add(sources.problem(row[0][1], "the account's name is empty in this row"))
            return
        account = filled if isinstance(filled, Node) else filled(row)
        accounts = self.workspace.sections["accounts"]
        if key.value in accounts:
            first = sources.place(accounts[key.value].key_mark)
            problems.add(sources.problem(key.mark, f"the account is written twice (first at {first})", key.value))
        elif account is not None:
            accounts[key.value] = Node(account.value, key.mark, key.mark)
            self.rows.origins[key.value] = origin

    def _filled(self, node: Node, kind: Kind | None, *, entry: bool = False) -> Node | Fill:
        """A value of the template: as it is, or how a row fills it in."""
        if type(node.value) is dict:
            return self._map(node, kind, entry=entry)
        if type(node.value) is list:
            return self._list(node, kind)
        return self._scalar(node, kind) if type(node.value) is str else node

    def _map(self, node: Node, kind: Kind | None, *, entry: bool = False) -> Node | Fill:
        """Fill in a map. A map in a list is left out if all of its cells are empty."""
        parts = {name: self._filled(child, _part(kind, name)) for name, child in node.value.items()}
        if all(isinstance(part, Node) for part in parts.values()):
            return node.holding(parts)

        def fill(row: Row) -> Node | None:
            made = {name: part if isinstance(part, Node) else part(row) for name, part in parts.items()}
            given = {name: one for name, one in made.items() if one is not None}
            if entry and not any(name in given for name in parts if not isinstance(parts[name], Node)):
                return None
            return self._around(node, given, given.values())

        return fill

    def _list(self, node: Node, kind: Kind | None) -> Node | Fill:
        item = _item(kind)
        parts = [self._filled(child, item, entry=True) for child in node.value]
        if all(isinstance(part, Node) for part in parts):
            return node.holding(parts)

        def fill(row: Row) -> Node | None:
            made = [part if isinstance(part, Node) else part(row) for part in parts]
            given = [one for one in made if one is not None]
            return self._around(node, given, given) if given else None  # `[]` would say more than nothing

        return fill

    def _around(self, node: Node, value: object, made: Iterable[Node]) -> Node:
        """A map or a list at the place of the first cell in it."""
        marks = (one.mark for one in made if isinstance(one, Filled))
        self.room.take(0)
        return Filled(value, next(marks, node.mark), node)

    def _scalar(self, node: Node, kind: Kind | None) -> Node | Fill:
        pieces = self._pieces(node)
        if all(isinstance(piece, str) for piece in pieces):
            return node.holding("".join(str(piece) for piece in pieces))
        first = next(piece for piece in pieces if isinstance(piece, int))
        listed = _item(kind) is not None

        def fill(row: Row) -> Node | None:
            texts = [piece if isinstance(piece, str) else row[piece][0] for piece in pieces]
            if not all(texts) or not self.room.take(sum(map(len, texts))):
                return None
            text, mark = "".join(texts), row[first][1]
            if listed:
                parts = [Filled(one, mark, node) for one in _BETWEEN.split(text) if one]
                return Filled(parts, mark, node) if parts else None
            return Filled(_typed(text, kind), mark, node)

        return fill

    def _pieces(self, node: Node) -> list[str | int]:
        """Texts, and the indices of columns."""
        pieces: list[str | int] = []
        at = 0
        for found in _PARTS.finditer(node.value):
            pieces.append(node.value[at : found.start()])
            at = found.end()
            column = found[1]
            if column is None and len(found[0]) == 2:
                pieces.append(found[0][0])
            elif column is None:
                self._wrong(node, f'"{found[0]}" stands alone ({_DOUBLED})')
            elif (index := self.table.columns.get(column.strip())) is not None:
                pieces.append(index)
            else:
                known = near(column, self.table.columns)
                self._wrong(node, f"there is no column {shown(column)}{known}; {_DOUBLED}")
        return [piece for piece in (*pieces, node.value[at:]) if piece != ""]

    def _wrong(self, node: Node, message: str) -> None:
        self.sound = False
        self.report.value(node, message)


def _part(kind: Kind | None, name: str) -> Kind | None:
    """The kind of a value in a map; None where it is text or nobody knows."""
    match kind:
        case Record():
            return kind.fields[name].kind if name in kind.fields else None
        case Table():
            return kind.item
        case WholeOrParts():
            return _part(kind.parts, name)
        case Permissions():
            return _part(kind.groups, name)
        case AllOrListed() | AllowedAddress():
            return _part(kind.record, name)
    return None


def _item(kind: Kind | None) -> Kind | None:
    """The kind of an entry; None where the value is no list."""
    match kind:
        case ListOf() | OneOrMany():
            return kind.item
        case Permissions():
            return kind.listed.item
    return None


def _typed(text: str, kind: Kind | None) -> str | bool:
    """A cell as the field wants it; what wants a number takes it from text."""
    value = resolve(text) if isinstance(kind, Flag) else text
    return value if isinstance(value, bool) else text
