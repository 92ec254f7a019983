"""A store behind a program of the user's own, which speaks the protocol of docs/secrets.md."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from acctcfg.core.desired import StoreOption
from acctcfg.core.store_type import Command, Lines, Option, StoreType
from acctcfg.core.text_rule import VARIABLE
from acctcfg.secrets.store import Around

if TYPE_CHECKING:
    from acctcfg.secrets.told import ToldStore

__all__ = ["TYPE", "open_store"]

TYPE = StoreType(
    type="exec",
    doc="a program that knows get, put and delete",
    options={
        "command": Option(
            kind=Command(),
            doc="the program and its arguments; ACCTCFG_TRUST must name it",
            needed="the program, and its arguments",
        ),
        "pass_env": Option(
            kind=Lines(VARIABLE), doc="variables of the environment that it gets besides PATH, HOME and LANG"
        ),
    },
    place="command",
)


def open_store(name: str, options: Mapping[str, StoreOption], around: Around) -> ToldStore:
    """The store of these options."""
    from acctcfg.secrets.helper import trusted
    from acctcfg.secrets.told import ToldStore

    helper = trusted(f"the store {name}", options["command"], options.get("pass_env", ()), around.environ)
    return ToldStore(name, helper, f"whatever {helper.command[0]} keeps")
