"""The manifest's fields for people, told from the declarations that the checker and the JSON Schema use."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from acctcfg.core.rules import VenueRules
from acctcfg.manifest.accounts import EVERY_TYPE
from acctcfg.manifest.alternatives import AllOrListed, OneValue, Permissions, WholeOrParts
from acctcfg.manifest.containers import Field, FilledIn, Kind, Later, ListOf, OneOrMany, Plain, Record, Table
from acctcfg.manifest.days import AllowedAddress, Day
from acctcfg.manifest.guardrail_shape import WaveKind
from acctcfg.manifest.notify_shape import Webhook
from acctcfg.manifest.scalars import Decimals, Flag, IpAddress, Text, Whole, Word
from acctcfg.manifest.shape import Shape

__all__ = ["FieldNote", "every_field", "field_paths", "find_fields"]

_ACCOUNTS = ("accounts", "profiles")  # sections whose entries are accounts
_ROW = "[]"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldNote:
    """One field of the manifest. What differs between venue types stands beside the types that it is true of."""

    path: str  # "accounts.*.leverage[].market"
    doc: str
    required: bool
    supported: bool  # False: by the contract it is there, and this version has not built it
    kinds: tuple[tuple[str, tuple[str, ...]], ...]  # what is written there, and the venue types that take it so
    words: tuple[tuple[str, str, tuple[str, ...]], ...]  # each word that it takes, its meaning, the venue types
    types: tuple[str, ...]  # the venue types that have it; () where no venue type has a say
    of_field: str  # the account's field that `types` is about: the field itself, or the one that it is a part of
    roles: Mapping[str, str]  # venue type -> the only role of accounts that has it
    parts: tuple[str, ...]  # the fields below it
    notes: tuple[tuple[str, str], ...] = ()  # a heading and its words


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a field stands in a shape: the steps to it, `*` for any name, `[]` for a row of a list."""

    steps: tuple[str, ...]
    field: Field

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(step for step in self.steps if step != _ROW)

    @property
    def path(self) -> str:
        return ".".join(self.steps).replace(f".{_ROW}", _ROW)


def field_paths(rules: Mapping[str, VenueRules]) -> list[str]:
    """The path of every field, those of profiles once, as the accounts' own."""
    return [place.path for place in _places(Shape(rules)) if place.steps[0] != "profiles"]


def every_field(rules: Mapping[str, VenueRules]) -> list[FieldNote]:
    """What each of `field_paths` takes."""
    tables = _tables(rules)
    return [_note(place, rules, tables) for place in _places(Shape(rules)) if place.steps[0] != "profiles"]


def find_fields(path: str, rules: Mapping[str, VenueRules]) -> list[FieldNote]:
    """The fields that a path names: from the root, or from any field on; [] where there is none.

    Names of accounts and the like may be given or be `*`. What stands in brackets, as an address has it, says which
    row of a list or which entry of a map, and is not looked at.
    """
    wanted = _wanted(path)
    shape = Shape(rules)
    places = [place for place in _places(shape) if wanted and _fits(wanted, place.steps)]
    if not places:
        ends = [place for place in _places(shape) if place.steps[0] != "profiles"]
        places = [place for place in ends if wanted and place.names[-1] != "*" and _ends(wanted, place.steps)]
        free = [place.names[-len(wanted) :].count("*") for place in places]
        # a field comes before a name
        places = [place for place, stars in zip(places, free, strict=True) if stars == min(free)]
    tables = _tables(rules) if places else {}
    return [_note(place, rules, tables) for place in places]


def _wanted(path: str) -> tuple[str, ...]:
    """The steps of a path, `[]` for what stands in brackets before another one; of a template, those of its account."""
    marked = re.sub(r"\[[^\]]*\]$", "", path).strip(".")
    steps = tuple(step for step in re.sub(r"\[[^\]]*\]", f".{_ROW}", marked).split(".") if step)
    match [step for step in steps if step != _ROW]:
        case ["accounts_from", "fields", _, *_]:
            return ("accounts", "*", *steps[steps.index("fields") + 1 :])
    return steps


def _fits(wanted: tuple[str, ...], steps: tuple[str, ...]) -> bool:
    if not wanted or not steps:
        return not wanted and not steps
    if wanted[0] == _ROW:
        return steps[0] in (_ROW, "*") and _fits(wanted[1:], steps[1:])
    if steps[0] == _ROW:
        return _fits(wanted, steps[1:])  # a path may leave the row out
    return steps[0] in ("*", wanted[0]) and _fits(wanted[1:], steps[1:])


def _ends(wanted: tuple[str, ...], steps: tuple[str, ...]) -> bool:
    return any(step != _ROW and _fits(wanted, steps[at:]) for at, step in enumerate(steps))


def _places(shape: Shape) -> Iterator[_Place]:
    return _below(shape.root, ())


def _below(kind: Kind, steps: tuple[str, ...]) -> Iterator[_Place]:
    match kind:
        case Record():
            for name, field in kind.fields.items():
                here = (*steps, name)
                yield _Place(here, field)
                yield from _below(field.kind, here)
        case Table():
            here = (*steps, "*")
            yield _Place(here, Field(kind=kind.item, doc=f"One of them, by its {kind.what}"))
            yield from _below(kind.item, here)
        case ListOf():
            yield from _below(kind.item, (*steps, _ROW))
        case WholeOrParts():
            yield from _below(kind.parts, steps)
        case Permissions():
            yield from _below(kind.groups, steps)
        case AllOrListed() | AllowedAddress() | WaveKind() | Webhook():
            yield from _below(kind.record, steps)


_Table = Mapping[tuple[str, ...], Field]  # a venue type's fields, by their steps


def _tables(rules: Mapping[str, VenueRules]) -> dict[str, _Table]:
    """The fields of each venue type alone."""
    return {name: {place.steps: place.field for place in _places(Shape({name: one}))} for name, one in rules.items()}


def _note(place: _Place, rules: Mapping[str, VenueRules], tables: Mapping[str, _Table]) -> FieldNote:
    steps = place.steps
    of_account = len(steps) > 2 and steps[0] in _ACCOUNTS
    name = steps[2] if of_account else ""
    own = {type_: found for type_, table in tables.items() if (found := table.get(steps)) is not None}
    if of_account:
        own = {type_: found for type_, found in own.items() if _has(rules[type_], name)}
    own = {type_: found for type_, found in own.items() if _says(found.kind)}
    kinds: dict[str, list[str]] = {}
    words: dict[tuple[str, str], list[str]] = {}
    for type_, found in own.items():
        kinds.setdefault(_kind(found.kind), []).append(type_)
        for pair in _words(found.kind).items():
            words.setdefault(pair, []).append(type_)
    roles = {type_: role for type_ in own if (role := _role(rules[type_], name))}
    return FieldNote(
        path=place.path,
        doc=place.field.doc,
        required=place.field.required,
        supported=bool(own) or (not tables and _says(place.field.kind)),
        kinds=tuple((said, tuple(types)) for said, types in kinds.items()) or ((_kind(place.field.kind), ()),),
        words=tuple((word, said, tuple(types)) for (word, said), types in words.items()),
        types=tuple(own) if of_account or len(own) < len(tables) else (),
        of_field=name,
        roles=roles if of_account else {},
        parts=_parts(place.field.kind),
        notes=place.field.notes,
    )


def _has(rules: VenueRules, name: str) -> bool:
    return name in EVERY_TYPE or name in rules.fields | rules.main_fields


def _role(rules: VenueRules, name: str) -> str:
    """The only role whose accounts have a field; "" where all have it."""
    if name in EVERY_TYPE or (name in rules.fields) == (name in rules.main_fields):
        return ""
    return "main" if name in rules.main_fields else "sub_account"


def _says(kind: Kind) -> bool:
    """Whether a type takes anything there at all."""
    return not isinstance(kind, Later) and (not isinstance(kind, Word) or bool(kind.words))


def _words(kind: Kind) -> dict[str, str]:
    match kind:
        case Word():
            return dict(kind.words)
        case ListOf() | OneOrMany():
            return _words(kind.item)
        case WholeOrParts():
            return _words(kind.word)
        case Permissions():
            return _words(next(iter(kind.groups.fields.values())).kind)
    return {}


def _parts(kind: Kind) -> tuple[str, ...]:
    match kind:
        case Record():
            return tuple(name for name, field in kind.fields.items() if not isinstance(field.kind, Later))
        case Table() | ListOf():
            return _parts(kind.item)
        case AllOrListed() | AllowedAddress() | WaveKind() | Webhook():
            return _parts(kind.record)
    return ()


def _kind(kind: Kind) -> str:
    """What the field takes, in words, for `acctcfg explain`."""
    match kind:
        case Word():
            return "a word"
        case Text():
            said = kind.schema()
            return f"text: {kind.rule.words}" if "type" in said and kind.rule.words != _ANY.words else kind.rule.words
        case OneValue():
            return str(kind.only).lower()
        case Flag():
            return "true or false"
        case Whole():
            return f"a whole number, {_bounds(kind.least, kind.most)}"
        case Decimals():
            return f"a number {kind.least}" + ("" if kind.most is None else f" and at most {kind.most}")
        case IpAddress():
            return "an IP address"
        case AllowedAddress():
            return "an IP address, or a map"
        case WaveKind():
            return f"{kind.accounts.rule.words}; or a map"
        case Day():
            return "a day such as 2026-12-31"
        case ListOf():
            return f"a list, each of it {_kind(kind.item)}{_counts(kind)}"
        case OneOrMany():
            return f"{_kind(kind.item)}; or a list of such"
        case Record():
            return "a map"
        case Table():
            return f"a map by {kind.what} ({kind.name.words})"
        case WholeOrParts():
            return f"a word for all of it, or a map of a word for each of: {', '.join(kind.parts.fields)}"
        case Permissions():
            return f"a map of groups to the access to each: {', '.join(kind.groups.fields)}"
        case AllOrListed():
            return "a map: all of them, or lists of what is on and off"
        case Later():
            return f"not supported yet{kind.instead}"
        case Webhook():
            return "a URL (a secret), or a map"
        case FilledIn():
            return "a map of an account's fields, in which {COLUMN} stands for a cell"
        case Plain():
            return "a JSON Schema"
    raise TypeError(type(kind).__name__)


_ANY = Text().rule


def _bounds(least: int, most: int | None) -> str:
    return f"{least} or more" if most is None else f"{least} to {most}" if least < most else str(least)


def _counts(kind: ListOf) -> str:
    said: list[Any] = []
    if kind.least:
        said.append(f"at least {kind.least}")
    if kind.most is not None:
        said.append(f"at most {kind.most}")
    if kind.unique:
        said.append("none twice")
    return f" ({', '.join(said)})" if said else ""
