"""What was asked of the sandbox: every write in order, and counters of everything.

Secrets never enter: bodies are masked on the way in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TypedDict

from acctcfg.sandbox.pace import Pace
from acctcfg.sandbox.reading import load_json
from acctcfg.sandbox.traffic import Request, User
from acctcfg.sandbox.values import Json, Row

__all__ = ["Entry", "Journal", "Outcome", "body_of", "masked"]

MASK = "***"


class Entry(TypedDict):
    """One write."""

    time: int
    uid: str
    account: str
    method: str
    path: str
    body: Row
    code: str
    status: int
    effect: bool
    fault: str


@dataclass(slots=True)
class Outcome:
    """What became of a request."""

    code: str  # "0" when accepted
    status: int
    unlisted: bool = False  # no such route
    too_many: bool = False  # refused for its rate
    effect: bool = False
    fault: str = ""


def masked(body: Mapping[str, Json], secret_fields: Collection[str]) -> Row:
    """A body without its secrets."""
    return {name: MASK if name in secret_fields else value for name, value in body.items()}


@dataclass(slots=True)
class Journal:
    """Writes in the order of arrival; requests counted by endpoint and by code."""

    writes: list[Entry] = field(default_factory=list)
    by_path: Counter[str] = field(default_factory=Counter)
    by_code: Counter[str] = field(default_factory=Counter)
    by_status: Counter[int] = field(default_factory=Counter)
    by_account: Counter[str] = field(default_factory=Counter)
    unlisted: list[str] = field(default_factory=list)
    total: int = 0
    rate_limited: int = 0

    def count(self, user: User, endpoint: str, outcome: Outcome) -> None:
        """Count one request."""
        self.total += 1
        self.by_path[endpoint] += 1
        self.by_code[outcome.code] += 1
        self.by_status[outcome.status] += 1
        self.by_account[user.address] += 1
        self.rate_limited += outcome.too_many
        if outcome.unlisted:
            self.unlisted.append(endpoint)

    def write(
        self, at: int, user: User, request: Request, path: str, params: Mapping[str, Json], outcome: Outcome
    ) -> Entry:
        """Write one write down; its effect may come later. `params` are without secrets."""
        entry = Entry(
            time=at,
            uid=user.uid,
            account=user.address,
            method=request.method,
            path=path,
            body=dict(params),
            code=outcome.code,
            status=outcome.status,
            effect=outcome.effect,
            fault=outcome.fault,
        )
        self.writes.append(entry)
        return entry

    def requests(self, pace: Pace) -> Row:
        """The counters, with the most requests that any window of any limit has seen."""
        buckets: list[Row] = [
            {
                "who": who,
                "endpoint": f"{method} {path}",
                "instType": kind,
                "limit": bucket.limit,
                "window_s": bucket.window_s,
                "total": bucket.total,
                "refused": bucket.refused,
                "most_in_window": bucket.most,
            }
            for (who, method, path, kind), bucket in pace.buckets.items()
        ]
        return {
            "total": self.total,
            "by_path": dict(self.by_path),
            "by_code": dict(self.by_code),
            "by_status": {str(status): count for status, count in self.by_status.items()},
            "by_account": dict(self.by_account),
            "rate_limited": self.rate_limited,
            "unlisted": list(self.unlisted),
            "buckets": buckets,
        }


def body_of(request: Request) -> Mapping[str, Json]:
    """The body of a request that was refused before anybody read it; what is not a JSON object is left out."""
    try:
        value = load_json(request.body or b"{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
