"""Python files as syntax trees, for claims about the source itself."""

from __future__ import annotations

import ast
import gc
from collections.abc import Iterator
from functools import cache
from pathlib import Path

__all__ = ["nodes_of_files", "tree_of"]


@cache
def tree_of(file: Path) -> ast.Module:
    """A file's syntax tree. Parsing all of them takes seconds, and so did each look for cycles among their nodes."""
    gc.disable()
    try:
        return ast.parse(file.read_text(encoding="utf-8"))
    finally:
        gc.freeze()
        gc.enable()


def nodes_of_files(folder: Path, *words: str) -> Iterator[tuple[str, ast.AST]]:
    """Each node of each file that has one of these words in it, with the file's path in the folder."""
    for file in sorted(folder.rglob("*.py")):
        text = file.read_text(encoding="utf-8")
        if any(word in text for word in words):
            yield from ((file.relative_to(folder).as_posix(), node) for node in ast.walk(tree_of(file)))
