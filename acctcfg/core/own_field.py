"""A field that a venue type declares for its accounts, beside those that accounts of every type may have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from acctcfg.core.setting import Flag

__all__ = ["Above", "Ip", "OwnField", "Upper"]


@dataclass(frozen=True, slots=True)
class Ip:
    """An IPv4 or IPv6 address, as text."""


@dataclass(frozen=True, slots=True)
class Upper:
    """The key of the account that this one stands under at the venue: created before it, deleted after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnField:
    """Its name and meaning. `live`: it holds a value at `ACCOUNT.NAME`; else a new account is created with it."""

    name: str
    doc: str
    kind: Flag | Ip | Upper
    live: bool = False


class Above(NamedTuple):
    """Which account another one stands under, by its key, and the field that says so."""

    field: str
    account: str
