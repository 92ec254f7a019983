"""Who may come in at Gate: signatures, the clock, addresses, rights, limits, and how it refuses."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from gate_bench import ACCOUNTS, ADA, gate_of

from acctcfg.sandbox.gate_crossex.auth import sign

ORDER = b'{"contract":"BTC_USD","type":"limit","size":100,"price":6800,"time_in_force":"gtc"}'
QUERY = "contract=BTC_USD&status=finished&limit=50"
PAIR = "symbols=OKX_FUTURE_ADA_USDT,GATE_FUTURE_ADA_USDT"


@pytest.fixture
def gate():
    return gate_of()


@pytest.mark.parametrize(
    ("method", "path", "query", "body", "timestamp", "signature"),
    [
        (
            *("GET", "/api/v4/futures/orders", QUERY, b"", "1541993715"),
            "55f84ea195d6fe57ce62464daaa7c3c02fa9d1dde954e4c898289c9a2407a3d6"
            "fb3faf24deff16790d726b66ac9f74526668b13bd01029199cc4fcc522418b8a",
        ),
        (
            *("POST", "/api/v4/futures/orders", "", ORDER, "1541993715"),
            "eae42da914a590ddf727473aff25fc87d50b64783941061f47a3fdb92742541f"
            "c4c2c14017581b4199a1418d54471c269c03a38d788d802e2c306c37636389f0",
        ),
        (
            *("GET", "/api/v4/crossex/accounts", "", b"", "1541993715"),
            "08404e15a8f9739a2c071a36364a22fe6e2f2584c25fb1806d9474a6993de4c7"
            "2fab9f5d3229b8206be8535759cb14b7c37c4f5d02679b4220014b8e11c384f6",
        ),
        (
            *("GET", "/api/v4/crossex/accounts", "", b"", "1541993715.25"),
            "f97c63641fb45745057df63357960842b56a29b2a299d000fa8e861c4688c222"
            "20360bc4bce638de5d53cf30f046ef9b25594b175e316d099cc3ad07f9bb761b",
        ),
        (
            *("PUT", "/api/v4/crossex/accounts", "", b'{"position_mode":"DUAL"}', "1541993715"),
            "4108da3e2acdb42352de6d44197369c6a269da2d93d44439728a37d8cc7c53e9"
            "a452ec1c931a5e3b38e13ac35ed7afa46a085d9f4ebdaf002490097eaa302634",
        ),
        (
            *("GET", "/api/v4/crossex/positions/leverage", PAIR, b"", "1541993715"),
            "5296a0be040c65fbdaa9f356bf7e1af4a04764d1da6f23114443f85614ba9b58"
            "8db3a011fb09732e4402974ee332b19c7c3b061d84f686d2136bd7bd2807e1dc",
        ),
    ],
    ids=["published read", "published write", "read", "float timestamp", "write", "literal comma"],
)
def test_known_signatures(method, path, query, body, timestamp, signature):
    """The venue's two published signatures, and four of its rule."""
    assert signature == sign("secret", method, path, query, body, timestamp)


@pytest.mark.parametrize("query", ["symbols=OKX_FUTURE_ADA_USDT%2CGATE_FUTURE_ADA_USDT", PAIR])
def test_the_query_is_signed_as_it_reads(gate, query):
    """A comma that is percent-encoded on the wire is signed as a comma."""
    assert len(gate.get(f"/crossex/positions/leverage?{query}")) == 2


@pytest.mark.parametrize(
    ("changed", "label", "status"),
    [
        ({"key": None}, "MISSING_REQUIRED_HEADER", 401),
        ({"sign": None}, "MISSING_REQUIRED_HEADER", 401),
        ({"sign": ""}, "MISSING_REQUIRED_HEADER", 401),
        ({"key": "unknown"}, "INVALID_KEY", 401),
        ({"timestamp": "yesterday"}, "INVALID_CREDENTIALS", 401),
        ({"timestamp": "1541993715"}, "REQUEST_EXPIRED", 401),
        ({"timestamp": "NaN"}, "REQUEST_EXPIRED", 401),
        ({"timestamp": "Infinity"}, "REQUEST_EXPIRED", 401),
        ({"sign": "00"}, "INVALID_SIGNATURE", 401),
        ({"sign": "ä"}, "INVALID_SIGNATURE", 401),
        # several at once: the clock before the signature
        ({"timestamp": "1541993715", "sign": "00"}, "REQUEST_EXPIRED", 401),
    ],
)
def test_refusals_of_credentials(gate, changed, label, status):
    """Each mistake has its label and HTTP status."""
    answer = gate.call("GET", ACCOUNTS, status=status, **changed)
    assert (answer["label"], set(answer)) == (label, {"label", "message"})


def test_the_signature_covers_method_path_query_and_body(gate):
    """What was changed after signing is refused."""
    read = gate.request("GET", "/crossex/positions/leverage?symbols=A")
    write = gate.request("PUT", ACCOUNTS, {"position_mode": "DUAL"})
    for request in (
        replace(read, target=f"{read.target}%2CB"),
        replace(read, target=read.target.replace("positions", "margin_positions")),
        replace(write, body=write.body + b" "),
        replace(write, method="GET"),
    ):
        assert json.loads(gate.app.handle(request).body)["label"] == "INVALID_SIGNATURE"


@pytest.mark.parametrize(
    ("off_s", "speed", "taken"),
    [(59, 1, True), (-59, 1, True), (61, 1, False), (-61, 1, False), (1, 50, True), (2, 50, False)],
)
def test_sixty_seconds_either_way(off_s, speed, taken):
    """Header and server clock may be a minute apart, not more; at fifty times the speed a fiftieth of that."""
    gate = gate_of(speed=speed)
    gate.act("POST", "clock", offset_ms=off_s * 1000)
    assert gate.label("GET", ACCOUNTS) == ("" if taken else "REQUEST_EXPIRED")


def test_a_timestamp_with_decimals(gate):
    """A float is signed as it stands in the header."""
    gate.clock.now += 0.4613833
    assert gate.label("GET", ACCOUNTS, timestamp=f"{gate.clock.now + 61:.7f}") == ""


def test_addresses_of_a_key(gate):
    """A key that is bound to an address signs from there only."""
    gate.mine("keys/bench", ip_whitelist=["203.0.113.7"])
    assert gate.call("GET", ACCOUNTS, status=403)["label"] == "IP_FORBIDDEN"
    assert gate.label("GET", ACCOUNTS, x_sandbox_client_ip="203.0.113.7") == ""
    gate.act("POST", "client_ip", ip="203.0.113.7")
    assert gate.label("GET", ACCOUNTS) == ""


@pytest.mark.parametrize(
    ("perms", "read", "write", "subs"),
    [
        (["crossx"], "", "", "FORBIDDEN"),
        (["crossx:ro"], "", "READ_ONLY", "FORBIDDEN"),
        (["sub_accounts"], "FORBIDDEN", "FORBIDDEN", ""),
        ([], "FORBIDDEN", "FORBIDDEN", "FORBIDDEN"),
    ],
)
def test_permission_groups(gate, perms, read, write, subs):
    """Every group is off, read-only or read-write; every GET is a read, all else a write."""
    gate.mine("keys/bench", perms=perms)
    assert gate.label("GET", ACCOUNTS) == read
    assert gate.label("PUT", ACCOUNTS, {"position_mode": "DUAL"}) == write
    assert gate.label("GET", "/sub_accounts") == subs


def test_users_that_may_not(gate):
    """No CrossEx account, disabled, locked, a key that is frozen: each has its label."""
    gate.mine(opened=False)
    assert gate.label("GET", ACCOUNTS) == "USER_NOT_EXIST"
    assert gate.label("GET", "/sub_accounts") == ""
    gate.mine(opened=True, deactivated=True)
    assert gate.label("GET", ACCOUNTS) == "USER_DEACTIVATED"
    gate.mine(deactivated=False, state=2)
    assert gate.label("GET", ACCOUNTS) == "ACCOUNT_LOCKED"
    gate.mine(state=1)
    gate.mine("keys/bench", state=2)
    assert gate.label("GET", ACCOUNTS) == "INVALID_KEY"


@pytest.mark.parametrize(
    ("method", "target", "body", "limit", "window_s"),
    [
        ("GET", ACCOUNTS, None, 200, 10),
        ("PUT", ACCOUNTS, {}, 100, 60),
        ("GET", "/crossex/positions/leverage", None, 200, 10),
        ("POST", "/crossex/positions/leverage", {}, 100, 10),
        ("POST", "/crossex/margin_positions/leverage", {}, 100, 10),
        ("GET", "/crossex/rule/symbols?symbols=none", None, 200, 10),
        ("GET", "/sub_accounts", None, 80, 10),
        ("POST", "/sub_accounts/{uid}/lock", None, 80, 10),
    ],
)
def test_rate_limits(method, target, body, limit, window_s):
    """So many are answered in a window, the next is 429 and says when; refused requests do not count."""
    gate = gate_of({"sub_accounts": {"desk_1": {}, "desk_2": {}}})
    gate.pause = 0
    subs = gate.act("GET", "state")["tenants"]["desk"]["sub_accounts"]
    target = target.replace("{uid}", subs["desk_1"]["uid"])
    for left in range(limit - 1, -1, -1):
        reply = gate.raw(method, target, body)
        assert reply.status != 429
        assert reply.headers["X-Gate-RateLimit-Requests-Remain"] == str(left)
        assert reply.headers["X-Gate-RateLimit-Limit"] == str(limit)
    for _ in range(3):
        reply = gate.raw(method, target.replace(subs["desk_1"]["uid"], subs["desk_2"]["uid"]), body)
        assert (reply.status, json.loads(reply.body)["label"]) == (429, "TOO_MANY_REQUESTS")
        assert reply.headers["X-Gate-RateLimit-Reset-Timestamp"] == str(int(gate.clock.now) + window_s)
    gate.clock.now += window_s
    assert gate.raw(method, target, body).status != 429
    assert gate.act("GET", "requests")["rate_limited"] == 3


def test_limits_are_the_users_own():
    """One user's limit says nothing of another's, nor of another endpoint's."""
    sub = {"opened": True, "keys": [{"name": "k", "key": "sub-key", "secret": "sub-secret"}]}
    gate = gate_of({"sub_accounts": {"desk_1": sub}})
    gate.pause = 0
    for _ in range(100):
        gate.raw("POST", "/crossex/positions/leverage", {})
    assert gate.label("POST", "/crossex/positions/leverage", {}) == "TOO_MANY_REQUESTS"
    assert gate.label("POST", "/crossex/margin_positions/leverage", {}) == "COMMON_PARAM_BIND_ERROR"
    gate.key, gate.secret = "sub-key", "sub-secret"
    assert gate.label("POST", "/crossex/positions/leverage", {}) == "COMMON_PARAM_BIND_ERROR"


def test_routes_that_are_not_there(gate):
    """An unlisted route is a loud 404 that is counted; so is the older client's path under the newer base."""
    for method, target in (("DELETE", "/crossex/position"), ("GET", "/crossex/crossex/accounts"), ("POST", "")):
        answer = gate.call(method, target, status=404)
        assert f"unlisted route {method} /api/v4{target}" in answer["message"]
    assert gate.act("GET", "requests")["unlisted"][0] == "DELETE /api/v4/crossex/position"
    assert gate.call("DELETE", ACCOUNTS, status=405)["label"] == "METHOD_NOT_ALLOWED"


@pytest.mark.parametrize(
    ("method", "target", "body", "label"),
    [
        ("PUT", ACCOUNTS, b"", "COMMON_PARAM_BIND_ERROR"),
        ("PUT", ACCOUNTS, b"{", "COMMON_PARAM_BIND_ERROR"),
        ("PUT", ACCOUNTS, b"[]", "COMMON_PARAM_BIND_ERROR"),
        ("PUT", ACCOUNTS, b"\xff", "COMMON_PARAM_BIND_ERROR"),
        ("PUT", ACCOUNTS, {"position_mode": 1}, "COMMON_PARAM_BIND_ERROR"),
        ("GET", ACCOUNTS, b"{}", "COMMON_PARAM_BIND_ERROR"),
        ("POST", "/sub_accounts", b"[]", "INVALID_REQUEST_BODY"),
        ("POST", "/sub_accounts", b"{}", "MISSING_REQUIRED_PARAM"),
    ],
)
def test_refusals_of_bodies(gate, method, target, body, label):
    """What can not be read is refused before any rule looks at it."""
    assert gate.label(method, target, body) == label


def test_content_type_and_unknown_fields(gate):
    """A body is JSON and says so; fields that nobody knows are ignored unless a flag is strict."""
    body = {"symbol": ADA, "leverage": "5", "tag": "x"}
    assert gate.label("POST", "/crossex/positions/leverage", body, content_type="text/plain") == "INVALID_CONTENT_TYPE"
    assert gate.label("POST", "/crossex/positions/leverage", body) == ""
    gate.flags(strict_fields=True, strict_get=False)
    assert gate.label("POST", "/crossex/positions/leverage", body) == "COMMON_PARAM_BIND_ERROR"
    assert gate.label("GET", ACCOUNTS, b"{}") == ""


def test_public_needs_no_key(gate):
    """Rules and the clock answer anybody, and the headers tell the venue's time."""
    gate.act("POST", "clock", offset_ms=5000)
    bare = gate.request("GET", "/spot/time")
    reply = gate.app.handle(type(bare)("GET", bare.target, {}))
    now_ms = int(gate.clock.now * 1000) + 5000
    assert json.loads(reply.body) == {"server_time": now_ms}
    assert reply.headers["X-Out-Time"] == str(now_ms * 1000)
    assert reply.headers["Date"] == "Fri, 20 Nov 2026 00:00:05 GMT"


def test_other_ways_to_refuse(gate):
    """Another HTTP status for a label, and `detail` in place of `message`, where the venue may differ."""
    gate.flags(label_status={"TRADE_CHANGE_PZ_MODE_SAME_ERROR": "422"}, detail=True)
    answer = gate.call("PUT", ACCOUNTS, {"position_mode": "SINGLE"}, status=422)
    assert set(answer) == {"label", "detail"}


def test_maintenance(gate):
    """A closed venue answers 503."""
    gate.act("POST", "maintenance", on=True)
    assert gate.call("GET", ACCOUNTS, status=503)["label"] == "TOO_BUSY"
