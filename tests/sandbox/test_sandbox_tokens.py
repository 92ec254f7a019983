"""Access tokens in place of keys: who comes in, for what, and in which order a token is refused."""

from __future__ import annotations

import json

import pytest

from acctcfg.sandbox.app import Request

TOKEN = "sandbox-access-token"


@pytest.fixture
def user(bench_from):
    """A plain user with a token."""
    return bench_from({"tenants": {"user": {"broker": False, "tokens": [{"token": TOKEN}]}}})


def ask(bench, target="/account/config", body=None, token=TOKEN, **headers):
    """Code and rows of a request with a token; keywords replace headers."""
    sent = {"authorization": f"Bearer {token}", "x-simulated-trading": "1", "content-type": "application/json"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    raw = b"" if body is None else json.dumps(body).encode()
    bench.clock.now += 11
    reply = bench.app.handle(Request("GET" if body is None else "POST", f"/api/v5{target}", sent, raw))
    answer = json.loads(reply.body)
    return answer["code"], reply.status, answer.get("data")


def tokens(bench, **fields):
    bench.act("POST", "accounts/@master/set", tokens=[{"token": TOKEN, **fields}])


def test_a_token_reads_and_sets_its_own_account(user):
    """The configuration is the account's; label and addresses are empty, permissions are the scope."""
    code, _, (row,) = ask(user)
    assert (code, row["uid"], row["label"], row["ip"]) == ("0", user.state("@master")["uid"], "", "")
    assert row["perm"] == "read_only,trade"
    assert ask(user, "/account/set-greeks", {"greeksType": "BS"})[0] == "0"
    assert user.state("@master")["greeksType"] == "BS"
    assert user.act("GET", "writes")[0]["account"] == "@master"
    assert TOKEN not in json.dumps(user.act("GET", "state")) + repr(user.app.venues["okx"].state)


@pytest.mark.parametrize(
    ("fields", "headers", "code", "status"),
    [
        ({}, {"authorization": "Token abc"}, "50114", 401),
        ({}, {"ok_access_key": "k"}, "50114", 401),
        ({}, {"authorization": "Bearer another-token"}, "53000", 400),
        ({"revoked": True, "expires_in": 0}, {}, "53003", 400),
        ({"expires_in": 5}, {}, "53002", 400),
        ({"termid": "phone"}, {}, "53006", 401),
        ({"termid": "phone"}, {"termid": "phone"}, "0", 200),
        ({"ip": "203.0.113.7"}, {}, "53014", 401),
        ({}, {"x_simulated_trading": "0"}, "50101", 401),
        ({"env": "any"}, {"x_simulated_trading": "0"}, "0", 200),
    ],
)
def test_who_is_let_in(user, fields, headers, code, status):
    """Each reason has its code, and of several the first in order counts."""
    tokens(user, **fields)
    assert ask(user, **headers)[:2] == (code, status)


def test_scope_and_closed_modules(user):
    """A token that may read does not write, and no token reaches sub-accounts."""
    tokens(user, scope="read_only")
    assert ask(user, "/account/set-greeks", {"greeksType": "BS"})[0] == "53013"
    tokens(user)
    assert ask(user, "/users/subaccount/list")[0] == "53013"
    assert ask(user, "/account/subaccount/balances?subAcct=trader01")[0] == "53013"
    assert ask(user, "/broker/dma/subaccount-info")[0] == "53013"
    assert ask(user, "/account/set-greeks", {"greeksType": "XX"})[0] == "51000"


def test_a_token_ends_mid_run(user):
    """Its hour is over, or its user revoked it: from then on it is refused."""
    tokens(user, expires_in=3600)
    assert ask(user)[0] == "0"
    user.clock.now += 3600
    assert ask(user)[0] == "53002"


def test_tokens_share_their_accounts_limit(user):
    """A limit counts per user, whatever the credential."""
    codes = []
    for _ in range(6):
        codes.append(ask(user)[0])
        user.clock.now -= 11
    assert codes == ["0"] * 5 + ["50011"]


def test_a_sub_accounts_token_goes_with_it(bench):
    """Deleting the account ends it."""
    bench.sub("mmdesk01", tokens=[{"token": TOKEN}])
    assert ask(bench)[0] == "0"
    bench.act("DELETE", "accounts/mmdesk01")
    assert ask(bench)[0] == "53000"
