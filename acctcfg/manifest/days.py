"""Days on which something ends, and the allow-lists whose addresses may have one."""

from __future__ import annotations

import re
from datetime import date
from typing import Final, NamedTuple

from acctcfg.manifest.containers import Field, ListOf, Record
from acctcfg.manifest.nodes import Node
from acctcfg.manifest.problems import Report, quoted, shown
from acctcfg.manifest.scalars import BAD, IpAddress

__all__ = ["UNTIL", "AllowList", "Allowed", "AllowedAddress", "Day"]

_SUCH: Final = "a day such as 2026-12-31"


class Day:
    """A date such as 2026-12-31, as text."""

    def take(self, node: Node, report: Report) -> object:
        value = node.value
        if type(value) is not str:
            report.value(node, f"must be {_SUCH}, not {quoted(value)}")
        elif not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value) or not _is_day(value):
            report.value(node, f"{shown(value)} must be {_SUCH}")
        else:
            return value
        return BAD

    def schema(self) -> dict[str, object]:
        """A string in the form of a date."""
        return {"type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


UNTIL: Final = Field(
    kind=Day(), doc="The last day (UTC) on which it holds; afterwards it is drift, and the next plan undoes it"
)


class Allowed(NamedTuple):
    """An address of an allow-list, and its last day on it; "" where it stays."""

    address: str
    until: str


class AllowedAddress:
    """An address, or one with the day until which it is allowed."""

    def __init__(self) -> None:
        self.address = IpAddress()
        self.record = Record(
            {
                "address": Field(kind=self.address, doc="The address", required=True),
                "until": Field(kind=UNTIL.kind, doc=UNTIL.doc, required=True),
            }
        )

    def take(self, node: Node, report: Report) -> object:
        """The addresses, and which of them leave the list on which day."""
        if type(node.value) is not dict:
            address = self.address.take(node, report)
            return BAD if address is BAD else Allowed(str(address), "")
        taken = self.record.take(node, report)
        return Allowed(taken["address"], taken["until"]) if len(taken) == len(self.record.fields) else BAD

    def schema(self) -> dict[str, object]:
        return {"anyOf": [self.address.schema(), self.record.schema()]}


class AllowList(ListOf):
    """The addresses that a key works from, none twice."""

    def __init__(self, *, most: int | None) -> None:
        super().__init__(AllowedAddress(), most=most, unique=True)

    def _doubles(self, node: Node, taken: list[object], report: Report) -> None:
        super()._doubles(node, [one.address if isinstance(one, Allowed) else one for one in taken], report)

    def _has_doubles(self, taken: list[object]) -> bool:
        return super()._has_doubles([one.address if isinstance(one, Allowed) else one for one in taken])
