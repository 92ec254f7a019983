"""What a row of the venue's must say. Source: OKX v5: inapplicable fields are "", or absent.

A field that decides something and is not there is no answer: it is never taken for nothing, for zero or for a name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TypeVar

from acctcfg.core.json_types import JsonObject
from acctcfg.core.quoting import quoted
from acctcfg.core.spelling import decimal_of
from acctcfg.core.state import Unreadable
from acctcfg.core.vocabulary import Words
from acctcfg.errors import Garbled

__all__ = ["boolean", "demand", "known_or_not", "number", "tag_of", "text_or_none"]

_TAGS = ("tag", "memo", "pmtId", "comment", "addrEx")
"""Every documented place of what has to go with a payment besides the address. The last holds an object."""


def demand(what: str, row: object, *names: str, there: tuple[str, ...] = ()) -> JsonObject:
    """The row, if it has a value under each of `names`, and something, perhaps "", under each of `there`.

    Raises Garbled, which names what is missing.
    """
    if not isinstance(row, Mapping):
        raise Garbled(f"{what} that is not an object", code="no_field")
    missing = [name for name in names if row.get(name) in (None, "")]
    missing += [name for name in there if row.get(name) is None]
    if missing:
        raise Garbled(f"{what} without {', '.join(missing)}", code="no_field")
    return row


W = TypeVar("W", bound=str)


def known_or_not(words: Words[W], theirs: object) -> W | Unreadable:
    """Our word for the venue's, or why it cannot be told: an unknown one spoils its own field, and no more."""
    try:
        return words.core(theirs)
    except Garbled as error:
        return Unreadable(error.code, error.message)


def text_or_none(value: object) -> str | None:
    """A text of the venue's; None where it says nothing, and where a list or an object stands: that spoils no more than
    its own field."""
    return None if value is None or isinstance(value, list | Mapping) else str(value)


def boolean(value: object) -> bool | None:
    """A yes or no, which the venue writes as text in some samples; None where it says neither."""
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value.lower()) if isinstance(value, str) else None


def number(text: object) -> Decimal:
    """A number of the venue's; "" and a missing one are zero, anything else unreadable is an error."""
    if text in ("", None):
        return Decimal(0)
    value = decimal_of(str(text))
    if value is None:
        raise Garbled(f"{quoted(text)} where a number belongs", code="no_number")
    return value


def tag_of(row: JsonObject) -> str:
    """What has to go with a payment to this address; "" where the row shows nothing of the kind.

    Two places that say different things are both named: which of them counts, the payer's form tells.
    """
    found: dict[str, str] = {}
    for place in _TAGS:
        for name, text in _texts(place, row.get(place)):
            found.setdefault(text, name)
    if len(found) < 2:
        return next(iter(found), "")
    return ", ".join(f"{name} {text}" for text, name in found.items())


def _texts(name: str, value: object) -> Iterator[tuple[str, str]]:
    """Every text in a value, each with the name that it stands under."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _texts(str(key), inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(name, inner)
    elif isinstance(value, str | int | Decimal) and not isinstance(value, bool) and str(value).strip():
        yield name, str(value).strip()
