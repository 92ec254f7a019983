"""Reading parameters the way the venue does: which are missing, which are wrong, and how it says so.

Refusals: 50014 empty, 51000 wrong (HTTP 400), 50025 too many values.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from acctcfg.sandbox.okx.replies import Refusal
from acctcfg.sandbox.okx.state import Account, ApiKey, State, Tenant
from acctcfg.sandbox.values import Json, Row

__all__ = ["Call", "choice", "decimal", "flag", "names", "need", "number", "page", "text", "wrong"]


@dataclass(frozen=True, slots=True)
class Call:
    """One admitted request: who asks, for what, when. `params` is the query of a GET or the body of a POST."""

    venue: State
    tenant: Tenant
    account: Account
    key: ApiKey
    params: Mapping[str, Json]
    now_ms: int
    demo: bool

    @property
    def now(self) -> str:
        """The time in Unix milliseconds, as the venue writes it."""
        return str(self.now_ms)


def wrong(name: str) -> Refusal:
    """The refusal of a parameter's value. The two spaces are the venue's."""
    return Refusal("51000", f"Parameter {name}  error")


def text(call: Call, name: str, default: str = "") -> str:
    """A string parameter; a JSON number passes for one, as it does at the venue."""
    value = call.params.get(name)
    if value is None or value == "":
        return default
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    raise wrong(name)


def need(call: Call, name: str) -> str:
    """A string parameter that must be there."""
    value = text(call, name)
    if not value:
        raise Refusal("50014", f"Parameter {name} can not be empty")
    return value


def choice(call: Call, name: str, allowed: Iterable[str], default: str | None = None) -> str:
    """A word out of a closed list; needed unless there is a default."""
    value = need(call, name) if default is None else text(call, name, default)
    if value not in allowed:
        raise wrong(name)
    return value


def flag(call: Call, name: str, default: bool | None = None) -> bool:
    """A real JSON boolean; the venue takes no word for it."""
    value = call.params.get(name, default)
    if value is None:
        raise Refusal("50014", f"Parameter {name} can not be empty")
    if not isinstance(value, bool):
        raise wrong(name)
    return value


def decimal(call: Call, name: str) -> Decimal:
    """A finite number that must be there."""
    value = need(call, name)
    if not re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,18})?", value):
        raise wrong(name)
    try:
        return Decimal(value)
    except InvalidOperation as exc:  # pragma: no cover - the pattern admits only decimals
        raise wrong(name) from exc


def names(call: Call, name: str, most: int) -> list[str]:
    """A comma-separated list, up to `most` values long."""
    value = text(call, name)
    found = [part.strip() for part in value.split(",")] if value else []
    if len(found) > most:
        raise Refusal("50025", f"Parameter {name} count exceeds the limit {most}")
    return found


def number(call: Call, name: str, default: int, lowest: int, highest: int) -> int:
    """A whole number within bounds."""
    value = text(call, name, str(default))
    if not re.fullmatch(r"[0-9]{1,9}", value) or not lowest <= int(value) <= highest:
        raise wrong(name)
    return int(value)


def page(call: Call, rows: list[Row], id_field: str, *, most: int = 100) -> list[Row]:
    """One page, newest first: `after` older than an id, `before` newer than it, both exclusive.

    Of too many rows those nearest to `after` win; with only `before`, those nearest to `before`.
    Source: OKX v5, "Pagination".
    """
    limit = number(call, "limit", min(most, 100), 1, most)
    after, before = text(call, "after"), text(call, "before")
    for name, value in (("after", after), ("before", before)):
        if value and not re.fullmatch(r"[0-9]{1,20}", value):
            raise wrong(name)
    rows = sorted(rows, key=lambda row: int(str(row[id_field])), reverse=True)
    if after:
        rows = [row for row in rows if int(str(row[id_field])) < int(after)]
    if before:
        rows = [row for row in rows if int(str(row[id_field])) > int(before)]
    return rows[-limit:] if before and not after else rows[:limit]
