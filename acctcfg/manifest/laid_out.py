"""The files of a workspace in their layout: which ones, and how each is put in the place of what was there."""

from __future__ import annotations

import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from acctcfg.core.rules import VenueRules
from acctcfg.errors import Problem
from acctcfg.manifest.files import LARGEST, read_workspace
from acctcfg.manifest.layout import ROOT
from acctcfg.manifest.layout_text import laid_out
from acctcfg.manifest.shape import Shape
from acctcfg.plain_file import leads_out, read_plain, write_whole

__all__ = ["LaidOut", "lay_out"]


@dataclass(frozen=True, slots=True)
class LaidOut:
    """The result for all files."""

    looked_at: int
    changed: tuple[str, ...]  # that were written, or would be
    problems: tuple[Problem, ...]


def lay_out(directory: Path, files: Sequence[Path], rules: Mapping[str, VenueRules], *, write: bool) -> LaidOut:
    """Format these files, by their names in `directory`, or all of its workspace. An error in one does not stop the
    others."""
    named = {str(file): directory / file for file in files}
    if not named:
        named = {name: directory / name for name in read_workspace(directory, Shape(rules), ROOT).files}
    changed: list[str] = []
    problems: list[Problem] = []
    for name, file in named.items():
        problems += _one(directory, name, file, changed, write=write)
    return LaidOut(len(named), tuple(changed), tuple(problems))


def _one(directory: Path, name: str, file: Path, changed: list[str], *, write: bool) -> list[Problem]:
    """Format one file; returns its problems."""
    if leads_out(file, directory):
        return [Problem(name, 1, 1, "", "is a link to a place outside the workspace")]
    try:
        data, status = read_plain(file, LARGEST)
        text, problems = laid_out(data, name)
        if not problems and text.encode() != data:
            if write:
                write_whole(file.resolve(), text, mode=stat.S_IMODE(status.st_mode))
            changed.append(name)
    except OSError as exc:
        return [Problem(name, 1, 1, "", f"cannot be read or written: {exc.strerror}")]
    return problems
