"""Permissions of API keys by group, each to read or to write: venues may share them, in place of words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from acctcfg.core.rules import VenueRules

__all__ = ["KEY_GROUPS", "KeyGroups", "amounts_to", "groups_of"]

KEY_GROUPS: Final = "api_keys.permissions"
"""Its name among the shared resources of a venue type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyGroups:
    """The groups that a venue type has."""

    names: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)  # group -> why no key can be given it


def amounts_to(permission: str) -> str:
    """To write to any group can do what trade can, as far as anybody knows; to read, nothing of the kind."""
    return "trade" if permission.endswith(":write") else permission


def groups_of(rules: VenueRules) -> KeyGroups:
    """Those of a venue type; none of a type whose permissions are words."""
    found = rules.resources.get(KEY_GROUPS)
    return found if isinstance(found, KeyGroups) else KeyGroups()
