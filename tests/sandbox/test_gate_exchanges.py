"""The eight exchanges, their settlement currencies, margin modes, stocks and ETFs: the wire format since March 2026."""

from __future__ import annotations

import pytest
from gate_bench import ACCOUNTS, ADA, gate_of

EIGHT = ("BINANCE", "OKX", "GATE", "BYBIT", "KRAKEN", "HYPERLIQUID", "DERIBIT", "LIGHTER")
MODE = "/crossex/positions/margin_mode"
HYPER, OTHER = "HYPERLIQUID_FUTURE_BTC_USDC", "HYPERLIQUID_FUTURE_ETH_USDC"
AAPL = "US_STOCK_AAPL_USDT"


@pytest.fixture
def gate():
    return gate_of({"profile": "current"})


@pytest.mark.parametrize(
    ("exchange", "businesses", "quote"),
    [
        ("OKX", {"SPOT", "FUTURE", "MARGIN"}, "USDT"),
        ("BYBIT", {"SPOT", "FUTURE"}, "USDT"),
        ("KRAKEN", {"FUTURE"}, "USD"),
        ("HYPERLIQUID", {"FUTURE"}, "USDC"),
        ("DERIBIT", {"SPOT", "FUTURE"}, "USDC"),
        ("LIGHTER", {"FUTURE"}, "USDC"),
    ],
)
def test_what_each_exchange_lists(gate, exchange, businesses, quote):
    """Businesses and quote currencies as the venue has them."""
    rows = [row for row in gate.get("/crossex/rule/symbols") if row["exchange_type"] == exchange]
    assert {row["business_type"] for row in rows} == businesses
    assert {row["symbol"].rpartition("_")[2] for row in rows} == {quote}


def test_exchanges_that_a_venue_does_not_serve(gate):
    """By flag the first three, or five: the others are in no list, and have no part in isolated mode."""
    gate.flags(exchanges=["BINANCE", "OKX", "GATE"])
    shown = {row["exchange_type"] for row in gate.get("/crossex/rule/symbols") if row["business_type"] == "FUTURE"}
    assert shown == {"BINANCE", "OKX", "GATE"}
    body = {"symbol": HYPER, "leverage": "5"}
    assert gate.label("POST", "/crossex/positions/leverage", body) == "TRADE_SYM_NOT_SUPPORT"
    gate.put(account_mode="ISOLATED_EXCHANGE")
    assert gate.label("GET", f"{ACCOUNTS}?exchange_type=KRAKEN") == "QUERY_INVALID_EXCHANGE_TYPE"
    gate.flags(exchanges=list(EIGHT))
    for exchange in EIGHT:
        assert gate.get(f"{ACCOUNTS}?exchange_type={exchange}")["position_mode"] == "SINGLE"


@pytest.mark.parametrize(
    ("flag", "shown"),
    [("settlement", {"USDT": "7", "USD": "8", "USDC": "9"}), ("USDT", {"USDT": "24"})],
)
def test_which_currency_carries_the_margins(gate, flag, shown):
    """The settlement currency of each exchange, or USDT alone; in isolated mode each exchange its own."""
    gate.flags(margin_currencies=flag)
    held = {"USDT": 1, "USD": 1, "USDC": 1}
    gate.mine(initial_margin={"OKX": 7, "KRAKEN": 8, "LIGHTER": 9}, balances={"CROSSEX": held, "KRAKEN": held})
    rows = [row for row in gate.get(ACCOUNTS)["assets"] if row["futures_initial_margin"] != "0"]
    assert {row["coin"]: row["futures_initial_margin"] for row in rows} == shown
    gate.mine(account_mode="ISOLATED_EXCHANGE")
    rows = gate.get(f"{ACCOUNTS}?exchange_type=KRAKEN")["assets"]
    (row,) = [row for row in rows if row["futures_initial_margin"] != "0"]
    assert (row["coin"], row["futures_initial_margin"]) == ("USDT" if flag == "USDT" else "USD", "8")


def mode(gate, symbol=HYPER):
    return gate.get(f"{MODE}?symbol={symbol}")["margin_mode"]


def test_margin_mode_is_read_and_set(gate):
    """202 with an echo, seen a little later, back again; an equal value is taken without effect."""
    assert mode(gate) == "CROSS"
    body = {"symbol": HYPER, "margin_mode": "ISOLATED"}
    assert gate.call("POST", MODE, body, status=202) == body
    assert (mode(gate), mode(gate, OTHER)) == ("ISOLATED", "CROSS")
    assert gate.call("POST", MODE, body, status=202) == body
    gate.mine("positions", symbol=HYPER)
    (row,) = gate.get("/crossex/positions")
    assert (row["margin_mode"], row["liq_price"], row["isolated_margin"] != "0") == ("ISOLATED", "1", True)
    assert gate.label("POST", MODE, {**body, "margin_mode": "CROSS"}) == "TRADE_UNSUPPORTED_OPERATION"


@pytest.mark.parametrize(
    ("body", "label"),
    [
        ({"symbol": ADA, "margin_mode": "ISOLATED"}, "TRADE_UNSUPPORTED_OPERATION"),
        ({"symbol": "OKX_MARGIN_ADA_USDT", "margin_mode": "ISOLATED"}, "TRADE_INVALID_SYM_BUSINESSTYPE_ERROR"),
        ({"symbol": "HYPERLIQUID_FUTURE_NOPE_USDC", "margin_mode": "CROSS"}, "TRADE_SYM_NOT_SUPPORT"),
        ({"symbol": "HYPERLIQUID_FUTURE_DOGE_USDC", "margin_mode": "CROSS"}, "TRADE_UNSUPPORTED_OPERATION"),
        ({"symbol": HYPER, "margin_mode": "cross"}, "COMMON_PARAM_BIND_ERROR"),
        ({"symbol": HYPER}, "COMMON_PARAM_BIND_ERROR"),
        ({"margin_mode": "CROSS"}, "COMMON_PARAM_BIND_ERROR"),
    ],
)
def test_what_a_margin_mode_refuses(gate, body, label):
    """Hyperliquid futures only, and nothing without cross margin is put to CROSS."""
    assert gate.label("POST", MODE, body) == label


@pytest.mark.parametrize(("scope", "label"), [("symbol", ""), ("exchange", "TRADE_UNSUPPORTED_OPERATION")])
def test_whose_orders_block_a_margin_mode(gate, scope, label):
    """The symbol's own, or by flag its whole exchange's."""
    gate.flags(margin_mode_scope=scope)
    gate.mine("orders", symbol=OTHER)
    assert gate.label("POST", MODE, {"symbol": HYPER, "margin_mode": "ISOLATED"}) == label
    assert gate.label("POST", MODE, {"symbol": OTHER, "margin_mode": "ISOLATED"}) == "TRADE_UNSUPPORTED_OPERATION"


@pytest.mark.parametrize(("blocks", "label"), [(True, "UPDATE_ACCOUNT_MODE_POSITION_NOT_EMPTY_ERROR"), (False, "")])
def test_stocks_and_an_account_mode(gate, blocks, label):
    """A stock blocks a change of account mode, by flag not; a position mode never."""
    gate.flags(security_blocks_mode=blocks)
    gate.mine("security_positions", symbol=AAPL, qty=3)
    (row,) = gate.get("/crossex/security_positions?exchange_type=US")
    assert (row["symbol"], row["position_qty"]) == (AAPL, "3")
    assert gate.get("/crossex/security_positions?exchange_type=HK") == []
    assert gate.refused(position_mode="DUAL") == ""
    assert gate.refused(account_mode="ISOLATED_EXCHANGE") == label


@pytest.mark.parametrize("path", ["/crossex/security_positions", f"{MODE}?symbol={HYPER}"])
def test_the_first_wire_format_has_none_of_it(path):
    """Newer paths are 404, stocks are in no list, positions have no margin mode."""
    gate = gate_of()
    assert gate.label("GET", path) == "NOT_FOUND"
    assert gate.get(f"/crossex/rule/symbols?symbols={AAPL}") == []
    gate.mine("positions", symbol=HYPER)
    assert "margin_mode" not in gate.get("/crossex/positions")[0]


def test_symbols_by_control(gate):
    """Added, replaced, and taken off the list while it runs."""
    gate.act("POST", "gate_crossex/symbols", {"symbol": "NEWEX_FUTURE_ADA_USDT", "leverage_max": 7})
    (row,) = gate.get("/crossex/rule/symbols?symbols=NEWEX_FUTURE_ADA_USDT")
    assert row["exchange_type"] == "NEWEX"
    gate.act("DELETE", f"gate_crossex/symbols/{ADA}")
    assert gate.get(f"/crossex/rule/symbols?symbols={ADA}") == []


def test_lists_that_lag_or_lose_a_row(gate):
    """A new sub-account or key shows after so many reads; a row is left out once."""
    fault = {"match": {"method": "GET"}, "kind": "late_list", "reads": 1}
    (laid,) = gate.act("POST", "faults", fault)
    made = gate.call("POST", "/sub_accounts", {"login_name": "desk_1"}, status=201)
    assert [len(gate.get("/sub_accounts")) for _ in range(2)] == [0, 1]
    keys = f"/sub_accounts/{made['user_id']}/keys"
    gate.call("POST", keys, {"name": "k", "perms": [{"name": "spot"}]})
    assert [len(gate.get(keys)) for _ in range(2)] == [0, 1]
    gate.act("DELETE", f"faults/{laid['id']}")
    gate.act("POST", "faults", {"match": {"path": "*/keys"}, "kind": "lose_row"})
    assert [len(gate.get(keys)) for _ in range(2)] == [0, 1]


def test_an_exchange_of_which_an_account_has_no_part(gate):
    """In isolated mode it can be neither read nor set there; in cross-exchange mode nothing shows it."""
    gate.mine(absent=["KRAKEN"])
    assert gate.get(ACCOUNTS)["exchange_type"] == "CROSSEX"
    gate.put(account_mode="ISOLATED_EXCHANGE")
    assert gate.label("GET", f"{ACCOUNTS}?exchange_type=KRAKEN") == "QUERY_INVALID_EXCHANGE_TYPE"
    assert gate.refused(position_mode="DUAL", exchange_type="KRAKEN") == "UPDATE_ACCOUNT_EXCHANGE_TYPE_ERROR"
    gate.put(position_mode="DUAL", exchange_type="LIGHTER")
    assert gate.get(ACCOUNTS + "?exchange_type=LIGHTER")["position_mode"] == "DUAL"


def test_an_exchange_that_nobody_knows_yet():
    """A ninth one has symbols, leverage, margins and a position mode like the others."""
    listed = {"add": [{"symbol": "MERCURY_FUTURE_ADA_USDT", "leverage_max": 30}]}
    gate = gate_of(
        {"profile": "current"}, gate_crossex={"symbols": listed, "flags": {"exchanges": [*EIGHT, "MERCURY"]}}
    )
    assert "MERCURY" in {row["exchange_type"] for row in gate.get("/crossex/rule/symbols")}
    body = {"symbol": "MERCURY_FUTURE_ADA_USDT", "leverage": "30"}
    assert gate.label("POST", "/crossex/positions/leverage", body) == ""
    gate.put(account_mode="ISOLATED_EXCHANGE")
    gate.put(position_mode="DUAL", exchange_type="MERCURY")
    assert gate.get(f"{ACCOUNTS}?exchange_type=MERCURY")["position_mode"] == "DUAL"
    gate.mine("positions", symbol="MERCURY_FUTURE_ADA_USDT")
    assert gate.refused(account_mode="CROSS_EXCHANGE") == "UPDATE_ACCOUNT_MODE_POSITION_NOT_EMPTY_ERROR"
