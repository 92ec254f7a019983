"""A broker's rebates, and the files of orders that it can ask for.

Source: OKX v5 broker documentation, "FD broker" and "DMA broker"; all with permission Read, the POSTs too. A file is
ready a while after it was asked for, and its link is new each time that it is read.
Refusals: 59608 no such broker, 50044 which kind of broker, 59506 a key that the broker does not know, 59612 a date,
59615 more than 180 days, 59616 begin after end.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime

from acctcfg.sandbox.okx.params import Call, choice, need, text
from acctcfg.sandbox.okx.replies import Answer, Refusal
from acctcfg.sandbox.okx.state import BrokerFile
from acctcfg.sandbox.values import Row

__all__ = ["ask_for", "files_of", "if_rebate"]

MOST_DAYS = 180


def _kind(call: Call) -> str:
    """Which kind of FD broker is meant: it must say so only where it is both."""
    kinds = call.tenant.fd
    if not kinds or not call.account.is_master:
        raise Refusal("59608")
    wanted = choice(call, "brokerType", ("", "api", "oauth"), "")
    if wanted and wanted not in kinds:
        raise Refusal("59608")
    if not wanted and len(kinds) > 1:
        raise Refusal("50044")
    return wanted or kinds[0]


def if_rebate(call: Call) -> Answer:
    """Whether a rebate is paid for a user's key, in the numbers of the venue."""
    kind, key = _kind(call), need(call, "apiKey")
    rebate = call.tenant.rebates.get(key)
    if rebate is None:
        raise Refusal("59506")
    row: Row = {"type": rebate, "brokerCode": f"sandbox-{kind}", "affiliated": False}
    return Answer([{**row, "clientRebateRatio": "0", "lastRebate": "10" if rebate == "2" else ""}])


def _dma(call: Call) -> str:
    return "dma" if call.tenant.broker else ""


WHO: dict[str, Callable[[Call], str]] = {"fd": _kind, "dma": _dma}


def _day(call: Call, name: str) -> datetime:
    value = need(call, name)
    try:
        if not re.fullmatch("[0-9]{8}", value):
            raise ValueError(value)
        return datetime.strptime(value, "%Y%m%d").replace(tzinfo=UTC)
    except ValueError as exc:
        raise Refusal("59612") from exc


def _range(call: Call) -> tuple[str, str]:
    """begin and end, YYYYMMDD; both days are included, and count."""
    first, last = _day(call, "begin"), _day(call, "end")
    if first > last:
        raise Refusal("59616")
    if (last - first).days + 1 > MOST_DAYS:
        raise Refusal("59615")
    return text(call, "begin"), text(call, "end")


def ask_for(broker: str) -> Callable[[Call], Answer]:
    """A call that asks for a file, or hears that it is there."""

    def ask(call: Call) -> Answer:
        kind, (begin, end), tenant = WHO[broker](call), _range(call), call.tenant
        found = next((f for f in tenant.files if (f.kind, f.begin, f.end) == (kind, begin, end)), None)
        if found is not None:
            return Answer([{"result": str(_is_ready(call, found)).lower(), "ts": str(found.asked_ms)}])
        asked = BrokerFile(kind, begin, end, call.now_ms)
        return Answer([{"result": "false", "ts": call.now}], lambda: tenant.files.append(asked))

    return ask


def _is_ready(call: Call, file: BrokerFile) -> bool:
    return call.now_ms - file.asked_ms >= call.venue.flags.broker_file_s * 1000 / call.venue.speed


def files_of(broker: str) -> Callable[[Call], Answer]:
    """A call that lists files: all of them, or the one of a range."""

    def read(call: Call) -> Answer:
        kind, every = WHO[broker](call), choice(call, "type", ("true", "false"))
        wanted = None if every == "true" else _range(call)
        found = [f for f in call.tenant.files if f.kind == kind and wanted in (None, (f.begin, f.end))]
        return Answer([_row(call, file) for file in found])

    return read


def _row(call: Call, file: BrokerFile) -> Row:
    ready = _is_ready(call, file)
    link = f"http://files.sandbox.invalid/{file.begin}-{file.end}.csv?Signature={secrets.token_hex(16)}"
    return {
        "fileHref": link if ready else "",
        "state": "finished" if ready else "ongoing",
        "beginTime": file.begin,
        "endTime": file.end,
        "cTime": str(file.asked_ms),
        "ts": call.now,
    }
