"""Every endpoint of Gate that the sandbox serves: one row each, with its rate limit and the permission it needs.

Source: Gate CrossEx REST v1.0.0 (limits per user and endpoint; public ones per address: 200 / 10 s), Gate API v4
"SubAccount" (80 / 10 s) and "Account". Every GET is a read, all else a write.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from acctcfg.sandbox.gate_crossex import accounts, leverage, margin_mode, reads, rules, subaccounts
from acctcfg.sandbox.gate_crossex.params import Call
from acctcfg.sandbox.gate_crossex.replies import Answer

__all__ = ["CROSSEX_PATH", "ROUTES", "Route", "find"]

Handler = Callable[[Call], Answer]
CROSSEX_PATH = "/api/v4/crossex"


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint: `limit` requests in `window_s` seconds, counted per user, or per address where it is public."""

    method: str
    path: str  # a word in braces stands for anything but a slash
    handler: Handler
    limit: int
    window_s: float
    group: str  # the permission that its key needs; "" for any key
    public: bool = False
    main_only: bool = False
    empty_body: bool = False  # a write that needs no body
    fields: tuple[str, ...] = ()  # of its body
    newer: bool = False  # not in the first wire format

    @property
    def crossex(self) -> bool:
        """Whether it needs a CrossEx account, and refuses in CrossEx's labels."""
        return self.path.startswith(CROSSEX_PATH)


def _public(path: str, handler: Handler) -> Route:
    return Route("GET", f"{CROSSEX_PATH}{path}", handler, 200, 10, "", public=True)


def _read(path: str, handler: Handler, *, newer: bool = False) -> Route:
    return Route("GET", f"{CROSSEX_PATH}{path}", handler, 200, 10, "crossx", newer=newer)


def _set(method: str, path: str, handler: Handler, window_s: float, *fields: str, newer: bool = False) -> Route:
    return Route(method, f"{CROSSEX_PATH}{path}", handler, 100, window_s, "crossx", fields=fields, newer=newer)


def _sub(method: str, path: str, handler: Handler, *fields: str, empty_body: bool = False) -> Route:
    path = f"/api/v4/sub_accounts{path}"
    return Route(method, path, handler, 80, 10, "sub_accounts", main_only=True, empty_body=empty_body, fields=fields)


HISTORIES = ("orders", "positions", "margin_positions", "margin_interests", "trades")
KEY_FIELDS = ("name", "mode", "perms", "ip_whitelist")

ROUTES: tuple[Route, ...] = (
    _read("/accounts", accounts.read_account),
    _set("PUT", "/accounts", accounts.update_account, 60, "position_mode", "account_mode", "exchange_type"),
    _read("/positions/leverage", leverage.read_leverage("FUTURE")),
    _set("POST", "/positions/leverage", leverage.set_leverage("FUTURE"), 10, "symbol", "leverage"),
    _read("/margin_positions/leverage", leverage.read_leverage("MARGIN")),
    _set("POST", "/margin_positions/leverage", leverage.set_leverage("MARGIN"), 10, "symbol", "leverage"),
    _read("/positions/margin_mode", margin_mode.read_margin_mode, newer=True),
    _set("POST", "/positions/margin_mode", margin_mode.set_margin_mode, 10, "symbol", "margin_mode", newer=True),
    _read("/positions", reads.positions),
    _read("/security_positions", reads.security_positions, newer=True),
    _read("/margin_positions", reads.margin_positions),
    _read("/open_orders", reads.open_orders),
    _public("/rule/symbols", rules.symbols),
    _public("/rule/risk_limits", rules.risk_limits),
    _public("/transfers/coin", rules.transfer_coins),
    _read("/fee", rules.fee),
    _read("/coin_discount_rate", rules.discount_rates),
    _read("/interest_rate", rules.interest_rates),
    _read("/adl_rank", reads.adl_rank),
    _read("/transfers", reads.nothing),
    _read("/account_book", reads.nothing),
    *(_read(f"/history_{what}", reads.nothing) for what in HISTORIES),
    _sub("GET", "", subaccounts.list_subs),
    _sub("POST", "", subaccounts.create_sub, "login_name", "remark", "password", "email"),
    _sub("GET", "/unified_mode", subaccounts.unified_modes),
    _sub("GET", "/{user_id}", subaccounts.read_sub),
    _sub("GET", "/{user_id}/keys", subaccounts.list_keys),
    _sub("POST", "/{user_id}/keys", subaccounts.create_key, *KEY_FIELDS),
    _sub("GET", "/{user_id}/keys/{key}", subaccounts.read_key),
    _sub("PUT", "/{user_id}/keys/{key}", subaccounts.update_key, *KEY_FIELDS),
    _sub("DELETE", "/{user_id}/keys/{key}", subaccounts.delete_key, empty_body=True),
    _sub("POST", "/{user_id}/lock", subaccounts.lock, empty_body=True),
    _sub("POST", "/{user_id}/unlock", subaccounts.unlock, empty_body=True),
    Route("GET", "/api/v4/spot/time", rules.server_time, 200, 10, "", public=True),
    Route("GET", "/api/v4/account/detail", subaccounts.account_detail, 80, 10, ""),
    Route("GET", "/api/v4/account/main_keys", subaccounts.main_keys, 80, 10, "", main_only=True),
)


def _patterns() -> list[tuple[re.Pattern[str], dict[str, Route]]]:
    """Paths as they are matched, each with its methods; plain paths come before those with a word in braces."""
    by_path: dict[str, dict[str, Route]] = {}
    for route in ROUTES:
        by_path.setdefault(route.path, {})[route.method] = route
    ordered = sorted(by_path, key=lambda path: "{" in path)
    return [(re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)), by_path[path]) for path in ordered]


PATTERNS = _patterns()


def find(path: str) -> tuple[dict[str, Route], dict[str, str]] | None:
    """The endpoints at a path by method, with what its words in braces stand for; None for a path unlisted."""
    for pattern, by_method in PATTERNS:
        match = pattern.fullmatch(path)
        if match:
            return by_method, match.groupdict()
    return None
