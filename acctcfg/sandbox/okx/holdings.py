"""Positions, orders, algo orders and bots from the little that a person wants to write down.

A row needs only `instId`; `size`, `mgnMode` or `tdMode`, `posSide` and a kind have defaults, and any further field
is shown as it stands in the rows that the venue answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TypeAlias

from acctcfg.sandbox.okx.state import Account, Movement, Pending, Position, State
from acctcfg.sandbox.values import Json, Row, did_you_mean, number, text, whole

__all__ = ["ALGO_TYPES", "BOT_KINDS", "Held", "algo_from", "bot_from", "copy_from", "order_from", "position_from"]
__all__ += ["spread_from"]

ORDER_TYPES: tuple[str, ...] = (
    "limit",
    "market",
    "post_only",
    "fok",
    "ioc",
    "optimal_limit_ioc",
    "mmp",
    "mmp_and_post_only",
)
ORDER_TYPES += ("rpi", "elp", "op_fok")
ALGO_TYPES = ("conditional", "oco", "chase", "trigger", "move_order_stop", "iceberg", "twap", "smart_iceberg")
BOT_KINDS = ("grid", "contract_grid", "recurring", "signal", "contract_dca", "spot_dca")
Held: TypeAlias = Position | Pending | Movement
CONTRACTS = ("SWAP", "FUTURES", "OPTION")


def _place(venue: State, row: Mapping[str, Json], *, margin: bool) -> tuple[str, str]:
    """instType and instId; a pair counts as MARGIN where borrowing is meant, as SPOT otherwise."""
    inst_id = text(row, "instId")
    pair = ("MARGIN", "SPOT") if margin else ("SPOT", "MARGIN")
    order = (text(row, "instType"),) if row.get("instType") else (*CONTRACTS, *pair)
    for inst_type in order:
        if (inst_type, inst_id) in venue.instruments:
            return inst_type, inst_id
    ids = {key[1] for key in venue.instruments}
    raise ValueError(f"unknown instrument {inst_id!r}{did_you_mean(inst_id, ids)}")


def _side(account: Account, row: Mapping[str, Json], inst_type: str) -> str:
    hedged = account.pos_mode == "long_short_mode" and inst_type in ("SWAP", "FUTURES")
    return text(row, "posSide", "long" if hedged else "net")


def _size(row: Mapping[str, Json], name: str) -> Decimal:
    return number(row.get("size", row.get(name, 1)), ("size" if "size" in row else name,))


def _rest(row: Mapping[str, Json], *taken: str) -> Row:
    return {name: value for name, value in row.items() if name not in (*taken, "size", "count")}


def position_from(venue: State, account: Account, row: Mapping[str, Json], now_ms: int) -> Position:
    """An open position; a negative `size` (or `pos`) is short. The venue shows a sign only on contracts in net mode."""
    inst_type, inst_id = _place(venue, row, margin=True)
    instrument = venue.instruments[inst_type, inst_id]
    size, side = _size(row, "pos"), _side(account, row, inst_type)
    extra = _rest(row, "posId", "instType", "instId", "mgnMode", "pos", "posSide", "ccy")
    if inst_type == "MARGIN" and size < 0:
        extra.setdefault("posCcy", instrument.quote)
    return Position(
        pos_id=str(row.get("posId") or venue.next_id()),
        inst_type=inst_type,
        inst_id=inst_id,
        mgn_mode=text(row, "mgnMode", "cross"),
        pos=abs(size) if inst_type == "MARGIN" or side != "net" else size,
        pos_side=side,
        ccy=str(row.get("ccy") or instrument.row["settleCcy"] or instrument.quote),
        c_time=now_ms,
        u_time=now_ms,
        extra=extra,
    )


def order_from(venue: State, account: Account, row: Mapping[str, Json], now_ms: int) -> Pending:
    """A pending order; cash for a pair unless `tdMode` says that it borrows, cross for a contract."""
    margin = row.get("tdMode") in ("cross", "isolated")
    return _pending(venue, account, row, now_ms, margin=margin, id_name="ordId", default="limit")


def algo_from(venue: State, account: Account, row: Mapping[str, Json], now_ms: int) -> Pending:
    """A pending algo order."""
    margin = row.get("tdMode") in ("cross", "isolated")
    return _pending(venue, account, row, now_ms, margin=margin, id_name="algoId", default="conditional")


def _pending(
    venue: State,
    account: Account,
    row: Mapping[str, Json],
    now_ms: int,
    *,
    margin: bool,
    id_name: str,
    default: str,
) -> Pending:
    inst_type, inst_id = _place(venue, row, margin=margin)
    mode = text(row, "tdMode", "cash" if inst_type == "SPOT" else "cross")
    return Pending(
        id=str(row.get(id_name) or venue.next_id()),
        inst_type=inst_type,
        inst_id=inst_id,
        td_mode=mode,
        kind=text(row, "ordType", default),
        side=text(row, "side", "buy"),
        pos_side=_side(account, row, inst_type),
        size=_size(row, "sz"),
        state=text(row, "state", "live"),
        c_time=now_ms,
        extra=_rest(row, id_name, "instType", "instId", "tdMode", "ordType", "side", "posSide", "sz", "state"),
    )


def bot_from(venue: State, account: Account, row: Mapping[str, Json], now_ms: int) -> Pending:
    """A running bot; `kind` is grid, contract_grid, recurring, signal, contract_dca or spot_dca."""
    inst_type, inst_id = _place(venue, row, margin=False)
    contract = inst_type in CONTRACTS
    return Pending(
        id=str(row.get("algoId") or venue.next_id()),
        inst_type=inst_type,
        inst_id=inst_id,
        td_mode=text(row, "tdMode", "cross" if contract else "cash"),
        kind=text(row, "kind", "contract_grid" if contract else "grid"),
        pos_side=_side(account, row, inst_type),
        size=_size(row, "sz"),
        state=text(row, "state", "running"),
        c_time=now_ms,
        extra=_rest(row, "algoId", "instType", "instId", "tdMode", "kind", "posSide", "sz", "state"),
    )


def movement_from(venue: State, _account: Account, row: Mapping[str, Json], now_ms: int) -> Movement:
    """A deposit or a withdrawal; on its way unless `state` says otherwise."""
    ccy = text(row, "ccy")
    if ccy not in venue.currencies:
        raise ValueError(f"unknown currency {ccy!r}{did_you_mean(ccy, venue.currencies)}")
    main = next((chain.id for chain in venue.currencies[ccy].chains if chain.main), "")
    return Movement(
        id=venue.next_id(),
        ccy=ccy,
        chain=text(row, "chain", main),
        amount=number(row.get("amt", 1), ("amt",)),
        state=text(row, "state", "0"),
        ts=whole(row.get("ts", now_ms), ("ts",)),
        extra=_rest(row, "ccy", "chain", "amt", "state", "ts"),
    )


def spread_from(venue: State, _account: Account, row: Mapping[str, Json], now_ms: int) -> Pending:
    """A pending spread order; `instId` is the spread's id, free of the instruments list."""
    return Pending(
        id=str(row.get("ordId") or venue.next_id()),
        inst_type="SPREAD",
        inst_id=str(row["instId"]),
        td_mode="",
        kind=text(row, "ordType", "limit"),
        size=_size(row, "sz"),
        c_time=now_ms,
        extra=_rest(row, "ordId", "instId", "ordType", "sz"),
    )


def copy_from(venue: State, account: Account, row: Mapping[str, Json], now_ms: int) -> Pending:
    """A position that is led or copied."""
    inst_type, inst_id = _place(venue, row, margin=False)
    return Pending(
        id=str(row.get("subPosId") or venue.next_id()),
        inst_type=inst_type,
        inst_id=inst_id,
        td_mode=text(row, "mgnMode", "cross"),
        kind="lead",
        pos_side=_side(account, row, inst_type),
        size=_size(row, "subPos"),
        c_time=now_ms,
        extra=_rest(row, "subPosId", "instType", "instId", "mgnMode", "posSide", "subPos"),
    )
