"""A row of OKX's lists that cannot be read spoils what it may be of, and no more."""

from __future__ import annotations

import json
from typing import Any

import pytest
from desk import Desk
from ladder_parts import KEY, settle

BTC, ETH = "BTC-USDT-SWAP", "ETH-USDT-SWAP"
AT = {one: f"mmdesk01.leverage[swap/{one.removesuffix('-SWAP')}/cross]" for one in (BTC, ETH)}


@pytest.fixture
def two(desk: Desk) -> Desk:
    """An account with two scopes that stand at 20 and 12, and are wanted at 5."""
    leverage = {f"SWAP/cross/{BTC}": "20", f"SWAP/cross/{ETH}": "12"}
    settle(desk, "mmdesk01", acctLv="2", leverage=leverage)
    entries = [{"market": "swap", "instrument": one, "margin": "cross", "value": 5} for one in (BTC, ETH)]
    desk.write({"mmdesk01": {"api_keys": KEY, "leverage": entries}})
    return desk


def answers(desk: Desk, path: str, rows: list[Any]) -> None:
    """The venue answers this read with these rows."""
    body = json.dumps({"code": "0", "msg": "", "data": rows})
    desk.fault(match={"path": path, "method": "GET"}, times=0, kind="garbage", body=body)


def swap(inst_id: str, **fields: Any) -> dict[str, str]:
    """A row of the list of instruments."""
    family = inst_id.removesuffix("-SWAP")
    return {"instType": "SWAP", "instId": inst_id, "instFamily": family, "lever": "100", "state": "live", **fields}


def lever(inst_id: str, value: str) -> dict[str, str]:
    """A row of leverage."""
    return {"instId": inst_id, "mgnMode": "cross", "posSide": "net", "lever": value}


def plan(desk: Desk) -> tuple[list[str], list[str]]:
    """The addresses of a plan's steps, and what it could not read."""
    said = desk.plan("--format", "json").json
    return [one["address"] for one in said["steps"]], [one["address"] for one in said["unreadable"]]


def test_a_leverage_row_that_is_no_object_spoils_the_scope_without_another(two: Desk) -> None:
    """The scope that has its row is planned."""
    answers(two, "*/account/leverage-info", [None, lever(BTC, "20")])
    assert plan(two) == ([AT[BTC]], [AT[ETH]])


@pytest.mark.parametrize("odd", [None, "x"])
def test_an_instrument_row_that_is_no_object_spoils_no_listed_one(two: Desk, odd: Any) -> None:
    """Who is not found beside it is unreadable, also where an earlier run saw it: never called delisted."""
    two.document["accounts"]["mmdesk01"]["leverage"].reverse()
    assert two.apply().code == 0
    two.sandbox.control_post("accounts/mmdesk01/set", {"leverage": {f"SWAP/cross/{BTC}": "20"}})
    answers(two, "*/instruments", [odd, swap(BTC)])
    said = two.plan("--format", "json")
    assert said.code == 1
    [unread] = said.json["unreadable"]
    assert f"has a row that cannot be read, which may be {ETH}" in unread["message"]
    assert [one["address"] for one in said.json["steps"]] == [AT[BTC]]


def test_of_two_rows_of_one_instrument_what_differs_is_not_known(two: Desk) -> None:
    """The last one does not win: a scope whose family the list does not say is unreadable, and the other one is
    planned."""
    answers(two, "*/instruments", [swap(ETH), swap(BTC), swap(ETH, instFamily="SOL-USDT")])
    steps, unread = plan(two)
    assert steps == [AT[BTC]]
    assert len(unread) == 1


def test_of_two_rows_of_one_family_or_currency_what_differs_is_not_known(desk: Desk) -> None:
    """A protection and a spot offset that the venue shows twice, and differently, are unreadable: the last row does not
    win; those of other families and currencies are planned."""
    settle(desk, "mmdesk01", acctLv="4")
    protection = {"window_ms": 5000, "freeze_ms": 0, "quantity_limit": 100}
    families = dict.fromkeys(("BTC-USD", "ETH-USD"), protection)
    settings = {"market_maker_protection": families, "spot_offset": {"BTC": "0.5", "ETH": "0.5"}}
    desk.write({"mmdesk01": {"api_keys": KEY, "settings": settings}})
    row = {"timeInterval": "5000", "frozenInterval": "0", "qtyLimit": "100"}
    shown = [{"instFamily": one, **row, "qtyLimit": most} for one, most in (("BTC-USD", "7"), ("BTC-USD", "100"))]
    answers(desk, "*/account/mmp-config", [*shown, {"instFamily": "ETH-USD", **row, "qtyLimit": "7"}])
    amounts = (("BTC", "0.1"), ("BTC", "0.5"), ("ETH", "0.1"))
    answers(
        desk, "*/account/balance", [{"details": [{"ccy": one, "clSpotInUseAmt": amount} for one, amount in amounts]}]
    )
    at = "mmdesk01.settings"
    steps, unread = plan(desk)
    assert sorted(steps) == [f"{at}.market_maker_protection[ETH-USD]", f"{at}.spot_offset[ETH]"]
    assert sorted(unread) == [f"{at}.market_maker_protection[BTC-USD]", f"{at}.spot_offset[BTC]"]
