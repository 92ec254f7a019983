"""Account modes that an account switches itself: what the venue's precheck names, positions that go along, presets."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from beside import workers_beside
from desk import MASTER, Desk, seed
from ladder_parts import KEY, LEVEL, failing, own_secret, quiet, settle, signed
from postgres import Postgres

from acctcfg.sandbox.okx.declared import MODE_BLOCKS
from acctcfg.venues.okx.switch_items import ITEMS

SWAP = "BTC-USDT-SWAP"
POSITION = {"instId": SWAP, "size": "3"}
VALUE = {"market": "swap", "family": "BTC-USDT", "margin": "cross", "value": 7}
FUTURES = {"market": "futures", "family": "BTC-USD", "margin": "cross", "value": 4}
PRESET, SWITCH = "/api/v5/account/account-level-switch-preset", "/api/v5/account/set-account-level"
PAIRS = {f"{live[:4]}2{wanted[:4]}": (live, wanted) for live, wanted in permutations(LEVEL, 2)}


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A plain user, whose sub-accounts are switched with their own keys."""
    tenant = {"env_prefix": "OKX_DESK", "broker": False, "keys": [{**MASTER, "ip": "127.0.0.1"}]}
    with Desk.at(tmp_path, monkeypatch, {"tenants": {"desk": tenant}}) as made:
        yield made


def wants(desk: Desk, accounts: dict[str, dict[str, Any]]) -> Desk:
    """These fields, beside the key that signs."""
    return desk.write({name: {"api_keys": KEY, **fields} for name, fields in accounts.items()}, venue={"type": "okx"})


def held(desk: Desk, name: str = "trader01", live: str = "portfolio", **position: Any) -> None:
    """An account in that mode with an open position."""
    settle(desk, name, acctLv=LEVEL[live], positions=[{**POSITION, **position}])


def sent(desk: Desk, name: str = "trader01") -> list[str]:
    """The writes of an account, by path."""
    return [row["path"] for row in desk.writes() if row["account"] == name]


def test_every_mode_is_reached_from_every_other(desk: Desk) -> None:
    """In one apply, with a cross position held wherever neither mode is spot; what leaves portfolio has its preset."""
    for name, (live, wanted) in PAIRS.items():
        settle(desk, name, acctLv=LEVEL[live], positions=[] if "spot" in (live, wanted) else [POSITION])
    leverage = {"futures": [VALUE], "multi_currency": [VALUE]}
    modes = {name: {"account_mode": to, "leverage": leverage.get(to, [])} for name, (_, to) in PAIRS.items()}
    wants(desk, modes).converge()
    for name, (live, wanted) in PAIRS.items():
        account, kept = desk.account(name), "spot" not in (live, wanted)
        assert account["acctLv"] == LEVEL[wanted], name
        assert [one["inst_id"] for one in account["positions"]] == [SWAP] * kept, name
        leaves = live == "portfolio" and kept
        assert sent(desk, name)[: 1 + leaves] == [PRESET, SWITCH][1 - leaves :], name
        if wanted in leverage:
            assert account["leverage"]["SWAP/cross/BTC-USDT-SWAP"] == "7", name
    assert desk.too_many == 0


FORBIDDEN: dict[str, tuple[str, str, dict[str, Any], str, str]] = {
    # live mode, wanted mode, what the account holds, the precheck that fails, what it names
    **{
        f"all{name}": (live, to, {"positions": [POSITION]}, "no_open_positions", f"{SWAP} 3 (cross)")
        for name, (live, to) in PAIRS.items()
        if to == "spot"
    },
    **{
        f"orders{name}": (live, to, {"orders": [{"instId": SWAP}]}, "no_pending_orders", SWAP)
        for name, (live, to) in PAIRS.items()
    },
    "spreads1": ("futures", "spot", {"spreads": [{"instId": "BTC-USDT_BTC-USDT-SWAP"}]}, "no_pending_orders", "_BTC"),
    "algos001": ("futures", "multi_currency", {"algos": [{"instId": SWAP}]}, "no_algo_orders", SWAP),
    "bots0001": ("multi_currency", "futures", {"bots": [{"instId": SWAP}]}, "no_algo_orders", SWAP),
    "cross001": ("futures", "portfolio", {"positions": [{"instId": "BTC-USDT"}]}, "no_cross_margin", "BTC-USDT 1"),
    "manual01": (
        "futures",
        "multi_currency",
        {"ctIsoMode": "autonomy", "positions": [{**POSITION, "mgnMode": "isolated"}]},
        "no_isolated_contracts",
        f"{SWAP} 3 (isolated)",
    ),
    "isolated": (
        "futures",
        "multi_currency",
        {"positions": [{"instId": "BTC-USDT", "mgnMode": "isolated"}]},
        "no_isolated_margin",
        "BTC-USDT 1 (isolated)",
    ),
    "hedged01": (
        "multi_currency",
        "portfolio",
        {"posMode": "long_short_mode", "positions": [POSITION]},
        "no_contracts_per_side",
        "position_mode net",
    ),
    "borrower": ("multi_currency", "futures", {"debts": {"BTC": "1"}}, "no_borrowings", "repay it"),
    "copycat1": ("futures", "portfolio", {"copies": [{"instId": SWAP}]}, "no_copy_trading", "stop it"),
    "presets1": ("portfolio", "futures", {"positions": [POSITION]}, "leverage_preset", f"{SWAP} 3 (cross)"),
    "margin01": (
        "futures",
        "multi_currency",
        {"margin_check_fails": True, "trading": {"USDT": "7"}},
        "margin_suffices",
        "before: 7 USDT",
    ),
    **{
        f"item{number:04}": ("futures", "multi_currency", {"mode_blocks": [kind]}, item.check, item.remedy)
        for number, (kind, item) in enumerate(ITEMS.items())
        if kind in MODE_BLOCKS
    },
}


def test_what_forbids_a_switch_is_named(desk: Desk) -> None:
    """Each item of the venue's precheck by its own code, with what it is of; the venue refuses exactly those."""
    for name, (live, _, fields, *_) in FORBIDDEN.items():
        settle(desk, name, acctLv=LEVEL[live], **fields)
    wants(desk, {name: {"account_mode": to} for name, (_, to, *_) in FORBIDDEN.items()})
    steps = desk.steps()
    for name, (live, to, _, check, told) in FORBIDDEN.items():
        found = failing(steps[f"{name}.account_mode"])
        assert set(found) == {check}, (name, found)
        assert told in found[check], (name, found)
        answer = signed(desk, "POST", SWITCH, {"acctLv": LEVEL[to]}, own_secret(name))
        assert answer["code"] != "0", (name, live, to)
    quiet(desk)


def test_assets_and_tiers_are_told_in_numbers(desk: Desk) -> None:
    """Total assets where there are too few; family, size and limit where a cap of portfolio margin is passed."""
    flags = {"minimum_assets": {"3": "10000"}, "portfolio_caps": {"BTC-USDT": "2"}}
    desk.sandbox.control_post("flags", flags)
    settle(desk, "poorone1", acctLv="2", trading={"USDT": "7000"})
    held(desk, "bigone01", "multi_currency")
    wants(desk, {"poorone1": {"account_mode": "multi_currency"}, "bigone01": {"account_mode": "portfolio"}})
    steps = desk.steps()
    assert failing(steps["poorone1.account_mode"]) == {"enough_assets": "total assets 7000 USD; add funds"}
    assert failing(steps["bigone01.account_mode"]) == {"position_tiers": "BTC-USDT SWAP: 3, at most 2"}
    assert "x within the position tiers  BTC-USDT SWAP: 3, at most 2" in desk.plan().out


def test_positions_that_go_along_are_told_with_the_margin(desk: Desk) -> None:
    """A warning names them, and the margin before and after, where the venue gives it."""
    settle(desk, "trader01", acctLv="2", trading={"USDT": "7000"}, positions=[POSITION])
    plan = wants(desk, {"trader01": {"account_mode": "multi_currency"}}).plan("--format", "json").json
    [warning] = [one for one in plan["warnings"] if one["code"] == "positions_kept"]
    assert warning["address"] == "trader01.account_mode"
    margin = "before: 7000 USDT available; after: 7000 USD available, margin ratio 999999"
    assert warning["message"] == f"open positions go along to multi_currency: {SWAP} 3 (cross); margin {margin}"
    [check] = plan["steps"][0]["prechecks"]
    assert check == {"name": "account_mode_switch", "status": "pass", "detail": margin}


def test_a_position_mode_that_is_right_makes_nobody_close_positions(desk: Desk) -> None:
    """Behind a switch that positions go along with, it blocks nothing; the switch is sent, and it is not."""
    for name, live in (("trader01", "futures"), ("trader02", "multi_currency")):
        held(desk, name, live)
    modes = {"trader01": "multi_currency", "trader02": "futures"}
    wants(desk, {name: {"account_mode": mode, "position_mode": "net"} for name, mode in modes.items()})
    steps = desk.steps()
    assert not any(step["blocked"] for step in steps.values())
    [check] = [one for one in steps["trader01.position_mode"]["prechecks"] if one["status"] != "pass"]
    assert (check["name"], check["status"]) == ("no_open_positions", "deferred")
    assert f"{SWAP} 3 (cross)" in check["detail"]
    desk.converge()
    for name, mode in modes.items():
        assert sent(desk, name) == [SWITCH]
        assert (desk.account(name)["acctLv"], desk.account(name)["posMode"]) == (LEVEL[mode], "net_mode")


def test_a_position_mode_that_the_switch_resets_is_blocked_by_positions(desk: Desk) -> None:
    """What the plan put off, the gate asks: nothing is sent against open positions, and the exit status is 3."""
    held(desk, live="futures")
    wants(desk, {"trader01": {"account_mode": "multi_currency", "position_mode": "net"}})
    reset = {"path": "accounts/trader01/set", "method": "POST", "body": {"posMode": "long_short_mode"}}
    desk.fault(match={"path": f"*{SWITCH}"}, kind="hook", do=[reset])
    said = desk.apply()
    assert said.code == 3, said
    assert f"no_open_positions: {SWAP} 3 (cross)" in said.out
    assert sent(desk) == [SWITCH]
    assert desk.account("trader01")["posMode"] == "long_short_mode"


def test_a_position_mode_that_differs_is_blocked_by_positions(desk: Desk) -> None:
    """So is one behind portfolio, of which nobody says what it does to the value."""
    held(desk, "trader01", "futures")
    held(desk, "trader02", "portfolio")
    wanted = {"account_mode": "multi_currency", "leverage": [VALUE]}
    wants(desk, {"trader01": wanted | {"position_mode": "long_short"}, "trader02": wanted | {"position_mode": "net"}})
    steps = desk.steps()
    for name in ("trader01", "trader02"):
        assert "no_open_positions" in failing(steps[f"{name}.position_mode"])


def test_the_preset_is_part_of_its_step(desk: Desk) -> None:
    """Both calls in the plan, in the estimate and in the journal; of several wanted values the lowest goes along, and
    the other is set after the switch. Targeted alone, the step still knows what `leverage` wants."""
    held(desk)
    desk.open("trader01", "positions", instId="BTC-USD-271231", size="1")
    wants(desk, {"trader01": {"account_mode": "multi_currency", "leverage": [VALUE, FUTURES]}})
    plan = desk.plan("--format", "json", "--target", "trader01.account_mode").json
    [step] = plan["steps"]
    assert step["calls"] == [f"POST {PRESET}", f"POST {SWITCH}"]
    assert plan["estimate"]["writes"] == 2
    assert "leverage 4 is preset" in step["prechecks"][-1]["detail"]
    desk.converge()
    assert [path.rpartition("/")[2] for path in sent(desk)] == [
        "account-level-switch-preset",
        "set-account-level",
        "set-leverage",
    ]
    levers = desk.account("trader01")["leverage"]
    assert (levers["SWAP/cross/BTC-USDT-SWAP"], levers["FUTURES/cross/BTC-USD"]) == ("7", "4")
    runs = desk.run("history", "--format", "json").json
    told = "".join(desk.run("history", run["id"], "--format", "json").out for run in runs)
    assert f"POST {PRESET}" in told
    assert f"POST {SWITCH}" in told


def test_a_preset_above_what_the_size_takes_is_blocked(desk: Desk) -> None:
    """With the limit named; `max` presets that very limit."""
    held(desk, size="30000")
    wants(desk, {"trader01": {"account_mode": "futures", "leverage": [{**VALUE, "value": 100}]}})
    told = failing(desk.steps()["trader01.account_mode"])["leverage_limit"]
    assert "100 is above the venue's maximum of " in told
    assert f"{SWAP} 30000 (cross)" in told
    quiet(desk)
    wants(desk, {"trader01": {"account_mode": "futures", "leverage": [{**VALUE, "value": "max"}]}})
    assert desk.steps()["trader01.account_mode"]["calls"] == [f"POST {PRESET}", f"POST {SWITCH}"]


FORBIDDING: dict[str, dict[str, Any]] = {
    "guardrail:max_leverage": {"max_leverage": 20},
    "guardrail:at most 5x": {  # the manifest wants nothing of this one's leverage: the preset sets it all the same
        "rules": [
            {
                "name": "at most 5x",
                "when": {"address": "*.leverage[futures/BTC-USD/cross]"},
                "schema": {"properties": {"after": {"type": "number", "maximum": 5}}},
            }
        ]
    },
}


@pytest.mark.parametrize("name", FORBIDDING)
@pytest.mark.parametrize("narrow", [(), ("--target", "*.account_mode"), ("--exclude", "*.leverage[*]")])
def test_no_guardrail_looks_away_from_a_preset(desk: Desk, name: str, narrow: tuple[str, ...]) -> None:
    """What a guardrail forbids as a leverage step, it forbids as part of the switch, however the plan is narrowed."""
    held(desk)
    desk.open("trader01", "positions", instId="BTC-USD-271231", size="1")
    fields = {"api_keys": KEY, "account_mode": "futures", "leverage": [{**VALUE, "value": 30}]}
    desk.write({"trader01": fields}, venue={"type": "okx"}, guardrails=FORBIDDING[name])
    told = failing(desk.steps(*narrow)["trader01.account_mode"])
    assert set(told) == {name}
    assert "30 is " in told[name]
    assert "trader01.leverage[futures/BTC-USD/cross], which this step sets besides" in told[name]
    said = desk.apply(*narrow)
    assert said.code == 3, said
    assert name in said.out
    assert sent(desk) == []
    assert desk.account("trader01")["acctLv"] == "4"


def test_a_position_that_comes_after_the_guardrails_stops_the_preset(desk: Desk) -> None:
    """What would get the preset besides is what the plan showed, or less: a further one is blocked by the gate."""
    held(desk)
    fields = {"api_keys": KEY, "account_mode": "futures", "leverage": [VALUE]}
    desk.write({"trader01": fields}, venue={"type": "okx"}, guardrails=FORBIDDING["guardrail:at most 5x"])
    opened = {"path": "accounts/trader01/positions", "method": "POST", "body": {"instId": "BTC-USD-271231"}}
    desk.fault(match={"path": "*-switch-precheck"}, kind="hook", do=[opened])
    said = desk.apply()
    assert said.code == 3, said
    assert "are not those of the plan any more" in said.out
    assert sent(desk) == []


def test_a_preset_that_no_plan_could_show_is_shown_first(desk: Desk) -> None:
    """Positions that are read only once this run has made the key are not switched unseen: the next plan names them."""
    settle(desk, "trader01", labels=(), acctLv="4", positions=[POSITION])
    wants(desk, {"trader01": {"account_mode": "multi_currency", "leverage": [VALUE]}})
    said = desk.apply()
    assert said.code == 3, said
    assert f"leverage_preset: {SWAP} 3 (cross): no plan could show what they get: plan again" in said.out
    assert sent(desk) == []
    assert "those under cross get leverage 7 by a preset" in desk.plan().out
    desk.converge()
    assert sent(desk) == [PRESET, SWITCH]


def test_a_preset_above_the_brake_is_warned_of(desk: Desk) -> None:
    """As a leverage step that raises above the last `cap` is, until the user says that the brake is over."""
    entry = {"market": "swap", "family": "ETH-USDT", "margin": "isolated", "value": 9}
    settle(desk, "trader01", acctLv="4", leverage={"SWAP/isolated/ETH-USDT-SWAP": "9"})
    wants(desk, {"trader01": {"leverage": [entry]}})
    assert desk.run("cap", "3", "--auto-approve").code == 0
    desk.open("trader01", "positions", **POSITION)
    wants(desk, {"trader01": {"account_mode": "futures", "leverage": [VALUE]}})
    warned = desk.plan("--format", "json", "--target", "trader01.account_mode").json["warnings"]
    assert [one["address"] for one in warned if one["code"] == "raises_after_cap"] == ["trader01.account_mode"]


@pytest.mark.parametrize("enveloped", [True, False])
def test_a_lost_answer_of_the_preset_is_settled_by_reading(desk: Desk, enveloped: bool) -> None:
    """The precheck shows that it stands: the switch follows, and nothing is sent twice. The page shows an answer
    without the envelope, which is one too."""
    desk.sandbox.control_post("flags", {"preset_enveloped": enveloped})
    held(desk)
    wants(desk, {"trader01": {"account_mode": "futures", "leverage": [VALUE]}})
    desk.fault(match={"path": "*-switch-preset"}, kind="reset_after", times=1)
    desk.converge()
    assert sent(desk) == [PRESET, SWITCH]
    assert desk.account("trader01")["leverage"]["SWAP/cross/BTC-USDT-SWAP"] == "7"


@pytest.mark.slow
def test_a_preset_that_did_not_happen_is_sent_once_more(desk: Desk) -> None:
    """Once reading shows so and it can be executed no longer; without an answer again, the outcome is unknown."""
    lost = {"trader01": 1, "trader02": 0}  # for ever
    for name, times in lost.items():
        held(desk, name)
        desk.fault(match={"path": "*-switch-preset", "account": name}, kind="code", code="50004", times=times)
    wants(desk, {name: {"account_mode": "futures", "leverage": [VALUE]} for name in lost})
    said = desk.apply()
    assert said.code == 1, said
    assert (sent(desk), desk.account("trader01")["acctLv"]) == ([PRESET, PRESET, SWITCH], "2")
    assert (sent(desk, "trader02"), desk.account("trader02")["acctLv"]) == ([PRESET, PRESET], "4")
    assert "sent twice without a clear answer" in said.out
    desk.sandbox.control_delete("faults")
    desk.converge()


def test_a_preset_that_is_accepted_and_not_done_is_a_failure(desk: Desk) -> None:
    """After one write, with what the venue shows; the switch, and what depends on it, is not tried."""
    held(desk)
    wants(desk, {"trader01": {"account_mode": "futures", "leverage": [VALUE]}})
    desk.fault(match={"path": "*-switch-preset"}, kind="ok_but_nothing", times=0)
    said = desk.apply()
    assert said.code == 1, said
    assert "the venue accepted the leverage preset 7 but did not do it" in said.out
    assert "0 blocked, 1 failed, 1 not started" in said.last
    assert (sent(desk), desk.account("trader01")["acctLv"]) == ([PRESET], "4")


def test_a_preset_that_shows_later_is_waited_for(desk: Desk) -> None:
    """As any write is: read back until it shows."""
    held(desk)
    wants(desk, {"trader01": {"account_mode": "futures", "leverage": [VALUE]}})
    desk.fault(match={"path": "*-switch-preset"}, kind="delayed_effect", seconds=5, times=1)
    desk.converge()
    assert sent(desk) == [PRESET, SWITCH]


def test_a_position_that_grows_after_the_preset_stops_the_switch(desk: Desk) -> None:
    """The venue's precheck is read anew between the two calls: blocked, and the mode stays."""
    held(desk)
    wants(desk, {"trader01": {"account_mode": "futures", "leverage": [{**VALUE, "value": 100}]}})
    grown = {"path": "accounts/trader01/positions", "method": "POST", "body": {**POSITION, "size": "30000"}}
    desk.fault(match={"path": "*-switch-preset"}, kind="hook", do=[grown])
    said = desk.apply()
    assert (said.code, sent(desk)) == (3, [PRESET])
    assert desk.account("trader01")["acctLv"] == "4"


@pytest.mark.slow
@pytest.mark.parametrize("rails", [{}, FORBIDDING["guardrail:at most 5x"]])
def test_a_worker_presets_what_the_plan_showed(
    desk: Desk, postgres: Postgres, monkeypatch: pytest.MonkeyPatch, rails: dict[str, Any]
) -> None:
    """The process that carries a switch out asks for itself what is to be preset, and holds it to the guardrails."""
    monkeypatch.setattr("acctcfg.workers.parts.LEAST", 1)
    monkeypatch.setattr("acctcfg.workers.parts.SHARE", 1000)
    monkeypatch.setattr("acctcfg.workers.queued.READ_ELSEWHERE", 10)
    names = ("trader01", "trader02")
    for name in names:
        held(desk, name)
    fields = {"api_keys": KEY, "account_mode": "futures", "leverage": [VALUE]}
    journal = {"url": postgres.database()}
    desk.write({name: dict(fields) for name in names}, venue={"type": "okx"}, journal=journal, guardrails=rails)
    if rails:  # once the plan was made
        opened = {"path": "accounts/trader02/positions", "method": "POST", "body": {"instId": "BTC-USD-271231"}}
        fault = {"match": {"path": "*-switch-precheck", "account": "trader02"}, "kind": "hook", "do": [opened]}
        desk.fault(**fault)
    with workers_beside(desk, 1) as (worker,):
        said = desk.apply("--queue")
    assert worker.parts == len(names)
    assert (said.code, sent(desk, "trader02")) == ((3, []) if rails else (0, [PRESET, SWITCH])), said
    assert sent(desk)[:2] == [PRESET, SWITCH]
    assert ("which this step sets besides" in said.out) is bool(rails)


def test_a_mode_that_nobody_activated_tells_what_a_person_does(desk: Desk) -> None:
    """Blocked, with the way: no call activates a mode."""
    settle(desk, "trader01", acctLv="1", activated_modes=["1", "2"])
    wants(desk, {"trader01": {"account_mode": "portfolio"}})
    told = failing(desk.steps()["trader01.account_mode"])["mode_activated"]
    assert "as this account, choose portfolio once on OKX's web page or app" in told
    quiet(desk)


def test_a_brokers_switch_leaves_that_to_the_venue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The documents do not say whether the broker's call needs an activation: it is tried, and the plan says so."""
    with Desk.at(tmp_path, monkeypatch, seed()) as desk:
        settle(desk, "trader01", acctLv="1", activated_modes=["1"])
        desk.write({"trader01": {"api_keys": KEY, "account_mode": "futures"}})
        assert "whether the broker's call needs that is not documented" in desk.plan().out
        desk.converge()


def test_an_item_of_the_precheck_is_explained(desk: Desk) -> None:
    """By the venue's own type, and by the code of its precheck."""
    for word in ("okx:isolated_contract", "okx:no_isolated_contracts"):
        said = desk.run("explain", word)
        assert said.code == 0
        assert "no isolated contracts with margin moved by hand" in said.out
        assert "59134" in said.out
    assert "asset_validatoin" in desk.run("explain", "okx:asset_validatoin").err


@pytest.mark.parametrize("kind", ITEMS)
def test_every_item_is_on_the_page(kind: str) -> None:
    """With its precheck, what clears it, and the code of the refusal."""
    item = ITEMS[kind]
    row = f"| `{kind}` | `{item.check}` | {item.holds} | {item.remedy} | {item.refusal} |"
    assert row in (Path(__file__).parents[2] / "docs" / "okx.md").read_text()
