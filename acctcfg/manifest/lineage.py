"""Which profiles accounts and profiles name: what is laid over each other is gone once accounts are built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from acctcfg.core.rules import VenueRules
from acctcfg.manifest.files import read_workspace
from acctcfg.manifest.layout import ROOT
from acctcfg.manifest.nodes import Node
from acctcfg.manifest.rows import build_rows
from acctcfg.manifest.shape import Shape

__all__ = ["Lineage", "lineage_of"]


@dataclass(frozen=True, slots=True)
class Lineage:
    """By account, and by profile, the profiles that it names, earlier ones first."""

    accounts: Mapping[str, tuple[str, ...]]
    profiles: Mapping[str, tuple[str, ...]]


def lineage_of(directory: Path, rules: Mapping[str, VenueRules]) -> Lineage:
    """As it is written, whatever is wrong with the files."""
    shape = Shape(rules)
    workspace = read_workspace(directory, shape, ROOT)
    build_rows(workspace, shape)  # a row of a table is an account like any other
    sections = workspace.sections
    return Lineage(*({key: _named(node) for key, node in sorted(sections[name].items())} for name in _NAMING))


_NAMING = ("accounts", "profiles")


def _named(node: Node) -> tuple[str, ...]:
    """One, or a list of them."""
    written = node.value.get("profile") if type(node.value) is dict else None
    if written is None:
        return ()
    several = written.value if type(written.value) is list else [written]
    return tuple(one.value for one in several if type(one.value) is str)
