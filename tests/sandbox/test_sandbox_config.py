"""The account's configuration and its position mode."""

from __future__ import annotations

import pytest

MODE = "/account/set-position-mode"


def test_a_fresh_sub_account(bench):
    """A new sub-account is in Spot and net mode, and its config describes the calling key."""
    bench.broker.post("/broker/dma/create-subaccount", subAcct="mmdesk01", label="MMdesk01")
    (key,) = bench.broker.post(
        "/broker/dma/subaccount/apikey",
        subAcct="mmdesk01",
        label="trading",
        passphrase="Abcdef1!",
        perm="trade",
        ip="127.0.0.1",
    )
    desk = bench.broker
    desk.api_key, desk.secret_key, desk.passphrase = key["apiKey"], key["secretKey"], key["passphrase"]
    (row,) = desk.get("/account/config")
    assert (row["acctLv"], row["posMode"], row["type"]) == ("1", "net_mode", "1")
    assert (row["label"], row["perm"], row["ip"]) == ("trading", "read_only,trade", "127.0.0.1")
    assert (row["uid"] != row["mainUid"], row["enableSpotBorrow"], row["autoLoan"]) == (True, False, False)


def test_the_masters_config(bench):
    """A master's uid is its main uid."""
    (row,) = bench.broker.get("/account/config")
    assert (row["uid"] == row["mainUid"], row["type"]) == (True, "0")


@pytest.mark.parametrize(
    ("account", "value", "code"),
    [
        ({"acctLv": "2"}, "long_short_mode", "0"),
        ({"acctLv": "3"}, "net_mode", "0"),
        ({"acctLv": "2"}, "hedge", "51000"),
        ({"acctLv": "2"}, "", "50014"),
        ({"acctLv": "1"}, "net_mode", "51010"),
        ({"acctLv": "4"}, "long_short_mode", "51041"),
        ({"acctLv": "4"}, "net_mode", "0"),
        ({"acctLv": "2", "positions": [{"instId": "BTC-USDT-SWAP"}]}, "net_mode", "59000"),
        ({"acctLv": "2", "positions": [{"instId": "BTC-USDT-SWAP", "size": "0"}]}, "long_short_mode", "0"),
        ({"acctLv": "2", "orders": [{"instId": "BTC-USDT"}]}, "long_short_mode", "59000"),
        ({"acctLv": "2", "algos": [{"instId": "BTC-USDT-SWAP"}]}, "long_short_mode", "59000"),
        ({"acctLv": "2", "bots": [{"instId": "BTC-USDT"}]}, "long_short_mode", "59000"),
        ({"acctLv": "2", "spreads": [{"instId": "BTC-USDT_BTC-USDT-SWAP"}]}, "long_short_mode", "59000"),
        ({"acctLv": "1", "orders": [{"instId": "BTC-USDT"}]}, "net_mode", "51010"),
    ],
)
def test_position_mode(bench, account, value, code):
    """Refused in Spot, net only in portfolio margin, and never with anything open, whatever the value."""
    desk = bench.sub(**account)
    assert code == desk.code("POST", MODE, posMode=value)
    assert bench.state()["posMode"] == (value if code == "0" else "net_mode")


def test_position_mode_forgets_the_scopes_that_split(bench):
    """Isolated leverage of contracts is at the default after the switch; cross leverage stays."""
    desk = bench.sub(leverage={"SWAP/isolated/BTC-USDT-SWAP": 9, "SWAP/cross/BTC-USDT-SWAP": 8})
    desk.post(MODE, posMode="net_mode")
    assert len(bench.state()["leverage"]) == 2
    desk.post(MODE, posMode="long_short_mode")
    assert bench.state()["leverage"] == {"SWAP/cross/BTC-USDT-SWAP": "8"}
