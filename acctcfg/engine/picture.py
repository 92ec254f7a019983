"""The manifest as a graph: connections, accounts, keys, profiles and stores. Nothing is sent or opened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from acctcfg.core.address import Address, Focus
from acctcfg.core.desired import AccountSpec, StoreSpec, VenueSpec
from acctcfg.core.managed import managed_fields
from acctcfg.core.picture import Edge, Node, Picture
from acctcfg.engine.narrowed import demand_reach
from acctcfg.engine.workspace import Workspace
from acctcfg.manifest.lineage import Lineage, lineage_of

__all__ = ["picture_of"]


def picture_of(workspace: Workspace, *, targets: Sequence[str] = ()) -> Picture:
    """Everything that the manifest names; with targets, the selected accounts and what they depend on."""
    demand_reach(workspace, "--target", targets)
    manifest, focus = workspace.manifest, Focus(targets)
    lineage = lineage_of(workspace.directory, workspace.types)
    shown = _with_those_above(workspace, focus)
    nodes = [
        *(_venue(one) for one in manifest.venues.values()),
        *(Node("profile", name) for name in lineage.profiles),
        *(node for spec in shown for node in _of_account(spec, focus)),
        *(_store(one) for one in manifest.secret_stores.values()),
    ]
    edges = [
        *(edge for one in manifest.venues.values() for edge in _credentials(one)),
        *(edge for spec in shown for edge in _edges(spec, lineage, focus)),
        *(_lends(("profile", name), one) for name, some in lineage.profiles.items() for one in some),
    ]
    wanted = {node.id for node in nodes} if focus.everything else _reached(shown, edges)
    kept = tuple(node for node in nodes if node.id in wanted)
    there = {node.id for node in kept}
    return Picture(kept, tuple(dict.fromkeys(edge for edge in edges if {edge.start, edge.end} <= there)))


def _with_those_above(workspace: Workspace, focus: Focus) -> list[AccountSpec]:
    """The selected accounts and the accounts above them."""
    accounts = workspace.manifest.accounts
    shown = {key for key, spec in accounts.items() if focus.touches(key, *managed_fields(spec))}
    for key in tuple(shown):
        above = accounts[key].above
        while above is not None and above.account in accounts and above.account not in shown:
            shown.add(above.account)
            above = accounts[above.account].above
    return [spec for key, spec in accounts.items() if key in shown]


def _reached(shown: Sequence[AccountSpec], edges: Sequence[Edge]) -> set[tuple[str, str]]:
    """The accounts, and everything that they use or belong to, directly or not."""
    found = {("account", spec.key) for spec in shown}
    found |= {("venue", spec.venue) for spec in shown}
    while more := {edge.end for edge in edges if edge.start in found} - found:
        found |= more
    return found


def _venue(spec: VenueSpec) -> Node:
    return Node("venue", spec.key, (f"{spec.type} · {spec.environment}",))


def _store(spec: StoreSpec) -> Node:
    return Node("store", spec.key, (" · ".join(filter(None, (spec.type, spec.where))),))


def _of_account(spec: AccountSpec, focus: Focus) -> Iterator[Node]:
    said = [f"named {spec.name}"] if spec.name != spec.key else []
    said += [word for word in (spec.role if spec.role == "main" else "", spec.state) if word not in ("", "present")]
    yield Node("account", spec.key, tuple(said))
    for key in spec.api_keys:
        if focus.wants(Address(spec.key, "api_keys", key.label)):
            what = "absent" if key.state == "absent" else ", ".join(key.permissions or ())
            yield Node("key", f"{spec.key}/{key.label}", (what,) if what else ())


def _edges(spec: AccountSpec, lineage: Lineage, focus: Focus) -> Iterator[Edge]:
    me = ("account", spec.key)
    if spec.above is None:
        yield Edge(("venue", spec.venue), me)
    else:
        yield Edge(("account", spec.above.account), me, spec.above.field)
    for name in lineage.accounts.get(spec.key, ()):
        yield _lends(me, name)
    for key in spec.api_keys:
        if focus.wants(Address(spec.key, "api_keys", key.label)):
            own = ("key", f"{spec.key}/{key.label}")
            yield Edge(me, own)
            if key.store is not None:
                yield Edge(own, ("store", key.store), "secret", loose=True)


def _lends(to: tuple[str, str], profile: str) -> Edge:
    return Edge(to, ("profile", profile), "profile", loose=True)


def _credentials(spec: VenueSpec) -> Iterator[Edge]:
    """The store that holds the credentials, if any; variables and files are not drawn."""
    store = spec.credentials.get("store")
    if isinstance(store, str):
        yield Edge(("venue", spec.key), ("store", store), "credentials", loose=True)
