"""One request to OKX on its way through: authentication, limits, rules, effect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar
from urllib.parse import parse_qsl

from acctcfg.sandbox.exchange import Exchange
from acctcfg.sandbox.faults import Fault
from acctcfg.sandbox.okx.admission import Caller, authenticate, read_body
from acctcfg.sandbox.okx.params import Call
from acctcfg.sandbox.okx.replies import (
    AT_GATEWAY,
    CODES,
    Refusal,
    bare_404,
    encode,
    failed_item,
    gateway,
    refused,
    success,
)
from acctcfg.sandbox.okx.routes import PATHS, Route
from acctcfg.sandbox.okx.show import address_id
from acctcfg.sandbox.okx.state import Account, ApiKey, Holder, State, Tenant
from acctcfg.sandbox.okx.tokens import authenticate_token, holder_of, is_open
from acctcfg.sandbox.traffic import Reply, Request
from acctcfg.sandbox.values import Json
from acctcfg.sandbox.world import World

__all__ = ["OkxExchange"]

NOBODY = Account(uid="", name="", main_uid="")
NO_TENANT = Tenant(name="", master=NOBODY)
NO_KEY = ApiKey(label="", api_key="", secret_key="", passphrase="", env="any")
LEVERAGE_INFO = "/api/v5/account/leverage-info"
RATES = {  # limits that the documentation of two years names differently, with their flags
    "/api/v5/broker/dma/subaccount-info": "subaccount_info_rate",
    "/api/v5/users/subaccount/list": "subaccount_list_rate",
}
DEPOSIT = "/api/v5/asset/broker/dma/"
# no longer on the venue's public pages since 2025; approved brokers may have them still
GONE = frozenset(
    [
        *(f"/api/v5/broker/dma/{name}" for name in ("create-subaccount", "delete-subaccount", "set-subaccount-level")),
        *(f"/api/v5/broker/dma/{name}" for name in ("report-subaccount-ip", "set-subaccount-assets")),
        *(f"/api/v5/broker/dma/subaccount/{name}" for name in ("modify-apikey", "delete-apikey")),
        *(f"{DEPOSIT}{name}" for name in ("subaccount-deposit-address", "modify-subaccount-deposit-address")),
        *(f"{DEPOSIT}{name}" for name in ("subaccount-deposit-history", "subaccount-withdrawal-history")),
    ]
)
OPEN_IN_MAINTENANCE = ("/api/v5/public/time", "/api/v5/system/status")


class OkxExchange(Exchange):
    """OKX v5 reads, checks and answers."""

    cut: ClassVar[bytes] = b'{"code":"0","da'
    too_many: ClassVar[str] = "50011"
    secret_fields: ClassVar[frozenset[str]] = frozenset({"passphrase", "secretKey", "pwd"})
    ids: ClassVar[tuple[str, ...]] = ("apiKey", "uid", "posId", "ordId", "algoId", "subPosId")

    def __init__(self, world: World, state: State, request: Request, path: str, query: str) -> None:
        super().__init__(world, request, path, query)
        self.state = state
        self.by_method = PATHS.get(path)
        self.route = self.by_method.get(request.method) if self.by_method else None
        self.bearer = "authorization" in request.headers
        key = request.headers.get("ok-access-key", "")
        holder = holder_of(state, request.headers) if self.bearer else state.holders.get(key)
        self._account = holder.account if holder else NOBODY

    def rows(self, answer: Json) -> Sequence[Json] | None:
        """The envelope's data, or the details of its one object."""
        rows = answer.get("data") if isinstance(answer, Mapping) else None
        if isinstance(rows, list) and len(rows) == 1 and isinstance(rows[0], Mapping) and "details" in rows[0]:
            rows = rows[0]["details"]
        return rows if isinstance(rows, list) else None

    def row_id(self, row: Mapping[str, Json]) -> str:
        """A deposit address has none but itself and its tag."""
        if "addr" not in row:
            return super().row_id(row)
        nested = row.get("addrEx")
        tags = [row.get(name) for name in ("tag", "memo", "pmtId", "comment")]
        tags += list(nested.values()) if isinstance(nested, Mapping) else []
        return address_id(str(row["addr"]), str(next(filter(None, tags), "")))

    @property
    def account(self) -> Account:
        """Whose key the request names."""
        return self._account

    @property
    def is_write(self) -> bool:
        """Every POST; OKX knows no other method that changes anything."""
        return self.request.method == "POST"

    def answer(self, fault: Fault | None) -> tuple[Reply, str]:
        """The venue's own answer, with its code. Only here does anything change."""
        try:
            route, call = self.admit()
            answer = route.handler(call)
        except Refusal as refusal:
            return self.refused(refusal), refusal.code
        if answer.effect is not None:
            self.carry_out(answer.effect, fault)
        if isinstance(answer.data, dict):
            return Reply(200, encode(answer.data)), "0"  # the one endpoint without an envelope
        return Reply(200, success(answer.data)), "0"

    @staticmethod
    def refused(refusal: Refusal) -> Reply:
        """A refusal in its shape: at the gateway, of the service, of a batch's item, or a status without a body."""
        if refusal.bare:
            return Reply(refusal.status, b"", content_type="text/plain")
        if refusal.in_item:
            return Reply(200, failed_item(refusal.code, refusal.msg))
        shape = gateway if refusal.at_gateway else refused
        return Reply(refusal.status, shape(refusal.code, refusal.msg))

    def admit(self) -> tuple[Route, Call]:
        """All checks before the endpoint's own rules."""
        state, request, now_ms = self.state, self.request, self.world.now_ms
        if self.by_method is None:
            self.unlisted = True
            raise Refusal("404", f"sandbox: unlisted route {request.method} {self.path}", status=404)
        if self.path.replace("/nd/", "/dma/") in GONE and state.flags.dma_endpoints == "public":
            raise bare_404()
        if self.world.maintenance.on and self.path not in OPEN_IN_MAINTENANCE:
            raise Refusal("50001")
        public = not next(iter(self.by_method.values())).perm
        tenant, account, key = NO_TENANT, NOBODY, NO_KEY
        if not public:
            holder = self.authenticated()
            tenant, account, key = holder.tenant, holder.account, holder.key
        query = dict(parse_qsl(self.query, keep_blank_values=True)) if self.query else {}
        self.params = query
        if self.route is None:
            raise Refusal("50115")
        if state.flags.leverage_info_404 and self.path == LEVERAGE_INFO:
            raise bare_404()
        self.check_pace(self.route, self.ip if public else account.uid, query)
        if self.bearer and not public and (not is_open(self.path) or self.route.perm not in key.perm):
            raise Refusal("53013")
        self.check_permission(self.route, tenant, account, key)
        if self.route.is_write:
            self.params = read_body(request.headers, request.body, may_be_empty=self.route.empty_body)
        demo = request.headers.get("x-simulated-trading") == "1"
        return self.route, Call(state, tenant, account, key, self.params, now_ms, demo)

    def authenticated(self) -> Holder:
        """Whoever signed, or whose token it is."""
        state, request, now_ms = self.state, self.request, self.world.now_ms
        if self.bearer:
            return authenticate_token(state, request.headers, self.ip, now_ms)
        caller = Caller(request.method, request.target, request.headers, request.body, self.ip)
        return authenticate(state, caller, now_ms)

    def check_pace(self, route: Route, who: str, query: Mapping[str, str]) -> None:
        """50011 beyond the limit."""
        kind = query.get("instType", "") if route.by_inst_type else ""
        name = (who, route.method, route.path, kind)
        flags = self.state.flags
        limit = getattr(flags, RATES[route.path]) if route.path in RATES else route.limit
        if not self.world.pace.admits(name, limit, route.window_s, self.world.ticks()):
            status = flags.rate_limit_status
            raise Refusal("50011", status=status, at_gateway=status == 429)

    @staticmethod
    def check_permission(route: Route, tenant: Tenant, account: Account, key: ApiKey) -> None:
        """50120, 50035 for the key; 59500, 59604, 59608 for the user behind it; 50027 where trading is frozen."""
        if route.perm and route.perm not in key.perm:
            raise Refusal("50120")
        if route.broker and not account.is_master:
            raise Refusal("59604")
        if route.broker and not tenant.broker:
            raise Refusal("59608")
        if route.master and not account.is_master:
            raise Refusal("59500")
        if route.bound and not key.ip:
            raise Refusal("50035")
        if route.is_write and not route.broker and account.freezes("trading"):
            raise Refusal("50027")

    def refusal(self, code: str, msg: str = "", status: int = 0) -> Reply:
        """A refusal of authentication or of the rate limit has no `data`, as at the gateway; 51000_1101 is a 51000."""
        known = code.partition("_")[0]
        known_status, known_msg = CODES.get(known, (200, "Operation failed"))
        status = status or known_status
        shape = gateway if known in AT_GATEWAY or status == 429 else refused
        return Reply(status, shape(code, msg or known_msg))
