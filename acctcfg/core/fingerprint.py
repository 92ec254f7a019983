"""The digest of what a manifest says about some accounts: a saved plan holds for that and no other manifest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from acctcfg.core.desired import LeverageEntry, Manifest, Place
from acctcfg.core.plan import canonical, digest_of

__all__ = ["manifest_digest"]

_PLACES = {"place", "places", "path", "layer", "files", "directory"}


def manifest_digest(manifest: Manifest, accounts: Iterable[str]) -> str:
    """Covers these accounts' resolved fields, the venues and the guardrails; never where they were written."""
    named = {name: _plain(manifest.accounts[name]) for name in sorted(set(accounts)) if name in manifest.accounts}
    return digest_of({"accounts": named, "venues": _plain(manifest.venues), "guardrails": _plain(manifest.guardrails)})


@cache
def _names(kind: type) -> tuple[str, ...]:
    """The fields of a dataclass that say something about accounts; an entry's layer does: later ones win."""
    dropped = _PLACES - {"layer"} if kind is LeverageEntry else _PLACES
    return tuple(one.name for one in fields(kind) if one.name not in dropped)


def _plain(value: Any) -> Any:
    kind = type(value)
    if kind is str or kind is bool or value is None:  # most of a manifest, and a refresh waits for this
        return value
    if isinstance(value, Place | Path):
        return None
    if is_dataclass(kind):
        return {name: _plain(getattr(value, name)) for name in _names(kind)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return [_plain(item) for item in value]
    if isinstance(value, tuple | list | frozenset | set):
        return sorted((_plain(item) for item in value), key=canonical)
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return value if isinstance(value, int | float) else str(value)
