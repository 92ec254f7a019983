"""gate-api of both wire formats and ccxt's signer work against the sandbox with nothing changed but the host name.

Each needs an interpreter of its own, named by ACCTCFG_GATE_SEED_PYTHON (tests/foreign/requirements-gate-seed.txt),
ACCTCFG_GATE_CURRENT_PYTHON (requirements-gate-current.txt) and ACCTCFG_FOREIGN_PYTHON (requirements.txt).
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from patience import PATIENCE_S

from acctcfg.sandbox.serve import Running

pytestmark = pytest.mark.foreign

ADA, GATE_ADA, MARGIN = "OKX_FUTURE_ADA_USDT", "GATE_FUTURE_ADA_USDT", "OKX_MARGIN_ADA_USDT"
INTERPRETERS = {"seed": "ACCTCFG_GATE_SEED_PYTHON", "current": "ACCTCFG_GATE_CURRENT_PYTHON"}
PERMS = ["crossx", "sub_accounts", "account"]


def user(name, **fields):
    keys = [{"name": name, "key": f"{name}-key", "secret": f"{name}-secret", "perms": PERMS}]
    return {"venue": "gate_crossex", "keys": keys, **fields}


def world(profile):
    """A user who is flat, and one with a position, a debt, an order and money."""
    busy = user(
        "busy",
        balances={"CROSSEX": {"USDT": "1200"}},
        positions=[{"symbol": ADA, "qty": "-3"}],
        margin_positions=[{"symbol": MARGIN, "qty": "0", "liability": "12.5"}],
        orders=[{"symbol": "GATE_SPOT_BTC_USDT"}],
    )
    return {"tenants": {"flat": user("flat"), "busy": busy}, "gate_crossex": {"flags": {"profile": profile}}}


def speak(variable, script, sandbox, *arguments):
    """What a client's script printed at the end."""
    python = os.environ.get(variable)
    if not python:
        pytest.skip(f"{variable} names no interpreter")
    done = subprocess.run(
        [python, str(Path(__file__).parent / script), sandbox.base_url, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
        env={**os.environ, "NO_PROXY": "127.0.0.1"},
    )
    assert done.returncode == 0, done.stderr
    assert sandbox.control_get("requests")["unlisted"] == []
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module", params=["seed", "current"])
def told(request):
    """The wire format, and what gate-api was told in it."""
    keys = ("flat-key", "flat-secret", "busy-key", "busy-secret")
    with Running(world(request.param), speed=2) as sandbox:
        said = speak(INTERPRETERS[request.param], "speak_gate_api.py", sandbox, request.param, *keys)
        yield request.param, said


def test_gate_api_reads_accounts_and_changes_modes(told):
    """Its decoder takes the account, with and without assets; a change shows later; refusals keep their labels."""
    _, said = told
    assert (said["account"]["account_mode"], said["account"]["position_mode"]) == ("CROSS_EXCHANGE", "SINGLE")
    assert said["busy account"]["assets"][0]["balance"] == "1200"
    assert (said["mode"]["position_mode"], said["mode later"]) == ("DUAL", "DUAL")
    assert said["mode again"] == {"label": "TRADE_CHANGE_PZ_MODE_SAME_ERROR", "status": 400}
    assert said["busy mode"]["label"] == "TRADE_PZ_MODE_HAVE_ORDER_ERROR"
    assert said["busy account mode"]["label"] == "UPDATE_ACCOUNT_MODE_OPEN_ORDERS_EXIST_ERROR"


def test_gate_api_sets_leverage(told):
    """In the shape of its own wire format: the one can not read the other's."""
    profile, said = told
    assert said["leverage"] == {"symbol": ADA, "leverage": "7"}
    assert said["too high"]["label"] == "TRADE_SET_LEVERAGE_EXCEED_LIMIT_ERROR"
    if profile == "seed":
        assert said["leverage later"] == [{"symbol": ADA, "leverage": "7"}, {"symbol": GATE_ADA, "leverage": "3"}]
        assert said["margin leverage later"] == [{"symbol": MARGIN, "leverage": "4"}]
    else:
        assert said["leverage later"] == {ADA: "7", GATE_ADA: "3"}
        assert said["margin leverage later"] == {MARGIN: "4"}


def test_gate_api_reads_what_is_open(told):
    """Its decoder takes every row."""
    _, said = told
    assert said["positions"][0]["position_qty"] == "-3"
    assert (said["margin positions"][0]["asset_qty"], said["margin positions"][0]["liability"]) == ("0", "12.5")
    assert said["orders"][0]["business_type"] == "SPOT"


def test_gate_api_reads_rules_and_reports(told):
    """Symbols, tiers, coins, fees and the rest in its own wire format."""
    profile, said = told
    assert [row["symbol"] for row in said["symbols"]] == [ADA, GATE_ADA]
    assert said["limits"][0]["tiers"][0]["leverage_max"] == "20"
    assert said["coins"][0]["coin"] == "USDT"
    assert isinstance(said["fee"], dict if profile == "seed" else list)
    assert isinstance(said["rank"], list if profile == "seed" else dict)
    assert (said["transfers"], said["book"]) == ([], [])
    assert said["interest"][0]["exchange_type"] == said["discounts"][0]["exchange_type"] == "BINANCE"


def test_gate_api_manages_sub_accounts(told):
    """Create, lock, unlock; a key's omitted allow-list is cleared; a locked one's keys stay."""
    _, said = told
    assert (said["sub"], said["subs"], said["locked"]) == ("foreign_1", ["foreign_1"], 2)
    assert (said["sub key"], said["sub key bare"]) == (["k", ["203.0.113.7"]], [])
    assert said["key of a locked one"]["label"] == "SUB_ACCOUNT_LOCKED"
    assert [said[name] for name in ("sub key replaced", "lock", "unlock", "key gone")] == [None] * 4
    assert said["detail"]
    assert said["time"] > 1_600_000_000_000


def test_ccxts_signer():
    """It signs the decoded query, sends `{}` where it has nothing to say, and is understood."""
    with Running(world("current"), speed=5) as sandbox:
        said = speak("ACCTCFG_FOREIGN_PYTHON", "speak_ccxt_gate.py", sandbox, "flat-key", "flat-secret")
        assert said["switch"]["account_mode"] == "ISOLATED_EXCHANGE"
        assert (said["mode"], said["isolated"], said["of one"]) == ("CROSS_EXCHANGE", "ExchangeError", "OKX")
        assert said["two"] == {ADA: "6", GATE_ADA: "3"}
        assert (said["sub"], said["empty body"]) == ("foreign_2", "ExchangeError")
        counted = sandbox.control_get("requests")["by_code"]
        assert (counted["QUERY_INVALID_EXCHANGE_TYPE"], counted["COMMON_PARAM_BIND_ERROR"]) == (1, 1)
        assert sandbox.control_get("accounts/foreign_1")["state"] == 2
