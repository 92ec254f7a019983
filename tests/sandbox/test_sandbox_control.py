"""The control API, the journal of writes, and seeds."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from acctcfg.sandbox.app import App, Request
from acctcfg.sandbox.okx.replies import CODES
from acctcfg.sandbox.seed_file import read_seed_file
from acctcfg.sandbox.values import SeedError

EXAMPLE = Path(__file__).parents[2] / "examples" / "sandbox-seed.yaml"
SWAP = {"instId": "BTC-USDT-SWAP"}


def http(bench, method, path, body=None, peer="127.0.0.1"):
    """A control call as bytes; status and answer."""
    raw = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    reply = bench.app.handle(Request(method, f"/_sandbox/{path}", {}, raw, peer))
    return reply.status, json.loads(reply.body)


def test_open_and_close(bench):
    """What is opened blocks, what is closed does not: by id, by instrument, or all at once."""
    desk = bench.sub()
    mode = {"posMode": "net_mode"}
    for what in ("positions", "orders", "algos", "bots"):
        status, opened = http(bench, "POST", f"accounts/mmdesk01/{what}", SWAP)
        assert (status, len(opened["ids"])) == (200, 1)
        assert desk.code("POST", "/account/set-position-mode", **mode) == "59000"
        assert http(bench, "DELETE", f"accounts/mmdesk01/{what}/{opened['ids'][0]}")[0] == 200
        assert desk.code("POST", "/account/set-position-mode", **mode) == "0"
        http(bench, "POST", f"accounts/mmdesk01/{what}", [SWAP, {"instId": "ETH-USDT-SWAP"}])
        assert http(bench, "DELETE", f"accounts/mmdesk01/{what}/ETH-USDT-SWAP")[0] == 200
        assert http(bench, "DELETE", f"accounts/mmdesk01/{what}")[0] == 200
        assert desk.code("POST", "/account/set-position-mode", **mode) == "0"
        assert http(bench, "DELETE", f"accounts/mmdesk01/{what}/nothing")[0] == 404


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "words"),
    [
        ("GET", "nowhere", None, 404, "nowhere"),
        ("GET", "state?account=nobody1", None, 404, "nobody1"),
        ("POST", "accounts/nobody1/positions", SWAP, 404, "nobody1"),
        ("POST", "accounts/mmdesk01/positions", {}, 400, "instId"),
        ("POST", "accounts/mmdesk01/positions", {"instId": "NOPE-SWAP"}, 400, "NOPE-SWAP"),
        ("POST", "accounts/mmdesk01/positions", {**SWAP, "mgnMode": "both"}, 400, "mgnMode"),
        ("POST", "accounts/mmdesk01/set", {"acctLevel": "2"}, 400, "acctLevel"),
        ("POST", "accounts/mmdesk01/set", {"enable": "no"}, 400, "true or false"),
        ("POST", "accounts/mmdesk01/set", {"leverage": {"BTC": 3}}, 400, "scope"),
        ("POST", "accounts/mmdesk01/balances", {"pocket": {}}, 400, "pocket"),
        ("POST", "accounts/mmdesk01/keys/none", {}, 404, "none"),
        ("POST", "accounts/mmdesk01/keys/bench", {"perm": "all"}, 400, "perm"),
        ("POST", "accounts/mmdesk01", {}, 400, "exists"),
        ("DELETE", "accounts/@master", None, 400, "master"),
        ("POST", "clock", {}, 400, "offset_ms"),
        ("POST", "flags", {"mood": 1}, 400, "mood"),
        ("POST", "flags", {"preset_enveloped": "yes"}, 400, "preset_enveloped"),
        ("POST", "faults", {"kind": "gremlin"}, 400, "gremlin"),
        ("POST", "faults", {"kind": "delay", "minutes": 1}, 400, "minutes"),
        ("POST", "faults", {"kind": "delay", "match": {"color": "red"}}, 400, "color"),
        ("POST", "faults", {"kind": "code"}, 400, "code"),
        ("POST", "faults", {"kind": "hook"}, 400, "do"),
        ("POST", "reset", b"{", 400, ""),
    ],
)
def test_mistakes_are_named(bench, method, path, body, status, words):
    """A control call that makes no sense says what is wrong, and changes nothing."""
    bench.sub()
    before = bench.state()
    got, answer = http(bench, method, path, body)
    assert (got, words in answer["error"]) == (status, True)
    assert bench.state() == before


def test_loopback_only(bench):
    """Nobody else steers a sandbox."""
    assert http(bench, "GET", "state", peer="203.0.113.7")[0] == 403


def test_state_has_no_secret(bench):
    """Neither the state nor the journal shows a secret or a passphrase."""
    bench.sub()
    path = "/broker/dma/subaccount/apikey"
    (made,) = bench.broker.post(path, subAcct="mmdesk01", label="k", passphrase="Hidden-word-1")
    body = {"subAcct": "mmdesk01", "label": "k", "passphrase": "Hidden-word-2"}
    assert bench.broker.call("POST", path, body, ok_access_sign="x")["code"] == "50113"
    shown = json.dumps([http(bench, "GET", path)[1] for path in ("state", "writes", "requests")])
    shown += repr(bench.app.venues["okx"].state)
    for secret in ("Hidden-word", made["secretKey"], "hushed", "Hushed", bench.broker.secret_key):
        assert secret not in shown


def test_journal_of_writes(bench):
    """Accepted and refused writes stand in order, with what became of them; reads do not."""
    desk = bench.sub()
    desk.get("/account/config")
    desk.post("/account/set-leverage", instId="BTC-USDT-SWAP", lever="3", mgnMode="cross")
    desk.code("POST", "/account/set-leverage", instId="BTC-USDT-SWAP", lever="300", mgnMode="cross")
    desk.call("POST", "/account/set-greeks", {"greeksType": "BS"}, ok_access_sign="x")
    desk.code("POST", "/account/no-such-path", a="b")
    rows = bench.act("GET", "writes")
    assert [(row["path"].rpartition("/")[2], row["account"], row["code"], row["effect"]) for row in rows] == [
        ("set-leverage", "mmdesk01", "0", True),
        ("set-leverage", "mmdesk01", "59102", False),
        ("set-greeks", "mmdesk01", "50113", False),
        ("no-such-path", "mmdesk01", "404", False),
    ]
    assert rows[0]["body"] == {"instId": "BTC-USDT-SWAP", "lever": "3", "mgnMode": "cross"}
    assert rows[2]["body"] == {"greeksType": "BS"}
    counted = bench.act("GET", "requests")
    assert (counted["total"], counted["by_account"]["mmdesk01"]) == (5, 5)
    assert counted["by_path"]["POST /api/v5/account/set-leverage"] == 2
    bench.act("POST", "forget")
    assert (bench.act("GET", "writes"), bench.state()["leverage"]) == ([], {"SWAP/cross/BTC-USDT-SWAP": "3"})


def test_drift_behind_the_clients_back(bench):
    """Any field can be set without asking a rule, also with positions open, and the venue then shows it."""
    desk = bench.sub(positions=[SWAP])
    bench.act("POST", "accounts/mmdesk01/set", acctLv="3", posMode="long_short_mode", label="other", to="18")
    bench.act("POST", "accounts/mmdesk01/set", leverage={"SWAP/cross/BTC-USDT-SWAP": 7, "MARGIN/cross/BTC": 2})
    (config,) = desk.get("/account/config")
    assert (config["acctLv"], config["posMode"]) == ("3", "long_short_mode")
    rows = desk.get("/account/leverage-info?instId=BTC-USDT-SWAP&mgnMode=cross")
    assert {row["lever"] for row in rows} == {"7"}
    bench.act("POST", "accounts/mmdesk01/set", leverage={"SWAP/cross/BTC-USDT-SWAP": None})
    assert bench.state()["leverage"] == {"MARGIN/cross/BTC": "2"}
    bench.act("DELETE", "accounts/mmdesk01/keys/bench")
    assert desk.code("GET", "/account/config") == "50119"
    bench.act("DELETE", "accounts/mmdesk01")
    assert bench.broker.get("/broker/dma/subaccount-info")[0]["details"] == []


def test_reset_goes_back_to_the_seed(bench):
    """Accounts, faults, journal and clock are as at the start."""
    bench.sub()
    bench.act("POST", "faults", kind="delay")
    bench.act("POST", "clock", offset_ms=5)
    bench.act("POST", "reset")
    assert bench.act("GET", "faults") == []
    state = bench.act("GET", "state")
    assert (state["tenants"]["sandbox"]["sub_accounts"], state["offset_ms"]) == ({}, 0)
    assert bench.broker.code("GET", "/account/config") == "0"


def test_several_tenants(bench_from):
    """Users are told apart by their keys; equal names under two of them are two accounts."""
    key = {"label": "m", "secret_key": "w", "passphrase": "w"}
    bench = bench_from(
        {"tenants": {n: {"keys": [{**key, "api_key": f"master-{n}"}], "sub_accounts": {"mmdesk01": {}}} for n in "ab"}}
    )
    bench.act("POST", "accounts/b:mmdesk01/positions", SWAP)
    bench.act("POST", "accounts/b:mmdesk02", {})
    assert [len(bench.state(f"{name}:mmdesk01")["positions"]) for name in "ab"] == [0, 1]
    for name, count in (("a", 1), ("b", 2)):
        bench.broker.api_key, bench.broker.secret_key, bench.broker.passphrase = f"master-{name}", "w", "w"
        assert len(bench.broker.get("/broker/dma/subaccount-info")[0]["details"]) == count
    assert bench.state("a:@master")["uid"] != bench.state("b:@master")["uid"]
    assert bench.state("b") == bench.state("b:@master")


def test_the_example_seed(bench_from):
    """The seed in examples/ loads and is what it says."""
    bench = bench_from(read_seed_file(EXAMPLE).values)
    account = bench.state("mmdesk01")
    assert (account["acctLv"], account["leverage"]["SWAP/cross/BTC-USDT-SWAP"]) == ("3", "10")
    assert (len(account["positions"]), len(account["orders"])) == (1, 1)
    assert bench.state("mmdesk02")["addresses"][0]["chain"] == "USDT-TRC20"
    assert ("SWAP", "ADA-USDT-SWAP") in bench.app.venues["okx"].state.instruments


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("tennants: {}", "tennants"),
        ("tenants: {desk: {key: []}}", "tenants.desk: unknown key 'key'"),
        ("tenants: {desk: {keys: [{label: a}]}}", "tenants.desk.keys"),
        ("tenants: {desk: {sub_accounts: {mmdesk01: {acctlv: 2}}}}", "tenants.desk.sub_accounts.mmdesk01"),
        ("tenants: {desk: {sub_accounts: {mmdesk01: {positions: [{instId: NOPE}]}}}}", "NOPE"),
        ("flags: {mood: good}", "mood"),
        ("instruments: {add: [{instType: SWAP, instId: X}]}", "no SWAP instrument id"),
        ("instruments: {add: [{instId: X-Y-SWAP}]}", "instType"),
        ("tenants: [", "not YAML"),
        ("[1]", "mapping"),
    ],
)
def test_seeds_that_make_no_sense(tmp_path, text, words):
    """Each mistake is named with its place."""
    path = tmp_path / "seed.yaml"
    path.write_text(text)
    with pytest.raises(SeedError) as caught:
        App(read_seed_file(path).values)
    assert words in str(caught.value)


def test_a_seed_error_shows_no_secret(tmp_path):
    """A broken key entry is reported without its secret."""
    path = tmp_path / "seed.yaml"
    path.write_text("tenants: {desk: {keys: [{label: a, api_key: k, secret_key: hush, passphrase: hush, env: mars}]}}")
    with pytest.raises(SeedError) as caught:
        App(read_seed_file(path).values)
    assert "hush" not in str(caught.value)


def test_instruments_of_a_seed(bench_from):
    """The universe can be replaced, added to, and thinned out."""
    row = {"instType": "SWAP", "instId": "ADA-USDT-SWAP", "lever": 25, "state": "suspend"}
    assert list(bench_from({"instruments": {"replace": [row]}}).app.venues["okx"].state.instruments) == [
        ("SWAP", "ADA-USDT-SWAP")
    ]
    bench = bench_from({"instruments": {"add": [row], "remove": ["BTC-USDT"]}, "flags": {"default_leverage": "3"}})
    desk = bench.sub()
    assert desk.get("/account/leverage-info?instId=ADA-USDT-SWAP&mgnMode=cross")[0]["lever"] == "3"
    body = {"instId": "ADA-USDT-SWAP", "lever": "2", "mgnMode": "cross"}
    assert desk.code("POST", "/account/set-leverage", **body) == "51022"
    assert desk.code("GET", "/account/leverage-info?instId=BTC-USDT&mgnMode=cross") == "51001"


def test_fresh_sub_accounts_of_a_seed(bench_from):
    """How new sub-accounts start is the seed's to say."""
    flags = {"fresh_account_mode": "2", "fresh_position_mode": "long_short_mode", "activated_modes": ["1", "2"]}
    bench = bench_from({"flags": flags})
    (made,) = bench.broker.post("/broker/dma/create-subaccount", subAcct="mmdesk01")
    state = bench.state()
    assert (made["acctLv"], state["acctLv"], state["posMode"]) == ("2", "2", "long_short_mode")
    assert state["activated_modes"] == ["1", "2"]


def test_every_code_has_its_status():
    """No refusal is made up: each code in the rules stands in the table with its HTTP status."""
    rules = Path(__file__).parents[2] / "acctcfg" / "sandbox" / "okx"
    used = {code for path in rules.glob("*.py") for code in re.findall(r'"(5\d{4})"', path.read_text())}
    assert used <= set(CODES)
