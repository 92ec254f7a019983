"""Accounts: profiles laid under each entry, fields narrowed to its venue's type, and what accounts say of others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from acctcfg.core.desired import (
    AccessSpec,
    AccountSpec,
    AddressSpec,
    DepositSpec,
    KeySpec,
    LeverageEntry,
    StoreSpec,
    VenueSpec,
)
from acctcfg.core.rules import VenueRules
from acctcfg.core.vocabulary import CreditTo, PositionMode
from acctcfg.errors import Problem
from acctcfg.manifest.connections import check_source
from acctcfg.manifest.containers import Later, Table
from acctcfg.manifest.files import Workspace
from acctcfg.manifest.narrowing import check_parts, check_permissions
from acctcfg.manifest.nodes import Node
from acctcfg.manifest.problems import Report, near, shown
from acctcfg.manifest.profiles import Layered, Profiles, check_taken_away
from acctcfg.manifest.relations import between, shared_secrets
from acctcfg.manifest.scalars import BAD
from acctcfg.manifest.settings import build_settings
from acctcfg.manifest.shape import NAME, Shape

__all__ = ["EVERY_TYPE", "build_accounts"]

EVERY_TYPE: Final = frozenset({"venue", "role", "name", "profile"})  # fields that every venue type has
_POSITION_MODES = {str(word): word for word in PositionMode}
_CREDITS = {str(word): word for word in CreditTo}


def build_accounts(
    workspace: Workspace,
    shape: Shape,
    venues: Mapping[str, VenueSpec],
    stores: Mapping[str, StoreSpec],
) -> dict[str, AccountSpec]:
    """All accounts, sorted by key. Their nodes are let go one by one, so that two forms of all are never held."""
    profiles = Profiles(workspace, shape)
    building = _Building(workspace, shape, profiles, venues, stores)
    nodes = workspace.sections["accounts"]
    known = frozenset(nodes)
    built = {}
    for key in sorted(nodes):
        spec = building.account(key, nodes.pop(key))
        if spec is not None:
            built[key] = spec
    workspace.problems.update(between(built, known))
    workspace.problems.update(shared_secrets(built, stores))
    return built


class _Building:
    def __init__(
        self,
        workspace: Workspace,
        shape: Shape,
        profiles: Profiles,
        venues: Mapping[str, VenueSpec],
        stores: Mapping[str, StoreSpec],
    ) -> None:
        self.workspace = workspace
        self.problems = workspace.problems
        self.place = workspace.sources.place
        self.shape = shape
        self.profiles = profiles
        self.venues = venues
        self.venue_names = frozenset(workspace.sections["venues"])
        self.stores = stores
        self.names = Table(shape.account, name=NAME)
        self._same: dict[tuple[Any, ...], tuple[Any, ...]] = {}  # equal lists of many accounts are one tuple
        self._sound: set[tuple[Any, ...]] = set()  # contents that the venue type's own checks had nothing against

    def account(self, key: str, node: Node) -> AccountSpec | None:
        """One account; None where it is too broken to be looked at further."""
        own = Report(self.workspace.sources, self.problems, [(key, node)])
        self.names.check_name(key, node, own)
        if type(node.value) is not dict:
            self.shape.account.take(node, own)
            return None
        below = self.profiles.under(self.profiles.named(node, own))
        report = own.within((key, node), *below.roots)
        layered = self.profiles.over(below, node, key, report)
        check_taken_away(node, self.shape.account, own)
        taken = self._taken(node, below, layered, report)
        venue = self._venue(node, layered, taken, report)
        if venue is None:
            return None
        rules = self.shape.rules[venue.type]
        self._fields_of_type(layered, taken, venue, rules, report)
        self._names_and_words(key, node, layered, taken, rules, report)
        spec = self._spec(key, node, below, layered, taken, rules, report)
        self._check(spec, rules, layered, report)  # a field that was wrong is not in it, which only lets more pass
        return spec

    def _taken(self, node: Node, below: Layered, layered: Layered, report: Report) -> dict[str, Any]:
        """What the fields mean, those of profiles from their own, earlier, look."""
        takes = self.shape.account.takes
        taken = {}
        for name, child in layered.fields.items():
            take = takes.get(name)
            if take is None:
                if name in node.value:
                    self.shape.account.unknown(name, child, report)
            elif name != "leverage":
                shared = below.fields.get(name) is child
                value = below.taken[name] if shared and name in below.taken else take(child, report)
                if value is not BAD:
                    taken[name] = value
        return taken

    def _venue(self, node: Node, layered: Layered, taken: dict[str, Any], report: Report) -> VenueSpec | None:
        name = taken.get("venue")
        if name is None:
            if "venue" not in layered.fields:
                report.value(node, "`venue` is missing (a key of `venues`)")
            return None
        venue = self.venues.get(name)
        if venue is None and name not in self.venue_names:
            report.value(
                layered.fields["venue"], f"the venue {shown(name)} is not defined{near(name, self.venue_names)}"
            )
        return venue

    def _fields_of_type(
        self, layered: Layered, taken: dict[str, Any], venue: VenueSpec, rules: VenueRules, report: Report
    ) -> None:
        role = taken.get("role", rules.roles[0])
        main = role == "main"
        allowed = rules.main_fields if main else rules.fields
        for name, child in layered.fields.items():
            known = self.shape.account.fields.get(name)
            if name in allowed or name in EVERY_TYPE or known is None or isinstance(known.kind, Later):
                continue
            if name in rules.fields | rules.main_fields:
                report.key(child, f"an account with `role: {role}` has no `{name}` (venue type {rules.type})")
            else:
                at = self.place(self.workspace.sections["venues"][venue.key].value["type"].mark)
                report.key(child, f"venue type {rules.type} (at {at}) has no `{name}`")
            taken.pop(name, None)

    def _names_and_words(
        self, key: str, node: Node, layered: Layered, taken: dict[str, Any], rules: VenueRules, report: Report
    ) -> None:
        fields = layered.fields
        if taken.get("role", rules.roles[0]) != "main":
            name = taken.get("name")
            if name is not None:
                if not rules.name.allows(name):
                    report.value(fields["name"], f"{shown(name)} must be {rules.name.words}")
            elif "name" not in fields and not rules.name.allows(key):
                report.key(node, f"the name {shown(key)} must be {rules.name.words} (or set `name`)")
        if "label" in taken and not rules.label.allows(taken["label"]):
            report.value(fields["label"], f"{shown(taken['label'])} must be {rules.label.words}")
        for field, words in (
            ("role", rules.roles),
            ("account_mode", rules.account_modes),
            ("position_mode", rules.position_modes),
            ("state", rules.states),
        ):
            word = taken.get(field)
            if type(word) is str and word not in words:
                why = rules.unsupported_states.get(word) if field == "state" else None
                report.value(
                    fields[field], why or f"{shown(word)} is none of venue type {rules.type}{near(word, words)}"
                )
                del taken[field]
        if type(modes := taken.get("position_mode")) is dict:
            check_parts(fields["position_mode"], modes, rules, report)

    def _spec(
        self,
        key: str,
        node: Node,
        below: Layered,
        layered: Layered,
        taken: dict[str, Any],
        rules: VenueRules,
        report: Report,
    ) -> AccountSpec:
        fields = layered.fields
        role = taken.get("role", rules.roles[0])
        absent = taken.get("state") == "absent"
        keys = self._keys(fields.get("api_keys"), taken.get("api_keys") or {}, rules, report)
        deposit = self._deposit(layered, taken.get("deposit"), rules, report)
        access = self._access(fields.get("access"), taken.get("access"), keys, report)
        entries = self._entries(layered, rules) if len(self.shape.rules) > 1 else layered.entries
        switches = build_settings(
            fields.get("settings"),
            taken.get("settings"),
            rules,
            account_mode=taken.get("account_mode"),
            place=self.place,
            report=report,
        )
        mode = taken.get("position_mode")
        parts = {}
        if isinstance(mode, dict) and not absent:
            parts = {part: _POSITION_MODES[word] for part, word in sorted(mode.items())}
        place = self.place
        places = {
            name: below.places[name] if below.fields.get(name) is child else place(child.key_mark)
            for name, child in fields.items()
        }
        return AccountSpec(
            key=key,
            venue=taken["venue"],
            name=taken.get("name", key),
            place=place(node.key_mark),
            role=role,
            uid=taken.get("uid"),
            adopt=taken.get("adopt", False),
            parent=taken.get("parent"),
            state=taken.get("state", "present"),
            protect=taken.get("protect", False),
            label=taken.get("label"),
            client_ip=taken.get("client_ip"),
            access=access,
            account_mode=None if absent else taken.get("account_mode"),
            position_mode=None if absent or type(mode) is not str else _POSITION_MODES[mode],
            position_modes=parts,
            settings=() if absent else switches,
            leverage=() if absent or "leverage" not in fields else entries,
            api_keys=keys,
            api_keys_exclusive=taken.get("api_keys_exclusive", False),
            deposit=None if absent else deposit,
            places=places,
        )

    def _entries(self, layered: Layered, rules: VenueRules) -> tuple[LeverageEntry, ...]:
        """The leverage entries whose selectors the venue type has."""
        known = rules.leverage_selectors
        wrong = [entry for entry in layered.entries if entry.selector.by not in known]
        for entry in wrong:
            message = f"venue type {rules.type} has no leverage by `{entry.selector.by}` ({', '.join(known)})"
            self.problems.add(Problem(*entry.place, entry.path, message))
        return tuple(entry for entry in layered.entries if entry not in wrong) if wrong else layered.entries

    def _tuple(self, values: Any) -> tuple[Any, ...]:
        whole = tuple(sorted(value for value in values if value is not BAD))
        return self._same.setdefault(whole, whole)

    def _listed(self, values: Any | None) -> tuple[Any, ...] | None:
        """None where the manifest says nothing: that is not the same as a list without anything in it."""
        return None if values is None else self._tuple(values)

    def _keys(
        self, node: Node | None, taken: dict[str, dict[str, Any]], rules: VenueRules, report: Report
    ) -> tuple[KeySpec, ...]:
        if node is None or not taken:
            return ()
        keys = []
        for label in sorted(taken):
            values, written = taken[label], node.value[label]
            if len(self.shape.rules) > 1 and not rules.key_label.allows(label):
                report.key(written, f"the label {shown(label)} must be {rules.key_label.words}")
            absent = values.get("state") == "absent"
            if not absent:
                self._check_key(written, values, rules, report)
            store = values.get("store")
            if store is not None and store not in self.stores:
                at = written.value["store"]
                report.value(at, f"the store {shown(store)} is not defined{near(store, self.stores)}")
            keys.append(
                KeySpec(
                    label=label,
                    state="absent" if absent else "present",
                    permissions=() if absent else self._listed(values.get("permissions")),
                    ip_allowlist=() if absent else self._listed(values.get("ip_allowlist")),
                    store=store,
                    rotate_after=None if absent else values.get("rotate_after"),
                    place=self.place(written.key_mark),
                )
            )
        if len(keys) > rules.keys_per_account:
            report.key(node, f"{len(keys)} keys, and the venue takes at most {rules.keys_per_account}")
        return tuple(keys)

    def _check_key(self, node: Node, values: dict[str, Any], rules: VenueRules, report: Report) -> None:
        written = node.value.get("permissions")
        check_permissions(written, values.get("permissions", ()), rules, report)
        ips = values.get("ip_allowlist", ())
        if len(ips) > rules.ips_per_key:
            message = f"holds {len(ips)}, and the venue takes at most {rules.ips_per_key}"
            report.value(node.value["ip_allowlist"], message)

    def _deposit(
        self, layered: Layered, taken: dict[str, Any] | None, rules: VenueRules, report: Report
    ) -> DepositSpec | None:
        if taken is None:
            return None
        addresses = tuple(layered.addresses[scope] for scope in sorted(layered.addresses, key=_scope_order))
        counts: dict[str, int] = {}
        for one in addresses:
            counts[one.currency] = counts.get(one.currency, 0) + one.count
            self._check_address(one, counts[one.currency], rules, layered, report)
        return DepositSpec(credit_to=_CREDITS.get(taken.get("credit_to", "")), addresses=addresses)

    def _check_address(self, one: AddressSpec, count: int, rules: VenueRules, layered: Layered, report: Report) -> None:
        currencies, prefix = rules.address_types.get(one.type), rules.chain_prefix.format(currency=one.currency)
        if one.chain is not None and not one.chain.startswith(prefix):
            wrong = f"{shown(one.chain)} is no chain of {one.currency} (they begin with {prefix})"
        elif currencies is None:
            wrong = f"the address type {shown(one.type)} is none of venue type {rules.type}"
        elif currencies and one.currency not in currencies:
            wrong = f"{one.currency} has no {one.type} addresses ({', '.join(currencies)} have)"
        elif count > rules.addresses_per_currency:
            wrong = f"{count} addresses of {one.currency}, and the venue takes at most {rules.addresses_per_currency}"
        else:
            return
        place = one.place
        address = next(
            (
                f"{prefix}.deposit.addresses[{index}]"
                for prefix, root in layered.roots
                for index, child in _listed(root)
                if self.place(child.mark) == place
            ),
            "",
        )
        report.place(place, wrong, address)

    def _access(
        self, node: Node | None, taken: dict[str, Any] | None, keys: tuple[KeySpec, ...], report: Report
    ) -> AccessSpec | None:
        if node is None or taken is None:
            return None
        given = [name for name, child in node.value.items() if child.value is not None]
        if not given or ({"key", "credentials"} & {*given} and len(given) > 1):
            report.key(node, "takes one of `key` and `credentials`, or `read` and `write`")
            return None
        if "read" in taken or "write" in taken:
            read, write = (
                self._side(node.value.get(name), taken.get(name), keys, report) for name in ("read", "write")
            )
            return AccessSpec(read=read, write=write)
        side = self._side(node, taken, keys, report)
        return AccessSpec(read=side, write=side)

    def _side(
        self, node: Node | None, taken: dict[str, Any] | None, keys: tuple[KeySpec, ...], report: Report
    ) -> dict[str, Any] | None:
        if node is None or taken is None:
            return None
        given = [name for name, child in node.value.items() if child.value is not None]
        if len(given) != 1:
            report.key(node, "takes one of `key` and `credentials`")
            return None
        if "credentials" in taken:
            check_source(node.value["credentials"], taken["credentials"], self.stores, report)
            return dict(taken["credentials"])
        label = taken.get("key")
        if label is None:
            return None
        known = {key.label: key for key in keys if key.state == "present"}
        if label not in known:
            report.value(node.value["key"], f"{shown(label)} is none of its `api_keys`{near(label, known)}")
        elif known[label].store is None:
            report.value(node.value["key"], f"the key {shown(label)} has no `store` to take its secret from")
        return {"key": label}

    def _check(self, spec: AccountSpec, rules: VenueRules, layered: Layered, report: Report) -> None:
        """The venue type's checks across fields, once for each content; names and ids take no part in them."""
        deposit = spec.deposit
        content = (
            rules.type,
            spec.role,
            spec.state,
            spec.parent is None,
            spec.access is None,
            spec.account_mode,
            spec.position_mode,
            tuple(spec.position_modes.items()),
            spec.api_keys_exclusive,
            tuple([(s.field, s.key, s.value) for s in spec.settings]),
            tuple([(e.market, e.margin, e.selector, e.side, e.value, e.layer) for e in spec.leverage]),
            tuple([(k.label, k.state, k.permissions, k.ip_allowlist, k.store) for k in spec.api_keys]),
            None if deposit is None else deposit.credit_to,
            () if deposit is None else tuple([(a.currency, a.chain, a.type, a.count) for a in deposit.addresses]),
        )
        if content in self._sound:
            return
        findings = tuple(rules.check(spec))
        for place, address, message in findings:
            # a profile's field has the profile's address, so that many accounts of it are one problem
            node = layered.fields.get(address.removeprefix(f"{spec.key}."))
            report.place(place, message, address if node is None else report.address(node))
        if not findings and len(self._sound) < 50_000:
            self._sound.add(content)


def _scope_order(scope: tuple[str, str | None]) -> tuple[str, str]:
    return scope[0], scope[1] or ""


def _listed(root: Node) -> Iterator[tuple[int, Node]]:
    deposit = root.value.get("deposit")
    listed = deposit.value.get("addresses") if deposit is not None and type(deposit.value) is dict else None
    if listed is not None and type(listed.value) is list:
        yield from enumerate(listed.value)
