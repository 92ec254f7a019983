"""What a row of the venue's must say. Source: OKX v5: inapplicable fields are "", or absent.

A field that decides something and is not there is no answer: it is never taken for nothing, for zero or for a name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from acctcfg.errors import Garbled

__all__ = ["demand"]


def demand(what: str, row: object, *names: str, there: tuple[str, ...] = ()) -> Mapping[str, Any]:
    """The row, if it has a value under each of `names`, and something, perhaps "", under each of `there`.

    Raises Garbled, which names what is missing.
    """
    if not isinstance(row, Mapping):
        raise Garbled(f"{what} that is no object", code="no_field")
    missing = [name for name in names if row.get(name) in (None, "")]
    missing += [name for name in there if row.get(name) is None]
    if missing:
        raise Garbled(f"{what} without {', '.join(missing)}", code="no_field")
    return row
