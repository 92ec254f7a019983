"""The kinds of value that hold others: lists, records with named fields, tables by name. See `scalars`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from acctcfg.core.rules import TextRule
from acctcfg.manifest.nodes import Node
from acctcfg.manifest.problems import Report, foreign, near, quoted, shown
from acctcfg.manifest.scalars import BAD

__all__ = ["Field", "FilledIn", "Kind", "Later", "ListOf", "OneOrMany", "Plain", "Record", "Table"]


class Kind(Protocol):
    """What every kind of value can do."""

    def take(self, node: Node, report: Report) -> Any:
        """The plain value, or `BAD` once the problem is reported."""

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of what `take` accepts."""


class ListOf:
    """A list; `unique` lists hold no value twice."""

    def __init__(self, item: Kind, *, least: int = 0, most: int | None = None, unique: bool = False) -> None:
        self.item = item
        self.least = least
        self.most = most
        self.unique = unique

    def take(self, node: Node, report: Report) -> object:
        """A list of what its items are, `BAD` where one is; the caller may look at the others."""
        if type(node.value) is not list:
            report.value(node, f"must be a list, not {quoted(node.value)} (in [...], or lines that begin with a dash)")
            return BAD
        take = self.item.take
        taken = [take(child, report) for child in node.value]
        if self.unique and len(taken) > 1 and self._has_doubles(taken):
            self._doubles(node, taken, report)
        if len(taken) < self.least:
            report.value(node, f"must have at least {self.least}")
        if self.most is not None and len(taken) > self.most:
            report.value(node, f"has {len(taken)} entries, but the venue allows at most {self.most}")
        return taken

    def _has_doubles(self, taken: list[object]) -> bool:
        return len(set(taken)) < len(taken)

    def _doubles(self, node: Node, taken: list[object], report: Report) -> None:
        seen = set()
        for child, value in zip(node.value, taken, strict=True):
            if value in seen and value is not BAD:
                report.value(child, f"duplicate value {shown(value)}")
            seen.add(value)

    def schema(self) -> dict[str, object]:
        said: dict[str, object] = {"type": "array", "items": self.item.schema()}
        if self.least:
            said["minItems"] = self.least
        if self.most is not None:
            said["maxItems"] = self.most
        return said | ({"uniqueItems": True} if self.unique else {})


class OneOrMany:
    """One value, or a list of them: always taken as a list."""

    def __init__(self, item: Kind) -> None:
        self.item = item
        self.many = ListOf(item, least=1, unique=True)

    def take(self, node: Node, report: Report) -> object:
        if type(node.value) is list:
            return self.many.take(node, report)
        return [self.item.take(node, report)]

    def schema(self) -> dict[str, object]:
        return {"anyOf": [self.item.schema(), self.many.schema()]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a record: its kind, and what it means to who writes it."""

    kind: Kind
    doc: str
    required: bool = False
    notes: tuple[tuple[str, str], ...] = ()  # what else `explain` says of it: a heading and its words


class Later:
    """A field that the manifest has by its contract and this version has not: refused, never accepted and ignored."""

    def __init__(self, instead: str = "") -> None:
        self.instead = f" ({instead})" if instead else ""

    def take(self, node: Node, report: Report) -> object:
        """Report that it is not supported yet. Always `BAD`."""
        report.key(node, f"is not supported yet{self.instead}")
        return BAD

    def schema(self) -> dict[str, object]:
        """A schema that no value fits."""
        return {"not": {}}


class Record:
    """A map with named fields. With `nulls`, an empty field is one that is not managed. With `in_parts`, what is
    required may stand in another file, so no schema of one file can demand it."""

    def __init__(
        self,
        fields: Mapping[str, Field],
        *,
        nulls: bool = False,
        in_parts: bool = False,
        one_of: tuple[tuple[str, ...], ...] = (),
    ) -> None:
        self.fields = dict(fields)
        self.nulls = nulls
        self.in_parts = in_parts
        self.one_of = one_of  # of each of these groups exactly one field must be given
        self.required = tuple(name for name, field in self.fields.items() if field.required)
        self.takes = {name: field.kind.take for name, field in self.fields.items()}

    def take(self, node: Node, report: Report) -> Any:
        """A dict of the fields that are sound; a field that is wrong, or null, is not in it."""
        written = node.value
        if type(written) is not dict:
            report.value(node, f"must be a map, not {self._said(written)}")
            return BAD
        taken = {}
        takes = self.takes
        for name, child in written.items():
            take = takes.get(name)
            if take is None:
                self.unknown(name, child, report)
            elif child.value is None:
                if not self.nulls:
                    report.value(child, "is empty (give it a value, or remove the line)")
            elif (value := take(child, report)) is not BAD:
                taken[name] = value
        for name in self.required:
            if name not in written and not self._says_later(written):
                doc = self.fields[name].doc
                report.value(node, f"`{name}` is missing ({doc[:1].lower()}{doc[1:]})")
        for names in self.one_of:
            self._one(node, names, report)
        return taken

    def _says_later(self, written: Mapping[str, Node]) -> bool:
        """Whether a field stands there that is not supported yet: it may be meant in place of a missing one."""
        return any(isinstance(self.fields[name].kind, Later) for name in written if name in self.fields)

    def unknown(self, name: str, node: Node, report: Report) -> None:
        """Report a key that this record does not have."""
        report.key(node, f"unknown key {shown(name)}{near(name, self._built())}")

    def _said(self, written: object) -> str:
        """What stands there in place of a map: perhaps one of its fields, but for a blank."""
        name, colon, _ = str(written).partition(":")
        if type(written) is str and colon and name in self.fields:
            return f"text (a space is missing after the colon of `{name}:`)"
        return f"{quoted(written)}{near('', self._built())}"

    def _built(self) -> list[str]:
        return [name for name, field in self.fields.items() if not isinstance(field.kind, Later)]

    def _one(self, node: Node, names: tuple[str, ...], report: Report) -> None:
        given = [name for name in names if name in node.value and node.value[name].value is not None]
        if len(given) > 1:
            report.key(node.value[given[1]], f"{' and '.join(given)} cannot be used together (choose one)")
        elif not given and not self._says_later(node.value):
            report.value(node, f"one of {', '.join(names)} is missing")

    def schema(self) -> dict[str, Any]:
        """An object that takes no other fields."""
        said: dict[str, Any] = {"type": "object", "additionalProperties": False, "properties": {}}
        for name, field in self.fields.items():
            if not isinstance(field.kind, Later):
                said["properties"][name] = _described(field, nulls=self.nulls)
        if self.required and not self.in_parts:
            said["required"] = list(self.required)
        groups = [{"oneOf": [{"required": [name]} for name in names]} for names in self.one_of]
        return said | (groups[0] if len(groups) == 1 else {"allOf": groups} if groups else {})


def _described(field: Field, *, nulls: bool) -> dict[str, object]:
    said = field.kind.schema()
    words = said.pop("description", "")
    doc = f"{field.doc}. {words[:1].upper()}{words[1:]}" if words else field.doc
    return {"description": doc} | (_or_null(said) if nulls and not field.required else said)


def _or_null(said: dict[str, Any]) -> dict[str, Any]:
    # flat where it can be: editors say far more of a flat schema than of an anyOf that nothing fits
    if "type" in said and "oneOf" not in said:
        types = said["type"] if isinstance(said["type"], list) else [said["type"]]
        return said | {"type": [*types, "null"]}
    if "enum" in said:
        return said | {"enum": [*said["enum"], None]}
    return {"anyOf": [said, {"type": "null"}]}


class Table:
    """A map by name. With `nulls`, a name without a value takes away what an earlier profile gave it."""

    def __init__(self, item: Kind, *, name: TextRule, nulls: bool = False, what: str = "name") -> None:
        self.item = item
        self.name = name
        self.nulls = nulls
        self.what = what
        self._fits = re.compile(name.pattern).fullmatch
        self._allowed: set[str] = set()

    def take(self, node: Node, report: Report) -> object:
        """A dict of the fields that are sound; what is wrong with the others is reported."""
        if type(node.value) is not dict:
            report.value(node, f"must be a map, not {quoted(node.value)} (a {self.what}, a colon and its fields, each)")
            return BAD
        taken = {}
        for name, child in node.value.items():
            self.check_name(name, child, report)
            if child.value is None and self.nulls:
                continue
            if (value := self.item.take(child, report)) is not BAD:
                taken[name] = value
        return taken

    def check_name(self, name: str, node: Node, report: Report) -> None:
        """Report a name that the rule does not allow."""
        if name not in self._allowed:
            if self._fits(name):
                if len(self._allowed) < 10_000:
                    self._allowed.add(name)
            else:
                report.key(node, f"the {self.what} {shown(name)} must be {self.name.words}{foreign(name)}")

    def schema(self) -> dict[str, object]:
        """An object by pattern of its names."""
        item = self.item.schema()
        return {
            "type": "object",
            "propertyNames": {"pattern": f"^(?:{self.name.pattern})$".replace(r"\Z", "$")},
            "additionalProperties": _or_null(item) if self.nulls else item,
        }


class FilledIn:
    """Fields of a record, each in a form that is filled in later: only their names are looked at here."""

    def __init__(self, record: Record, *elsewhere: str) -> None:
        self.fields = {name: field for name, field in record.fields.items() if name not in elsewhere}
        self.names = Record({name: Field(kind=Plain({}), doc=field.doc) for name, field in self.fields.items()})

    def take(self, node: Node, report: Report) -> object:
        """The nodes by field."""
        if type(node.value) is not dict:
            return self.names.take(node, report)
        for name, child in node.value.items():
            if name not in self.fields:
                self.names.unknown(name, child, report)
        return {name: child for name, child in node.value.items() if name in self.fields}

    def schema(self) -> dict[str, object]:
        return self.names.schema()


class Plain:
    """Any value, as JSON would say it: what another language (a JSON Schema) gives a meaning to."""

    def __init__(self, said: Mapping[str, object]) -> None:
        self._said = dict(said)

    def take(self, node: Node, report: Report) -> object:
        """The plain value. Decimals become floats here: JSON has no other numbers."""
        value = node.value
        if type(value) is dict:
            return {name: self.take(child, report) for name, child in value.items()}
        if type(value) is list:
            return [self.take(child, report) for child in value]
        return float(value) if type(value) is Decimal else value

    def schema(self) -> dict[str, object]:
        return dict(self._said)
