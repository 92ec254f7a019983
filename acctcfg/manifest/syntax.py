"""What a YAML parser says of a file that it cannot read, in the words of somebody who wrote the file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import yaml

__all__ = ["said_of"]

SyntaxSaid = tuple[int, int, str]  # line and column, counted from 0, and the message

_AT_THE_PROBLEM: Final[Mapping[str, str]] = {
    "mapping values are not allowed in this context": 'a colon where no key can stand (text that holds ": " goes in '
    "quotes; or the line before lacks its colon, or the space after it)",
    "did not find expected key": "no key is expected here (the indentation fits no line above, or something follows a "
    "complete value)",
    "did not find expected '-' indicator": 'the list above goes on with "- " or ends (check the indentation)',
    "did not find expected node content": "a value is missing here",
    "did not find expected <document start>": "something follows the end of the document (remove it)",
    "found incompatible YAML document": "this version of YAML is not known (remove the line)",
    "found unknown escape character": r"unknown escape in a text in double quotes (write \\ for a backslash, or use "
    "single quotes)",
    "block sequence entries are not allowed in this context": 'a list cannot begin here (its "- " goes on a line of '
    "its own)",
    "found undefined tag handle": 'unknown tag (text that begins with "!" goes in quotes)',
}
_AT_ITS_BEGINNING: Final[Mapping[str, str]] = {
    "found unexpected end of stream": "the quote that begins here is never closed",
    "could not find expected ':'": "a key without a colon (write the key, a colon, a space and the value)",
    "did not find expected alphabetic or numeric character": "",  # a name after * or &
}
_CLOSES: Final = {"did not find expected ',' or '}'": "}", "did not find expected ',' or ']'": "]"}


def said_of(text: str, exc: yaml.MarkedYAMLError) -> SyntaxSaid:
    """The place where the mistake is, and what it is; the parser's own words where it is none of the usual ones."""
    problem, context = exc.problem or "", exc.context or ""
    at, begun = _place(exc.problem_mark or exc.context_mark), _place(exc.context_mark or exc.problem_mark)
    if problem in _AT_THE_PROBLEM:
        return *at, _AT_THE_PROBLEM[problem]
    if problem in _AT_ITS_BEGINNING:
        return *begun, _AT_ITS_BEGINNING[problem] or _cannot_begin(text, begun)
    if problem in _CLOSES:
        opened = f"what was opened at line {begun[0] + 1}, column {begun[1] + 1}"
        return *at, f'"," or "{_CLOSES[problem]}" is missing before this, for {opened}'
    if problem == "found character that cannot start any token":
        return *at, _cannot_begin(text, at)
    return *at, f"the file is not YAML: {', '.join(filter(None, (problem, context)))}"


def _place(mark: yaml.Mark | None) -> tuple[int, int]:
    return (mark.line, mark.column) if mark else (0, 0)


def _cannot_begin(text: str, at: tuple[int, int]) -> str:
    line = [*text.split("\n"), ""][min(at[0], text.count("\n") + 1)]
    return f'a value cannot begin with "{line[at[1] : at[1] + 1]}" (put it in quotes)'
