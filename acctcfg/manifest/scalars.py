"""The kinds of single value in a manifest: texts, words, flags, numbers, addresses.

`take` gives the plain value of a node, or `BAD` after it has reported what is wrong. `schema` is the JSON Schema
(2020-12) of exactly what `take` lets through, as far as one value can say.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from acctcfg.core.rules import TextRule
from acctcfg.core.spelling import one_ip
from acctcfg.manifest.core_schema import number
from acctcfg.manifest.nodes import Node
from acctcfg.manifest.problems import Report, foreign, near, quoted, shown

__all__ = ["BAD", "Decimals", "Flag", "IpAddress", "Text", "Whole", "Word"]


class _Bad:
    def __repr__(self) -> str:
        return "BAD"


BAD: Final = _Bad()


class Text:
    """Text that a rule allows. `private` texts are never quoted in a message: a secret may stand there by mistake.

    `bare` texts mean the same with blanks around them, and are taken without.
    """

    def __init__(
        self,
        rule: TextRule | None = None,
        *,
        private: bool = False,
        bare: bool = False,
        flaw: Callable[[str], str] | None = None,
    ) -> None:
        self.rule = rule or TextRule(r"[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*", "one line of text")
        self.private = private
        self.bare = bare
        self._flaw = flaw  # what is wrong with a text that fits; "" where nothing is
        self._fits = re.compile(self.rule.pattern).fullmatch
        self._taken: set[str] = set()  # what was allowed once; large manifests say the same again and again

    def take(self, node: Node, report: Report) -> object:
        value = node.value
        if type(value) is str:
            value = value.strip() if self.bare else value
            if value in self._taken:
                return value
            if self._fits(value):
                if self._flaw and (wrong := self._flaw(value)):
                    report.value(node, wrong)
                    return BAD
                if len(self._taken) < 10_000:
                    self._taken.add(value)
                return value
            said = "" if self.private else f"{shown(value)} "
            report.value(node, f"{said}must be {self.rule.words}{'' if self.private else foreign(value)}")
        elif type(value) in (int, Decimal, bool) and not self.private and self._fits(text := report.written(node)):
            report.value(node, f'must be text, not {quoted(value)} (quote it: "{text}")')
        else:
            report.value(node, f"must be text, not {quoted(value)} ({self.rule.words})")
        return BAD

    def schema(self) -> dict[str, object]:
        around = r"\s*" if self.bare else ""
        return {"type": "string", "pattern": f"^{around}(?:{self.rule.pattern}){around}$".replace(r"\Z", "$")}


class Word:
    """One of a closed list of words, or of a map of words to meanings. `later` words are not supported yet."""

    def __init__(self, words: Mapping[str, str] | Iterable[str], later: tuple[str, ...] = ()) -> None:
        meanings = words if isinstance(words, Mapping) else {str(word): "" for word in words}
        self.words = {word: meaning or "" for word, meaning in meanings.items()}
        self.later = later

    def take(self, node: Node, report: Report) -> object:
        value = node.value
        if type(value) is str:
            if value in self.words:
                return value
            if value in self.later:
                report.value(node, f"{shown(value)} is not supported yet{_of(self.words)}")
            else:
                report.value(node, f"unknown value {shown(value)}{near(value, self.words)}")
        else:
            report.value(node, f"must be text, not {quoted(value)}{_of(self.words)}")
        return BAD

    def schema(self) -> dict[str, object]:
        meanings = [f"`{word}`: {meaning}" for word, meaning in self.words.items() if meaning]
        return {"enum": list(self.words)} | ({"description": "; ".join(meanings)} if meanings else {})


def _of(words: Mapping[str, str]) -> str:
    return f" (one of: {', '.join(words)})"


class Flag:
    """`true` or `false`; nothing else that other versions of YAML read as one."""

    def take(self, node: Node, report: Report) -> object:
        if isinstance(node.value, bool):
            return node.value
        said = shown(node.value) if type(node.value) is str else quoted(node.value)
        report.value(node, f"must be true or false, not {said}")
        return BAD

    def schema(self) -> dict[str, object]:
        return {"type": "boolean"}


class Whole:
    """A whole number within bounds."""

    def __init__(self, least: int, most: int | None = None) -> None:
        self.least = least
        self.most = most

    def take(self, node: Node, report: Report) -> object:
        value = _number(node.value)
        if isinstance(value, Decimal) and value == value.to_integral_value():
            value = int(value)  # 3.0 and 1e1 are whole
        if type(value) is not int:
            said = report.written(node) if value is not None else _said(node.value)
            report.value(node, f"must be a whole number, not {said} ({self._bounds()})")
        elif value < self.least or value > (MOST if self.most is None else self.most):
            bounds = self._bounds() if value < self.least or self.most is not None else f"at most {MOST}"
            report.value(node, f"{report.written(node)} must be {bounds}")
        else:
            return value
        return BAD

    def _bounds(self) -> str:
        if self.most is None:
            return f"at least {self.least}"  # MOST is no limit that anybody meets on purpose
        return f"{self.least} to {self.most}" if self.most > self.least else str(self.least)

    def schema(self) -> dict[str, object]:
        return {
            "type": ["integer", "string"],
            "minimum": self.least,
            "maximum": MOST if self.most is None else self.most,
            "pattern": IN_QUOTES,
        }


def _number(value: Any) -> int | Decimal | None:
    """The number that a value is, in quotes or not; None where it is none."""
    if type(value) is str:
        return number(value)
    return value if type(value) in (int, Decimal) else None


def _said(value: object) -> str:
    return shown(value) if type(value) is str else quoted(value)


MOST: Final = 1_000_000_000
IN_QUOTES: Final = r"^\s*(?:0o[0-7]+|0x[0-9a-fA-F]+|[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]{1,3})?)\s*$"
"""What stands in quotes where a number is wanted, for the JSON Schema."""
NO_WORDS: Final[Mapping[str, object]] = MappingProxyType({})
_DIGITS: Final = re.compile(r"[-+]?[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?")  # a number, if not one of ours
_DECIMALS: Final = 12  # more than any venue keeps of a leverage or a share


class Decimals:
    """A number above zero (with `zero`: from zero on), exactly as written: never a float.

    `words` may stand in its place, each for what it means.
    """

    def __init__(self, most: int | None = None, *, words: Mapping[str, object] = NO_WORDS, zero: bool = False) -> None:
        self.most = most
        self.words = words
        self.zero = zero

    def take(self, node: Node, report: Report) -> object:
        value = _number(node.value)
        if value is not None:
            if (value > 0 or (self.zero and value == 0)) and (self.most is None or value <= self.most):
                if _decimal(value).normalize().as_tuple().exponent >= -_DECIMALS:  # type: ignore[operator]
                    return _decimal(value)
                report.value(node, f"{report.written(node)} has more than {_DECIMALS} decimals")
                return BAD
            upper = "" if self.most is None else f" and at most {self.most}"
            report.value(node, f"{report.written(node)} must be {self.least}{upper}")
        elif type(node.value) is str and node.value in self.words:
            return self.words[node.value]
        elif type(node.value) is str:
            wrong = "has too many digits" if _DIGITS.fullmatch(node.value.strip()) else "must be a number, not text"
            report.value(node, f"{shown(node.value)} {wrong} ({self._such})")
        else:
            report.value(node, f"must be a number, not {quoted(node.value)} ({self._such})")
        return BAD

    @property
    def _such(self) -> str:
        return ", ".join(["such as 10 or 2.5", *(f"or {word}" for word in self.words)])

    @property
    def least(self) -> str:
        return "0 or more" if self.zero else "above 0"

    def schema(self) -> dict[str, object]:
        bound = {"minimum": 0} if self.zero else {"exclusiveMinimum": 0}
        pattern = "|".join([IN_QUOTES, *(f"^{word}$" for word in self.words)])
        said: dict[str, object] = {"type": ["number", "string"], **bound, "pattern": pattern}
        return said if self.most is None else said | {"maximum": self.most}


@lru_cache(maxsize=4096)
def _decimal(value: int | Decimal) -> Decimal:
    return Decimal(value)


class IpAddress:
    """One IPv4 or IPv6 address, in its canonical writing; networks are not taken."""

    def take(self, node: Node, report: Report) -> object:
        value = node.value
        if type(value) is str:
            address, wrong = _address(value)
            if address is not None:
                return address
            report.value(node, wrong)
        else:
            report.value(node, f"must be an IP address, not {quoted(value)}")
        return BAD

    def schema(self) -> dict[str, object]:
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
        return None, f"{shown(text)} is not an IP address (such as 203.0.113.7)"
    if found.is_unspecified or found.is_multicast or getattr(found, "scope_id", None):
        return None, f"{shown(text)} is not an address that requests can come from"
    return one_ip(text), ""
