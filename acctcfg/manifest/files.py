"""The root file and the files that it includes -> one set of sections, whatever order they were found in."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Final

from acctcfg.errors import Problem
from acctcfg.manifest.includes import MOST_LOOKED_AT, TooMany, has_magic, matches
from acctcfg.manifest.nodes import Node, Sources
from acctcfg.manifest.problems import Report, quoted, shown
from acctcfg.manifest.read import parse
from acctcfg.manifest.scalars import BAD
from acctcfg.manifest.shape import Shape
from acctcfg.plain_file import read_plain

__all__ = ["LARGEST", "Template", "Workspace", "read_workspace"]

NAMED: Final = ("venues", "secret_stores", "profiles", "accounts")  # sections whose keys are names of the user's
EMPTY: Final = "give it a section such as accounts, or take it out of `include`"
SECTIONS: Final = (*NAMED, "guardrails", "journal", "moved", "notify")
ROWS: Final = "accounts_from"
BELOW: Final = "files of a manifest are below its root file"
LARGEST: Final = 256 << 20  # bytes of one file; 100,000 accounts are some 30 MB
MOST_BESIDE: Final = 1000  # files that are looked at for one that may be meant
DEEPEST: Final = 50  # files that include files


@dataclass(frozen=True, slots=True)
class Template:
    """An entry of `accounts_from`."""

    node: Node
    table: str  # the name of its file
    report: Report


@dataclass(slots=True)
class Workspace:
    """The sections of all files, merged by key; nodes know their files."""

    sources: Sources
    problems: set[Problem]
    sections: dict[str, dict[str, Node]]
    files: list[str] = field(default_factory=list)
    templates: list[Template] = field(default_factory=list)
    tables: dict[str, bytes] = field(default_factory=dict)  # the files that they name


def _nobody(message: str) -> None:
    """The root file is asked for by no line."""


def read_workspace(
    directory: Path,
    shape: Shape,
    root: str,
    *,
    patterns_may_be_empty: bool = False,
    bring: Callable[[str], None] | None = None,
) -> Workspace:
    """Read everything below `directory` that `root` names. Never raises of itself: what is wrong is in `problems`.

    `bring` is told the name of each file before it is read, and may put it there.
    """
    workspace = Workspace(Sources(), set(), {name: {} for name in SECTIONS})
    _Reading(directory, shape, workspace, patterns_may_be_empty, bring).file(root, (), _nobody)
    workspace.files.sort()
    return workspace


class _Reading:
    def __init__(
        self,
        directory: Path,
        shape: Shape,
        workspace: Workspace,
        may_be_empty: bool,
        bring: Callable[[str], None] | None,
    ) -> None:
        self.may_be_empty = may_be_empty  # patterns
        self.bring = bring
        self.directory = directory
        self.shape = shape
        self.workspace = workspace
        self.said_at = "in the root file"  # the version of the format
        self.read: dict[str, str] = {}  # real path -> the name that the file was read under

    def file(self, name: str, chain: tuple[str, ...], asked: Callable[[str], None]) -> None:
        """One file and what it includes; `chain` is how we got here, `asked` where it is asked for."""
        self.workspace.files.append(name)
        if not chain and not self._inside(name):
            self._wrong(name, "is a link to a place outside the workspace")
            return
        if len(chain) > DEEPEST:
            asked(f"includes are nested more than {DEEPEST} files deep (let one file include the others)")
            return
        data = self._bytes(name, asked)
        if data is None:
            return
        sources = self.workspace.sources
        node, problems = parse(data, sources, name)
        self.workspace.problems.update(problems)
        if node is None or node.value is None:
            if not problems:
                self._wrong(name, f"the file is empty ({EMPTY if chain else 'it needs `version: 1` at least'})")
            return
        report = Report(sources, self.workspace.problems, [("", node)])
        if type(node.value) is not dict:
            report.value(node, f"the file must be a map of sections, not {quoted(node.value)} ({', '.join(SECTIONS)})")
            return
        self._version(node, report, root=not chain)
        self._sections(node, report)
        for included, child in self._included(node, report, name, chain):
            self.file(included, (*chain, name), partial(report.value, child))

    def _bytes(self, name: str, asked: Callable[[str], None]) -> bytes | None:
        path = self.directory / name
        if self.bring is not None:
            self.bring(name)
        try:
            return read_plain(path, LARGEST)[0]
        except FileNotFoundError:
            why = "there is no such file (acctcfg runs in the folder that holds it, or with -C DIR)" + self._near(name)
            if path.is_symlink():
                why = f"is a link to {shown(path.readlink())}, which is not there (put it there, or remove the link)"
        except IsADirectoryError:
            why = "is a folder, not a file (for its files write folder/*.yaml)"
        except (OSError, ValueError) as exc:
            why = f"cannot be read: {getattr(exc, 'strerror', None) or exc}"
        if asked is _nobody:
            self._wrong(name, why)
        else:
            asked(f"{shown(name)} {why}")
        return None

    def _wrong(self, name: str, message: str) -> None:
        """A problem with a file as a whole, at its first character: there is always such a place."""
        self.workspace.problems.add(Problem(name, 1, 1, "", message))

    def _version(self, node: Node, report: Report, *, root: bool) -> None:
        version = node.value.get("version")
        if version is None:
            if root:
                report.value(node, "`version: 1` is missing (a line of its own)")
            return
        sound = self.shape.root.fields["version"].kind.take(version, report) is not BAD
        if root:
            self.said_at = f"at {self.workspace.sources.place(version.key_mark)}"
        elif sound:
            report.key(version, f"is allowed once, {self.said_at} (remove it here)")

    def _sections(self, node: Node, report: Report) -> None:
        for name, section in node.value.items():
            if name in ("version", "include"):
                continue
            if name == ROWS:
                self._templates(section, report)
            elif name not in SECTIONS:
                later = self.shape.root.fields.get(name)
                if later is None:
                    self.shape.root.unknown(name, section, report)
                else:
                    later.kind.take(section, report)
            elif section.value is None:
                continue  # a section whose entries are all commented out
            elif type(section.value) is not dict:
                self.shape.root.fields[name].kind.take(section, report)
            else:
                self._merge(name, section.value)

    def _templates(self, section: Node, report: Report) -> None:
        """The entries of `accounts_from` that can be read, and the files that they name."""
        if section.value is None:
            return  # all of it is commented out
        taken = self.shape.root.fields[ROWS].kind.take(section, report)
        for node, values in zip(section.value, taken, strict=True) if isinstance(taken, list) else ():
            if values is BAD or "csv" not in values:
                continue
            csv = node.value["csv"]
            name = os.path.normpath(values["csv"])
            found = self._below(name, csv, report) and self._table(name, partial(report.value, csv))
            if found and "name" in values:
                self.workspace.templates.append(Template(node, name, report))

    def _table(self, name: str, wrong: Callable[[str], None]) -> bool:
        if name not in self.workspace.tables and (data := self._bytes(name, wrong)) is not None:
            self.workspace.tables[name] = data
        return name in self.workspace.tables

    def _below(self, name: str, child: Node, report: Report) -> bool:
        """Whether a name is one in the workspace; a problem where it is not."""
        if PurePosixPath(name).is_absolute() or name == ".." or name.startswith("../"):
            report.value(child, f"{shown(child.value)} is outside the workspace ({BELOW})")
        elif not self._inside(name):
            report.value(child, f"{shown(name)} is a link to a place outside the workspace")
        else:
            return True
        return False

    def _merge(self, name: str, entries: dict[str, Node]) -> None:
        known = self.workspace.sections[name]
        sources = self.workspace.sources
        for key, node in entries.items():
            first = known.setdefault(key, node)
            if first is not node:
                address = key if name == "accounts" else f"{name}.{key}"
                message = f"is written in two files (first at {sources.place(first.key_mark)})"
                self.workspace.problems.add(sources.problem(node.key_mark, message, address))

    def _included(self, node: Node, report: Report, name: str, chain: tuple[str, ...]) -> Iterator[tuple[str, Node]]:
        """The files that this one includes and that nobody has read yet, by whatever name, with who asks for them."""
        include = node.value.get("include")
        if include is None or include.value is None:
            return
        patterns = self.shape.root.fields["include"].kind.take(include, report)
        if patterns is BAD:
            return
        for child, pattern in zip(include.value, patterns, strict=True):
            if pattern is BAD:
                continue
            for match in self._matches(child, pattern, report):
                if match == name and has_magic(pattern):
                    continue  # `*.yaml` beside the file itself
                if match in (*chain, name):
                    around = " -> ".join((*chain, name, match)[(*chain, name).index(match) :])
                    report.value(child, f"circular include: {around}")
                elif self._first(match):
                    yield match, child

    def _first(self, name: str) -> bool:
        """Whether a file is met for the first time: a link to one that was read says nothing new."""
        return self.read.setdefault(os.path.realpath(self.directory / name), name) == name and (
            name not in self.workspace.files
        )

    def _matches(self, child: Node, pattern: str, report: Report) -> list[str]:
        plain = os.path.normpath(pattern)
        if PurePosixPath(pattern).is_absolute() or plain == ".." or plain.startswith("../"):
            report.value(child, f"{shown(pattern)} is outside the workspace (include files below its root file)")
            return []
        if not has_magic(pattern):
            found = [plain] if os.path.lexists(self.directory / plain) else []
        else:
            try:
                found = matches(self.directory, pattern)
            except TooMany:
                report.value(
                    child, f"{shown(pattern)} matches against more than {MOST_LOOKED_AT:,} names (name a folder)"
                )
                return []
            found.sort(key=lambda one: ((self.directory / one).is_symlink(), one))  # files go by their own names
        if not found and not (self.may_be_empty and has_magic(pattern)):
            wrong = f"{shown(pattern)} matches no file (patterns start at the root file's folder)"
            report.value(child, wrong + self._near(plain))
        inside = [match for match in found if self._inside(match)]
        for match in sorted(set(found) - set(inside)):
            report.value(child, f"{shown(match)} is a link to a place outside the workspace")
        return inside

    def _near(self, name: str) -> str:
        """A file beside it that may be meant: another ending, another case."""
        path = self.directory / name
        try:
            beside = [one.name for one in islice(path.parent.iterdir(), MOST_BESIDE)]
        except (OSError, ValueError):
            return ""
        meant = [one for one in sorted(beside) if Path(one).stem.lower() == path.stem.lower()]
        return f"; {shown(str(PurePosixPath(name).with_name(meant[0])))} is there" if meant and path.name else ""

    def _inside(self, name: str) -> bool:
        try:
            return (self.directory / name).resolve().is_relative_to(self.directory.resolve())
        except (OSError, RuntimeError):  # a link to itself: reading it says so
            return True
