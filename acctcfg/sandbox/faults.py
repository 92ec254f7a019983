"""Faults on demand: which requests they meet, how often, and what they make of them.

A fault is data: {match: {path, method, account}, after, times, kind, ...}. `before` kinds leave the venue untouched,
`after` kinds spoil the answer to something that happened. `late_list` and `lose_row` take rows out of a read's list.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from fnmatch import fnmatchcase
from typing import Final, Protocol, cast

from acctcfg.sandbox import shapes
from acctcfg.sandbox.shapes import Schema
from acctcfg.sandbox.traffic import Reply, User
from acctcfg.sandbox.values import Json, Row, flag, mapping, rows_of, seconds, text, whole

__all__ = ["FAULT", "FIELDS", "KINDS", "OF_HANDSHAKES", "Fault", "Faults", "fault_from", "show_fault", "spoil"]

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
# what can become of a WebSocket's handshake: it has no body to spoil, and nothing happens by it
OF_HANDSHAKES = ("status", "reset_before", "reset_after", "timeout_before", "timeout_after", "hook")
DEFAULT_SECONDS = {"delay": 1.0, "delayed_effect": 2.0, "timeout_before": 60.0, "timeout_after": 60.0}
HTML = b"<html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"
FOR_EVER = ("late_list",)  # unless `times` says otherwise
STEP = shapes.record({"method": shapes.TEXT, "path": shapes.TEXT, "body": {}}, title="a step", needs=("path",))
STEPS: Final[Schema] = {"if": {"type": "array"}, "then": {"items": STEP, "minItems": 1}, "else": STEP}
PROPERTIES: dict[str, Schema] = {
    "match": shapes.record(dict.fromkeys(("path", "method", "account"), shapes.TEXT)),
    "after": shapes.COUNT,
    "times": shapes.COUNT,
    "kind": shapes.words(*KINDS),
    "seconds": shapes.SECONDS,
    "status": shapes.whole(0, 599),
    "code": shapes.TEXT,
    "label": shapes.TEXT,
    "msg": shapes.TEXT,
    "body": shapes.TEXT,
    "effect": shapes.FLAG,
    "do": STEPS,
    "reads": shapes.COUNT,
    "row": shapes.TEXT,
}
FIELDS = tuple(PROPERTIES)
FAULT: Final[Schema] = {
    **shapes.record(PROPERTIES, title="a fault", needs=("kind",)),
    "allOf": [
        shapes.when("kind", "code", "code"),
        shapes.when("kind", "label", "label"),
        shapes.when("kind", "hook", "do"),
        shapes.when("kind", "late_list", "reads", "seconds"),
    ],
}


class Voice(Protocol):
    """What a fault needs of the venue that it speaks for."""

    @property
    def cut(self) -> bytes:
        """A successful answer that breaks off in the middle."""

    @property
    def too_many(self) -> str:
        """The code of a refusal for the rate."""

    def refusal(self, code: str, msg: str = "", status: int = 0) -> Reply:
        """A refusal as this venue words it."""

    def rows(self, answer: Json) -> Sequence[Json] | None:
        """The list in an answer."""

    def row_id(self, row: Mapping[str, Json]) -> str:
        """What tells a row from the others of its list."""


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
    do: list[Mapping[str, Json]] = field(default_factory=list)  # control actions of a hook
    reads: int = 0  # late_list: how many reads leave a new row out; else it is late by `seconds`
    row: str = ""  # lose_row: a glob over any text of the row; empty for the newest
    older: frozenset[str] = frozenset()  # late_list: ids of what was there when it was laid
    hidden: dict[str, list[float]] = field(default_factory=dict)  # when a new row was left out, by its id
    seen: int = 0
    struck: int = 0
    lifted: bool = False

    @property
    def answers_first(self) -> bool:
        """Whether the venue handles the request before the fault strikes."""
        return self.effect or KINDS[self.kind]

    def is_laid(self) -> bool:
        """Whether nobody has taken it away."""
        return not self.lifted

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

    def leaves_out(self, name: str, now: float, wait: float) -> bool:
        """late_list: whether what has this id is newer than the fault and still not to be seen. Counts the read."""
        if not name or name in self.older:
            return False
        left_out = self.hidden.setdefault(name, [])
        late = len(left_out) < self.reads if self.reads else not left_out or now < left_out[0] + wait
        if late:
            left_out.append(now)
        return late


def spoil(fault: Fault, answered: tuple[Reply, str], venue: Voice, now: float, speed: float) -> tuple[Reply, str]:
    """What the client gets in place of the venue's answer, and the code to write down."""
    reply, code = answered
    kind, wait = fault.kind, fault.seconds / speed
    body = fault.body.encode(errors="surrogatepass")  # what is no text is garbage all the more
    if kind == "delay":
        return replace(reply, delay_s=wait, held=fault.is_laid), code
    if kind in ("reset_before", "reset_after"):
        return replace(reply, fate="reset"), code
    if kind in ("timeout_before", "timeout_after"):
        return replace(reply, fate="hang", delay_s=wait, held=fault.is_laid), code
    if kind == "html":
        return replace(reply, status=fault.status or 502, body=HTML, content_type="text/html"), ""
    if kind == "garbage":
        return replace(reply, status=fault.status or 200, body=body or venue.cut), ""
    if kind == "status":
        return replace(reply, status=fault.status or 503, body=body, content_type="text/plain"), ""
    if kind in ("rate_limited", "rate_limited_200"):
        return venue.refusal(venue.too_many, status=429 if kind == "rate_limited" else 200), venue.too_many
    if kind in ("late_list", "lose_row"):
        return _without_rows(fault, reply, venue, now, wait), code
    if kind in ("code", "label"):
        return venue.refusal(fault.code, fault.msg, fault.status), fault.code
    return reply, code  # ok_but_nothing and delayed_effect: the answer is the venue's own


def _without_rows(fault: Fault, reply: Reply, venue: Voice, now: float, wait: float) -> Reply:
    """The answer without what a fault takes out of its list."""
    try:
        answer = cast(Json, json.loads(reply.body or b"null"))
    except ValueError:
        return reply
    rows = venue.rows(answer)
    if not isinstance(rows, list) or reply.status != 200:
        return reply
    if fault.kind == "lose_row":
        gone = _lost(fault.row, rows)
    else:
        named = [(row, venue.row_id(row)) for row in rows if isinstance(row, Mapping)]
        gone = [row for row, name in named if fault.leaves_out(name, now, wait)]
    rows[:] = [row for row in rows if not any(row is other for other in gone)]
    return replace(reply, body=json.dumps(answer, separators=(",", ":")).encode())


def _lost(pattern: str, rows: Sequence[Json]) -> Sequence[Json]:
    """The newest row, or the first with a text that fits."""
    if not pattern:
        return rows[:1]
    return [row for row in rows if any(fnmatchcase(one, pattern) for one in _texts(row))][:1]


def _texts(row: Json) -> Iterator[str]:
    for value in row.values() if isinstance(row, Mapping) else [row]:
        if isinstance(value, Mapping):
            yield from _texts(value)
        elif isinstance(value, (str, int)):
            yield str(value)


@dataclass(slots=True)
class Faults:
    """All faults that are laid, in order; the first that meets a request strikes, hooks besides."""

    laid: list[Fault] = field(default_factory=list)

    def next_for(
        self,
        method: str,
        path: str,
        account: User,
        act: Callable[[str, str, Json], Json],
        kinds: Collection[str] = tuple(KINDS),
    ) -> Fault | None:
        """Carry out the hooks that meet a request, and return the fault of these kinds that strikes it."""
        found: Fault | None = None
        for fault in tuple(self.laid):
            wanted = fault.kind in kinds and (found is None or fault.kind == "hook")
            if wanted and fault.meets(method, path, account):
                if fault.kind == "hook":
                    for step in fault.do:
                        act(text(step, "method", "POST"), text(step, "path"), step.get("body") or {})
                else:
                    found = fault
        return found

    def lay(self, rows: Json, older: frozenset[str]) -> list[Fault]:
        """Lay one or several; `older` are the ids of what lists show already."""
        first = max((fault.id for fault in self.laid), default=0) + 1
        laid = [fault_from(row, first + index) for index, row in enumerate(rows_of(rows))]
        for fault in laid:
            fault.older = older if fault.kind == "late_list" else frozenset()
        self.laid += laid
        return laid

    def lift(self, which: str) -> int:
        """Take one away by its id, or all of them; how many went."""
        gone = [fault for fault in self.laid if which in ("all", str(fault.id))]
        for fault in gone:
            fault.lifted = True
        self.laid = [fault for fault in self.laid if not fault.lifted]
        return len(gone)


def fault_from(values: Mapping[str, Json], ident: int) -> Fault:
    """A fault from data that the schema passed."""
    kind, match, do = text(values, "kind"), mapping(values.get("match")), values.get("do") or []
    return Fault(
        id=ident,
        kind=kind,
        path=text(match, "path", "*"),
        method=text(match, "method", "*").upper(),
        account=text(match, "account", "*"),
        after=whole(values.get("after", 0)),
        times=whole(values.get("times", 0 if kind in FOR_EVER else 1)),
        seconds=seconds(values.get("seconds", DEFAULT_SECONDS.get(kind, 0.0))),
        status=whole(values.get("status", 0)),
        code=text(values, "label" if kind == "label" else "code"),  # two words for it, by venue
        msg=text(values, "msg"),
        body=text(values, "body"),
        effect=flag(values, "effect", False),
        do=list(rows_of(do)) if do else [],
        reads=whole(values.get("reads", 0)),
        row=text(values, "row"),
    )


def show_fault(fault: Fault) -> Row:
    """A fault, with how often it met a request and how often it struck."""
    return {f.name: getattr(fault, f.name) for f in fields(fault) if f.name not in ("older", "hidden", "lifted")}
