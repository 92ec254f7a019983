"""Account mode and position mode of CrossEx: what a change needs, when it shows, and every label of the group."""

from __future__ import annotations

import pytest
from gate_bench import ACCOUNTS, ADA, BTC, MARGIN, SPOT, gate_of

from acctcfg.sandbox.gate_crossex.replies import ACCOUNT_LABELS, LEVERAGE_LABELS

ISOLATED = {"account_mode": "ISOLATED_EXCHANGE"}
DEBT = {"symbol": MARGIN, "qty": "0", "liability": "12.5"}
HAVE_ORDER, HAVE_POSITION = "TRADE_PZ_MODE_HAVE_ORDER_ERROR", "TRADE_PZ_MODE_HAVE_POSITION_ERROR"


@pytest.fixture
def gate():
    return gate_of()


@pytest.fixture
def isolated():
    return gate_of(ISOLATED)


def modes(gate, exchange=""):
    row = gate.get(f"{ACCOUNTS}?exchange_type={exchange}" if exchange else ACCOUNTS)
    return row["account_mode"], row["exchange_type"], row["position_mode"]


def test_accepted_is_not_applied(gate):
    """202 echoes the wish; the account shows it later, and takes no other change until then."""
    gate.pause = 0.1
    assert gate.put(position_mode="DUAL") == {"position_mode": "DUAL", "account_mode": "", "exchange_type": ""}
    assert modes(gate) == ("CROSS_EXCHANGE", "CROSSEX", "SINGLE")
    assert gate.refused(account_mode="ISOLATED_EXCHANGE") == "TRADE_UNSUPPORTED_OPERATION"
    gate.clock.now += 0.2
    assert modes(gate) == ("CROSS_EXCHANGE", "CROSSEX", "DUAL")
    assert gate.put(account_mode="ISOLATED_EXCHANGE")["account_mode"] == "ISOLATED_EXCHANGE"
    written = gate.act("GET", "writes")
    assert [(row["status"], row["effect"]) for row in written] == [(202, True), (400, False), (202, False)]


@pytest.mark.parametrize(("delay_s", "speed", "shows_after"), [(5.0, 1, 5.0), (5.0, 50, 0.1), (0.0, 1, 0.0)])
def test_the_delay_can_be_set(delay_s, speed, shows_after):
    """Seconds of delay, shortened by the sandbox's speed; none at 0."""
    gate = gate_of(speed=speed, gate_crossex={"flags": {"effect_delay_s": delay_s}})
    gate.put(position_mode="DUAL")
    gate.pause = 0
    gate.clock.now += max(0.0, shows_after - 0.01)
    assert modes(gate)[2] == ("SINGLE" if shows_after else "DUAL")
    gate.clock.now += 0.02
    assert modes(gate)[2] == "DUAL"


@pytest.mark.parametrize("how", ["flag", "fault"])
def test_effects_that_never_come(gate, how):
    """An accepted change may never show, and nothing says so."""
    if how == "flag":
        gate.flags(effects_come=False)
    else:
        gate.act("POST", "faults", kind="ok_but_nothing", match={"path": "*/accounts", "method": "PUT"})
    gate.put(position_mode="DUAL")
    assert modes(gate)[2] == "SINGLE"
    gate.put(position_mode="DUAL")
    assert modes(gate)[2] == ("SINGLE" if how == "flag" else "DUAL")


def test_isolated_mode_is_read_and_set_per_exchange(gate):
    """Reading needs an exchange, writing needs one, and each keeps a position mode of its own."""
    gate.put(position_mode="DUAL")
    gate.put(account_mode="ISOLATED_EXCHANGE")
    assert gate.label("GET", ACCOUNTS) == "QUERY_INVALID_EXCHANGE_TYPE"
    for exchange in ("CROSSEX", "okx", "US"):
        assert gate.label("GET", f"{ACCOUNTS}?exchange_type={exchange}") == "QUERY_INVALID_EXCHANGE_TYPE"
    assert modes(gate, "OKX") == ("ISOLATED_EXCHANGE", "OKX", "SINGLE")
    gate.put(position_mode="DUAL", exchange_type="OKX")
    assert [modes(gate, name)[2] for name in ("BINANCE", "OKX", "GATE")] == ["SINGLE", "DUAL", "SINGLE"]
    gate.put(account_mode="CROSS_EXCHANGE")
    assert modes(gate) == ("CROSS_EXCHANGE", "CROSSEX", "SINGLE")


def test_leverage_outlives_a_change_of_account_mode(gate):
    """Position modes start anew, leverage stays."""
    gate.mine(leverage={ADA: 7})
    gate.put(account_mode="ISOLATED_EXCHANGE")
    assert gate.get(f"/crossex/positions/leverage?symbols={ADA}") == [{"symbol": ADA, "leverage": 7}]


def test_in_cross_mode_the_exchange_of_a_read_is_ignored(gate):
    """The answer is of the whole account, whatever is asked."""
    assert modes(gate, "OKX") == ("CROSS_EXCHANGE", "CROSSEX", "SINGLE")
    gate.put(position_mode="DUAL", exchange_type="CROSSEX")
    assert modes(gate)[2] == "DUAL"


def test_the_same_account_mode_again(gate):
    """No label exists: accepted, nothing happens, even while orders are open."""
    gate.mine("orders", symbol=SPOT)
    assert gate.put(account_mode="CROSS_EXCHANGE")["account_mode"] == "CROSS_EXCHANGE"


@pytest.mark.parametrize(
    ("what", "row", "label"),
    [
        ("orders", {"symbol": SPOT}, HAVE_ORDER),
        ("orders", {"symbol": ADA}, HAVE_ORDER),
        ("orders", {"symbol": MARGIN}, HAVE_ORDER),
        ("positions", {"symbol": BTC}, HAVE_POSITION),
        ("positions", {"symbol": BTC, "qty": "-3"}, HAVE_POSITION),
        ("margin_positions", {"symbol": MARGIN}, HAVE_POSITION),
        ("margin_positions", DEBT, HAVE_POSITION),
    ],
)
def test_what_stands_in_the_way(gate, what, row, label):
    """Orders of every kind, positions of both kinds and a debt that is left block both mode changes."""
    (ident,) = gate.mine(what, row)["ids"]
    of_the_account = {
        HAVE_ORDER: "UPDATE_ACCOUNT_MODE_OPEN_ORDERS_EXIST_ERROR",
        HAVE_POSITION: "UPDATE_ACCOUNT_MODE_POSITION_NOT_EMPTY_ERROR",
    }
    assert gate.refused(position_mode="DUAL") == label
    assert gate.refused(account_mode="ISOLATED_EXCHANGE") == of_the_account[label]
    gate.act("DELETE", f"accounts/@master/{what}/{ident}")
    gate.put(position_mode="DUAL")
    gate.put(account_mode="ISOLATED_EXCHANGE")


def test_rows_of_size_zero_do_not_block(gate):
    """A closed position that is still listed is no position."""
    gate.mine("positions", symbol=ADA, qty="0")
    gate.mine("margin_positions", symbol=MARGIN, qty="0")
    assert len(gate.get("/crossex/positions")) == 1
    gate.put(position_mode="DUAL")


@pytest.mark.parametrize(
    ("what", "row", "label"),
    [("orders", {"symbol": ADA}, HAVE_ORDER), ("margin_positions", DEBT, HAVE_POSITION)],
)
def test_in_isolated_mode_only_the_exchange_counts(isolated, what, row, label):
    """What is open on OKX blocks OKX, not Gate; it blocks a change of the account mode."""
    isolated.mine(what, row)
    assert isolated.refused(position_mode="DUAL", exchange_type="OKX") == label
    isolated.put(position_mode="DUAL", exchange_type="GATE")
    assert isolated.refused(account_mode="CROSS_EXCHANGE") != ""


LABELS = [
    # account fields, what is asked, the label
    ({"opened": False}, {"position_mode": "DUAL"}, "USER_NOT_EXIST"),
    ({"deactivated": True}, {"position_mode": "DUAL"}, "USER_DEACTIVATED"),
    ({}, {"position_mode": "SINGLE"}, "TRADE_CHANGE_PZ_MODE_SAME_ERROR"),
    ({"orders": [{"symbol": ADA}]}, {"position_mode": "DUAL"}, HAVE_ORDER),
    ({"positions": [{"symbol": ADA}]}, {"position_mode": "DUAL"}, HAVE_POSITION),
    ({}, {}, "UPDATE_ACCOUNT_PARAMETERS_ALL_EMPTY_ERROR"),
    ({}, {"position_mode": "", "account_mode": None}, "UPDATE_ACCOUNT_PARAMETERS_ALL_EMPTY_ERROR"),
    ({}, {"position_mode": "DUAL", **ISOLATED}, "UPDATE_ACCOUNT_PARAMETERS_ERROR"),
    ({}, {"exchange_type": "OKX"}, "UPDATE_ACCOUNT_EXCHANGE_TYPE_PARAMETERS_ERROR"),
    ({}, {"exchange_type": "OKX", **ISOLATED}, "UPDATE_ACCOUNT_EXCHANGE_TYPE_PARAMETERS_ERROR"),
    ({}, {"account_mode": "isolated_exchange"}, "UPDATE_ACCOUNT_ACCOUNT_MODE_ERROR"),
    ({}, {"position_mode": "DUAL", "exchange_type": "KUCOIN"}, "UPDATE_ACCOUNT_EXCHANGE_TYPE_ERROR"),
    (ISOLATED, {"position_mode": "DUAL"}, "UPDATE_ACCOUNT_PZ_ISOLATED_MODE_NOT_EXCHANGE_TYPE_ERROR"),
    ({"orders": [{"symbol": SPOT}]}, ISOLATED, "UPDATE_ACCOUNT_MODE_OPEN_ORDERS_EXIST_ERROR"),
    ({"margin_positions": [DEBT]}, ISOLATED, "UPDATE_ACCOUNT_MODE_POSITION_NOT_EMPTY_ERROR"),
    ({"initial_margin": {"GATE": "1"}}, ISOLATED, "UPDATE_ACCOUNT_MODE_INITIAL_MARGIN_NOT_ZERO_ERROR"),
    ({"maintenance_margin": {"OKX": "1"}}, ISOLATED, "UPDATE_ACCOUNT_MODE_MAINTENANCE_MARGIN_NOT_ZERO_ERROR"),
    ({"status": "LIQUIDATING"}, ISOLATED, "UPDATE_ACCOUNT_MODE_ACCOUNT_STATUS_NOT_NORMAL_ERROR"),
    (
        {},
        {"position_mode": "DUAL", "exchange_type": "OKX"},
        "UPDATE_ACCOUNT_CROSSEX_MODE_EXCHANGE_TYPE_NOT_CROSSEX_ERROR",
    ),
    (
        ISOLATED,
        {"position_mode": "DUAL", "exchange_type": "CROSSEX"},
        "UPDATE_ACCOUNT_ISOLATED_MODE_EXCHANGE_TYPE_NOT_CROSSEX_ERROR",
    ),
    ({}, {"position_mode": "BOTH"}, "TRADE_INVALID_PZ_MODE_ERROR"),
]


@pytest.mark.parametrize(("fields", "body", "label"), LABELS, ids=[row[2] for row in LABELS])
def test_every_label_by_its_rule(fields, body, label):
    """Each label of the account group comes from the state that it names, and changes nothing."""
    gate = gate_of(fields)
    before = gate.act("GET", "state")["tenants"]
    assert gate.label("PUT", ACCOUNTS, body) == label
    assert gate.act("GET", "state")["tenants"] == before


def test_no_label_is_missing():
    """The table above and the read of an isolated account are all nineteen."""
    assert {row[2] for row in LABELS} | {"QUERY_INVALID_EXCHANGE_TYPE"} >= set(ACCOUNT_LABELS)
    assert len(ACCOUNT_LABELS) == 19


@pytest.mark.parametrize("label", [*ACCOUNT_LABELS, *LEVERAGE_LABELS, "A_LABEL_OF_TOMORROW"])
def test_every_label_on_demand(gate, label):
    """A fault answers any label, known or not, with its status or another; nothing changes."""
    gate.act("POST", "faults", [{"kind": "label", "label": label}, {"kind": "label", "label": label, "status": 409}])
    assert gate.call("PUT", ACCOUNTS, {"position_mode": "DUAL"}, status=400)["label"] == label
    assert gate.call("PUT", ACCOUNTS, {"position_mode": "DUAL"}, status=409)["label"] == label
    assert modes(gate)[2] == "SINGLE"


@pytest.mark.parametrize("count", range(5))
def test_the_order_of_preconditions(count):
    """Orders, positions, initial margin, maintenance margin, status: the first that stands is told."""
    stand = [
        {"orders": [{"symbol": ADA}]},
        {"positions": [{"symbol": ADA, "initial_margin": 0, "maintenance_margin": 0}]},
        {"initial_margin": {"OKX": 1}},
        {"maintenance_margin": {"OKX": 1}},
        {"status": "FROZEN"},
    ]
    words = ["OPEN_ORDERS_EXIST", "POSITION_NOT_EMPTY", "INITIAL_MARGIN_NOT", "MAINTENANCE_MARGIN", "ACCOUNT_STATUS"]
    gate = gate_of({name: value for row in stand[count:] for name, value in row.items()})
    assert words[count] in gate.refused(account_mode="ISOLATED_EXCHANGE")


def test_margins_and_assets_are_told(isolated):
    """Sums of what is set and of the positions' own; in isolated mode the exchange's; the status is not told."""
    isolated.mine("balances", balances={"OKX": {"USDT": "1200", "ADA": "5"}}, liabilities={"OKX": {"ADA": "2"}})
    isolated.mine("positions", symbol=ADA, initial_margin="300", maintenance_margin="20")
    isolated.mine(initial_margin={"OKX": "200", "GATE": "9"}, status="FROZEN")
    row = isolated.get(f"{ACCOUNTS}?exchange_type=OKX")
    names = ("margin_balance", "initial_margin", "maintenance_margin", "initial_margin_rate", "available_margin")
    assert [row[name] for name in names] == ["1200", "500", "20", "2.4", "700"]
    assert [(asset["coin"], asset["balance"], asset["liability"]) for asset in row["assets"]] == [
        ("ADA", "5", "2"),
        ("USDT", "1200", "0"),
    ]
    assert "FROZEN" not in str(row)
    assert isolated.get(f"{ACCOUNTS}?exchange_type=BINANCE")["initial_margin"] == "0"
