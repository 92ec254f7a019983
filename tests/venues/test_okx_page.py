"""docs/okx.md is whole: what the sandbox has of an account is told there, with its place in a manifest."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import cast

from acctcfg.sandbox.okx.config import account_config
from acctcfg.sandbox.okx.declared import ACCOUNT
from acctcfg.sandbox.okx.params import Call
from acctcfg.sandbox.okx.routes import ROUTES
from acctcfg.sandbox.okx.state import Account, ApiKey
from acctcfg.venues.okx import endpoints
from acctcfg.venues.okx.settings import SWITCHES
from acctcfg.venues.okx.unmanaged import UNMANAGED
from acctcfg.wire.endpoint import Endpoint

PAGE = (Path(__file__).parents[2] / "docs" / "okx.md").read_text(encoding="utf-8")
# what the sandbox calls by a word of its own -> how the page calls it
OWN_WORDS = {
    "activated_modes": "`first_activation`",
    "mode_blocks": "| type | precheck |",
    "margin_check_fails": "the margin before\nand after",
    "preset": "the preset of a switch",
    "strategy_blocks": "the venue allows the strategy",
    "mmp": "`market_maker_protection`",
    "mmp_allowed": "OKX grants it on request",
    "mmp_frozen": "`mmpFrozen`",
    "collateral_off": "`collateralEnabled`",
    "auto_earn": "`autoLendStatus`",
    "earn_unsupported": "the currency can earn",
    "spot_offset": "`clSpotInUseAmt`",
    "leverage": "`lever`",
    "keys": "`api_keys`",
    "tokens": "access tokens",
    "algos": "algo orders",
    "spreads": "spread orders",
    "copies": "lead positions",
    "trading": "balances, debts",
    "funding": "balances, debts",
}
PLAIN_WORDS = ("positions", "orders", "bots", "debts", "deposits", "withdrawals", "addresses")
# OKX v5, "Get sub-account list" and "DMA broker: get sub-account info", written out for this test
LISTED = """
type enable subAcct uid label mobile gAuth frozenFunc canTransOut ts subAcctLv firstLvSubAcct ifDma mainAcct acctLv
"""
# calls that write, and that acctcfg never makes -> the row that says why
NOT_CALLED = {
    "/account/set-riskOffset-type": "risk_offset_type",
    "/account/mmp-reset": "mmp_reset",
    "/account/activate-feature": "activate_feature",
    "/account/demo-adjust-balance": "demo_adjust_balance",
    "/broker/dma/report-subaccount-ip": "report_ip",
    "/broker/dma/set-subaccount-assets": "demo_assets",
}


def shown() -> set[str]:
    """The fields of OKX's configuration of an account."""
    key = ApiKey(label="", api_key="", secret_key="", passphrase="")
    account = Account(uid="1", name="", main_uid="1", type="0", ts=0)
    [row] = account_config(cast("Call", SimpleNamespace(account=account, key=key))).data
    return set(row)


def test_every_field_of_an_account_is_told() -> None:
    """All that a seed may give an account, and all that OKX's configuration shows of one, is on the page."""
    words = {name: OWN_WORDS.get(name, name if name in PLAIN_WORDS else f"`{name}`") for name in (*ACCOUNT, *shown())}
    assert {name for name, word in words.items() if word not in PAGE} == set()
    assert set(OWN_WORDS) | set(PLAIN_WORDS) <= set(ACCOUNT)


def test_every_field_of_the_lists_of_accounts_is_told() -> None:
    """So are those that a master sees of its accounts, with the reason where none of it is managed."""
    stored = PAGE.partition("## What OKX stores for an account")[2].partition("\n## ")[0]
    assert [name for name in LISTED.split() if f"`{name}`" not in stored] == []


def test_every_call_that_sets_something_is_made_or_told_why_not() -> None:
    """Each write that the sandbox serves is in the table of endpoints, or not managed with the reason."""
    made = {row.path for row in vars(endpoints).values() if isinstance(row, Endpoint) and row.method == "POST"}
    left = {route.path.removeprefix("/api/v5") for route in ROUTES if route.is_write and route.path not in made}
    assert left == set(NOT_CALLED)
    assert set(NOT_CALLED.values()) <= set(UNMANAGED)


def test_every_setting_is_a_row_of_the_page() -> None:
    """With where it is read back from."""
    table = PAGE.partition("<!-- settings:")[2].partition("<!-- /settings")[0]
    assert {line.split("`")[1] for line in table.splitlines() if line.startswith("| `")} == {
        one.setting.name for one in SWITCHES
    }
