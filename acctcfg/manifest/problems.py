"""Where problems are gathered, and how each gets the address of what it is about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TypeAlias

from acctcfg.core.desired import Place
from acctcfg.errors import Problem
from acctcfg.manifest.nodes import Node, Sources, shown, steps_below

__all__ = ["Report", "foreign", "near", "quoted", "shown"]

Where: TypeAlias = tuple[int, int]  # the marks of a value and of its key


class Report:
    """The problems of one part of a manifest.

    Addresses are looked up only when there is a problem: `roots` are the trees in which a node may stand, each with
    the address of its root. A sound manifest pays nothing for them.
    """

    __slots__ = ("_paths", "problems", "roots", "sources")

    def __init__(self, sources: Sources, problems: set[Problem], roots: Sequence[tuple[str, Node]]) -> None:
        self.sources = sources
        self.problems = problems
        self.roots = roots
        self._paths: dict[Where, str] | None = None

    def within(self, *roots: tuple[str, Node]) -> Report:
        """The same, for problems inside other trees."""
        return Report(self.sources, self.problems, roots)

    def value(self, node: Node, message: str) -> None:
        """A problem with a value, at the value."""
        self.problems.add(self.sources.problem(node.mark, message, self.address(node)))

    def written(self, node: Node) -> str:
        """A scalar as its file has it, which is what a message quotes."""
        return self.sources.written(node)

    def key(self, node: Node, message: str) -> None:
        """A problem with the key that a value stands under, at the key."""
        self.problems.add(self.sources.problem(node.named_at, message, self.address(node)))

    def place(self, place: Place, message: str, address: str) -> None:
        """A problem whose place and address are known."""
        self.problems.add(Problem(*place, address, message))

    def address(self, node: Node) -> str:
        """Where a node stands, in the first tree that has it; "" where none does."""
        if self._paths is None:
            self._paths = _paths(self.roots)
        return self._paths.get(node.where, self.roots[0][0] if self.roots else "")


def _paths(roots: Sequence[tuple[str, Node]]) -> dict[Where, str]:
    """The address of every node of the trees: one walk, however many problems there are."""
    found: dict[Where, str] = {}
    for prefix, root in roots:
        stack = [(root, "")]
        while stack:
            node, path = stack.pop()
            found.setdefault(node.where, prefix + path if prefix else path.removeprefix("."))
            stack += steps_below(node, path)
    return found


def foreign(text: str) -> str:
    """` (it holds U+0435)` of a text that looks right and is not; "" where all of it is ASCII."""
    found = next((char for char in text if not char.isascii()), "")
    return f" (it holds U+{ord(found):04X})" if found else ""


def near(word: str, known: Iterable[str]) -> str:
    """`(did you mean "X"?)`, or what is known where nothing is near; begins with a space, "" where nothing is known."""
    return _near(word, tuple(known))


@lru_cache(maxsize=4096)
def _near(word: str, known: tuple[str, ...]) -> str:
    import difflib  # only where something is wrong

    by_fold = {name.lower().replace("-", "_"): name for name in known}
    found = difflib.get_close_matches(word.lower().replace("-", "_")[:80], by_fold, n=1, cutoff=0.6)
    if found:
        return f" (did you mean {shown(by_fold[found[0]])}?)"
    listed = sorted(known)
    if not listed:
        return ""
    more = f" and {len(listed) - 12} more" if len(listed) > 12 else ""
    return f" (known: {', '.join(listed[:12])}{more})"


def quoted(value: object) -> str:
    """What a value is, for "must be ..., not ...": never its content, which may be a secret in the wrong place."""
    if isinstance(value, dict):
        return "a map"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "empty"
    return "text" if isinstance(value, str) else "a number"
