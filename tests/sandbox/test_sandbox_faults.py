"""Faults, each over a real socket."""

from __future__ import annotations

import http.client
import json
import threading
import time
from dataclasses import replace

import pytest
from patience import LONG_S, PATIENCE_S, until

from acctcfg.sandbox.app import Request
from acctcfg.sandbox.serve import Running, Server, is_loopback

GREEKS = "/account/set-greeks"
BODY = {"greeksType": "BS"}


@pytest.fixture
def served(bench):
    """A sandbox on a socket; the bench's own clock drives it."""
    with Running(app=bench.app) as running:
        yield running


@pytest.fixture
def desk(bench):
    return replace(bench.sub(), pause=3)


def send(served, desk, method="POST", target=GREEKS, body=None, *, timeout=PATIENCE_S):
    """One request on a connection of its own: status, content type, bytes."""
    desk.clock.now += desk.pause
    request = desk.request(method, target, BODY if body is None and method == "POST" else body)
    connection = http.client.HTTPConnection(served.base_url.removeprefix("http://"), timeout=timeout)
    try:
        connection.request(method, request.target, request.body or None, dict(request.headers))
        reply = connection.getresponse()
        return reply.status, reply.headers["Content-Type"], reply.read()
    finally:
        connection.close()


def code(served, desk, **given):
    return json.loads(send(served, desk, **given)[2])["code"]


def greeks(served):
    return served.control_get("state", account="mmdesk01")["greeksType"]


def lay(served, **fault):
    served.control_post("faults", {"match": {"path": "*/set-greeks"}, **fault})


@pytest.mark.parametrize(
    ("fault", "status", "kind", "body", "effect"),
    [
        ({"kind": "status"}, 503, "text/plain", b"", False),
        ({"kind": "status", "status": 500, "body": "oops", "effect": True}, 500, "text/plain", b"oops", True),
        ({"kind": "code", "code": "50026"}, 500, "application/json", b"50026", False),
        ({"kind": "code", "code": "50004", "effect": True}, 400, "application/json", b"50004", True),
        ({"kind": "code", "code": "59000", "msg": "no"}, 200, "application/json", b'"msg":"no"', False),
        ({"kind": "code", "code": "50119"}, 200, "application/json", b'"code":"50119"}', False),
        ({"kind": "garbage"}, 200, "application/json", b'{"code":"0"', False),
        ({"kind": "garbage", "body": "??", "effect": True}, 200, "application/json", b"??", True),
        ({"kind": "html"}, 502, "text/html", b"<html>", False),
        ({"kind": "rate_limited"}, 429, "application/json", b"50011", False),
        ({"kind": "rate_limited_200"}, 200, "application/json", b"50011", False),
        ({"kind": "ok_but_nothing"}, 200, "application/json", b'"code":"0"', False),
    ],
)
def test_spoilt_answers(served, desk, fault, status, kind, body, effect):
    """The client sees the spoilt answer once, and the effect happened only where the fault says so."""
    lay(served, **fault)
    got = send(served, desk)
    assert (got[0], got[1].partition(";")[0]) == (status, kind)
    assert body in got[2]
    assert greeks(served) == ("BS" if effect else "PA")
    (write,) = served.control_get("writes")
    assert (write["effect"], write["fault"]) == (effect, fault["kind"])
    assert code(served, desk) == "0"


STATUSES = {  # every HTTP status but 200 that the venue's tables print beside a code
    400: "50000 50002 50004 50006 50014 50015 50016 50100 51000 53000 53001 53002 53003 53004 53005 53009 53010 53011"
    " 53012 53013 53015 53016 53017 58114 59105 51000_1101",
    401: "50101 50102 50103 50104 50105 50106 50107 50108 50109 50110 50111 50112 50113 50114 53006 53014",
    403: "50035",
    405: "50115",
    410: "50005",
    429: "50011 50013 58102 50011_2",
    500: "50026 51054 51149",
    503: "50001",
    200: "50040 50119 51010 54074 58301 59000 59510 99999",
}


@pytest.mark.parametrize(("status", "codes"), [(status, codes.split()) for status, codes in STATUSES.items()])
def test_a_refusal_on_demand_has_the_status_of_its_code(bench, status, codes):
    """The HTTP status that the venue's tables print beside the code, also where no rule of the sandbox raises it."""
    for code in codes:
        bench.act("POST", "faults", kind="code", code=code)
        reply = bench.broker.raw("GET", "/account/config")
        assert (reply.status, json.loads(reply.body)["code"]) == (status, code)


@pytest.mark.parametrize(("kind", "effect"), [("reset_before", False), ("reset_after", True)])
def test_dropped_connections(served, desk, kind, effect):
    """The connection is reset, before or after the effect."""
    lay(served, kind=kind)
    with pytest.raises(ConnectionResetError):
        send(served, desk)
    assert greeks(served) == ("BS" if effect else "PA")


@pytest.mark.parametrize(("kind", "effect"), [("timeout_before", False), ("timeout_after", True)])
def test_time_outs(served, desk, kind, effect):
    """Nothing comes until the client gives up, before or after the effect."""
    lay(served, kind=kind)
    with pytest.raises(TimeoutError):
        send(served, desk, timeout=0.1)
    until(lambda: served.control_get("writes"))  # the venue may be slower than the client's patience
    assert greeks(served) == ("BS" if effect else "PA")


def test_a_time_out_ends_in_a_reset(served, desk):
    """A client that waits longer sees the connection dropped."""
    lay(served, kind="timeout_before", seconds=0.05)
    with pytest.raises(ConnectionResetError):
        send(served, desk)


def test_delay(served, desk):
    """The answer comes late, and right."""
    lay(served, kind="delay", seconds=0.1)
    started = time.monotonic()
    assert code(served, desk) == "0"
    assert time.monotonic() - started > 0.09


@pytest.mark.parametrize("path", ["faults/all", "faults/1", "reset"])
def test_a_fault_that_is_taken_away_holds_nothing_back(served, desk, path):
    """The answer comes once nobody delays it any more; it is the one that the request got."""
    lay(served, kind="delay", seconds=LONG_S)
    codes = []
    waiting = threading.Thread(target=lambda: codes.append(code(served, desk)))
    waiting.start()
    until(lambda: served.control_get("writes"))
    assert codes == []
    served.control_post(path) if path == "reset" else served.control_delete(path)
    waiting.join(PATIENCE_S)
    assert codes == ["0"]


def test_delayed_effect(served, desk):
    """Success at once, the effect when its time has come."""
    lay(served, kind="delayed_effect", seconds=5)
    assert code(served, desk) == "0"
    assert greeks(served) == "PA"
    desk.clock.now += 4.9
    assert code(served, desk, method="GET", target="/account/config") == "0"
    desk.clock.now += 0.2
    assert greeks(served) == "BS"
    row = json.loads(send(served, desk, method="GET", target="/account/config")[2])["data"][0]
    assert row["greeksType"] == "BS"


def test_a_sub_account_that_was_created_in_part(served, bench):
    """59617: refused, and there all the same."""
    match = {"path": "*/create-subaccount"}
    served.control_post("faults", match=match, kind="code", code="59617", effect=True)
    target = "/broker/dma/create-subaccount"
    assert code(served, bench.broker, target=target, body={"subAcct": "mmdesk09"}) == "59617"
    assert served.control_get("state", account="mmdesk09")["acctLv"] == "1"


def test_which_requests_are_struck(served, desk):
    """The first `after` matches pass, then `times` are struck; other accounts, methods and paths are not counted."""
    match = {"path": "/api/v5/account/set-*", "method": "post", "account": "mmdesk01"}
    served.control_post("faults", match=match, kind="rate_limited", after=1, times=2)
    codes = [code(served, desk) for _ in range(4)]
    assert codes == ["0", "50011", "50011", "0"]
    (fault,) = served.control_get("faults")
    assert (fault["seen"], fault["struck"]) == (4, 2)
    served.control_post("faults", match={"account": "@master"}, kind="rate_limited", times=0)
    assert code(served, desk) == "0"
    assert json.loads(served.app.handle(Request("GET", "/api/v5/public/time", {})).body)["code"] == "0"
    served.control_delete("faults/all")
    assert served.control_get("faults") == []


def test_hook_before_the_nth_write(served, desk):
    """A position opened right before a write reaches the venue blocks that write."""
    steps = [{"path": "accounts/mmdesk01/positions", "body": {"instId": "BTC-USDT-SWAP"}}]
    match = {"path": "*/set-position-mode"}
    served.control_post("faults", match=match, after=1, kind="hook", do=steps)
    given = {"target": "/account/set-position-mode", "body": {"posMode": "net_mode"}}
    assert [code(served, desk, **given) for _ in range(2)] == ["0", "59000"]


def test_speed_shortens_injected_delays(bench_from):
    """A fault's seconds are divided by the speed."""
    bench = bench_from(speed=50)
    bench.act("POST", "faults", kind="delay", seconds=5)
    assert bench.sub().raw("POST", GREEKS, BODY).delay_s == 0.1


def test_control_over_http(served, desk):
    """The control API is there over HTTP as well."""
    connection = http.client.HTTPConnection(served.base_url.removeprefix("http://"))
    body = json.dumps({"instId": "BTC-USDT-SWAP"})
    connection.request("POST", "/_sandbox/accounts/mmdesk01/positions", body)
    assert json.loads(connection.getresponse().read())["ids"]
    connection.request("GET", "/_sandbox/state?account=mmdesk01")
    assert len(json.loads(connection.getresponse().read())["positions"]) == 1
    connection.close()


def test_the_signature_covers_the_bytes_as_sent(served, desk):
    """A percent-encoded query is verified as it was sent."""
    ids = "BTC-USDT-SWAP%2CETH-USDT-SWAP"
    target = f"/account/leverage-info?instId={ids}&mgnMode=cross"
    assert len(json.loads(send(served, desk, method="GET", target=target)[2])["data"]) == 2


def test_servers_come_and_go():
    """A server that has stopped leaves no thread behind; of two at once each has a port of its own."""

    def running():
        return sum(thread.name == "sandbox" for thread in threading.enumerate())

    before = running()
    for _ in range(3):
        with Running():
            assert running() == before + 1
    assert running() == before
    with Running() as one, Running() as two:
        assert one.base_url != two.base_url


def test_stopping_waits_for_nobody(bench):
    """A server with an idle connection and a request that a fault holds back stops at once."""
    desk = bench.sub()
    with Running(app=bench.app) as served:
        lay(served, kind="timeout_before", seconds=LONG_S)
        idle = http.client.HTTPConnection(served.base_url.removeprefix("http://"))
        idle.request("GET", "/api/v5/public/time")
        assert idle.getresponse().read()
        with pytest.raises(TimeoutError):
            send(served, desk, timeout=0.05)
        until(lambda: served.control_get("writes"))
        started = time.monotonic()
    assert time.monotonic() - started < PATIENCE_S
    idle.close()


def test_errors_of_control_reach_python(served):
    """The Python helpers raise what the HTTP calls answer."""
    with pytest.raises(ValueError, match="nobody1"):
        served.control_post("accounts/nobody1/positions", instId="BTC-USDT-SWAP")


def test_loopback_only(bench):
    """No other address is served."""
    assert all(is_loopback(host) for host in ("127.0.0.1", "localhost", "::1"))
    assert not any(is_loopback(host) for host in ("203.0.113.7", "example.com", ""))
    with pytest.raises(ValueError, match="loopback"):
        Server(bench.app, host="0.0.0.0")  # noqa: S104
