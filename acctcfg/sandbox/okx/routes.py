"""Every endpoint that the sandbox serves: one row each, with its rate limit and the permission it needs.

Source: OKX v5 and its broker documentation; limits are the lowest that the documentation names.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from acctcfg.sandbox.okx import (
    broker,
    collateral,
    config,
    deposits,
    fd,
    keys,
    leverage,
    mode,
    movements,
    public,
    reads,
    regular,
    reports,
    settings,
    strategy,
)
from acctcfg.sandbox.okx.params import Call
from acctcfg.sandbox.okx.replies import Answer

__all__ = ["PATHS", "ROUTES", "Route"]

Handler = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint: `limit` requests in `window_s` seconds, counted per user, or per address where it is public."""

    method: str
    path: str
    handler: Handler
    limit: int
    window_s: float
    perm: str = ""  # read_only, trade; "" for public
    by_inst_type: bool = False  # the limit is kept per instType
    broker: bool = False  # only the master key of a broker
    master: bool = False  # only the key of a master, a broker's or a plain user's
    bound: bool = False  # that key must be bound to addresses
    empty_body: bool = False  # a POST that needs no body

    @property
    def is_write(self) -> bool:
        """Whether it may change anything."""
        return self.method == "POST"


def _public(path: str, handler: Handler, limit: int, window_s: float, *, by_inst_type: bool = False) -> Route:
    return Route("GET", f"/api/v5{path}", handler, limit, window_s, by_inst_type=by_inst_type)


def _get(path: str, handler: Handler, limit: int, window_s: float, *, by_inst_type: bool = False) -> Route:
    return Route("GET", f"/api/v5{path}", handler, limit, window_s, "read_only", by_inst_type)


def _post(path: str, handler: Handler, limit: int, window_s: float, *, empty_body: bool = False) -> Route:
    return Route("POST", f"/api/v5{path}", handler, limit, window_s, "trade", empty_body=empty_body)


def _broker(method: str, path: str, handler: Handler, limit: int, window_s: float) -> Route:
    perm = "trade" if method == "POST" else "read_only"
    return Route(method, f"/api/v5{path}", handler, limit, window_s, perm, broker=True)


def _regular(method: str, path: str, handler: Handler, limit: int, window_s: float, *, bound: bool = False) -> Route:
    perm = "trade" if method == "POST" else "read_only"
    return Route(method, f"/api/v5{path}", handler, limit, window_s, perm, master=True, bound=bound)


def _rebates(method: str, path: str, handler: Handler, limit: int, window_s: float, *, broker: bool = False) -> Route:
    """Reading is enough for these, also where a file is asked for."""
    return Route(method, f"/api/v5{path}", handler, limit, window_s, "read_only", broker=broker)


GRIDS = reads.bots_of({"grid": "grid", "contract_grid": "contract_grid"})
DCAS = reads.bots_of({"contract_dca": "contract_dca", "spot_dca": "spot_dca"})

ROUTES: tuple[Route, ...] = (
    _public("/public/time", public.time, 10, 2),
    _public("/system/status", public.system_status, 1, 5),
    _public("/public/instruments", public.instruments, 20, 2, by_inst_type=True),
    _public("/public/position-tiers", public.position_tiers, 10, 2),
    _get("/account/config", config.account_config, 5, 2),
    _post("/account/set-position-mode", config.set_position_mode, 5, 2),
    _post("/account/set-leverage", leverage.set_leverage, 20, 2),
    _get("/account/leverage-info", leverage.leverage_info, 20, 2),
    _get("/account/adjust-leverage-info", leverage.adjust_leverage_info, 5, 2),
    _get("/account/instruments", public.instruments, 20, 2, by_inst_type=True),
    _post("/account/account-level-switch-preset", mode.preset, 5, 2),
    _get("/account/set-account-switch-precheck", mode.switch_precheck, 5, 2),
    _post("/account/set-account-level", mode.set_account_level, 5, 2),
    _get("/account/positions", reads.positions, 10, 2),
    _get("/account/account-position-risk", reads.position_risk, 10, 2),
    _get("/trade/orders-pending", reads.orders_pending, 60, 2),
    _get("/trade/orders-algo-pending", reads.orders_algo_pending, 20, 2),
    _get("/tradingBot/grid/orders-algo-pending", GRIDS, 20, 2),
    _get("/tradingBot/recurring/orders-algo-pending", reads.recurring, 20, 2),
    _get("/tradingBot/signal/orders-algo-pending", reads.bots_of({"contract": "signal"}), 20, 2),
    _get("/tradingBot/dca/ongoing-list", DCAS, 20, 2),
    _get("/copytrading/current-subpositions", reads.copies, 20, 2),
    _get("/sprd/orders-pending", reads.spread_orders, 10, 2),
    _get("/account/balance", reads.balance, 10, 2),
    _get("/asset/balances", reads.asset_balances, 6, 1),
    _get("/account/max-withdrawal", reads.max_withdrawal, 20, 2),
    _get("/asset/currencies", public.currencies, 6, 1),
    _get("/asset/deposit-address", deposits.own_addresses, 6, 1),
    _post("/account/set-greeks", settings.set_greeks, 5, 2),
    _post("/account/set-fee-type", settings.set_fee_type, 5, 2),
    _post("/account/set-isolated-mode", settings.set_isolated_mode, 5, 2),
    _post("/account/set-auto-loan", settings.set_auto_loan, 5, 2),
    _post("/account/set-auto-repay", settings.set_auto_repay, 5, 2),
    _post("/account/set-riskOffset-amt", settings.set_risk_offset_amount, 10, 2),
    _post("/account/set-riskOffset-type", settings.set_risk_offset_type, 10, 2),
    _post("/account/activate-option", settings.activate_option, 5, 2, empty_body=True),
    _post("/account/set-collateral-assets", collateral.set_collateral_assets, 5, 2),
    _get("/account/collateral-assets", collateral.collateral_assets, 5, 2),
    _post("/account/mmp-config", settings.set_mmp_config, 2, 10),
    _get("/account/mmp-config", settings.mmp_config, 5, 2),
    _post("/account/mmp-reset", settings.mmp_reset, 5, 2),
    _post("/account/set-auto-earn", settings.set_auto_earn, 2, 2),
    _post("/account/set-settle-currency", settings.set_settle_currency, 20, 2),
    _post("/account/set-trading-config", strategy.set_trading_config, 1, 2),
    _get("/account/precheck-set-delta-neutral", strategy.delta_neutral_precheck, 1, 2),
    _get("/account/trade-fee", reports.trade_fee, 5, 2),
    _get("/account/risk-state", reports.risk_state, 10, 2),
    _get("/account/position-tiers", reports.position_caps, 10, 2),
    _post("/account/activate-feature", reports.activate_feature, 5, 2),
    _post("/account/demo-adjust-balance", reports.demo_adjust_balance, 1000, 1),  # its own limit: increases a day
    _broker("POST", "/broker/dma/create-subaccount", broker.create_subaccount, 40, 1),
    _broker("POST", "/broker/dma/delete-subaccount", broker.delete_subaccount, 10, 1),
    _broker("GET", "/broker/dma/subaccount-info", broker.subaccount_info, 1, 1),
    _broker("GET", "/broker/dma/subaccount-trade-fee", broker.trade_fee, 1, 1),
    _broker("POST", "/broker/dma/set-subaccount-level", broker.set_level, 5, 2),
    _broker("POST", "/broker/dma/report-subaccount-ip", broker.report_ip, 40, 1),
    _broker("POST", "/broker/dma/set-subaccount-assets", broker.set_assets, 40, 1),
    _broker("POST", "/broker/dma/subaccount/apikey", keys.create_key, 40, 1),
    _broker("GET", "/broker/dma/subaccount/apikey", keys.list_keys, 1, 1),
    _broker("POST", "/broker/dma/subaccount/modify-apikey", keys.modify_key, 10, 1),
    _broker("POST", "/broker/dma/subaccount/delete-apikey", keys.delete_key, 10, 1),
    _broker("POST", "/asset/broker/dma/subaccount-deposit-address", deposits.create_address, 10, 1),
    _broker("GET", "/asset/broker/dma/subaccount-deposit-address", deposits.list_addresses, 6, 1),
    _broker("POST", "/asset/broker/dma/modify-subaccount-deposit-address", deposits.modify_address, 6, 1),
    _regular("POST", "/users/subaccount/create-subaccount", regular.create_subaccount, 1, 1, bound=True),
    _regular("GET", "/users/subaccount/list", regular.list_subaccounts, 2, 2),
    _regular("POST", "/users/subaccount/apikey", regular.create_key, 1, 1, bound=True),
    _regular("GET", "/users/subaccount/apikey", regular.list_keys, 20, 2),
    _regular("POST", "/users/subaccount/modify-apikey", regular.modify_key, 1, 1, bound=True),
    _regular("POST", "/users/subaccount/delete-apikey", regular.delete_key, 1, 1, bound=True),
    _regular("POST", "/users/subaccount/set-transfer-out", regular.set_transfer_out, 1, 1),
    _regular("GET", "/users/entrust-subaccount-list", regular.entrusted, 1, 1),
    _regular("GET", "/account/subaccount/balances", regular.balance, 6, 2),
    _regular("GET", "/asset/subaccount/balances", regular.asset_balances, 6, 2),
    _regular("GET", "/account/subaccount/max-withdrawal", regular.max_withdrawal, 20, 2),
    _regular("GET", "/asset/subaccount/bills", regular.transfers, 6, 1),
    _broker("GET", "/asset/broker/dma/subaccount-deposit-history", movements.deposits, 5, 2),
    _broker("GET", "/asset/broker/dma/subaccount-withdrawal-history", movements.withdrawals, 5, 2),
    _rebates("GET", "/broker/fd/if-rebate", fd.if_rebate, 2, 1),
    _rebates("GET", "/broker/fd/rebate-per-orders", fd.files_of("fd"), 2, 60),
    _rebates("POST", "/broker/fd/rebate-per-orders", fd.ask_for("fd"), 1, 3600),
    _rebates("GET", "/broker/dma/rebate-per-orders", fd.files_of("dma"), 2, 60, broker=True),
    _rebates("POST", "/broker/dma/trades", fd.ask_for("dma"), 1, 3600, broker=True),
)


def _paths() -> dict[str, dict[str, Route]]:
    """path -> method -> row; the older /broker/nd/ paths are the same rows, and share their limits."""
    found: dict[str, dict[str, Route]] = {}
    for route in ROUTES:
        found.setdefault(route.path, {})[route.method] = route
        if "/broker/dma/" in route.path:
            found.setdefault(route.path.replace("/broker/dma/", "/broker/nd/"), {})[route.method] = route
    return found


PATHS = _paths()
