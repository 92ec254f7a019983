"""Which commit a revision names, and where two histories part. Source: gitrevisions(7); no program is started.

Understood are branches, tags, remote branches, HEAD, ids in full or short, each with `~N` and `^N` behind it.
"""

from __future__ import annotations

import heapq
import re
from dataclasses import dataclass
from typing import Final

from acctcfg.errors import ConfigError, UsageError
from acctcfg.journal.git_files import Repository, read_file
from acctcfg.journal.git_objects import MissingObject, Objects

__all__ = ["History"]

_NAME: Final = re.compile(r"(?P<name>[^\x00-\x20\x7f~^:?*\[\\]{1,250})(?P<steps>(?:~[0-9]{0,5}|\^[0-9]{0,2}|\^\{\})*)")
_STEP: Final = re.compile(r"(~|\^)([0-9]*)(?!\{)")
_ID: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_SHORT: Final = re.compile(r"[0-9a-f]{4,64}")
_OWN: Final = re.compile(r"(?:[A-Z]+_)?HEAD")
_PLACES: Final = ("refs/", "refs/tags/", "refs/heads/", "refs/remotes/")
_WALKED: Final = 500_000  # commits
_SHALLOW: Final = 16 << 20
_TAGS: Final = 10  # tags of tags
UNDERSTOOD: Final = (
    "a branch, a tag or a commit's id, with ~N or ^N behind it if need be; REV... means where HEAD left it"
)


@dataclass(frozen=True, slots=True)
class _Commit:
    tree: str
    parents: tuple[str, ...]
    seconds: int  # when it was committed


class History:
    """The commits of a repository."""

    def __init__(self, repository: Repository, objects: Objects) -> None:
        self._repository, self._objects = repository, objects
        lines = (read_file(repository.common / "shallow", _SHALLOW) or b"").decode("ascii", "replace").split()
        self._cut = frozenset(lines)  # commits whose parents were not fetched
        self._known: dict[str, _Commit] = {}

    def commit(self, revision: str) -> str:
        """The id of the commit that it names. UsageError where nothing is named so, ConfigError where it is cut off."""
        said = _NAME.fullmatch(revision)
        if said is None or ".." in revision or "@{" in revision:
            raise UsageError(f"{revision!r} is no revision that is understood here", hint=UNDERSTOOD)
        id_ = self._peeled(self._named("HEAD" if said["name"] == "@" else said["name"]), revision)
        for sign, digits in _STEP.findall(said["steps"]):
            number = int(digits) if digits else 1
            for _ in range(number if sign == "~" else min(number, 1)):
                id_ = self._parent(id_, 1 if sign == "~" else number, revision)
        return id_

    def tree(self, commit: str) -> str:
        """The id of its tree."""
        return self._read(commit).tree

    def base(self, one: str, other: str) -> str:
        """The newest commit that both descend from. UsageError or ConfigError where there is none."""
        sides = {one: 1}
        sides[other] = sides.get(other, 0) | 2
        queue = [(-self._read(id_).seconds, id_) for id_ in sides]
        heapq.heapify(queue)
        while queue:
            _, id_ = heapq.heappop(queue)
            if sides[id_] == 3:
                return id_
            for parent in self._parents(id_):
                if (both := sides.get(parent, 0) | sides[id_]) != sides.get(parent):
                    sides[parent] = both
                    heapq.heappush(queue, (-self._read(parent).seconds, parent))
        raise self._ends("the two have no commit in common")

    def _named(self, name: str) -> str:
        if _ID.fullmatch(name):
            return name
        places = [name] if _OWN.fullmatch(name) or name.startswith("refs/") else []
        places += [f"{place}{name}" for place in _PLACES] + [f"refs/remotes/{name}/HEAD"]
        for place in places:
            if (id_ := self._repository.behind(place)) is not None:
                return id_
        if _SHORT.fullmatch(name) and (id_ := self._of_short(name)):
            return id_
        if (self._repository.common / "reftable").is_dir():
            raise ConfigError("this repository keeps its references as reftable", hint="name a commit by its whole id")
        raise UsageError(f"{name} is no branch, tag or commit of this checkout", hint=self._fetch(name))

    def _of_short(self, short: str) -> str:
        found = sorted(id_ for id_ in self._objects.ids(short) if self._objects.read(id_)[0] in ("commit", "tag"))
        if len(found) > 1:
            raise UsageError(f"{short} is the beginning of {len(found)} commits", hint="write more of the id")
        return found[0] if found else ""

    def _peeled(self, id_: str, revision: str) -> str:
        """The commit behind a tag."""
        for _ in range(_TAGS):
            try:
                kind, body = self._objects.read(id_)
            except MissingObject:
                raise ConfigError(f"{revision}: commit {id_[:12]} is not in this clone", hint=self._fetch("")) from None
            if kind != "tag":
                break
            id_ = body.partition(b"\n")[0].removeprefix(b"object ").decode("ascii", "replace")
        if kind != "commit":
            raise UsageError(f"{revision} is a {kind}, not a commit", hint=UNDERSTOOD)
        return id_

    def _parent(self, id_: str, number: int, revision: str) -> str:
        parents = self._parents(id_)
        if number > len(parents):
            raise self._ends(f"{revision}: {id_[:12]} has {len(parents) or 'no'} parent{'s' * (len(parents) > 1)}")
        return parents[number - 1]

    def _parents(self, id_: str) -> tuple[str, ...]:
        return () if id_ in self._cut else self._read(id_).parents

    def _read(self, id_: str) -> _Commit:
        if id_ not in self._known:
            if len(self._known) >= _WALKED:
                raise ConfigError(f"more than {_WALKED:,} commits lie between the two", hint="name a newer revision")
            try:
                kind, body = self._objects.read(id_)
            except MissingObject:
                raise ConfigError(f"commit {id_[:12]} is not in this clone", hint=self._fetch("")) from None
            self._known[id_] = _parsed(kind, body)
        return self._known[id_]

    def _ends(self, why: str) -> UsageError | ConfigError:
        if not self._cut:
            return UsageError(why, hint=UNDERSTOOD)
        return ConfigError(f"{why}; the clone is shallow: its history ends earlier", hint=self._fetch(""))

    def _fetch(self, name: str) -> str:
        """What to do where something was not fetched."""
        if self._cut:
            return "the clone is shallow: `git fetch --unshallow`; in GitHub's checkout action `fetch-depth: 0`"
        return f"`git fetch origin {name.removeprefix('origin/')}` first, if others have it" if name else "git fetch"


def _parsed(kind: str, body: bytes) -> _Commit:
    """By the lines of its head."""
    head = [line.split(b" ") for line in body.partition(b"\n\n")[0].split(b"\n")]
    trees = [line[1].decode("ascii") for line in head if line[0] == b"tree"]
    parents = tuple(line[1].decode("ascii") for line in head if line[0] == b"parent")
    committed = [line[-2] for line in head if line[0] == b"committer" and len(line) > 2]
    if kind != "commit" or not all(map(_ID.fullmatch, (*trees[:1], *parents))) or not trees or not committed:
        raise ValueError("a commit that cannot be read")
    return _Commit(trees[0], parents, int(committed[0]) if committed[0].isdigit() else 0)
