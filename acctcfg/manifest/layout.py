"""How a workspace is laid out in files: where a new one would belong, and which names are in use."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Final

from acctcfg.manifest.includes import has_magic
from acctcfg.manifest.nodes import Sources
from acctcfg.manifest.read import parse

__all__ = ["ROOT", "names_of", "new_file"]

ROOT: Final = "acctcfg.yaml"


def new_file(directory: Path, stem: str) -> str | None:
    """A name that no file has and that a pattern of the root file's `include` matches; None where none can be.

    `accounts/*.yaml` makes `accounts/STEM.yaml` of it, or `accounts/STEM-2.yaml`.
    """
    for pattern in _included(directory):
        path = PurePosixPath(pattern)
        if path.is_absolute() or ".." in path.parts or has_magic(str(path.parent)):
            continue
        if path.name.count("*") != 1 or has_magic(path.name.replace("*", "")):
            continue
        names = (stem, *(f"{stem}-{number}" for number in range(2, 10_000)))
        files = (str(path.with_name(path.name.replace("*", name))) for name in names)
        return next(file for file in files if not (directory / file).exists() and not (directory / file).is_symlink())
    return None


def _included(directory: Path) -> list[str]:
    found = _section(directory, ROOT, "include")
    return [str(one.value) for one in found if isinstance(one.value, str)] if isinstance(found, list) else []


def names_of(directory: Path, files: tuple[str, ...], section: str) -> frozenset[str]:
    """The keys of a section in these files."""
    found = (_section(directory, file, section) for file in files)
    return frozenset(key for one in found if isinstance(one, dict) for key in one)


def _section(directory: Path, file: str, name: str) -> object:
    node, _ = parse((directory / file).read_bytes(), Sources(), file)
    section = node.value.get(name) if node is not None and isinstance(node.value, dict) else None
    return section.value if section is not None else None
