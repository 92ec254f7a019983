"""One request to Gate on its way through: authentication, limits, permissions, rules, effect.

Source: Gate API v4, "Authentication", "Rate limits" (three headers on every answer), "Error handling".
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from email.utils import formatdate
from typing import ClassVar

from acctcfg.sandbox.exchange import Exchange
from acctcfg.sandbox.faults import Fault
from acctcfg.sandbox.gate_crossex.auth import Caller, authenticate
from acctcfg.sandbox.gate_crossex.declared import PROFILES
from acctcfg.sandbox.gate_crossex.params import Call, read_body, read_query
from acctcfg.sandbox.gate_crossex.replies import LABELS, Answer, Refusal, encode
from acctcfg.sandbox.gate_crossex.routes import Route, find
from acctcfg.sandbox.gate_crossex.state import Account, ApiKey, Holder, State, Tenant
from acctcfg.sandbox.traffic import Reply, Request
from acctcfg.sandbox.values import Json
from acctcfg.sandbox.world import World

__all__ = ["PROFILE", "GateExchange"]

PROFILE = "x-sandbox-profile"  # a request's own word for the wire format that it wants
NOBODY = Account(uid="", name="")
NO_HOLDER = Holder(Tenant(name="", master=NOBODY), NOBODY, ApiKey(name="", key="", secret=""))


@dataclass(frozen=True, slots=True)
class Window:
    """What the answer's headers say of the rate limit. `resets` is Unix seconds."""

    limit: int
    remain: int
    resets: int


class GateExchange(Exchange):
    """Gate v4 reads, checks and answers."""

    cut: ClassVar[bytes] = b'{"user_id":"1102855'
    too_many: ClassVar[str] = "TOO_MANY_REQUESTS"

    secret_fields: ClassVar[frozenset[str]] = frozenset({"password", "secret"})
    ids: ClassVar[tuple[str, ...]] = ("key", "position_id", "order_id", "user_id")

    def __init__(self, world: World, state: State, request: Request, path: str, query: str) -> None:
        super().__init__(world, request, path, query)
        self.venue = state
        self.found = find(path)
        self.holder = self.venue.holders.get(request.headers.get("key", ""), NO_HOLDER)
        self.window: Window | None = None

    @property
    def account(self) -> Account:
        """Whose key the request names."""
        return self.holder.account

    @property
    def is_write(self) -> bool:
        """Every GET is a read, all else a write."""
        return self.request.method != "GET"

    @property
    def profile(self) -> str:
        """The wire format: the request's own wish, else the tenant's, else the venue's."""
        return self.request.headers.get(PROFILE) or self.holder.tenant.profile or self.venue.flags.profile

    def reply(self) -> Reply:
        """The answer, with the headers that every answer of this venue has."""
        reply = super().reply()
        now_ms = self.world.now_ms
        headers = {
            "X-In-Time": str(now_ms * 1000),
            "X-Out-Time": str(now_ms * 1000),
            "X-Gate-Trace-ID": secrets.token_hex(16),
            "Date": formatdate(now_ms / 1000, usegmt=True),
        }
        if self.window is not None:
            headers["X-Gate-RateLimit-Requests-Remain"] = str(self.window.remain)
            headers["X-Gate-RateLimit-Limit"] = str(self.window.limit)
            headers["X-Gate-RateLimit-Reset-Timestamp"] = str(self.window.resets)
        return replace(reply, headers={**reply.headers, **headers})

    def answer(self, fault: Fault | None) -> tuple[Reply, str]:
        """The venue's own answer, with its label. Only here does anything change."""
        try:
            route, call = self.admit()
            answer = route.handler(call)
        except Refusal as refusal:
            return self.refusal(refusal.label, refusal.message, refusal.status), refusal.label
        if answer.effect is not None:
            self.accept(answer, call, fault)
        return Reply(answer.status, encode(answer.data)), "0"

    def accept(self, answer: Answer, call: Call, fault: Fault | None) -> None:
        """A 202 takes its time; while a change of the account is awaited no other is taken."""
        assert answer.effect is not None  # noqa: S101 - the caller looked
        flags = self.venue.flags
        delay_s = flags.effect_delay_s if answer.status == 202 else 0.0
        if answer.one_at_a_time:
            waits = fault.seconds if fault is not None and fault.kind == "delayed_effect" else delay_s
            call.account.busy_until = call.ticks + waits / self.world.speed
        if answer.status == 202 and not flags.effects_come:
            return
        self.carry_out(answer.effect, fault, delay_s)

    def admit(self) -> tuple[Route, Call]:
        """All checks before the endpoint's own rules."""
        world, request, venue = self.world, self.request, self.venue
        if self.found is None:
            self.unlisted = True
            raise Refusal("NOT_FOUND", f"sandbox: unlisted route {request.method} {self.path}")
        if world.maintenance.on:
            raise Refusal("TOO_BUSY")
        by_method, path_params = self.found
        holder = NO_HOLDER
        if not all(route.public for route in by_method.values()):
            caller = Caller(request.method, self.path, self.query, request.headers, request.body, self.ip)
            holder = authenticate(venue, caller, world.now_ms)
            holder.key.last_access = world.now_ms // 1000
        route = by_method.get(request.method)
        if route is None:
            raise Refusal("METHOD_NOT_ALLOWED")
        self.check_pace(route, self.ip if route.public else holder.account.uid)
        self.check_rights(route, holder)
        self.params = self.read(route)
        profile = self.profile
        if profile not in PROFILES:
            raise Refusal("INVALID_PARAM_VALUE", f"sandbox: {PROFILE} is one of {', '.join(PROFILES)}")
        if route.newer and profile == "seed":
            raise Refusal("NOT_FOUND")
        return route, Call(
            venue=venue,
            tenant=holder.tenant,
            account=holder.account,
            key=holder.key,
            params=self.params,
            path_params=path_params,
            profile=profile,
            now_ms=world.now_ms,
            ticks=world.ticks(),
            later=world.after,
        )

    def read(self, route: Route) -> dict[str, Json]:
        """The parameters: of a read its query, of a write its body."""
        body, flags = self.request.body, self.venue.flags
        unreadable = "COMMON_PARAM_BIND_ERROR" if route.crossex else "INVALID_REQUEST_BODY"
        if not self.is_write:
            if body and flags.strict_get:
                raise Refusal(unreadable, "a GET takes no body")
            return dict(read_query(self.query))
        params = read_body(self.request.headers, body, crossex=route.crossex, may_be_empty=route.empty_body)
        extra = sorted(set(params) - set(route.fields))
        if flags.strict_fields and extra:
            raise Refusal(unreadable, f"unknown field {extra[0]}")
        return params

    def check_pace(self, route: Route, who: str) -> None:
        """TOO_MANY_REQUESTS beyond the limit. The reset time is told only then; before it is just now."""
        name, now = (who, route.method, route.path, ""), self.world.ticks()
        admitted = self.world.pace.admits(name, route.limit, route.window_s, now)
        bucket = self.world.pace.buckets[name]
        now_s = self.world.now_ms / 1000
        if not admitted:
            opens_in = bucket.admitted[0] + bucket.window_s - now
            self.window = Window(route.limit, 0, -int(-(now_s + opens_in) // 1))
            raise Refusal("TOO_MANY_REQUESTS")
        self.window = Window(route.limit, route.limit - len(bucket.admitted), int(now_s))

    @staticmethod
    def check_rights(route: Route, holder: Holder) -> None:
        """FORBIDDEN and READ_ONLY for the key, ACCOUNT_LOCKED and CrossEx's own labels for the user behind it."""
        if route.public:
            return
        account, rights = holder.account, holder.key.rights
        if account.state != 1:
            raise Refusal("ACCOUNT_LOCKED")
        if route.main_only and not account.is_main:
            raise Refusal("FORBIDDEN")
        if route.group and route.group not in rights:
            raise Refusal("FORBIDDEN")
        if route.group and route.method != "GET" and rights[route.group]:
            raise Refusal("READ_ONLY")
        if route.crossex and not account.opened:
            raise Refusal("USER_NOT_EXIST")
        if route.crossex and account.deactivated:
            raise Refusal("USER_DEACTIVATED")

    def refusal(self, code: str, msg: str = "", status: int = 0) -> Reply:
        """{label, message}, or `detail` in place of the message; the HTTP status is the label's or a flag's."""
        flags = self.venue.flags
        known_status, known_message = LABELS.get(code, (400, "Operation failed"))
        status = status or int(flags.label_status.get(code, 0)) or known_status
        word = "detail" if flags.detail else "message"
        return Reply(status, encode({"label": code, word: msg or known_message}))
