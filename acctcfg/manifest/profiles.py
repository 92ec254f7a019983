"""Profiles: what accounts have in common, laid over each other and under the account's own fields.

Maps merge deeply; null takes a field away, with all that earlier profiles said of it; lists replace. `leverage` and
`deposit.addresses` are layers instead: a later layer's entry beats earlier ones on the same scope, or the same
currency and chain. A profile stands after its own profiles, and only once: where two profiles share a third, both
win over it; but where one list names it after a profile that is built on it, it wins over that one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from acctcfg.core.desired import LeverageEntry, Place, Selector
from acctcfg.core.state import AtMost
from acctcfg.core.vocabulary import MarginMode, Market, Side
from acctcfg.deposit import AddressSpec
from acctcfg.manifest.circles import circles
from acctcfg.manifest.containers import Record, Table
from acctcfg.manifest.files import Workspace
from acctcfg.manifest.nodes import Node
from acctcfg.manifest.problems import Report, near, quoted, shown
from acctcfg.manifest.scalars import BAD
from acctcfg.manifest.shape import NAME, Shape

__all__ = ["Layered", "Profiles", "check_taken_away"]

_SELECTORS = ("instrument", "instruments", "family", "currency", "symbol")
_MARKETS = {str(word): word for word in Market}
_MARGINS = {str(word): word for word in MarginMode}
_SIDES = {str(word): word for word in Side}
_LISTS = ("leverage", "addresses")
_REPLACED = ("permissions",)  # as a list or as a map: half of one and half of another would be nobody's wish

Chain = tuple[str, str | None]  # currency and chain of a deposit address


@dataclass(slots=True)
class Layered:
    """Fields after some layers: nodes by name, and the two lists whose entries come from several layers."""

    fields: dict[str, Node] = field(default_factory=dict)
    entries: tuple[LeverageEntry, ...] = ()
    addresses: dict[Chain, AddressSpec] = field(default_factory=dict)
    roots: tuple[tuple[str, Node], ...] = ()
    layers: int = 0
    taken: dict[str, object] = field(default_factory=dict)  # what `fields` mean; filled for profiles, once each
    places: dict[str, Place] = field(default_factory=dict)


class Profiles:
    """The profiles of a workspace, checked; `under` gives what lies under an account."""

    def __init__(self, workspace: Workspace, shape: Shape) -> None:
        self.workspace = workspace
        self.shape = shape
        self.nodes = workspace.sections["profiles"]
        self._selectors: dict[tuple[str, str], Selector] = {}
        self._named: dict[str, tuple[str, ...]] = {}
        self._chains: dict[tuple[str, ...], Layered] = {}
        self._check()

    def _check(self) -> None:
        names = Table(self.shape.account, name=NAME)
        for name, node in self.nodes.items():
            report = self._report(name)
            names.check_name(name, node, report)
            if self.shape.account.take(node, report) is BAD:
                continue
            self.named(node, report)
            self.under((name,))  # what only shows when its entries are looked at
        for circle in circles({name: self._quietly_named(name) for name in self.nodes}):
            first = self.nodes[circle[0]]
            message = f"circular profiles: {' -> '.join(circle)}"
            self._report(circle[0]).key(first.value["profile"], message)

    def _report(self, name: str) -> Report:
        return Report(self.workspace.sources, self.workspace.problems, [(f"profiles.{name}", self.nodes[name])])

    def named(self, node: Node, report: Report) -> tuple[str, ...]:
        """The profiles that a profile or an account names, as far as they exist; the others are reported."""
        written = node.value.get("profile") if type(node.value) is dict else None
        if written is None or written.value is None:
            return ()
        found = []
        for child in written.value if type(written.value) is list else [written]:
            name = child.value
            if type(name) is not str:
                continue  # its kind is reported elsewhere
            if name in self.nodes:
                found.append(name)
            else:
                report.value(child, f"the profile {shown(name)} is not defined{near(name, self.nodes)}")
        return tuple(found)

    def _quietly_named(self, name: str) -> tuple[str, ...]:
        if name not in self._named:
            self._named[name] = self.named(self.nodes[name], Report(self.workspace.sources, set(), ()))
        return self._named[name]

    def order(self, names: Iterable[str]) -> tuple[str, ...]:
        """Earlier to later, parents before children, each once.

        One that a list names after a profile that is built on it stands where the list has it: later ones win.
        """
        done: dict[str, int] = {}  # by when it got its place
        turns = count()
        stack = [(name, step, 0) for name in reversed(tuple(names)) for step in ("last", "first")]
        open_: set[str] = set()
        while stack:
            name, step, since = stack.pop()
            if step == "own" or (step == "last" and done.get(name, -1) >= since):
                done.pop(name, None)
                done[name] = next(turns)
            elif step == "first" and name not in open_:
                open_.add(name)
                stack.append((name, "own", 0))
                now = next(turns)
                stack += [(one, to, now) for one in reversed(self._quietly_named(name)) for to in ("last", "first")]
        return tuple(done)

    def under(self, names: tuple[str, ...]) -> Layered:
        """What these profiles say together; computed once for each list of names."""
        chain = {names: None}  # each on top of the next: a long chain is not laid anew for each of its profiles
        while (top := next(reversed(chain))) not in self._chains:
            below = self._quietly_named(top[0]) if len(top) == 1 else ()
            if not below or below in chain:
                break
            chain[below] = None
        for one in reversed(chain):
            if one not in self._chains:
                self._chains[one] = self._laid(one)
        return self._chains[names]

    def _laid(self, names: tuple[str, ...]) -> Layered:
        below = self._chains.get(self._quietly_named(names[0])) if len(names) == 1 else None
        layered, own = (Layered(), self.order(names)) if below is None else (below, names)
        takes = self.shape.account.takes
        for name in own:
            node = self.nodes[name]
            report = self._report(name)
            if type(node.value) is dict:
                layered = self.over(layered, node, f"profiles.{name}", report)
        report = Report(self.workspace.sources, self.workspace.problems, layered.roots)
        for name, node in layered.fields.items():
            layered.places[name] = self.workspace.sources.place(node.key_mark)
            if name in takes and name not in ("leverage", "profile"):
                layered.taken[name] = takes[name](node, report)
        return layered

    def over(self, below: Layered, node: Node, prefix: str, report: Report) -> Layered:
        """The fields with one more layer: a profile, or the account itself."""
        fields, entries, addresses = below.fields.copy(), below.entries, below.addresses
        layer = below.layers
        for name, child in node.value.items():
            if child.value is None:
                fields.pop(name, None)
                if name == "leverage":
                    entries = ()
                elif name == "deposit":
                    addresses = {}
            elif name == "leverage":
                fields[name] = child
                entries += self._entries(child, layer, f"{prefix}.leverage", report)
            elif name == "deposit" and type(child.value) is dict and "addresses" in child.value:
                listed = child.value["addresses"]
                own = self._addresses(listed, layer, report) if listed.value is not None else {}
                addresses = {**addresses, **own} if listed.value is not None and addresses else own
                fields[name] = merge(fields.get(name), _without_lists(child))
            else:
                fields[name] = merge(fields.get(name), child)
        return Layered(fields, entries, addresses, ((prefix, node), *below.roots), layer + 1)

    def _entries(self, node: Node, layer: int, path: str, report: Report) -> tuple[LeverageEntry, ...]:
        taken = self.shape.account.takes["leverage"](node, report)
        if taken is BAD:
            return ()
        place = self.workspace.sources.place
        entries = []
        for index, (child, values) in enumerate(zip(node.value, taken, strict=True)):
            if values is BAD or not {"value", "at_most"} & set(values) or _left_out(child, values):
                continue
            level = values["value"] if "value" in values else AtMost(values["at_most"])
            where, places = place(child.mark), {name: place(one.mark) for name, one in child.value.items()}
            for selector in self._named_by(values):
                entries.append(
                    LeverageEntry(
                        market=_MARKETS.get(values.get("market", "")),
                        margin=_MARGINS.get(values.get("margin", "")),
                        selector=selector,
                        side=_SIDES.get(values.get("side", "")),
                        value=level,
                        layer=layer,
                        place=where,
                        path=f"{path}[{index}]",
                        until=values.get("until", ""),
                        places=places,
                    )
                )
        return tuple(entries)

    def _named_by(self, values: Mapping[str, Any]) -> list[Selector]:
        for by in _SELECTORS:
            if by in values:
                patterns = values[by] if by == "instruments" else [values[by]]
                by = "instrument" if by == "instruments" else by
                known = self._selectors
                return [
                    known.get((by, one)) or known.setdefault((by, one), Selector(by, one))
                    for one in patterns
                    if one is not BAD
                ]
        return []

    def _addresses(self, node: Node, layer: int, report: Report) -> dict[Chain, AddressSpec]:
        if type(node.value) is not list:
            report.value(node, f"must be a list, not {quoted(node.value)} (in [...], or lines that begin with a dash)")
            return {}
        place = self.workspace.sources.place
        found: dict[Chain, AddressSpec] = {}
        for child in node.value:
            values = self.shape.deposit_address.take(child, report)
            if values is BAD or "currency" not in values:
                continue
            scope = (values["currency"], values.get("chain"))
            if scope in found:
                what = "/".join(part for part in scope if part)
                first = found[scope].place
                report.value(child, f"duplicate {shown(what)} (first at {first}; use `count` for several)")
                continue
            found[scope] = AddressSpec(
                currency=scope[0],
                chain=scope[1],
                type=values.get("type", "regular"),
                count=values.get("count", 1),
                place=place(child.mark),
                layer=layer,
            )
        return found


def merge(below: Node | None, above: Node) -> Node:
    """Two values of one field: maps deeply, but for what always replaces; null takes away."""
    if below is None or type(below.value) is not dict or type(above.value) is not dict:
        return above
    merged = dict(below.value)
    for name, node in above.value.items():
        if node.value is None:
            merged.pop(name, None)
        else:
            merged[name] = node if name in _REPLACED else merge(merged.get(name), node)
    return above.holding(merged)


def _without_lists(node: Node) -> Node:
    return node.holding({name: child for name, child in node.value.items() if name not in _LISTS})


def _left_out(entry: Node, values: Mapping[str, object]) -> bool:
    """Whether a field of an entry was wrong: without it the entry would say something else."""
    return any(child.value is not None and name not in values for name, child in entry.value.items())


def check_taken_away(node: Node, account: Record, own: Report) -> None:
    """What an empty value takes away is no longer there to be looked at: its name may still be a slip."""
    for name, child in node.value.items():
        take = account.takes.get(name)
        if child.value is None and take is None:
            account.unknown(name, child, own)
        elif type(child.value) is dict and take is not None and _holds_null(child):
            take(child, own)


def _holds_null(node: Node) -> bool:
    inner = node.value.values()
    return any(child.value is None or (type(child.value) is dict and _holds_null(child)) for child in inner)
