"""ccxt works against the sandbox with nothing changed but the host: its own methods, and the broker's paths."""

from __future__ import annotations

from typing import Any

import pytest
from foreign_client import ORDERS, SWAP, Heard, signer

pytestmark = pytest.mark.foreign

SYMBOL = "BTC/USDT:USDT"
NEW = "foreign1"


def calls() -> list[list[Any]]:
    """Everything that the client is asked to do, in this order."""
    held, flat, busy, master = (signer(name) for name in ("held", "flat", "busy", "master"))
    key = {"subAcct": NEW, "label": "k", "passphrase": "Foreign-pass-1", "perm": "trade", "ip": "203.0.113.7"}
    address = {"subAcct": NEW, "ccy": "USDT", "chain": "USDT-TRC20", "to": "18"}
    other = signer("held", api_key="nobodys-key")
    return [
        ["markets", held, "load_markets", []],
        ["config", held, "private_get_account_config", []],
        ["positions", held, "fetch_positions", []],
        ["leverage", held, "fetch_leverage", [SYMBOL, {"mgnMode": "cross"}]],
        ["position mode", held, "fetch_position_mode", []],
        ["59000", held, "set_position_mode", [True]],
        ["set", flat, "set_leverage", [6, SYMBOL, {"mgnMode": "cross"}]],
        ["set back", flat, "fetch_leverage", [SYMBOL, {"mgnMode": "cross"}]],
        ["hedge", flat, "set_position_mode", [True]],
        ["hedged", flat, "fetch_position_mode", []],
        ["set a side", flat, "set_leverage", [9, SYMBOL, {"mgnMode": "isolated", "posSide": "long"}]],
        ["sides", flat, "fetch_leverage", [SYMBOL, {"mgnMode": "isolated"}]],
        ["59102", flat, "set_leverage", [101, SYMBOL, {"mgnMode": "cross"}]],
        ["51000", flat, "private_post_account_set_position_mode", [{"posMode": "hedge"}]],
        ["59107", busy, "set_leverage", [6, SYMBOL, {"mgnMode": "cross"}]],
        ["50119", other, "private_get_account_config", []],
        ["50110", signer("elsewhere"), "private_get_account_config", []],
        ["orders", busy, "fetch_open_orders", []],
        ["all orders", busy, "private_get_trade_orders_pending", "ordId"],
        ["create", master, "private_post_broker_nd_create_subaccount", [{"subAcct": NEW, "label": "x"}]],
        ["59601", master, "private_post_broker_nd_create_subaccount", [{"subAcct": NEW, "label": "x"}]],
        ["create key", master, "private_post_broker_nd_subaccount_apikey", [key]],
        ["59505", master, "private_post_broker_nd_subaccount_apikey", [{**key, "label": "l", "passphrase": "short"}]],
        ["keys", master, "private_get_broker_dma_subaccount_apikey", [{"subAcct": NEW}]],
        ["level", master, "private_post_broker_nd_set_subaccount_level", [{"subAcct": NEW, "acctLv": "2"}]],
        ["listed", master, "private_get_broker_dma_subaccount_info", [{"subAcct": NEW}]],
        ["address", master, "private_post_asset_broker_nd_subaccount_deposit_address", [address]],
        ["59604", held, "private_get_broker_nd_subaccount_info", []],
        ["59510", master, "private_post_broker_nd_delete_subaccount", [{"subAcct": "nobody1"}]],
    ]


@pytest.fixture(scope="module")
def heard(hear: Any) -> Heard:
    """One run of the client."""
    return hear("speak_ccxt.py", calls())


def test_ccxt_loads_the_markets(heard: Heard) -> None:
    """Contracts, pairs and futures are told apart as on the venue itself."""
    markets = heard.answers["markets"]
    assert markets[SYMBOL]["id"] == SWAP
    assert markets[SYMBOL]["linear"] is True
    assert markets["BTC/USD:BTC"]["inverse"] is True


def test_ccxt_reads_config_and_position_mode(heard: Heard) -> None:
    """The account mode from the config, the position mode as a word of its own."""
    assert heard.rows("config")[0]["acctLv"] == "3"
    assert heard.answers["position mode"]["hedged"] is False


def test_ccxt_reads_open_positions(heard: Heard) -> None:
    """Side and size of both."""
    seen = {(p["info"]["instId"], p["side"], p["contracts"]) for p in heard.answers["positions"]}
    assert seen == {(SWAP, "long", 3), ("ETH-USDT-SWAP", "short", 1)}


def test_ccxt_reads_leverage(heard: Heard) -> None:
    """In net mode one value stands for both sides."""
    leverage = heard.answers["leverage"]
    assert (leverage["longLeverage"], leverage["shortLeverage"], leverage["marginMode"]) == (7, 7, "cross")


def test_ccxt_sets_leverage_and_reads_it_back(heard: Heard) -> None:
    """It sends a JSON number, which the venue takes."""
    assert heard.code("set") == "0"
    assert heard.answers["set back"]["longLeverage"] == 6
    assert heard.accounts["mmdesk02"]["leverage"]["SWAP/cross/BTC-USDT-SWAP"] == "6"


def test_ccxt_sets_the_position_mode_and_one_side(heard: Heard) -> None:
    """Hedged, each side has a value of its own; only the one that was set moved."""
    assert heard.code("hedge") == "0"
    assert heard.answers["hedged"]["hedged"] is True
    assert (heard.answers["sides"]["longLeverage"], heard.answers["sides"]["shortLeverage"]) == (9, 5)


@pytest.mark.parametrize(
    ("code", "raised"),
    [
        ("59000", "ExchangeError"),
        ("59102", "ExchangeError"),
        ("59107", "ExchangeError"),
        ("51000", "BadRequest"),
        ("50110", "PermissionDenied"),
    ],
)
def test_ccxt_gets_the_venues_errors_as_its_own(heard: Heard, code: str, raised: str) -> None:
    """The code is in the words of the error, and its class is the one that ccxt keeps for that code."""
    assert heard.code(code) == code
    assert heard.raised(code) == raised


@pytest.mark.parametrize("code", ["50119", "59601", "59505", "59604", "59510"])
def test_ccxt_gets_errors_that_it_does_not_know(heard: Heard, code: str) -> None:
    """Codes that it has no class for: key unknown, name taken, passphrase weak, not the main account, no such name."""
    assert heard.code(code) == code


def test_ccxt_creates_a_sub_account_and_its_key(heard: Heard) -> None:
    """By the broker's older paths: the secret comes once, and the list of keys has none."""
    (made,) = heard.rows("create")
    assert (made["subAcct"], made["acctLv"]) == (NEW, "1")
    (key,) = heard.rows("create key")
    assert (key["perm"], key["ip"], bool(key["secretKey"])) == ("read_only,trade", "203.0.113.7", True)
    assert [set(row) for row in heard.rows("keys")] == [{"label", "apiKey", "perm", "ip", "ts"}]


def test_ccxt_sets_a_sub_accounts_level_and_finds_it_in_the_list(heard: Heard) -> None:
    """The list is one object with its rows and its pages."""
    assert heard.rows("level") == [{"acctLv": "2"}]
    (listing,) = heard.rows("listed")
    assert (listing["page"], listing["totalPage"]) == ("1", "1")
    shown = [(row["subAcct"], row["acctLv"], row["firstLvSubAcct"]) for row in listing["details"]]
    assert shown == [(NEW, "2", NEW)]


def test_ccxt_creates_a_deposit_address(heard: Heard) -> None:
    """On the chain that was asked for."""
    (row,) = heard.rows("address")
    assert (row["ccy"], row["chain"], bool(row["addr"])) == ("USDT", "USDT-TRC20", True)


def test_ccxt_pages_through_all_orders(heard: Heard) -> None:
    """A hundred at first; page after page, each below the last id of the one before, every order, none twice."""
    assert len(heard.answers["orders"]) == 100
    ids = [row["ordId"] for page in heard.answers["all orders"] for row in page["data"]]
    assert (len(ids), len(set(ids))) == (ORDERS, ORDERS)
    assert [len(page["data"]) for page in heard.answers["all orders"]] == [100, 100, 30]


def test_ccxt_calls_nothing_that_is_not_served(heard: Heard) -> None:
    """No call of it went to a path that the sandbox does not know."""
    assert heard.unlisted == []
