"""YAML -> nodes that know where they were written, at little memory and near the speed of libyaml itself.

Our own loader over the parser's events, since none of PyYAML's gives all of: a line and column for every value,
the scalars of YAML 1.2's core schema (`core_schema.py`: `no` and `on` are text, 0o17 is octal, numbers keep their
exact text), duplicate keys refused, merge keys, and a budget for what aliases expand to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

import yaml

from acctcfg.errors import Problem
from acctcfg.manifest.core_schema import Scalar, printed, resolve
from acctcfg.manifest.nodes import COLUMN_BITS, COLUMN_MAX, Node, Sources, mark_at, shown, steps_below
from acctcfg.manifest.syntax import said_of

__all__ = ["Unreadable", "decoded", "parse"]

MAX_DEPTH: Final = 100  # collections inside collections; a manifest needs 7
TOO_DEEP: Final = f"nested more than {MAX_DEPTH} levels deep (a manifest is flat)"
MAX_ALIASED: Final = 1_000_000  # nodes that the aliases of one file may stand for
# What no reader sees: also line ends that only the parser takes for some, and signs that turn a text around.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]")
_ODD_INDENT = re.compile("^ *([\xa0\u1680\u2000-\u200b\u202f\u205f\u3000])", re.MULTILINE)
_CONFLICT = re.compile(r"^(?:<{7}|>{7}|\|{7})(?: .*)?$|^={7}$", re.MULTILINE)  # what git leaves in a file
_TAG = "tag:yaml.org,2002:"


class Unreadable(Exception):
    """The file cannot be read as one document; carries the mark and the message."""

    def __init__(self, mark: int, message: str) -> None:
        self.mark = mark
        self.message = message


def parse(data: bytes, sources: Sources, name: str) -> tuple[Node | None, list[Problem]]:
    """The one document of a file, None where there is none that can be read; and what is wrong with its form.

    Never raises on any input: what cannot be read is one problem, of the first thing that is wrong.
    """
    base = sources.add(name)
    try:
        text = _text(data, base)
        composer = _Composer(base, sources.texts)
        node = composer.document(_events(text, base))
    except Unreadable as exc:
        return None, [sources.problem(exc.mark, exc.message)]
    found = composer.problems
    addresses = _addresses(node, {mark if first is None else first for mark, _, first in found}) if found else {}
    return node, [
        sources.problem(mark, message, addresses[mark])
        if first is None
        else sources.problem(mark, f"{message} (first at {sources.place(first)})", addresses[first])
        for mark, message, first in found
    ]


def _addresses(root: Node | None, marks: set[int]) -> dict[int, str]:
    """The addresses of what stands at these marks: by its key where that is written there, else by its value."""
    by_key: dict[int, str] = {}
    by_value = dict.fromkeys(marks, "")
    stack = [(root, "")] if root is not None else []
    while stack:
        node, path = stack.pop()
        # an item of a list has no key, and a map in it begins where its first key does
        if path and node.key_mark in marks and (node.key_mark != node.mark or not path.endswith("]")):
            by_key.setdefault(node.key_mark, path)
        if node.mark in marks:
            by_value[node.mark] = path
        stack += steps_below(node, path)
    return {mark: _without_section(path) for mark, path in (by_value | by_key).items()}


def _without_section(path: str) -> str:
    return path.removeprefix(".").removeprefix("accounts.")


def decoded(data: bytes, base: int) -> str:
    """The text of a file that people wrote. Raises Unreadable."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        before = data[: exc.start].decode("utf-8", "replace")
        raise Unreadable(_mark_after(before, base), "the file is not UTF-8 text (save it as UTF-8)") from None
    if control := _CONTROL.search(text):
        message = f"the file holds the control character U+{ord(control.group()):04X} (remove it)"
        raise Unreadable(_mark_after(text[: control.start()], base), message)
    return text


def _text(data: bytes, base: int) -> str:
    text = decoded(data, base)
    if odd := _ODD_INDENT.search(text):
        message = f"the character U+{ord(odd[1]):04X} in the indentation (YAML allows spaces only)"
        raise Unreadable(_mark_after(text[: odd.start(1)], base), message)
    if marker := _CONFLICT.search(text):
        message = f"unresolved merge conflict: {marker.group()[:7]} (keep one side, remove the markers)"
        raise Unreadable(_mark_after(text[: marker.start()], base), message)
    return text


def _mark_after(before: str, base: int) -> int:
    line = before.count("\n")
    column = len(before) - (before.rfind("\n") + 1)
    return mark_at(base, line, column)


def _events(text: str, base: int) -> Iterator[object]:
    """The parser's events, with its errors turned into one sentence."""
    loader = _loader()(text)
    try:
        while loader.check_event():
            yield loader.get_event()
    except yaml.MarkedYAMLError as exc:
        at = exc.problem_mark or exc.context_mark
        line, column = (at.line, at.column) if at else (0, 0)
        raise _syntax_error(text, base, line, column, exc) from None
    except RecursionError:
        raise Unreadable(base, TOO_DEEP) from None
    except yaml.YAMLError as exc:
        raise Unreadable(base, f"the file is not YAML: {' '.join(str(exc).split())}") from None
    finally:
        loader.dispose()


def _loader() -> Any:
    """libyaml's parser; the pure Python one, slower but the same, where PyYAML was built without it."""
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _syntax_error(text: str, base: int, line: int, column: int, exc: yaml.MarkedYAMLError) -> Unreadable:
    lines = text.split("\n")
    for number in (line, max(line - 1, 0)):
        written = lines[number] if number < len(lines) else ""
        indent = written[: len(written) - len(written.lstrip())]
        if "\t" in indent:
            mark = mark_at(base, number, indent.index("\t"))
            return Unreadable(mark, "a tab in the indentation (YAML allows spaces only)")
    # A parser that looks ahead meets its own limit before ours; how it words that differs from release to release.
    if "nesting" in f"{exc.problem} {exc.context}":
        return Unreadable(mark_at(base, line, column), TOO_DEEP)
    line, column, message = said_of(text, exc)
    return Unreadable(mark_at(base, line, column), message)


class _Composer:
    """Events -> nodes. One of these reads one file."""

    def __init__(self, base: int, texts: dict[int, str]) -> None:
        self.base = base
        self._texts = texts
        self._odd: set[str] = set()  # plain scalars that print in another way
        self.problems: list[tuple[int, str, int | None]] = []
        self._plain: dict[str, Scalar] = {}  # text -> what it stands for: resolves once, and interns
        self._anchors: dict[str, tuple[Node, int] | None] = {}  # None while its node is not complete
        self._nodes = 0
        self._aliased = 0

    def document(self, events: Iterator[Any]) -> Node | None:
        """The only document of the stream; None where the file is empty."""
        root = None
        documents = 0
        for event in events:
            kind = type(event)
            if kind is yaml.DocumentStartEvent:
                documents += 1
                if documents > 1:
                    raise Unreadable(
                        self._mark(event), "more than one document (one document per file: remove the `---`)"
                    )
            elif kind not in (yaml.StreamStartEvent, yaml.StreamEndEvent, yaml.DocumentEndEvent):
                root = self._value(event, events)
        return root

    def _mark(self, event: Any) -> int:
        at = event.start_mark
        return mark_at(self.base, at.line, at.column)

    def _value(self, event: Any, events: Iterator[Any]) -> Node:
        """One value with everything in it. One long loop over a stack of its own: no nesting can exhaust Python's."""
        stack: list[tuple[Any, str | None, int, str | None, int, Node]] = []
        inside: Any = None  # the dict or list that values go to
        key: str | None = None  # the key that waits for its value; None in a list
        key_mark = 0
        base, plain, odd, scalar_event = self.base, self._plain, self._odd, yaml.ScalarEvent
        while True:
            kind = type(event)
            at = event.start_mark
            column = at.column
            mark = base | at.line << COLUMN_BITS | column if column <= COLUMN_MAX else mark_at(base, at.line, column)
            self._nodes += 1
            if key is None and type(inside) is dict and kind is not yaml.MappingEndEvent:
                key, key_mark = self._key(event, kind, mark), mark
                event = next(events)
                continue
            if kind is scalar_event:
                text = event.value
                if event.implicit[0] and event.tag is None:
                    value = plain[text] if text in plain else self._resolved(text)
                    if text in odd:
                        self._texts[mark] = text
                else:
                    value = self._quoted(event, mark)
                node = Node(value, mark, key_mark if key is not None else mark)
                if event.anchor:
                    self._anchors[event.anchor] = (node, 1)
            elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
                self._open(event, mark, len(stack))
                opened: Any = {} if kind is yaml.MappingStartEvent else []
                node = Node(opened, mark, key_mark if key is not None else mark)
                stack.append((inside, key, key_mark, event.anchor, self._nodes, node))
                inside, key = opened, None
                event = next(events)
                continue
            elif kind is yaml.AliasEvent:
                node = self._alias(event, mark, key_mark if key is not None else mark)
            else:  # the end of a collection
                inside, key, key_mark, anchor, before, node = stack.pop()
                if type(node.value) is dict and _MERGE in node.value:
                    self._merge(node)
                if anchor:
                    self._anchors[anchor] = (node, self._nodes - before)
            if inside is None:
                return node
            if key is None:
                inside.append(node)
            elif key not in inside:
                inside[key] = node
                key = None
            else:
                self.problems.append((key_mark, _twice(key), inside[key].key_mark))
                key = None
            event = next(events)

    def _key(self, event: Any, kind: Any, mark: int) -> str:
        if kind is yaml.AliasEvent:
            node = self._alias(event, mark, mark)
            if isinstance(node.value, str):
                return node.value
        elif kind is yaml.ScalarEvent:
            text = event.value
            if text == "<<" and event.implicit[0]:
                return _MERGE
            self._resolved(text)
            if event.anchor:
                self._anchors[event.anchor] = (Node(text, mark, mark), 1)
            return str(text)
        raise Unreadable(mark, "a key must be text, not a list or a map (text that begins with { or [ goes in quotes)")

    def _resolved(self, text: str) -> Scalar:
        value = self._plain.setdefault(text, resolve(text))
        if type(value) is not str and printed(value) != text:
            self._odd.add(text)
        return value

    def _quoted(self, event: Any, mark: int) -> Scalar:
        text, tag = str(event.value), event.tag
        if tag is None or tag in ("!", _TAG + "str"):
            return text
        value = resolve(text)
        kinds = {"int": (int,), "float": (int, Decimal), "bool": (bool,), "null": (type(None),)}
        wanted = kinds.get(tag.removeprefix(_TAG))
        if wanted is None:
            self.problems.append((mark, f"the tag {shown(_tag(tag))} is not supported (remove it)", None))
        elif not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted):
            self.problems.append((mark, f"the value does not match its tag {shown(_tag(tag))}", None))
        return value

    def _open(self, event: Any, mark: int, depth: int) -> None:
        if depth >= MAX_DEPTH:
            raise Unreadable(mark, TOO_DEEP)
        if event.anchor:
            self._anchors[event.anchor] = None
        if event.tag not in (None, "!", _TAG + "map", _TAG + "seq"):
            self.problems.append((mark, f"the tag {shown(_tag(event.tag))} is not supported (remove it)", None))

    def _alias(self, event: Any, mark: int, key_mark: int) -> Node:
        if event.anchor not in self._anchors:
            near = ", ".join(f"&{name}" for name in self._anchors) or "there is none in this file"
            what = f"unknown alias *{event.anchor}: no anchor before it has this name"
            raise Unreadable(mark, f'{what} ({near}; text that begins with "*" goes in quotes)')
        found = self._anchors[event.anchor]
        if found is None:
            raise Unreadable(mark, f"the alias *{event.anchor} refers to its own anchor")
        node, size = found
        self._nodes += size
        self._aliased += size
        if self._aliased > MAX_ALIASED:
            raise Unreadable(mark, f"the aliases of this file expand to more than {MAX_ALIASED:,} values")
        return Node(node.value, node.mark, key_mark)

    def _merge(self, node: Node) -> None:
        """`<<`: the keys of other maps, as if written here; own keys win, then the earlier map."""
        merged = node.value.pop(_MERGE)
        for source in merged.value if type(merged.value) is list else [merged]:
            if type(source.value) is not dict:
                self.problems.append((merged.key_mark, "`<<` takes a map or a list of maps", None))
                continue
            for key, child in source.value.items():
                self._nodes += 1
                node.value.setdefault(key, child)


_MERGE: Final = "\0<<"  # stands for the merge key, so that a quoted "<<" is a key like any other


def _twice(key: str) -> str:
    return 'duplicate key "<<" (one takes several: `<<: [*a, *b]`)' if key == _MERGE else f"duplicate key {shown(key)}"


def _tag(tag: str) -> str:
    return "!!" + tag.removeprefix(_TAG) if tag.startswith(_TAG) else tag
