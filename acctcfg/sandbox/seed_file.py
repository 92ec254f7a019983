"""A seed as a file: YAML within bounds, and for every value the line and column where it stands.

YAML's own traps are refused by name: a key twice, an alias that multiplies, nesting without end. No message shows a
value, since a seed holds secrets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from acctcfg.sandbox.values import Place, SeedError

__all__ = ["SeedFile", "read_seed_file"]

MOST_BYTES = 8_000_000
MOST_VALUES = 500_000
DEEPEST = 32


@dataclass(frozen=True, slots=True)
class SeedFile:
    """What a file says, and where: `marks` has (line, column), counted from 1, by place."""

    path: Path
    values: Mapping[str, object]
    marks: Mapping[Place, tuple[int, int]] = field(repr=False)

    def located(self, mistake: SeedError) -> str:
        """`seed.yaml:12:5: tenants.desk: unknown key 'lable' (did you mean 'label'?)`"""
        place = mistake.place
        while place and place not in self.marks:
            place = place[:-1]
        line, column = self.marks.get(place, (1, 1))
        return f"{self.path}:{line}:{column}: {mistake}"


def read_seed_file(path: Path) -> SeedFile:
    """The mapping in a YAML file. Raises SeedError that begins with the file, and the line where there is one."""
    text = _text(path)
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return SeedFile(path, {}, {})
        if not isinstance(node, yaml.MappingNode):
            raise SeedError(f"{path}:{_mark(node)}: expected a mapping of tenants, flags, ...")
        marks: dict[Place, tuple[int, int]] = {(): (1, 1)}
        _walk(path, node, (), marks)
        return SeedFile(path, loader.construct_document(node), marks)
    except RecursionError as exc:
        raise SeedError(f"{path}: nested deeper than {DEEPEST}") from exc
    except (yaml.YAMLError, ValueError) as exc:
        if isinstance(exc, SeedError):
            raise
        mark = getattr(exc, "problem_mark", None)
        place = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise SeedError(f"{path}{place}: {_words(text, mark, exc)}") from exc
    finally:
        loader.dispose()


def _words(text: str, mark: yaml.Mark | None, exc: Exception) -> str:
    """What the parser says, without what it quotes: a secret may stand there."""
    line = text.split("\n")[mark.line] if mark else ""
    around = text.split("\n")[max(mark.line - 1, 0) : mark.line + 1] if mark else []
    if any(one.startswith(("<<<<<<< ", ">>>>>>> ", "=======")) for one in around):
        return "unresolved merge conflict"
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return "a tab in the indentation (YAML allows spaces only)"
    problem = re.sub(r"'[^']{2,}'", "...", str(getattr(exc, "problem", None) or ""))
    return f"not YAML: {problem}" if problem else "not YAML"


def _text(path: Path) -> str:
    try:
        if path.exists() and not path.is_file():
            raise SeedError(f"{path}: not a regular file")
        if path.stat().st_size > MOST_BYTES:
            raise SeedError(f"{path}: larger than {MOST_BYTES // 1_000_000} MB")
        return path.read_text(encoding="utf-8-sig")
    except OSError as exc:
        raise SeedError(f"{path}: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        line = exc.object[: exc.start].count(b"\n") + 1
        raise SeedError(f"{path}:{line}: not UTF-8 text (save it as UTF-8)") from exc


def _mark(node: yaml.Node) -> str:
    return f"{node.start_mark.line + 1}:{node.start_mark.column + 1}"


def _walk(path: Path, node: yaml.Node, place: Place, marks: dict[Place, tuple[int, int]]) -> None:
    """Note where everything stands. An alias counts each time that it is used."""
    if len(place) > DEEPEST or len(marks) > MOST_VALUES:
        what = f"nested deeper than {DEEPEST}" if len(place) > DEEPEST else f"more than {MOST_VALUES} values"
        raise SeedError(f"{path}:{_mark(node)}: {what}")
    if isinstance(node, yaml.SequenceNode):
        for index, child in enumerate(node.value):
            marks[*place, index] = (child.start_mark.line + 1, child.start_mark.column + 1)
            _walk(path, child, (*place, index), marks)
    elif isinstance(node, yaml.MappingNode):
        for key, child in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise SeedError(f"{path}:{_mark(key)}: a key must be text")
            here = (*place, str(key.value))
            if here in marks:
                raise SeedError(f"{path}:{_mark(key)}: duplicate key {key.value!r}")
            marks[here] = (key.start_mark.line + 1, key.start_mark.column + 1)
            _walk(path, child, here, marks)
