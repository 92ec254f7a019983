"""What the private WebSocket pushes: at first, when something changes, and at intervals."""

from __future__ import annotations

import pytest
from stream_bench import ORDERS, POSITIONS, SWAP, logged_in


@pytest.fixture
def desk(bench):
    return bench.sub()


@pytest.fixture
def wire(bench, desk):
    return logged_in(bench, desk)


def test_positions_are_pushed(wire):
    """What is held at first, in pages; then what changed; a closed one once, with size 0."""
    wire.act("flags", {"snapshot_page_size": 1})
    wire.act("accounts/mmdesk01/positions", [SWAP, {"instId": "ETH-USDT-SWAP"}])
    first = [frame for frame in wire.subscribe(POSITIONS) if "data" in frame]
    assert [(frame["eventType"], frame["curPage"], frame["lastPage"]) for frame in first] == [
        ("snapshot", 1, False),
        ("snapshot", 2, True),
    ]
    assert first[0]["arg"] == {**POSITIONS, "uid": wire.bench.state()["uid"]}
    (frame,) = wire.act("accounts/mmdesk01/positions", {"instId": "SOL-USDT-SWAP", "size": "3"})
    assert (frame["eventType"], [row["pos"] for row in frame["data"]], "curPage" in frame) == (
        "event_update",
        ["3"],
        False,
    )
    (frame,) = wire.act("accounts/mmdesk01/positions/BTC-USDT-SWAP", method="DELETE")
    assert [(row["instId"], row["pos"]) for row in frame["data"]] == [("BTC-USDT-SWAP", "0")]
    assert wire.hear() == []


def test_positions_come_again_at_intervals(wire):
    """Every five seconds unless events alone are wanted; nothing for an account that is flat, unless a flag says so."""
    wire.subscribe(POSITIONS)
    assert wire.wait(6) == []
    wire.act("accounts/mmdesk01/positions", SWAP)
    (frame,) = wire.wait(6)
    assert (frame["eventType"], len(frame["data"])) == ("snapshot", 1)
    wire.say({"op": "unsubscribe", "args": [POSITIONS]})
    events = {**POSITIONS, "extraParams": '{"updateInterval":"0"}'}
    assert [frame["eventType"] for frame in wire.subscribe(events) if "data" in frame] == ["snapshot"]
    assert wire.wait(6) == []
    wire.act("accounts/mmdesk01/positions/all", method="DELETE")
    wire.bench.act("POST", "flags", empty_snapshot=True, close_push=False)
    wire.say({"op": "unsubscribe", "args": [events]})
    assert [frame["data"] for frame in wire.subscribe(POSITIONS) if "data" in frame] == [[]]
    wire.act("accounts/mmdesk01/positions", SWAP)
    assert wire.act("accounts/mmdesk01/positions/all", method="DELETE") == []


def test_a_position_that_takes_margin_by_hand_stays(wire):
    """Closed it comes with size 0, and again at intervals; the channel of balances and positions tells its end once."""
    wire.act("accounts/mmdesk01/set", {"ctIsoMode": "autonomy"})
    wire.act("accounts/mmdesk01/positions", {**SWAP, "mgnMode": "isolated"})
    wire.subscribe(POSITIONS, {"channel": "balance_and_position"})
    event, both = wire.act("accounts/mmdesk01/positions/all", method="DELETE")
    assert (event["eventType"], event["data"][0]["pos"]) == ("event_update", "0")
    assert both["data"][0]["posData"][0]["pos"] == "0"
    (frame,) = wire.wait(6)
    assert (frame["arg"]["channel"], frame["eventType"], frame["data"][0]["pos"]) == ("positions", "snapshot", "0")


def test_filters(wire):
    """By type, family or instrument."""
    wire.subscribe({"channel": "positions", "instType": "SWAP", "instFamily": "ETH-USDT"})
    assert wire.act("accounts/mmdesk01/positions", SWAP) == []
    (frame,) = wire.act("accounts/mmdesk01/positions", {"instId": "ETH-USDT-SWAP"})
    assert frame["data"][0]["instId"] == "ETH-USDT-SWAP"


def test_orders_are_pushed_as_they_change(wire):
    """No snapshot; live when one appears, canceled when it is gone; by a flag each twice."""
    wire.act("accounts/mmdesk01/orders", SWAP)
    assert [frame for frame in wire.subscribe(ORDERS) if "data" in frame] == []
    (frame,) = wire.act("accounts/mmdesk01/orders", {"instId": "BTC-USDT"})
    assert (frame["data"][0]["state"], frame["data"][0]["instType"]) == ("live", "SPOT")
    wire.bench.act("POST", "flags", duplicate_order_frames=True)
    said = wire.act("accounts/mmdesk01/orders/all", method="DELETE")
    assert [frame["data"][0]["state"] for frame in said] == ["canceled"] * 4


def test_algo_orders_have_a_path_of_their_own(bench, desk):
    """Two channels on /business, by kind."""
    wire = logged_in(bench, desk, "business")
    wire.act("accounts/mmdesk01/algos", {**SWAP, "ordType": "twap"})
    said = wire.subscribe({"channel": "orders-algo", "instType": "ANY"}, {"channel": "algo-advance", "instType": "ANY"})
    assert [frame["data"][0]["ordType"] for frame in said if "data" in frame] == ["twap"]
    (frame,) = wire.act("accounts/mmdesk01/algos", {**SWAP, "ordType": "trigger"})
    assert (frame["arg"]["channel"], frame["data"][0]["state"]) == ("orders-algo", "live")
    assert len(wire.act("accounts/mmdesk01/algos/all", method="DELETE")) == 2


def test_the_account_is_pushed(wire):
    """Currencies that are held; later those that changed, also down to nothing."""
    wire.act("accounts/mmdesk01/balances", {"trading": {"USDT": "5", "BTC": "1"}})
    (frame,) = [frame for frame in wire.subscribe({"channel": "account"}) if "data" in frame]
    assert [row["ccy"] for row in frame["data"][0]["details"]] == ["BTC", "USDT"]
    (frame,) = wire.act("accounts/mmdesk01/balances", {"trading": {"USDT": "0"}})
    assert [(row["ccy"], row["eq"]) for row in frame["data"][0]["details"]] == [("USDT", "0")]
    assert frame["eventType"] == "event_update"


def test_the_account_comes_in_pages(wire):
    """A page has so many currencies, and what the account is worth; nothing held is one page without any."""
    (frame,) = [frame for frame in wire.subscribe({"channel": "account"}) if "data" in frame]
    assert (frame["lastPage"], frame["data"][0]["details"]) == (True, [])
    wire.act("flags", {"snapshot_page_size": 2})
    wire.act("accounts/mmdesk01/balances", {"trading": {"USDT": "5", "BTC": "1", "ETH": "2"}})
    said = wire.wait(6)
    assert [(frame["eventType"], frame["curPage"], frame["lastPage"]) for frame in said] == [
        ("snapshot", 1, False),
        ("snapshot", 2, True),
    ]
    assert [[row["ccy"] for row in frame["data"][0]["details"]] for frame in said] == [["BTC", "ETH"], ["USDT"]]
    assert {frame["data"][0]["totalEq"] for frame in said} == {"66005"}


def test_a_debt_that_is_repaid_is_pushed_as_none(wire):
    """The currency comes once more, with nothing held and nothing owed."""
    wire.act("accounts/mmdesk01/balances", {"debts": {"BTC": "0.5"}})
    wire.subscribe({"channel": "account"})
    (frame,) = wire.act("accounts/mmdesk01/balances", {"debts": {"BTC": "0"}})
    (row,) = frame["data"][0]["details"]
    assert (frame["eventType"], row["ccy"], row["eq"], row["liab"], row["crossLiab"]) == (
        "event_update",
        "BTC",
        "0",
        "0",
        "0",
    )


ORDER_PUSH = """
amendResult amendSource code msg reqId execType fillFee fillFeeCcy fillNotionalUsd fillPnl fillPxVol fillPxUsd
fillMarkVol fillFwdPx fillMarkPx fillIdxPx lastPx notionalUsd
"""


def test_pushes_have_the_fields_that_lists_lack(wire, desk):
    """An order says what became of changes and fills, a currency its price and the other name of one amount."""
    desk.pause = 0
    wire.act("accounts/mmdesk01/balances", {"trading": {"BTC": "1"}})
    said = wire.subscribe(ORDERS, {"channel": "account"})
    (coin,) = next(frame["data"][0]["details"] for frame in said if "data" in frame)
    (listed,) = desk.get("/account/balance")[0]["details"]
    assert set(coin) - set(listed) == {"coinUsdPrice", "maxSpotInUseAmt"}
    assert set(listed) - set(coin) == {"maxSpotInUse"}
    assert coin["coinUsdPrice"] == "60000"
    (frame,) = wire.act("accounts/mmdesk01/orders", SWAP)
    assert set(frame["data"][0]) - set(desk.get("/trade/orders-pending")[0]) == set(ORDER_PUSH.split())


def test_balance_and_position(wire, desk):
    """A snapshot, then the half that changed; a leverage that was set is told too."""
    said = [frame for frame in wire.subscribe({"channel": "balance_and_position"}) if "data" in frame]
    assert said[0]["data"][0]["eventType"] == "snapshot"
    (frame,) = wire.act("accounts/mmdesk01/positions", SWAP)
    (row,) = frame["data"]
    assert (row["eventType"], len(row["posData"]), row["balData"]) == ("filled", 1, [])
    (frame,) = wire.act("accounts/mmdesk01/balances", {"trading": {"USDT": "5"}})
    assert frame["data"][0]["eventType"] == "transferred"
    desk.pause = 1
    desk.post("/account/set-leverage", instId="ETH-USDT-SWAP", lever="3", mgnMode="cross")
    assert wire.hear()[0]["data"][0]["eventType"] == "set_leverage"


def test_balances_and_positions_come_in_several_frames(wire):
    """The snapshot is cut as others are, but no frame says which it is; each row comes once."""
    wire.act("flags", {"snapshot_page_size": 2})
    wire.act("accounts/mmdesk01/balances", {"trading": {"USDT": "5"}})
    wire.act("accounts/mmdesk01/positions", [{"instId": f"{ccy}-USDT-SWAP"} for ccy in ("BTC", "ETH", "SOL")])
    said = [frame for frame in wire.subscribe({"channel": "balance_and_position"}) if "data" in frame]
    rows = [frame["data"][0] for frame in said]
    assert [(row["eventType"], len(row["balData"]), len(row["posData"])) for row in rows] == [
        ("snapshot", 1, 2),
        ("snapshot", 0, 1),
    ]
    assert len({held["instId"] for row in rows for held in row["posData"]}) == 3
    assert not any("curPage" in frame for frame in said)


@pytest.mark.parametrize("mode", ["cross", "isolated"])
def test_a_leverage_that_is_set_under_a_position_is_no_fill(wire, desk, mode):
    """The position's row has another leverage, and the channel of balances and positions says set_leverage alone."""
    wire.act("accounts/mmdesk01/positions", {**SWAP, "mgnMode": mode})
    wire.subscribe({"channel": "balance_and_position"}, POSITIONS)
    desk.pause = 1
    desk.post("/account/set-leverage", **SWAP, lever="3", mgnMode=mode)
    told, row = wire.hear()
    assert (told["data"][0]["eventType"], told["data"][0]["posData"]) == ("set_leverage", [])
    assert (row["eventType"], row["data"][0]["lever"]) == ("event_update", "3")
