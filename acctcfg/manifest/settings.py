"""`settings` of an account, from what each venue type declares: the shape, the checks, the values by address."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, assert_never

from acctcfg.core.desired import Place, SettingEntry
from acctcfg.core.rules import VenueRules
from acctcfg.core.setting import ALL, Choice, Keyed, Line, Number, OnOff, Record, Setting, Simple
from acctcfg.core.setting import Flag as FlagKind
from acctcfg.core.setting import Kind as SettingKind
from acctcfg.core.state import Members
from acctcfg.manifest import containers
from acctcfg.manifest.alternatives import AllOrListed, OneValue
from acctcfg.manifest.containers import Field, Kind, Table
from acctcfg.manifest.nodes import Node
from acctcfg.manifest.problems import Report, near, shown
from acctcfg.manifest.scalars import Decimals, Flag, Text, Whole, Word

__all__ = ["build_settings", "settings_field"]


def settings_field(rules: Iterable[VenueRules]) -> Field:
    """The shape of `settings`: the union over the venue types."""
    declared: dict[str, Setting] = {}
    every = list(rules)
    for one in (setting for some in every for setting in some.settings):
        if declared.setdefault(one.name, one).kind != one.kind:
            raise ValueError(f"two venue types declare the setting {one.name!r}, each of another kind")
    fields = {name: Field(kind=_kind(one.kind), doc=one.doc, notes=_notes(one)) for name, one in declared.items()}
    unmanaged = {name: why for some in every for name, why in some.unmanaged.items()}
    return Field(kind=_Switches(fields, unmanaged), doc="The venue's other switches")


class _Switches(containers.Record):
    """The settings; what a venue has besides and no manifest holds is refused with the reason."""

    def __init__(self, fields: Mapping[str, Field], unmanaged: Mapping[str, str]) -> None:
        super().__init__(fields, nulls=True)
        self._unmanaged = unmanaged

    def unknown(self, name: str, node: Node, report: Report) -> None:
        if (why := self._unmanaged.get(name)) is None:
            super().unknown(name, node, report)
        else:
            report.key(node, f"no manifest holds {shown(name)}: {why}")


def _notes(setting: Setting) -> tuple[tuple[str, str], ...]:
    """What `explain` adds."""
    rows = (
        ("account modes", ", ".join(setting.modes)),
        ("prechecks", ", ".join(setting.prechecks)),
        ("one way", "; ".join(setting.one_ways)),
    )
    return tuple(row for row in rows if row[1])


def _kind(kind: SettingKind) -> Kind:
    match kind:
        case FlagKind() | Choice() | Line() | Number():
            return _simple(kind)
        case Record():
            return _record(kind)
        case Keyed(by, rule, item):
            inner = _record(item, whole=True) if isinstance(item, Record) else _simple(item)
            return Table(inner, name=rule, nulls=True, what=by)
        case OnOff(by, rule):
            return AllOrListed(by, rule)
        case _ as unknown:
            assert_never(unknown)


def _simple(kind: Simple) -> Kind:
    match kind:
        case FlagKind():
            return (
                Flag()
                if kind.only is None
                else OneValue(kind.only, f"it cannot be undone: {kind.one_way[kind.only].why}")
            )
        case Choice(words):
            return Word(words)
        case Line(rule):
            return Text(rule)
        case Number(zero, most, whole):
            return Whole(0 if zero else 1, most) if whole else Decimals(most=most, zero=zero)
        case _ as unknown:
            assert_never(unknown)


def _record(kind: Record, *, whole: bool = False) -> containers.Record:
    """`whole`: its fields are one value, so none can be left out."""
    fields = {name: Field(kind=_simple(p.kind), doc=p.doc, required=whole) for name, p in kind.parts.items()}
    return containers.Record(fields, nulls=not whole)


def build_settings(
    node: Node | None,
    taken: Mapping[str, Any] | None,
    rules: VenueRules,
    *,
    type_place: Place,
    account_mode: str | None,
    place: Callable[[Any], Place],
    report: Report,
) -> tuple[SettingEntry, ...]:
    """What each address should hold. What the venue type, or the account mode that is wanted, lacks is reported."""
    declared = {one.name: one for one in rules.settings}
    found = []
    if node is None or not taken:
        return ()
    if not declared:
        report.key(node, f"is not supported yet at venue type {rules.type}")
        return ()
    for name, value in taken.items():
        child, setting = node.value[name], declared.get(name)
        if setting is None:
            report.key(
                child, f"venue type {rules.type} (at {type_place}) has no setting `{name}`{near(name, declared)}"
            )
        elif account_mode is not None and (why := setting.lacks(account_mode)):
            report.key(child, why)
        else:
            for key, one in setting.addressed(value):
                at = _written_at(setting, child, key)
                found.append(SettingEntry(field=setting.field, key=key, value=_value(one), place=place(at.key_mark)))
    return tuple(sorted(found, key=lambda one: (one.field, one.key)))


def _written_at(setting: Setting, node: Node, key: str) -> Node:
    """Where what one address holds was written."""
    if isinstance(setting.kind, OnOff) and key != ALL:
        for name in ("enabled", "disabled"):
            written = node.value[name].value if name in node.value else None
            listed: list[Node] = written if type(written) is list else []  # any other is reported already
            for one in listed:
                if one.value == key:
                    return one
    found: Node = node.value.get(key, node) if key else node
    return found


def _value(taken: Any) -> Any:
    """As a live value has it: every number is a decimal."""
    if isinstance(taken, dict):
        return Members.of({name: _value(one) for name, one in taken.items()})
    return Decimal(taken) if type(taken) is int else taken
