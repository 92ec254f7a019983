"""A folder as it was at a commit, laid out somewhere else: every name at once, and what a file says when it is read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, NamedTuple

from acctcfg.errors import ConfigError
from acctcfg.journal.git_objects import MissingObject, Objects

__all__ = ["Layout", "lay_out"]

_NAMES: Final = 200_000
_DEEPEST: Final = 100
_FOLDER, _LINK, _COMMIT = 0o040000, 0o120000, 0o160000


class _Row(NamedTuple):
    mode: int
    name: str
    id: str


class Layout:
    """The names of a folder under `top`, each file empty until it is asked for."""

    def __init__(self, objects: Objects, top: Path) -> None:
        self._objects, self._top = objects, top.resolve()
        self._files: dict[Path, str] = {}
        self.elsewhere: list[str] = []  # folders that are other repositories' (submodules)

    def bring(self, name: str) -> None:
        """Put there what a file says, before it is read."""
        file = (self._top / name).resolve()
        id_ = self._files.pop(file, None)
        if id_ is not None:
            file.write_bytes(_content(self._objects, id_, name))

    def fill(self, tree: str, inside: str = "", depth: int = 0) -> None:
        """Make the names of a tree and of those in it."""
        for row in _rows(self._objects, tree):
            name = f"{inside}/{row.name}" if inside else row.name
            path = self._top / name
            if len(self._files) >= _NAMES or depth > _DEEPEST:
                raise ConfigError(f"the commit has more than {_NAMES:,} files beside the manifest, or folders too deep")
            match row.mode & 0o170000:
                case kind if kind == _FOLDER:
                    path.mkdir()
                    self.fill(row.id, name, depth + 1)
                case kind if kind == _LINK:
                    path.symlink_to(os.fsdecode(_content(self._objects, row.id, name)))
                case kind if kind == _COMMIT:
                    self.elsewhere.append(name)
                case _:
                    path.touch(exist_ok=False)
                    self._files[path] = row.id


def lay_out(objects: Objects, tree: str, inside: tuple[str, ...], top: Path) -> Layout:
    """What was in the folder `inside` of a tree, under `top`; nothing where it was not there."""
    for part in inside:
        found = next((row for row in _rows(objects, tree) if row.name == part), None)
        if found is None or found.mode & 0o170000 != _FOLDER:
            return Layout(objects, top)
        tree = found.id
    layout = Layout(objects, top)
    try:
        layout.fill(tree)
    except (OSError, ValueError) as exc:
        raise ConfigError(f"the commit's files cannot be laid out: {exc}") from exc
    return layout


def _content(objects: Objects, id_: str, name: str) -> bytes:
    try:
        return objects.read(id_)[1]
    except MissingObject:
        raise ConfigError(
            f"what {name} said at that commit is not in this clone, which is a partial one",
            hint=f"`git cat-file -p {id_[:12]}` fetches it; or clone without --filter",
        ) from None


def _rows(objects: Objects, tree: str) -> list[_Row]:
    """What a tree names. ValueError for names that git would not write."""
    try:
        kind, body = objects.read(tree)
    except MissingObject:
        raise ConfigError(
            f"the tree {tree[:12]} is not in this clone, which is a partial one", hint="clone without --filter=tree:0"
        ) from None
    rows, at, width = [], 0, len(tree) // 2
    while kind == "tree" and at < len(body):
        mode, _, rest = body[at : body.index(b"\0", at)].partition(b" ")
        end = at + len(mode) + len(rest) + 2
        name = os.fsdecode(rest)
        if name in ("", ".", "..") or "/" in name or "\\" in name or name.lower() == ".git":
            raise ValueError(f"a tree has the name {name!r}")
        rows.append(_Row(int(mode, 8), name, body[end : end + width].hex()))
        at = end + width
    return rows
