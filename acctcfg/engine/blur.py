"""Take out of a snapshot whose accounts these are and how much is in them, alike in all of one file.

An id becomes another of the same form; which one, nobody can tell without a secret that is thrown away. What an id is,
the name of its member tells, in whatever answer it stands: lists have rows of accounts that nobody asked for. A number
that tells what an account holds becomes the next power of ten, away from zero, so that nothing looks empty or safer.
"""

from __future__ import annotations

import hmac
import re
import secrets
import string
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

__all__ = ["Blur", "emails_in", "ids_in"]

_NUMBER: Final = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?")
_LONG: Final = 6  # an id of fewer characters is looked for as a whole value alone: it stands in other words by chance
_LONGER: Final = 15  # digits of what is no amount: the id of a position or an order
_TRIES: Final = 20  # for another text than a short one, that a hash may give back by chance
_HEX: Final = frozenset("0123456789abcdef-")

_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_IDS: Final = frozenset({"uid", "uids", "userid", "apikey", "email", "mail", "mobile", "phone"})
_OF: Final = frozenset({"user", "account", "acct", "sub", "main", "master", "parent", "owner", "member", "customer"})
_ADDRESS: Final = frozenset({"addr", "address", "addresses"})
_NO_ACCOUNTS: Final = frozenset({"ct", "contract", "ip", "type"})  # an address of these, or its type, tells nothing
_PART_OF_ADDRESS: Final = frozenset({"tag", "memo", "comment", "pmt", "payment", "verified"})  # beside one
_EMAIL: Final = re.compile(r"[^\s@\"'<>(),:;/\[\]]+@[^\s@\"'<>(),:;/\[\]]+\.[A-Za-z]{2,}")


@lru_cache(maxsize=4096)
def _words(name: str) -> tuple[str, ...]:
    return tuple(one.lower() for one in _WORD.findall(name)) or ("",)


def _is_address(name: str) -> bool:
    words = set(_words(name))
    return bool(words & _ADDRESS) and not words & _NO_ACCOUNTS


def _tells(row: dict[str, Any], name: str) -> bool:
    """Whether a member holds an id of a user, an account or a key, or where to reach or to pay one: by its name."""
    *_, above, last = ("", *_words(name))
    if last == "key":
        return above in ("", "api", "access")
    if last in _IDS or (last in ("id", "ids") and above in _OF) or _is_address(name):
        return True
    return _words(name)[0] in _PART_OF_ADDRESS and any(map(_is_address, row))


def ids_in(value: Any, *, told: bool = False) -> Iterator[str]:
    """Every long id of an answer, by the names of its members; e-mail addresses wherever they stand."""
    match value:
        case dict():
            for name, inner in value.items():
                yield from ids_in(inner, told=told or _tells(value, name))
        case list():
            for inner in value:
                yield from ids_in(inner, told=told)
        case str() | int() if told and not isinstance(value, bool):
            both = (str(value), *str(value).split(":"))  # an address may have its tag behind a colon
            yield from (one for one in both if len(one) >= _LONG)
        case str():
            yield from emails_in(value)


def emails_in(text: str) -> list[str]:
    """Every e-mail address that a text has."""
    return _EMAIL.findall(text) if "@" in text else []


class Blur:
    """What hides the ids of one file. `stated`: ids that stay, for the manifest itself says them."""

    def __init__(self, stated: Collection[str]) -> None:
        self._stated = stated
        self._key = secrets.token_bytes(32)
        self._other: dict[str, str] = {}
        self._hidden: set[str] = set()
        self._within: dict[str, list[int]] = {}  # the first characters of long ids -> how long these are, longest first

    def hide(self, *some: Iterable[str]) -> None:
        """Hide these ids from now on."""
        ids = {one for more in some for one in more if one.strip("0")} - set(self._stated)
        self._other.update({one: ":".join(map(self._like, one.split(":"))) for one in ids})
        self._hidden = set(self._other.values())
        within = defaultdict(set)
        for one in self._other:
            if len(one) >= _LONG:
                within[one[:_LONG]].add(len(one))
        self._within = {first: sorted(lengths, reverse=True) for first, lengths in within.items()}

    def named(self, value: Any, *, told: bool = False) -> Any:
        """An answer without its short ids, by the names of their members: no other text is searched for those."""
        match value:
            case dict():
                return {name: self.named(inner, told=told or _tells(value, name)) for name, inner in value.items()}
            case list():
                return [self.named(inner, told=told) for inner in value]
            case str() | int() if told and not isinstance(value, bool):
                text = str(value)
                if len(text) < _LONG and text.strip("0") and text not in self._stated:
                    self._hidden.add(other := self._like(text))
                    return type(value)(other)
        return value

    def hidden(self, value: Any) -> Any:
        """The same value without the ids, in names of members too."""
        match value:
            case dict():
                return {self._text(name): self.hidden(inner) for name, inner in value.items()}
            case list() | tuple():
                return [self.hidden(inner) for inner in value]
            case str():
                return self._text(value)
            case int() if not isinstance(value, bool) and str(value) in self._other:
                return int(self._other[str(value)])
        return value

    def rounded(self, value: Any, but: Collection[str], name: str = "") -> Any:
        """With every number as a power of ten, but in fields of these names."""
        match value:
            case dict():
                return {inner: self.rounded(one, but, inner) for inner, one in value.items()}
            case list():
                return [self.rounded(one, but, name) for one in value]
            case _ if name in but or isinstance(value, bool):
                return value
            case str() if _NUMBER.fullmatch(value):
                id_ = value in self._hidden or (len(value) >= _LONGER and value.isdecimal())
                return self._like(value) if id_ else f"{_power(Decimal(value)):f}"
            case int() | float():
                return value if str(value) in self._hidden else float(_power(Decimal(str(value))))
        return value

    def _text(self, text: str) -> str:
        if text in self._other:
            return self._other[text]
        parts, at, kept = [], 0, 0
        while at <= len(text) - _LONG:
            near = (text[at : at + length] for length in self._within.get(text[at : at + _LONG], ()))
            if found := next((one for one in near if one in self._other), ""):
                parts += [text[kept:at], self._other[found]]
                kept = at + len(found)
            at += len(found) or 1
        return "".join((*parts, text[kept:]))

    def _like(self, text: str) -> str:
        """Letters for letters and digits for digits, by a hash that nobody can make again; another one, if any is."""
        tries = (self._hashed(text, at) for at in range(_TRIES))
        return next((one for one in tries if one != text), text)

    def _hashed(self, text: str, at: int) -> str:
        hex_only, blocks = set(text) <= _HEX, range(len(text) // 32 + 1)
        stream = b"".join(hmac.digest(self._key, f"{at}:{n}:{text}".encode(), "sha256") for n in blocks)
        return "".join(
            _other_character(char, byte, first=at == 0, hex_only=hex_only)
            for at, (char, byte) in enumerate(zip(text, stream, strict=False))
        )


def _other_character(char: str, byte: int, *, first: bool, hex_only: bool) -> str:
    if char in string.digits:
        return string.digits[1 + byte % 9] if first else string.digits[byte % 10]
    for letters in (string.ascii_lowercase, string.ascii_uppercase):
        if char in letters:
            return letters[byte % (6 if hex_only else 26)]
    return char


def _power(number: Decimal) -> Decimal:
    if not number:
        return Decimal(0)
    exponent = abs(number).adjusted()
    most = Decimal(1).scaleb(exponent if abs(number) == Decimal(1).scaleb(exponent) else exponent + 1)
    return most.copy_sign(number)
