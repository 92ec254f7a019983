"""What GitHub's runner makes notes of in the lines of a job: `::error file=acctcfg.yaml,line=3,col=5::...`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from acctcfg.render.harmless import harmless
from acctcfg.render.remarks import Remark, remarks

__all__ = ["failure", "validation"]

MOST: Final = 10
"""Notes of one kind that GitHub shows of one step."""


def validation(shown: Mapping[str, object]) -> str:
    """A note for each of the first ten problems, and of the warnings; a plain line for each of the others."""
    found = remarks(shown)
    lines = []
    for level in ("error", "warning"):
        own = [one for one in found if one.level == level]
        lines += [_note(one) for one in own[:MOST]]
        lines += [_line(f"{level}: {one.file}:{one.line}:{one.column}: {one.message}") for one in own[MOST:]]
    return "\n".join(lines)


def failure(error: Mapping[str, object]) -> str:
    """The notes of a manifest's problems alone: the words stand beside them, and what else failed has no place."""
    return "\n".join(map(_note, remarks(error)[:MOST]))


def _note(one: Remark) -> str:
    place = f"file={_property(one.file)},line={one.line},col={one.column}"
    return _line(f"::{one.level} {place}::{_data(one.message)}")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _data(text: str) -> str:
    return harmless(text).replace("%", "%25")


def _line(text: str) -> str:
    """One line; the runner would take `##[` for a command wherever it stands."""
    return harmless(text).replace("##[", "## [")
