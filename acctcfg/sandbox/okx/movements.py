"""Deposits and withdrawals of a broker's sub-accounts.

Source: OKX v5 broker documentation, "Sub-account deposit history" and "withdrawal history"; 5 / 2 s / user each. They
are laid by a seed or a control call: nothing moves on chain here.
"""

from __future__ import annotations

from collections.abc import Callable

from acctcfg.sandbox.okx.keys import sub_account
from acctcfg.sandbox.okx.params import Call, choice, page, text
from acctcfg.sandbox.okx.replies import Answer
from acctcfg.sandbox.okx.state import Account, Movement
from acctcfg.sandbox.values import Row, plain

__all__ = ["deposits", "withdrawals"]


TYPES = ("3", "4")  # between users of the venue, on chain
ON_CHAIN = "4"


def _history(call: Call, of: Callable[[Account], list[Movement]], *ids: str) -> Answer:
    """Newest first, of one sub-account or of all; pages go by time. What does not say its type is on chain."""
    kind = choice(call, "type", ("", *TYPES), "")
    accounts = [sub_account(call)] if text(call, "subAcct") else list(call.tenant.subs.values())
    wanted = {field: text(call, field) for field in ("ccy", "state", "txId", *ids)}
    rows = [_row(account, movement, ids[0]) for account in accounts for movement in of(account)]
    rows = [row for row in rows if kind in ("", str(row.get("type", ON_CHAIN)))]
    rows = [row for row in rows if all(not value or row.get(field) == value for field, value in wanted.items())]
    return Answer(page(call, rows, "ts"))


def _row(account: Account, movement: Movement, name: str) -> Row:
    return {
        "subAcct": account.name,
        "uid": account.uid,
        "ccy": movement.ccy,
        "chain": movement.chain,
        "amt": plain(movement.amount),
        "from": "",
        "to": "",
        "txId": "",
        "ts": str(movement.ts),
        "state": movement.state,
        name: movement.id,
        **movement.extra,
    }


def deposits(call: Call) -> Answer:
    """What came in, or is on its way."""
    return _history(call, lambda account: account.deposits, "depId")


def withdrawals(call: Call) -> Answer:
    """What went out, or is about to."""
    return _history(call, lambda account: account.withdrawals, "wdId", "clientId")
