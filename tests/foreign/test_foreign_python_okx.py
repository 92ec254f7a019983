"""The venue's own Python client works against the sandbox with nothing changed but the host."""

from __future__ import annotations

from typing import Any

import pytest
from foreign_client import ORDERS, SWAP, Heard, signer

pytestmark = pytest.mark.foreign


def calls() -> list[list[Any]]:
    """Everything that the client is asked to do, in this order."""

    def own(name: str, method: str, key: list[str], flag: str = "1", **arguments: Any) -> list[Any]:
        return [name, [*key, flag], "Account", "AccountAPI", method, arguments]

    held, flat, busy = signer("held"), signer("flat"), signer("busy")
    nobody, family = ["-1", "-1", "-1", "1"], {"instType": "SWAP", "tdMode": "cross", "instFamily": "BTC-USDT"}
    deep = {"lever": "1000", "mgnMode": "cross", "instId": SWAP}
    four = {"lever": "4", "mgnMode": "cross", "instId": SWAP}
    return [
        own("config", "get_account_config", held),
        own("positions", "get_positions", held),
        own("positions by name", "get_positions", held, instId="ETH-USDT-SWAP"),
        own("balance", "get_account_balance", held),
        own("cross", "get_leverage", held, mgnMode="cross", instId=SWAP),
        own("by currency", "get_leverage", held, mgnMode="cross", ccy="BTC"),
        own("instruments", "get_instruments", held, instType="SWAP"),
        ["time", nobody, "PublicData", "PublicAPI", "get_system_time", {}],
        ["tiers", nobody, "PublicData", "PublicAPI", "get_position_tiers", family],
        own("59000", "set_position_mode", held, posMode="long_short_mode"),
        own("59102", "set_leverage", flat, **deep),
        own("51000", "set_leverage", flat, lever="3", mgnMode="isolated", instId=SWAP, posSide="long"),
        own("59107", "set_leverage", busy, **four),
        own("50120", "set_leverage", signer("reading"), **four),
        own("50110", "get_account_config", signer("elsewhere")),
        own("50111", "get_account_config", signer("held", api_key="no key at all")),
        own("50119", "get_account_config", signer("held", api_key="nobodys-key")),
        own("50113", "get_account_config", signer("held", secret_key="another")),
        own("50105", "get_account_config", signer("held", passphrase="another")),
        own("50101", "get_account_config", held, "0"),
        ["later", None, "clock", "", "!", {"offset_ms": 60_000}],
        own("50102", "get_account_config", flat),
        ["now", None, "clock", "", "!", {"offset_ms": 0}],
        own("set", "set_leverage", flat, **four),
        own("set back", "get_leverage", flat, mgnMode="cross", instId=SWAP),
        own("set by currency", "set_leverage", flat, lever="2", mgnMode="cross", ccy="BTC"),
        own("hedge", "set_position_mode", flat, posMode="long_short_mode"),
        own("hedged", "get_account_config", flat),
        own("set a side", "set_leverage", flat, lever="6", mgnMode="isolated", instId=SWAP, posSide="short"),
        own("sides", "get_leverage", flat, mgnMode="isolated", instId=SWAP),
        own("posSide missing", "set_leverage", flat, lever="6", mgnMode="isolated", instId=SWAP),
        own("greeks", "set_greeks", flat, greeksType="BS"),
        ["page 1", [*busy, "1"], "Trade", "TradeAPI", "get_order_list", {}],
        ["all orders", [*busy, "1"], "Trade", "TradeAPI", "get_order_list", "ordId"],
    ]


@pytest.fixture(scope="module")
def heard(hear: Any) -> Heard:
    """One run of the client."""
    return hear("speak_python_okx.py", calls())


def test_python_okx_reads_the_config(heard: Heard) -> None:
    """Modes, the key's label and its permissions are where the client expects them."""
    (row,) = heard.rows("config")
    assert (row["acctLv"], row["posMode"], row["label"]) == ("3", "net_mode", "held")
    assert row["uid"] != row["mainUid"]


def test_python_okx_reads_open_positions(heard: Heard) -> None:
    """Both positions, signed by side in net mode; one of them where it is asked for by name."""
    assert {(row["instId"], row["pos"]) for row in heard.rows("positions")} == {(SWAP, "3"), ("ETH-USDT-SWAP", "-1")}
    assert [row["instId"] for row in heard.rows("positions by name")] == ["ETH-USDT-SWAP"]


def test_python_okx_reads_leverage_by_instrument_and_by_currency(heard: Heard) -> None:
    """A contract's cross leverage by its id, cross margin of multi-currency mode by currency."""
    assert [(row["instId"], row["posSide"], row["lever"]) for row in heard.rows("cross")] == [(SWAP, "net", "7")]
    assert [(row["ccy"], row["lever"]) for row in heard.rows("by currency")] == [("BTC", "3")]


def test_python_okx_reads_lists_and_the_time(heard: Heard) -> None:
    """The account's instruments, the public tiers, the balance and the venue's clock."""
    assert SWAP in {row["instId"] for row in heard.rows("instruments")}
    assert heard.rows("tiers")[0]["maxLever"] == "100"
    assert heard.rows("balance")[0]["details"] == []
    assert heard.rows("time")[0]["ts"].isdigit()


def test_python_okx_sets_leverage_and_reads_it_back(heard: Heard) -> None:
    """By instrument and by currency; the venue has what the client was told."""
    assert heard.rows("set") == [{"lever": "4", "mgnMode": "cross", "instId": SWAP, "posSide": ""}]
    assert heard.rows("set back")[0]["lever"] == "4"
    assert heard.code("set by currency") == "0"
    assert heard.accounts["mmdesk02"]["leverage"]["MARGIN/cross/BTC"] == "2"


def test_python_okx_sets_the_position_mode(heard: Heard) -> None:
    """Net to long/short, and the config says so."""
    assert heard.rows("hedge") == [{"posMode": "long_short_mode"}]
    assert heard.rows("hedged")[0]["posMode"] == "long_short_mode"


def test_python_okx_keeps_the_sides_of_a_hedge_apart(heard: Heard) -> None:
    """Isolated leverage has two rows under long/short, and a write without a side is wrong."""
    assert heard.code("set a side") == "0"
    assert {row["posSide"]: row["lever"] for row in heard.rows("sides")} == {"long": "5", "short": "6"}
    assert heard.code("posSide missing") == "51000"


def test_python_okx_sets_another_setting(heard: Heard) -> None:
    """The greeks' unit."""
    assert heard.rows("greeks") == [{"greeksType": "BS"}]


@pytest.mark.parametrize("code", ["59000", "59102", "51000", "59107", "50120"])
def test_python_okx_gets_the_services_refusals(heard: Heard, code: str) -> None:
    """A refusal by the service is an envelope with a code, words and an empty list."""
    assert heard.answers[code]["code"] == code
    assert heard.answers[code]["data"] == []
    assert heard.answers[code]["msg"]


@pytest.mark.parametrize("code", ["50101", "50102", "50105", "50110", "50111", "50113", "50119"])
def test_python_okx_gets_the_gateways_refusals(heard: Heard, code: str) -> None:
    """A refusal of the credentials, the clock or the address has a code and words, and no list."""
    assert heard.answers[code]["code"] == code
    assert "data" not in heard.answers[code]


def test_python_okx_is_told_to_slow_down(hear: Any) -> None:
    """Seven reads where five fit: the first are served, then it is 50011. The window is far longer than they take."""
    busy = [*signer("busy"), "1"]
    calls = [[f"hurry {n}", busy, "Account", "AccountAPI", "get_account_config", {}] for n in range(7)]
    heard = hear("speak_python_okx.py", calls, speed=0.01)
    assert [heard.code(f"hurry {n}") for n in range(7)] == ["0"] * 5 + ["50011"] * 2


def test_python_okx_gets_a_first_page_of_orders(heard: Heard) -> None:
    """A hundred of them, newest first."""
    ids = [int(row["ordId"]) for row in heard.rows("page 1")]
    assert len(ids) == 100 < ORDERS
    assert ids == sorted(ids, reverse=True)


def test_python_okx_pages_through_all_orders(heard: Heard) -> None:
    """Page after page, each below the last id of the one before: every order, none twice."""
    ids = [row["ordId"] for page in heard.answers["all orders"] for row in page["data"]]
    assert (len(ids), len(set(ids))) == (ORDERS, ORDERS)


def test_python_okx_calls_nothing_that_is_not_served(heard: Heard) -> None:
    """No call of it went to a path that the sandbox does not know."""
    assert heard.unlisted == []
