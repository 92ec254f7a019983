"""`show --fees` of a CrossEx account, in both wire formats."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from gate_desk import ADA, GateDesk

from acctcfg.core.fee_rate import FeeRate
from acctcfg.venues.gate_crossex.fees import fees_of

ONE = {"spot_maker_fee": "0.001", "spot_taker_fee": "0.001", "future_maker_fee": "-0.0001", "future_taker_fee": ""}


@pytest.mark.parametrize(("profile", "named", "count"), [("seed", "futures", 2), ("current", "futures at gate", 6)])
def test_the_accounts_fees_are_shown(make_gate: Callable[..., GateDesk], profile: str, named: str, count: int) -> None:
    """What `/crossex/fee` says, by kind of product, in the newer format by exchange; paid is negative in JSON."""
    flags = {"gate_crossex": {"flags": {"exchanges": ["GATE", "OKX", "BINANCE"]}}}
    gate = make_gate(profile=profile, top=flags).write({"cx": {"position_mode": "net"}})
    said = gate.run("show", "--fees")
    assert said.code == 0, said.err
    assert f"fees of {named} " in said.out
    assert "maker pays 0.02 % · taker pays 0.05 %" in said.out
    (view,) = gate.run("show", "--fees", "--format", "json").json
    assert len(view["fees"]) == count
    assert (view["fees"][0]["maker"], view["fees"][0]["level"]) == ("-0.001", None)


def test_special_rates_rebates_and_what_is_not_told() -> None:
    """A symbol's own rates follow; a fee below zero is received; a missing list is none, a missing rate not told."""
    special = {"symbol": ADA, "taker_fee_rate": "0.0003", "maker_fee_rate": "0"}
    first, futures, own, *others = fees_of([{**ONE, "special_fee_list": [special]}, {**ONE, "exchange_type": "OKX"}])
    assert (first.of, first.maker) == ("spot", Decimal("-0.001"))
    assert futures == FeeRate(of="futures", maker=Decimal("0.0001"), taker=None)
    assert own == FeeRate(of=ADA, maker=Decimal(0), taker=Decimal("-0.0003"))
    assert [one.of for one in others] == ["spot at okx", "futures at okx"]


def test_a_sub_accounts_fees_are_not_told(gate: GateDesk) -> None:
    """The venue has one answer, for the CrossEx account: a sub-account says so, and nothing is made up."""
    gate.write({"sub_1": {"role": "sub_account", "label": "Desk one"}})
    assert gate.apply().code == 0
    said = gate.run("show", "--fees")
    assert (said.code, "[no_fees]" in said.out) == (1, True), said.out


def test_fees_that_cannot_be_read_are_told_and_spoil_nothing_else(gate: GateDesk) -> None:
    """Exit 1 with the reason; the account's values stand beside it, and without --fees nothing of it is asked."""
    gate.write({"cx": {"position_mode": "net"}})
    gate.fault(match={"path": "*/crossex/fee"}, kind="garbage", times=0)
    assert gate.run("show").code == 0
    said = gate.run("show", "--fees")
    assert (said.code, "fee rates: " in said.out, "net" in said.out) == (1, True, True), said.out
