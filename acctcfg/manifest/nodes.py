"""The values of a YAML file, and where in it each was written."""

from __future__ import annotations

from typing import Any, Final

from acctcfg.core.desired import Place
from acctcfg.errors import Problem
from acctcfg.manifest.core_schema import printed

__all__ = ["COLUMN_BITS", "COLUMN_MAX", "Filled", "Node", "Sources", "mark_at", "shown", "steps_below"]

COLUMN_BITS: Final = 16
_LINE_BITS: Final = 28
COLUMN_MAX: Final = (1 << COLUMN_BITS) - 1
_LINE_MAX: Final = (1 << _LINE_BITS) - 1
_FILE_BITS: Final = 32
_WIDE: Final = COLUMN_BITS + _LINE_BITS + _FILE_BITS  # above it, the rest of a column: a generated file may be one line


class Node:
    """One value of a file: a scalar, a list of nodes, or a dict of nodes by key.

    `mark` and `key_mark` are places in the coding of `Sources`; the latter is the place of the value's key, and of
    the value itself where it has none.
    """

    __slots__ = ("key_mark", "mark", "value")

    def __init__(self, value: Any, mark: int, key_mark: int) -> None:
        self.value = value
        self.mark = mark
        self.key_mark = key_mark

    @property
    def where(self) -> tuple[int, int]:
        """What tells it from others: a merged map is a new node with the marks of the one that was written."""
        return self.mark, self.key_mark

    @property
    def named_at(self) -> int:
        """The mark of the key that somebody wrote for it."""
        return self.key_mark

    def holding(self, value: Any) -> Node:
        """Another value in its place."""
        return Node(value, self.mark, self.key_mark)


class Filled(Node):
    """One that a row filled into a template: it stands in the row's cell, which may be filled in elsewhere too."""

    __slots__ = ("template",)

    def __init__(self, value: Any, mark: int, template: Node) -> None:
        super().__init__(value, mark, mark)
        self.template = template

    @property
    def where(self) -> tuple[int, int]:
        return self.mark, self.template.mark

    @property
    def named_at(self) -> int:
        return self.template.key_mark

    def holding(self, value: Any) -> Node:
        return Filled(value, self.mark, self.template)


class Sources:
    """The files of one load, and the coding of their places in one integer each."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.texts: dict[int, str] = {}  # by mark: plain scalars that were not written as their value prints

    def add(self, name: str) -> int:
        """A new file; the result is the mark of its beginning."""
        self.names.append(name)
        return (len(self.names) - 1) << (_LINE_BITS + COLUMN_BITS)

    def place(self, mark: int) -> Place:
        """The place that a mark stands for; line and column count from 1."""
        column, line = mark & COLUMN_MAX | mark >> _WIDE << COLUMN_BITS, (mark >> COLUMN_BITS) & _LINE_MAX
        file = (mark >> (_LINE_BITS + COLUMN_BITS)) & ((1 << _FILE_BITS) - 1)
        return Place(self.names[file], line + 1, column + 1)

    def written(self, node: Node) -> str:
        """A scalar as it was written: `0123`, not 123."""
        return self.texts.get(node.mark) or printed(node.value)

    def problem(self, mark: int, message: str, address: str = "") -> Problem:
        """A problem at a mark."""
        return Problem(*self.place(mark), address, message)


def mark_at(base: int, line: int, column: int) -> int:
    """The mark of a line and a column, counted from 0, in the file whose beginning is `base`."""
    return base | line << COLUMN_BITS | column & COLUMN_MAX | column >> COLUMN_BITS << _WIDE


def steps_below(node: Node, path: str) -> list[tuple[Node, str]]:
    """What a list or a map holds, each with its path."""
    if type(node.value) is dict:
        labels = path.endswith(".api_keys")
        return [(child, f"{path}[{key}]" if labels else f"{path}.{key}") for key, child in node.value.items()]
    if type(node.value) is list:
        return [(child, f"{path}[{index}]") for index, child in enumerate(node.value)]
    return []


def shown(text: object) -> str:
    """A text of the user's as a message quotes it: one line, no control characters, not endless."""
    whole = str(text)
    clean = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in whole[:60])
    return f'"{clean}..."' if len(whole) > 60 else f'"{clean}"'
