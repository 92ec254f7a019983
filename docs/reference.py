"""Writes docs/reference.md: every field of the manifest, from the declarations, with an example.

The examples are lines of the workspaces in docs/reference/, which tests/docs/test_reference.py validates.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from acctcfg.manifest.fields import FieldNote, every_field
from acctcfg.venues.installed import rules

__all__ = ["EXAMPLES", "reference", "without_example"]

EXAMPLES = Path(__file__).parent / "reference"
HEAD = """\
# Reference of the manifest

Every field, with an example. `make schemas` writes this page from the declarations that `acctcfg validate` checks
with; `acctcfg explain FIELD` shows the same for one field. The examples are lines of complete workspaces
(`docs/reference/`).

In a path, `*` stands for any name and `[]` for an entry of a list. Profiles take the fields of accounts.
"""
ACCESS = re.compile(r"accounts\.\*\.access(\.read|\.write)?\.credentials\.")  # as in `venues`, so listed once
GATE_GROUPS = re.compile(r"accounts\.\*\.(api_keys\.\*\.permissions|position_mode)\.")


@dataclass(frozen=True, slots=True)
class Part:
    """Lines of an example, and the paths of the fields in them."""

    text: str
    paths: frozenset[str]


def reference() -> str:
    """The page."""
    groups: dict[str, list[FieldNote]] = {}
    for note in _notes():
        groups.setdefault(_group(note.path), []).append(note)
    parts = list(_parts())
    return "\n".join([HEAD, *(_section(name, notes, parts) for name, notes in groups.items())])


def without_example() -> list[str]:
    """Fields that no example shows."""
    shown = frozenset[str]().union(*(part.paths for part in _parts()))
    return [note.path for note in _notes() if note.path not in shown]


def _notes() -> Iterator[FieldNote]:
    """Every field that this version takes, once."""
    for note in every_field(rules()):
        if note.supported and not note.path.endswith(".*") and not ACCESS.match(note.path):
            yield note


def _group(path: str) -> str:
    """The heading that a field stands under: its section, or its field of an account."""
    steps = path.replace("[]", "").split(".")
    return ".".join(steps[:3]) if steps[0] == "accounts" and len(steps) > 2 else steps[0]


def _section(name: str, notes: list[FieldNote], parts: Iterable[Part]) -> str:
    lines = [f"## `{name}`", "", "| field | is | takes | venue types |", "| --- | --- | --- | --- |"]
    lines += [_row(note, name) for note in notes]
    for note in notes:
        lines += _words(note)
    wanted = {note.path for note in notes}
    for part in parts:
        if wanted & part.paths:
            wanted -= part.paths
            lines += ["", "```yaml", part.text, "```"]
    return "\n".join([*lines, ""])


def _row(note: FieldNote, group: str) -> str:
    name = note.path.removeprefix(f"{group}.").removeprefix(f"{group}[].") or note.path
    kinds = "; ".join(f"{kind} ({', '.join(types)})" if len(note.kinds) > 1 else kind for kind, types in note.kinds)
    if note.words and not _explained(note):
        kinds += ": " + ", ".join(word for word, _, _ in note.words)
    required = " Required." if note.required else ""
    types = ", ".join(f"{one} (role {note.roles[one]})" if one in note.roles else one for one in note.types)
    extra = "".join(f" {heading.capitalize()}: {words}." for heading, words in note.notes)
    cells = (f"`{name}`", *(_plain(text) for text in (f"{note.doc}.{extra}{required}", kinds, types or "all")))
    return f"| {' | '.join(cells)} |"


def _plain(text: str) -> str:
    """No markup but code."""
    return text.replace("|", "\\|").replace("*", "\\*").replace("<", "&lt;")


def _explained(note: FieldNote) -> bool:
    """Whether its words have meanings; those of Gate's groups and exchanges are the words of the field above."""
    return any(meaning for _, meaning, _ in note.words) and not GATE_GROUPS.match(note.path)


def _words(note: FieldNote) -> list[str]:
    """What the words of a field mean, where that is not said by the words."""
    if not _explained(note):
        return []
    lines = ["", f"Words of `{note.path}`:", ""]
    for word, meaning, types in note.words:
        only = f" ({', '.join(types)})" if types != (note.types or tuple(rules())) else ""
        lines.append(f"- `{word}`{f': {meaning}' if meaning else ''}{only}")
    return lines


# -- the examples --------------------------------------------------------------------------------------------------


def _parts() -> Iterator[Part]:
    """Sections, and of accounts each field with the name of its account above it."""
    for file in sorted(EXAMPLES.rglob("*.yaml")):
        text = file.read_text(encoding="utf-8")
        lines = text.splitlines()
        root = yaml.compose(text)
        for key, value in root.value:
            if key.value != "accounts":
                yield Part(_lines(lines, key, value), frozenset(_paths(key.value, value)))
                continue
            for account, fields in value.value:
                for name, inner in fields.value:
                    above = ["accounts:", *_lines(lines, account, account).splitlines()]
                    found = {"accounts", *_paths(f"accounts.*.{name.value}", inner)}
                    yield Part("\n".join([*above, _lines(lines, name, inner)]), frozenset(found))


def _lines(lines: list[str], key: yaml.Node, value: yaml.Node) -> str:
    """From the line of a key to the end of its value; a value in blocks ends where the next key begins."""
    in_blocks = isinstance(value, yaml.CollectionNode) and not value.flow_style
    end = value.end_mark.line + (not in_blocks)
    return "\n".join(lines[key.start_mark.line : end]).rstrip()


def _paths(path: str, value: yaml.Node) -> Iterator[str]:
    """The paths in a value, as the declarations spell them."""
    yield path
    if isinstance(value, yaml.SequenceNode):
        for item in value.value:
            if isinstance(item, yaml.MappingNode):
                yield from _paths(f"{path}[]", item)
    elif isinstance(value, yaml.MappingNode):
        for key, inner in value.value:
            yield from _paths(f"{path}.{key.value}", inner)
            yield from _paths(f"{path}.*", inner)


if __name__ == "__main__":
    print(reference(), end="")
