"""What a broker can ask besides: rebates, files of orders, fee rates, and what is on its way."""

from __future__ import annotations

import pytest

FD = "/broker/fd"


@pytest.fixture
def fd(bench_from):
    """A user who is an FD broker of one kind."""
    key = {"label": "m", "api_key": "sandbox-api-key", "secret_key": "sandbox-secret-key"}
    key |= {"passphrase": "Sandbox-passphrase-1", "env": "demo", "perm": "read_only"}
    tenant = {"broker": False, "fd": ["api"], "rebates": {"user-key-1": "0", "user-key-2": "2"}, "keys": [key]}
    made = bench_from({"tenants": {"desk": tenant}})
    made.broker.pause = 61
    return made


def test_rebates(fd):
    """A number per user's key; a capped level names its last rebate."""
    (row,) = fd.broker.get(f"{FD}/if-rebate?apiKey=user-key-1")
    assert (row["type"], row["brokerCode"], row["affiliated"], row["lastRebate"]) == ("0", "sandbox-api", False, "")
    assert fd.broker.get(f"{FD}/if-rebate?apiKey=user-key-2")[0]["lastRebate"] == "10"
    assert fd.broker.code("GET", f"{FD}/if-rebate?apiKey=user-key-9") == "59506"
    assert fd.broker.code("GET", f"{FD}/if-rebate") == "50014"


def test_who_is_a_broker(fd, bench):
    """59608 for everybody else; who is a broker of both kinds must say which is meant."""
    assert bench.broker.code("GET", f"{FD}/if-rebate?apiKey=user-key-1") == "59608"
    assert fd.broker.code("GET", "/broker/dma/rebate-per-orders?type=true") == "59608"
    fd.app.venues["okx"].state.tenants["desk"].fd.append("oauth")
    assert fd.broker.code("GET", f"{FD}/if-rebate?apiKey=user-key-1") == "50044"
    assert fd.broker.get(f"{FD}/if-rebate?apiKey=user-key-1&brokerType=oauth")[0]["brokerCode"] == "sandbox-oauth"


def test_a_file_is_asked_for_and_fetched(fd):
    """Reading is permission enough; the file takes two hours, its link is new each time, one is made an hour."""
    path, days = f"{FD}/rebate-per-orders", {"begin": "20261001", "end": "20261031"}
    (row,) = fd.broker.post(path, **days)
    assert row["result"] == "false"
    assert fd.broker.code("POST", path, **days) == "50011"
    (row,) = fd.broker.get(f"{path}?type=true")
    assert (row["state"], row["fileHref"]) == ("ongoing", "")
    fd.clock.now += 7200
    found = [fd.broker.get(f"{path}?type=false&begin=20261001&end=20261031")[0] for _ in range(2)]
    assert {row["state"] for row in found} == {"finished"}
    assert len({row["fileHref"] for row in found}) == 2
    assert fd.broker.post(path, **days)[0]["result"] == "true"
    assert fd.broker.get(f"{path}?type=false&begin=20260901&end=20260902") == []


@pytest.mark.parametrize(
    ("days", "code"),
    [
        ({"begin": "20261001"}, "50014"),
        ({"begin": "2026-10-01", "end": "20261002"}, "59612"),
        ({"begin": "2026101", "end": "2026102"}, "59612"),
        ({"begin": "20261001", "end": "20260930"}, "59616"),
        ({"begin": "20260101", "end": "20260630"}, "59615"),
        ({"begin": "20260101", "end": "20260629"}, "0"),
        ({"begin": "20260101", "end": "20260831"}, "59615"),
    ],
)
def test_ranges(bench, days, code):
    """Unreadable, reversed, or longer than 180 days, of which both ends count."""
    assert bench.broker.code("POST", "/broker/dma/trades", **days) == code


def test_files_of_a_dma_broker(bench):
    """The same calls under other paths."""
    bench.broker.post("/broker/dma/trades", begin="20261001", end="20261001")
    assert bench.broker.get("/broker/dma/rebate-per-orders?type=true")[0]["state"] == "ongoing"


def test_fee_rates_of_sub_accounts(bench):
    """Nine kinds; the maker's field is spelt as the sample has it, or by a flag as the table has it."""
    bench.sub()
    path = "/broker/dma/subaccount-trade-fee"
    (page,) = bench.broker.get(path)
    rates = page["details"][0]["feeRates"]
    assert ([rate["type"] for rate in rates], rates[0]["marker"]) == ([str(n) for n in range(1, 10)], "-0.0008")
    bench.act("POST", "flags", fee_maker_field="maker")
    assert "maker" in bench.broker.get(path)[0]["details"][0]["feeRates"][0]


def test_what_is_on_its_way(bench):
    """Deposits and withdrawals of a control call are shown by account, currency, state, type and the client's id."""
    bench.sub(withdrawals=[{"ccy": "BTC", "amt": "0.5", "state": "2"}])
    bench.sub("mmdesk02")
    (ident,) = bench.act("POST", "accounts/mmdesk01/deposits", {"ccy": "USDT", "amt": 7, "txId": "0xab"})["ids"]
    path = "/asset/broker/dma/subaccount-deposit-history"
    (row,) = bench.broker.get(f"{path}?subAcct=mmdesk01&state=0")
    assert (row["depId"], row["amt"], row["chain"], row["txId"]) == (ident, "7", "USDT-ERC20", "0xab")
    assert bench.broker.get(f"{path}?subAcct=mmdesk02") == []
    assert bench.broker.get(f"{path}?ccy=BTC") == []
    (row,) = bench.broker.get("/asset/broker/dma/subaccount-withdrawal-history?state=2")
    assert (row["subAcct"], row["ccy"], row["state"]) == ("mmdesk01", "BTC", "2")
    assert [len(bench.broker.get(f"{path}?type={kind}")) for kind in (3, 4)] == [0, 1]
    assert bench.broker.code("GET", f"{path}?type=5") == "51000"
    bench.act("POST", "accounts/mmdesk01/withdrawals", {"ccy": "BTC", "type": "3", "clientId": "mine"})
    out = "/asset/broker/dma/subaccount-withdrawal-history"
    counted = [len(bench.broker.get(f"{out}?{ask}")) for ask in ("type=3", "clientId=mine", "clientId=other", "type=4")]
    assert counted == [1, 1, 0, 1]
    bench.act("DELETE", "accounts/mmdesk01/deposits/all")
    assert bench.broker.get(path) == []
    assert bench.broker.code("GET", f"{path}?subAcct=nobody01") == "59510"
    with pytest.raises(ValueError, match="unknown currency"):
        bench.act("POST", "accounts/mmdesk01/deposits", {"ccy": "USDTT"})
