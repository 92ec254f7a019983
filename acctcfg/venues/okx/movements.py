"""Deposits and withdrawals of a broker's sub-account that are not over yet: after a delete nobody could reach them.

Source: OKX v5 broker documentation, "Sub-account deposit history" and "Sub-account withdrawal history": newest first,
in pages by time. What the documents do not call over is not: a state that is new to us, too.
"""

from __future__ import annotations

from acctcfg.core.json_types import JsonObject
from acctcfg.core.plan import Precheck
from acctcfg.core.spelling import whole_of
from acctcfg.errors import Garbled, VenueError
from acctcfg.venues.okx.endpoints import DEPOSIT_HISTORY, WITHDRAWAL_HISTORY
from acctcfg.venues.okx.master import Master
from acctcfg.venues.okx.open_things import listed
from acctcfg.venues.okx.row_fields import demand
from acctcfg.wire.endpoint import Call, Endpoint

__all__ = ["pending_movements"]

_PAGE = 100
_MOST_PAGES = 200
_MOVEMENTS = (
    ("no_funds_incoming", DEPOSIT_HISTORY, frozenset({"2"})),  # 1 is credited, and cannot be withdrawn yet
    ("no_funds_outgoing", WITHDRAWAL_HISTORY, frozenset({"-2", "-1", "2"})),  # cancelled, failed, done
)
"""Each precheck, the list that answers it, and the states in which a movement is over."""


async def pending_movements(master: Master, name: str) -> tuple[Precheck, ...]:
    """Whether anything of the account is on its way; a list that the venue does not give to us is `unknown`."""
    return tuple([await _asked(master, name, *one) for one in _MOVEMENTS])


async def _asked(master: Master, name: str, code: str, endpoint: Endpoint, over: frozenset[str]) -> Precheck:
    try:
        rows = await _history(master, endpoint, name)
    except VenueError as error:
        return Precheck(code, "unknown", error.told)
    found = [_words(row) for row in rows if str(row["state"]) not in over]
    return Precheck(code, "fail" if found else "pass", listed(found))


async def _history(master: Master, endpoint: Endpoint, name: str) -> list[JsonObject]:
    """All rows. A page begins with the last millisecond of the one before: another row of it would be lost."""
    rows: list[JsonObject] = []
    begins: dict[str, str] = {}
    for _ in range(_MOST_PAGES):
        page = await master.read(Call(endpoint, {"subAcct": name, **begins, "limit": str(_PAGE)}))
        rows += [row for row in page if demand("a movement", row, "ccy", "state", "ts") not in rows]
        times = [whole_of(str(row["ts"])) for row in page]
        if len(page) < _PAGE:
            return rows
        known = {one for one in times if one is not None}
        if len(known) < 2 or None in times:
            break
        begins = {"after": str(min(known) + 1)}
    raise Garbled(f"{endpoint.text}: a list that does not end", code="no_end", hint="try again")


def _words(row: JsonObject) -> str:
    return f"{row.get('amt', '')} {row['ccy']} (state {row['state']})".strip()
