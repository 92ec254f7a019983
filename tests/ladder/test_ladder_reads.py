"""No read that the manifest does not need: prechecks are for what would change only."""

from __future__ import annotations

from typing import Any

import pytest
from desk import Desk
from ladder_parts import KEY, NO_CHANGES, settle

from acctcfg.venues.okx import reading

SWAP = {"market": "swap", "instrument": "BTC-USDT-SWAP", "margin": "cross", "value": 5}
ALWAYS = {"account/config": 1, "subaccount-info": 1}  # whose credentials these are, and whether the account exists


def _asked(desk: Desk) -> dict[str, int]:
    """The last two words of every path that was asked -> how often."""
    counted: dict[str, int] = desk.sandbox.control_get("requests")["by_path"]
    short: dict[str, int] = {}
    for path, count in counted.items():
        words = path.split(" ")[-1].split("/")
        name = words[-1] if words[-1] == "subaccount-info" else "/".join(words[-2:])
        short[name] = short.get(name, 0) + count
    return short


@pytest.mark.parametrize(
    ("fields", "asked"),
    [
        ({}, {}),
        ({"api_keys": KEY}, {"account/config": 2}),
        ({"api_keys": KEY, "account_mode": "multi_currency"}, {"account/config": 2}),
        ({"api_keys": KEY, "position_mode": "net"}, {"account/config": 2}),
        (
            {"api_keys": KEY, "leverage": [SWAP]},
            {"account/config": 2, "account/instruments": 1, "account/leverage-info": 1},
        ),
        (
            {"deposit": {"addresses": [{"currency": "USDT", "chain": "USDT-TRC20"}]}},
            {"asset/currencies": 1},  # the apply saw the address, and nobody can take it away
        ),
        ({"api_keys": KEY, "api_keys_exclusive": True}, {"account/config": 2, "subaccount/apikey": 1}),
    ],
)
def test_a_plan_without_changes_reads_the_fewest(desk: Desk, fields: dict[str, Any], asked: dict[str, int]) -> None:
    """An account that is as wanted costs its own reads once each: no prechecks, no key list, no other currency."""
    addresses = [
        {"ccy": ccy, "chain": chain, "addr": ccy} for ccy, chain in (("USDT", "USDT-TRC20"), ("BTC", "BTC-Bitcoin"))
    ]
    settle(desk, "reader01", acctLv="3", addresses=addresses)
    desk.write({"reader01": fields})
    assert desk.apply().code == 0  # taken over: from here on the journal knows it
    desk.sandbox.control_post("forget")
    assert desk.plan().last == NO_CHANGES
    assert _asked(desk) == {**ALWAYS, **asked}


def test_a_target_reads_only_what_it_needs(desk: Desk) -> None:
    """A targeted address asks for neither deposits nor instruments."""
    settle(desk, "reader01", acctLv="3")
    deposit = {"addresses": [{"currency": "USDT"}]}
    desk.write({"reader01": {"api_keys": KEY, "position_mode": "net", "leverage": [SWAP], "deposit": deposit}})
    assert desk.apply().code == 0
    desk.sandbox.control_post("forget")
    assert desk.plan("--target", "reader01.position_mode").code == 0
    assert _asked(desk) == {"account/config": 2, "subaccount-info": 1}
    desk.sandbox.control_post("forget")
    assert desk.plan("--target", "reader01.deposit.addresses[*]").code == 0
    assert {name for name in _asked(desk) if "deposit" not in name and "currencies" not in name} == set(ALWAYS)


def test_leverage_is_read_twenty_scopes_to_a_request(desk: Desk) -> None:
    """All perpetuals of an account take one request for every twenty, and one list of instruments."""
    settle(desk, "reader01", acctLv="3")
    everything = [{"market": "swap", "family": "*", "margin": "cross", "value": 5}]
    desk.write({"reader01": {"api_keys": KEY, "leverage": everything}})
    assert desk.apply().code == 0
    desk.sandbox.control_post("forget")
    assert desk.plan().last == NO_CHANGES
    assert _asked(desk)["account/leverage-info"] == 1
    assert _asked(desk)["account/instruments"] == 1


def test_the_list_of_sub_accounts_is_shared(desk: Desk) -> None:
    """Twenty accounts are looked up by one page of the list, not one by one."""
    names = [f"reader{number:02}" for number in range(20)]
    for name in names:
        settle(desk, name, labels=())
    desk.write({name: {"account_mode": "spot"} for name in names})
    assert desk.apply().code == 0
    desk.sandbox.control_post("forget")
    assert desk.plan().last == NO_CHANGES
    assert _asked(desk) == ALWAYS


@pytest.mark.slow
def test_a_fleet_is_read_in_parts(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Part after part, the plan is the same as of all at once, by the same requests; so is what an apply does."""
    names = [f"reader{number:02}" for number in range(7)]
    fields = {"api_keys": KEY, "account_mode": "multi_currency", "leverage": [SWAP]}
    desk.write(dict.fromkeys(names, fields)).converge()
    desk.write({name: {**fields, "leverage": [{**SWAP, "value": 5 + at % 2}]} for at, name in enumerate(names)})

    def planned() -> tuple[dict[str, Any], dict[str, int]]:
        desk.sandbox.control_post("forget")
        plan = desk.plan("--format", "json").json
        return {name: plan[name] for name in ("digest", "steps", "warnings", "unreadable")}, _asked(desk)

    whole = planned()
    monkeypatch.setattr(reading, "MOST_AT_ONCE", 2)
    assert planned() == whole
    assert len(whole[0]["steps"]) == 3
    desk.converge()


def test_a_key_that_signed_once_is_not_tried_for_nothing(desk: Desk) -> None:
    """The key that signed last is used where the manifest has none and something needs one, and not otherwise."""
    settle(desk, "reader01", acctLv="3")
    desk.write({"reader01": {"api_keys": KEY, "position_mode": "net"}})
    assert desk.apply().code == 0
    for fields, reads in (({"position_mode": "net"}, 2), ({"protect": True}, 1)):
        desk.write({"reader01": fields})
        desk.sandbox.control_post("forget")
        said = desk.plan()
        assert said.last == NO_CHANGES, said.out + said.err
        assert _asked(desk) == {**ALWAYS, "account/config": reads}
