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
        ({"acctLv": "3"}, "set-auto-loan", None, "50000", "autoLoan", False),
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


@pytest.mark.parametrize(
    ("name", "value"),
    [("timeInterval", "-1"), ("timeInterval", "0.5"), ("frozenInterval", "-1"), ("qtyLimit", "0"), ("qtyLimit", "-1")],
)
def test_a_wrong_value_of_a_protection_is_named(bench, name, value):
    """The refusal names the parameter that is wrong, not another."""
    body = {"instFamily": "BTC-USD", "timeInterval": "0", "frozenInterval": "0", "qtyLimit": "100", name: value}
    answer = bench.sub(acctLv="4", mmp_allowed=True).call("POST", f"{A}/mmp-config", body)
    assert (answer["code"], answer["msg"]) == ("51000", f"Parameter {name}  error")


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
    bench.act("POST", "accounts/mmdesk01/set", mmp_frozen=["BTC-USD"])
    assert desk.get(f"{A}/mmp-config")[0]["mmpFrozen"] is True
    assert desk.post(f"{A}/mmp-reset", instFamily="BTC-USD") == [{"result": True}]
    assert desk.get(f"{A}/mmp-config")[0]["mmpFrozen"] is False
    assert desk.code("POST", f"{A}/mmp-config", **{**body, "qtyLimit": "0"}) == "51000"


def test_auto_earn(bench):
    """On twice is 59675, off within a day is 59673, whose message names the time."""
    desk = bench.sub(trading={"USDT": "1"})
    path = f"{A}/set-auto-earn"
    assert desk.code("POST", path, ccy="USDT", action="turn_on") == "0"
    assert desk.get(f"{A}/balance")[0]["details"][0]["autoLendStatus"] == "active"
    assert desk.code("POST", path, ccy="USDT", action="turn_on") == "59675"
    refused = desk.call("POST", path, {"ccy": "USDT", "action": "turn_off"})
    assert (refused["code"], "before 2026-11-21 00:00:11 UTC" in refused["msg"]) == ("59673", True)
    bench.clock.now += 24 * 3600
    assert desk.code("POST", path, ccy="USDT", action="turn_off") == "0"
    assert desk.code("POST", path, ccy="NOPE", action="turn_on") == "59671"


COLLATERAL = {"type": "custom", "collateralEnabled": False}


@pytest.mark.parametrize(
    ("account", "flags", "ccys", "code"),
    [
        ({"debts": {"SOL": "1"}}, {}, ["SOL"], "59664"),
        ({"positions": [{"instId": "BTC-USDT-SWAP"}]}, {}, ["USDT"], "59662"),
        ({"orders": [{"instId": "BTC-USD-SWAP"}]}, {}, ["BTC"], "59662"),
        ({"trading": {"SOL": "1"}, "debts": {"USDT": "10"}}, {}, ["SOL"], "59665"),
        ({}, {"collateral_fixed": ["USDT"]}, ["USDT"], "59661"),
        ({}, {"collateral_pairs": {"USDC": "USDT"}}, ["USDC"], "59660"),
        ({}, {"collateral_pairs": {"USDC": "USDT"}}, ["USDC", "USDT"], "0"),
    ],
)
def test_collateral_that_is_needed(bench, account, flags, ccys, code):
    """What is owed, margined in, fixed or coupled can not be disabled alone; a refused call changes nothing."""
    bench.act("POST", "flags", flags)
    desk = bench.sub(acctLv="3", **account)
    assert desk.code("POST", f"{A}/set-collateral-assets", **COLLATERAL, ccyList=ccys) == code
    assert bench.state()["collateral_off"] == (ccys if code == "0" else [])


def test_settings_of_a_seed(bench):
    """What is keyed by currency or family can stand in a seed, and reads back where the venue shows it."""
    mmp = {"BTC-USD": {"timeInterval": "5000", "qtyLimit": 100}}
    desk = bench.sub(acctLv="4", mmp=mmp, mmp_allowed=True, spot_offset={"BTC": "0.5"}, trading={"BTC": 1, "USDT": 1})
    (row,) = desk.get(f"{A}/mmp-config")
    assert (row["timeInterval"], row["frozenInterval"], row["qtyLimit"]) == ("5000", "0", "100")
    bench.act(
        "POST", "accounts/mmdesk01/set", auto_earn={"USDT": 0}, earn_unsupported=["BTC"], spot_offset={"BTC": None}
    )
    rows = {row["ccy"]: row for row in desk.get(f"{A}/balance")[0]["details"]}
    assert (rows["USDT"]["autoLendStatus"], rows["BTC"]["autoLendStatus"]) == ("active", "unsupported")
    assert rows["BTC"]["clSpotInUseAmt"] == ""
    assert desk.code("POST", f"{A}/set-auto-earn", ccy="BTC", action="turn_on") == "59671"
    bench.act("POST", "flags", auto_earn_pending_s=60)
    desk.post(f"{A}/set-auto-earn", ccy="USDT", action="turn_off")
    desk.post(f"{A}/set-auto-earn", ccy="USDT", action="turn_on")
    (row,) = desk.get(f"{A}/balance?ccy=USDT")[0]["details"]
    assert row["autoLendStatus"] == "pending"


def test_a_settle_currency_must_be_collateral(bench):
    """59683 in multi-currency mode."""
    desk = bench.sub(acctLv="3", collateral_off=["USDC"])
    assert desk.code("POST", f"{A}/set-settle-currency", settleCcy="USDC") == "59683"


@pytest.mark.parametrize(
    ("block", "code", "shown"),
    [
        ("loan", "59521", ["loan"]),
        ("delta_risk", "59526", ["delta_risk"]),
        ("not_eligible", "59518", []),
        ("vip", "59519", []),
    ],
)
def test_what_else_blocks_a_strategy(bench, block, code, shown):
    """Loans and risk stand in the precheck; who may have the strategy at all does not."""
    desk = bench.sub(acctLv="3", strategy_blocks=[block])
    (row,) = desk.get(f"{A}/precheck-set-delta-neutral?stgyType=1")
    assert [item["type"] for item in row["unmatchedInfoCheck"]] == shown
    assert desk.code("POST", f"{A}/set-trading-config", type="stgyType", stgyType="1") == code
    bench.act("POST", "accounts/mmdesk01/set", strategy_blocks=["risk_unit_type"], stgyType="1")
    assert desk.code("POST", f"{A}/set-trading-config", type="stgyType", stgyType="0") == "59529"


def test_reports(bench):
    """Fees by type, the risk state of portfolio margin, and its caps."""
    desk = bench.sub(level="VIP1", acctLv="4")
    (fee,) = desk.get(f"{A}/trade-fee?instType=SWAP&instFamily=BTC-USDT")
    assert (fee["level"], fee["instType"], len(fee["feeGroup"])) == ("VIP1", "SWAP", 1)
    assert desk.code("GET", f"{A}/trade-fee") == "50014"
    assert desk.code("GET", f"{A}/trade-fee?instType=SPOT&instId=BTC-USDT&groupId=1") == "50024"
    assert desk.get(f"{A}/risk-state")[0]["atRisk"] is False
    bench.act("POST", "flags", portfolio_caps={"BTC-USDT": "100"})
    rows = desk.get(f"{A}/position-tiers?instType=SWAP&instFamily=BTC-USDT,ETH-USDT")
    assert [(row["instFamily"], row["maxSz"]) for row in rows] == [("BTC-USDT", "100"), ("ETH-USDT", "1000000")]
    assert desk.code("GET", f"{A}/position-tiers?instType=SWAP&instFamily=NO-PE") == "51014"
    bench.act("POST", "accounts/mmdesk01/set", acctLv="3")
    assert desk.code("GET", f"{A}/risk-state") == "51010"


def test_a_feature_is_activated_without_a_word(bench):
    """An empty list, whoever of the group asks; no read shows it."""
    desk = bench.sub()
    assert desk.post(f"{A}/activate-feature", feature="1") == []
    assert bench.broker.post(f"{A}/activate-feature", feature="1") == []
    assert desk.code("POST", f"{A}/activate-feature", feature="2") == "51000"


def test_demo_money(bench):
    """Three increases a UTC day, within a cap; down to nothing as often as wanted; never for a live key."""
    desk, path = bench.sub(), f"{A}/demo-adjust-balance"
    some = [{"ccy": "USDT", "amt": "5000"}, {"ccy": "BTC", "amt": "0.5"}]
    for left in ("2", "1", "0"):
        assert desk.post(path, type="increase", adjustments=some)[0]["remainCnt"] == left
    assert desk.code("POST", path, type="increase", adjustments=some) == "59691"
    less = [{"ccy": "USDT", "amt": "15000"}]
    assert desk.post(path, type="reduce", adjustments=less)[0]["details"] == [{**less[0], "bal": "0"}]
    assert desk.code("POST", path, type="reduce", adjustments=less) == "59692"
    assert desk.code("POST", path, type="increase", adjustments=[{"ccy": "USDT", "amt": "5001"}]) == "59691"
    bench.clock.now += 24 * 3600
    assert desk.code("POST", path, type="increase", adjustments=[{"ccy": "USDT", "amt": "5001"}]) == "51000"
    assert desk.code("POST", path, type="increase", adjustments=[]) == "51000"
    bench.act("POST", "accounts/mmdesk01/keys/bench", env="live")
    desk.headers = {}
    assert desk.code("POST", path, type="reduce", adjustments=less) == "50053"


def test_delta_neutral_precheck(bench):
    """The precheck names what stands in the way."""
    desk = bench.sub(acctLv="2", bots=[{"instId": "BTC-USDT"}])
    (row,) = desk.get(f"{A}/precheck-set-delta-neutral?stgyType=1")
    assert [item["type"] for item in row["unmatchedInfoCheck"]] == ["futures_mode", "trading_bot"]
