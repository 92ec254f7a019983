"""The types of secret stores: a module each, which declares its type and opens a store of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from acctcfg.core.desired import StoreOption
from acctcfg.core.store_type import StoreType
from acctcfg.errors import ConfigError
from acctcfg.secrets import age_file, env
from acctcfg.secrets import exec as exec_
from acctcfg.secrets import keyring as keyring_
from acctcfg.secrets.store import Around, Store

__all__ = ["MODULES", "StoreModule", "open_store", "store_types"]


class StoreModule(Protocol):
    """What a module of this package exports for a type of store."""

    TYPE: StoreType

    def open_store(self, name: str, options: Mapping[str, StoreOption], around: Around) -> Store:
        """The store; reads and writes nothing yet."""


MODULES: Final[list[StoreModule]] = [age_file, env, exec_, keyring_]
"""A row a type."""


def store_types() -> dict[str, StoreType]:
    """The types that there are, by name."""
    return {module.TYPE.type: module.TYPE for module in MODULES}


def open_store(name: str, kind: str, options: Mapping[str, StoreOption], around: Around) -> Store:
    """The store that `secret_stores.NAME` describes; reads and writes nothing yet. ConfigError for an unknown type."""
    for module in MODULES:
        if module.TYPE.type == kind:
            return module.open_store(name, options, around)
    known = " or ".join(store_types())
    raise ConfigError(f"secret_stores.{name}: no such type: {kind!r} ({known} would be right)")
