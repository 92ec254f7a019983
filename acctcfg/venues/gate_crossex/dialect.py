"""Gate over HTTP: headers out, label in. Source: Gate API v4, "Authentication" and "Return format"."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from acctcfg.core.secret import Credentials
from acctcfg.core.spelling import unix_seconds, whole_of
from acctcfg.errors import AuthRefused, Garbled, OutcomeUnknown, RateLimited, Refused
from acctcfg.venues.gate_crossex.auth import signature, timestamp
from acctcfg.venues.gate_crossex.endpoints import NEWER, TIME
from acctcfg.venues.gate_crossex.refusals import CLOCK, LABELS, TOO_MANY, meaning
from acctcfg.wire.answer import guarded, read_json
from acctcfg.wire.dialect import Headers
from acctcfg.wire.endpoint import Call, Endpoint

__all__ = ["GateDialect"]


class GateDialect:
    """Signs requests and reads answers. A success is any 2xx; a refusal is anything else with a `label`.

    202 means accepted, not done: the body repeats what was asked for and says nothing of what is.
    """

    def sign(self, signer: Credentials | None, now: float, method: str, target: str, body: bytes) -> Headers:
        """The three access headers; a public call has none of them."""
        if signer is None:
            return {}
        stamp = timestamp(now)
        return {
            "KEY": signer.api_key,
            "Timestamp": stamp,
            "SIGN": signature(signer.secret_key, stamp, method, target, body),
        }

    def decode(
        self,
        endpoint: Endpoint,
        status: int,
        headers: Mapping[str, str],
        body: bytes,
    ) -> Any:
        """The JSON of a success, numbers as exact decimals; None where a write's success has no body."""
        if endpoint is TIME and status != 200 and (stamp := _stamped(headers)):
            return {"server_time": stamp}
        if 200 <= status < 300:
            return _success(endpoint, status, body)
        try:
            answer = read_json(body)
        except ValueError:
            answer = None
        label = answer.get("label") if isinstance(answer, dict) else None
        if not isinstance(label, str) or not label:
            if status == 404 and endpoint in NEWER:  # an answer like any other: it would come again
                raise Refused(f"{endpoint.text} is not served here: 404", code=f"http_{status}", status=status)
            if status == 429:
                raise _refused(endpoint, TOO_MANY, "", status)
            if status >= 500:
                raise OutcomeUnknown(f"{endpoint.text} failed: HTTP {status} without a message", code=f"http_{status}")
            raise Garbled("the answer is not the venue's language", code=f"http_{status}")
        text = answer.get("message") or answer.get("detail") or ""
        raise _refused(endpoint, label, str(text), status)

    def is_clock_refusal(self, error: Refused) -> bool:
        """Whether the venue refused the request's time."""
        return error.code == CLOCK

    def time_call(self) -> Call | None:
        """The call that tells the venue's time."""
        return Call(TIME)

    def server_time(self, data: Any) -> float:
        seconds = unix_seconds(str(data["server_time"]), per_s=1000)
        if seconds is None:
            raise ValueError("a time that is none")
        return seconds


def _success(endpoint: Endpoint, status: int, body: bytes) -> Any:
    if not body and (status == 204 or endpoint.method != "GET"):
        return None  # accepted, or done, with nothing more to say
    try:
        data = read_json(body)
    except ValueError:
        raise Garbled("a success that is not JSON", code=f"http_{status}") from None
    guarded(data if isinstance(data, list) else (data,))
    return data


def _stamped(headers: Mapping[str, str]) -> int | None:
    """The venue's time in milliseconds by an answer's headers: its own, which has microseconds, or HTTP's."""
    own = str(headers.get("X-Out-Time") or "")
    if (microseconds := whole_of(own)) is not None:
        return microseconds // 1000
    try:
        return int(parsedate_to_datetime(str(headers.get("Date") or "")).timestamp() * 1000)
    except ValueError:
        return None


def _refused(endpoint: Endpoint, label: str, text: str, status: int) -> Exception:
    """What a label stands for; the status speaks only where the label is one that nobody documented."""
    known = meaning(label)
    said = f'; the venue says "{text}"' if text else ""
    message = f"{endpoint.text} was refused: {label}, {known.words}{said}"
    mute = label not in LABELS
    if label == TOO_MANY or (mute and status == 429):
        return RateLimited(message, hint=known.hint, code=label, status=status, text=text)
    if known.kind == "server" or (mute and status >= 500):
        return OutcomeUnknown(message, hint=known.hint, code=label)
    kind = AuthRefused if known.kind == "auth" else Refused
    return kind(message, hint=known.hint, code=label, status=status, text=text)
