"""Settings: each set and set back, behind its modes and its prechecks, by the account's own key."""

from __future__ import annotations

from typing import Any

import pytest
from desk import Desk
from ladder_parts import KEY, LEVEL, NO_CHANGES, failing, own_secret, quiet, settle, signed

from acctcfg.core.setting import OneWay
from acctcfg.venues.okx.settings import SWITCHES

ON = {"auto_loan": True, "greeks": "BS", "fee_type": "quote"}
OFF = {"auto_loan": False, "greeks": "PA", "fee_type": "received"}
LIVE = {"auto_loan": "autoLoan", "greeks": "greeksType", "fee_type": "feeType"}
VENUE = {"auto_loan": (False, True), "greeks": ("PA", "BS"), "fee_type": ("0", "1")}
SET = {"auto_loan": "set-auto-loan", "greeks": "set-greeks", "fee_type": "set-fee-type"}


def _live(desk: Desk, name: str = "mmdesk01") -> dict[str, Any]:
    account = desk.account(name)
    return {setting: account[field] for setting, field in LIVE.items()}


def _wants(desk: Desk, settings: Any = ..., **fields: Any) -> Desk:
    return desk.write({"mmdesk01": {"api_keys": KEY, "settings": settings, **fields}})


@pytest.mark.slow
@pytest.mark.parametrize("name", ON)
def test_each_is_set_and_set_back(desk: Desk, name: str) -> None:
    """One write each way, read back; a plan after it is empty; left out of the manifest it stays as it is."""
    settle(desk, "mmdesk01", acctLv="3")
    for wanted, theirs in ((ON[name], VENUE[name][1]), (OFF[name], VENUE[name][0])):
        said = _wants(desk, {name: wanted}).converge()
        assert said.last == "Applied: 0 created, 1 changed, 0 deleted, 0 blocked, 0 failed."
        assert (_live(desk)[name], desk.writes()[-1]["path"].rpartition("/")[2]) == (theirs, SET[name])
    assert len(desk.writes()) == 2
    _wants(desk, {}).converge()
    _wants(desk, {name: None}).converge()
    assert len(desk.writes()) == 2


def test_the_plan_shows_values_as_the_manifest_writes_them(desk: Desk) -> None:
    """Words and switches in text; JSON has a boolean, the field and where the manifest says it."""
    settle(desk, "mmdesk01", acctLv="3")
    text = _wants(desk, ON).plan().out
    assert "settings.auto_loan  false -> true" in text
    assert "settings.fee_type   received -> quote" in text
    step = desk.steps()["mmdesk01.settings.auto_loan"]
    assert (step["field"], step["key"], step["before"], step["after"]) == ("settings.auto_loan", "", False, True)
    assert step["place"]["line"] > 1
    assert step["calls"] == ["POST /api/v5/account/set-auto-loan"]
    assert [one["name"] for one in step["prechecks"]] == ["no_borrowings"]


@pytest.mark.parametrize("there", [True, False], ids=["behind a mode", "new account"])
def test_a_currency_that_the_venue_has_not_is_named_before_apply(desk: Desk, there: bool) -> None:
    """A setting that cannot be read yet: plan looks its currency up in the venue's list, once, and sends nothing."""
    if there:
        settle(desk, "mmdesk01")
    settings = {"collateral": {"enabled": ["BTC"], "disabled": ["XYZQ"]}, "auto_earn": {"USDT": True, "USDQ": True}}
    said = _wants(desk, settings, account_mode="multi_currency").plan("--format", "json")
    told = {one["address"] for one in said.json["warnings"] if one["code"] == "currency_unknown"}
    assert told == {"mmdesk01.settings.collateral[XYZQ]", "mmdesk01.settings.auto_earn[USDQ]"}
    assert "the venue's list of currencies has no XYZQ: apply may find that it cannot be set" in desk.plan().out
    assert desk.writes() == []


def test_a_currency_is_looked_up_only_where_nothing_else_can_tell(desk: Desk) -> None:
    """The account's own values show it where they can be read; and a list that fails keeps nothing from a plan."""
    settle(desk, "mmdesk01", acctLv="3")
    desk.write({"mmdesk01": {"api_keys": KEY}}).converge()
    desk.sandbox.control_post("forget")
    said = _wants(desk, {"collateral": {"disabled": ["XYZQ"]}}).plan("--format", "json")
    assert [one["code"] for one in said.json["unreadable"]] == ["no_collateral"]
    assert "/api/v5/asset/currencies" not in desk.sandbox.control_get("requests")["by_path"]
    desk.fault(match={"path": "*/asset/currencies"}, kind="code", code="50001", times=0)
    settle(desk, "mmdesk02")
    wanted = {"api_keys": KEY, "account_mode": "multi_currency", "settings": {"collateral": {"disabled": ["DOGE"]}}}
    said = desk.write({"mmdesk02": wanted}).plan("--format", "json")
    assert (said.code, [one["code"] for one in said.json["unreadable"]]) == (0, [])
    assert "mmdesk02.settings.collateral[DOGE]" in {one["address"] for one in said.json["steps"]}


@pytest.mark.parametrize(("live", "wanted"), [("spot", "multi_currency"), ("spot", "portfolio")])
def test_a_setting_comes_after_the_modes(desk: Desk, live: str, wanted: str) -> None:
    """Behind a change of the account mode it is read after it, and written last."""
    settle(desk, "mmdesk01", acctLv=LEVEL[live])
    _wants(desk, ON, account_mode=wanted, position_mode="net")
    step = desk.steps()["mmdesk01.settings.auto_loan"]
    behind = ["mmdesk01.account_mode", "mmdesk01.position_mode"]
    assert (step["before_known"], step["depends_on"]) == (False, behind)
    assert "(known after account_mode) -> true" in desk.plan().out
    desk.converge()
    assert _live(desk) == {name: both[1] for name, both in VENUE.items()}
    assert desk.writes()[0]["path"].endswith("set-subaccount-level")


def test_a_setting_that_proves_right_after_the_mode_is_not_written(desk: Desk) -> None:
    """Known only after the mode, and right then: no write, and nothing counted."""
    settle(desk, "mmdesk01", acctLv="1")
    said = _wants(desk, OFF, account_mode="multi_currency").converge()
    assert said.last == "Applied: 0 created, 1 changed, 0 deleted, 0 blocked, 0 failed."
    assert len(desk.writes()) == 1


def test_a_new_account_is_set_up_in_one_apply(desk: Desk) -> None:
    """Account, key, modes, settings."""
    _wants(desk, ON, account_mode="multi_currency", position_mode="net").converge()
    assert _live(desk) == {name: both[1] for name, both in VENUE.items()}


def test_the_main_account_has_settings(desk: Desk) -> None:
    """Signed by the venue's own credentials."""
    desk.write({"house": {"role": "main", "settings": {"greeks": "BS", "fee_type": "quote"}}}).converge()
    assert [row["path"].rpartition("/")[2] for row in desk.writes()] == ["set-fee-type", "set-greeks"]


@pytest.mark.parametrize("mode", ["spot", "futures"])
def test_a_mode_without_it_is_refused_offline(desk: Desk, mode: str) -> None:
    """`validate` names the place, the setting and the modes that have it; other settings stay."""
    said = _wants(desk, ON, account_mode=mode).run("validate")
    reason = f"account mode {mode} has no `auto_loan` (multi_currency and portfolio have it)"
    assert (said.code, said.err.count(reason), "fee_type" in said.err) == (1, 1, False)
    assert "mmdesk01.settings.auto_loan: " in said.err


@pytest.mark.parametrize("mode", ["spot", "futures"])
def test_a_live_mode_without_it_is_said_by_the_plan(desk: Desk, mode: str) -> None:
    """Where the manifest does not say the mode: unreadable at its address, exit 1, the others go on."""
    settle(desk, "mmdesk01", acctLv=LEVEL[mode])
    said = _wants(desk, ON).plan("--format", "json")
    assert (said.code, [one["address"] for one in said.json["unreadable"]]) == (1, ["mmdesk01.settings.auto_loan"])
    assert f"account mode {mode} has no `auto_loan`" in said.json["unreadable"][0]["message"]
    assert [one["address"] for one in said.json["steps"]] == ["mmdesk01.settings.fee_type", "mmdesk01.settings.greeks"]


def test_borrowings_block_automatic_borrowing(desk: Desk) -> None:
    """59001: the debt is named, nothing is written; repaid, it is set."""
    settle(desk, "mmdesk01", acctLv="3", trading={"USDT": "100"}, debts={"USDT": "12.5"})
    _wants(desk, {"auto_loan": True})
    assert failing(desk.steps()["mmdesk01.settings.auto_loan"]) == {"no_borrowings": "12.5 USDT"}
    quiet(desk)
    desk.sandbox.control_post("accounts/mmdesk01/balances", {"debts": {"USDT": "0"}})
    desk.converge()


def test_spot_orders_block_the_fee_type(desk: Desk) -> None:
    """59678: spot orders are named; an order of another market is none."""
    settle(desk, "mmdesk01", acctLv="3")
    desk.open("mmdesk01", "orders", instId="BTC-USDT-SWAP", tdMode="cross")
    _wants(desk, {"fee_type": "quote"}).converge()
    desk.open("mmdesk01", "orders", instId="BTC-USDT", tdMode="cash")
    _wants(desk, {"fee_type": "received"})
    found = failing(desk.steps()["mmdesk01.settings.fee_type"])
    assert list(found) == ["no_spot_orders"]
    assert "BTC-USDT " in found["no_spot_orders"]
    assert "SWAP" not in found["no_spot_orders"]
    quiet(desk)


@pytest.mark.parametrize(("name", "path"), [("auto_loan", "*/account/balance"), ("fee_type", "*/trade/orders-pending")])
def test_what_cannot_be_asked_blocks(desk: Desk, name: str, path: str) -> None:
    """A question whose read fails is unknown, never passed."""
    settle(desk, "mmdesk01", acctLv="3")
    desk.fault(match={"path": path, "method": "GET"}, kind="code", code="51000", times=0)
    [(check, _)] = failing(_wants(desk, {name: ON[name]}).steps()[f"mmdesk01.settings.{name}"]).items()
    assert check in ("no_borrowings", "no_spot_orders")


@pytest.mark.parametrize("name", ON)
def test_a_word_that_nobody_knows_is_unreadable(desk: Desk, name: str) -> None:
    """An odd value spoils its own setting alone."""
    settle(desk, "mmdesk01", acctLv="3")
    account = desk.sandbox.app.venues["okx"].state.tenants["desk"].subs["mmdesk01"]
    setattr(account, {"auto_loan": "auto_loan", "greeks": "greeks_type", "fee_type": "fee_type"}[name], "surprise")
    said = _wants(desk, ON).plan("--format", "json")
    assert (said.code, [one["address"] for one in said.json["unreadable"]]) == (1, [f"mmdesk01.settings.{name}"])


@pytest.mark.parametrize("name", ON)
def test_accepted_is_not_applied(desk: Desk, name: str) -> None:
    """A success that changes nothing is a failure that says so, after one write."""
    settle(desk, "mmdesk01", acctLv="3")
    desk.fault(match={"path": f"*/{SET[name]}"}, kind="ok_but_nothing", times=0)
    said = _wants(desk, {name: ON[name]}).apply("--format", "json")
    assert (said.code, [one["code"] for one in said.json["results"]]) == (1, ["not_applied"])
    assert len(desk.writes()) == 1


def test_a_target_selects_one_setting(desk: Desk) -> None:
    """`ACCOUNT.settings.NAME` and patterns; what is no setting selects nothing."""
    settle(desk, "mmdesk01", acctLv="3")
    _wants(desk, ON)
    assert list(desk.steps("--target", "mmdesk01.settings.greeks")) == ["mmdesk01.settings.greeks"]
    assert len(desk.steps("--target", "mmdesk01.settings.*")) == 3
    assert desk.plan("--target", "mmdesk01.settings.isolated_margin").code == 64


def test_a_saved_plan_holds_for_its_settings(desk: Desk) -> None:
    """Applied as it was reviewed; stale once the live value, or the manifest's, is a third one."""
    settle(desk, "mmdesk01", acctLv="3")
    plan = str(desk.folder / "plan.json")
    assert _wants(desk, ON).plan("--out", plan).code == 0
    signed(
        desk, "POST", "/api/v5/account/set-greeks", {"greeksType": "BS"}, own_secret("mmdesk01")
    )  # as wanted already
    assert desk.apply(plan).code == 0
    assert desk.plan().last == NO_CHANGES
    assert _wants(desk, OFF).plan("--out", plan).code == 0
    _wants(desk, {**OFF, "greeks": "BS"})
    assert desk.apply(plan).code == 1


def test_show_has_what_is_managed(desk: Desk) -> None:
    """By address, in the manifest's words."""
    settle(desk, "mmdesk01", acctLv="3")
    out = _wants(desk, ON).run("show").out
    assert "settings.auto_loan" in out
    assert "received" in out


def test_show_tells_what_the_present_mode_has_of_an_account_that_is_to_switch(desk: Desk) -> None:
    """A leverage that this mode lacks is told by itself, with the venue's word for that one; all else as it is."""
    desk.sandbox.control_post("flags", {"isolated_in_advanced_modes": "contracts"})
    settle(desk, "mmdesk01", acctLv="4")
    isolated = {"market": "margin", "instrument": "BTC-USDT", "margin": "isolated", "value": 3}
    cross = {"market": "swap", "family": "BTC-USDT", "margin": "cross", "value": 3}
    fields = {"account_mode": "futures", "position_mode": "long_short", "leverage": [isolated, cross]}
    view, *others = _wants(desk, {"greeks": "BS"}, **fields).run("show", "--format", "json").json
    assert others == []
    assert {address.partition(".")[2]: value for address, value in view["values"].items()} == {
        "account_mode": "portfolio",
        "api_keys[trading]": {"permissions": ["read", "trade"], "ip_allowlist": ["127.0.0.1"], "store": "vault"},
        "position_mode": "net",
        "settings.greeks": "PA",
    }
    assert {one["address"].partition(".")[2]: one["code"] for one in view["unreadable"]} == {
        "leverage[margin/BTC-USDT/isolated]": "50072",
        "leverage[swap/BTC-USDT/cross]": "59111",
    }


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"auto_loan": "yes"}, 'must be true or false, not "yes"'),
        ({"greeks": "AP"}, 'unknown value "AP"'),
        ({"grееks": "BS"}, "unknown key"),
        ({"greks": "BS"}, 'did you mean "greeks"'),
        (
            {"activate_feature": True},
            'holds "activate_feature": it cannot be read back, acts on the master',
        ),
        ({"auto_earn_usdg": True}, 'no manifest holds "auto_earn_usdg": the earning of USDG cannot be read back'),
        ({"margin_mode": {"BINANCE_FUTURE_BTC_USDT": "isolated"}}, "has no setting `margin_mode`"),
        ([], "must be a map"),
    ],
)
def test_what_is_no_setting_is_refused(desk: Desk, settings: Any, words: str) -> None:
    """One message with the place: a wrong value, a slip of the pen, a setting that is not built yet."""
    said = _wants(desk, settings).run("validate")
    assert (said.code, words in said.err, "acctcfg.yaml:" in said.err) == (1, True, True), said.err


def test_profiles_lie_under_the_accounts_own(desk: Desk) -> None:
    """Maps merge; null takes one away; the reason of a wrong mode names where it was written."""
    profile = {"mm": {"settings": ON}}
    account = {"profile": "mm", "api_keys": KEY, "settings": {"greeks": None, "fee_type": "received"}}
    settle(desk, "mmdesk01", acctLv="3")
    desk.write({"mmdesk01": account}, profiles=profile)
    assert list(desk.steps()) == ["mmdesk01.settings.auto_loan"]
    desk.write({"mmdesk01": {**account, "account_mode": "spot"}}, profiles=profile)
    assert "profiles.mm.settings.auto_loan: account mode spot" in desk.run("validate").err


def test_one_read_serves_several_settings(desk: Desk) -> None:
    """Three settings are looked at by one read before their writes, and read back by one after them."""
    settle(desk, "mmdesk01", acctLv="3")
    _wants(desk, ON).plan()
    before = _configs(desk)
    said = desk.apply()
    assert (said.code, len(desk.writes())) == (0, 3)
    assert _configs(desk) - before == 4  # whose credentials, the plan's own, the last look, the read-back


def _configs(desk: Desk) -> int:
    return int(desk.sandbox.control_get("requests")["by_path"]["GET /api/v5/account/config"])


def test_nothing_is_tried_that_leads_back_from_a_one_way_value(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A value that the venue never takes back blocks the wish for another one, with the reason."""
    settle(desk, "mmdesk01", acctLv="3")
    greeks = next(one.setting for one in SWITCHES if one.setting.name == "greeks")
    monkeypatch.setattr(
        type(greeks), "one_way", lambda _self, _key, value: OneWay("it stays so") if value == "PA" else None
    )
    _wants(desk, {"greeks": "BS"})
    assert failing(desk.steps()["mmdesk01.settings.greeks"]) == {"way_back": "nothing leads back from PA: it stays so"}
    quiet(desk)


@pytest.mark.parametrize(("name", "value"), [("spot_offset", {"SOL": "1"}), ("auto_earn", {"SOL": True})])
def test_a_currency_without_a_balance_blocks_before_the_mode_changes(desk: Desk, name: str, value: Any) -> None:
    """No mode shows it: the account keeps its mode, where it would have been left without the setting."""
    settle(desk, "mmdesk01", acctLv="2", trading={"USDT": "100000"})
    desk.write({"mmdesk01": {"api_keys": KEY, "account_mode": "portfolio", "settings": {name: value}}})
    [check] = [one for one in desk.steps()[f"mmdesk01.settings.{name}[SOL]"]["prechecks"] if one["status"] != "pass"]
    assert (check["status"], "shows no balance of SOL" in check["detail"]) == ("unknown", True)
    quiet(desk, "--allow-sensitive")
    assert desk.account("mmdesk01")["acctLv"] == "2"
