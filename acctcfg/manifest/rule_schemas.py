"""The JSON Schemas of guardrail rules: what is accepted as one, so that checking a step always ends, and soon.

A schema comes with the manifest, so whoever can propose a change can propose a schema: patterns are matched in linear
time, references stay inside and lead nowhere back, and what they stand for together is bounded. Nothing is fetched.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from acctcfg.core.json_schema import schema_flaw
from acctcfg.manifest.problems import shown

__all__ = ["schema_error"]

MOST: Final = 20_000  # schemas that one schema stands for, its references written out
DEEPEST: Final = 100
_DATA: Final = ("const", "enum", "default", "examples")  # keywords that hold values, not schemas
_ELSEWHERE: Final = ("$dynamicRef", "$recursiveRef")


class _Unbounded(Exception):
    """Why a schema is not taken."""


def schema_error(schema: object) -> str:
    """What is wrong with a JSON Schema; "" where nothing is."""
    if not isinstance(schema, dict | bool):
        return "a schema is a map"
    try:
        _Measure(schema).of(schema)
    except _Unbounded as exc:
        return str(exc)
    return schema_flaw(schema)


class _Measure:
    """How many schemas a schema stands for, and how deep, once every reference is written out."""

    def __init__(self, root: Any) -> None:
        self.root = root
        self.anchors: dict[str, Any] = {}
        self.known: dict[int, tuple[int, int]] = {}  # id of a node -> its size and depth
        self.open: set[int] = set()

    def of(self, node: Any) -> tuple[int, int]:
        """Size and depth. Raises _Unbounded."""
        if not isinstance(node, dict | list):
            return 1, 1
        if id(node) in self.known:
            return self.known[id(node)]
        if id(node) in self.open:
            raise _Unbounded("it refers to itself (a step is flat: write out what it needs)")
        self.open.add(id(node))
        size, depth = 1, 0
        for child in self._below(node):
            if len(self.open) >= DEEPEST:
                raise _Unbounded(f"it nests deeper than {DEEPEST}, its references written out")
            more, deeper = self.of(child)
            size, depth = size + more, max(depth, deeper)
            if size > MOST or depth >= DEEPEST:
                raise _Unbounded(f"its references expand to more than {MOST:,} schemas, or nest too deep")
        self.open.discard(id(node))
        self.known[id(node)] = size, depth + 1
        return self.known[id(node)]

    def _below(self, node: Any) -> Iterator[object]:
        if isinstance(node, list):
            yield from node
            return
        for name, child in node.items():
            if node is not self.root and name in ("$id", "id") and isinstance(child, str):
                raise _Unbounded(f"`{name}` inside it (references are `#/...`, from its root)")
            if name in _ELSEWHERE and isinstance(child, str):
                raise _Unbounded(f"`{name}` is not supported (write `$ref`)")
            if name == "$ref" and isinstance(child, str):
                yield self._target(child)
            elif name not in _DATA and isinstance(child, dict | list):
                yield child

    def _target(self, ref: str) -> object:
        """What `#`, `#/a/pointer` and `#anchor` stand for."""
        if not ref.startswith("#"):
            raise _Unbounded(f"it refers to {shown(ref)} (acctcfg fetches nothing: use $defs)")
        if not ref.startswith("#/"):
            return self.root if ref == "#" else self._anchored(ref[1:])
        node = self.root
        for step in ref[2:].split("/"):
            name = step.replace("~1", "/").replace("~0", "~")
            try:
                node = node[int(name)] if isinstance(node, list) else node[name]
            except (KeyError, IndexError, ValueError, TypeError):
                raise _Unbounded(f"it refers to {shown(ref)}, which is not in it") from None
        return node

    def _anchored(self, name: str) -> object:
        stack = [self.root]
        while stack:
            node = stack.pop()
            if isinstance(node, dict):
                if name in (node.get("$anchor"), node.get("$dynamicAnchor")):
                    return node
                stack += node.values()
            elif isinstance(node, list):
                stack += node
        raise _Unbounded(f"it refers to {shown('#' + name)}, which is not in it")
