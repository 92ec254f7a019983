"""Who may steer a sandbox: programs of this machine, and no web page in its browser."""

from __future__ import annotations

import contextlib
import http.client
import json
import urllib.error
import urllib.request

import pytest

from acctcfg.sandbox.app import Request
from acctcfg.sandbox.serve import Running


def asked(bench, method="POST", path="reset", body=b"", **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    reply = bench.app.handle(Request(method, f"/_sandbox/{path}", named, body))
    return reply.status, json.loads(reply.body)


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:8700"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"host": "evil.example:8700"},
        {"host": "127.0.0.1.evil.example"},
        {"host": "[::1].evil.example"},
        {"host": "localhost.evil.example:8700"},
        {"host": "192.0.2.1"},
        {"host": ""},
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_web_page_is_refused(bench, method, headers):
    """A page can post to loopback, and a rebound name lets it read: neither gets in, nothing changes."""
    bench.sub()
    before = bench.act("GET", "state")["tenants"]
    path = "state" if method == "GET" else "reset"
    assert asked(bench, method, path, **headers)[0] == 403
    assert bench.act("GET", "state")["tenants"] == before


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"host": "127.0.0.1:8700"},
        {"host": "localhost"},
        {"host": "LOCALHOST:8700"},
        {"host": "[::1]:8700"},
        {"host": "127.0.0.1:8700", "content_type": "application/x-www-form-urlencoded"},
        {"host": "127.0.0.1:8700", "sec_fetch_site": "none"},
    ],
)
def test_programs_and_an_address_typed_by_hand_come_in(bench, headers):
    """curl, tests, and a person who opens the state in a browser."""
    assert asked(bench, "GET", "state", **headers)[0] == 200
    assert asked(bench, "POST", "flags", b'{"default_leverage": "3"}', **headers)[0] == 200


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"[" * 100_000, "nested deeper"),
        (b'{"a":' * 40 + b"1" + b"}" * 40, "nested deeper"),
        (b"{", "not JSON"),
        (b'"text"', "JSON object"),
        (b'{"offset_ms": NaN}', "not a number"),
        (b'{"offset_ms": 1e99}', "expected a whole number"),
        (b'{"offset_ms": "soon"}', "expected a whole number"),
        (b'{"offset_mss": 1}', "did you mean 'offset_ms'?"),
        (b"\xff", "UTF-8"),
        (b'{"a": "' + b"x" * 1_000_001 + b'"}', "larger than 1 MB"),
    ],
)
def test_bodies_are_bounded_and_named(bench, body, words):
    """What is too large, too deep or no JSON is refused with a sentence."""
    status, answer = asked(bench, "POST", "clock", body)
    assert (status, words in answer["error"]) == (400, True), answer


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("flags", {"rate_limit_statsu": 200}, "did you mean 'rate_limit_status'?"),
        ("flags", {"rate_limit_status": 418}, "one of 429, 200"),
        ("flags", {"activated_modes": ["5"]}, "activated_modes[0]"),
        ("faults", {"kind": "reset_befor"}, "did you mean 'reset_before'?"),
        ("faults", {"kind": "delay", "seconds": 1e12}, "seconds"),
        ("faults", {"kind": "late_list"}, "reads or seconds"),
        ("faults", {"kind": "hook", "do": [{"pth": "x"}]}, "did you mean 'path'?"),
        ("faults", "x", "JSON object"),
        ("accounts/mmdesk1/set", {}, "did you mean 'mmdesk01'?"),
        ("acounts/mmdesk01/set", {}, "did you mean 'accounts'?"),
        ("accounts/mmdesk01/positions", {"instId": "BTC-USDT-SWAP", "count": 10**9}, "count"),
        ("accounts/mmdesk01/set", {"uidd": "1"}, "did you mean 'uid'?"),
        ("instruments", {"instType": "SWAP"}, "needs instId"),
        ("currencies", {"ccy": "A", "chain": []}, "did you mean 'chains'?"),
        ("gate_crossex/symbols", {"symbol": "X"}, "not a symbol"),
        ("maintenance", {"on": "yes"}, "true or false"),
    ],
)
def test_a_typo_is_named_with_what_was_meant(bench, path, body, words):
    """A control call that makes no sense changes nothing, and says which word was meant."""
    bench.sub()
    before = bench.act("GET", "state")
    status, answer = asked(bench, "POST", path, json.dumps(body).encode())
    assert (status in (400, 404), words in answer["error"]) == (True, True), answer
    assert {**bench.act("GET", "state"), "now_ms": 0} == {**before, "now_ms": 0}


def test_on_a_socket_too():
    """curl's form post works, a page's does not, and a body beyond the bound is refused without an accident."""
    with Running() as sandbox:
        url = f"{sandbox.base_url}/_sandbox/flags"
        sent = urllib.request.Request(url, b'{"default_leverage": "3"}')  # noqa: S310
        with urllib.request.urlopen(sent) as reply:  # noqa: S310
            assert json.loads(reply.read())["default_leverage"] == "3"
        for headers in ({"Origin": "https://evil.example"}, {"Host": "evil.example"}):
            with pytest.raises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(urllib.request.Request(url, b"{}", headers))  # noqa: S310
            with caught.value as refused:
                assert refused.code == 403
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", sandbox.port)) as wire:
            wire.request("POST", "/_sandbox/flags", b" " * 1_500_000)
            assert wire.getresponse().status in (400, 413)
        with urllib.request.urlopen(f"{sandbox.base_url}/api/v5/public/time") as reply:  # noqa: S310
            assert reply.status == 200


def test_header_bytes_that_are_no_text(bench):
    """A signature or passphrase of wild bytes is a wrong one, not an accident."""
    for name in ("ok_access_sign", "ok_access_passphrase", "ok_access_timestamp", "ok_access_key"):
        answer = bench.broker.call("GET", "/account/config", **{name: "\udcff\udcfe"})
        assert answer["code"].startswith("501"), answer
