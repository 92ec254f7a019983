"""Take out of a snapshot whose accounts these are and how much is in them, alike in all of one file.

An id becomes another of the same form; which one, nobody can tell without a secret that is thrown away. A number
that tells what an account holds becomes the next power of ten, away from zero, so that nothing looks empty or safer.
"""

from __future__ import annotations

import hmac
import re
import secrets
import string
from collections.abc import Collection, Iterable
from decimal import Decimal
from typing import Any, Final

__all__ = ["Blur"]

_NUMBER: Final = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?")
_LONG: Final = 6  # an id of fewer characters is looked for as a whole value alone: it stands in other words by chance
_LONGER: Final = 15  # digits of what is no amount: the id of a position or an order
_HEX: Final = frozenset("0123456789abcdef-")


class Blur:
    """What hides the ids of one file. `stated`: ids that stay, for the manifest itself says them."""

    def __init__(self, stated: Collection[str]) -> None:
        self._stated = stated
        self._key = secrets.token_bytes(32)
        self._other: dict[str, str] = {}
        self._hidden: set[str] = set()
        self._within = re.compile("(?!)")

    def hide(self, *some: Iterable[str]) -> None:
        """Hide these ids from now on."""
        ids = {one for more in some for one in more if one} - set(self._stated)
        self._other.update({one: self._like(one) for one in ids})
        self._hidden = set(self._other.values())
        long = sorted((one for one in self._other if len(one) >= _LONG), key=len, reverse=True)
        if long:
            self._within = re.compile("|".join(map(re.escape, long)))

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
        return self._within.sub(lambda found: self._other[found[0]], text)

    def _like(self, text: str) -> str:
        """Letters for letters and digits for digits, by a hash that nobody can make again."""
        hex_only = set(text) <= _HEX
        stream = b"".join(hmac.digest(self._key, f"{n}:{text}".encode(), "sha256") for n in range(len(text) // 32 + 1))
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
