"""`secret_stores`, from what each type of store declares: the shape, the checks, the values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, assert_never

from acctcfg.core.desired import StoreSpec
from acctcfg.core.setting import Flag as FlagKind
from acctcfg.core.setting import Line
from acctcfg.core.store_type import Command, Lines, Option, OptionKind, PrivateSource, StoreType
from acctcfg.core.text_rule import PATH, VARIABLE
from acctcfg.manifest.commands import CommandLine, Trust
from acctcfg.manifest.containers import Field, Kind, ListOf, Record
from acctcfg.manifest.nodes import Node
from acctcfg.manifest.problems import Report
from acctcfg.manifest.scalars import BAD, Flag, Text, Word

__all__ = ["build_store", "store_shape"]

UNKNOWN: Final = StoreType(type="", doc="")
"""The type of a store whose own is missing or wrong: that is reported, and what names the store is not wrong too."""


def store_shape(types: Mapping[str, StoreType], trust: Trust) -> Record:
    """The shape of one store: the union over the types."""
    owners: dict[str, list[str]] = {}
    options: dict[str, Option] = {}
    for one in types.values():
        for name, option in one.options.items():
            owners.setdefault(name, []).append(one.type)
            if options.setdefault(name, option).kind != option.kind:
                raise ValueError(f"two types of store declare {name!r}, each of another kind")
    words = {one.type: one.doc for one in types.values()}
    fields = {"type": Field(kind=Word(words), doc="The kind of store", required=True)}
    fields |= {
        name: Field(kind=_kind(option.kind, trust), doc=f"{', '.join(owners[name])}: {option.doc}")
        for name, option in options.items()
    }
    return Record(fields)


def _kind(kind: OptionKind, trust: Trust) -> Kind:
    match kind:
        case Line(rule):
            return Text(rule)
        case Lines(rule, flaw):
            return ListOf(Text(rule, private=True, flaw=flaw), least=1, unique=True)
        case Command():
            return CommandLine(trust)
        case FlagKind():
            return Flag()
        case PrivateSource(what):
            fields = {
                "env": Field(kind=Text(VARIABLE, private=True), doc=f"The variable that holds {what}"),
                "file": Field(kind=Text(PATH, private=True), doc=f"The file that holds {what}; ~ is expanded"),
            }
            return Record(fields, one_of=(("env", "file"),))
        case _ as unknown:
            assert_never(unknown)


def build_store(key: str, node: Node, shape: Record, types: Mapping[str, StoreType], report: Report) -> StoreSpec:
    """A store as it was written; what its type lacks, or wants besides, is reported."""
    taken = shape.take(node, report)
    if taken is BAD:
        taken = {}
    kind = types.get(taken.get("type", ""), UNKNOWN)
    if kind is not UNKNOWN and type(node.value) is dict:
        _check(kind, node, types, report)
    options = {name: _value(taken[name]) for name in kind.options if taken.get(name, BAD) is not BAD}
    return StoreSpec(key=key, kind=kind, options=options, place=report.sources.place(node.key_mark))


def _check(kind: StoreType, node: Node, types: Mapping[str, StoreType], report: Report) -> None:
    others = {name for one in types.values() for name in one.options if name not in kind.options}
    for name in node.value:
        if name in others:
            at = report.sources.place(node.value["type"].mark)
            report.key(node.value[name], f"a store of type {kind.type} (at {at}) has no `{name}`")
    for name, option in kind.options.items():
        if option.needed and name not in node.value:
            report.value(node, f"`{name}` is missing ({option.needed})")


def _value(taken: object) -> str | bool | tuple[str, ...] | Mapping[str, str]:
    if isinstance(taken, list | tuple):
        return tuple(one for one in taken if one is not BAD)
    assert isinstance(taken, str | bool | Mapping)  # noqa: S101 (the kinds take nothing else)
    return taken
