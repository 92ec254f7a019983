"""Values in the words of a sentence: what an outcome or an error says that something is."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from acctcfg.core.state import (
    ABSENT,
    UNSET,
    AccountValue,
    After,
    AtMost,
    KeyValue,
    Lost,
    Made,
    Members,
    Rotating,
    Unreadable,
)

__all__ = ["told"]


def told(value: object) -> str:
    """A value as people say it: `net`, `7.25`, `read, trade from 203.0.113.7`; never a form of the program's own."""
    if value is None or value is ABSENT:
        return "nothing"
    if value is UNSET:
        return "not set"
    match value:
        case bool():
            return "true" if value else "false"
        case Members(fields):
            return ", ".join(f"{name} {told(one)}" for name, one in fields)
        case Decimal():
            return format(value.normalize(), "f")
        case AtMost(most):
            return f"at most {told(most)}"
        case AccountValue():
            return f'the account "{value.name}"'
        case KeyValue():
            return f"{_list(value.permissions) or 'no permissions'} from {_list(value.ip_allowlist) or 'any address'}"
        case Made():
            return value.told
        case Lost():
            return f"a key that cannot be used ({value.reason})"
        case Rotating(value=inner):
            return told(inner)
        case After():
            return "something that is not known yet"
        case Unreadable():
            return f"something that cannot be read ({value.message})"
        case Mapping():
            return _members(value)
        case list() | tuple():
            return _list(value)
    return str(value)


def _list(values: Any) -> str:
    return ", ".join(told(one) for one in values)


def _members(value: Mapping[str, object]) -> str:
    """A value of a saved plan, as its JSON has it."""
    return ", ".join(f"{name} {told(one) or 'none'}" for name, one in value.items() if one is not None)
