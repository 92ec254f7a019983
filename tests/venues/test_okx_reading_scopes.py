"""A second reading of what one leverage value belongs to, and of how requests are signed."""

from __future__ import annotations

import pytest

from acctcfg.core.secret import Secret
from acctcfg.core.vocabulary import MarginMode, Market, PositionMode
from acctcfg.sandbox.okx.leverage import shape as sandbox_shape
from acctcfg.sandbox.okx.state import Account, Flags
from acctcfg.venues.okx.auth import signature, timestamp
from acctcfg.venues.okx.scopes import Keyed, Modes, Shape, shape_of

# market, margin: what keys the value under each account mode. "each": every instrument for itself; "+side": under
# long/short alone; borrowing: spot with borrowing on. Written out anew for this test.
TABLE = """
margin  cross    spot=none borrowing=currency futures=each      multi_currency=currency  portfolio=currency
margin  isolated spot=none borrowing=none     futures=each      multi_currency=none      portfolio=none
futures cross    spot=none borrowing=none     futures=family    multi_currency=family    portfolio=none
futures isolated spot=none borrowing=none     futures=each+side multi_currency=each+side portfolio=each
swap    cross    spot=none borrowing=none     futures=each      multi_currency=each      portfolio=none
swap    isolated spot=none borrowing=none     futures=each+side multi_currency=each+side portfolio=each
"""
ROWS = [
    (Market(market), MarginMode(margin), *cell.split("="))
    for market, margin, *cells in (line.split() for line in TABLE.strip().splitlines())
    for cell in cells
]
LEVELS = {"spot": "1", "borrowing": "1", "futures": "2", "multi_currency": "3", "portfolio": "4"}
NAMES = [f"{market}-{margin}-{mode}" for market, margin, mode, _ in ROWS]


def keyed(market: Market, margin: MarginMode, mode: str, position_mode: PositionMode) -> str:
    """The client's own table, in the words of this one: a swap is its family, there is one of each."""
    modes = Modes("spot" if mode == "borrowing" else mode, position_mode, mode == "borrowing")
    shape = shape_of(market, margin, "instrument", None, modes)
    if not isinstance(shape, Shape):
        return "none"
    what = "each" if market is Market.SWAP or shape.keyed is Keyed.INSTRUMENT else str(shape.keyed)
    return what + ("+side" if shape.per_side else "")


@pytest.mark.parametrize(("market", "margin", "mode", "wanted"), ROWS, ids=NAMES)
def test_the_client_keys_a_value_as_the_page_says(market: Market, margin: MarginMode, mode: str, wanted: str) -> None:
    """Under net no side counts; under long/short isolated contracts have a value for each."""
    assert keyed(market, margin, mode, PositionMode.NET) == wanted.removesuffix("+side")
    if mode != "portfolio":  # which takes net only
        assert keyed(market, margin, mode, PositionMode.LONG_SHORT) == wanted


@pytest.mark.parametrize(("market", "margin", "mode", "wanted"), ROWS, ids=NAMES)
def test_the_sandbox_keys_a_value_as_the_page_says(market: Market, margin: MarginMode, mode: str, wanted: str) -> None:
    """The same reading, against the other side's own rules."""
    account = Account(
        uid="2", name="desk01", main_uid="1", acct_lv=LEVELS[mode], enable_spot_borrow=mode == "borrowing"
    )
    for position_mode in ("net_mode", "long_short_mode")[: 1 if mode == "portfolio" else 2]:
        account.pos_mode = position_mode
        found = sandbox_shape(account, Flags(), market.value.upper(), margin.value)
        expected = wanted if position_mode == "long_short_mode" else wanted.removesuffix("+side")
        assert found.partition(":")[0].replace("instrument", "each") == expected


# Signatures computed by hand, with another program, for a secret of this test alone.
SECRET = Secret("ACCTCFG0SANDBOX0SECRET0000000001")
STAMP = "2026-01-02T03:04:05.678Z"


def test_a_read_is_signed_with_its_query() -> None:
    """Path and query exactly as sent, no body."""
    target = "/api/v5/account/leverage-info?instId=BTC-USDT-SWAP&mgnMode=cross"
    assert signature(SECRET, STAMP, "GET", target, b"") == "oludkFlPSMR7O4iJdt0oFr9EqcqdNqRfPhmD5sekazk="


def test_a_write_is_signed_with_its_very_bytes() -> None:
    """The body as it stands, its order and its spaces."""
    body = b'{"instId":"BTC-USDT-SWAP","lever":"5","mgnMode":"cross"}'
    signed = signature(SECRET, STAMP, "POST", "/api/v5/account/set-leverage", body)
    assert signed == "rsnUq6+gUdUAaokrQd6Qro9LjzirA6PT+U2KUh4YR/g="


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (1767323045.678, STAMP),
        (1767323045.0, "2026-01-02T03:04:05.000Z"),
        (1767323045.0004, "2026-01-02T03:04:05.000Z"),
    ],
)
def test_a_timestamp_has_three_decimals(seconds: float, written: str) -> None:
    """Exactly three, also where they are zeros, and `Z`."""
    assert timestamp(seconds) == written
