"""Reading parameters the way the venue does: CrossEx refuses with COMMON_PARAM_BIND_ERROR, v4 with labels of its own.

An empty string or null counts as left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from acctcfg.sandbox.gate_crossex.replies import Refusal
from acctcfg.sandbox.gate_crossex.state import Account, ApiKey, State, Tenant
from acctcfg.sandbox.reading import load_json
from acctcfg.sandbox.values import Json, Row

__all__ = ["Call", "names", "one_of", "read_body", "read_query", "text"]

BIND = "COMMON_PARAM_BIND_ERROR"


@dataclass(frozen=True, slots=True)
class Call:
    """One admitted request: who asks, for what, when. `params` is the query of a GET or the body of a write."""

    venue: State
    tenant: Tenant
    account: Account
    key: ApiKey
    params: Mapping[str, Json]
    path_params: Mapping[str, str]
    profile: str  # seed | current
    now_ms: int
    ticks: float  # monotonic seconds
    later: Callable[[float, Callable[[], object]], None]  # carry out after so many seconds, before the speed

    @property
    def now_s(self) -> int:
        """The time in Unix seconds."""
        return self.now_ms // 1000


def read_query(query: str) -> dict[str, str]:
    """A query string as parameters."""
    return dict(parse_qsl(query, keep_blank_values=True)) if query else {}


def read_body(headers: Mapping[str, str], body: bytes, *, crossex: bool, may_be_empty: bool) -> Row:
    """The JSON object of a write. Refusals: INVALID_CONTENT_TYPE and the group's own for what can not be read."""
    unreadable = BIND if crossex else "INVALID_REQUEST_BODY"
    if not body:
        if may_be_empty:
            return {}
        raise Refusal(unreadable)
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Refusal("INVALID_CONTENT_TYPE")
    try:
        value = load_json(body)
    except ValueError as exc:
        raise Refusal(unreadable) from exc
    if not isinstance(value, dict):
        raise Refusal(unreadable)
    return value


def text(call: Call, name: str, *, needed: bool = False, label: str = BIND) -> str:
    """A string; a number in its place is of the wrong type. `label` is the refusal for a wrong type."""
    value = call.params.get(name)
    if value is None or value == "":
        if needed:
            raise Refusal("MISSING_REQUIRED_PARAM" if label != BIND else BIND, f"{name} is required")
        return ""
    if not isinstance(value, str):
        raise Refusal(label, f"{name} must be a string")
    return value


def one_of(call: Call, name: str, allowed: tuple[str, ...] | list[str], label: str = BIND) -> str:
    """A word out of a closed list, in its own case, or nothing."""
    value = text(call, name)
    if value and value not in allowed:
        raise Refusal(label)
    return value


def names(call: Call, name: str, *, needed: bool = False) -> list[str] | None:
    """A comma-separated list; None when left out."""
    value = text(call, name, needed=needed)
    return [part.strip() for part in value.split(",") if part.strip()] if value else None
