"""Whether an FD broker gets its rebate for a user's key, and the files of a broker's rebates, order by order.

Source: OKX v5, "FD broker" and "DMA broker". A file is ready hours after it was asked for, and one is made an hour.

Which fee levels the numbers 2 and 3 mean has changed over the years: the number is shown, and no level.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from acctcfg.core.json_types import JsonObject
from acctcfg.core.secret import Secret
from acctcfg.core.spelling import whole_of
from acctcfg.errors import AuthRefused, Garbled, RateLimited, Refused
from acctcfg.venues.okx.endpoints import ASK_DMA_FILE, ASK_FD_FILE, DMA_FILES, FD_FILES, IF_REBATE
from acctcfg.venues.okx.refusals import explain, meaning
from acctcfg.venues.rebates import Rebate, RebateFile
from acctcfg.wire.endpoint import Call, Endpoint

__all__ = ["DMA", "FD", "Files", "rebate_call", "rebate_of", "rebate_untold"]

_WORDS: Final = {
    "0": "rebate is paid",
    "1": "the broker's identification has expired",
    "2": "the month's cap of the user's fee level is reached",
    "3": "the user's fee level is too high",
    "4": "the user has an MSA account",
}

_OF_THE_BROKER: Final = frozenset({"50030", "50044", "59608", "59609", "59610", "59611"})
"""Refusals that no other key would change."""


def rebate_call(api_key: str, kind: str) -> Call:
    """The request for the rebate of one key."""
    return Call(IF_REBATE, {"apiKey": api_key, **({"brokerType": kind} if kind else {})})


def rebate_of(rows: Sequence[JsonObject]) -> Rebate:
    """The answer; a number without words is shown as it is."""
    number = rows[0].get("type") if len(rows) == 1 else None
    if not isinstance(number, str) or whole_of(number) is None:
        raise Garbled("an answer about a rebate without its number", code="no_number")
    words = _WORDS.get(number, "no rebate, for a reason that acctcfg has no words for")
    return Rebate(paid=number == "0", told=f"{words} (type {number})")


def rebate_untold(error: Refused | Garbled) -> Rebate:
    """What is said of a key for which the venue gave no answer. Raises the error where it is of whoever asks."""
    if isinstance(error, AuthRefused | RateLimited) or error.code in _OF_THE_BROKER:
        raise error
    why = _refused(error) if isinstance(error, Refused) else error.message
    return Rebate(paid=False, told=f"not told: {why}")


def _refused(error: Refused) -> str:
    """A code in our words; the venue's own words of one for which there are none."""
    said = f'; the venue says "{error.text}"' if error.text and explain(error.code) is None else ""
    return f"{error.code}, {meaning(error.code).words}{said}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """The two calls of one kind of broker."""

    listed: Endpoint
    asked: Endpoint
    good_for: str

    def read(self, first: date, last: date, kind: str) -> Call:
        """The request for the files of these days."""
        return Call(self.listed, {"type": "false", **_range(first, last, kind)})

    def ask(self, first: date, last: date, kind: str) -> Call:
        """The request to make the file."""
        return Call(self.asked, _range(first, last, kind))

    def of(self, rows: Sequence[JsonObject], secrets: Mapping[str, Secret]) -> RebateFile | None:
        """The answer. A file that is finished has a link, and one that is not has none."""
        if not rows:
            return None
        state, link = rows[0].get("state"), secrets.get("fileHref")
        if len(rows) > 1 or state not in ("finished", "ongoing") or (state == "finished" and link is None):
            raise Garbled("a list of files that is not of the one that was asked for", code="no_file")
        return RebateFile(link=link if state == "finished" else None, good_for=self.good_for)


FD: Final = Files(listed=FD_FILES, asked=ASK_FD_FILE, good_for="2 h")
DMA: Final = Files(listed=DMA_FILES, asked=ASK_DMA_FILE, good_for="9 h")


def _range(first: date, last: date, kind: str) -> dict[str, str]:
    days = {"begin": f"{first:%Y%m%d}", "end": f"{last:%Y%m%d}"}
    return days | ({"brokerType": kind} if kind else {})
