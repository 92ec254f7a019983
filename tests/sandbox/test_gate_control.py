"""One sandbox, two venues: seeds that hold both, the control API, faults and the journal for Gate."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlencode

import pytest
from gate_bench import ACCOUNTS, ADA, KEY, MARGIN, SECRET, SPOT, Clock, Gate, gate_of
from hypothesis import given, settings
from hypothesis import strategies as st

from acctcfg.sandbox.app import App, Request
from acctcfg.sandbox.gate_crossex.replies import LABELS
from acctcfg.sandbox.gate_crossex.routes import ROUTES
from acctcfg.sandbox.sandbox import default_seed, with_venue
from acctcfg.sandbox.seed_file import read_seed_file
from acctcfg.sandbox.serve import Running
from acctcfg.sandbox.values import SeedError
from acctcfg.sandbox.venues import VENUES
from examples import some

EXAMPLE = Path(__file__).parents[2] / "examples" / "gate-seed.yaml"
FUTURES = "/crossex/positions/leverage"


@pytest.fixture
def gate():
    return gate_of({"sub_accounts": {"desk_1": {"opened": True}}})


def http(gate, method, path, body=None):
    """A control call as bytes; status and answer."""
    raw = b"" if body is None else json.dumps(body).encode()
    reply = gate.app.handle(Request(method, f"/_sandbox/{path}", {}, raw))
    return reply.status, json.loads(reply.body)


def test_both_venues_side_by_side(bench_from):
    """One seed, one server, one journal: each key signs at its own venue only."""
    keys = [{"name": "bench", "key": KEY, "secret": SECRET}]
    okx = default_seed(VENUES)["tenants"]["sandbox"]
    bench = bench_from({"tenants": {"sandbox": okx, "desk": {"venue": "gate_crossex", "keys": keys}}})
    gate = Gate(bench.app, bench.clock)
    gate.put(position_mode="DUAL")
    assert bench.broker.post("/broker/dma/create-subaccount", subAcct="mmdesk01")
    assert {name: tenant["venue"] for name, tenant in bench.act("GET", "state")["tenants"].items()} == {
        "sandbox": "okx",
        "desk": "gate_crossex",
    }
    assert [row["path"] for row in bench.act("GET", "writes")] == [
        "/api/v4/crossex/accounts",
        "/api/v5/broker/dma/create-subaccount",
    ]
    assert bench.act("GET", "accounts/desk")["account_mode"] == "CROSS_EXCHANGE"
    assert bench.act("GET", "accounts/desk:@master")["venue"] == "gate_crossex"
    assert bench.act("GET", "accounts/@master")["acctLv"] == "1"
    assert bench.act("GET", "requests")["by_path"]["PUT /api/v4/crossex/accounts"] == 1
    bench.act("POST", "accounts/desk:desk_1", opened=True)
    assert bench.act("GET", "accounts/desk_1")["venue"] == "gate_crossex"


def test_over_sockets():
    """The same on a real connection, with the venue's headers on the answer."""
    import urllib.request

    with Running(with_venue(default_seed(VENUES), VENUES, "gate_crossex")) as sandbox:
        with urllib.request.urlopen(f"{sandbox.base_url}/api/v4/crossex/rule/symbols?symbols={ADA}") as reply:  # noqa: S310
            assert json.loads(reply.read())[0]["symbol"] == ADA
            assert reply.headers["X-Gate-RateLimit-Limit"] == "200"
            assert len(reply.headers.get_all("Date")) == 1
        with urllib.request.urlopen(f"{sandbox.base_url}/api/v5/public/time") as reply:  # noqa: S310
            assert json.loads(reply.read())["code"] == "0"


def test_behind_the_clients_back(gate):
    """Any field can be set without asking a rule, also with positions open, and the venue then shows it."""
    gate.mine("positions", symbol=ADA)
    gate.mine(account_mode="ISOLATED_EXCHANGE", position_mode={"OKX": "DUAL"}, leverage={ADA: 9})
    assert gate.get(f"{ACCOUNTS}?exchange_type=OKX")["position_mode"] == "DUAL"
    assert gate.get(FUTURES) == [{"symbol": ADA, "leverage": 9}]
    gate.mine(leverage={ADA: None})
    assert gate.get(FUTURES) == []
    gate.act("POST", "accounts/desk_1/set", remark="other", state=2)
    assert (gate.get("/sub_accounts")[0]["remark"], gate.get("/sub_accounts")[0]["state"]) == ("other", 2)
    gate.act("DELETE", "accounts/desk_1")
    assert gate.get("/sub_accounts") == []


def test_open_and_close(gate):
    """One, several, or a number of them; closed by id, by symbol, or all at once."""
    assert len(gate.mine("orders", symbol=ADA, count=3)["ids"]) == 3
    (ident, _) = gate.mine("orders", [{"symbol": SPOT}, {"symbol": MARGIN}])["ids"]
    for which, left in ((ident, 4), (ADA, 1), ("all", 0)):
        assert http(gate, "DELETE", f"accounts/@master/orders/{which}")[0] == 200
        assert len(gate.get("/crossex/open_orders")) == left
    assert http(gate, "DELETE", f"accounts/@master/positions/{ADA}")[0] == 404


def test_what_is_held_outlives_its_symbol(gate):
    """A symbol that is taken off the list takes nothing along: what stands open in it is still answered."""
    reads = ("/crossex/positions", "/crossex/margin_positions", "/crossex/open_orders", ACCOUNTS)
    gate.mine("positions", symbol=ADA)
    gate.mine("margin_positions", symbol=MARGIN)
    gate.mine("orders", [{"symbol": ADA}, {"symbol": MARGIN}, {"symbol": SPOT}])
    before = [len(gate.get(path)) for path in reads]
    for name in (ADA, MARGIN, SPOT):
        gate.act("DELETE", f"gate_crossex/symbols/{name}")
    assert [len(gate.get(path)) for path in reads] == before
    assert before[:3] == [1, 1, 3]
    assert gate.refused(account_mode="ISOLATED_EXCHANGE") != ""


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "words"),
    [
        ("GET", "accounts/nobody", None, 404, "nobody"),
        ("PUT", "accounts/desk_1/set", {}, 404, "PUT"),
        ("POST", "accounts/desk_1", {}, 400, "exists"),
        ("POST", "accounts/none:desk_2", {}, 404, "none"),
        ("DELETE", "accounts/@master", None, 400, "main account"),
        ("POST", "accounts/desk_1/set", {"posMode": "x"}, 400, "posMode"),
        ("POST", "accounts/desk_1/set", {"opened": "yes"}, 400, "true or false"),
        ("POST", "accounts/desk_1/set", {"account_mode": "CROSSED"}, 400, "CROSSED"),
        ("POST", "accounts/desk_1/set", {"position_mode": "NET"}, 400, "NET"),
        ("POST", "accounts/desk_1/set", {"position_mode": {"OKX": "NET"}}, 400, "NET"),
        ("POST", "accounts/desk_1/set", {"leverage": {"ADA": 3}}, 400, "ADA"),
        ("POST", "accounts/desk_1/set", {"state": 3}, 400, "1, 2"),
        ("POST", "accounts/desk_1/positions", {}, 400, "symbol"),
        ("POST", "accounts/desk_1/positions", {"symbol": MARGIN}, 400, "FUTURE"),
        ("POST", "accounts/desk_1/orders", {"symbol": "NOPE"}, 400, "NOPE"),
        ("POST", "accounts/desk_1/balances", {"USDT": "1"}, 400, "USDT"),
        ("POST", "accounts/desk_1/balances", {"balances": {"USDT": "1"}}, 400, "by exchange"),
        ("POST", "accounts/desk_1/keys", {"name": "k"}, 400, "needs key"),
        ("POST", "accounts/desk_1/keys/none", {}, 404, "none"),
        ("POST", "accounts/@master/keys/bench", {"perms": ["everything"]}, 400, "perms"),
        ("POST", "accounts/@master/keys/bench", {"perm": "x"}, 400, "perm"),
        ("POST", "gate_crossex/flags", {"mood": 1}, 400, "mood"),
        ("POST", "gate_crossex/flags", {"profile": "next"}, 400, "next"),
        ("POST", "gate_crossex/flags", {"label_status": {"NOPE": 400}}, 400, "NOPE"),
        ("POST", "gate_crossex/flags", {"effects_come": "no"}, 400, "effects_come"),
        ("POST", "faults", {"kind": "label"}, 400, "kind label needs label"),
    ],
)
def test_mistakes_are_named(gate, method, path, body, status, words):
    """A control call that makes no sense says what is wrong, and changes nothing."""
    before = gate.act("GET", "state")["tenants"]
    got, answer = http(gate, method, path, body)
    assert (got, words in answer["error"]) == (status, True), answer
    assert gate.act("GET", "state")["tenants"] == before


@pytest.mark.parametrize(
    ("tenant", "words"),
    [
        ({"venue": "kraken"}, "kraken"),
        ({"profile": "next"}, "next"),
        ({"acctLv": "2"}, "acctLv"),
        ({"sub_accounts": {"a": {"acctLv": "2"}}}, "sub_accounts.a"),
        ({"keys": [{"name": "a", "key": "b"}]}, "needs secret"),
        ({"keys": [{"name": "a", "key": "b", "secret": "c"}] * 2}, "twice"),
        ({"account_mode": "ISOLATED_EXCHANGE", "position_mode": "DUAL"}, "map by exchange"),
    ],
)
def test_seeds_that_make_no_sense(tenant, words):
    """The place and the word are named, never a secret."""
    with pytest.raises(SeedError, match=words):
        App({"tenants": {"desk": {"venue": "gate_crossex", **tenant}}})


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ({"flags": {"mood": 1}}, "mood"),
        ({"symbols": {"add": [{"symbol": "ADA"}]}}, "ADA"),
        ({"tenants": {}}, "tenants"),
    ],
)
def test_gate_parts_that_make_no_sense(part, words):
    """Flags and symbols of Gate's own, each checked by name."""
    with pytest.raises(SeedError, match=words):
        App({"gate_crossex": part})


def test_symbols_of_ones_own():
    """A seed adds, removes or replaces them."""
    added = {"add": [{"symbol": "BYBIT_FUTURE_ADA_USDT", "leverage_max": 50}], "remove": [ADA]}
    gate = gate_of(gate_crossex={"symbols": added, "flags": {"exchanges": ["BINANCE", "OKX", "GATE", "BYBIT"]}})
    assert gate.label("POST", FUTURES, {"symbol": "BYBIT_FUTURE_ADA_USDT", "leverage": "50"}) == ""
    assert gate.label("POST", FUTURES, {"symbol": ADA, "leverage": "5"}) == "TRADE_SYM_NOT_SUPPORT"
    only = gate_of(gate_crossex={"symbols": {"replace": [{"symbol": ADA}]}})
    assert len(only.get("/crossex/rule/symbols")) == 1


def test_reset_goes_back_to_the_seed(gate):
    """Accounts, flags, and effects that were still to come."""
    gate.pause = 0.1
    gate.put(position_mode="DUAL")
    gate.flags(profile="current")
    gate.act("POST", "reset")
    gate.pause = 61
    assert gate.get(ACCOUNTS)["position_mode"] == "SINGLE"
    assert gate.get(FUTURES) == []


def test_the_example_seed():
    """It loads, holds both venues, and its keys sign."""
    values = read_seed_file(EXAMPLE).values
    clock = Clock()
    app = App(values, wall=clock, ticks=clock)
    assert {tenant.get("venue", "okx") for tenant in values["tenants"].values()} == {"okx", "gate_crossex"}
    for tenant in values["tenants"].values():
        if tenant.get("venue") == "gate_crossex":
            key = tenant["keys"][0]
            assert Gate(app, clock, key["key"], key["secret"]).label("GET", "/sub_accounts") == ""


@pytest.mark.parametrize(
    ("fault", "status", "body"),
    [
        ({"kind": "rate_limited"}, 429, b"TOO_MANY_REQUESTS"),
        ({"kind": "code", "code": "SERVER_ERROR"}, 500, b"SERVER_ERROR"),
        ({"kind": "label", "label": "INTERNAL", "effect": True}, 500, b"INTERNAL"),
        ({"kind": "status", "status": 404}, 404, b""),
        ({"kind": "garbage"}, 200, b'{"user_id"'),
        ({"kind": "html"}, 502, b"<html>"),
    ],
)
def test_faults_speak_the_venues_language(gate, fault, status, body):
    """Labels in place of codes, a bare 404 without JSON; an effect only where the fault says so."""
    gate.act("POST", "faults", match={"path": "*/positions/leverage", "account": "@master", "method": "POST"}, **fault)
    reply = gate.raw("POST", FUTURES, {"symbol": ADA, "leverage": "7"})
    assert (reply.status, body in reply.body) == (status, True)
    assert len(gate.get(FUTURES)) == bool(fault.get("effect"))


def test_a_fault_that_delays_an_effect(gate):
    """So long, and no longer, is a second change refused."""
    gate.act("POST", "faults", kind="delayed_effect", seconds=120, match={"method": "PUT"})
    gate.put(position_mode="DUAL")
    assert gate.refused(position_mode="DUAL") == "TRADE_UNSUPPORTED_OPERATION"
    assert gate.get(ACCOUNTS)["position_mode"] == "DUAL"
    assert gate.refused(position_mode="DUAL") == "TRADE_CHANGE_PZ_MODE_SAME_ERROR"


def test_a_position_opened_right_before_the_write(gate):
    """A hook acts at a chosen moment; the venue checks again, and refuses."""
    step = {"path": "accounts/@master/positions", "body": {"symbol": ADA}}
    gate.act("POST", "faults", kind="hook", match={"path": "*/accounts", "method": "PUT"}, do=[step])
    assert gate.refused(position_mode="DUAL") == "TRADE_PZ_MODE_HAVE_POSITION_ERROR"


WORD_LIST = """
SINGLE DUAL CROSS_EXCHANGE ISOLATED_EXCHANGE CROSSEX BINANCE OKX GATE OKX_FUTURE_ADA_USDT OKX_MARGIN_ADA_USDT
GATE_SPOT_BTC_USDT FUTURE SPOT desk_1 1 2 0 -1 2.5 1e9 203.0.113.7 crossx spot true USDT ² ß ,
"""
NAME_LIST = """
position_mode account_mode exchange_type symbol symbols leverage business_type coin login_name remark password email
name mode perms ip_whitelist type
"""
WORDS = st.sampled_from([*WORD_LIST.split(), "", "\ud800"])
PLAIN = st.text(max_size=8) | st.integers() | st.floats() | st.booleans() | st.none()
ROW = st.fixed_dictionaries({"name": WORDS | PLAIN, "read_only": PLAIN})
VALUES = WORDS | PLAIN | st.lists(WORDS | ROW, max_size=2)


@settings(max_examples=some(300), deadline=None)
@given(
    route=st.sampled_from(ROUTES),
    params=st.dictionaries(st.sampled_from(NAME_LIST.split()), VALUES, max_size=4),
    mode=st.sampled_from(["CROSS_EXCHANGE", "ISOLATED_EXCHANGE"]),
    profile=st.sampled_from(["seed", "current"]),
)
def test_every_answer_is_the_venues(route, params, mode, profile):
    """Any parameters of any kind get a success or a label with its HTTP status; a refusal changes nothing."""
    key = {"name": "k", "key": "sub-key", "secret": "sub-secret"}
    main = {"account_mode": mode, "profile": profile, "positions": [{"symbol": ADA}]}
    gate = gate_of({**main, "sub_accounts": {"desk_1": {"uid": "77", "keys": [key]}}})
    before = gate.act("GET", "state")["tenants"]
    target = route.path.replace("{user_id}", "77").replace("{key}", "sub-key")
    if route.method == "GET":
        words = {name: str(value) for name, value in params.items() if value is not None}
        target += "?" + urlencode(words, errors="replace")
    reply = gate.raw(route.method, target, None if route.method == "GET" else params)
    if reply.status >= 300:
        label = json.loads(reply.body)["label"]
        assert reply.status == LABELS[label][0]
    else:
        assert reply.status in (200, 201, 202, 204)
        assert bool(reply.body) == (reply.status != 204)
    if reply.status >= 300 or route.method == "GET":
        assert gate.act("GET", "state")["tenants"] == before
    assert json.dumps(gate.act("GET", "writes"))
