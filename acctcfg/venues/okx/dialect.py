"""OKX over HTTP: headers out, envelope in. Source: OKX v5, "Making requests" and "Response format"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from acctcfg.core.json_types import JsonObject
from acctcfg.core.secret import AccessToken, Credentials, Secret
from acctcfg.core.spelling import unix_seconds
from acctcfg.errors import AuthRefused, Busy, Garbled, OutcomeUnknown, RateLimited, Refused, TokenOver
from acctcfg.venues.okx.auth import signature, timestamp
from acctcfg.venues.okx.endpoints import (
    ACCOUNT_INSTRUMENTS,
    LEVERAGE_INFO,
    PUBLIC_INSTRUMENTS,
    REGULAR_SUB_ACCOUNTS,
    SET_TRADING_CONFIG,
    SWITCH_PRECHECK,
    SWITCH_PRESET,
    TIME,
)
from acctcfg.venues.okx.not_served import not_served, of_a_page
from acctcfg.venues.okx.refusals import BUSY, CLOCK, CREDENTIALS, NOT_EXECUTED, TOKEN_OVER, UNKNOWN_OUTCOME, meaning
from acctcfg.wire.answer import guarded, read_json
from acctcfg.wire.dialect import Headers
from acctcfg.wire.endpoint import Call, Endpoint

__all__ = ["OkxDialect"]

_OF_MANY = frozenset({ACCOUNT_INSTRUMENTS, LEVERAGE_INFO, PUBLIC_INSTRUMENTS, REGULAR_SUB_ACCOUNTS})
"""Lists of which each row is of something else: one that is no object says nothing, and is read as an empty one."""


class OkxDialect:
    """Signs requests and reads the envelope. `demo`: say with every request that the demo environment is meant."""

    def __init__(self, *, demo: bool) -> None:
        self._demo = demo

    def sign(self, signer: Credentials | None, now: float, method: str, target: str, body: bytes) -> Headers:
        """The four access headers, or those of a token, which signs nothing; a public call has none of them."""
        headers: dict[str, str | Secret] = {"x-simulated-trading": "1"} if self._demo else {}
        if isinstance(signer, AccessToken):
            headers |= _bearer(signer)
        elif signer is not None:
            stamp = timestamp(now)
            headers["OK-ACCESS-KEY"] = signer.api_key
            headers["OK-ACCESS-SIGN"] = signature(signer.secret_key, stamp, method, target, body)
            headers["OK-ACCESS-TIMESTAMP"] = stamp
            headers["OK-ACCESS-PASSPHRASE"] = signer.passphrase or ""
        if method == "POST":
            headers["Content-Type"] = "application/json"
        return headers

    def decode(
        self,
        endpoint: Endpoint,
        status: int,
        headers: Mapping[str, str],  # noqa: ARG002 (this venue says nothing in them)
        body: bytes,
    ) -> list[JsonObject]:
        """The `data` list of a success. A success without a list is unreadable, never empty."""
        return _instruments(status, body) if endpoint is ACCOUNT_INSTRUMENTS else _decoded(endpoint, status, body)

    def is_clock_refusal(self, error: Refused) -> bool:
        """Whether the venue refused the request's time."""
        return error.code in CLOCK

    def time_call(self) -> Call | None:
        """The call that tells the venue's time."""
        return Call(TIME)

    def server_time(self, data: Any) -> float:
        seconds = unix_seconds(str(data[0]["ts"]), per_s=1000)
        if seconds is None:
            raise ValueError("a time that is none")
        return seconds


def _bearer(token: AccessToken) -> dict[str, str | Secret]:
    headers: dict[str, str | Secret] = {"Authorization": token.secret_key.under("Bearer")}
    return headers | ({"TERMID": token.device} if token.device else {})


def _decoded(endpoint: Endpoint, status: int, body: bytes) -> list[JsonObject]:
    try:
        envelope = _read(body)
    except ValueError:
        envelope = None
    if endpoint is SWITCH_PRESET and status == 200 and isinstance(envelope, dict) and "acctLv" in envelope:
        envelope = {"code": "0", "data": [envelope]}  # its page shows the bare object
    if not isinstance(envelope, dict) or "code" not in envelope:
        if status == 429:
            raise _refused(endpoint, "50011", "", status)
        if status == 404 and not body.strip() and (gone := not_served(endpoint, "404", status)):
            raise gone
        if status >= 500:
            raise OutcomeUnknown(f"{endpoint.text} failed: HTTP {status} without a message", code=f"http_{status}")
        more, hint = of_a_page(endpoint, status)
        raise Garbled(f"the answer is not the venue's language{more}", hint=hint, code=f"http_{status}")
    code = _code(envelope["code"])
    data = envelope.get("data")
    if endpoint is not SWITCH_PRECHECK and isinstance(data, list):
        code, text = _verdict(code, str(envelope.get("msg", "")), data)
    else:
        text = str(envelope.get("msg", ""))
    if code != "0":
        raise _refused(endpoint, code, text, status)
    if status >= 400:
        raise OutcomeUnknown(f"{endpoint.text} failed: HTTP {status}", code=f"http_{status}")
    if isinstance(data, list) and endpoint in _OF_MANY:
        return [row if isinstance(row, dict) else {} for row in data]
    if not isinstance(data, list) or not all(isinstance(row, dict) for row in data):
        raise Garbled("a success without its list", code="no_list")
    return data


@lru_cache(maxsize=16)
def _instruments(status: int, body: bytes) -> list[JsonObject]:
    """Of long answers that most accounts of a broker are given byte for byte alike: one list, which nobody changes."""
    return _decoded(ACCOUNT_INSTRUMENTS, status, body)


def _read(body: bytes) -> Any:
    envelope = read_json(body)
    if isinstance(envelope, dict) and isinstance(envelope.get("data"), list):
        guarded(envelope["data"])
    return envelope


def _verdict(code: str, text: str, data: Sequence[object]) -> tuple[str, str]:
    """An item's own code is the verdict where it has one."""
    for row in data:
        if isinstance(row, dict) and (said := row.get("sCode")) and (own := _code(said)) != "0":
            return own, str(row.get("sMsg", ""))
    return code, text


def _code(said: object) -> str:
    """A code without its finer part; anything but a short word or number is no code."""
    code = str(said).partition("_")[0] if isinstance(said, str | int) else ""
    if not 0 < len(code) <= 32:
        raise Garbled("an answer whose code is none", code="no_code")
    return code


def _refused(endpoint: Endpoint, code: str, text: str, status: int) -> Exception:
    if gone := not_served(endpoint, code, status, text):
        return gone
    known = meaning(code, strategy=endpoint is SET_TRADING_CONFIG)
    words, hint = known.words, known.hint
    said = f'; the venue says "{text}"' if text else ""
    message = f"{endpoint.text} was refused: {code}, {words}{said}"
    if code in NOT_EXECUTED or status == 429:
        kind: type[RateLimited] = Busy if code in BUSY else RateLimited
        return kind(message, hint=hint, code=code, status=status, text=text)
    if code in UNKNOWN_OUTCOME or (status >= 500 and code not in CREDENTIALS):
        return OutcomeUnknown(message, hint=hint, code=code)
    if code in TOKEN_OVER:
        return TokenOver(message, hint=hint, code=code, status=status, text=text)
    refused = AuthRefused if code in CREDENTIALS else Refused
    return refused(message, hint=hint, code=code, status=status, text=text)
