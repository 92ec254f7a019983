"""Account mode: prechecks, presets, switches, and what a switch leaves behind."""

from __future__ import annotations

import pytest

LEVEL = "/account/set-account-level"
CHECK = "/account/set-account-switch-precheck"
PRESET = "/account/account-level-switch-preset"
SWAP = {"instId": "BTC-USDT-SWAP"}


@pytest.mark.parametrize(
    ("account", "level", "types", "code"),
    [
        ({"acctLv": "1"}, "2", [], "0"),
        ({"acctLv": "2"}, "2", [], "0"),
        ({"acctLv": "2", "positions": [SWAP]}, "2", [], "0"),
        ({"acctLv": "2", "orders": [{"instId": "BTC-USDT"}]}, "3", ["pending_orders"], "59132"),
        ({"acctLv": "2", "algos": [SWAP]}, "3", ["pending_algos"], "59132"),
        ({"acctLv": "2", "bots": [SWAP]}, "3", ["pending_algos"], "59132"),
        ({"acctLv": "2", "positions": [SWAP]}, "1", ["all_positions"], "59134"),
        ({"acctLv": "2", "positions": [SWAP]}, "3", [], "0"),
        ({"acctLv": "2", "positions": [{"instId": "BTC-USDT"}]}, "3", ["cross_margin"], "59134"),
        (
            {"acctLv": "2", "mgnIsoMode": "quick_margin", "positions": [{"instId": "BTC-USDT", "mgnMode": "isolated"}]},
            "3",
            ["isolated_margin"],
            "59134",
        ),
        (
            {"acctLv": "2", "ctIsoMode": "autonomy", "positions": [{**SWAP, "mgnMode": "isolated"}]},
            "3",
            ["isolated_contract"],
            "59134",
        ),
        ({"acctLv": "3", "posMode": "long_short_mode", "positions": [SWAP]}, "4", ["contract_long_short"], "59134"),
        ({"acctLv": "3", "posMode": "long_short_mode"}, "4", [], "0"),
        ({"acctLv": "3", "debts": {"BTC": "1"}}, "2", ["repay_borrowings"], "59001"),
        ({"acctLv": "4", "debts": {"BTC": "1"}}, "2", ["repay_borrowings"], "59001"),
        ({"acctLv": "4", "debts": {"BTC": "1"}}, "3", [], "0"),
        ({"acctLv": "3", "debts": {"BTC": "1"}}, "4", [], "0"),
        ({"acctLv": "2", "copies": [SWAP]}, "3", ["spot_lead_copy_only_simple_single"], "59135"),
        ({"acctLv": "3", "positions": [SWAP]}, "2", [], "0"),
        ({"acctLv": "2", "mode_blocks": ["vip_fixed_loan"]}, "3", ["vip_fixed_loan"], "59641"),
        ({"acctLv": "3", "mode_blocks": ["lead_portfolio"]}, "4", ["lead_portfolio"], "51164"),
        ({"acctLv": "2", "mode_blocks": ["stop_futures_custom"]}, "3", ["stop_futures_custom"], "59135"),
        ({"acctLv": "2", "mode_blocks": ["compliance_kyc2"]}, "3", ["compliance_kyc2"], "59113"),
        ({"acctLv": "2", "mode_blocks": ["cross_option_buyer"]}, "4", ["cross_option_buyer"], "59134"),
    ],
)
def test_what_stands_in_the_way(bench, account, level, types, code):
    """The precheck names the blockers inside a success, and the switch is refused with the code of the first."""
    desk = bench.sub(**account)
    (verdict,) = desk.get(f"{CHECK}?acctLv={level}")
    assert [item["type"] for item in verdict["unmatchedInfoCheck"]] == types
    assert verdict["sCode"] == ("1" if types else "0")
    assert (verdict["mgnBf"] is None) == bool(types)
    assert code == desk.code("POST", LEVEL, acctLv=level)
    assert bench.state()["acctLv"] == (level if code == "0" else account["acctLv"])


@pytest.mark.parametrize("level", ["0", "5", "spot"])
def test_unknown_levels(bench, level):
    """Only 1 to 4 are account modes; 1 has no preset."""
    desk = bench.sub()
    assert desk.code("POST", LEVEL, acctLv=level) == "51000"
    assert desk.code("GET", f"{CHECK}?acctLv={level}") == "51000"
    assert desk.code("POST", PRESET, acctLv="1") == "51000"


def test_a_mode_that_nobody_activated(bench):
    """51070 from the precheck and from the switch; the present mode is always fine."""
    desk = bench.sub(acctLv="1", activated_modes=["1", "2"])
    assert desk.code("GET", f"{CHECK}?acctLv=3") == "51070"
    assert desk.code("POST", LEVEL, acctLv="3") == "51070"
    assert desk.code("POST", LEVEL, acctLv="1") == "0"
    assert desk.code("POST", LEVEL, acctLv="2") == "0"


def test_assets_below_a_minimum(bench):
    """With a minimum the verdict names the total, in USD."""
    bench.act("POST", "flags", minimum_assets={"3": "10000"})
    desk = bench.sub(trading={"USDT": "1000", "BTC": "0.1"})
    (verdict,) = desk.get(f"{CHECK}?acctLv=3")
    assert [(item["type"], item["totalAsset"]) for item in verdict["unmatchedInfoCheck"]] == [
        ("asset_validation", "7000")
    ]
    assert desk.code("POST", LEVEL, acctLv="3") == "59133"
    bench.act("POST", "accounts/mmdesk01/balances", trading={"USDT": "4000"})
    assert desk.code("POST", LEVEL, acctLv="3") == "0"


def test_leaving_portfolio_margin_wants_a_preset(bench):
    """Cross contract positions need a leverage chosen first: 59136, then 59137 too high, then the value is theirs."""
    desk = bench.sub(acctLv="4", positions=[{**SWAP, "size": "5000"}])
    assert desk.get(f"{CHECK}?acctLv=3")[0]["sCode"] == "3"
    assert desk.code("POST", LEVEL, acctLv="3") == "59136"
    assert desk.code("POST", PRESET, acctLv="3") == "50014"
    assert desk.code("POST", PRESET, acctLv="3", lever="0.5") == "59105"
    assert desk.code("POST", PRESET, acctLv="3", lever="51") == "59137"
    (row,) = desk.post(PRESET, acctLv="3", lever="20")
    assert (row["curAcctLv"], row["acctLv"], row["lever"]) == ("4", "3", "20")
    (verdict,) = desk.get(f"{CHECK}?acctLv=3")
    assert (verdict["sCode"], verdict["posList"][0]["lever"]) == ("0", "20")
    desk.post(LEVEL, acctLv="3")
    assert bench.state()["leverage"] == {"SWAP/cross/BTC-USDT-SWAP": "20"}


def test_a_position_that_grows_after_the_preset(bench):
    """The precheck then shows its tier, and the switch is 59138."""
    desk = bench.sub(acctLv="4", positions=[SWAP])
    desk.post(PRESET, acctLv="2", lever="100")
    bench.act("POST", "accounts/mmdesk01/positions", instId="BTC-USDT-SWAP", size="5000")
    (verdict,) = desk.get(f"{CHECK}?acctLv=2")
    assert (verdict["sCode"], [row["maxSz"] for row in verdict["posTierCheck"]]) == ("4", ["1000"])
    assert desk.code("POST", LEVEL, acctLv="2") == "59138"


def test_caps_and_margin(bench):
    """A family above the cap of portfolio margin is 59138, a failing margin check 59139; both are sCode 4."""
    bench.act("POST", "flags", portfolio_caps={"BTC-USDT": "10"})
    desk = bench.sub(acctLv="3", positions=[{**SWAP, "size": "11"}])
    (verdict,) = desk.get(f"{CHECK}?acctLv=4")
    assert (verdict["sCode"], verdict["posTierCheck"][0]["maxSz"]) == ("4", "10")
    assert desk.code("POST", LEVEL, acctLv="4") == "59138"
    bench.act("POST", "accounts/mmdesk01/set", margin_check_fails=True)
    assert desk.get(f"{CHECK}?acctLv=2")[0]["sCode"] == "4"
    assert desk.code("POST", LEVEL, acctLv="2") == "59139"


def test_a_bare_preset(bench):
    """By flag the preset answers without an envelope, as the documentation shows it."""
    bench.act("POST", "flags", preset_enveloped=False)
    assert bench.sub().call("POST", PRESET, {"acctLv": "3"})["acctLv"] == "3"


def test_portfolio_margin_leaves_net_mode(bench):
    """Entering portfolio margin sets net mode, and going back keeps it."""
    desk = bench.sub(acctLv="3", posMode="long_short_mode")
    desk.post(LEVEL, acctLv="4")
    desk.post(LEVEL, acctLv="3")
    assert bench.state()["posMode"] == "net_mode"


def test_what_a_switch_forgets(bench):
    """Scopes whose key changed shape are at the default, the others keep their value; positions get new ids."""
    desk = bench.sub(
        acctLv="2",
        leverage={"MARGIN/cross/BTC-USDT": 3, "MARGIN/isolated/BTC-USDT": 4, "SWAP/cross/BTC-USDT-SWAP": 7},
        positions=[SWAP],
    )
    before = desk.get("/account/positions")[0]["posId"]
    desk.post(LEVEL, acctLv="3")
    assert bench.state()["leverage"] == {"SWAP/cross/BTC-USDT-SWAP": "7"}
    assert desk.get("/account/positions")[0]["posId"] != before
    bench.act("DELETE", "accounts/mmdesk01/positions/all")
    desk.post(LEVEL, acctLv="1")
    assert bench.state()["leverage"] == {}
