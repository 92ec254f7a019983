"""What a venue brings to the sandbox: a folder with these two classes, and one row in venues.py.

A Venue declares what a seed may say of it, makes its accounts, and answers its paths. A Member is one account as
seeds and the control API handle it. Schemas are checked before any of these methods is called.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from acctcfg.sandbox.exchange import Exchange
from acctcfg.sandbox.shapes import Schema
from acctcfg.sandbox.stream import Stream
from acctcfg.sandbox.traffic import Request
from acctcfg.sandbox.values import Json, Place, Row
from acctcfg.sandbox.world import World

__all__ = ["Member", "Venue"]


class Member(ABC):
    """One account of a venue, a main one or a sub-account."""

    tenant: str  # the name of the tenant that it belongs to
    name: str  # the sub-account's name; "" for a main account

    @property
    @abstractmethod
    def uid(self) -> str:
        """The id that the venue knows the account by."""

    @abstractmethod
    def show(self) -> Row:
        """The account's whole state, without secrets."""

    @abstractmethod
    def edit(self, values: Mapping[str, Json], place: Place) -> None:
        """Set fields behind everybody's back. Raises SeedError."""

    @abstractmethod
    def move(self, values: Mapping[str, Json]) -> None:
        """Balances: amounts replace, 0 removes."""

    @abstractmethod
    def open(self, what: str, rows: Sequence[Mapping[str, Json]]) -> list[str]:
        """Open positions, orders, ..., all or none; their ids. Raises ValueError."""

    @abstractmethod
    def close(self, what: str, which: str) -> int:
        """Close by id, by symbol, or `all`; how many went."""

    @abstractmethod
    def add_keys(self, rows: Sequence[Mapping[str, Json]], place: Place) -> None:
        """File keys with credentials of one's own choice. Raises SeedError, which never shows one."""

    @abstractmethod
    def edit_key(self, which: str, values: Mapping[str, Json]) -> None:
        """Change a key that is named by its label or itself. Raises NotThere."""

    @abstractmethod
    def drop_key(self, which: str) -> None:
        """Delete a key. Raises NotThere."""

    @abstractmethod
    def remove(self) -> None:
        """Take a sub-account away, with its keys."""


class Venue(ABC):
    """A venue of the sandbox: the schemas of its seed, its accounts, and what answers its paths."""

    name: ClassVar[str]  # as a tenant's `venue` says it; its control calls and its part of a seed stand under it
    held: ClassVar[Mapping[str, Schema]]  # what an account may have open, with the schema of one row
    money: ClassVar[Schema]  # the body of a `balances` call
    key: ClassVar[Schema]  # one key with its secrets
    key_edit: ClassVar[Schema]  # what can be changed of one
    actions: ClassVar[tuple[str, ...]] = ()  # first words of control calls of its own

    @staticmethod
    @abstractmethod
    def section() -> dict[str, Schema]:
        """What a seed may say of the venue as a whole."""

    @staticmethod
    @abstractmethod
    def tenant() -> dict[str, Schema]:
        """Fields of a tenant, besides those of its main account."""

    @staticmethod
    @abstractmethod
    def account() -> dict[str, Schema]:
        """The schema of an account's fields in a seed."""

    @staticmethod
    @abstractmethod
    def builtin(environment: str) -> Row:
        """Tenants of a sandbox without a seed, with keys for `demo` or `live`."""

    @staticmethod
    @abstractmethod
    def serves(path: str) -> bool:
        """Whether a path is this venue's; asked of the first venue last, and for nothing."""

    @abstractmethod
    def __init__(self, world: World, section: Mapping[str, Json], place: Place) -> None:
        """The venue without its tenants. Raises SeedError."""

    @abstractmethod
    def exchange(self, request: Request, path: str, query: str) -> Exchange:
        """What answers one request to this venue."""

    def stream(self, request: Request, path: str) -> Stream | None:  # noqa: ARG002 - a venue may have none
        """A WebSocket connection to this venue; None for a path without one."""
        return None

    @abstractmethod
    def add_tenant(self, name: str, values: Mapping[str, Json]) -> None:
        """A main account with its sub-accounts. Raises SeedError."""

    @abstractmethod
    def add_sub_account(self, tenant: str, name: str, values: Mapping[str, Json], place: Place) -> Member:
        """A sub-account as described, without asking any rule. Raises SeedError."""

    @abstractmethod
    def tenants(self) -> Iterator[str]:
        """The names of its tenants."""

    @abstractmethod
    def members(self, tenant: str) -> Iterator[Member]:
        """The main account first, then the sub-accounts in the order of creation."""

    @abstractmethod
    def show(self, tenant: str) -> Row:
        """What is to be told of a tenant besides its accounts."""

    @abstractmethod
    def show_venue(self) -> Row:
        """What is to be told of the venue as a whole: its flags."""

    @abstractmethod
    def act(self, method: str, parts: list[str], body: Json) -> Json:
        """A control call of its own. Raises NotThere for none such, ValueError for a mistake."""

    @abstractmethod
    def identities(self) -> Iterator[str]:
        """The ids of everything that lists show: what is not among them was made later."""

    @abstractmethod
    def welcome(self, base_url: str) -> tuple[str, list[str]]:
        """A line that says where it is, and the lines with which a person's shell gets credentials."""
