"""Every setting of OKX: set, read back, changed or with a reason why not, blocked as documented; and one-way doors."""

from __future__ import annotations

import json
from typing import Any

import pytest
from desk import Desk
from ladder_parts import KEY, LEVEL, NO_CHANGES, failing, own_secret, quiet, settle, signed

from acctcfg.venues.okx.settings import SWITCHES

RICH = {"BTC": "2", "ETH": "10", "USDT": "100000", "DOGE": "5"}
MMP = {"window_ms": 5000, "freeze_ms": 0, "quantity_limit": 100}
# setting -> (account mode, what the account has besides, values that are wanted one after the other)
RUNGS: dict[str, tuple[str, dict[str, Any], list[Any]]] = {
    "auto_earn": ("futures", {}, [{"USDT": True}]),
    "auto_loan": ("portfolio", {}, [True, False]),
    "auto_repay": ("spot", {"enableSpotBorrow": True}, [True, False]),
    "collateral": (
        "multi_currency",
        {},
        [{"disabled": ["DOGE", "ETH"]}, {"enabled": ["DOGE"], "disabled": ["BTC"]}, {"all": True}],
    ),
    "fee_type": ("spot", {}, ["quote", "received"]),
    "greeks": ("spot", {}, ["BS", "PA"]),
    "isolated_margin": ("futures", {}, [{"contracts": "automatic"}, {"margin": "auto_transfers_ccy"}]),
    "market_maker_protection": (
        "portfolio",
        {"mmp_allowed": True},
        [{"BTC-USD": MMP}, {"BTC-USD": {**MMP, "window_ms": 0}, "ETH-USD": MMP}],
    ),
    "option_trading": ("futures", {}, [True]),
    "settle_currency": ("futures", {}, ["USDC", "USDG"]),
    "spot_offset": ("portfolio", {}, [{"BTC": "0.5"}, {"BTC": 0, "ETH": "1.25"}]),
    "strategy": ("multi_currency", {}, ["delta_neutral", "general"]),
}


def _account(desk: Desk, mode: str, **fields: Any) -> None:
    settle(desk, "mmdesk01", acctLv=LEVEL[mode], **{"trading": RICH, **fields})


def _wants(desk: Desk, name: str, value: Any, **fields: Any) -> Desk:
    return desk.write({"mmdesk01": {"api_keys": KEY, "settings": {name: value}, **fields}})


def _step(desk: Desk, name: str, key: str = "") -> dict[str, Any]:
    return dict(desk.steps()[f"mmdesk01.settings.{name}" + (f"[{key}]" if key else "")])


def _converge(desk: Desk) -> None:
    """One apply that takes one-way doors, and then a plan that is empty."""
    said = desk.apply("--allow-sensitive")
    assert said.code == 0, said.out + said.err
    assert desk.plan().last == NO_CHANGES


def test_every_row_has_its_rung() -> None:
    """A new setting is not forgotten here."""
    assert set(RUNGS) == {one.setting.name for one in SWITCHES}


@pytest.mark.parametrize("name", RUNGS)
def test_each_climbs_its_ladder(desk: Desk, name: str) -> None:
    """Each value is set by one apply, a plan after it is empty, and left out it stays as it is."""
    mode, fields, values = RUNGS[name]
    _account(desk, mode, **fields)
    for value in values:
        _converge(_wants(desk, name, value))
    before = len(desk.writes())
    desk.write({"mmdesk01": {"api_keys": KEY, "settings": {name: None}}}).converge()
    assert len(desk.writes()) == before


@pytest.mark.sample(4)
@pytest.mark.parametrize("name", RUNGS)
def test_each_is_undone_or_named(desk: Desk, name: str) -> None:
    """A revert of the last run brings the account back, but for what it names, or what the venue refuses by now."""
    mode, fields, values = RUNGS[name]
    _account(desk, mode, **fields)
    for value in values:
        before = desk.account("mmdesk01")
        run = _wants(desk, name, value).apply("--allow-sensitive", "--format", "json").json["run"]
    plan = desk.run("revert", run, "--out", "back.json", "--format", "json").json
    named = [one["address"] for one in plan["warnings"] if one["code"] == "not_undone"]
    assert plan["steps"] or named
    said = desk.apply("back.json", "--allow-sensitive")
    assert said.code == (3 if name == "auto_earn" else 0), said.out + said.err
    assert (desk.account("mmdesk01") == before) == (not named and said.code == 0)


@pytest.mark.parametrize("name", [one.setting.name for one in SWITCHES if one.setting.modes])
@pytest.mark.parametrize("mode", LEVEL)
def test_a_mode_without_it_is_refused_offline(desk: Desk, name: str, mode: str) -> None:
    """`validate` names the setting and the modes that have it."""
    setting = next(one.setting for one in SWITCHES if one.setting.name == name)
    said = _wants(desk, name, RUNGS[name][2][0], account_mode=mode).run("validate")
    assert said.code == int(mode not in setting.modes)
    assert (f"account mode {mode} has no `{name}`" in said.err) == (mode not in setting.modes)


# -- one-way doors -----------------------------------------------------------------------------------------------------

DOORS = {
    "option_trading": (True, ""),
    "isolated_margin": ({"margin": "auto_transfers_ccy"}, "margin"),
    "auto_earn": ({"USDT": True}, "USDT"),
    "strategy": ("delta_neutral", ""),
}


@pytest.mark.parametrize("name", DOORS)
def test_a_one_way_door_wants_a_leave_of_its_own(desk: Desk, name: str) -> None:
    """Said in the plan in words; without --allow-sensitive nothing is written."""
    mode, fields, _ = RUNGS[name]
    _account(desk, mode, **fields)
    value, key = DOORS[name]
    said = _wants(desk, name, value).plan("--format", "json")
    [warning] = [one for one in said.json["warnings"] if one["code"] == "sensitive"]
    assert "cannot be undone" in warning["message"]
    assert warning["address"] == f"mmdesk01.settings.{name}" + (f"[{key}]" if key else "")
    assert "allow_sensitive" in quiet(desk).out
    _converge(desk)


def test_options_are_never_switched_off(desk: Desk) -> None:
    """`validate` refuses the way back, with the reason."""
    said = _wants(desk, "option_trading", False).run("validate")
    assert (said.code, "must be true: it cannot be undone" in said.err) == (1, True)


def test_the_way_back_from_a_door_is_blocked_where_only_the_venue_shows_it(desk: Desk) -> None:
    """`automatic` wanted where `auto_transfers_ccy` is live: blocked with the reason, not tried."""
    _account(desk, "futures", mgnIsoMode="auto_transfers_ccy")
    _wants(desk, "isolated_margin", {"margin": "automatic"})
    assert "nothing leads back" in failing(_step(desk, "isolated_margin", "margin"))["way_back"]
    quiet(desk, "--allow-sensitive")


def test_earning_that_was_just_turned_on_stays_on_for_a_day(desk: Desk) -> None:
    """59673 is a block, not a failure, with the venue's reason."""
    _account(desk, "futures")
    _converge(_wants(desk, "auto_earn", {"USDT": True}))
    said = _wants(desk, "auto_earn", {"USDT": False}).apply()
    assert (said.code, "59673" in said.out) == (3, True)


def test_what_only_time_clears_asks_nobody_to_close_anything(desk: Desk) -> None:
    """A day of auto earn: the block and `explain` say to wait, in place of cancelling or closing something."""
    _account(desk, "futures")
    _converge(_wants(desk, "auto_earn", {"USDT": True}))
    said = _wants(desk, "auto_earn", {"USDT": False}).apply()
    assert (said.code, list(desk.account("mmdesk01")["auto_earn"])) == (3, ["USDT"])
    for text in (said.out, desk.run("explain", "okx:59673").out):
        assert "wait until the 24 hours are over, then plan again" in text
        assert "cancel or close" not in text


# -- blocked as documented ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "check"),
    [
        ("positions", "no_open_positions"),
        ("orders", "no_pending_orders"),
        ("algos", "no_algo_orders"),
        ("bots", "no_bots"),
    ],
)
def test_anything_open_blocks_the_isolated_mode(desk: Desk, kind: str, check: str) -> None:
    """59000: positions, orders, algo orders and bots, each named."""
    _account(desk, "futures")
    desk.open("mmdesk01", kind, instId="BTC-USDT-SWAP")
    _wants(desk, "isolated_margin", {"margin": "auto_transfers_ccy"})
    assert check in failing(_step(desk, "isolated_margin", "margin"))
    quiet(desk, "--allow-sensitive")


def test_spot_borrowing_is_switched_on_by_a_person(desk: Desk) -> None:
    """Automatic repayment without it is blocked, and the plan says who can help."""
    _account(desk, "spot", enableSpotBorrow=False)
    _wants(desk, "auto_repay", True)
    assert "web page" in failing(_step(desk, "auto_repay"))["spot_borrowing"]
    quiet(desk)


def test_a_settlement_currency_that_is_not_offered_is_named(desk: Desk) -> None:
    """The offered ones are listed; nothing is tried."""
    _account(desk, "futures")
    _wants(desk, "settle_currency", "EUR")
    assert "USDC" in failing(_step(desk, "settle_currency"))["settlement_offered"]
    quiet(desk)


def test_a_settlement_currency_changes_while_both_are_collateral(desk: Desk) -> None:
    """The new one counts as margin before it is settled in, and the old one until it no longer is."""
    _account(desk, "multi_currency", settleCcy="BTC", settleCcyList=["BTC", "ETH"], collateral_off=["ETH"])
    settings = {"settle_currency": "ETH", "collateral": {"enabled": ["ETH"], "disabled": ["BTC"]}}
    desk.write({"mmdesk01": {"api_keys": KEY, "settings": settings}}).converge()
    sent = [row["body"].get("settleCcy", row["body"].get("collateralEnabled")) for row in desk.writes()]
    assert sent == [True, "ETH", False]


def test_the_strategy_is_asked_of_the_venue_item_by_item(desk: Desk) -> None:
    """What stands in the way is named in words: here bots, and a currency that is not collateral."""
    _account(desk, "multi_currency", collateral_off=["DOGE"])
    desk.open("mmdesk01", "bots", instId="BTC-USDT-SWAP")
    _wants(desk, "strategy", "delta_neutral")
    said = failing(_step(desk, "strategy"))["strategy_switch"]
    assert "trading bots or copy trading" in said
    assert "a currency that is not collateral" in said
    quiet(desk, "--allow-sensitive")


@pytest.mark.parametrize(
    ("live", "collateral"),
    [("spot", {}), ("futures", {"enabled": ["DOGE"]}), ("multi_currency", {"all": True})],
)
def test_the_strategy_is_judged_behind_the_mode_and_the_collateral_that_the_plan_sets(
    desk: Desk, live: str, collateral: dict[str, Any]
) -> None:
    """What a step before it takes away stands in no way: one apply sets all of it, the strategy last."""
    _account(desk, live, collateral_off=["DOGE"] if collateral else [])
    settings = {"strategy": "delta_neutral", **({"collateral": collateral} if collateral else {})}
    desk.write({"mmdesk01": {"api_keys": KEY, "account_mode": "multi_currency", "settings": settings}})
    [check] = desk.steps()["mmdesk01.settings.strategy"]["prechecks"]
    assert (check["name"], check["status"]) == ("strategy_switch", "deferred")
    _converge(desk)
    assert desk.writes()[-1]["path"] == "/api/v5/account/set-trading-config"
    assert desk.account("mmdesk01")["stgyType"] == "1"


def test_a_strategy_beside_collateral_that_is_to_go_is_blocked_by_the_plan(desk: Desk) -> None:
    """Delta neutral takes every currency as collateral: of two wishes that exclude each other neither is tried."""
    _account(desk, "multi_currency")
    settings = {"strategy": "delta_neutral", "collateral": {"disabled": ["DOGE"]}}
    desk.write({"mmdesk01": {"api_keys": KEY, "settings": settings}})
    told = failing(_step(desk, "strategy"))["strategy_switch"]
    assert told == "a currency that is not collateral: the manifest wants DOGE off"
    quiet(desk, "--allow-sensitive")


@pytest.mark.parametrize(("block", "code", "words"), [("vip", "59519", "VIP 1"), ("not_eligible", "59518", "eligible")])
def test_what_no_precheck_of_the_strategy_shows_is_blocked_by_the_venues_word(
    desk: Desk, block: str, code: str, words: str
) -> None:
    """Two codes mean something else where sub-accounts are concerned: here they are preconditions (exit 3)."""
    _account(desk, "multi_currency", strategy_blocks=[block])
    said = _wants(desk, "strategy", "delta_neutral").apply("--allow-sensitive")
    assert (said.code, said.last) == (3, "Applied: 0 created, 0 changed, 0 deleted, 1 blocked, 0 failed.")
    assert f"{code}, " in said.out
    assert words in said.out
    assert "frozen" not in said.out
    assert "web" not in said.out


def test_the_earning_of_usdg_is_refused_offline(desk: Desk) -> None:
    """The venue does not show whether it is on, so nobody could tell."""
    said = _wants(desk, "auto_earn", {"USDG": True}).run("validate")
    assert (said.code, "cannot be read back" in said.err) == (1, True)


@pytest.mark.parametrize(
    ("rows", "wanted", "unread", "steps"),
    [
        ([], {"all": True}, {"all"}, set()),
        ([("BTC", True), ("DOGE", None)], {"all": True}, {"all"}, set()),
        ([("BTC", False), ("DOGE", None)], {"all": True}, set(), {"all"}),
        ([("BTC", False), ("DOGE", None)], {"enabled": ["BTC", "DOGE"]}, {"DOGE"}, {"BTC"}),
        ([("BTC", True), ("BTC", False)], {"enabled": ["BTC"]}, {"BTC"}, set()),
    ],
)
def test_what_the_list_of_collateral_does_not_show_is_no_yes(
    desk: Desk, rows: list[tuple[str, bool | None]], wanted: dict[str, Any], unread: set[str], steps: set[str]
) -> None:
    """An empty list is not "all of them", and a row that does not say spoils its own currency alone."""
    _account(desk, "multi_currency")
    data = [{"ccy": ccy, **({} if on is None else {"collateralEnabled": on})} for ccy, on in rows]
    body = json.dumps({"code": "0", "msg": "", "data": data})
    desk.fault(match={"path": "*/collateral-assets", "method": "GET"}, times=0, kind="garbage", status=200, body=body)
    said = _wants(desk, "collateral", wanted).plan("--format", "json")
    assert said.code == (1 if unread else 0)
    prefix = "mmdesk01.settings.collateral"
    assert {one["address"] for one in said.json["unreadable"]} == {f"{prefix}[{key}]" for key in unread}
    assert {one["address"] for one in said.json["steps"]} == {f"{prefix}[{key}]" for key in steps}


def test_protection_is_a_privilege(desk: Desk) -> None:
    """50030: unreadable at its address, exit 1; nothing else is spoiled."""
    _account(desk, "portfolio")
    said = desk.write(
        {"mmdesk01": {"api_keys": KEY, "settings": {"market_maker_protection": {"BTC-USD": MMP}, "greeks": "BS"}}}
    )
    found = said.plan("--format", "json")
    assert [one["address"] for one in found.json["unreadable"]] == [
        "mmdesk01.settings.market_maker_protection[BTC-USD]"
    ]
    assert [one["address"] for one in found.json["steps"]] == ["mmdesk01.settings.greeks"]
    assert found.code == 1


def test_protection_that_fails_behind_the_mode_spoils_no_other_setting(desk: Desk) -> None:
    """What can be read only after the new account mode fails alone: the settings beside it are set."""
    _account(desk, "futures")
    wanted = {"market_maker_protection": {"BTC-USD": MMP}, "greeks": "BS", "fee_type": "quote"}
    desk.write({"mmdesk01": {"api_keys": KEY, "account_mode": "portfolio", "settings": wanted}})
    said = desk.apply("--format", "json")
    assert said.code == 1
    failed = [one["address"] for one in said.json["results"] if one["status"] not in ("done", "already")]
    assert failed == ["mmdesk01.settings.market_maker_protection[BTC-USD]"]
    assert desk.account("mmdesk01")["greeksType"] == "BS"


@pytest.mark.parametrize(("name", "mode"), [("auto_earn", "futures"), ("spot_offset", "portfolio")])
def test_a_currency_without_a_balance_cannot_be_read(desk: Desk, name: str, mode: str) -> None:
    """The venue shows nothing of it: unreadable, never taken for off or for zero."""
    _account(desk, mode)
    said = _wants(desk, name, {"SOL": True if name == "auto_earn" else 1}).plan("--format", "json")
    assert [one["code"] for one in said.json["unreadable"]] == ["no_balance"]


def test_a_protection_needs_all_its_fields(desk: Desk) -> None:
    """They are one value: `validate` names the missing one."""
    said = _wants(desk, "market_maker_protection", {"BTC-USD": {"window_ms": 1}}).run("validate")
    assert (said.code, "quantity_limit" in said.err) == (1, True)


@pytest.mark.parametrize("field", ["window_ms", "freeze_ms"])
def test_a_protection_counts_whole_milliseconds(desk: Desk, field: str) -> None:
    """`validate` refuses a part of one; written as 5e3 or in quotes a whole number is the same number."""
    _account(desk, "portfolio", mmp_allowed=True)
    said = _wants(desk, "market_maker_protection", {"BTC-USD": {**MMP, field: 1.5}}).run("validate")
    assert (said.code, "must be a whole number, not 1.5" in said.err) == (1, True)
    _wants(desk, "market_maker_protection", {"BTC-USD": MMP}).converge()
    _wants(desk, "market_maker_protection", {"BTC-USD": {**MMP, field: f"{MMP[field]}.0"}}).converge()
    assert len(desk.writes()) == 1


# -- one call for several ----------------------------------------------------------------------------------------------


def test_currencies_go_in_one_call_each_way_and_the_enabled_first(desk: Desk) -> None:
    """Four steps, two calls: some currencies are taken only together with another one."""
    _account(desk, "multi_currency", collateral_off=["DOGE", "USDT"])
    _wants(desk, "collateral", {"enabled": ["DOGE", "USDT"], "disabled": ["BTC", "ETH"]})
    assert len(desk.steps()) == 4
    said = desk.converge()
    assert said.last == "Applied: 0 created, 4 changed, 0 deleted, 0 blocked, 0 failed."
    sent = [row["path"].rpartition("/")[2] for row in desk.writes()]
    assert sent == ["set-collateral-assets", "set-collateral-assets"]
    rows = signed(desk, "GET", "/api/v5/account/collateral-assets", secret=own_secret("mmdesk01"))["data"]
    assert {row["ccy"]: row["collateralEnabled"] for row in rows}.items() >= {
        "DOGE": True,
        "USDT": True,
        "BTC": False,
        "ETH": False,
    }.items()


def test_a_refused_call_is_told_of_each_step_that_it_was_for(desk: Desk) -> None:
    """59662: both steps are blocked by it, after one write."""
    _account(desk, "multi_currency")
    desk.fault(match={"path": "*/set-collateral-assets"}, kind="code", code="59662", times=1)
    said = _wants(desk, "collateral", {"disabled": ["BTC", "ETH"]}).apply()
    assert said.last == "Applied: 0 created, 0 changed, 0 deleted, 2 blocked, 0 failed."
    assert said.code == 3
    desk.converge()


@pytest.mark.parametrize("kind", ["reset_before", "reset_after"])
def test_a_lost_answer_of_a_joint_call_is_settled_by_reading(desk: Desk, kind: str) -> None:
    """Whether it happened or not, both currencies are off in the end, and nothing is failed."""
    _account(desk, "multi_currency")
    desk.fault(match={"path": "*/set-collateral-assets"}, kind=kind, times=1)
    said = _wants(desk, "collateral", {"disabled": ["BTC", "ETH"]}).apply()
    assert said.last == "Applied: 0 created, 2 changed, 0 deleted, 0 blocked, 0 failed."
    desk.converge()


def test_what_could_not_be_read_right_before_is_not_written_along(desk: Desk) -> None:
    """A currency that the last look does not show has failed, and the call for the other one leaves it out."""
    _account(desk, "multi_currency")
    desk.fault(match={"path": "*/collateral-assets", "method": "GET"}, kind="lose_row", row="BTC", after=1)
    said = _wants(desk, "collateral", {"disabled": ["BTC", "ETH"]}).apply()
    assert said.last == "Applied: 0 created, 1 changed, 0 deleted, 0 blocked, 1 failed."
    assert "the venue does not list BTC" in said.out
    assert [row["body"]["ccyList"] for row in desk.writes()] == [["ETH"]]
    assert desk.apply().code == 0
    assert [row["body"]["ccyList"] for row in desk.writes()] == [["ETH"], ["BTC"]]


def test_joint_calls_of_two_accounts_do_not_wait_for_each_other(desk: Desk) -> None:
    """A venue that is silent about one account's currencies holds up nobody else's."""
    path = {"path": "*/set-collateral-assets"}
    for name in ("mmdesk01", "mmdesk02"):
        settle(desk, name, acctLv="3", trading=RICH)
    wanted = {"api_keys": KEY, "settings": {"collateral": {"disabled": ["BTC"]}}}
    desk.write({"mmdesk01": wanted, "mmdesk02": wanted})
    desk.fault(match=path, kind="delay", seconds=60_000)  # of whoever comes first, until the other one has come
    desk.fault(match=path, after=1, kind="hook", do=[{"method": "DELETE", "path": "faults/all"}])
    assert desk.apply().last == "Applied: 0 created, 2 changed, 0 deleted, 0 blocked, 0 failed."
    assert len(desk.writes()) == 2
    run = desk.run("history", "--format", "json").json[0]["id"]
    entries = desk.run("history", run, "--format", "json").json["entries"]
    assert [entry["outcome"] for entry in entries] == ["done", "done"]  # nobody's answer was given up
