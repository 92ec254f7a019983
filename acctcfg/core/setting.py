"""A setting: one switch of a venue, declared once. The manifest's schema and checks, `explain`, addresses, plan and
docs follow from the declaration; how it is read and written is the venue's row (`acctcfg.venues.switch`).

| kind | in the manifest | addresses |
| --- | --- | --- |
| `Flag`, `Choice`, `Line`, `Number` | `NAME: true` | `settings.NAME` |
| `Record` | `NAME: {FIELD: WORD}` | one a field: `settings.NAME[FIELD]` |
| `Keyed` | `NAME: {KEY: true}` | one a key: `settings.NAME[KEY]`; its item may be a `Record` |
| `OnOff` | `NAME: {all: true}`, or `{enabled: [KEY], disabled: [KEY]}` | one a key, `settings.NAME[all]` for all |
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, TypeAlias, assert_never

from acctcfg.core.text_rule import TextRule
from acctcfg.core.value_text import told

__all__ = [
    "ALL",
    "Choice",
    "Flag",
    "Keyed",
    "Kind",
    "Line",
    "Number",
    "OnOff",
    "OneWay",
    "Part",
    "Plain",
    "Record",
    "Setting",
    "Simple",
    "Written",
    "kind_words",
]

ALL: Final = "all"
"""The key of `OnOff` that stands for every key."""

_LISTS: Final = (("enabled", True), ("disabled", False))

Plain: TypeAlias = "bool | str | Decimal"
"""A value of a `Simple` kind."""
Written: TypeAlias = "Plain | Mapping[str, Written] | list[str]"
"""A value of any kind, as the manifest has it."""


@dataclass(frozen=True, slots=True)
class OneWay:
    """Why the venue does not take a value back once it is set."""

    why: str
    for_good: bool = True  # False: not for some time only, so another value may be wanted


@dataclass(frozen=True, slots=True)
class Flag:
    """`true` or `false`. A value that nothing leads back from for good is the only one that can be wanted."""

    one_way: Mapping[bool, OneWay] = field(default_factory=dict)

    @property
    def only(self) -> bool | None:
        """The one value that can be wanted; None for either."""
        return next((value for value, one in self.one_way.items() if one.for_good), None)


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words, each with its meaning."""

    words: Mapping[str, str]
    one_way: Mapping[str, OneWay] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Line:
    """A text in one line that fits a rule."""

    rule: TextRule


@dataclass(frozen=True, slots=True)
class Number:
    """A decimal above 0, or from 0 on; where it is `whole`, without digits after the point."""

    zero: bool = False
    most: int | None = None
    whole: bool = False


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


@dataclass(frozen=True, slots=True)
class OnOff:
    """On or off for each key: for all of them, or for those of two lists."""

    by: str  # "currency"
    rule: TextRule


Kind = Simple | Record | Keyed | OnOff


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One row of a venue's page, as far as it can be told without the venue."""

    name: str
    doc: str
    kind: Kind
    modes: tuple[str, ...] = ()  # the account modes that have it; () for all
    prechecks: tuple[str, ...] = ()  # the questions that guard it, by their codes

    @property
    def field(self) -> str:
        """The field of its addresses."""
        return f"settings.{self.name}"

    def addressed(self, value: Written) -> Iterator[tuple[str, Written]]:
        """The key of each address that a value in the manifest comes to, and what it should hold."""
        match self.kind:
            case OnOff():
                assert isinstance(value, Mapping)  # noqa: S101 (as the kind has it)
                if ALL in value:
                    yield ALL, value[ALL]
                for name, on in _LISTS:
                    listed = value.get(name, [])
                    assert isinstance(listed, list)  # noqa: S101 (as the kind has it)
                    yield from ((key, on) for key in listed)
            case Record() | Keyed():
                assert isinstance(value, Mapping)  # noqa: S101 (as the kind has it)
                yield from value.items()
            case Flag() | Choice() | Line() | Number():
                yield "", value
            case _ as unknown:
                assert_never(unknown)

    def joined(self, values: Mapping[str, Written]) -> Written:
        """What `addressed` took apart, as the manifest has it."""
        match self.kind:
            case OnOff():
                if ALL in values:
                    return {ALL: values[ALL]}
                lists = {name: sorted(key for key, on in values.items() if on is wanted) for name, wanted in _LISTS}
                return {name: listed for name, listed in lists.items() if listed}
            case Record() | Keyed():
                return values
            case _:
                return values[""]

    def one_way(self, key: str, value: object) -> OneWay | None:
        """Why nothing leads back from a value at that key; None where the venue takes it back."""
        kind = self._at(key)
        known: Mapping[bool, OneWay] | Mapping[str, OneWay] = kind.one_way if isinstance(kind, Flag | Choice) else {}
        return next((one for word, one in known.items() if word == value), None)

    def no_way_back(self, key: str, found: object, wanted: object) -> str:
        """Why nothing leads from a value that stands there to another one; "" where something may."""
        kept = self.one_way(key, found)
        if kept is None or not kept.for_good or found == wanted:
            return ""
        return f"nothing leads back from {told(found)}: {kept.why}"

    def names(self, key: str) -> bool:
        """Whether a manifest can have that key: not every one that a venue shows."""
        return not isinstance(self.kind, Keyed | OnOff) or key == ALL or self.kind.rule.allows(key)

    def takes(self, key: str, value: object) -> bool:
        """Whether a manifest can want that value of what an address holds: not all that can be live can be wanted."""
        match self._at(key):
            case Flag(only=only):
                return only in (None, value)
            case Choice(words):
                return value in words
            case OnOff():
                return key != ALL or value is True
            case Line(rule):
                return rule.allows(str(value))
            case _:
                return True

    @property
    def one_ways(self) -> tuple[str, ...]:
        """Every value that nothing leads back from, with the reason."""
        keys = self.kind.parts if isinstance(self.kind, Record) else ("",)
        kinds = {key: self._at(key) for key in keys}
        return tuple(
            f"{f'{name} ' if name else ''}{_said(word)}: {one.why}"
            for name, kind in kinds.items()
            if isinstance(kind, Flag | Choice)
            for word, one in kind.one_way.items()
        )

    def _at(self, key: str) -> Simple | Record | OnOff:
        """The kind of what one address holds."""
        match self.kind:
            case Keyed(_, _, item):
                return item
            case Record(parts) if key in parts:
                return parts[key].kind
            case kind:
                return kind

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
            return "true or false" if kind.only is None else _said(kind.only)
        case Choice(words):
            return ", ".join(words)
        case Line(rule):
            return rule.words
        case Number(zero, most, whole):
            least = f"a {'whole ' if whole else ''}number {'from 0 on' if zero else 'above 0'}"
            return least if most is None else f"{least}, at most {most}"
        case Record(parts):
            return "; ".join(f"{name}: {kind_words(part.kind)}" for name, part in parts.items())
        case Keyed(by, _, item):
            return f"by {by}: {kind_words(item)}"
        case OnOff(by):
            return f"all: true, or enabled and disabled: lists, each by {by}"
        case _ as unknown:
            assert_never(unknown)


def _said(word: object) -> str:
    return str(word).lower() if isinstance(word, bool) else str(word)
