"""Rate limits: the documented numbers, counted strictly per user and endpoint."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acctcfg.sandbox.pace import Bucket

LEVERAGE = "/account/leverage-info?instId=BTC-USDT-SWAP&mgnMode=cross"


@pytest.mark.parametrize(
    ("method", "target", "limit", "window_s"),
    [
        ("GET", "/account/config", 5, 2),
        ("POST", "/account/set-position-mode", 5, 2),
        ("POST", "/account/set-leverage", 20, 2),
        ("GET", LEVERAGE, 20, 2),
        ("GET", "/account/adjust-leverage-info", 5, 2),
        ("GET", "/account/instruments?instType=SWAP", 20, 2),
        ("POST", "/account/set-account-level", 5, 2),
        ("GET", "/account/set-account-switch-precheck?acctLv=2", 5, 2),
        ("GET", "/account/positions", 10, 2),
        ("GET", "/trade/orders-pending", 60, 2),
        ("GET", "/trade/orders-algo-pending?ordType=oco", 20, 2),
        ("GET", "/asset/balances", 6, 1),
        ("POST", "/broker/dma/create-subaccount", 40, 1),
        ("GET", "/broker/dma/subaccount-info", 1, 1),
        ("POST", "/broker/dma/set-subaccount-level", 5, 2),
        ("POST", "/broker/dma/subaccount/apikey", 40, 1),
        ("GET", "/broker/dma/subaccount/apikey?subAcct=mmdesk01", 1, 1),
        ("POST", "/broker/dma/subaccount/delete-apikey", 10, 1),
        ("POST", "/asset/broker/dma/subaccount-deposit-address", 10, 1),
        ("GET", "/asset/broker/dma/subaccount-deposit-address", 6, 1),
        ("POST", "/account/mmp-config", 2, 10),
        ("GET", "/system/status", 1, 5),
    ],
)
def test_limits(bench, method, target, limit, window_s):
    """Exactly the documented number passes in a window, and one more once the window has moved on."""
    desk = bench.broker
    desk.pause = 0
    codes = [desk.call(method, target, {} if method == "POST" else None)["code"] for _ in range(limit + 1)]
    assert "50011" not in codes[:-1]
    assert codes[-1] == "50011"
    desk.pause = window_s - 0.001
    assert desk.call(method, target, {} if method == "POST" else None)["code"] == "50011"
    desk.pause = 0.002
    assert desk.call(method, target, {} if method == "POST" else None)["code"] != "50011"


def test_both_shapes_of_the_refusal(bench):
    """HTTP 429 without data, or by flag HTTP 200 with it; the counters know how many."""
    bench.broker.pause = 0
    bench.broker.get("/broker/dma/subaccount-info")
    reply = bench.broker.raw("GET", "/broker/dma/subaccount-info")
    assert (reply.status, "data" in json.loads(reply.body)) == (429, False)
    bench.act("POST", "flags", rate_limit_status=200)
    reply = bench.broker.raw("GET", "/broker/dma/subaccount-info")
    assert (reply.status, json.loads(reply.body)["data"]) == (200, [])
    counted = bench.act("GET", "requests")
    assert counted["rate_limited"] == 2
    (bucket,) = counted["buckets"]
    assert (bucket["limit"], bucket["refused"], bucket["most_in_window"]) == (1, 2, 3)


def test_what_shares_a_limit_and_what_does_not(bench):
    """Accounts, methods and instrument types count apart; the older path of an endpoint counts with the newer."""
    one, two = bench.sub("mmdesk01"), bench.sub("mmdesk02")
    one.pause = two.pause = bench.broker.pause = 0
    assert [desk.code("GET", "/account/config") for desk in (one, two) for _ in range(5)] == ["0"] * 10
    types = ("SWAP", "FUTURES")
    codes = [one.code("GET", f"/account/instruments?instType={kind}") for kind in types for _ in range(20)]
    assert codes == ["0"] * 40
    assert bench.broker.code("GET", "/broker/dma/subaccount-info") == "0"
    assert bench.broker.code("GET", "/broker/nd/subaccount-info") == "50011"


def test_two_keys_of_one_account_share(bench):
    """The limit belongs to the user, not to the key."""
    desk = bench.sub()
    bench.act("POST", "accounts/mmdesk01/keys", label="b", api_key="second-key", secret_key="w", passphrase="w")
    desk.pause = 0
    assert [desk.code("GET", "/account/config") for _ in range(5)] == ["0"] * 5
    desk.api_key, desk.secret_key, desk.passphrase = "second-key", "w", "w"
    assert desk.code("GET", "/account/config") == "50011"


def test_speed_shortens_windows(bench_from):
    """At a speed of 10 a window of one second lasts a tenth."""
    bench = bench_from(speed=10)
    bench.broker.pause = 0.101
    assert [bench.broker.code("GET", "/broker/dma/subaccount-info") for _ in range(3)] == ["0"] * 3
    bench.broker.pause = 0.05
    assert bench.broker.code("GET", "/broker/dma/subaccount-info") == "50011"


@given(gaps=st.lists(st.integers(0, 40), max_size=80), limit=st.integers(1, 8))
def test_no_window_admits_more_than_its_limit(gaps, limit):
    """Whatever the arrivals, no span of the window's length holds more admitted requests than the limit."""
    bucket, now, admitted = Bucket(limit, 100), 0, []
    for gap in gaps:
        now += gap
        if bucket.admits(now):
            admitted.append(now)
        else:
            assert sum(at > now - 100 for at in admitted) == limit
    for at in admitted:
        assert sum(at - 100 < other <= at for other in admitted) <= limit
