"""okx-api and gateio-api (npm), unchanged but for the host: what they ask is served, what they are answered they read.

ACCTCFG_FOREIGN_NODE names the folder that holds their node_modules (tests/foreign/package.json).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from foreign_client import SWAP, key_of, signer
from patience import PATIENCE_S

from acctcfg.sandbox.serve import Running

MODULES = os.environ.get("ACCTCFG_FOREIGN_NODE")
SCRIPT = Path(__file__).parent / "speak_npm.mjs"
GATE_KEY = {"name": "npm", "key": "npm-gate-key", "secret": "npm-gate-secret", "perms": ["crossx", "sub_accounts"]}
ADA, HYPER = "OKX_FUTURE_ADA_USDT", "HYPERLIQUID_FUTURE_BTC_USDC"
MASTER, FLAT, CX = signer("master"), signer("flat"), ["npm-gate-key", "npm-gate-secret", ""]
LEVER = {"instId": SWAP, "mgnMode": "cross", "lever": "7"}
CALLS: list[list[Any]] = [
    ["config", FLAT, "okx", "getAccountConfiguration", []],
    ["hedge", FLAT, "okx", "setPositionMode", [{"posMode": "long_short_mode"}]],
    ["set", FLAT, "okx", "setLeverage", [LEVER]],
    ["read", FLAT, "okx", "getLeverage", [{"instId": SWAP, "mgnMode": "cross"}]],
    ["too high", FLAT, "okx", "setLeverage", [{**LEVER, "lever": "700"}]],
    ["precheck", FLAT, "okx", "getAccountSwitchPrecheck", [{"acctLv": "3"}]],
    ["mode", FLAT, "okx", "setAccountMode", [{"acctLv": "3"}]],
    ["create", MASTER, "okx", "createSubAccount", [{"subAcct": "mmdesk09", "label": "nine", "mainAcct": ""}]],
    ["own address", FLAT, "okx", "getDepositAddress", [{"ccy": "TON"}]],
    ["cx account", CX, "gate", "getCrossExAccounts", []],
    ["cx dual", CX, "gate", "updateCrossExAccount", [{"position_mode": "DUAL"}]],
    ["cx set", CX, "gate", "setCrossExPositionLeverage", [{"symbol": ADA, "leverage": "7"}]],
    ["cx read", CX, "gate", "getCrossExPositionLeverage", [{"symbols": f"{ADA},{HYPER}"}]],
    ["cx symbols", CX, "gate", "getCrossExSymbols", [{"symbols": HYPER}]],
    ["cx orders", CX, "gate", "getCrossExOpenOrders", []],
    ["cx sub", CX, "gate", "createSubAccount", [{"login_name": "desk_9"}]],
    ["cx subs", CX, "gate", "getSubAccounts", []],
    ["cx none", CX, "gate", "lockSubAccount", [{"user_id": 1}]],
]


@pytest.fixture(scope="module")
def heard() -> Iterator[tuple[dict[str, Any], dict[str, Any], list[str]]]:
    """Answers by name, the venue's state afterwards, and paths that were not served."""
    if not MODULES or not shutil.which("node"):
        pytest.skip("ACCTCFG_FOREIGN_NODE names no folder, or there is no node")
    address = {"ccy": "TON", "chain": "TON-TON", "addr": "EQexample", "addrEx": {"comment": "1234567"}}
    subs = {"mmdesk02": {"acctLv": "2", "keys": [key_of("flat")], "addresses": [address]}}
    gate = {"venue": "gate_crossex", "profile": "current", "keys": [GATE_KEY]}
    desk = {"keys": [key_of("master")], "sub_accounts": subs}
    seed = {"tenants": {"desk": desk, "cx": gate}, "gate_crossex": {"flags": {"effect_delay_s": 0}}}
    with Running(seed, speed=20) as sandbox:
        done = subprocess.run(
            ["node", str(SCRIPT)],
            input=json.dumps({"base": sandbox.base_url, "modules": MODULES, "calls": CALLS}),
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
            env={**os.environ, "NO_PROXY": "127.0.0.1"},
        )
        assert done.returncode == 0, done.stderr
        answers = json.loads(done.stdout.splitlines()[-1])
        state = sandbox.control_get("state")["tenants"]
        yield answers, state, sandbox.control_get("requests")["unlisted"]


def test_okx_api_reads_and_sets(heard):
    """Position mode, leverage and account mode arrive, and read back as they were set."""
    answers, state, _ = heard
    assert answers["config"][0]["acctLv"] == "2"
    assert {row["lever"] for row in answers["read"]} == {"7"}
    assert answers["precheck"][0]["sCode"] == "0"
    account = state["desk"]["sub_accounts"]["mmdesk02"]
    assert (account["acctLv"], account["posMode"]) == ("3", "long_short_mode")
    assert answers["own address"][0]["addrEx"] == {"comment": "1234567"}


def test_okx_api_manages_a_broker(heard):
    """Its calls take the older path of the broker's endpoints; `tag`, which it adds to every write, does no harm."""
    answers, state, _ = heard
    assert answers["create"][0]["uid"] == state["desk"]["sub_accounts"]["mmdesk09"]["uid"]
    assert answers["too high"]["said"]["code"] == "59102"


def test_gateio_api_reads_and_sets(heard):
    """The signature over the decoded query stands; both modes and leverage arrive; a number is a number."""
    answers, state, _ = heard
    assert (answers["cx account"]["account_mode"], answers["cx dual"]["position_mode"]) == ("CROSS_EXCHANGE", "DUAL")
    assert answers["cx read"] == {ADA: "7", HYPER: "3"}
    assert answers["cx symbols"][0]["exchange_type"] == "HYPERLIQUID"
    assert answers["cx orders"] == []
    assert state["cx"]["master"]["leverage"] == {ADA: "7"}


def test_gateio_api_manages_sub_accounts(heard):
    """A created one is listed; a refusal carries its label."""
    answers, _, unlisted = heard
    assert [row["login_name"] for row in answers["cx subs"]] == ["desk_9"]
    assert answers["cx none"]["said"]["label"] == "SUB_ACCOUNT_NOT_FOUND"
    assert unlisted == []
