"""Corners in which the documents are silent: the strict reading, and by switch the other one."""

from __future__ import annotations

import pytest

A = "/account"
SWAP = {"instId": "BTC-USDT-SWAP"}
LEVER = {**SWAP, "mgnMode": "cross"}


@pytest.mark.parametrize(("reading", "code"), [("refused", ("59000", "59000", "59107")), ("accepted", ("0", "0", "0"))])
def test_equal_values_while_something_is_open(bench, reading, code):
    """The present position mode, isolated mode or leverage again, with an order in the way."""
    bench.act("POST", "flags", equal_values=reading)
    desk = bench.sub(orders=[SWAP], leverage={"SWAP/cross/BTC-USDT-SWAP": 5})
    assert desk.code("POST", f"{A}/set-position-mode", posMode="net_mode") == code[0]
    assert desk.code("POST", f"{A}/set-isolated-mode", type="CONTRACTS", isoMode="automatic") == code[1]
    assert desk.code("POST", f"{A}/set-leverage", **LEVER, lever="5") == code[2]
    assert desk.code("POST", f"{A}/set-position-mode", posMode="long_short_mode") == "59000"
    assert desk.code("POST", f"{A}/set-leverage", **LEVER, lever="6") == "59107"


@pytest.mark.parametrize("code", ["59000", "59112"])
def test_one_code_for_whatever_blocks_leverage(bench, code):
    """Older codes, for orders and for algo orders alike."""
    bench.act("POST", "flags", leverage_block_code=code)
    desk = bench.sub(orders=[SWAP])
    assert desk.code("POST", f"{A}/set-leverage", **LEVER, lever="6") == code
    bench.act("POST", "accounts/mmdesk01/set", orders=[], algos=[SWAP])
    assert desk.code("POST", f"{A}/set-leverage", **LEVER, lever="6") == code


@pytest.mark.parametrize(("lowest", "code"), [("1", "59105"), ("0.01", "0")])
def test_the_lowest_leverage(bench, lowest, code):
    """1, or a hundredth; the estimate says which."""
    bench.act("POST", "flags", minimum_leverage=lowest)
    desk = bench.sub()
    (row,) = desk.get(f"{A}/adjust-leverage-info?instType=SWAP&mgnMode=cross&lever=1&instId=BTC-USDT-SWAP")
    assert row["minLever"] == lowest
    assert desk.code("POST", f"{A}/set-leverage", **LEVER, lever="0.5") == code
    assert desk.code("POST", f"{A}/set-leverage", **LEVER, lever="0.001") == "59105"


@pytest.mark.parametrize(("reading", "left"), [("reset", {}), ("kept", {"SWAP/isolated/BTC-USDT-SWAP": "7"})])
def test_leverage_after_a_switch(bench, reading, left):
    """Scopes whose key changed shape stand at the default, or keep what they had."""
    bench.act("POST", "flags", leverage_after_switch=reading)
    desk = bench.sub(leverage={"SWAP/isolated/BTC-USDT-SWAP": 7})
    desk.post(f"{A}/set-position-mode", posMode="long_short_mode")
    assert bench.state()["leverage"] == left


def test_position_mode_in_spot_mode(bench):
    """51010, or taken."""
    desk = bench.sub(acctLv="1")
    assert desk.code("POST", f"{A}/set-position-mode", posMode="long_short_mode") == "51010"
    bench.act("POST", "flags", position_mode_in_spot="accepted")
    assert desk.code("POST", f"{A}/set-position-mode", posMode="long_short_mode") == "0"


@pytest.mark.parametrize(("reading", "mode"), [("net", "net_mode"), ("restored", "long_short_mode")])
def test_position_mode_after_portfolio_margin(bench, reading, mode):
    """Net for good, or what it was before."""
    bench.act("POST", "flags", portfolio_position_mode=reading)
    desk = bench.sub(acctLv="3", posMode="long_short_mode")
    desk.post(f"{A}/set-account-level", acctLv="4")
    assert bench.state()["posMode"] == "net_mode"
    desk.post(f"{A}/set-account-level", acctLv="3")
    assert bench.state()["posMode"] == mode


def test_a_broker_and_modes_that_nobody_activated(bench):
    """Set all the same, or 51070; the present mode is always fine."""
    bench.sub(activated_modes=["1", "2"])
    body = {"subAcct": "mmdesk01", "acctLv": "3"}
    bench.act("POST", "flags", dma_level_needs_activation=True)
    assert bench.broker.code("POST", "/broker/dma/set-subaccount-level", **body) == "51070"
    assert bench.broker.code("POST", "/broker/dma/set-subaccount-level", **{**body, "acctLv": "2"}) == "0"
    bench.act("POST", "flags", dma_level_needs_activation=False)
    assert bench.broker.code("POST", "/broker/dma/set-subaccount-level", **body) == "0"


def test_transfer_out_as_text(bench):
    """The table says text, the sample shows a boolean."""
    bench.sub()
    assert bench.broker.get("/broker/dma/subaccount-info")[0]["details"][0]["canTransOut"] is True
    bench.act("POST", "flags", trans_out_text=True)
    assert bench.broker.get("/broker/dma/subaccount-info")[0]["details"][0]["canTransOut"] == "true"


@pytest.mark.parametrize(("reading", "count"), [("new", 2), ("same", 1)])
def test_an_address_asked_for_again(bench, reading, count):
    """One more, or the one that is there."""
    bench.act("POST", "flags", repeated_address=reading)
    bench.sub()
    path, body = "/asset/broker/dma/subaccount-deposit-address", {"subAcct": "mmdesk01", "ccy": "USDT"}
    made = [bench.broker.post(path, **body)[0]["addr"] for _ in range(2)]
    assert len(set(made)) == len(bench.broker.get(f"{path}?subAcct=mmdesk01&ccy=USDT")) == count
