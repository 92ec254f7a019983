"""Fields with two forms, narrowed to the one that the account's venue type has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from acctcfg.core.rules import VenueRules
from acctcfg.key_groups import groups_of
from acctcfg.manifest.nodes import Node
from acctcfg.manifest.problems import Report, shown
from acctcfg.manifest.scalars import BAD
from acctcfg.position_parts import parts_of

__all__ = ["check_parts", "check_permissions"]


def check_parts(node: Node, modes: Mapping[str, str], rules: VenueRules, report: Report) -> None:
    """A position mode for each part of an account: parts and words that the type has."""
    known = parts_of(rules)
    if not known.names:
        words = " or ".join(rules.position_modes)
        report.value(node, f"venue type {rules.type} has one for the whole account ({words})")
    elif not node.value:
        report.value(node, f"is an empty map (some of: {', '.join(known.names)})")
    for part, word in modes.items():
        if known.names and not (known.has(part) and word in rules.position_modes):
            report.value(node.value[part], f"unknown value {part}: {word} for venue type {rules.type}")


def check_permissions(written: Node | None, permissions: Iterable[Any], rules: VenueRules, report: Report) -> None:
    """A list of words, or a map of groups where the type has these; nothing for what the key has."""
    groups, known = groups_of(rules).names, ", ".join(rules.permissions)
    right = "a map such as {futures: write, wallet: read}" if groups else f"a list of some of: {known}"
    if written is None or written.value is None:
        return  # a key that exists keeps those that it has; a new one is held back by the plan
    if bool(groups) is not (type(written.value) is dict):
        report.value(written, f"venue type {rules.type} takes {right}")
    else:
        for word in permissions:
            if word is not BAD and word not in rules.permissions and word.partition(":")[0] not in groups:
                report.value(written, f"unknown value {shown(word)} for venue type {rules.type}")
