"""Every endpoint that the sandbox serves: one row each, with its rate limit and the permission it needs.

Source: OKX v5 and its broker documentation; limits are the lowest that the documentation names.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from acctcfg.sandbox.okx import broker, config, keys, leverage, public
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
    _get("/asset/currencies", public.currencies, 6, 1),
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
