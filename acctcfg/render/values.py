"""Values in words: a key, an account, an address or a number as one line of a plan shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import assert_never

from acctcfg.core.diff import Change
from acctcfg.core.state import (
    ABSENT,
    UNSET,
    AccountValue,
    After,
    AtMost,
    KeyValue,
    Live,
    Lost,
    Made,
    Members,
    Rotating,
    Unreadable,
    Wanted,
    written,
)

__all__ = ["describe", "describe_alike"]

ACCOUNT = "ACCOUNT"
"""Stands for the account's own name, where what is said holds for many."""


def describe(change: Change, venue: str) -> str:
    """What a step does, in words, without its address: `spot -> multi_currency`, `new sub-account, label "MMdesk01"`.

    Not made fit for a terminal: a label may hold any character.
    """
    before, after = change.before, change.after
    if change.action == "delete":
        return _deleted(before)
    match before, after:
        case _, AccountValue() if change.action == "create":
            return _new_account(change.address.account, after)
        case Lost(reason=reason), KeyValue():
            return f"{_key(after, change, venue)} · replaces a lost key: {reason}"
        case Rotating(reason=reason), KeyValue():
            return f"{_key(after, change, venue)} · {reason}"
        case KeyValue(), KeyValue() if change.action == "change":
            return _differences(
                ("permissions", _list(before.permissions), _list(after.permissions)),
                ("ip_allowlist", _ips(before.ip_allowlist), _ips(after.ip_allowlist)),
                ("secret", _store(before, change, venue), _store(after, change, venue)),
            )
        case _, KeyValue():
            words = _key(after, change, venue)
            return f"{words} · replaces the present one" if change.action == "replace" else words
        case AccountValue(), AccountValue():
            return _differences(
                ("name", before.name, after.name),
                ("label", _quoted(before.label), _quoted(after.label)),
                *((name, dict(before.details).get(name) or "none", one or "none") for name, one in after.details),
            )
        case Made(), Made():
            return f"{before.shown} -> {after.shown}"
        case _, Made():
            return f"new {after.kind}, {after.shown}"
    if change.before_known and (before is None or before is ABSENT):
        return f"-> {_plain(after)}"
    if change.before_known:
        return f"{_plain(before)} -> {_plain(written(after))}"
    now = "" if change.present is None else f"{_plain(change.present)}, may be reset "
    return f"{now}(known after {change.after_step}) -> {_plain(after)}"


def describe_alike(change: Change, venue: str) -> str:
    """The same in words that are equal for accounts to which equal things are done: without their names and labels."""
    own, after = change.address.account, change.after
    if isinstance(after, AccountValue) and change.action == "create":
        name = ACCOUNT if after.name == own else "..."
        after = replace(after, name=name, label="..." if after.label else after.label)
    return describe(replace(change, address=change.address._replace(account=ACCOUNT), after=after), venue)


def _deleted(before: Live | None) -> str:
    match before:
        case AccountValue():
            return "delete the sub-account, and its keys with it"
        case KeyValue() | Lost(value=KeyValue()) | Rotating(value=KeyValue()):
            value = before if isinstance(before, KeyValue) else before.value
            return f"delete · {_can(value.permissions)} · {_ips(value.ip_allowlist)}"
        case None:
            return "delete"
    return f"delete · {_plain(before)}"


def _new_account(key: str, value: AccountValue) -> str:
    words = " ".join(["new sub-account", *(f"of {one}" for _, one in value.details if one)])
    if value.name != key:
        words += f' named "{value.name}"'
    return f'{words}, label "{value.label}"' if value.label else words


def _key(value: KeyValue, change: Change, venue: str) -> str:
    parts = [_can(value.permissions), _ips(value.ip_allowlist)]
    if value.store:
        parts.append(f"secret to {_store(value, change, venue)}")
    return " · ".join(parts)


def _store(value: KeyValue, change: Change, venue: str) -> str:
    return f"{value.store}:{venue}/{change.address.account}/{change.address.key}" if value.store else "kept nowhere"


def _can(permissions: Sequence[str]) -> str:
    return _list(permissions) if permissions else "no permissions"


def _list(words: Sequence[str]) -> str:
    return ", ".join(words) or "none"


def _ips(addresses: Sequence[str]) -> str:
    return ", ".join(addresses) or "from any address"


def _quoted(label: str | None) -> str:
    return f'"{label or ""}"'


def _differences(*rows: tuple[str, str, str]) -> str:
    return " · ".join(f"{name} {before} -> {after}" for name, before, after in rows if before != after)


def _plain(value: Live | Wanted | None) -> str:
    if value is None or value is ABSENT:
        return "nothing"
    if value is UNSET:
        return "not set"
    match value:
        case bool():
            return "true" if value else "false"
        case Decimal():
            return format(value.normalize(), "f")
        case AtMost(most):
            return f"at most {_plain(most)}"
        case str():
            return str(value)
        case Members(fields):
            return ", ".join(f"{name} {_plain(one)}" for name, one in fields)
        case KeyValue():
            return f"{_can(value.permissions)} · {_ips(value.ip_allowlist)}"
        case Made():
            return value.shown
        case AccountValue():
            return value.name
        case Lost(value=inner) | Rotating(value=inner):
            return _plain(inner)
        case After(what):
            return f"(known after {what})"
        case Unreadable(message=message):
            return f"unreadable: {message}"
        case _ as unknown:
            assert_never(unknown)
