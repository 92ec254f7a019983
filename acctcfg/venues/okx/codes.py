"""How OKX's error codes are written down: what kind of refusal each is, in our words. Source: OKX v5, "Error code"."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple

__all__ = ["CLEAR", "KEY", "MISTAKE", "REPAY", "TRADING", "WEB", "Kind", "Meaning", "expand", "rows"]

CLEAR = "cancel or close what is in the way, then plan again"
KEY = "check the key's secret and passphrase, and that it belongs to this environment"
REPAY = "repay it, then plan again"
MISTAKE = "this is a mistake of acctcfg, or the venue's interface has changed"
TRADING = "acctcfg sends no such request; another program's was refused"
WEB = "a person must settle this on the venue's web page or app; then plan again"


class Kind(Enum):
    """What a code lets one do next, with what is likely behind it and the way out where a code has none of its own."""

    VALUE = (
        ("a value in the manifest is not what the venue takes", MISTAKE),
        "compare the value with what the venue's web page offers for this account",
    )
    CREDENTIALS = (("the API key, its permissions, or the user behind it",), KEY)
    PRECONDITION = (("something that is open or owed in this account",), CLEAR)
    HUMAN = (("the venue wants a person to act: identity, region, terms or a risk check",), WEB)
    LATER = (("the venue has switched this off for the moment",), "try again later")
    NOT_EXECUTED = (("the venue has too much to do, or gets too much from this user",), "nothing, unless it lasts")
    UNKNOWN = (("the venue failed while it worked on the request",), "nothing: acctcfg reads what became of it")
    STATE = (("the live state is not what the request supposed; somebody else may have changed it",), "plan again")
    FINAL = (("the venue does not do this for such an account",), "leave it out of the manifest")

    def __init__(self, causes: tuple[str, ...], hint: str) -> None:
        self.causes = causes
        self.hint = hint


class Meaning(NamedTuple):
    """One code in our words, and the way out."""

    words: str
    hint: str = ""
    kind: Kind = Kind.FINAL
    causes: tuple[str, ...] = ()


def expand(codes: str) -> list[str]:
    """The codes of a text: "59000-59002 59005" are four."""
    found: list[str] = []
    for part in codes.split():
        first, _, last = part.partition("-")
        found += [str(code) for code in range(int(first), int(last or first) + 1)]
    return found


def rows(kind: Kind, words: Mapping[str, str], *, hint: str = "", causes: tuple[str, ...] = ()) -> dict[str, Meaning]:
    """Codes of one kind and one way out; a key may be several codes that mean the same."""
    return {code: Meaning(said, hint, kind, causes) for codes, said in words.items() for code in expand(codes)}
