"""The secrets that this process has opened: wherever one is repeated, `***` is printed and recorded instead.

A venue may put a secret of one account into a label, an address or an error of another. What leaves the process passes
`untold`: every output, the log, the journal, and what a digest is made of.
"""

from __future__ import annotations

from typing import Final

__all__ = ["HIDDEN", "SHORTEST", "keep_untold", "untold"]

HIDDEN: Final = "***"
SHORTEST: Final = 16
"""Characters of a secret that is looked for in everything: a shorter one may be a word, and all digits an id."""

_PIECE: Final = 8
_STRIDE: Final = SHORTEST - _PIECE + 1
"""A text of `SHORTEST` covers a whole piece at one of so many places, so one place in so many is looked at."""

_BARE: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-~"

_written: Final[set[str]] = set()  # each secret, as it is and as JSON and addresses write it
_pieces: Final[set[str]] = set()  # of their beginnings, at each offset


def keep_untold(secret: str) -> None:
    """From now on `untold` takes this text out."""
    if len(secret) < SHORTEST or secret.isdecimal() or secret in _written:
        return
    import json  # no secret is opened by most commands, and `--help` is asked for often

    for one in {secret, secret.replace("/", "\\/"), _in_address(secret), json.dumps(secret)[1:-1]}:
        _written.add(one)
        _pieces.update(one[at : at + _PIECE] for at in range(_STRIDE))


def _in_address(text: str) -> str:
    """As a query has it. Not by urllib, which this layer goes without."""
    return "".join(chr(b) if chr(b) in _BARE else f"%{b:02X}" for b in text.encode(errors="surrogatepass"))


def untold(text: str) -> str:
    """The text with `***` for each secret in it."""
    if len(text) < SHORTEST or _pieces.isdisjoint([text[at : at + _PIECE] for at in range(0, len(text), _STRIDE)]):
        return text
    known = tuple(_written)  # in one go: the journal asks from a thread, while a new key's secret comes in
    for one in sorted((one for one in known if one in text), key=len, reverse=True):
        text = text.replace(one, HIDDEN)
    return text
