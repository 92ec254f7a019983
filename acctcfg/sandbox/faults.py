"""Faults on demand: which requests they meet, how often, and what they make of them.

A fault is data: {match: {path, method, account}, after, times, kind, ...}. `before` kinds leave the venue untouched,
`after` kinds spoil the answer to something that happened.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from acctcfg.sandbox.exchange import Exchange, Reply, User

if TYPE_CHECKING:
    from acctcfg.sandbox.app import App

__all__ = ["KINDS", "Fault", "Faults", "fault_from"]

# kind -> does the venue handle the request before the fault strikes?
KINDS = {
    "delay": True,
    "ok_but_nothing": True,
    "delayed_effect": True,
    "reset_after": True,
    "timeout_after": True,
    "reset_before": False,
    "timeout_before": False,
    "status": False,
    "code": False,
    "label": False,
    "garbage": False,
    "html": False,
    "rate_limited": False,
    "rate_limited_200": False,
    "hook": True,
}
DEFAULT_SECONDS = {"delay": 1.0, "delayed_effect": 2.0, "timeout_before": 60.0, "timeout_after": 60.0}
HTML = b"<html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"
FIELDS = ("match", "after", "times", "kind", "seconds", "status", "code", "label", "msg", "body", "effect", "do")


@dataclass(slots=True)
class Fault:
    """One fault laid for requests that match. `times` 0 is for ever."""

    id: int
    kind: str
    path: str = "*"  # a glob over the path, without the query
    method: str = "*"
    account: str = "*"  # a sub-account's name, or @master
    after: int = 0  # matches to let through first
    times: int = 1
    seconds: float = 0.0  # of a delay; divided by the sandbox's speed
    status: int = 0
    code: str = ""
    msg: str = ""
    body: str = ""
    effect: bool = False  # kinds status, code, label, garbage, html: the effect happened all the same
    do: list[Mapping[str, Any]] = field(default_factory=list)  # control actions of a hook
    seen: int = 0
    struck: int = 0

    @property
    def answers_first(self) -> bool:
        """Whether the venue handles the request before the fault strikes."""
        return self.effect or KINDS[self.kind]

    def meets(self, method: str, path: str, account: User) -> bool:
        """Whether it strikes this request; counts the match."""
        words = ((path, self.path), (method, self.method), (account.address, self.account))
        if not all(fnmatchcase(word, pattern) for word, pattern in words):
            return False
        self.seen += 1
        if self.seen <= self.after or (self.times and self.struck >= self.times):
            return False
        self.struck += 1
        return True

    def spoil(self, reply: Reply, code: str, exchange: Exchange) -> tuple[Reply, str]:
        """What the client gets in place of the venue's answer, and the code to write down."""
        wait = self.seconds / exchange.app.speed
        if self.kind == "delay":
            return replace(reply, delay_s=wait), code
        if self.kind in ("reset_before", "reset_after"):
            return replace(reply, fate="reset"), code
        if self.kind in ("timeout_before", "timeout_after"):
            return replace(reply, fate="hang", delay_s=wait), code
        if self.kind == "html":
            return replace(reply, status=self.status or 502, body=HTML, content_type="text/html"), ""
        if self.kind == "garbage":
            return replace(reply, status=self.status or 200, body=self.body.encode() or exchange.cut), ""
        if self.kind == "status":
            return replace(reply, status=self.status or 503, body=self.body.encode(), content_type="text/plain"), ""
        if self.kind in ("rate_limited", "rate_limited_200"):
            status = 429 if self.kind == "rate_limited" else 200
            return exchange.refusal(exchange.too_many, status=status), exchange.too_many
        if self.kind in ("code", "label"):
            return exchange.refusal(self.code, self.msg, self.status), self.code
        return reply, code  # ok_but_nothing and delayed_effect: the answer is the venue's own


@dataclass(slots=True)
class Faults:
    """All faults that are laid, in order; the first that meets a request strikes, hooks besides."""

    laid: list[Fault] = field(default_factory=list)

    def next_for(self, app: App, method: str, path: str, account: User) -> Fault | None:
        """Run the hooks that meet a request, and return the fault that strikes it."""
        if not self.laid:
            return None
        found: Fault | None = None
        for fault in tuple(self.laid):
            if (found is None or fault.kind == "hook") and fault.meets(method, path, account):
                if fault.kind == "hook":
                    _run(app, fault)
                else:
                    found = fault
        return found


def _run(app: App, fault: Fault) -> None:
    from acctcfg.sandbox.control import act  # a hook is a control action at a chosen moment

    for step in fault.do:
        act(app, str(step.get("method", "POST")), str(step["path"]), step.get("body") or {})


def fault_from(values: Mapping[str, Any], number: int) -> Fault:
    """A fault from its data. Raises ValueError that names what is wrong."""
    unknown = sorted(set(values) - set(FIELDS))
    if unknown:
        raise ValueError(f"unknown fault field {unknown[0]!r} (known: {', '.join(FIELDS)})")
    kind = values.get("kind")
    if kind not in KINDS:
        raise ValueError(f"unknown fault kind {kind!r} (known: {', '.join(KINDS)})")
    match = values.get("match") or {}
    extra = sorted(set(match) - {"path", "method", "account"})
    if extra:
        raise ValueError(f"unknown match field {extra[0]!r} (known: path, method, account)")
    if kind in ("code", "label") and not values.get(kind):
        raise ValueError(f"a fault of kind {kind} needs a {kind}")
    if kind == "hook" and not values.get("do"):
        raise ValueError("a hook needs do: a list of {method, path, body}")
    do = values.get("do") or []
    return Fault(
        id=number,
        kind=str(kind),
        path=str(match.get("path", "*")),
        method=str(match.get("method", "*")).upper(),
        account=str(match.get("account", "*")),
        after=int(values.get("after", 0)),
        times=int(values.get("times", 1) or 0),
        seconds=float(values.get("seconds", DEFAULT_SECONDS.get(str(kind), 0.0))),
        status=int(values.get("status", 0)),
        code=str(values.get("label" if kind == "label" else "code", "")),  # two venues, two words for it
        msg=str(values.get("msg", "")),
        body=str(values.get("body", "")),
        effect=bool(values.get("effect", False)),
        do=list(do) if isinstance(do, list) else [do],
    )
