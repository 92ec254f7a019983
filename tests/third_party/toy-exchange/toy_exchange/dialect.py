"""Toy Exchange over HTTP: headers out, errors in. Pure: no I/O, no clock."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from acctcfg.core.secret import Credentials
from acctcfg.core.verdict import Verdict
from acctcfg.errors import AuthRefused, Garbled, OutcomeUnknown, RateLimited, Refused
from acctcfg.wire.dialect import Headers
from acctcfg.wire.endpoint import Call, Endpoint
from toy_exchange.endpoints import TIME
from toy_exchange.refusals import REFUSALS

__all__ = ["ToyDialect"]


class ToyDialect:
    """Signs requests and reads answers."""

    def sign(self, signer: Credentials | None, now: float, method: str, target: str, body: bytes) -> Headers:
        """Three headers; a public call has none."""
        if signer is None:
            return {}
        stamp = str(int(now * 1000))
        text = f"{stamp} {method} {target} {hashlib.sha256(body).hexdigest()}"
        signature = signer.secret_key.hmac(text.encode(), "sha256").hex()
        return {"Toy-Key": signer.api_key, "Toy-Time": stamp, "Toy-Sign": signature}

    def decode(self, endpoint: Endpoint, status: int, headers: Mapping[str, str], body: bytes) -> Any:
        """The result, or the error that the answer stands for. What proves nothing is never a refusal."""
        try:
            answer = json.loads(body)
        except ValueError:
            raise Garbled("the answer is not the exchange's language", code=f"http_{status}") from None
        if answer["ok"]:
            return answer["result"]
        code, text = str(answer["error"]), str(answer.get("text", ""))
        known = REFUSALS.get(code)
        message = f"{endpoint.text} was refused: {code}, {known.meaning if known else 'an unknown error'}"
        hint = known.remedy if known else ""
        if known.verdict is Verdict.UNCLEAR if known else status >= 500:
            raise OutcomeUnknown(message, hint=hint, code=code)
        kind = RateLimited if code == "TOO_MANY" else AuthRefused if status == 401 else Refused
        raise kind(message, hint=hint, code=code, status=status, text=text)

    def is_clock_refusal(self, error: Refused) -> bool:
        """Whether the exchange refused the request's time."""
        return error.code == "BAD_TIME"

    def time_call(self) -> Call | None:
        """The call that tells the exchange's time."""
        return Call(TIME)

    def server_time(self, data: Any) -> float:
        """Unix seconds."""
        return int(data["ms"]) / 1000
