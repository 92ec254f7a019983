"""Two kinds of value that only scenarios have."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from acctcfg.core.text_rule import PATH, TextRule
from acctcfg.manifest.containers import Kind, Plain, Table
from acctcfg.manifest.nodes import Node
from acctcfg.manifest.problems import Report, near, shown
from acctcfg.manifest.scalars import BAD, Text

__all__ = ["OneOf", "PathOr"]

_ANY: Final = TextRule(r"[^\x00-\x1f\x7f]+", "the name of a precheck")


class OneOf:
    """A word of a closed list, or one that begins with `prefix`, where words of the user's own do."""

    def __init__(self, words: Iterable[str], prefix: str = "") -> None:
        self.words, self.prefix = tuple(words), prefix

    def take(self, node: Node, report: Report) -> object:
        """The word."""
        if type(node.value) is str and self._fits(node.value):
            return node.value
        report.value(node, f"unknown value {shown(node.value)}{near(str(node.value), self.words)}")
        return BAD

    def schema(self) -> dict[str, Any]:
        """The words, and the pattern of the user's own."""
        words: dict[str, Any] = {"enum": list(self.words)}
        return {"anyOf": [words, {"type": "string", "pattern": f"^{self.prefix}."}]} if self.prefix else words

    def table(self, item: Kind) -> Kind:
        """A map whose keys are such words."""
        return _ByWord(self, item)

    def _fits(self, word: str) -> bool:
        return word in self.words or bool(self.prefix and word.startswith(self.prefix))


class _ByWord(Table):
    def __init__(self, words: OneOf, item: Kind) -> None:
        super().__init__(item, name=_ANY)
        self._words = words

    def check_name(self, name: str, node: Node, report: Report) -> None:
        """Report a name that is none of the words."""
        if not self._words._fits(name):
            report.key(node, f"unknown name {shown(name)}{near(name, self._words.words)}")

    def schema(self) -> dict[str, object]:
        return super().schema() | {"propertyNames": self._words.schema()}


class PathOr:
    """A map, or the path of the file that holds it."""

    def __init__(self, inline: Plain) -> None:
        self.inline = inline
        self._path = Text(PATH)

    def take(self, node: Node, report: Report) -> object:
        """A dict, or the path as text."""
        return self.inline.take(node, report) if type(node.value) is dict else self._path.take(node, report)

    def schema(self) -> dict[str, Any]:
        """Either."""
        return {"anyOf": [self.inline.schema(), {"type": "string", "minLength": 1}]}
