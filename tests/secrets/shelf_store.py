"""A type of store that acctcfg does not have: one module, as each of `acctcfg/secrets` that is a type of store."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from acctcfg.core.desired import StoreOption
from acctcfg.core.secret import Credentials
from acctcfg.core.setting import Line
from acctcfg.core.store_type import Option, StoreType
from acctcfg.core.text_rule import NAME
from acctcfg.secrets.store import Around, dead_path, is_dead

TYPE = StoreType(
    type="shelf",
    doc="a drawer of a shelf in memory",
    options={"drawer": Option(kind=Line(NAME), doc="which drawer", needed="the drawer of its secrets")},
    as_kept=str.casefold,
    alike="in case",
)
DRAWERS: dict[str, dict[str, Credentials]] = defaultdict(dict)


def open_store(name: str, options: Mapping[str, StoreOption], around: Around) -> ShelfStore:
    return ShelfStore(name, str(options["drawer"]))


class ShelfStore:
    writable = True

    def __init__(self, name: str, drawer: str) -> None:
        self.name, self.drawer = name, drawer

    def get(self, path: str) -> Credentials | None:
        return DRAWERS[self.drawer].get(path)

    def holds(self, path: str) -> bool:
        return path in DRAWERS[self.drawer]

    def put(self, path: str, credentials: Credentials) -> None:
        DRAWERS[self.drawer][path] = credentials

    def why_read_only(self) -> str:
        return ""

    def why_not_readable_here(self) -> str:
        return ""

    def prove_writable(self, path: str) -> None:
        """It is memory."""

    def retire(self, path: str) -> str:
        DRAWERS[self.drawer][dead_path(path, 1)] = DRAWERS[self.drawer].pop(path)
        return dead_path(path, 1)

    def list(self) -> tuple[str, ...]:
        return tuple(sorted(path for path in DRAWERS[self.drawer] if not is_dead(path)))

    def dead(self) -> tuple[str, ...]:
        return tuple(sorted(filter(is_dead, DRAWERS[self.drawer])))

    def describe(self) -> str:
        return f"the drawer {self.drawer}"
