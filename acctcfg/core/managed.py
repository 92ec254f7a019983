"""What the manifest manages of an account, as addresses: what a survey must answer for, and what a target may select.

Every field of `AccountSpec` is either a row of `CLAIMS` or one of `DESCRIBES`; a test compares both with the class.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from acctcfg.core.address import Address
from acctcfg.core.desired import AccountSpec

__all__ = ["ANY", "CLAIMS", "DESCRIBES", "claims", "fields_under", "managed_fields"]

ANY: Final = "**"
"""In place of the key of a claim: which keys there are only the venue's lists tell."""


def _existence(spec: AccountSpec) -> Iterator[tuple[str, str]]:
    """A sub-account is there, or is not; the user behind the credentials always is."""
    if spec.role != "main":
        yield "", ""
    if spec.state not in ("present", "absent"):
        yield "state", ""


CLAIMS: Final[Mapping[str, Callable[[AccountSpec], Iterator[tuple[str, str]]]]] = {
    "state": _existence,
    "own": lambda spec: iter([(name, "") for name in spec.own]),
    "account_mode": lambda spec: iter([("account_mode", "")] if spec.account_mode is not None else []),
    "position_mode": lambda spec: iter([("position_mode", "")] if spec.position_mode is not None else []),
    "position_modes": lambda spec: iter([("position_mode", part) for part in spec.position_modes]),
    "settings": lambda spec: iter([(one.field, one.key) for one in spec.settings]),
    "leverage": lambda spec: iter([("leverage", ANY)] if spec.leverage else []),
    "api_keys": lambda spec: iter([("api_keys", key.label) for key in spec.api_keys]),
    "resources": lambda spec: iter([claim for one in spec.resources.values() for claim in one.claims()]),
}
"""Field of the spec -> field and key of each address that it manages."""

DESCRIBES: Final = frozenset(
    "key venue name place role uid adopt above protect label created_with access api_keys_exclusive places"
    " formerly".split()
)
"""Fields that say which account is meant, how it is reached, or what it is created with: they hold no live value."""


def claims(spec: AccountSpec) -> Iterator[Address]:
    """Every address that the manifest manages; the key is `ANY` where only the venue's lists tell which there are.

    Of an account that is to be deleted nothing else is managed.
    """
    for field in ("state",) if spec.state == "absent" else CLAIMS:
        for name, key in CLAIMS[field](spec):
            yield Address(spec.key, name, key)


def fields_under(spec: AccountSpec, *heads: str) -> tuple[str, ...]:
    """The managed fields that are one of these, or lie under one: "settings.greeks" under "settings"."""
    found = dict.fromkeys(one.field for one in claims(spec))
    return tuple(field for field in found if field in heads or field.partition(".")[0] in heads)


def managed_fields(spec: AccountSpec) -> tuple[str, ...]:
    """The fields of these addresses, each once; "state" always, since a target may name it where it is the default.

    Keys also where the entry names none and says that these are all: a plan deletes the others, if there are any.
    """
    keys = ["api_keys"] if spec.api_keys_exclusive and spec.state != "absent" else []
    return tuple(dict.fromkeys(["state", *(one.field for one in claims(spec) if one.field), *keys]))
