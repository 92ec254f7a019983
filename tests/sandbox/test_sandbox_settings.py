"""The value-set settings: where each shows, what refuses it, and what happens to an equal value."""

from __future__ import annotations

import pytest

A = "/account"


@pytest.mark.parametrize(
    ("account", "path", "body", "code", "field", "value"),
    [
        ({}, "set-greeks", {"greeksType": "BS"}, "0", "greeksType", "BS"),
        ({}, "set-greeks", {"greeksType": "XX"}, "51000", "greeksType", "PA"),
        ({}, "set-fee-type", {"feeType": "1"}, "0", "feeType", "1"),
        ({"orders": [{"instId": "BTC-USDT"}]}, "set-fee-type", {"feeType": "1"}, "59678", "feeType", "0"),
        ({}, "set-isolated-mode", {"type": "MARGIN", "isoMode": "auto_transfers_ccy"}, "0", "mgnIsoMode", None),
        ({}, "set-isolated-mode", {"type": "CONTRACTS", "isoMode": "auto_transfers_ccy"}, "51000", "", None),
        ({}, "set-isolated-mode", {"type": "CONTRACTS", "isoMode": "autonomy"}, "51158", "ctIsoMode", "automatic"),
        (
            {"orders": [{"instId": "BTC-USDT"}]},
            "set-isolated-mode",
            {"type": "CONTRACTS", "isoMode": "automatic"},
            "59000",
            "",
            None,
        ),
        ({"acctLv": "3"}, "set-auto-loan", {"autoLoan": True}, "0", "autoLoan", True),
        ({"acctLv": "3"}, "set-auto-loan", {}, "0", "autoLoan", True),
        ({"acctLv": "3"}, "set-auto-loan", {"autoLoan": "true"}, "51000", "autoLoan", False),
        ({"acctLv": "3", "debts": {"BTC": "1"}}, "set-auto-loan", {"autoLoan": True}, "59001", "autoLoan", False),
        ({"acctLv": "2"}, "set-auto-loan", {"autoLoan": True}, "54001", "autoLoan", False),
        (
            {"acctLv": "1", "enableSpotBorrow": True},
            "set-auto-repay",
            {"autoRepay": True},
            "0",
            "spotBorrowAutoRepay",
            True,
        ),
        ({"acctLv": "2"}, "set-auto-repay", {"autoRepay": True}, "51010", "", None),
        ({"acctLv": "1", "enableSpotBorrow": True}, "set-auto-repay", {}, "50014", "", None),
        ({}, "set-settle-currency", {"settleCcy": "USDC"}, "0", "settleCcy", "USDC"),
        ({}, "set-settle-currency", {"settleCcy": "BTC"}, "59686", "settleCcy", "USD"),
        (
            {"positions": [{"instId": "BTC-USD_UM-SWAP"}]},
            "set-settle-currency",
            {"settleCcy": "USDC"},
            "54074",
            "settleCcy",
            "USD",
        ),
        ({"acctLv": "3"}, "set-trading-config", {"type": "stgyType", "stgyType": "1"}, "0", "stgyType", "1"),
        ({"acctLv": "2"}, "set-trading-config", {"type": "stgyType", "stgyType": "1"}, "59520", "stgyType", "0"),
        ({"trading": {"USDT": "10000"}}, "activate-option", None, "51147", "opAuth", "0"),
        ({"trading": {"USDT": "10001"}}, "activate-option", None, "0", "opAuth", "1"),
        ({"opAuth": "1"}, "activate-option", None, "50050", "opAuth", "1"),
        ({"acctLv": "4"}, "set-riskOffset-amt", {"ccy": "BTC", "clSpotInUseAmt": "0.5"}, "0", "", None),
        ({"acctLv": "3"}, "set-riskOffset-amt", {"ccy": "BTC", "clSpotInUseAmt": "0.5"}, "51010", "", None),
        ({"acctLv": "4"}, "set-riskOffset-type", {"type": "1"}, "50005", "", None),
        ({"acctLv": "4"}, "mmp-config", {"instFamily": "BTC-USD"}, "50014", "", None),
    ],
)
def test_settings(bench, account, path, body, code, field, value):
    """An accepted value shows in the config, a refused one does not; an accepted value may be set again."""
    desk = bench.sub(**account)
    assert code == desk.call("POST", f"{A}/{path}", body)["code"]
    if field and value is not None:
        assert desk.get(f"{A}/config")[0][field] == value
    if code == "0" and path != "activate-option":
        assert desk.call("POST", f"{A}/{path}", body)["code"] == "0"


def test_collateral(bench):
    """Currencies are switched off and on by name, in multi-currency mode only."""
    desk = bench.sub(acctLv="3")
    desk.post(f"{A}/set-collateral-assets", type="custom", ccyList=["DOGE", "SOL"], collateralEnabled=False)
    rows = desk.get(f"{A}/collateral-assets?collateralEnabled=false")
    assert {row["ccy"] for row in rows} == {"DOGE", "SOL"}
    desk.post(f"{A}/set-collateral-assets", type="all", collateralEnabled=True)
    assert all(row["collateralEnabled"] for row in desk.get(f"{A}/collateral-assets"))
    body = {"type": "custom", "collateralEnabled": True}
    assert desk.code("POST", f"{A}/set-collateral-assets", **body) == "50014"
    assert desk.code("POST", f"{A}/set-collateral-assets", **body, ccyList=["NOPE"]) == "59658"
    bench.act("POST", "accounts/mmdesk01/set", acctLv="2")
    assert desk.code("POST", f"{A}/set-collateral-assets", **body, ccyList=["BTC"]) == "51010"


def test_market_maker_protection(bench):
    """A privilege (50030) of portfolio margin (51010), one entry per family."""
    desk = bench.sub(acctLv="4")
    body = {"instFamily": "BTC-USD", "timeInterval": "5000", "frozenInterval": "0", "qtyLimit": "100"}
    assert desk.code("POST", f"{A}/mmp-config", **body) == "50030"
    bench.act("POST", "accounts/mmdesk01/set", mmp_allowed=True)
    assert desk.code("POST", f"{A}/mmp-reset", instFamily="BTC-USD") == "59509"
    desk.post(f"{A}/mmp-config", **body)
    (row,) = desk.get(f"{A}/mmp-config?instFamily=BTC-USD")
    assert row == {**body, "mmpFrozen": False, "mmpFrozenUntil": ""}
    assert desk.post(f"{A}/mmp-reset", instFamily="BTC-USD") == [{"result": True}]
    assert desk.code("POST", f"{A}/mmp-config", **{**body, "qtyLimit": "0"}) == "51000"


def test_auto_earn(bench):
    """On twice is 59675, off within a day is 59673."""
    desk = bench.sub(trading={"USDT": "1"})
    path = f"{A}/set-auto-earn"
    assert desk.code("POST", path, ccy="USDT", action="turn_on") == "0"
    assert desk.get(f"{A}/balance")[0]["details"][0]["autoLendStatus"] == "active"
    assert desk.code("POST", path, ccy="USDT", action="turn_on") == "59675"
    assert desk.code("POST", path, ccy="USDT", action="turn_off") == "59673"
    bench.clock.now += 24 * 3600
    assert desk.code("POST", path, ccy="USDT", action="turn_off") == "0"
    assert desk.code("POST", path, ccy="NOPE", action="turn_on") == "59671"


def test_delta_neutral_precheck(bench):
    """The precheck names what stands in the way."""
    desk = bench.sub(acctLv="2", bots=[{"instId": "BTC-USDT"}])
    (row,) = desk.get(f"{A}/precheck-set-delta-neutral?stgyType=1")
    assert [item["type"] for item in row["unmatchedInfoCheck"]] == ["futures_mode", "trading_bot"]
