"""What was asked of the sandbox: every write in order, and counters of everything.

Secrets never enter: bodies are masked on the way in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from acctcfg.sandbox.exchange import Request, User
from acctcfg.sandbox.okx.pace import Pace
from acctcfg.sandbox.reading import load_json

__all__ = ["Journal", "masked"]

SECRET_FIELDS = frozenset({"passphrase", "secretKey", "secret_key", "pwd", "password", "secret"})
MASK = "***"
TOO_MANY = ("50011", "TOO_MANY_REQUESTS")


def masked(body: Mapping[str, Any]) -> dict[str, Any]:
    """A body without its secrets."""
    return {name: MASK if name in SECRET_FIELDS else value for name, value in body.items()}


@dataclass(slots=True)
class Journal:
    """Writes in the order of arrival; requests counted by endpoint and by code."""

    writes: list[dict[str, Any]] = field(default_factory=list)
    by_path: Counter[str] = field(default_factory=Counter)
    by_code: Counter[str] = field(default_factory=Counter)
    by_status: Counter[int] = field(default_factory=Counter)
    by_account: Counter[str] = field(default_factory=Counter)
    unlisted: list[str] = field(default_factory=list)
    total: int = 0

    def note(
        self,
        *,
        at: int,
        user: User,
        request: Request,
        path: str,
        params: Mapping[str, Any],
        code: str,
        status: int,
        write: bool,
        unlisted: bool,
        effect: bool,
        fault: str,
    ) -> dict[str, Any] | None:
        """Write one request down; a write's row is handed back, its effect may come later."""
        endpoint = f"{request.method} {path}"
        name = user.address
        self.total += 1
        self.by_path[endpoint] += 1
        self.by_code[code] += 1
        self.by_status[status] += 1
        self.by_account[name] += 1
        if unlisted:
            self.unlisted.append(endpoint)
        if not write:
            return None
        row: dict[str, Any] = {"time": at, "uid": user.uid, "account": name, "method": request.method, "path": path}
        body = masked(params or _body(request.body))
        row |= {"body": body, "code": code, "status": status, "effect": effect, "fault": fault}
        self.writes.append(row)
        return row

    def requests(self, pace: Pace) -> dict[str, Any]:
        """The counters, with the most requests that any window of any limit has seen."""
        buckets = [
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
            "rate_limited": sum(self.by_code[code] for code in TOO_MANY),
            "unlisted": list(self.unlisted),
            "buckets": buckets,
        }


def _body(body: bytes) -> dict[str, Any]:
    """The body of a request that was refused before anybody read it; what is no JSON object is left out."""
    try:
        value = load_json(body or b"{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
