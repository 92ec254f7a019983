"""The kinds of value that a manifest is declared with: each checks a node, and says the same as JSON Schema.

`take` gives the plain value of a node, or `BAD` after it has reported what is wrong. `schema` is the JSON Schema
(2020-12) of exactly what `take` lets through, as far as one value can say.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, Protocol

from acctcfg.core.rules import TextRule
from acctcfg.manifest.read import Node
from acctcfg.manifest.report import Report, near, quoted, shown

__all__ = [
    "BAD",
    "Decimals",
    "Field",
    "Flag",
    "IpAddress",
    "Kind",
    "Later",
    "ListOf",
    "OneOrMany",
    "Plain",
    "Record",
    "Table",
    "Text",
    "Whole",
    "Word",
]


class _Bad:
    def __repr__(self) -> str:
        return "BAD"


BAD: Final = _Bad()


class Kind(Protocol):
    """What every kind of value can do."""

    def take(self, node: Node, report: Report) -> Any:
        """The plain value, or `BAD` once the problem is reported."""

    def schema(self) -> dict[str, Any]:
        """The same as JSON Schema."""


class Text:
    """Text that a rule allows. `private` texts are never quoted in a message: a secret may stand there by mistake."""

    def __init__(self, rule: TextRule | None = None, *, private: bool = False) -> None:
        self.rule = rule or TextRule(r"[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*", "one line of text")
        self.private = private
        self._fits = re.compile(self.rule.pattern).fullmatch
        self._taken: set[str] = set()  # what was allowed once; large manifests say the same again and again

    def take(self, node: Node, report: Report) -> Any:
        """The text."""
        value = node.value
        if type(value) is str:
            if value in self._taken:
                return value
            if self._fits(value):
                if len(self._taken) < 10_000:
                    self._taken.add(value)
                return value
            said = "" if self.private else f"{shown(value)} "
            report.value(node, f"{said}must be {self.rule.words}")
        elif type(value) in (int, Decimal, bool) and not self.private:
            report.value(node, f'must be text, not {quoted(value)} (put it in quotes: "{value}")')
        else:
            report.value(node, f"must be text, not {quoted(value)}")
        return BAD

    def schema(self) -> dict[str, Any]:
        """A string with the rule's pattern."""
        return {"type": "string", "pattern": f"^(?:{self.rule.pattern})$".replace(r"\Z", "$")}


class Word:
    """One of a closed list of words, each with its meaning. `later` words have a meaning, but are not built yet."""

    def __init__(self, words: Mapping[str, str], later: tuple[str, ...] = ()) -> None:
        self.words = dict(words)
        self.later = later

    def take(self, node: Node, report: Report) -> Any:
        """The word."""
        value = node.value
        if type(value) is str:
            if value in self.words:
                return value
            if value in self.later:
                report.value(node, f"{shown(value)} is not supported yet{_of(self.words)}")
            else:
                report.value(node, f"{shown(value)} is none of its words{near(value, self.words)}")
        else:
            report.value(node, f"must be a word, not {quoted(value)}{_of(self.words)}")
        return BAD

    def schema(self) -> dict[str, Any]:
        """An enum."""
        meanings = [f"`{word}`: {meaning}" for word, meaning in self.words.items() if meaning]
        return {"enum": list(self.words)} | ({"description": "; ".join(meanings)} if meanings else {})


def _of(words: Mapping[str, str]) -> str:
    return f" (one of: {', '.join(words)})"


class Flag:
    """`true` or `false`; nothing else that other versions of YAML read as one."""

    def take(self, node: Node, report: Report) -> Any:
        """The bool."""
        if isinstance(node.value, bool):
            return node.value
        said = shown(node.value) if type(node.value) is str else quoted(node.value)
        report.value(node, f"must be true or false, not {said}")
        return BAD

    def schema(self) -> dict[str, Any]:
        """A boolean."""
        return {"type": "boolean"}


class Whole:
    """A whole number within bounds."""

    def __init__(self, least: int, most: int | None = None) -> None:
        self.least = least
        self.most = most

    def take(self, node: Node, report: Report) -> Any:
        """The int."""
        value = node.value
        if type(value) is not int:
            said = str(value) if isinstance(value, Decimal) else quoted(value)
            report.value(node, f"must be a whole number, not {said}")
        elif value < self.least or (self.most is not None and value > self.most):
            bounds = f"at least {self.least}" if self.most is None else f"{self.least} to {self.most}"
            report.value(node, f"{value} must be {bounds}")
        else:
            return value
        return BAD

    def schema(self) -> dict[str, Any]:
        """An integer."""
        return {"type": "integer", "minimum": self.least} | ({} if self.most is None else {"maximum": self.most})


_DECIMALS: Final = 12  # more than any venue keeps of a leverage or a share


class Decimals:
    """A number above zero, exactly as written: never a float. `later` words are not built yet."""

    def __init__(self, most: int | None = None, later: tuple[str, ...] = ()) -> None:
        self.most = most
        self.later = later

    def take(self, node: Node, report: Report) -> Any:
        """The Decimal."""
        value = node.value
        if type(value) is int or type(value) is Decimal:
            if value > 0 and (self.most is None or value <= self.most):
                if _decimal(value).as_tuple().exponent >= -_DECIMALS:  # type: ignore[operator]
                    return _decimal(value)
                report.value(node, f"{value} has more than {_DECIMALS} decimals")
                return BAD
            upper = "" if self.most is None else f" and at most {self.most}"
            report.value(node, f"{value} must be above 0{upper}")
        elif value in self.later if type(value) is str else False:
            report.value(node, f"{shown(value)} is not supported yet (a number)")
        elif type(value) is str:
            report.value(node, f"{shown(value)} must be a number, not text")
        else:
            report.value(node, f"must be a number, not {quoted(value)}")
        return BAD

    def schema(self) -> dict[str, Any]:
        """A number."""
        return {"type": "number", "exclusiveMinimum": 0} | ({} if self.most is None else {"maximum": self.most})


@lru_cache(maxsize=4096)
def _decimal(value: int | Decimal) -> Decimal:
    return Decimal(value)


class IpAddress:
    """One IPv4 or IPv6 address, in its canonical writing; networks are not taken."""

    def take(self, node: Node, report: Report) -> Any:
        """The address as text."""
        value = node.value
        if type(value) is str:
            address, wrong = _address(value)
            if address is not None:
                return address
            report.value(node, wrong)
        else:
            report.value(node, f"must be an IP address, not {quoted(value)}")
        return BAD

    def schema(self) -> dict[str, Any]:
        """A string with either format; the pattern keeps networks out where formats are not checked."""
        return {
            "type": "string",
            "pattern": "^[0-9A-Fa-f:.]{2,45}$",
            "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}],
        }


@lru_cache(maxsize=65536)
def _address(text: str) -> tuple[str | None, str]:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        if "/" in text:
            return None, f"{shown(text)} is a network (the venue takes single addresses: list them)"
        return None, f"{shown(text)} is no IP address (such as 203.0.113.7)"
    if found.is_unspecified or found.is_multicast or getattr(found, "scope_id", None):
        return None, f"{shown(text)} is no address that a caller can have"
    return str(found), ""


class ListOf:
    """A list; `unique` lists hold no value twice."""

    def __init__(self, item: Kind, *, least: int = 0, most: int | None = None, unique: bool = False) -> None:
        self.item = item
        self.least = least
        self.most = most
        self.unique = unique

    def take(self, node: Node, report: Report) -> Any:
        """A list of what its items are, `BAD` where one is; the caller may look at the others."""
        if type(node.value) is not list:
            report.value(node, f"must be a list, not {quoted(node.value)}")
            return BAD
        take = self.item.take
        taken = [take(child, report) for child in node.value]
        if self.unique and len(taken) > 1 and len(set(taken)) < len(taken):
            self._doubles(node, taken, report)
        if len(taken) < self.least:
            report.value(node, f"must hold at least {self.least}")
        if self.most is not None and len(taken) > self.most:
            report.value(node, f"holds {len(taken)}, and the venue takes at most {self.most}")
        return taken

    def _doubles(self, node: Node, taken: list[Any], report: Report) -> None:
        seen = set()
        for child, value in zip(node.value, taken, strict=True):
            if value in seen and value is not BAD:
                report.value(child, f"{shown(value)} a second time in this list")
            seen.add(value)

    def schema(self) -> dict[str, Any]:
        """An array."""
        said: dict[str, Any] = {"type": "array", "items": self.item.schema()}
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

    def take(self, node: Node, report: Report) -> Any:
        """A list."""
        if type(node.value) is list:
            return self.many.take(node, report)
        return [self.item.take(node, report)]

    def schema(self) -> dict[str, Any]:
        """Either."""
        return {"anyOf": [self.item.schema(), self.many.schema()]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a record: its kind, and what it means to who writes it."""

    kind: Kind
    doc: str
    required: bool = False


class Later:
    """A field that the manifest has by its contract and this version has not: refused, never accepted and ignored."""

    def __init__(self, instead: str = "") -> None:
        self.instead = f" ({instead})" if instead else ""

    def take(self, node: Node, report: Report) -> Any:
        """Always `BAD`."""
        report.key(node, f"is not supported yet{self.instead}")
        return BAD

    def schema(self) -> dict[str, Any]:
        """Nothing at all fits."""
        return {"not": {}}


class Record:
    """A map with named fields. With `nulls`, an empty field is one that is not managed."""

    def __init__(self, fields: Mapping[str, Field], *, nulls: bool = False, one_of: tuple[str, ...] = ()) -> None:
        self.fields = dict(fields)
        self.nulls = nulls
        self.one_of = one_of  # exactly one of these fields must be given
        self.required = tuple(name for name, field in self.fields.items() if field.required)
        self.takes = {name: field.kind.take for name, field in self.fields.items()}

    def take(self, node: Node, report: Report) -> Any:
        """A dict of the fields that are sound; a field that is wrong, or null, is not in it."""
        written = node.value
        if type(written) is not dict:
            report.value(node, f"must be a map, not {quoted(written)}")
            return BAD
        taken = {}
        takes = self.takes
        for name, child in written.items():
            take = takes.get(name)
            if take is None:
                self.unknown(name, child, report)
            elif child.value is None:
                if not self.nulls:
                    report.value(child, "is empty (give it a value, or leave the line out)")
            elif (value := take(child, report)) is not BAD:
                taken[name] = value
        for name in self.required:
            if name not in written and not self._says_later(written):
                report.value(node, f"`{name}` is missing")
        if self.one_of:
            self._one(node, report)
        return taken

    def _says_later(self, written: Mapping[str, Node]) -> bool:
        """Whether a field stands there that is not supported yet: it may be meant in place of a missing one."""
        return any(isinstance(self.fields[name].kind, Later) for name in written if name in self.fields)

    def unknown(self, name: str, node: Node, report: Report) -> None:
        """Report a key that this record does not have."""
        built = (known for known, field in self.fields.items() if not isinstance(field.kind, Later))
        report.key(node, f"unknown key {shown(name)}{near(name, built)}")

    def _one(self, node: Node, report: Report) -> None:
        given = [name for name in self.one_of if name in node.value and node.value[name].value is not None]
        if len(given) > 1:
            report.key(node.value[given[1]], f"{' and '.join(given)} exclude each other (one of them)")
        elif not given and not self._says_later(node.value):
            report.value(node, f"one of {', '.join(self.one_of)} is missing")

    def schema(self) -> dict[str, Any]:
        """An object that takes no other fields."""
        said: dict[str, Any] = {"type": "object", "additionalProperties": False, "properties": {}}
        for name, field in self.fields.items():
            if not isinstance(field.kind, Later):
                said["properties"][name] = _described(field, nulls=self.nulls)
        if self.required:
            said["required"] = list(self.required)
        if self.one_of:
            said["oneOf"] = [{"required": [name]} for name in self.one_of]
        return said


def _described(field: Field, *, nulls: bool) -> dict[str, Any]:
    said = field.kind.schema()
    words = said.pop("description", "")
    doc = f"{field.doc}. {words[:1].upper()}{words[1:]}" if words else field.doc
    return {"description": doc} | (_or_null(said) if nulls and not field.required else said)


def _or_null(said: dict[str, Any]) -> dict[str, Any]:
    # flat where it can be: editors say far more of a flat schema than of an anyOf that nothing fits
    if isinstance(said.get("type"), str) and "oneOf" not in said:
        return said | {"type": [said["type"], "null"]}
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

    def take(self, node: Node, report: Report) -> Any:
        """A dict of what is sound."""
        if type(node.value) is not dict:
            report.value(node, f"must be a map, not {quoted(node.value)}")
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
                report.key(node, f"the {self.what} {shown(name)} must be {self.name.words}")

    def schema(self) -> dict[str, Any]:
        """An object by pattern of its names."""
        item = self.item.schema()
        return {
            "type": "object",
            "propertyNames": {"pattern": f"^(?:{self.name.pattern})$".replace(r"\Z", "$")},
            "additionalProperties": _or_null(item) if self.nulls else item,
        }


class Plain:
    """Any value, as JSON would say it: what another language (a JSON Schema) gives a meaning to."""

    def __init__(self, said: Mapping[str, Any]) -> None:
        self._said = dict(said)

    def take(self, node: Node, report: Report) -> Any:
        """The plain value. Decimals become floats here: JSON has no other numbers."""
        value = node.value
        if type(value) is dict:
            return {name: self.take(child, report) for name, child in value.items()}
        if type(value) is list:
            return [self.take(child, report) for child in value]
        return float(value) if type(value) is Decimal else value

    def schema(self) -> dict[str, Any]:
        """As declared."""
        return dict(self._said)
