"""Positions, orders, algo orders, bots and balances, and the public lists."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from examples import some

SWAP = {"instId": "BTC-USDT-SWAP"}


def test_positions_by_filter(bench):
    """Only open positions, unless asked for by name: then closed ones too, with size 0."""
    desk = bench.sub(
        positions=[{**SWAP, "size": "3"}, {"instId": "ETH-USDT-SWAP", "size": "-1", "mgnMode": "isolated"}]
    )
    rows = desk.get("/account/positions")
    assert {(row["instId"], row["pos"], row["mgnMode"], row["posSide"]) for row in rows} == {
        ("BTC-USDT-SWAP", "3", "cross", "net"),
        ("ETH-USDT-SWAP", "-1", "isolated", "net"),
    }
    bench.act("DELETE", "accounts/mmdesk01/positions/BTC-USDT-SWAP")
    assert [row["instId"] for row in desk.get("/account/positions?instType=SWAP")] == ["ETH-USDT-SWAP"]
    (closed,) = desk.get("/account/positions?instId=BTC-USDT-SWAP")
    assert closed["pos"] == "0"
    assert desk.get(f"/account/positions?posId={closed['posId']}") == [closed]
    assert desk.get("/account/positions?instType=MARGIN") == []
    assert desk.code("GET", "/account/positions?instId=NOPE-USDT") == "51001"
    assert desk.code("GET", "/account/positions?instType=STOCK") == "51000"
    assert desk.code("GET", "/account/positions?instId=" + ",".join(["BTC-USDT-SWAP"] * 11)) == "50025"


HELD = (
    "/account/positions",
    "/account/account-position-risk",
    "/trade/orders-pending",
    "/trade/orders-pending?instFamily=ETH-USDT",
    "/trade/orders-algo-pending?ordType=conditional",
    "/tradingBot/grid/orders-algo-pending?algoOrdType=contract_grid",
    "/tradingBot/grid/orders-algo-pending?algoOrdType=grid",
    "/tradingBot/recurring/orders-algo-pending",
    "/tradingBot/signal/orders-algo-pending?algoOrdType=contract",
    "/account/collateral-assets",
    "/account/set-account-switch-precheck?acctLv=2",
    "/account/set-account-switch-precheck?acctLv=4",
)


def test_what_is_held_outlives_its_instrument(bench):
    """An instrument that is taken off the list takes nothing along: what stands open in it is answered as before."""
    swap, pair, bots = "ETH-USDT-SWAP", "ETH-USDT", ("contract_grid", "grid", "recurring", "signal")
    desk = bench.sub(
        acctLv="3",
        positions=[{"instId": swap, "size": "3"}, {"instId": pair, "size": "1"}],
        orders=[{"instId": swap}, {"instId": pair}],
        algos=[{"instId": swap}],
        bots=[{"instId": pair if kind in ("grid", "recurring") else swap, "kind": kind} for kind in bots],
    )
    bench.act("POST", "flags", portfolio_caps={"ETH-USDT": "1"})
    before = {path: desk.get(path) for path in HELD}
    for inst_id in (swap, pair):
        bench.act("DELETE", f"instruments/{inst_id}")
    timeless = [path for path in HELD if "risk" not in path]
    assert {path: desk.get(path) for path in timeless} == {path: before[path] for path in timeless}
    assert all(before[path] for path in timeless)
    assert [len(desk.get("/account/account-position-risk")[0]["posData"])] == [2]
    assert desk.code("GET", f"/account/leverage-info?instId={swap}&mgnMode=cross") == "51001"
    assert desk.code("POST", "/account/set-leverage", instId="BTC-USDT-SWAP", lever="9", mgnMode="cross") == "0"
    assert desk.code("POST", "/account/set-position-mode", posMode="long_short_mode") == "59000"


def test_a_position_shows_the_leverage_of_its_scope(bench):
    """It moves with set-leverage, and is empty for a cross contract in portfolio margin."""
    desk = bench.sub(positions=[SWAP, {"instId": "BTC-USDT", "size": "1"}])
    desk.post("/account/set-leverage", instId="BTC-USDT-SWAP", lever="9", mgnMode="cross")
    levers = {row["instId"]: (row["lever"], row["posCcy"]) for row in desk.get("/account/positions")}
    assert levers == {"BTC-USDT-SWAP": ("9", ""), "BTC-USDT": ("5", "BTC")}
    bench.act("POST", "accounts/mmdesk01/set", acctLv="4")
    assert {row["lever"] for row in desk.get("/account/positions?instId=BTC-USDT-SWAP")} == {""}
    assert len(desk.get("/account/account-position-risk")[0]["posData"]) == 2


def test_signs_of_positions(bench):
    """Only contracts in net mode have a sign; a short margin position names its quote currency."""
    desk = bench.sub(positions=[{**SWAP, "size": "-2"}, {"instId": "BTC-USDT", "size": "-1"}])
    rows = {row["instType"]: (row["pos"], row["posCcy"]) for row in desk.get("/account/positions")}
    assert rows == {"SWAP": ("-2", ""), "MARGIN": ("1", "USDT")}


def test_a_hedged_position_has_a_side(bench):
    """In long/short mode a row names its side."""
    desk = bench.sub(posMode="long_short_mode", positions=[SWAP, {**SWAP, "posSide": "short"}])
    assert {row["posSide"] for row in desk.get("/account/positions")} == {"long", "short"}


def test_filters_of_pending_orders(bench):
    """Spot orders are there too; type, instrument, family, kind and state narrow the list."""
    desk = bench.sub(
        orders=[
            {"instId": "BTC-USDT"},
            {"instId": "BTC-USDT", "tdMode": "cross"},
            {"instId": "BTC-USD-271231", "ordType": "post_only"},
            {**SWAP, "state": "partially_filled"},
        ]
    )

    def kinds(query):
        return {(row["instType"], row["tdMode"]) for row in desk.get(f"/trade/orders-pending?{query}")}

    assert kinds("") == {("SPOT", "cash"), ("MARGIN", "cross"), ("FUTURES", "cross"), ("SWAP", "cross")}
    assert kinds("instType=SPOT") == {("SPOT", "cash")}
    assert kinds("instId=BTC-USDT") == {("SPOT", "cash"), ("MARGIN", "cross")}
    assert kinds("instType=FUTURES&instFamily=BTC-USD") == {("FUTURES", "cross")}
    assert kinds("ordType=post_only,fok") == {("FUTURES", "cross")}
    assert kinds("state=partially_filled") == {("SWAP", "cross")}
    assert desk.code("GET", "/trade/orders-pending?state=filled") == "51000"
    (row,) = desk.get("/trade/orders-pending?instType=SPOT")
    assert (row["reduceOnly"], row["lever"], len(row)) == ("false", "", 52)


def paged(desk, path, id_field, limit):
    """Every page until a short one."""
    pages, after = [], ""
    while True:
        page = desk.get(f"{path}limit={limit}" + (f"&after={after}" if after else ""))
        pages.append(page)
        if len(page) < limit:
            return [row[id_field] for page in pages for row in page]
        after = page[-1][id_field]


@pytest.mark.parametrize(
    ("what", "path", "id_field"),
    [
        ("orders", "/trade/orders-pending?", "ordId"),
        ("algos", "/trade/orders-algo-pending?ordType=conditional&", "algoId"),
        ("bots", "/tradingBot/grid/orders-algo-pending?algoOrdType=contract_grid&", "algoId"),
        ("spreads", "/sprd/orders-pending?", "ordId"),
        ("copies", "/copytrading/current-subpositions?", "subPosId"),
    ],
)
def test_pages_hold_everything_once(bench, what, path, id_field):
    """Following `after` until a short page meets every row once, newest first."""
    desk = bench.sub()
    ids = bench.act("POST", f"accounts/mmdesk01/{what}", {**SWAP, "count": 230})["ids"]
    assert paged(desk, path, id_field, 100) == ids[::-1]
    assert len(desk.get(path)) == 100
    assert desk.code("GET", f"{path}limit=0") == "51000"
    assert desk.code("GET", f"{path}after=x") == "51000"


@settings(max_examples=some(40), deadline=None)
@given(
    count=st.integers(0, 12),
    limit=st.integers(1, 12),
    after=st.none() | st.integers(-1, 13),
    before=st.none() | st.integers(-1, 13),
)
def test_bounds_of_a_page(bench_from, count, limit, after, before):
    """Both bounds are exclusive; only with `before` alone are the oldest rows of the span the ones that are shown."""
    bench = bench_from()
    desk = bench.sub(orders=[{"instId": "BTC-USDT", "ordId": str(100 + number)} for number in range(count)])
    query = f"limit={limit}" + "".join(
        f"&{name}={100 + bound}" for name, bound in (("after", after), ("before", before)) if bound is not None
    )
    found = [int(row["ordId"]) - 100 for row in desk.get(f"/trade/orders-pending?{query}")]
    span = [n for n in reversed(range(count)) if (after is None or n < after) and (before is None or n > before)]
    assert found == (span[-limit:] if before is not None and after is None else span[:limit])


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("", "50014"),
        ("conditional", "0"),
        ("conditional,oco", "0"),
        ("oco,trigger", "51000"),
        ("limit", "51000"),
        *((kind, "0") for kind in ("chase", "trigger", "move_order_stop", "iceberg", "twap", "smart_iceberg")),
    ],
)
def test_algo_types(bench, words, code):
    """One type a call; only conditional and oco go together."""
    assert code == bench.sub().code("GET", f"/trade/orders-algo-pending?ordType={words}")


def test_algos_by_type(bench):
    """Each type shows its own."""
    desk = bench.sub(algos=[{**SWAP, "ordType": kind} for kind in ("conditional", "oco", "trigger", "twap")])
    for words, expected in (("conditional,oco", {"conditional", "oco"}), ("twap", {"twap"}), ("chase", set())):
        rows = desk.get(f"/trade/orders-algo-pending?ordType={words}")
        assert {row["ordType"] for row in rows} == expected


@pytest.mark.parametrize(
    ("kind", "inst_id", "path"),
    [
        ("grid", "BTC-USDT", "grid/orders-algo-pending?algoOrdType=grid"),
        ("contract_grid", "BTC-USDT-SWAP", "grid/orders-algo-pending?algoOrdType=contract_grid"),
        ("recurring", "BTC-USDT", "recurring/orders-algo-pending"),
        ("signal", "BTC-USDT-SWAP", "signal/orders-algo-pending?algoOrdType=contract"),
        ("contract_dca", "BTC-USDT-SWAP", "dca/ongoing-list?algoOrdType=contract_dca"),
        ("spot_dca", "BTC-USDT", "dca/ongoing-list?algoOrdType=spot_dca"),
    ],
)
def test_each_kind_of_bot_has_its_list(bench, kind, inst_id, path):
    """A bot shows in the list of its kind and in no other."""
    desk = bench.sub()
    ids = bench.act("POST", "accounts/mmdesk01/bots", {"kind": kind, "instId": inst_id})["ids"]
    assert [row["algoId"] for row in desk.get(f"/tradingBot/{path}")] == ids
    others = ("grid?", "contract_grid?")
    seen = sum(len(desk.get(f"/tradingBot/grid/orders-algo-pending?algoOrdType={other[:-1]}")) for other in others)
    assert seen == (1 if kind in ("grid", "contract_grid") else 0)


@pytest.mark.parametrize(
    ("account", "instrument", "listed"),
    [
        ({"ctIsoMode": "autonomy"}, {"instId": "BTC-USDT-SWAP", "mgnMode": "isolated"}, ["0"]),
        ({"ctIsoMode": "autonomy"}, {"instId": "BTC-USDT-SWAP", "mgnMode": "cross"}, []),
        ({"ctIsoMode": "autonomy"}, {"instId": "BTC-USDT", "instType": "MARGIN", "mgnMode": "isolated"}, []),
        ({"mgnIsoMode": "autonomy"}, {"instId": "BTC-USDT", "instType": "MARGIN", "mgnMode": "isolated"}, ["0"]),
        ({"mgnIsoMode": "autonomy"}, {"instId": "BTC-USDT-SWAP", "mgnMode": "isolated"}, []),
        ({}, {"instId": "BTC-USDT-SWAP", "mgnMode": "isolated"}, []),
    ],
)
def test_a_closed_position_that_takes_margin_by_hand_stays_in_the_list(bench, account, instrument, listed):
    """With size 0: what is open is told by the size, not by the row. It blocks nothing."""
    desk = bench.sub(**account)
    bench.act("POST", "accounts/mmdesk01/positions", instrument)
    bench.act("DELETE", "accounts/mmdesk01/positions/all")
    assert [row["pos"] for row in desk.get("/account/positions")] == listed
    assert desk.code("POST", "/account/set-position-mode", posMode="long_short_mode") == "0"


def test_a_row_shows_the_leverage_of_what_is_borrowed(bench):
    """Where leverage is by currency: who sells a pair borrows its base, who buys it its quote."""
    desk = bench.sub(acctLv="3", leverage={"MARGIN/cross/BTC": "3", "MARGIN/cross/USDT": "7"})
    paths = {"orders": "/trade/orders-pending", "algos": "/trade/orders-algo-pending?ordType=conditional"}
    for what, path in paths.items():
        rows = [{"instId": "BTC-USDT", "tdMode": "cross", "side": side} for side in ("sell", "buy")]
        bench.act("POST", f"accounts/mmdesk01/{what}", rows)
        assert {row["side"]: row["lever"] for row in desk.get(path)} == {"sell": "3", "buy": "7"}
    sizes = [{"instId": "BTC-USDT", "instType": "MARGIN", "size": size} for size in ("-1", "1")]
    bench.act("POST", "accounts/mmdesk01/positions", sizes)
    assert {row["posCcy"]: row["lever"] for row in desk.get("/account/positions")} == {"USDT": "3", "BTC": "7"}


GRID = """
actualLever algoClOrdId algoId algoOrdType availEq basePos cTime cancelType direction floatProfit gridNum gridProfit
instFamily instId instType investment lever liqPx maxPx minPx pnlRatio quoteSz baseSz runType state stopType sz tag
totalPnl uTime uly
"""


@pytest.mark.parametrize(("kind", "inst_id"), [("grid", "BTC-USDT"), ("contract_grid", "BTC-USDT-SWAP")])
def test_a_grids_row_has_every_field(bench, kind, inst_id):
    """Those without a value are empty, not absent."""
    desk = bench.sub()
    bench.act("POST", "accounts/mmdesk01/bots", {"kind": kind, "instId": inst_id})
    (row,) = desk.get(f"/tradingBot/grid/orders-algo-pending?algoOrdType={kind}")
    assert set(row) == set(GRID.split())


@pytest.mark.parametrize(
    "path", ["grid/orders-algo-pending", "signal/orders-algo-pending", "dca/ongoing-list?algoOrdType=grid"]
)
def test_bot_lists_want_their_type(bench, path):
    """A missing type is 50014, a wrong one 51000."""
    assert bench.sub().code("GET", f"/tradingBot/{path}") == ("51000" if "=" in path else "50014")


def test_balances(bench):
    """Zero currencies are dropped, also when asked for; debts show; the funding account is apart."""
    desk = bench.sub(trading={"USDT": "100", "BTC": "0"}, funding={"ETH": "2"}, debts={"BTC": "0.1"}, acctLv="3")
    (row,) = desk.get("/account/balance?ccy=USDT,BTC,ETH")
    details = {detail["ccy"]: (detail["eq"], detail["liab"]) for detail in row["details"]}
    assert (details, row["totalEq"]) == ({"USDT": ("100", "0"), "BTC": ("0", "0.1")}, "100")
    assert desk.get("/account/balance?ccy=ETH")[0]["details"] == []
    assert desk.get("/asset/balances") == [{"ccy": "ETH", "bal": "2", "frozenBal": "0", "availBal": "2"}]
    assert [(r["ccy"], r["maxWd"]) for r in desk.get("/account/max-withdrawal")] == [("USDT", "100")]


def test_the_universe(bench):
    """The instruments that guides and manifests name are there, public and private lists agree."""
    desk = bench.sub()
    found = {}
    for kind in ("SPOT", "MARGIN", "SWAP", "FUTURES"):
        rows = desk.get(f"/public/instruments?instType={kind}")
        assert rows == desk.get(f"/account/instruments?instType={kind}")
        found[kind] = {row["instId"]: row for row in rows}
    assert {"LTC-BTC", "BTC-USDT", "LTC-USDT", "ETH-USDT", "BTC-USDC"} <= set(found["MARGIN"])
    assert {"BTC-USD-271231", "BTC-USD-280331", "ETH-USDT-271231"} <= set(found["FUTURES"])
    um = found["SWAP"]["BTC-USD_UM-SWAP"]
    assert (um["uly"], um["instFamily"], um["ctType"]) == ("BTC-USD", "BTC-USD_UM", "linear")
    coin = found["SWAP"]["BTC-USD-SWAP"]
    assert (coin["settleCcy"], coin["ctType"], coin["lever"]) == ("BTC", "inverse", "100")
    assert {row["state"] for row in found["FUTURES"].values()} == {"live", "suspend", "preopen"}
    assert {row["lever"] for row in found["SWAP"].values()} >= {"100", "50", "20", "5"}
    assert found["SPOT"]["BTC-USDT"]["lever"] == ""
    assert desk.get("/public/instruments?instType=OPTION&instFamily=BTC-USD") == []
    assert desk.code("GET", "/public/instruments?instType=OPTION") == "50015"
    assert desk.code("GET", "/public/instruments") == "50014"
    assert desk.code("GET", "/public/instruments?instType=SWAP&instId=NOPE-USDT-SWAP") == "51001"


def test_expired_contracts_disappear(bench):
    """After its day a future is neither listed nor known to leverage."""
    desk = bench.sub()
    bench.clock.now += 500 * 24 * 3600
    ids = {row["instId"] for row in desk.get("/public/instruments?instType=FUTURES")}
    assert ("BTC-USD-271231" in ids, "BTC-USD-280331" in ids) == (False, False)
    assert desk.code("GET", "/account/leverage-info?instId=BTC-USD-271231&mgnMode=cross") == "51001"


def test_position_tiers(bench):
    """The first tier has the instrument's maximum, and leverage falls with size."""
    for query in (
        "instType=SWAP&tdMode=cross&instFamily=BTC-USDT",
        "instType=MARGIN&tdMode=cross&instId=BTC-USDT",
        "instType=MARGIN&tdMode=cross&ccy=BTC",
    ):
        levers = [float(row["maxLever"]) for row in bench.broker.get(f"/public/position-tiers?{query}")]
        assert levers == sorted(levers, reverse=True)
        assert levers[0] == (100 if "SWAP" in query else 10)
    assert bench.broker.code("GET", "/public/position-tiers?instType=SWAP&tdMode=cross") == "50014"
    assert bench.broker.code("GET", "/public/position-tiers?instType=MARGIN&tdMode=cross") == "50015"
