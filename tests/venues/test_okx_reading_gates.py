"""A second reading of what stands in the way: every list, every page, every kind of order and bot, every tier."""

from __future__ import annotations

from typing import Any

import pytest
from desk import Desk

pytestmark = pytest.mark.sample(1)  # each case starts a sandbox
KEY = {"trading": {"permissions": ["read", "trade"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}}
SWAP = "BTC-USDT-SWAP"
CROSS = [{"market": "swap", "family": "BTC-USDT", "margin": "cross", "value": 10}]
ADDRESS = "mmdesk01.leverage[swap/BTC-USDT/cross]"


@pytest.fixture
def hedger(desk: Desk) -> Desk:
    """An account in futures mode and net; the manifest then wants long/short."""
    desk.write({"mmdesk01": {"account_mode": "futures", "api_keys": KEY}})
    said = desk.apply()
    assert said.code == 0, said.out + said.err
    desk.write({"mmdesk01": {"account_mode": "futures", "api_keys": KEY, "position_mode": "long_short"}})
    return desk


def refused(step: dict[str, Any]) -> dict[str, str]:
    """The prechecks that fail, with what they name."""
    return {one["name"]: one["detail"] for one in step["prechecks"] if one["status"] == "fail"}


@pytest.mark.parametrize(
    "kind", ["conditional", "oco", "chase", "trigger", "move_order_stop", "iceberg", "twap", "smart_iceberg"]
)
def test_every_type_of_algo_order_stops_the_position_mode(hedger: Desk, kind: str) -> None:
    """The venue lists one type a call, but for the first two: all are asked for."""
    hedger.open("mmdesk01", "algos", instId=SWAP, ordType=kind)
    assert set(refused(hedger.steps()["mmdesk01.position_mode"])) == {"no_algo_orders"}


@pytest.mark.parametrize("kind", ["grid", "contract_grid", "recurring", "signal", "contract_dca", "spot_dca"])
def test_every_kind_of_bot_stops_the_position_mode(hedger: Desk, kind: str) -> None:
    """Each kind has a list of its own."""
    spot = kind in ("grid", "recurring", "spot_dca")
    hedger.open("mmdesk01", "bots", instId="BTC-USDT" if spot else SWAP, kind=kind)
    assert set(refused(hedger.steps()["mmdesk01.position_mode"])) == {"no_bots"}


def test_spot_and_spread_orders_stop_the_position_mode(hedger: Desk) -> None:
    """ "Any kind of pending order" means those, too."""
    hedger.open("mmdesk01", "orders", instId="ETH-USDT")
    assert "ETH-USDT" in refused(hedger.steps()["mmdesk01.position_mode"])["no_pending_orders"]
    hedger.sandbox.control_delete("accounts/mmdesk01/orders/all")
    hedger.open("mmdesk01", "spreads", instId="BTC-USDT_BTC-USDT-SWAP")
    assert "BTC-USDT_BTC-USDT-SWAP" in refused(hedger.steps()["mmdesk01.position_mode"])["no_pending_orders"]


def test_a_closed_position_stops_nothing(hedger: Desk) -> None:
    """Open means a size that is not zero."""
    hedger.open("mmdesk01", "positions", instId=SWAP, size="3")
    assert set(refused(hedger.steps()["mmdesk01.position_mode"])) == {"no_open_positions"}
    hedger.sandbox.control_delete("accounts/mmdesk01/positions/all")
    assert not hedger.steps()["mmdesk01.position_mode"]["blocked"]


def test_an_order_on_the_third_page_stops_its_leverage(desk: Desk) -> None:
    """Orders are listed by the hundred, newest first: the oldest of 201 is the one under the scope."""
    desk.write({"mmdesk01": {"account_mode": "futures", "api_keys": KEY}})
    assert desk.apply().code == 0
    desk.open("mmdesk01", "orders", instId=SWAP)
    desk.open("mmdesk01", "orders", instId="ETH-USDT-SWAP", count=200)
    desk.write({"mmdesk01": {"account_mode": "futures", "api_keys": KEY, "leverage": CROSS}})
    assert refused(desk.steps()[ADDRESS])["no_pending_orders"].startswith(SWAP)


def test_a_maximum_that_the_list_gives_stops_the_write(desk: Desk) -> None:
    """Above the instrument's own maximum nothing is sent, and the precheck names it."""
    wanted = [{"market": "swap", "family": "DOGE-USDT", "margin": "cross", "value": 25}]
    desk.write({"mmdesk01": {"account_mode": "futures", "api_keys": KEY, "leverage": wanted}})
    assert "20" in refused(desk.steps()["mmdesk01.leverage[swap/DOGE-USDT/cross]"])["leverage_limit"]


@pytest.mark.parametrize("margin", ["cross", "isolated"])
def test_the_tier_of_an_open_position_stops_the_write(desk: Desk, margin: str) -> None:
    """A position beyond the first tiers takes less than the instrument's maximum: blocked in the plan, not refused."""
    desk.write({"mmdesk01": {"account_mode": "futures", "api_keys": KEY}})
    assert desk.apply().code == 0
    desk.open("mmdesk01", "positions", instId=SWAP, size="30000", mgnMode=margin)
    wanted = [{"market": "swap", "family": "BTC-USDT", "margin": margin, "value": 100}]
    desk.write({"mmdesk01": {"account_mode": "futures", "api_keys": KEY, "leverage": wanted}})
    (step,) = desk.steps().values()
    assert set(refused(step)) == {"leverage_limit"}
    before = len(desk.writes())
    assert desk.apply().code == 3
    assert len(desk.writes()) == before


@pytest.mark.parametrize("currency", ["USDT", "XRP"])
def test_credit_to_moves_also_where_the_address_has_a_tag(desk: Desk, currency: str) -> None:
    """A tagged address is named `address:tag`, else the venue asks for the tag (58302)."""
    deposit = {"credit_to": "funding", "addresses": [{"currency": currency, "count": 1}]}
    desk.write({"mmdesk01": {"api_keys": KEY, "deposit": deposit}})
    desk.converge()
    desk.write({"mmdesk01": {"api_keys": KEY, "deposit": {**deposit, "credit_to": "trading"}}})
    assert desk.converge().last == "Applied: 0 created, 1 changed, 0 deleted, 0 blocked, 0 failed."


@pytest.mark.slow
def test_the_main_account_stays_within_its_limits(desk: Desk) -> None:
    """Its modes are read and read back with the broker's own key, in the bucket that the connection began with."""
    main = {
        "role": "main",
        "account_mode": "futures",
        "position_mode": "long_short",
        "leverage": [{"market": "swap", "family": "*-USDT", "margin": "cross", "value": 4}],
    }
    desk.write({"house": main})
    desk.converge()
    main.update(account_mode="portfolio", position_mode="net", leverage=[])
    desk.write({"house": main})
    desk.converge()
    assert desk.too_many == 0
