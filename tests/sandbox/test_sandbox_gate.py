"""Authentication, its order of checks, and the shape of its refusals."""

from __future__ import annotations

import json

import pytest

from acctcfg.sandbox.okx.admission import sign

SECRET = "ACCTCFG0SANDBOX0SECRET0000000001"


@pytest.mark.parametrize(
    ("timestamp", "method", "target", "body", "signature"),
    [
        (
            "2026-01-02T03:04:05.678Z",
            "GET",
            "/api/v5/account/leverage-info?instId=BTC-USDT-SWAP&mgnMode=cross",
            b"",
            "oludkFlPSMR7O4iJdt0oFr9EqcqdNqRfPhmD5sekazk=",
        ),
        (
            "2026-01-02T03:04:05.678Z",
            "POST",
            "/api/v5/account/set-leverage",
            b'{"instId":"BTC-USDT-SWAP","lever":"5","mgnMode":"cross"}',
            "rsnUq6+gUdUAaokrQd6Qro9LjzirA6PT+U2KUh4YR/g=",
        ),
        ("1767323045", "GET", "/users/self/verify", b"", "a6bEGQw1txkYRvxkrBaUXIi7StYGQAaAayVK+hKl0hc="),
    ],
)
def test_known_signatures(timestamp, method, target, body, signature):
    """The signature of a known request is the known one."""
    assert signature == sign(SECRET, timestamp, method, target, body)


CONFIG = "/account/config"
LONG, SHORT = "2001:0DB8:0:0::1", "2001:db8::1"


@pytest.mark.parametrize(
    ("changed", "code", "status"),
    [
        ({"ok_access_key": None}, "50103", 401),
        ({"ok_access_key": ""}, "50103", 401),
        ({"ok_access_sign": None}, "50106", 401),
        ({"ok_access_timestamp": None}, "50107", 401),
        ({"ok_access_passphrase": None}, "50104", 401),
        ({"ok_access_timestamp": "2026-01-02T03:04:05Z"}, "50112", 401),
        ({"ok_access_timestamp": "2026-13-02T03:04:05.000Z"}, "50112", 401),
        ({"ok_access_timestamp": "1767323045"}, "50112", 401),
        ({"ok_access_timestamp": "2026-01-02T03:04:05.678Z"}, "50102", 401),
        ({"ok_access_key": "no key!"}, "50111", 401),
        ({"ok_access_key": "00000000-0000-0000-0000-000000000000"}, "50119", 200),
        ({"x_simulated_trading": None}, "50101", 401),
        ({"x_simulated_trading": "0"}, "50101", 401),
        ({"ok_access_passphrase": "other"}, "50105", 401),
        ({"ok_access_sign": "AAAA"}, "50113", 401),
        ({"ok_access_sign": "ä"}, "50113", 401),
        # several at once: the venue's order decides
        ({"ok_access_sign": None, "ok_access_timestamp": "x"}, "50106", 401),
        ({"ok_access_timestamp": "2026-01-02T03:04:05.678Z", "ok_access_key": "no key!"}, "50102", 401),
        ({"ok_access_passphrase": "other", "ok_access_sign": "AAAA"}, "50105", 401),
        ({"x_simulated_trading": None, "ok_access_passphrase": "other"}, "50101", 401),
    ],
)
def test_refusals_of_credentials(bench, changed, code, status):
    """Each mistake has its code and HTTP status, in a body without data."""
    reply = bench.broker.raw("GET", CONFIG, **changed)
    assert (code, status) == (json.loads(reply.body)["code"], reply.status)
    assert "data" not in json.loads(reply.body)


def test_signature_covers_the_query_and_the_body(bench):
    """A query or a body that was changed after signing is refused."""
    from dataclasses import replace

    read = bench.broker.request("GET", "/account/leverage-info?instId=BTC-USDT-SWAP&mgnMode=cross")
    write = bench.broker.request("POST", "/broker/dma/create-subaccount", {"subAcct": "mmdesk01"})
    for request in (replace(read, target=read.target + "&ccy=BTC"), replace(write, body=write.body + b" ")):
        assert json.loads(bench.app.handle(request).body)["code"] == "50113"


@pytest.mark.parametrize(("off_s", "code"), [(29.9, "0"), (-29.9, "0"), (30.2, "50102"), (-30.2, "50102")])
def test_clock_window(bench, off_s, code):
    """Thirty seconds either way, not more."""
    bench.act("POST", "clock", offset_ms=int(off_s * 1000))
    assert code == bench.broker.code("GET", CONFIG)


def test_speed_shortens_the_clock_window(bench_from):
    """At fifty times the speed a timestamp lives for 0.6 seconds."""
    bench = bench_from(speed=50)
    bench.act("POST", "clock", offset_ms=500)
    assert bench.broker.code("GET", CONFIG) == "0"
    bench.act("POST", "clock", offset_ms=700)
    assert bench.broker.code("GET", CONFIG) == "50102"


def test_allow_list_of_a_key(bench):
    """A key that is bound to an address signs from there only, and the refusal names the caller."""
    desk = bench.sub()
    bench.act("POST", "accounts/mmdesk01/keys/bench", ip="203.0.113.7,203.0.113.8")
    refused = desk.call("GET", CONFIG)
    assert (refused["code"], "127.0.0.1" in refused["msg"]) == ("50110", True)
    assert desk.call("GET", CONFIG, x_sandbox_client_ip="203.0.113.8")["code"] == "0"
    bench.act("POST", "client_ip", ip="203.0.113.7")
    assert desk.code("GET", CONFIG) == "0"


def test_an_address_is_the_same_in_every_spelling(bench):
    """A key that was bound to a long or capital IPv6 address signs from there, and from no other."""
    desk = bench.sub()
    bound = bench.broker.post("/broker/dma/subaccount/modify-apikey", subAcct="mmdesk01", apiKey=desk.api_key, ip=LONG)
    assert bound[0]["ip"] == LONG
    codes = [desk.call("GET", CONFIG, x_sandbox_client_ip=ip)["code"] for ip in (LONG, SHORT, SHORT[:-1] + "2")]
    assert codes == ["0", "0", "50110"]


def test_live_and_demo_keys(bench):
    """A live key takes no demo header; a key for both takes any."""
    desk = bench.sub()
    bench.act("POST", "accounts/mmdesk01/keys/bench", env="live")
    assert desk.code("GET", CONFIG) == "50101"
    assert desk.call("GET", CONFIG, x_simulated_trading="0")["code"] == "0"
    bench.act("POST", "accounts/mmdesk01/keys/bench", env="any")
    assert desk.code("GET", CONFIG) == "0"


def test_permissions(bench):
    """A key that may only read is refused each write, in an envelope with data."""
    desk = bench.sub()
    bench.act("POST", "accounts/mmdesk01/keys/bench", perm="read_only")
    reply = desk.raw("POST", "/account/set-leverage", {})
    assert (reply.status, json.loads(reply.body)["code"], json.loads(reply.body)["data"]) == (200, "50120", [])
    assert desk.code("GET", CONFIG) == "0"


@pytest.mark.parametrize(
    ("body", "content_type", "code", "status"),
    [
        (b"{}", "text/plain", "50006", 400),
        (b"{}", None, "50006", 400),
        (b"", "application/json", "50000", 400),
        (b"{", "application/json", "50002", 400),
        (b"[]", "application/json", "50002", 400),
        (b"\xff", "application/json", "50002", 400),
        ('{"posMode":"net_mode"}'.encode("utf-16"), "application/json", "50002", 400),
        ('{"posMode":"net_mode"}'.encode("utf-8-sig"), "application/json", "50002", 400),
        (b'{"posMode":"\xed\xa0\x80"}', "application/json", "50002", 400),
        (b"{}", "application/json; charset=utf-8", "50014", 400),
    ],
)
def test_refusals_of_bodies(bench, body, content_type, code, status):
    """Content type before emptiness before syntax before parameters."""
    reply = bench.broker.raw("POST", "/broker/dma/create-subaccount", body, content_type=content_type)
    assert (code, status) == (json.loads(reply.body)["code"], reply.status)


def test_wrong_method(bench):
    """A listed path with another method is 50115, after authentication."""
    reply = bench.broker.raw("GET", "/account/set-leverage")
    assert (reply.status, json.loads(reply.body)["code"]) == (405, "50115")
    assert bench.broker.call("GET", "/account/set-leverage", ok_access_sign="x")["code"] == "50113"


def test_unlisted_route_is_loud(bench):
    """What is not served is a 404 that names the route, and is counted."""
    reply = bench.broker.raw("GET", "/account/bills?instType=SWAP")
    assert (reply.status, "GET /api/v5/account/bills" in reply.body.decode()) == (404, True)
    assert bench.act("GET", "requests")["unlisted"] == ["GET /api/v5/account/bills"]


def test_only_a_broker_manages_sub_accounts(bench_from):
    """A sub-account's key is 59604, a user that is no broker 59608."""
    bench = bench_from({"tenants": {"desk": {"broker": False}}})
    bench.act("POST", "accounts/@master/keys", label="m", api_key="plain-master", secret_key="w", passphrase="w")
    desk = bench.sub()
    assert desk.code("GET", "/broker/dma/subaccount-info") == "59604"
    desk.api_key, desk.secret_key, desk.passphrase = "plain-master", "w", "w"
    assert desk.code("GET", "/broker/dma/subaccount-info") == "59608"


def test_public_needs_no_key(bench):
    """The clock is public, and shows the sandbox's own time."""
    bench.clock.now += 100
    bare = bench.broker.request("GET", "/public/time")
    reply = bench.app.handle(type(bare)("GET", bare.target, {}))
    assert json.loads(reply.body) == {"code": "0", "msg": "", "data": [{"ts": str(int(bench.clock.now * 1000))}]}


def test_maintenance(bench):
    """A closed venue answers 50001 with 503, says until when, and keeps its clock open."""
    bench.act("POST", "maintenance", on=True, for_s=60)
    reply = bench.broker.raw("GET", CONFIG)
    assert (reply.status, json.loads(reply.body)["code"]) == (503, "50001")
    (row,) = bench.broker.get("/system/status?state=ongoing")
    assert int(row["end"]) - int(row["begin"]) == 60_000
    assert bench.broker.get("/public/time")
    bench.act("POST", "maintenance", on=False)
    assert bench.broker.get("/system/status") == []
    assert bench.broker.get(CONFIG)


def test_a_request_does_not_print_its_passphrase(bench):
    """Neither headers nor body are in a request's repr."""
    body = {"passphrase": "Hidden-word-1"}
    request = bench.broker.request("POST", "/broker/dma/subaccount/apikey", body)
    assert bench.broker.passphrase not in repr(request)
    assert "Hidden-word" not in repr(request)
