"""The sandbox as one function: `handle(request) -> reply`. No sockets, no threads, no sleeping.

The clock is handed in; faults, the journal of writes and the counters are data on the App. What a reply does to the
connection (late, dropped, never) is data too: the server carries it out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from acctcfg.sandbox.faults import Fault, Faults
from acctcfg.sandbox.journal import Journal
from acctcfg.sandbox.okx.gate import Caller, authenticate, read_body
from acctcfg.sandbox.okx.pace import Pace
from acctcfg.sandbox.okx.params import Call
from acctcfg.sandbox.okx.replies import Refusal, encode, gateway, refused, success
from acctcfg.sandbox.okx.routes import PATHS, Route
from acctcfg.sandbox.okx.state import Account, ApiKey, Tenant, Venue
from acctcfg.sandbox.seed import build, read_seed

__all__ = ["App", "Reply", "Request"]

JSON = "application/json"
NOBODY = Account(uid="", name="", main_uid="")
NO_TENANT = Tenant(name="", master=NOBODY)
NO_KEY = ApiKey(label="", api_key="", secret_key="", passphrase="", env="any")
OPEN_IN_MAINTENANCE = ("/api/v5/public/time", "/api/v5/system/status")


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. `target` is path and query exactly as sent, header names are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str] = field(repr=False)  # a passphrase is among them
    body: bytes = field(default=b"", repr=False)
    peer: str = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP response, and what becomes of the connection."""

    status: int
    body: bytes
    content_type: str = JSON
    delay_s: float = 0.0  # real seconds to wait before answering
    fate: str = "answer"  # or "reset": drop the connection; "hang": say nothing for delay_s, then drop it


class App:
    """A sandbox: its venue, its faults and its journal.

    `wall` is Unix time in seconds, what public/time shows; `ticks` a monotonic clock in seconds for rate windows and
    delayed effects. A `speed` of N makes rate windows, the timestamp window and injected delays N times shorter.
    """

    def __init__(
        self,
        seed: Mapping[str, Any] | None = None,
        *,
        wall: Callable[[], float] = time.time,
        ticks: Callable[[], float] = time.monotonic,
        speed: float = 1.0,
    ) -> None:
        if speed <= 0:
            raise ValueError(f"speed must be above 0, not {speed}")
        self.seed = read_seed(seed)
        self.wall, self.ticks, self.speed = wall, ticks, speed
        self.reset()

    def reset(self) -> None:
        """Back to the seed: no faults, an empty journal, a clock that is right."""
        self.offset_ms = 0
        self.faults = Faults()
        self.forget()
        self.later: list[tuple[float, Callable[[], None]]] = []
        self.venue: Venue = build(self.seed, self.now_ms)
        self.venue.speed = self.speed

    def forget(self) -> None:
        """Empty the journal, the counters and the rate windows; the accounts stay as they are."""
        self.pace = Pace(self.speed)
        self.journal = Journal()

    @property
    def now_ms(self) -> int:
        """The venue's time in Unix milliseconds."""
        return int(self.wall() * 1000) + self.offset_ms

    def handle(self, request: Request) -> Reply:
        """Answer one request."""
        self.run_due()
        path, _, query = request.target.partition("?")
        if path.startswith("/_sandbox"):
            from acctcfg.sandbox.control import control  # the two know each other: a fault may do a control action

            return control(self, request, path, query)
        return Exchange(self, request, path, query).reply()

    def run_due(self) -> None:
        """Carry out the delayed effects whose time has come."""
        if not self.later:
            return
        now = self.ticks()
        due = [effect for at, effect in self.later if at <= now]
        self.later = [(at, effect) for at, effect in self.later if at > now]
        for effect in due:
            effect()


class Exchange:
    """One request on its way through: faults, authentication, limits, rules, effect, journal."""

    def __init__(self, app: App, request: Request, path: str, query: str) -> None:
        self.app, self.request, self.path, self.query = app, request, path, query
        self.by_method = PATHS.get(path)
        self.route = self.by_method.get(request.method) if self.by_method else None
        self.ip = request.headers.get("x-sandbox-client-ip") or app.venue.client_ip or request.peer
        holder = app.venue.holders.get(request.headers.get("ok-access-key", ""))
        self.account = holder.account if holder else NOBODY
        self.params: dict[str, Any] = {}
        self.effect_done = False

    def reply(self) -> Reply:
        """The answer, after the fault that was laid for it, if any."""
        fault = self.app.faults.next_for(self.app, self.request.method, self.path, self.account)
        if fault is None:
            reply, code = self.answer(None)
        else:
            reply, code = self.faulty(fault)
        self.app.journal.note(
            at=self.app.now_ms,
            account=self.account,
            request=self.request,
            path=self.path,
            params=self.params,
            code=code,
            status=reply.status,
            write=self.request.method == "POST",
            effect=self.effect_done,
            fault=fault.kind if fault else "",
        )
        return reply

    def faulty(self, fault: Fault) -> tuple[Reply, str]:
        """What a fault makes of the request."""
        if fault.answers_first:
            reply, code = self.answer(fault)
        else:
            reply, code = Reply(503, b""), ""
        return fault.spoil(reply, code, self.app.speed)

    def answer(self, fault: Fault | None) -> tuple[Reply, str]:
        """The venue's own answer, with its code. Only here does anything change."""
        try:
            route, call = self.admit()
            answer = route.handler(call)
        except Refusal as refusal:
            return self.refuse(refusal), refusal.code
        if answer.effect is not None:
            self.carry_out(answer.effect, fault)
        if isinstance(answer.data, dict):
            return Reply(200, encode(answer.data)), "0"  # the one endpoint without an envelope
        return Reply(200, success(answer.data)), "0"

    def carry_out(self, effect: Callable[[], None], fault: Fault | None) -> None:
        """Do it now, later or never."""
        if fault is not None and fault.kind == "ok_but_nothing":
            return
        if fault is not None and fault.kind == "delayed_effect":
            self.app.later.append((self.app.ticks() + fault.seconds / self.app.speed, effect))
            return
        effect()
        self.effect_done = True

    def admit(self) -> tuple[Route, Call]:
        """All checks before the endpoint's own rules."""
        app, request = self.app, self.request
        if self.by_method is None:
            raise Refusal("404", f"sandbox: unlisted route {request.method} {self.path}", status=404)
        if app.venue.maintenance.on and self.path not in OPEN_IN_MAINTENANCE:
            raise Refusal("50001")
        public = not next(iter(self.by_method.values())).perm
        tenant, account, key = NO_TENANT, NOBODY, NO_KEY
        if not public:
            caller = Caller(request.method, request.target, request.headers, request.body, self.ip)
            holder = authenticate(app.venue, caller, app.now_ms)
            tenant, account, key = holder.tenant, holder.account, holder.key
        query = dict(parse_qsl(self.query, keep_blank_values=True)) if self.query else {}
        self.params = query
        if self.route is None:
            raise Refusal("50115")
        self.check_pace(self.route, self.ip if public else account.uid, query)
        self.check_permission(self.route, tenant, account, key)
        if self.route.is_write:
            self.params = read_body(request.headers, request.body, may_be_empty=self.route.empty_body)
        demo = request.headers.get("x-simulated-trading") == "1"
        return self.route, Call(app.venue, tenant, account, key, self.params, app.now_ms, demo)

    def check_pace(self, route: Route, who: str, query: Mapping[str, str]) -> None:
        """50011 beyond the limit."""
        kind = query.get("instType", "") if route.by_inst_type else ""
        name = (who, route.method, route.path, kind)
        if not self.app.pace.admits(name, route.limit, route.window_s, self.app.ticks()):
            status = self.app.venue.flags.rate_limit_status
            raise Refusal("50011", status=status, at_gateway=status == 429)

    @staticmethod
    def check_permission(route: Route, tenant: Tenant, account: Account, key: ApiKey) -> None:
        """50120 for the key, 59604 and 59608 for the user behind it."""
        if route.perm and route.perm not in key.perm:
            raise Refusal("50120")
        if route.broker and not account.is_master:
            raise Refusal("59604")
        if route.broker and not tenant.broker:
            raise Refusal("59608")

    @staticmethod
    def refuse(refusal: Refusal) -> Reply:
        """A refusal in the shape of where it was made."""
        shape = gateway if refusal.at_gateway else refused
        return Reply(refusal.status, shape(refusal.code, refusal.msg))
