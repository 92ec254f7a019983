"""The brake at Gate CrossEx: by symbol, in whole numbers, contracts and margin."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal

import pytest
from dying_cap import every_moment
from gate_desk import ADA, BTC, MARGIN_ADA, GateDesk

OPEN = {"positions": [{"symbol": ADA, "qty": "10", "value": "100"}, {"symbol": BTC, "qty": "1", "value": "9000"}]}


def levers(gate: GateDesk) -> dict[str, Decimal]:
    """What somebody set, by symbol."""
    return {symbol: Decimal(value) for symbol, value in gate.crossex()["leverage"].items()}


def test_what_is_open_or_managed_is_lowered_and_nothing_else(make_gate: Callable[..., GateDesk]) -> None:
    """The largest first; what is neither open nor managed only with --all. The plan says what it would raise again."""
    gate = make_gate(leverage={ADA: "10", BTC: "20", MARGIN_ADA: "4", "GATE_FUTURE_BTC_USDT": "15"}, **OPEN)
    gate.write({"cx": {"leverage": [{"symbol": MARGIN_ADA, "value": 5}]}})
    said = gate.run("cap", "3", "--auto-approve")
    assert said.code == 0, said.out + said.err
    assert levers(gate) == {ADA: 3, BTC: 3, MARGIN_ADA: 3, "GATE_FUTURE_BTC_USDT": 15}
    assert [row["body"]["symbol"] for row in gate.writes()][:2] == [BTC, ADA]
    assert f"cx.leverage[margin/{MARGIN_ADA}] to 5" in said.out
    assert "raises_after_cap" in gate.plan().out
    assert gate.run("cap", "3", "--auto-approve", "--all").code == 0
    assert max(levers(gate).values()) == 3


@pytest.mark.parametrize("first", [0, 1])
def test_an_account_of_which_nothing_was_read_is_not_passed_over(
    make_gate: Callable[..., GateDesk], first: int
) -> None:
    """Where the account cannot be read, at the first look or the next, the brake names it and ends 1."""
    gate = make_gate(leverage={ADA: "10"}, **OPEN)
    gate.write({"cx": {}})
    gate.fault(match={"path": "*/crossex/accounts"}, after=first, times=0, kind="label", label="OUT_OF_ORDER")
    said = gate.run("cap", "3", "--auto-approve")
    assert (said.code, "? cx  " in said.out or said.err.startswith("error: ")) == (1, True), said.out + said.err
    assert levers(gate)[ADA] == 10


def test_a_cap_between_two_values_takes_the_lower_one(make_gate: Callable[..., GateDesk]) -> None:
    """The venue has whole numbers from 1 on: 2.5 is 2, and below 1 there is none."""
    gate = make_gate(leverage={ADA: "10"}, **OPEN)
    gate.write({"cx": {}})
    assert gate.run("cap", "2.5", "--auto-approve").code == 0
    assert levers(gate)[ADA] == 2
    said = gate.run("cap", "0.5", "--auto-approve")
    assert (said.code, "no leverage of 0.5" in said.out) == (1, True)


def test_in_isolated_exchange_margin_is_left_out(make_gate: Callable[..., GateDesk]) -> None:
    """There is no margin trading there; a manifest that wants the other mode changes nothing of that."""
    gate = make_gate(account_mode="ISOLATED_EXCHANGE", leverage={ADA: "10"}, **OPEN)
    entries = [{"symbol": ADA, "value": 10}, {"symbol": MARGIN_ADA, "value": 5}]
    gate.write({"cx": {"account_mode": "cross_exchange", "leverage": entries}})
    said = gate.run("cap", "3", "--auto-approve")
    assert said.code == 0, said.out + said.err
    assert levers(gate)[ADA] == 3
    assert {row["path"] for row in gate.writes()} == {"/api/v4/crossex/positions/leverage"}


def test_a_margin_position_in_isolated_exchange_is_told_and_no_line_is_to_blame(
    make_gate: Callable[..., GateDesk],
) -> None:
    """It has no leverage to set there, which is no slip in a file; the contracts are lowered."""
    held = {**OPEN, "margin_positions": [{"symbol": MARGIN_ADA, "qty": "5"}]}
    gate = make_gate(account_mode="ISOLATED_EXCHANGE", leverage={ADA: "10"}, **held)
    gate.write({"cx": {}})
    said = gate.run("cap", "3", "--auto-approve")
    told = f"  ? cx.leverage[margin/{MARGIN_ADA}]  isolated_exchange has no margin"
    assert (said.code, told in said.out, "acctcfg.yaml" in said.out) == (1, True, False), said.out
    assert levers(gate)[ADA] == 3


def test_what_the_venue_refuses_is_named_with_its_orders(make_gate: Callable[..., GateDesk]) -> None:
    """Nothing open is documented to be in the way; where the venue says so, the others are lowered all the same."""
    flags = {"gate_crossex": {"flags": {"leverage_with_positions": False}}}
    gate = make_gate(top=flags, leverage={ADA: "10", MARGIN_ADA: "4"}, orders=[{"symbol": ADA}])
    gate.write({"cx": {"leverage": [{"symbol": MARGIN_ADA, "value": 2}]}})
    said = gate.run("cap", "3", "--auto-approve")
    assert said.code == 3, said.out
    assert "DELETE /api/v4/crossex/orders/" in said.out
    assert levers(gate) == {ADA: 10, MARGIN_ADA: 3}


@pytest.mark.slow
def test_it_may_die_at_any_request(make_gate: Callable[..., GateDesk]) -> None:
    """Before any request leaves, reads too, and after the answer of any write: nothing is raised, the next goes on."""
    before = {ADA: "10", BTC: "20", MARGIN_ADA: "2"}
    gate = make_gate(speed=50, leverage=before, **OPEN)
    gate.write({"cx": {"leverage": [{"symbol": MARGIN_ADA, "value": 5}]}})
    moments = []
    for moment in every_moment(gate):
        assert all(levers(gate)[symbol] <= Decimal(value) for symbol, value in before.items())
        said = gate.run("cap", "3", "--auto-approve")
        assert said.code == 0, said.out + said.err
        assert levers(gate) == {ADA: 3, BTC: 3, MARGIN_ADA: 2}
        gate.set(leverage=before)
        moments.append(moment)
    assert len(moments) > 10


@pytest.mark.parametrize("used", ["open", "named"])
def test_a_symbol_that_takes_no_leverage_now_is_told(make_gate: Callable[..., GateDesk], used: str) -> None:
    """With something open, or an entry: it is named, and the exit status is 1; the others are lowered."""
    gate = make_gate(leverage={ADA: "10", BTC: "20"}, **(OPEN if used == "open" else {}))
    gate.sandbox.control_post("gate_crossex/symbols", {"symbol": ADA, "state": "suspend"})
    gate.write(
        {"cx": {"leverage": [{"symbol": ADA, "value": 3}, {"symbol": BTC, "value": 3}]} if used == "named" else {}}
    )
    said = gate.run("cap", "3", "--auto-approve")
    told = f"cx.leverage[futures/{ADA}]  it takes no leverage at present (state: suspend), so it was not looked at"
    assert (said.code, told in said.out) == (1, True), said.out + said.err
    assert levers(gate) == {ADA: 10, BTC: 3}


def test_two_connections_of_one_user_lower_an_account_once(make_gate: Callable[..., GateDesk]) -> None:
    """One line and one write a symbol; what only the other entry names is lowered as well."""
    gate = make_gate(leverage={ADA: "10", BTC: "20", MARGIN_ADA: "4"}, **OPEN)
    connection = gate.connections()["cx"]
    named = {"venue": "cx2", "leverage": [{"symbol": MARGIN_ADA, "value": 3}]}
    accounts = {"one": {"venue": "cx"}, "two": named}
    gate.text(json.dumps({"version": 1, "venues": {"cx": connection, "cx2": connection}, "accounts": accounts}))
    said = gate.run("cap", "3", "--auto-approve")
    assert (said.code, said.last) == (0, "Capped: 3 lowered, 0 at or below it already, 0 blocked, 0 failed."), said.out
    assert [line.split()[1:5] for line in said.out.splitlines() if " ~ two." in line] == [
        [f"two.leverage[margin/{MARGIN_ADA}]", "4", "->", "3"]
    ]
    assert "note: two is the same account at the venue as one" in said.out
    assert len(gate.writes()) == 3
    assert levers(gate) == {ADA: 3, BTC: 3, MARGIN_ADA: 3}


@pytest.mark.parametrize("where", ["positions", "margin_positions"])
def test_a_position_without_its_symbol_is_told_and_holds_up_no_lowering(
    make_gate: Callable[..., GateDesk], where: str
) -> None:
    """It was not looked at, which is exit 1; the limit of its tier is none for what goes down. --all covers it."""
    gate = make_gate(leverage={ADA: "10", MARGIN_ADA: "4", BTC: "20"})
    named = {"symbol": ADA if where == "positions" else MARGIN_ADA, "position_qty": "5", "asset_qty": "5"}
    rows = [{**named, "liability": "0"}, {"position_qty": "9", "asset_qty": "9", "liability": "0", "symbol": ""}]
    gate.fault(match={"path": f"*/crossex/{where}"}, times=0, kind="garbage", body=json.dumps(rows))
    gate.write({"cx": {}})
    said = gate.run("cap", "3", "--auto-approve")
    told = f"the venue does not say of what symbol: 1 open {where.replace('_', ' ').removesuffix('s')}, not looked at"
    assert (said.code, f"  ? cx.leverage  {told}" in said.out) == (1, True), said.out
    assert levers(gate)[named["symbol"]] == 3
    assert levers(gate)[BTC] == 20
    said = gate.run("cap", "3", "--auto-approve", "--all")
    assert (said.code, max(levers(gate).values())) == (0, 3), said.out


ODD_MODE = {"user_id": "1", "account_mode": "SHARED_EXCHANGE", "exchange_type": "CROSSEX", "position_mode": "SINGLE"}


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"kind": "label", "label": "FORBIDDEN"}, "FORBIDDEN"),
        ({"kind": "label", "label": "USER_NOT_EXIST"}, "USER_NOT_EXIST"),
        ({"kind": "garbage", "body": json.dumps(ODD_MODE)}, "unknown_word"),
    ],
)
def test_an_account_that_does_not_open_to_it_is_told(
    make_gate: Callable[..., GateDesk], fault: dict[str, str], code: str
) -> None:
    """A key without the right, no account, or a mode that is new to us: its positions may stand above, so exit 1."""
    gate = make_gate(leverage={ADA: "10", BTC: "20"}, **OPEN)
    gate.fault(match={"path": "*/crossex/accounts"}, times=0, **fault)
    gate.write({"cx": {}})
    said = gate.run("cap", "3", "--auto-approve")
    (line,) = (line for line in said.out.splitlines() if line.startswith("  ? "))
    assert (line.split()[1], line.endswith(f"[{code}]"), said.code) == ("cx", True, 1), said.out + said.err
    assert (levers(gate), gate.writes()) == ({ADA: 10, BTC: 20}, [])
