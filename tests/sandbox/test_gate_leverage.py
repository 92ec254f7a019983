"""Leverage of futures and margin symbols, risk-limit tiers, and the two wire formats."""

from __future__ import annotations

import pytest
from gate_bench import ADA, BTC, MARGIN, SPOT, gate_of

from acctcfg.sandbox.gate_crossex.replies import LEVERAGE_LABELS
from acctcfg.sandbox.gate_crossex.universe import split

FUTURES, MARGINS = "/crossex/positions/leverage", "/crossex/margin_positions/leverage"


@pytest.fixture
def gate():
    return gate_of()


def lay(gate, path, symbol, leverage):
    return gate.label("POST", path, {"symbol": symbol, "leverage": leverage})


@pytest.mark.parametrize(("path", "symbol", "shown"), [(FUTURES, ADA, 7), (MARGINS, MARGIN, "4")])
def test_set_and_read_back(gate, path, symbol, shown):
    """202 with an echo, and later the value: futures carry numbers in the first format, margin strings."""
    gate.pause = 0.1
    body = {"symbol": symbol, "leverage": str(shown)}
    assert gate.call("POST", path, body, status=202) == body
    default = gate.get(f"{path}?symbols={symbol}")[0]["leverage"]
    assert default == type(shown)("3")
    gate.clock.now += 0.3
    assert gate.get(f"{path}?symbols={symbol}") == [{"symbol": symbol, "leverage": shown}]
    assert gate.get(path) == [{"symbol": symbol, "leverage": shown}]


def test_the_current_format_is_a_map_of_strings(gate):
    """By flag, by the tenant's own word, or by the request's."""
    gate.mine(leverage={ADA: 7, MARGIN: 4})
    assert gate.call("GET", FUTURES, x_sandbox_profile="current") == {ADA: "7"}
    assert gate.label("GET", FUTURES, x_sandbox_profile="next") == "INVALID_PARAM_VALUE"
    gate.flags(profile="current")
    assert gate.get(f"{FUTURES}?symbols={ADA},{BTC}") == {ADA: "7", BTC: "3"}
    assert gate.get(MARGINS) == {MARGIN: "4"}
    assert gate_of({"profile": "current"}).get(FUTURES) == {}
    assert gate_of({"profile": "seed"}, gate_crossex={"flags": {"profile": "current"}}).get(FUTURES) == []


def test_symbols_that_nobody_knows_are_left_out(gate):
    """An absent symbol is unknown, not at its default."""
    rows = gate.get(f"{FUTURES}?symbols=OKX_FUTURE_NOPE_USDT,{ADA},{MARGIN},{ADA}")
    assert [row["symbol"] for row in rows] == [ADA]


LABELS = [
    (FUTURES, ADA, "0", "TRADE_SET_LEVERAGE_ERROR"),
    (FUTURES, ADA, "-1", "TRADE_SET_LEVERAGE_ERROR"),
    (FUTURES, ADA, "2.5", "TRADE_SET_LEVERAGE_ERROR"),
    (FUTURES, ADA, "max", "TRADE_SET_LEVERAGE_ERROR"),
    (FUTURES, ADA, "1e1", "TRADE_SET_LEVERAGE_ERROR"),
    (FUTURES, ADA, "21", "TRADE_SET_LEVERAGE_EXCEED_LIMIT_ERROR"),
    (FUTURES, ADA, "10000000", "TRADE_SET_LEVERAGE_EXCEED_LIMIT_ERROR"),
    (MARGINS, MARGIN, "6", "TRADE_SET_LEVERAGE_EXCEED_LIMIT_ERROR"),
    (FUTURES, MARGIN, "2", "TRADE_INVALID_SYM_BUSINESSTYPE_ERROR"),
    (FUTURES, SPOT, "2", "TRADE_INVALID_SYM_BUSINESSTYPE_ERROR"),
    (MARGINS, ADA, "2", "TRADE_INVALID_MARGIN_SYM_BUSINESSTYPE_ERROR"),
    (FUTURES, "OKX_FUTURE_NOPE_USDT", "2", "TRADE_SYM_NOT_SUPPORT"),
    (FUTURES, "OKX_FUTURES_ADA_USDT", "2", "TRADE_SYM_NOT_SUPPORT"),
    (FUTURES, ADA.lower(), "2", "TRADE_SYM_NOT_SUPPORT"),
    (FUTURES, "OKX_FUTURE_LTC_USDT", "2", "TRADE_UNSUPPORTED_OPERATION"),
    (FUTURES, "", "2", "COMMON_PARAM_BIND_ERROR"),
    (FUTURES, ADA, "", "COMMON_PARAM_BIND_ERROR"),
    (FUTURES, ADA, 5, "COMMON_PARAM_BIND_ERROR"),
]


@pytest.mark.parametrize(("path", "symbol", "value", "label"), LABELS)
def test_refusals(gate, path, symbol, value, label):
    """Each mistake has its label, and nothing is set."""
    assert lay(gate, path, symbol, value) == label
    assert gate.get(path) == []


def test_no_label_is_missing():
    """The table above has all four labels of the group."""
    assert {row[3] for row in LABELS} > set(LEVERAGE_LABELS)


def test_delisted_symbols_refuse():
    """From its hour on, a delisted symbol takes no leverage."""
    rows = [{"symbol": "GATE_FUTURE_B_2_USDT", "delist_time": 1_795_132_861_000, "leverage_max": 8}]
    gate = gate_of(gate_crossex={"symbols": {"add": rows}})
    gate.pause = 1
    assert lay(gate, FUTURES, "GATE_FUTURE_B_2_USDT", "8") == ""
    gate.pause = 61
    assert lay(gate, FUTURES, "GATE_FUTURE_B_2_USDT", "8") == "TRADE_UNSUPPORTED_OPERATION"


def test_isolated_mode_has_no_margin_trading():
    """Margin leverage is refused there, futures leverage is not."""
    gate = gate_of({"account_mode": "ISOLATED_EXCHANGE"})
    assert lay(gate, MARGINS, MARGIN, "2") == "TRADE_UNSUPPORTED_OPERATION"
    assert lay(gate, FUTURES, ADA, "2") == ""


def test_positions_lower_the_ceiling(gate):
    """A position's tier bounds its symbol's leverage; otherwise positions and orders are in nobody's way."""
    gate.mine("positions", symbol=ADA, qty="20000")  # worth 2,000,000: the second tier
    (row,) = gate.get("/crossex/positions")
    assert row["max_leverage"] == "10"
    assert lay(gate, FUTURES, ADA, "11") == "TRADE_SET_LEVERAGE_EXCEED_LIMIT_ERROR"
    assert lay(gate, FUTURES, ADA, "10") == ""
    gate.mine("positions", symbol=BTC, max_leverage="4")
    assert lay(gate, FUTURES, BTC, "5") == "TRADE_SET_LEVERAGE_EXCEED_LIMIT_ERROR"
    gate.flags(leverage_with_positions=False)
    assert lay(gate, FUTURES, ADA, "9") == "TRADE_UNSUPPORTED_OPERATION"


def test_risk_limits(gate):
    """Tiers of futures and margin symbols that are named; naming none is refused."""
    path = "/crossex/rule/risk_limits"
    assert gate.label("GET", path) == "COMMON_PARAM_BIND_ERROR"
    futures, margin = gate.get(f"{path}?symbols={ADA},{MARGIN},{SPOT},NOPE")
    assert [tier["leverage_max"] for tier in futures["tiers"]] == ["20", "10", "5"]
    assert (margin["symbol"], margin["tiers"][0]["leverage_max"]) == (MARGIN, "5")
    assert set(futures["tiers"][0]) == {
        *("min_risk_limit_value", "max_risk_limit_value", "leverage_max", "maintenance_rate", "tier"),
    }
    current = gate.call("GET", f"{path}?symbols={ADA}", x_sandbox_profile="current")
    assert "quick_cal_amount" in current[0]["tiers"][0]


def test_symbols(gate):
    """All or those named, with the default leverage in the first format only."""
    path = "/crossex/rule/symbols"
    (row,) = gate.get(f"{path}?symbols={ADA},NOPE")
    assert (row["business_type"], row["state"], row["delist_time"], row["default_leverage"]) == (
        *("FUTURE", "live", "0", "3"),
    )
    assert all(isinstance(value, str) for value in row.values())
    assert "default_leverage" not in gate.call("GET", f"{path}?symbols={ADA}", x_sandbox_profile="current")[0]
    everything = gate.get(path)
    assert {row["business_type"] for row in everything} == {"SPOT", "FUTURE", "MARGIN"}
    assert {row["state"] for row in everything} == {"live", "suspend"}


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        (ADA, ("OKX", "FUTURE", "ADA", "USDT")),
        ("GATE_FUTURE_1000PEPE_USDT", ("GATE", "FUTURE", "1000PEPE", "USDT")),
        ("GATE_FUTURE_B_2_USDT", ("GATE", "FUTURE", "B_2", "USDT")),
        ("OKX_FUTURES_ADA_USDT", None),
        ("OKX_FUTURE_ADA", None),
        ("", None),
    ],
)
def test_a_symbol_is_split_from_both_ends(name, parts):
    """A base may hold digits and underscores."""
    assert split(name) == parts


def test_reads_of_what_is_open(gate):
    """Filters by symbol, exchange and business; strings throughout; the first format has the examples' names, too."""
    gate.mine("positions", [{"symbol": ADA, "qty": "-2", "entry_price": "0.5"}, {"symbol": BTC}])
    gate.mine("margin_positions", symbol=MARGIN, qty="0", liability="12.5")
    gate.mine("orders", [{"symbol": SPOT, "side": "SELL"}, {"symbol": ADA}])
    (position,) = gate.get(f"/crossex/positions?symbol={ADA}")
    assert (position["position_qty"], position["entry_price"], position["avg_price"]) == ("-2", "0.5", "0.5")
    (debt,) = gate.get("/crossex/margin_positions?exchange_type=OKX")
    assert (debt["asset_qty"], debt["asset_coin"], debt["liability"]) == ("0", "ADA", "12.5")
    assert gate.get("/crossex/margin_positions?exchange_type=GATE") == []
    (order,) = gate.get("/crossex/open_orders?business_type=SPOT")
    assert (order["side"], order["text"] == order["client_order_id"], order["business_type"]) == ("SELL", True, "SPOT")
    assert len(gate.get("/crossex/open_orders?symbol=&exchange_type=")) == 2
    assert gate.label("GET", "/crossex/open_orders?business_type=spot") == "COMMON_PARAM_BIND_ERROR"
    assert all(isinstance(value, str) for value in (*position.values(), *debt.values(), *order.values()))
    current = gate.call("GET", "/crossex/open_orders", x_sandbox_profile="current")
    assert not {"client_order_id", "tif", "fee_currency"} & set(current[0])


@pytest.mark.parametrize(
    "path", ["fee", "coin_discount_rate", "interest_rate", "transfers", "transfers/coin", "account_book"]
)
def test_reports(gate, path):
    """Read-only reports answer in both formats."""
    assert isinstance(gate.get(f"/crossex/{path}"), dict if path == "fee" else list)
    assert isinstance(gate.call("GET", f"/crossex/{path}", x_sandbox_profile="current"), list)


@pytest.mark.parametrize("what", ["orders", "positions", "margin_positions", "margin_interests", "trades"])
def test_histories_are_empty_lists(gate, what):
    """Nothing is traded here: a client that looks back finds nothing, and no path that is not there."""
    assert gate.get(f"/crossex/history_{what}?page=1&limit=100") == []


def test_adl_rank(gate):
    """A list in the first format, an object since; the symbol is needed."""
    assert gate.label("GET", "/crossex/adl_rank") == "COMMON_PARAM_BIND_ERROR"
    assert gate.get(f"/crossex/adl_rank?symbol={ADA}")[0]["symbol"] == ADA
    assert gate.call("GET", f"/crossex/adl_rank?symbol={ADA}", x_sandbox_profile="current")["symbol"] == ADA
