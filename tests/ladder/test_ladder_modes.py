"""Account modes and position modes in every combination, in the one order that the venue takes; and targets."""

from __future__ import annotations

import json
from itertools import permutations, product
from typing import Any

import pytest
from desk import Desk
from ladder_parts import KEY, LEVEL, NO_CHANGES, failing, quiet, settle

SWAP = {"market": "swap", "instrument": "BTC-USDT-SWAP", "margin": "cross", "value": 7}
ISOLATED = {"market": "swap", "instrument": "BTC-USDT-SWAP", "margin": "isolated", "value": 7}
POSITION = {"net": "net_mode", "long_short": "long_short_mode"}


def _sent(desk: Desk, name: str) -> list[str]:
    """The writes for one account, in order, by the last word of their path."""
    return [
        row["path"].rpartition("/")[2]
        for row in desk.writes()
        if row["account"] == name or row["body"].get("subAcct") == name
    ]


@pytest.mark.slow
def test_every_pair_of_account_modes(desk: Desk) -> None:
    """From each account mode to each other, in one apply: one write an account, and the mode stands."""
    pairs = {f"{a[:4]}2{b[:4]}acct": (a, b) for a, b in permutations(LEVEL, 2)}
    for name, (live, _) in pairs.items():
        settle(desk, name, acctLv=LEVEL[live])
    desk.write({name: {"api_keys": KEY, "account_mode": wanted} for name, (_, wanted) in pairs.items()})
    assert desk.converge().last == "Applied: 0 created, 12 changed, 0 deleted, 0 blocked, 0 failed."
    for name, (_, wanted) in pairs.items():
        assert desk.account(name)["acctLv"] == LEVEL[wanted]
        assert _sent(desk, name) == ["set-subaccount-level"]


LEVEL_FIRST = ["set-subaccount-level", "set-position-mode"]
POSITION_FIRST = ["set-position-mode", "set-subaccount-level"]
ORDERED: list[tuple[str, str, str, str, list[str]]] = [
    # live account mode, live position mode, wanted account mode, wanted position mode, writes in order
    ("multi_currency", "long_short", "portfolio", "net", POSITION_FIRST),
    ("futures", "long_short", "portfolio", "net", POSITION_FIRST),
    ("spot", "net", "portfolio", "net", ["set-subaccount-level"]),
    ("spot", "long_short", "portfolio", "net", ["set-subaccount-level"]),  # portfolio itself puts it to net
    ("multi_currency", "long_short", "spot", "net", POSITION_FIRST),
    ("futures", "long_short", "spot", "net", POSITION_FIRST),
    ("futures", "net", "spot", "long_short", POSITION_FIRST),
    ("portfolio", "net", "spot", "net", ["set-subaccount-level"]),
    ("spot", "net", "futures", "long_short", LEVEL_FIRST),
    ("spot", "long_short", "multi_currency", "net", LEVEL_FIRST),
    ("portfolio", "net", "multi_currency", "long_short", LEVEL_FIRST),
    ("futures", "net", "multi_currency", "long_short", LEVEL_FIRST),
    ("multi_currency", "long_short", "futures", "long_short", ["set-subaccount-level"]),
    ("multi_currency", "net", "multi_currency", "long_short", ["set-position-mode"]),
]


@pytest.mark.parametrize("fresh", [False, True], ids=["existing", "key made on the way"])
def test_the_values_decide_the_order(desk: Desk, fresh: bool) -> None:
    """Portfolio takes net first unless from spot; any position mode goes before a switch to spot; otherwise the account
    mode goes first. The same where the key that signs is only made by the plan."""
    for number, (mode, position, *_) in enumerate(ORDERED):
        labels = () if fresh else ("trading",)
        settle(desk, f"order{number:02}", labels=labels, acctLv=LEVEL[mode], posMode=POSITION[position])
    desk.write(
        {
            f"order{number:02}": {"api_keys": KEY, "account_mode": mode, "position_mode": position}
            for number, (_, _, mode, position, _) in enumerate(ORDERED)
        }
    )
    desk.converge()
    for number, (*_, mode, position, writes) in enumerate(ORDERED):
        name = f"order{number:02}"
        live = desk.account(name)
        assert (live["acctLv"], live["posMode"]) == (LEVEL[mode], POSITION[position]), ORDERED[number]
        assert [one for one in _sent(desk, name) if one != "apikey"] == writes, ORDERED[number]


def test_a_position_mode_in_spot_is_blocked(desk: Desk) -> None:
    """An account that stays in spot and wants another position mode is blocked with that reason."""
    settle(desk, "spotter1")
    for said in ({}, {"account_mode": "spot"}):
        desk.write({"spotter1": {"api_keys": KEY, "position_mode": "long_short", **said}})
        assert "position_mode_in_spot" in failing(desk.steps()["spotter1.position_mode"])
        quiet(desk)
    desk.write({"spotter1": {"api_keys": KEY, "position_mode": "net"}})
    assert desk.plan().last == NO_CHANGES


def test_two_sides_in_portfolio_are_blocked(desk: Desk) -> None:
    """Where the manifest does not say the account mode, the plan knows that portfolio takes net only, and nothing of
    the account is written."""
    settle(desk, "portfol1", acctLv="4")
    desk.write({"portfol1": {"api_keys": KEY, "position_mode": "long_short", "settings": {"greeks": "BS"}}})
    assert "position_mode_in_portfolio" in failing(desk.steps()["portfol1.position_mode"])
    quiet(desk)
    assert desk.apply().code == 3
    quiet(desk)
    desk.write({"portfol1": {"api_keys": KEY, "position_mode": "net"}})
    assert desk.plan().last == NO_CHANGES


def test_two_sides_on_the_way_from_portfolio_to_spot_go_through_futures(desk: Desk) -> None:
    """Neither portfolio nor spot takes long_short: the plan says so and names the way, and that way leads there."""
    wanted = {"account_mode": "spot", "position_mode": "long_short"}
    for name, labels in (("portfol1", ("trading",)), ("portfol2", ())):
        settle(desk, name, labels=labels, acctLv="4")
        desk.write({name: {"api_keys": KEY, **wanted}})
        why = failing(desk.steps()[f"{name}.position_mode"])["position_mode_in_portfolio"]
        assert "apply account_mode futures with it first, then spot" in why
        quiet(desk)
        assert (desk.account(name)["acctLv"], desk.account(name)["posMode"]) == ("4", "net_mode")
        for account_mode in ("futures", "spot"):
            desk.write({name: {"api_keys": KEY, **wanted, "account_mode": account_mode}})
            desk.converge()
        assert (desk.account(name)["acctLv"], desk.account(name)["posMode"]) == ("1", "long_short_mode")


def test_no_pair_of_modes_is_planned_that_the_venue_must_refuse(desk: Desk) -> None:
    """Of every live, wanted and position mode that a manifest may have: the plan blocks it, or it lands."""
    cases = {
        f"pair{a}{b}{old[0]}{new[0]}x": (live, wanted, old, new)
        for a, live in enumerate(LEVEL)
        for b, wanted in enumerate(LEVEL)
        for old, new in product(POSITION, POSITION)
        if (wanted, new) != ("portfolio", "long_short") and (live, old) != ("portfolio", "long_short")
    }
    for name, (live, _, old, _) in cases.items():
        settle(desk, name, acctLv=LEVEL[live], posMode=POSITION[old])
    desk.write(
        {
            name: {"api_keys": KEY, "account_mode": wanted, "position_mode": new}
            for name, (_, wanted, _, new) in cases.items()
        }
    )
    never = {
        name
        for name, (live, wanted, old, new) in cases.items()
        if old != new and (live == wanted == "spot" or (live, wanted, new) == ("portfolio", "spot", "long_short"))
    }
    assert {address.partition(".")[0] for address, step in desk.steps().items() if step["blocked"]} == never
    said = desk.apply("--skip-blocked")
    assert (said.code, ", 0 failed" in said.last) == (3, True), said.out
    for name, (live, wanted, old, new) in cases.items():
        account, mode = desk.account(name), (live, old) if name in never else (wanted, new)
        assert (account["acctLv"], account["posMode"]) == (LEVEL[mode[0]], POSITION[mode[1]]), cases[name]


def test_what_stands_behind_a_barrier_is_read_after_it(desk: Desk) -> None:
    """Behind a mode change every managed value is a step with an unknown `before`; one that turns out to be right is
    neither sent nor counted."""
    settle(desk, "barrier1", acctLv="2", posMode="net_mode", leverage={"SWAP/cross/BTC-USDT-SWAP": "7"})
    entries = [SWAP, {**SWAP, "instrument": "ETH-USDT-SWAP"}]
    fields = {"account_mode": "multi_currency", "position_mode": "net", "leverage": entries}
    desk.write({"barrier1": {"api_keys": KEY, **fields}})
    steps = desk.steps()
    assert set(steps) == {
        "barrier1.account_mode",
        "barrier1.position_mode",
        "barrier1.leverage[swap/BTC-USDT/cross]",
        "barrier1.leverage[swap/ETH-USDT/cross]",
    }
    for address in sorted(set(steps) - {"barrier1.account_mode"}):
        assert (steps[address]["before"], steps[address]["before_known"]) == (None, False)
        assert "barrier1.account_mode" in steps[address]["depends_on"]
    said = desk.plan().out
    assert "net, may be reset (known after account_mode) -> net" in said
    assert "7, may be reset (known after account_mode) -> " in said
    said = desk.converge()
    assert _sent(desk, "barrier1") == ["set-subaccount-level", "set-leverage"]
    assert said.last == "Applied: 0 created, 2 changed, 0 deleted, 0 blocked, 0 failed."


def test_sides_appear_behind_a_position_mode(desk: Desk) -> None:
    """A change to long_short makes isolated contracts two scopes; both are steps of the plan, and both are set."""
    settle(desk, "hedger01", acctLv="3")
    desk.write({"hedger01": {"api_keys": KEY, "position_mode": "long_short", "leverage": [ISOLATED]}})
    sides = {f"hedger01.leverage[swap/BTC-USDT/isolated/{side}]" for side in ("long", "short")}
    steps = desk.steps()
    assert sides < set(steps)
    assert not any(steps[side]["before_known"] for side in sides)
    desk.converge()
    assert _sent(desk, "hedger01") == ["set-position-mode", "set-leverage", "set-leverage"]


def test_a_new_account_is_known_to_be_in_spot(desk: Desk) -> None:
    """The account mode of a new account is known before (spot); its position mode is not; spot wanted is no step."""
    desk.write(
        {
            "newone01": {"api_keys": KEY, "account_mode": "futures", "position_mode": "net"},
            "newone02": {"account_mode": "spot"},
        }
    )
    steps = desk.steps()
    mode, position = steps["newone01.account_mode"], steps["newone01.position_mode"]
    assert (mode["before"], mode["before_known"]) == ("spot", True)
    assert (position["before"], position["before_known"]) == (None, False)
    assert {check["status"] for check in position["prechecks"]} == {"deferred"}
    assert "newone02.account_mode" not in steps
    desk.converge()


def test_a_fresh_account_may_start_in_another_position_mode(desk: Desk) -> None:
    """Nothing is assumed of a fresh position mode: where the venue starts in long_short, net is written."""
    desk.sandbox.control_post("flags", fresh_position_mode="long_short_mode")
    desk.write({"newone01": {"api_keys": KEY, "account_mode": "futures", "position_mode": "net"}})
    desk.converge()
    assert desk.account("newone01")["posMode"] == "net_mode"


# -- targets -------------------------------------------------------------------------------------------------------

WHOLE: dict[str, Any] = {
    "api_keys": {**KEY, "zreader": {"permissions": ["read"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}},
    "account_mode": "multi_currency",
    "position_mode": "long_short",
    "leverage": [
        SWAP,
        {**SWAP, "instrument": "ETH-USDT-SWAP"},
        {"market": "margin", "currency": "BTC", "margin": "cross", "value": 3},
    ],
    "deposit": {"addresses": [{"currency": "USDT"}]},
}


def test_a_target_account_is_all_of_it_and_nothing_else(desk: Desk) -> None:
    """An account as target is all of it; other accounts are neither planned nor read."""
    for name in ("targets1", "targets2"):
        settle(desk, name, labels=("trading", "zreader"))
    desk.write(dict.fromkeys(("targets1", "targets2"), WHOLE))
    desk.sandbox.control_post("forget")
    steps = desk.steps("--target", "targets1")
    assert {address.partition(".")[0] for address in steps} == {"targets1"}
    assert len(steps) == 7  # of the keys, the reading one loses trade
    assert not any(step["blocked"] for step in steps.values())
    assert "targets2" not in str(desk.sandbox.control_get("requests"))


def test_a_target_pulls_in_the_creation_and_the_access_key_only(desk: Desk) -> None:
    """A field of a new account brings the account and the key that signs, not the other key, mode or addresses."""
    desk.write({"newone01": WHOLE})
    steps = desk.steps("--target", "newone01.account_mode")
    assert set(steps) == {"newone01", "newone01.api_keys[trading]", "newone01.account_mode"}
    assert not any(step["blocked"] for step in steps.values())


@pytest.mark.parametrize("exists", [True, False], ids=["existing", "new"])
def test_a_target_behind_a_mode_is_blocked_and_names_it(desk: Desk, exists: bool) -> None:
    """Where a mode step would have to go first, the target is blocked and names every such step; with those targeted,
    it is not."""
    if exists:
        settle(desk, "targets1", labels=("trading", "zreader"))
    desk.write({"targets1": WHOLE})
    scope = "targets1.leverage[swap/BTC-USDT/cross]"
    steps = desk.steps("--target", "targets1.leverage[swap/*]")
    assert {address for address in steps if "leverage" in address} == {scope, scope.replace("BTC", "ETH")}
    for address in (scope, scope.replace("BTC", "ETH")):
        told = failing(steps[address])["target_dependency"]
        assert "targets1.account_mode" in told
        assert "targets1.position_mode" in told
    position = desk.steps("--target", "targets1.position_mode")["targets1.position_mode"]
    assert "targets1.account_mode" in failing(position)["target_dependency"]
    both = desk.steps("--target", "targets1.leverage[swap/*]", "--target", "targets1.position_mode")
    assert "targets1.account_mode" in failing(both[scope])["target_dependency"]
    modes = [part for mode in ("account_mode", "position_mode") for part in ("--target", f"targets1.{mode}")]
    steps = desk.steps("--target", scope, *modes)
    assert not any(step["blocked"] for step in steps.values())
    assert {f"targets1.{mode}" for mode in ("account_mode", "position_mode")} < set(steps)


def test_dependencies_of_a_target_come_along(desk: Desk) -> None:
    """`--with-dependencies` takes in the modes that have to go first and nothing else; apply does them, in order; what
    --exclude says stays out, and blocks."""
    settle(desk, "targets1", labels=("trading", "zreader"))
    desk.write({"targets1": WHOLE})
    scope = "targets1.leverage[swap/BTC-USDT/cross]"
    narrowed = ("--target", scope, "--with-dependencies")
    steps = desk.steps(*narrowed)
    assert set(steps) == {scope, "targets1.account_mode", "targets1.position_mode"}
    assert not any(step["blocked"] for step in steps.values())
    left_out = desk.steps(*narrowed, "--exclude", "targets1.account_mode")
    assert "targets1.account_mode" in failing(left_out[scope])["target_dependency"]
    assert desk.apply(*narrowed).code == 0
    assert desk.account("targets1")["acctLv"] == "3"
    assert not desk.steps(*narrowed)


def test_a_mode_that_goes_after_does_not_hold_a_target_back(desk: Desk) -> None:
    """position_mode net before portfolio needs no other step; leverage, which goes after both, names what is left."""
    settle(desk, "targets1", acctLv="3", posMode="long_short_mode")
    margin = {"market": "margin", "currency": "BTC", "margin": "cross", "value": 3}
    fields = {"account_mode": "portfolio", "position_mode": "net", "leverage": [margin]}
    desk.write({"targets1": {"api_keys": KEY, **fields}})
    assert not desk.steps("--target", "targets1.position_mode")["targets1.position_mode"]["blocked"]
    steps = desk.steps("--target", "targets1.position_mode", "--target", "targets1.leverage[*]")
    told = failing(steps["targets1.leverage[margin/BTC/cross]"])["target_dependency"]
    assert "targets1.account_mode" in told


def test_a_target_that_is_nothing_is_a_slip(desk: Desk) -> None:
    """A target that selects nothing is wrong usage (64), never a plan without changes."""
    settle(desk, "targets1")
    desk.write({"targets1": {"api_keys": KEY, "account_mode": "futures"}})
    for target in ("target1", "targets1.position_mode", "targets1.leverage[swap/*]"):
        said = desk.plan("--target", target)
        assert said.code == 64, target
        assert target in said.err


def test_brackets_in_a_target_are_literal(desk: Desk) -> None:
    """Only * and ? are special in a target: brackets stand for themselves."""
    settle(desk, "targets1", acctLv="3")
    desk.write({"targets1": {"api_keys": KEY, "leverage": [SWAP, {**SWAP, "instrument": "ETH-USDT-SWAP"}]}})
    assert set(desk.steps("--target", "targets?.leverage[swap/BTC*]")) == {"targets1.leverage[swap/BTC-USDT/cross]"}
    assert len(desk.steps("--target", "*.leverage[*]")) == 2


@pytest.mark.parametrize(
    "harm",
    [
        {"method": "DELETE", "path": "accounts/trader01/keys/trading"},
        {"method": "POST", "path": "accounts/trader01/keys/trading", "body": {"ip": "203.0.113.9"}},
    ],
    ids=["gone", "bound elsewhere"],
)
def test_a_key_that_dies_on_the_way_hides_no_mode(desk: Desk, harm: dict[str, Any]) -> None:
    """The broker reads a sub-account's mode back where its own key no longer can; what only that key reads failed."""
    settle(desk, "trader01", acctLv="3")
    desk.write({"trader01": {"api_keys": KEY, "account_mode": "futures", "position_mode": "long_short"}})
    desk.fault(match={"path": "*/set-subaccount-level"}, kind="hook", do=[harm])
    said = desk.apply()
    assert (said.code, said.last) == (1, "Applied: 0 created, 1 changed, 0 deleted, 0 blocked, 1 failed.")
    assert len(desk.writes()) == 1
    assert desk.apply("--allow-sensitive").code == 0
    assert desk.plan().last == NO_CHANGES


@pytest.mark.parametrize(("live", "named"), [("long_short", False), ("long_short", True), ("net", False)])
def test_a_position_mode_that_portfolio_takes_away_is_told(desk: Desk, live: str, named: bool) -> None:
    """Where the manifest leaves it out, a warning says that the switch makes it net; named, it is a step of its own."""
    settle(desk, "trader01", acctLv="3", posMode=POSITION[live])
    wanted = {"api_keys": KEY, "account_mode": "portfolio", **({"position_mode": "net"} if named else {})}
    plan = desk.write({"trader01": wanted}).plan("--format", "json").json
    lost = [one for one in plan["warnings"] if one["code"] == "position_mode_lost"]
    assert len(plan["steps"]) == 1 + named
    if live == "net" or named:
        assert not lost
        return
    assert lost[0]["address"] == "trader01.account_mode"
    assert "the position mode long_short, which the manifest does not name, becomes net" in lost[0]["message"]
    desk.converge()
    assert desk.account("trader01")["posMode"] == "net_mode"


def test_a_precheck_of_an_account_in_another_mode_is_no_answer(desk: Desk) -> None:
    """An answer that belongs to another account names its mode: unknown, which blocks, and nothing is switched."""
    settle(desk, "trader01", acctLv="2")
    desk.write({"trader01": {"api_keys": KEY, "account_mode": "multi_currency"}})
    row = {"sCode": "0", "curAcctLv": "4", "acctLv": "3", "unmatchedInfoCheck": []}
    body = json.dumps({"code": "0", "msg": "", "data": [row]})
    desk.fault(match={"path": "*/set-account-switch-precheck"}, kind="garbage", body=body, times=0)
    checks = {one["name"]: one for one in desk.steps()["trader01.account_mode"]["prechecks"]}
    assert checks["account_mode_switch"]["status"] == "unknown"
    assert 'of an account in mode "4", not in futures' in checks["account_mode_switch"]["detail"]
    quiet(desk)
    assert desk.account("trader01")["acctLv"] == "2"
