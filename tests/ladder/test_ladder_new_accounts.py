"""The cheaper gate of an account that this run made: how few requests, and all that makes it the full one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from desk import Desk
from ladder_parts import KEY, TRADING, settle

ONBOARDING = Path(__file__).parents[2] / "examples" / "onboarding" / "acctcfg.yaml"
SWAP = "BTC-USDT-SWAP"
NAME = "customer001"
FIELDS = {
    "account_mode": "futures",
    "position_mode": "long_short",
    "api_keys": KEY,
    "deposit": {"addresses": [{"currency": "USDT", "chain": "USDT-TRC20"}]},
}
LISTS = 13  # of algo orders and bots, in one gate
FEW, MOST = 4, 45
STRANGER = {
    "label": "strangers",
    "perm": "read_only,trade",
    "ip": "",
    "env": "demo",
    "api_key": "key-of-a-stranger",
    "secret_key": "secret of a stranger",
    "passphrase": "Pass-word-1",
}


def _customers(desk: Desk, count: int, **changed: Any) -> None:
    """The manifest of the example with so many customers, at this desk's sandbox and store."""
    document = yaml.safe_load(ONBOARDING.read_text(encoding="utf-8"))
    document["venues"]["desk"]["base_url"] = desk.sandbox.base_url
    document["secret_stores"]["vault"]["recipients"] = [desk.recipient]
    document["profiles"]["customer"].update(changed)
    document["accounts"] = dict(list(document["accounts"].items())[:count])
    desk.text(yaml.safe_dump(document))


def _lists_read(desk: Desk) -> int:
    """How many requests asked for algo orders and bots."""
    counted = desk.sandbox.control_get("requests")["by_path"]
    return sum(count for path, count in counted.items() if path.endswith(("orders-algo-pending", "ongoing-list")))


@pytest.mark.parametrize("differs", [False, True])
def test_a_new_customer_takes_at_most_45_requests(desk: Desk, differs: bool) -> None:
    """Some customers of the example, also where every value differs from the one that the venue begins with."""
    leverage = [{"market": "swap", "family": f"{one}-USDT", "margin": "cross", "value": 7} for one in ("BTC", "ETH")]
    _customers(desk, FEW, **({"position_mode": "long_short", "leverage": leverage} if differs else {}))
    said = desk.apply()
    assert said.code == 0, said.out + said.err
    counted = desk.sandbox.control_get("requests")
    assert counted["total"] / FEW <= MOST, counted["by_path"]
    assert _lists_read(desk) == 0


def _meanwhile(desk: Desk, *actions: tuple[str, dict[str, Any]]) -> None:
    """As the deposit address is made, between both modes, something happens in the account."""
    steps = [{"path": f"accounts/{NAME}/{what}", "body": body} for what, body in actions]
    desk.fault(match={"path": "*/subaccount-deposit-address", "method": "POST"}, kind="hook", do=steps)


def _verdict_names_nothing(desk: Desk, after: int) -> None:
    """After so many of them, the venue's precheck says that nothing forbids a switch to spot, whatever is there."""
    row = {"sCode": "0", "curAcctLv": "2", "acctLv": "1", "unmatchedInfoCheck": []}
    body = json.dumps({"code": "0", "msg": "", "data": [row]})
    desk.fault(match={"path": "*/set-account-switch-precheck"}, after=after, times=0, kind="garbage", body=body)


def _blocked(desk: Desk) -> str:
    """An apply that blocks the position mode by what the full gate reads, and does not send it."""
    before = _lists_read(desk)
    said = desk.apply()
    assert said.code == 3, said.out + said.err
    assert _lists_read(desk) - before >= LISTS
    assert desk.account(NAME)["acctLv"] == "2"
    assert desk.writes("set-position-mode") == []
    assert SWAP in said.out
    return said.out


TRIGGER = ("algos", {"instId": SWAP, "ordType": "trigger"})
GRID = ("bots", {"instId": SWAP, "kind": "contract_grid"})


@pytest.mark.parametrize("what", [TRIGGER, GRID], ids=["algo order", "bot"])
@pytest.mark.sample(1)
def test_what_somebody_opened_all_the_same_is_named_by_the_verdict(
    desk: Desk, what: tuple[str, dict[str, Any]]
) -> None:
    """A key that somebody else made, nothing to trade with, and an algo order or a bot: the venue's precheck names it,
    and the lists say which."""
    _meanwhile(desk, ("keys", STRANGER), what)
    _blocked(desk.write({NAME: FIELDS}))


@pytest.mark.parametrize("money", [{"trading": {"USDT": "10"}}, {"debts": {"USDT": "5"}}], ids=["held", "owed"])
@pytest.mark.sample(1)
def test_a_new_account_that_holds_or_owes_has_the_full_gate(desk: Desk, money: dict[str, Any]) -> None:
    """Whatever the verdict says."""
    _meanwhile(desk, ("balances", money), GRID)
    _verdict_names_nothing(desk, 1)
    _blocked(desk.write({NAME: FIELDS}))


@pytest.mark.parametrize("path", ["*/account/balance", "*/set-account-switch-precheck"])
@pytest.mark.sample(1)
def test_a_proof_that_is_not_answered_is_none(desk: Desk, path: str) -> None:
    """Where the balance or the verdict cannot be read, the lists are, and the write goes by them."""
    desk.fault(match={"path": path}, after=int("switch" in path), times=0, kind="code", code="50030")
    desk.write({NAME: FIELDS})
    said = desk.apply()
    assert said.code == 0, said.out + said.err
    assert _lists_read(desk) == LISTS


@pytest.mark.parametrize(
    ("live", "wanted", "lists"),
    [({}, "futures", 0), ({"activated_modes": ["1"]}, "futures", LISTS), ({"acctLv": "2"}, "spot", LISTS)],
)
@pytest.mark.sample(1)
def test_the_venues_verdict_counts_as_far_as_it_answers(
    desk: Desk, live: dict[str, Any], wanted: str, lists: int
) -> None:
    """Out of spot it stands for algo orders and bots; refused (51070), or of another switch, it does not."""
    settle(desk, NAME, **live)
    desk.write({NAME: {"api_keys": KEY, "account_mode": wanted}})
    assert not desk.steps()[f"{NAME}.account_mode"]["blocked"]
    assert _lists_read(desk) == lists


# -- whose account it is -----------------------------------------------------------------------------------------------


def _adopted(desk: Desk) -> None:
    settle(desk, NAME)


def _of_an_earlier_run(desk: Desk) -> None:
    desk.write({NAME: {"api_keys": KEY}}).apply()


def _created_without_an_answer(desk: Desk) -> None:
    desk.fault(match={"path": "*/create-subaccount"}, kind="reset_after")


def _key_made_without_an_answer(desk: Desk) -> None:
    desk.fault(match={"path": "*/subaccount/apikey", "method": "POST"}, kind="reset_after")


def _with_a_second_key(desk: Desk) -> None:
    """Of the manifest's: it has one in any case, see below."""


WAYS = {  # and how many prechecks of the mode's own switch there are
    _adopted: 2,
    _of_an_earlier_run: 2,
    _created_without_an_answer: 1,
    _key_made_without_an_answer: 1,
    _with_a_second_key: 1,
}


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__[1:])
@pytest.mark.sample(2)
def test_an_account_that_is_not_wholly_this_runs_has_the_full_gate(desk: Desk, way: Callable[[Desk], None]) -> None:
    """Whatever its balance and the verdict say: the bot that began meanwhile stops the write."""
    way(desk)
    _meanwhile(desk, GRID)
    _verdict_names_nothing(desk, WAYS[way])
    keys = {**KEY, "bot": TRADING} if way is _with_a_second_key else KEY
    _blocked(desk.write({NAME: {**FIELDS, "api_keys": keys}}))


def test_what_no_key_will_ever_sign_is_unread_and_no_step(desk: Desk) -> None:
    """A new account without a key: it can be created, and its settings stand under unreadable, not among the steps."""
    desk.write({"newone01": {"position_mode": "long_short", "settings": {"greeks": "PA"}}, "newone02": {}})
    found = desk.plan("--format", "json")
    assert found.code == 1
    assert [one["address"] for one in found.json["steps"]] == ["newone01", "newone02"]
    assert {(one["address"], one["code"]) for one in found.json["unreadable"]} == {
        ("newone01.position_mode", "no_access"),
        ("newone01.settings.greeks", "no_access"),
    }
    assert (desk.apply().code, desk.writes()) == (1, [])
    assert desk.apply("--skip-blocked").code == 1
    assert [row["body"]["subAcct"] for row in desk.writes()] == ["newone02"]
