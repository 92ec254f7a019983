"""A second reading of the venue's pages: every endpoint that is called or served has the limit that they give."""

from __future__ import annotations

import pytest

from acctcfg.sandbox.okx.routes import ROUTES, Route
from acctcfg.venues.okx import endpoints
from acctcfg.wire.endpoint import Endpoint

# requests, seconds, counted by; where two years of the documents differ, the lower. Written out anew for this test.
PAGES = """
GET  /public/time                                       10 2  ip
GET  /system/status                                      1 5  ip
GET  /public/instruments                                20 2  ip+instType
GET  /public/position-tiers                             10 2  ip
GET  /account/config                                     5 2  user
POST /account/set-position-mode                          5 2  user
POST /account/set-leverage                              20 2  user
GET  /account/leverage-info                             20 2  user
GET  /account/adjust-leverage-info                       5 2  user
GET  /account/instruments                               20 2  user+instType
POST /account/account-level-switch-preset                5 2  user
GET  /account/set-account-switch-precheck                5 2  user
POST /account/set-account-level                          5 2  user
POST /account/set-greeks                                 5 2  user
POST /account/set-fee-type                               5 2  user
POST /account/set-isolated-mode                          5 2  user
POST /account/set-auto-loan                              5 2  user
POST /account/set-auto-repay                             5 2  user
POST /account/set-riskOffset-amt                        10 2  user
POST /account/set-riskOffset-type                       10 2  user
POST /account/activate-option                            5 2  user
POST /account/set-collateral-assets                      5 2  user
GET  /account/collateral-assets                          5 2  user
POST /account/mmp-config                                 2 10 user
GET  /account/mmp-config                                 5 2  user
POST /account/mmp-reset                                  5 2  user
POST /account/set-auto-earn                              2 2  user
POST /account/set-settle-currency                       20 2  user
POST /account/set-trading-config                         1 2  user
GET  /account/precheck-set-delta-neutral                 1 2  user
GET  /account/positions                                 10 2  user
GET  /account/account-position-risk                     10 2  user
GET  /account/balance                                   10 2  user
GET  /account/max-withdrawal                            20 2  user
GET  /asset/balances                                     6 1  user
GET  /asset/currencies                                   6 1  user
GET  /asset/deposit-address                              6 1  user
GET  /trade/orders-pending                              60 2  user
GET  /trade/orders-algo-pending                         20 2  user
GET  /tradingBot/grid/orders-algo-pending               20 2  user
GET  /tradingBot/recurring/orders-algo-pending          20 2  user
GET  /tradingBot/signal/orders-algo-pending             20 2  user
GET  /tradingBot/dca/ongoing-list                       20 2  user
GET  /copytrading/current-subpositions                  20 2  user
GET  /sprd/orders-pending                               10 2  user
POST /broker/dma/create-subaccount                      40 1  user
POST /broker/dma/delete-subaccount                      10 1  user
GET  /broker/dma/subaccount-info                         1 1  user
GET  /broker/dma/rebate-per-orders                       2 60 user
POST /broker/dma/trades                                  1 3600 user
GET  /broker/fd/if-rebate                                2 1  user
GET  /broker/fd/rebate-per-orders                        2 60 user
POST /broker/fd/rebate-per-orders                        1 3600 user
GET  /broker/dma/subaccount-trade-fee                    1 1  user
POST /broker/dma/set-subaccount-level                    5 2  user
POST /broker/dma/report-subaccount-ip                   40 1  user
POST /broker/dma/set-subaccount-assets                  40 1  user
POST /broker/dma/subaccount/apikey                      40 1  user
GET  /broker/dma/subaccount/apikey                       1 1  user
POST /broker/dma/subaccount/modify-apikey               10 1  user
POST /broker/dma/subaccount/delete-apikey               10 1  user
POST /asset/broker/dma/subaccount-deposit-address       10 1  user
POST /asset/broker/dma/modify-subaccount-deposit-address 6 1  user
GET  /asset/broker/dma/subaccount-deposit-address        6 1  user
GET  /asset/broker/dma/subaccount-deposit-history        5 2  user
GET  /asset/broker/dma/subaccount-withdrawal-history     5 2  user
POST /users/subaccount/create-subaccount                 1 1  user
GET  /users/subaccount/list                              2 2  user
POST /users/subaccount/apikey                            1 1  user
GET  /users/subaccount/apikey                           20 2  user
POST /users/subaccount/modify-apikey                     1 1  user
POST /users/subaccount/delete-apikey                     1 1  user
POST /users/subaccount/set-transfer-out                  1 1  user
GET  /users/entrust-subaccount-list                      1 1  user
GET  /account/subaccount/balances                        6 2  user
GET  /asset/subaccount/balances                          6 2  user
GET  /account/subaccount/max-withdrawal                 20 2  user
GET  /asset/subaccount/bills                             6 1  user
GET  /account/trade-fee                                  5 2  user
GET  /account/risk-state                                10 2  user
GET  /account/position-tiers                            10 2  user
POST /account/activate-feature                           5 2  user
POST /account/demo-adjust-balance                     1000 1  user
"""
READ = {
    (method, f"/api/v5{path}"): (int(count), float(per_s), by)
    for method, path, count, per_s, by in (line.split() for line in PAGES.strip().splitlines())
}
CALLED = {name: row for name, row in vars(endpoints).items() if isinstance(row, Endpoint)}


@pytest.mark.parametrize("name", sorted(CALLED))
def test_a_called_endpoint_is_paced_as_its_page_says(name: str) -> None:
    """Method, path, count, window, and what it is counted by."""
    row = CALLED[name]
    by = "+".join((row.rate.scope, *row.rate.by))
    assert (row.rate.count, row.rate.per_s, by) == READ[row.method, row.path]


@pytest.mark.parametrize("name", sorted(CALLED))
def test_a_called_endpoint_wants_the_permission_of_its_page(name: str) -> None:
    """Writes want trade, signed reads and questions for a file want read, public ones no key at all."""
    row = CALLED[name]
    public = row.path.startswith(("/api/v5/public/", "/api/v5/system/"))
    writes = row.method == "POST" and row.path not in (
        "/api/v5/broker/fd/rebate-per-orders",
        "/api/v5/broker/dma/trades",
    )
    assert row.permission == ("trade" if writes else None if public else "read")


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_a_served_endpoint_limits_as_its_page_says(route: Route) -> None:
    """The sandbox's own table, against the same reading."""
    scope = "user" if route.perm else "ip"
    by = f"{scope}+instType" if route.by_inst_type else scope
    assert (route.limit, float(route.window_s), by) == READ[route.method, route.path]


def test_what_is_called_is_served() -> None:
    """No endpoint of the client is missing in the sandbox, and none stands in the table twice."""
    called = [(row.method, row.path) for row in CALLED.values()]
    assert len(called) == len(set(called))
    assert set(called) <= {(route.method, route.path) for route in ROUTES}
