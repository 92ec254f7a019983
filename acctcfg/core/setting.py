"""A setting: one switch of a venue, declared once. The manifest's schema and checks, `explain`, addresses, plan and
docs follow from the declaration; how it is read and written is the venue's row (`acctcfg.venues.switch`).

| kind | in the manifest | addresses |
| --- | --- | --- |
| `Flag`, `Choice`, `Line`, `Number` | `NAME: true` | `settings.NAME` |
| `Record` | `NAME: {FIELD: WORD}` | one a field: `settings.NAME[FIELD]` |
| `Keyed` | `NAME: {KEY: true}` | one a key: `settings.NAME[KEY]`; its item may be a `Record` |
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, assert_never

from acctcfg.core.text_rule import TextRule

__all__ = ["Choice", "Flag", "Keyed", "Kind", "Line", "Number", "Part", "Record", "Setting", "Simple", "kind_words"]


@dataclass(frozen=True, slots=True)
class Flag:
    """`true` or `false`."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words, each with its meaning."""

    words: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text."""

    rule: TextRule


@dataclass(frozen=True, slots=True)
class Number:
    """A decimal above 0, or from 0 on."""

    zero: bool = False
    most: int | None = None


Simple = Flag | Choice | Line | Number


@dataclass(frozen=True, slots=True)
class Part:
    """One field of a record."""

    kind: Simple
    doc: str


@dataclass(frozen=True, slots=True)
class Record:
    """Named fields. As a whole setting each is set by itself; as the item of `Keyed` all of them are one value."""

    parts: Mapping[str, Part]


@dataclass(frozen=True, slots=True)
class Keyed:
    """A value for each key: a currency, a family, a symbol."""

    by: str  # "currency"
    rule: TextRule
    item: Simple | Record


Kind = Simple | Record | Keyed


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One row of a venue's page, as far as it can be told without the venue."""

    name: str
    doc: str
    kind: Kind
    modes: tuple[str, ...] = ()  # the account modes that have it; () for all
    prechecks: tuple[str, ...] = ()  # the questions that guard it, by their codes
    one_way: str = ""  # why nothing leads back; "" where the venue takes it back

    @property
    def field(self) -> str:
        """The field of its addresses."""
        return f"settings.{self.name}"

    def addressed(self, value: Any) -> Iterator[tuple[str, Any]]:
        """The key of each address that a value in the manifest comes to, and what it should hold."""
        match self.kind:
            case Record() | Keyed():
                yield from value.items()
            case Flag() | Choice() | Line() | Number():
                yield "", value
            case _ as unknown:
                assert_never(unknown)

    def lacks(self, mode: str) -> str:
        """Why an account in that mode does not have it; "" where it does."""
        if not self.modes or mode in self.modes:
            return ""
        return f"account mode {mode} has no `{self.name}` ({' and '.join(self.modes)} {_have(self.modes)})"


def _have(modes: tuple[str, ...]) -> str:
    return "has it" if len(modes) == 1 else "have it"


def kind_words(kind: Kind) -> str:
    """What is written there, in words."""
    match kind:
        case Flag():
            return "true or false"
        case Choice(words):
            return ", ".join(words)
        case Line(rule):
            return rule.words
        case Number(zero, most):
            least = "a number from 0 on" if zero else "a number above 0"
            return least if most is None else f"{least}, at most {most}"
        case Record(parts):
            return "; ".join(f"{name}: {kind_words(part.kind)}" for name, part in parts.items())
        case Keyed(by, _, item):
            return f"by {by}: {kind_words(item)}"
        case _ as unknown:
            assert_never(unknown)
