"""`moved`: what an account, or a connection, was called in the manifest before."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from acctcfg.manifest.files import Workspace
from acctcfg.manifest.nodes import Node
from acctcfg.manifest.problems import Report, near, shown
from acctcfg.manifest.scalars import BAD
from acctcfg.manifest.shape import Shape

__all__ = ["Moved", "build_moved"]


@dataclass(slots=True)
class Moved:
    """By the present name, the former ones, sorted."""

    accounts: dict[str, list[str]] = field(default_factory=dict)
    venues: dict[str, list[str]] = field(default_factory=dict)

    def places(self, venue: str, account: str) -> tuple[tuple[str, str], ...]:
        """Connection and account as the secrets of this one may have been kept under, but for the present names."""
        venues, accounts = [venue, *self.venues.get(venue, ())], [account, *self.accounts.get(account, ())]
        return tuple((one, other) for one in venues for other in accounts if (one, other) != (venue, account))


def build_moved(workspace: Workspace, shape: Shape) -> Moved:
    """Each entry leads from a name that is not in use any more to one that is, in one step."""
    moved, nodes = Moved(), workspace.sections["moved"]
    sections = {"accounts": moved.accounts, "venues": moved.venues}
    present = {name: frozenset(workspace.sections[name]) for name in sections}
    for old, node in sorted(nodes.items()):
        report = Report(workspace.sources, workspace.problems, [(f"moved.{old}", node)])
        shape.moved.check_name(old, node, report)
        new = shape.moved.item.take(node, report)
        if new is BAD or not isinstance(new, str):
            continue
        kinds = [name for name in sections if new in present[name]]
        if wrong := _wrong(old, new, nodes, kinds, present):
            report.value(node, wrong)
        for name in () if wrong else kinds:
            sections[name].setdefault(new, []).append(old)
    return moved


def _wrong(
    old: str, new: str, nodes: Mapping[str, Node], kinds: Collection[str], present: Mapping[str, frozenset[str]]
) -> str:
    """What is wrong with one entry; "" where nothing is."""
    if new in nodes:
        last, seen = new, {old}
        while last in nodes and last not in seen:
            seen.add(last)
            last = str(nodes[last].value)
        if last in seen:
            return f"circular: {shown(old)} leads back to {shown(last)} (remove the current name from the left side)"
        return f"{shown(new)} was renamed as well (write `{old}: {last}`)"
    if not kinds:
        known = sorted(present["accounts"] | present["venues"])
        return f"{shown(new)} is neither an account nor a connection{near(new, known)}"
    if still := [name for name in kinds if old in present[name]]:
        return f"{shown(old)} is still in `{still[0]}`: an entry is renamed, or there are two (remove one of them)"
    return ""
