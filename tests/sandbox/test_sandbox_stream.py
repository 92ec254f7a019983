"""The private WebSocket: login, subscriptions, and every way that a connection ends."""

from __future__ import annotations

import asyncio
import json
import time

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from patience import PATIENCE_S
from stream_bench import ORDERS, POSITIONS, SWAP, connect, logged_in, login

from acctcfg.sandbox.app import Request
from acctcfg.sandbox.faults import KINDS, OF_HANDSHAKES
from acctcfg.sandbox.serve import Running
from examples import some


@pytest.fixture
def desk(bench):
    return bench.sub()


@pytest.fixture
def wire(bench, desk):
    return logged_in(bench, desk)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"sign": "x"}, "60007"),
        ({"passphrase": "x"}, "60024"),
        ({"apiKey": "x"}, "60005"),
        ({"apiKey": "unknown-key-1"}, "60032"),
        ({"timestamp": "soon"}, "60004"),
        ({"timestamp": "1600000000"}, "60006"),
    ],
)
def test_a_login_that_fails_ends_the_connection(bench, desk, changed, code):
    """With the code that fits, or by a flag with 60009; then 4001."""
    wire = connect(bench)
    (said,) = wire.say(login(desk, bench.clock.now, **changed))
    assert (said["event"], said["code"], wire.closed) == ("error", code, 4001)
    bench.act("POST", "flags", ws_login_error="60009")
    (said,) = connect(bench).say(login(desk, bench.clock.now, **changed))
    assert said["code"] == "60009"


@pytest.mark.parametrize("speed", [1, 50, 1000])
def test_a_login_in_whole_seconds_is_in_time_at_any_speed(bench_from, speed):
    """The time of a login is cut to the second, and up to a second older than the clock."""
    bench = bench_from(speed=speed)
    wire = connect(bench)
    bench.clock.now += 0.999
    assert wire.say(login(bench.sub(), bench.clock.now))[0]["event"] == "login"


def test_a_key_bound_elsewhere_does_not_log_in(bench, desk):
    """60009: the address is not the key's."""
    bench.act("POST", "accounts/mmdesk01/keys/bench", ip="203.0.113.7")
    wire = connect(bench)
    assert wire.say(login(desk, bench.clock.now))[0]["code"] == "60009"
    there = connect(bench, **{"x-sandbox-client-ip": "203.0.113.7"})
    assert there.say(login(desk, bench.clock.now))[0]["code"] == "0"
    bench.act("POST", "accounts/mmdesk01/keys/bench", ip="2001:0DB8::1")
    there = connect(bench, **{"x-sandbox-client-ip": "2001:db8::1"})
    assert there.say(login(desk, bench.clock.now))[0]["code"] == "0"


def test_subscriptions_are_acknowledged(wire):
    """One answer per argument, with the request's id, and how many connections the channel has."""
    said = wire.say({"id": "a1", "op": "subscribe", "args": [POSITIONS, ORDERS]})
    acks = [frame for frame in said if frame["event"] == "subscribe"]
    assert [(frame["id"], frame["arg"]) for frame in acks] == [("a1", POSITIONS), ("a1", ORDERS)]
    counts = [(frame["channel"], frame["connCount"]) for frame in said if frame["event"] == "channel-conn-count"]
    assert counts == [("positions", "1"), ("orders", "1")]
    (said,) = wire.say({"op": "unsubscribe", "args": [ORDERS]})
    assert (said["event"], said["arg"]) == ("unsubscribe", ORDERS)
    wire.bench.act("POST", "flags", ws_ack="args")
    assert wire.subscribe(ORDERS)[0]["args"] == [ORDERS]


@pytest.mark.parametrize(
    ("path", "frame", "code"),
    [
        ("private", "{", "60012"),
        ("private", {"op": "subscribe", "argss": []}, "60012"),
        ("private", {"op": "subscribe", "args": []}, "60013"),
        ("private", {"op": "subscribe", "args": [POSITIONS], "id": "a b"}, "60013"),
        ("private", {"op": "order", "args": [POSITIONS]}, "60019"),
        ("private", {"op": "subscribe", "args": [{"channel": "tickets"}]}, "60018"),
        ("private", {"op": "subscribe", "args": [{"channel": "positions"}]}, "60013"),
        ("private", {"op": "subscribe", "args": [{**POSITIONS, "colour": "red"}]}, "60013"),
        ("private", {"op": "subscribe", "args": [{"channel": "orders-algo", "instType": "ANY"}]}, "64002"),
        ("business", {"op": "subscribe", "args": [POSITIONS]}, "60018"),
        ("public", {"op": "subscribe", "args": [POSITIONS]}, "64001"),
        ("private", {"op": "subscribe", "args": [POSITIONS]}, "60011"),
    ],
)
def test_requests_that_are_refused(bench, path, frame, code):
    """Each with its code; what can not be read is repeated whole in the message."""
    wire = connect(bench, path)
    (said,) = wire.say(frame)
    assert (said["event"], said["code"]) == ("error", code)
    if code == "60012":
        assert (frame if isinstance(frame, str) else json.dumps(frame)) in said["msg"]


WORDS = st.sampled_from(
    [
        "ping",
        "login",
        "subscribe",
        "op",
        "args",
        "channel",
        "positions",
        "orders",
        "instType",
        "ANY",
        "extraParams",
        "\ud800",
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)
ARGS = st.dictionaries(st.sampled_from(["channel", "instType", "extraParams", "ccy", "sign", "apiKey"]), VALUES)


@pytest.mark.slow
@settings(max_examples=some(300), deadline=None)
@given(
    text=st.text(max_size=20)
    | VALUES.map(json.dumps)
    | st.builds(lambda op, args: json.dumps({"op": op, "args": args}), WORDS, st.lists(ARGS, max_size=2)),
    inside=st.booleans(),
)
def test_whatever_is_said_is_answered(bench_from, text, inside):
    """No frame of any kind ends in anything but an event or a pong."""
    bench = bench_from()
    wire = logged_in(bench, bench.sub()) if inside else connect(bench)
    for frame in wire.say(text):
        assert frame == "pong" or frame.get("event") or frame["data"] is not None


def test_a_quiet_connection_ends(wire):
    """After thirty seconds in which nothing was said; a ping is something."""
    wire.subscribe(ORDERS)
    for _ in range(3):
        assert wire.wait(20) == []
        assert wire.say("ping") == ["pong"]
    wire.wait(30)
    assert wire.closed == 4004


def test_a_connection_that_subscribes_to_nothing_ends(wire):
    """Thirty seconds after it began, however often it pings, and also where what it asked for was refused."""
    wire.subscribe({"channel": "tickets"})
    wire.wait(20)
    assert (wire.say("ping"), wire.closed) == (["pong"], None)
    wire.wait(10)
    assert wire.closed == 4004


@pytest.mark.parametrize("edit", [("POST", {"perm": "read_only"}), ("DELETE", {})])
def test_a_key_that_changes_ends_its_connections(wire, edit):
    """4007, for a change and for a deletion; other accounts' keys do not matter."""
    wire.bench.sub("mmdesk02")
    wire.act("accounts/mmdesk02/keys/bench", {}, method="DELETE")
    assert wire.closed is None
    wire.act("accounts/mmdesk01/keys/bench", edit[1], method=edit[0])
    assert wire.closed == 4007


def test_a_deleted_key_is_heard_until_it_stops_signing(wire, desk):
    """Where a deletion takes a while to be felt: then the connection ends with 4007, and the key logs in no more."""
    wire.act("flags", {"key_delay_s": 10})
    wire.act("accounts/mmdesk01/keys/bench", {}, method="DELETE")
    assert (wire.wait(9), wire.closed) == ([], None)
    wire.wait(1)
    assert wire.closed == 4007
    late = connect(wire.bench)
    (said,) = late.say(login(desk, wire.bench.clock.now))
    assert (said["event"], said["code"], late.closed) == ("error", "60032", 4001)
    assert desk.code("GET", "/account/config") == "50119"


def test_a_forced_end_is_announced(bench, desk):
    """64008 on the path that is named, and the end when the lead time is over."""
    private, business = logged_in(bench, desk), logged_in(bench, desk, "business")
    private.subscribe(ORDERS)
    business.subscribe({"channel": "orders-algo", "instType": "ANY"})
    assert bench.act("POST", "sockets/warn", {"path": "*/business"}) == {"sockets": 1}
    (said,) = business.hear()
    assert (said["event"], said["code"], private.hear()) == ("notice", "64008", [])
    business.say("ping")
    private.say("ping")
    business.wait(29)
    business.say("ping")
    private.say("ping")
    business.wait(29)
    assert business.closed is None
    private.say("ping")
    business.wait(3)
    assert (business.closed, private.closed) == (1001, None)


def test_connections_are_seen_and_cut(wire):
    """The control API lists them, closes them with a code, or cuts them; a reset cuts all."""
    wire.subscribe(ORDERS)
    (shown,) = wire.bench.act("GET", "sockets")
    assert (shown["path"], shown["account"], shown["channels"]) == ("/ws/v5/private", "mmdesk01", [ORDERS])
    assert wire.bench.act("POST", "sockets/close", account="mmdesk02", code=4006) == {"sockets": 0}
    assert wire.bench.act("POST", "sockets/close", account="mmdesk01", code=4006) == {"sockets": 1}
    assert wire.closed == 4006
    wire.bench.act("POST", "reset")
    assert wire.stream.dropped


def test_the_thirty_first_connection_is_ended(bench, desk):
    """Of an account, on a counted channel."""
    wires = [logged_in(bench, desk) for _ in range(31)]
    said = [wire.subscribe(ORDERS)[1] for wire in wires]
    assert (said[29]["event"], said[29]["connCount"]) == ("channel-conn-count", "30")
    assert said[30]["event"] == "channel-conn-count-error"
    assert wires[30].act("accounts/mmdesk01/orders", SWAP) == []
    assert len(wires[0].hear()) == 1


def test_a_key_has_a_hundred_subscriptions(bench, desk):
    """On all its connections; the one too many ends its own with 4003, and another key is not concerned."""
    first, second = logged_in(bench, desk), logged_in(bench, desk)
    first.subscribe(*({**ORDERS, "instId": f"A{number}-USDT-SWAP"} for number in range(60)))
    second.subscribe(*({**ORDERS, "instId": f"A{number}-USDT-SWAP"} for number in range(40)))
    other = logged_in(bench, bench.sub("mmdesk02"))
    other.subscribe(ORDERS)
    assert (first.closed, second.closed) == (None, None)
    second.subscribe(ORDERS)
    assert (first.closed, second.closed, other.closed) == (None, 4003, None)


def test_arguments_of_a_request_are_bounded(wire):
    """64 KB of them are taken, and more end the connection with 1009."""
    long = {**ORDERS, "instId": "A" * 60_000}
    assert wire.subscribe(long)[0]["event"] == "subscribe"
    assert (wire.subscribe({**ORDERS, "instId": "A" * 65_536}), wire.closed) == ([], 1009)


def test_handshakes_are_paced_and_faulted(bench):
    """Three connections a second from one address, and faults on the path."""
    asked = Request("GET", "/ws/v5/private", {})
    assert [getattr(bench.app.connect(asked), "status", 101) for _ in range(4)] == [101, 101, 101, 429]
    bench.clock.now += 2
    bench.act("POST", "faults", kind="reset_before", match={"path": "/ws/v5/*"})
    assert bench.app.connect(asked).fate == "reset"
    bench.act("POST", "faults", kind="status", match={"path": "/ws/v5/*"})
    assert bench.app.connect(asked).status == 503
    assert bench.app.connect(Request("GET", "/ws/v5/nowhere", {})).status == 404
    assert bench.act("GET", "requests")["by_path"]["GET /ws/v5/private"] == 6


@pytest.mark.parametrize("kind", sorted(set(KINDS) - set(OF_HANDSHAKES)))
def test_a_fault_of_answers_leaves_handshakes_alone(bench, desk, kind):
    """Laid for every path it spoils answers, and the connection is made; a hook is carried out before."""
    bench.act("POST", "faults", kind=kind, times=0, code="50001", label="BUSY", reads=1)
    bench.act("POST", "faults", kind="hook", do=[{"path": "accounts/mmdesk01/orders", "body": SWAP}])
    assert logged_in(bench, desk).subscribe(POSITIONS)[0]["event"] == "subscribe"
    assert len(bench.state()["orders"]) == 1
    assert bench.act("GET", "faults")[0]["struck"] == 0


def test_over_a_socket(bench, desk):
    """A real client logs in, hears of a close, and sees the connection cut."""
    bench.app.world.wall = bench.app.world.ticks = time.time
    heard = []

    async def run(running):
        url = running.base_url.replace("http", "ws") + "/ws/v5/private"
        async with aiohttp.ClientSession() as session, session.ws_connect(url) as ws:
            await ws.send_json(login(desk, time.time()))
            await ws.send_json({"op": "subscribe", "args": [POSITIONS]})
            for _ in range(4):
                heard.append(await ws.receive_json(timeout=PATIENCE_S))
            await asyncio.to_thread(running.control_delete, "accounts/mmdesk01/positions/all")
            heard.append(await ws.receive_json(timeout=PATIENCE_S))
            await asyncio.to_thread(running.control_post, "sockets/drop")
            ended = await ws.receive(timeout=PATIENCE_S)
            return ended.type

    bench.act("POST", "accounts/mmdesk01/positions", SWAP)
    with Running(app=bench.app) as running:
        kind = asyncio.run(run(running))
    events = [frame.get("event") or frame["eventType"] for frame in heard]
    assert events == ["login", "subscribe", "channel-conn-count", "snapshot", "event_update"]
    assert heard[-1]["data"][0]["pos"] == "0"
    assert kind in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR, aiohttp.WSMsgType.CLOSE)
