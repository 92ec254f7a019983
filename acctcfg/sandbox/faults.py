"""Faults on demand: which requests they meet, how often, and what they make of them.

A fault is data: {match: {path, method, account}, after, times, kind, ...}. `before` kinds leave the venue untouched,
`after` kinds spoil the answer to something that happened. `late_list` and `lose_row` take rows out of a read's list.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from acctcfg.sandbox.exchange import Exchange, Reply, User
from acctcfg.sandbox.values import SeedError, did_you_mean, items, known, seconds, whole, word

if TYPE_CHECKING:
    from acctcfg.sandbox.app import App

__all__ = ["KINDS", "Fault", "Faults", "address_id", "fault_from"]

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
    "late_list": True,
    "lose_row": True,
}
DEFAULT_SECONDS = {"delay": 1.0, "delayed_effect": 2.0, "timeout_before": 60.0, "timeout_after": 60.0}
HTML = b"<html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"
FIELDS: tuple[str, ...] = (
    "match",
    "after",
    "times",
    "kind",
    "seconds",
    "status",
    "code",
    "label",
    "msg",
    "body",
    "effect",
    "do",
)
FIELDS += ("reads", "row")
FOR_EVER = ("late_list",)  # unless `times` says otherwise
# what tells a row of a list from the others, the first that it has
IDS = ("apiKey", "key", "uid", "posId", "ordId", "algoId", "subPosId", "position_id", "order_id", "user_id")


def address_id(addr: str, tag: str) -> str:
    """A deposit address in the words of a row; currencies with tags share one address."""
    return f"{addr}:{tag}"


def _id(row: Mapping[str, Any]) -> str:
    if "addr" in row:
        tags = [row.get(name) for name in ("tag", "memo", "pmtId", "comment")]
        tags += list((row.get("addrEx") or {}).values())
        return address_id(str(row["addr"]), str(next(filter(None, tags), "")))
    return str(next((row[name] for name in IDS if row.get(name)), ""))


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
    reads: int = 0  # late_list: how many reads leave a new row out; else it is late by `seconds`
    row: str = ""  # lose_row: a glob over any text of the row; empty for the newest
    older: frozenset[str] = frozenset()  # late_list: ids of what was there when it was laid
    hidden: dict[str, list[float]] = field(default_factory=dict)  # when a new row was left out, by its id
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
        if self.kind in ("late_list", "lose_row"):
            return self.without_rows(reply, exchange), code
        if self.kind in ("code", "label"):
            return exchange.refusal(self.code, self.msg, self.status), self.code
        return reply, code  # ok_but_nothing and delayed_effect: the answer is the venue's own

    def without_rows(self, reply: Reply, exchange: Exchange) -> Reply:
        """The answer without what this fault takes out of its list."""
        try:
            answer = json.loads(reply.body or b"null")
        except ValueError:
            return reply
        rows = _rows(answer)
        if rows is None or reply.status != 200:
            return reply
        now, wait = exchange.app.ticks(), self.seconds / exchange.app.speed
        gone = self._lost(rows) if self.kind == "lose_row" else [row for row in rows if self._late(row, now, wait)]
        rows[:] = [row for row in rows if not any(row is other for other in gone)]
        return replace(reply, body=json.dumps(answer, separators=(",", ":")).encode())

    def _lost(self, rows: list[Any]) -> list[Any]:
        if not self.row:
            return rows[:1]
        return [row for row in rows if any(fnmatchcase(text, self.row) for text in _texts(row))][:1]

    def _late(self, row: Any, now: float, wait: float) -> bool:
        """Whether a row is newer than this fault and still not to be seen. Counts the read."""
        name = _id(row) if isinstance(row, Mapping) else ""
        if not name or name in self.older:
            return False
        left_out = self.hidden.setdefault(name, [])
        late = len(left_out) < self.reads if self.reads else not left_out or now < left_out[0] + wait
        if late:
            left_out.append(now)
        return late


def _rows(answer: Any) -> list[Any] | None:
    """The list in an answer: OKX's data or its details, or Gate's answer itself."""
    if isinstance(answer, Mapping):
        answer = answer.get("data")
        if isinstance(answer, list) and len(answer) == 1 and isinstance(answer[0], dict) and "details" in answer[0]:
            return answer[0]["details"] if isinstance(answer[0]["details"], list) else None
    return answer if isinstance(answer, list) else None


def _texts(row: Any) -> Iterator[str]:
    values = row.values() if isinstance(row, Mapping) else [row]
    for value in values:
        if isinstance(value, Mapping):
            yield from _texts(value)
        elif isinstance(value, (str, int)):
            yield str(value)


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


def fault_from(values: Any, number: int) -> Fault:
    """A fault from its data. Raises SeedError that names what is wrong."""
    values = known(values, FIELDS)
    kind = str(values.get("kind", ""))
    if kind not in KINDS:
        raise SeedError(f"unknown fault kind {kind!r}{did_you_mean(kind, KINDS)}")
    match = known(values.get("match") or {}, ("path", "method", "account"), ("match",))
    if kind in ("code", "label") and not values.get(kind):
        raise SeedError(f"a fault of kind {kind} needs a {kind}")
    if kind == "hook" and not values.get("do"):
        raise SeedError("a hook needs do: a list of {method, path, body}")
    if kind == "late_list" and not (values.get("reads") or values.get("seconds")):
        raise SeedError("a late_list needs reads or seconds")
    times = values.get("times", 0 if kind in FOR_EVER else 1)
    return Fault(
        id=number,
        kind=kind,
        path=str(match.get("path", "*")),
        method=str(match.get("method", "*")).upper(),
        account=str(match.get("account", "*")),
        after=whole(values.get("after", 0), ("after",)),
        times=whole(times or 0, ("times",)),
        seconds=seconds(values.get("seconds", DEFAULT_SECONDS.get(kind, 0.0)), ("seconds",)),
        status=whole(values.get("status", 0), ("status",), highest=599),
        code=str(values.get("label" if kind == "label" else "code", "")),  # two venues, two words for it
        msg=str(values.get("msg", "")),
        body=str(values.get("body", "")),
        effect=word(str(values.get("effect", False)), ("True", "False"), ("effect",)) == "True",
        do=_steps(values.get("do") or []),
        reads=whole(values.get("reads", 0), ("reads",)),
        row=str(values.get("row", "")),
    )


def _steps(do: Any) -> list[Mapping[str, Any]]:
    steps = do if isinstance(do, list) else [do]
    found = [known(step, ("method", "path", "body"), ("do", index)) for index, step in enumerate(items(steps))]
    for index, step in enumerate(found):
        if not step.get("path"):
            raise SeedError("a step needs path", ("do", index))
    return found
