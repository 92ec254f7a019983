"""Gathers what the site is built from: the pages of docs/, and beside them the files that they link to.

`python docs/gather.py FOLDER`. On GitHub a page links to `../schemas/plan.schema.json`; a site has nothing above its
root, so such files are copied to `files/`, and folders are named without a link.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

__all__ = ["gather"]

DOCS = Path(__file__).parent
LINK = re.compile(r"\[([^\]]+)\]\(((?:\.\./)+[^)#]+)(#[^)]*)?\)")


def gather(into: Path) -> None:
    """Make the folder anew."""
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    shutil.copy(DOCS / "extra.css", into)
    for page in sorted(DOCS.rglob("*.md")):
        made = into / page.relative_to(DOCS)
        made.parent.mkdir(parents=True, exist_ok=True)
        made.write_text(_page(page, into), encoding="utf-8")


def _page(page: Path, into: Path) -> str:
    def linked(found: re.Match[str]) -> str:
        words, path, anchor = found.groups()
        target = (page.parent / path).resolve()
        if target.is_relative_to(DOCS):
            return found[0]
        if target.is_dir():
            return words
        copy = into / "files" / target.relative_to(DOCS.parent)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(target, copy)
        up = "../" * (len(page.relative_to(DOCS).parts) - 1)
        return f"[{words}]({up}files/{target.relative_to(DOCS.parent)}{anchor or ''})"

    return LINK.sub(linked, page.read_text(encoding="utf-8"))


if __name__ == "__main__":
    gather(Path(sys.argv[1]))
