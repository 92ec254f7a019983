"""Accounts: profiles laid under each entry, fields narrowed to its venue's type, and what accounts say of others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from acctcfg.core.desired import (
    AccountSpec,
    LeverageEntry,
    Place,
    StoreSpec,
    VenueSpec,
)
from acctcfg.core.own_field import Above, OwnField, Upper
from acctcfg.core.rules import VenueRules
from acctcfg.core.vocabulary import PositionMode
from acctcfg.deposit import DEPOSIT
from acctcfg.errors import Problem
from acctcfg.manifest.account_deposit import build_deposit
from acctcfg.manifest.account_keys import Same, build_access, build_keys
from acctcfg.manifest.containers import Later, Table
from acctcfg.manifest.files import Workspace
from acctcfg.manifest.moved import Moved
from acctcfg.manifest.narrowing import check_parts
from acctcfg.manifest.nodes import Node
from acctcfg.manifest.problems import Report, near, shown
from acctcfg.manifest.profiles import Layered, Profiles, check_taken_away
from acctcfg.manifest.relations import between, shared_secrets
from acctcfg.manifest.scalars import BAD
from acctcfg.manifest.settings import build_settings
from acctcfg.manifest.shape import NAME, Shape
from acctcfg.signing import signing_of

__all__ = ["EVERY_TYPE", "build_accounts"]

EVERY_TYPE: Final = frozenset({"venue", "role", "name", "profile"})  # fields that every venue type has
_POSITION_MODES = {str(word): word for word in PositionMode}


def build_accounts(
    workspace: Workspace,
    shape: Shape,
    venues: Mapping[str, VenueSpec],
    stores: Mapping[str, StoreSpec],
    moved: Moved,
) -> dict[str, AccountSpec]:
    """All accounts, sorted by key. Their nodes are let go one by one, so that two forms of all are never held."""
    profiles = Profiles(workspace, shape)
    building = _Building(workspace, shape, profiles, venues, stores, moved)
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
        moved: Moved,
    ) -> None:
        self.moved = moved
        self.workspace = workspace
        self.problems = workspace.problems
        self.place = workspace.sources.place
        self.shape = shape
        self.profiles = profiles
        self.venues = venues
        self.venue_names = frozenset(workspace.sections["venues"])
        self.stores = stores
        self.names = Table(shape.account, name=NAME)
        self._same = Same()
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
        if "token" in venue.credentials and taken.get("role", rules.roles[0]) != "main":
            excludes = signing_of(rules).bearer_excludes
            why = f"venues.{venue.key} signs with a token: {excludes} (use an API key, or `role: main`)"
            report.value(layered.fields.get("role", layered.fields["venue"]), why)
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
        allowed = (rules.main_fields | EVERY_TYPE) - {"name"} if main else rules.fields | EVERY_TYPE
        for name, child in layered.fields.items():
            known = self.shape.account.fields.get(name)
            if name in allowed or known is None or isinstance(known.kind, Later):
                continue
            if name in rules.fields | rules.main_fields | EVERY_TYPE:
                report.key(child, f"an account with `role: {role}` has no `{name}` (venue type {rules.type})")
            else:
                at = self._type_place(venue.key)
                why = f": {rules.unsupported_fields[name]}" if name in rules.unsupported_fields else ""
                report.key(child, f"venue type {rules.type} (at {at}) has no `{name}`{why}")
            taken.pop(name, None)

    def _type_place(self, venue: str) -> Place:
        """Where the manifest says the type of a connection."""
        return self.place(self.workspace.sections["venues"][venue].value["type"].mark)

    def _names_and_words(
        self, key: str, node: Node, layered: Layered, taken: dict[str, Any], rules: VenueRules, report: Report
    ) -> None:
        fields = layered.fields
        if taken.get("role", rules.roles[0]) != "main":
            name = taken.get("name")
            if name is not None:
                if not rules.name.allows(name):
                    report.value(fields["name"], f"{shown(name)} must be {rules.name.words}")
            elif "name" not in fields and len(self.moved.accounts.get(key, ())) > 1:
                report.key(
                    node, "`name` is missing: by `moved` it had several keys here (write what the venue calls it)"
                )
            elif "name" not in fields and NAME.allows(key) and not rules.name.allows(name := self._name(key)):
                report.key(node, f"the name {shown(name)} must be {rules.name.words} (or set `name`)")
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
                    fields[field], why or f"unknown value {shown(word)} for venue type {rules.type}{near(word, words)}"
                )
                del taken[field]
        if type(modes := taken.get("position_mode")) is dict:
            check_parts(fields["position_mode"], modes, rules, report)

    def _name(self, key: str) -> str:
        """The venue's name of an account that says none: its key here, or what that was before it was renamed here."""
        return next(iter(self.moved.accounts.get(key, ())), key)

    def _spec(  # long by the fields of an account: one line each
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
        keys = build_keys(fields.get("api_keys"), taken.get("api_keys") or {}, rules, self.stores, self._same, report)
        deposit = build_deposit(layered, taken.get("deposit"), rules, report)
        access = build_access(fields.get("access"), taken.get("access"), keys, self.stores, report)
        entries = self._entries(layered, rules) if len(self.shape.rules) > 1 else layered.entries
        switches = build_settings(
            fields.get("settings"),
            taken.get("settings"),
            rules,
            type_place=self._type_place(taken["venue"]),
            account_mode=taken.get("account_mode"),
            place=self.place,
            report=report,
        )
        mode, parts = _position_modes(taken.get("position_mode"), absent=absent)
        place = self.place
        places = {
            name: below.places[name] if below.fields.get(name) is child else place(child.key_mark)
            for name, child in fields.items()
        }
        return AccountSpec(
            key=key,
            venue=taken["venue"],
            name=taken.get("name") or self._name(key),
            formerly=self.moved.places(taken["venue"], key),
            place=place(node.key_mark),
            role=role,
            uid=taken.get("uid"),
            adopt=taken.get("adopt", False),
            above=_above(taken, rules),
            state=taken.get("state", "present"),
            protect=taken.get("protect", False),
            label=taken.get("label"),
            created_with={one.name: taken[one.name] for one in rules.own_fields if _creates(one) and one.name in taken},
            own={
                one.name: taken[one.name] for one in rules.own_fields if one.live and one.name in taken and not absent
            },
            access=access,
            account_mode=None if absent else taken.get("account_mode"),
            position_mode=mode,
            position_modes=parts,
            settings=() if absent else switches,
            leverage=() if absent or "leverage" not in fields else entries,
            api_keys=keys,
            api_keys_exclusive=taken.get("api_keys_exclusive", False),
            resources={} if absent or deposit is None else {DEPOSIT: deposit},
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

    def _check(self, spec: AccountSpec, rules: VenueRules, layered: Layered, report: Report) -> None:
        """The venue type's checks across fields, once for each content; names and ids take no part in them."""
        content = (
            rules.type,
            spec.role,
            spec.state,
            spec.above is None,
            tuple(spec.created_with),
            tuple(spec.own.items()),
            spec.access is None,
            spec.account_mode,
            spec.position_mode,
            tuple(spec.position_modes.items()),
            spec.api_keys_exclusive,
            tuple([(s.field, s.key, s.value) for s in spec.settings]),
            tuple([(e.market, e.margin, e.selector, e.side, e.value, e.layer) for e in spec.leverage]),
            tuple([(k.label, k.state, k.permissions, k.ip_allowlist, k.store) for k in spec.api_keys]),
            tuple((name, one.content()) for name, one in spec.resources.items()),
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


def _position_modes(value: object, *, absent: bool) -> tuple[PositionMode | None, dict[str, PositionMode]]:
    """The account's position mode, or those of its parts."""
    if absent:
        return None, {}
    if isinstance(value, dict):
        return None, {part: _POSITION_MODES[word] for part, word in sorted(value.items())}
    return _POSITION_MODES[value] if isinstance(value, str) else None, {}


def _above(taken: Mapping[str, Any], rules: VenueRules) -> Above | None:
    """The account that this one stands under, by the field of the venue type that says so."""
    fields = (one.name for one in rules.own_fields if isinstance(one.kind, Upper))
    return next((Above(name, taken[name]) for name in fields if name in taken), None)


def _creates(field: OwnField) -> bool:
    return not field.live and not isinstance(field.kind, Upper)
