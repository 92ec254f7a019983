"""The table of docs/performance.md is what the limits say, and what a plan asks for."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from desk import Desk

DOCS = Path(__file__).parents[2] / "docs"
NAMES = ("payee001", "payee002")
KEY = {"permissions": ["read", "trade"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}
EVERYTHING = {
    "account_mode": "multi_currency",
    "position_mode": "net",
    "settings": {"collateral": {"all": True}},
    "leverage": [{"market": "swap", "family": "BTC-USDT", "margin": "cross", "value": 5}],
    "api_keys": {"trading": KEY},
    "api_keys_exclusive": True,
    "deposit": {"credit_to": "trading", "addresses": [{"currency": "USDT", "chain": "USDT-TRC20"}]},
}
NOT_HERE = {"GET /api/v5/account/mmp-config", "GET /api/v5/account/balance"}  # of settings that this account lacks


@pytest.fixture(autouse=True)
def _scripts(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(DOCS), *sys.path])


def test_the_page_is_what_the_limits_say():
    """After a change of a limit: make schemas."""
    from performance import page

    assert (DOCS / "performance.md").read_text(encoding="utf-8") == page()


def test_the_table_has_all_that_a_plan_asks_for(tmp_path, monkeypatch):
    """With every field of a broker's accounts, each request of a plan has its row, once for each account where that
    says so; from memory and anew differ by the lists of addresses."""
    from performance import EACH, READS

    rows = {read.endpoint.text: read for read in reversed(READS) if "okx_dma_broker" in read.types}
    with Desk.at(tmp_path, monkeypatch) as desk:
        desk.write(dict.fromkeys(NAMES, EVERYTHING))
        assert desk.apply().code == 0
        asked = {}
        for option in ((), ("--refresh",)):
            desk.sandbox.control_post("forget")
            assert desk.plan(*option).code == 0
            asked[option] = desk.sandbox.control_get("requests")["by_path"]
    remembered = {path for path, read in rows.items() if read.remembered}
    own = {path for path, read in rows.items() if "addresses remembered" in read.fields}
    assert asked[()].keys() == rows.keys() - NOT_HERE - remembered
    assert asked[("--refresh",)].keys() == rows.keys() - NOT_HERE - own
    for path, count in asked[()].items():
        whose = 1 if path.endswith("/account/config") else 0  # the connection's own, too
        if rows[path].per == EACH:
            assert count == len(NAMES) + whose, path
