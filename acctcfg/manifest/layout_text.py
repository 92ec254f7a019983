"""One layout of a manifest's text: two spaces, comments kept. Whatever the text is, its meaning stays.

ruamel.yaml writes the structure anew; where comments stand is decided here, by what stands around them. The result is
read again by the manifest's own reader, and handed out only if it says the same as before.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import yaml

from acctcfg.errors import Problem
from acctcfg.manifest.nodes import Node, Sources
from acctcfg.manifest.problems import quoted
from acctcfg.manifest.read import parse

__all__ = ["laid_out"]

LONG: Final = 60  # a longer line does not push the comments of its paragraph to the right
_ROUNDS: Final = 4
_COMMENT: Final = (
    "this comment cannot be kept where it stands (inside braces or brackets, or before a value): move it out"
)


def laid_out(data: bytes, name: str) -> tuple[str, list[Problem]]:
    """The text of a file in its layout, or what is wrong with it. Never raises on any input."""
    sources = Sources()
    node, problems = parse(data, sources, name)
    if problems:
        return "", problems
    text = data.decode("utf-8-sig").replace("\r\n", "\n")
    if node is None or node.value is None:
        return text.strip("\n") + "\n", []
    if type(node.value) is not dict:  # a table, a secret, notes: to YAML, often one text whose line ends say nothing
        return "", [_left(name, 1, 1, f"it is {quoted(node.value)}, not a map of sections")]
    written: str | None = _written(_prepared(text))
    for _ in range(_ROUNDS):
        if written is None or (again := _written(written)) == written:
            break
        written = again
    else:
        written = None
    if written is None:
        return "", [_left(name, 1, 1, "it uses YAML that fmt does not support")]
    if lost := _lost(text, written):
        return "", [_left(name, *lost, _COMMENT)]
    if not _same(node, sources, written, name):
        return "", [_left(name, 1, 1, "its meaning would change")]
    return written, []


def _left(name: str, line: int, column: int, why: str) -> Problem:
    return Problem(name, line, column, "", f"cannot be formatted, so the file was left as it is: {why}")


def _written(text: str) -> str | None:
    from ruamel.yaml import YAML  # slow to import, and nothing else needs it
    from ruamel.yaml.error import YAMLError
    from ruamel.yaml.nodes import ScalarNode
    from ruamel.yaml.resolver import VersionedResolver

    class AsWritten(VersionedResolver):
        """Takes every plain scalar for text, so that none is written in another way: `True`, `+5`, `~`, `1e400`."""

        def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
            if kind is ScalarNode and implicit[0] and value not in ("", "<<"):
                return self.DEFAULT_SCALAR_TAG
            return super().resolve(kind, value, implicit)

    writer = YAML(typ="rt")
    writer.Resolver = AsWritten
    writer.preserve_quotes = True
    writer.width = 1 << 20
    writer.composer.warn_double_anchors = False  # the later one counts, as YAML has it
    writer.indent(mapping=2, sequence=4, offset=2)
    stream = io.StringIO()
    try:
        writer.dump(writer.load(text), stream)
    except (YAMLError, ValueError, RecursionError):
        return None
    return "\n".join(_lines(stream.getvalue())) + "\n"


def _prepared(text: str) -> str:
    """The text without what the writer loses comments by: `---` and `...`, and tabs before a comment."""
    tokens = list(yaml.scan(text, Loader=yaml.CLoader))
    marks = {one.start_mark.line for one in tokens if isinstance(one, yaml.DocumentStartToken | yaml.DocumentEndToken)}
    if any(isinstance(one, yaml.DirectiveToken) for one in tokens):
        marks = set()  # what a directive says ends at its `---`
    found = []
    for number, line in enumerate(_taken_apart(text)):
        code = line.code if number not in marks else "   " + line.code[3:]
        if number not in marks or code.strip() or line.comment:
            found.append(f"{code}  {line.comment}" if line.comment and code.strip() else code + line.comment)
    return "\n".join(found)


class _Line(NamedTuple):
    """`comment` without its indentation; `closed`: inside of a text of several lines, where nothing is touched."""

    code: str
    comment: str
    closed: bool

    @property
    def indent(self) -> int:
        return len(self.code) - len(self.code.lstrip(" "))


def _lines(text: str) -> Iterator[str]:
    """The lines with their comments in place, and one empty line where there were several."""
    lines = _taken_apart(text)
    paragraph: list[_Line] = []
    for number, line in enumerate(lines):
        if line.closed:
            yield from _aligned(paragraph)
            paragraph = []
            yield line.code
        elif line.code or line.comment:
            if not line.code.strip():
                line = line._replace(code=" " * _indent(lines, number))
            paragraph.append(line)
        elif paragraph or (number and lines[number - 1].closed):
            yield from _aligned(paragraph)
            paragraph = []
            if any(one.code.strip() or one.comment for one in lines[number:]):
                yield ""
    yield from _aligned(paragraph)


def _indent(lines: list[_Line], number: int) -> int:
    """Where a comment on a line of its own stands: as what follows, or as anything before it that ends there."""
    column = len(lines[number].code)
    after = next((one.indent for one in lines[number + 1 :] if one.code.strip()), 0)
    levels = [after]
    for one in reversed(lines[:number]):
        if one.code.strip() and not one.closed and (len(levels) == 1 or one.indent < levels[-1]):
            if one.indent <= after:
                break
            levels.append(one.indent)
    return min(levels, key=lambda one: abs(one - column))


def _aligned(paragraph: list[_Line]) -> Iterator[str]:
    """Comments behind something stand in one column within a paragraph; behind a long line, right after it."""
    lengths = [len(one.code) for one in paragraph if one.comment and one.code.strip()]
    column = max((length for length in lengths if length <= LONG), default=0) + 2
    for one in paragraph:
        gap = max(column, len(one.code) + 2) if one.code.strip() else len(one.code)
        yield one.code.ljust(gap) + one.comment if one.comment else one.code


def _taken_apart(text: str) -> list[_Line]:
    raw = text.split("\n")
    ends = [0] * len(raw)
    closed: set[int] = set()
    for token in yaml.scan(text, Loader=yaml.CLoader):
        start, end = token.start_mark, token.end_mark
        if isinstance(token, yaml.ScalarToken) and end.line > start.line:
            last = end.line if end.column else end.line - 1
            closed.update(range(start.line + 1, last + 1))
        if end.line < len(raw):
            ends[end.line] = max(ends[end.line], end.column)
    found = []
    for number, line in enumerate(raw):
        if number in closed:
            found.append(_Line(line, "", True))
            continue
        at = line.find("#", ends[number])
        code, comment = (line, "") if at < 0 else (line[:at], line[at:])
        found.append(_Line(code if not code.strip() and comment else code.rstrip(), comment.rstrip(), False))
    return found


def _lost(before: str, after: str) -> tuple[int, int] | None:
    """Line and column of a comment that is not there any more."""
    left = Counter(one.comment for one in _taken_apart(after) if one.comment)
    for number, one in enumerate(_taken_apart(before), 1):
        left[one.comment] -= 1
        if one.comment and left[one.comment] < 0:
            return number, before.split("\n")[number - 1].rfind(one.comment) + 1
    return None


def _same(node: Node | None, sources: Sources, text: str, name: str) -> bool:
    again = Sources()
    other, problems = parse(text.encode(), again, name)
    return not problems and _meaning(node, sources) == _meaning(other, again)


def _meaning(node: Node | None, sources: Sources) -> object:
    if node is None:
        return None
    if type(node.value) is dict:
        return [(key, _meaning(one, sources)) for key, one in node.value.items()]
    if type(node.value) is list:
        return [_meaning(one, sources) for one in node.value]
    return type(node.value).__name__, node.value, "" if node.value is None else sources.written(node)
