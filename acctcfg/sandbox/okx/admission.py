"""Who may come in: the checks before any rule of an endpoint, in the venue's order.

missing headers, 50112, 50102, 50111/50119, 50101, 50110, 50105, 50113, rate limit, method, 50120, content type,
JSON. Source: OKX v5, "REST Authentication" and "Error code"; the order is the sandbox's own where the venue is silent.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from acctcfg.sandbox.okx.replies import Refusal
from acctcfg.sandbox.okx.state import Holder, State
from acctcfg.sandbox.reading import load_json
from acctcfg.sandbox.values import Row, takes_from

__all__ = ["KEY", "Caller", "authenticate", "read_body", "sign"]

WINDOW_S = 30.0
HEADERS = (
    ("ok-access-key", "50103"),
    ("ok-access-sign", "50106"),
    ("ok-access-timestamp", "50107"),
    ("ok-access-passphrase", "50104"),
)
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
KEY = re.compile(r"[A-Za-z0-9_-]{8,64}")


@dataclass(frozen=True, slots=True)
class Caller:
    """The part of a request that authentication looks at. Header names are in lower case."""

    method: str
    target: str  # path and query, exactly as sent
    headers: Mapping[str, str] = field(repr=False)  # a passphrase is among them
    body: bytes = field(repr=False)
    ip: str


def sign(secret_key: str, timestamp: str, method: str, target: str, body: bytes) -> str:
    """base64(HMAC-SHA256(secret, timestamp + METHOD + path with query + body))."""
    prehash = f"{timestamp}{method}{target}".encode(errors="surrogateescape") + body
    return base64.b64encode(hmac.digest(secret_key.encode(), prehash, hashlib.sha256)).decode()


def authenticate(venue: State, caller: Caller, now_ms: int) -> Holder:
    """The holder of the key that signed, or the first refusal in the venue's order."""
    headers = caller.headers
    for name, code in HEADERS:
        if not headers.get(name):
            raise Refusal(code, at_gateway=True)
    timestamp = headers["ok-access-timestamp"]
    _check_clock(timestamp, now_ms, WINDOW_S / venue.speed)
    holder = _holder(venue, headers["ok-access-key"], now_ms)
    key = holder.key
    if key.env != "any" and (key.env == "demo") != (headers.get("x-simulated-trading") == "1"):
        raise Refusal("50101", at_gateway=True)
    if not takes_from(key.ip, caller.ip):
        raise Refusal("50110", f"Your IP {caller.ip} is not included in your API key's IP whitelist", at_gateway=True)
    if not _same(headers["ok-access-passphrase"], key.passphrase):
        raise Refusal("50105", at_gateway=True)
    expected = sign(key.secret_key, timestamp, caller.method, caller.target, caller.body)
    if not _same(headers["ok-access-sign"], expected):
        raise Refusal("50113", at_gateway=True)
    return holder


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(errors="surrogateescape"), expected.encode(errors="surrogateescape"))


def _check_clock(timestamp: str, now_ms: int, window_s: float) -> None:
    """A request that is older is refused, however long it was on its way: nothing of a killed client arrives later."""
    if not TIMESTAMP.fullmatch(timestamp):
        raise Refusal("50112", at_gateway=True)
    try:
        at = datetime.fromisoformat(timestamp[:-1]).replace(tzinfo=UTC).timestamp()
    except ValueError as exc:
        raise Refusal("50112", at_gateway=True) from exc
    if abs(at * 1000 - now_ms) > window_s * 1000:
        raise Refusal("50102", at_gateway=True)


def _holder(venue: State, api_key: str, now_ms: int) -> Holder:
    if not KEY.fullmatch(api_key):
        raise Refusal("50111", at_gateway=True)
    holder = venue.holder(api_key, now_ms)
    if holder is None:
        raise Refusal("50119", at_gateway=True)
    return holder


def read_body(headers: Mapping[str, str], body: bytes, *, may_be_empty: bool) -> Row:
    """The JSON object of a POST. Refusals: 50006, 50000, 50002."""
    content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        raise Refusal("50006")
    if not body:
        if may_be_empty:
            return {}
        raise Refusal("50000")
    try:
        value = load_json(body)
    except ValueError as exc:
        raise Refusal("50002") from exc
    if not isinstance(value, dict):
        raise Refusal("50002")
    return value
