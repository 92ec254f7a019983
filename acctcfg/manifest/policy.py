"""Guardrails: the limits and rules that every plan of this workspace is checked against."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from acctcfg.core.built_in import RULES
from acctcfg.core.desired import Exemption, Guardrails, Rule
from acctcfg.core.rules import VenueRules
from acctcfg.manifest.approvals import build_approvals
from acctcfg.manifest.files import Workspace
from acctcfg.manifest.nodes import Node
from acctcfg.manifest.problems import Report, near, shown
from acctcfg.manifest.rollout import build_rollout, share_of
from acctcfg.manifest.rule_keywords import check_keywords
from acctcfg.manifest.rule_schemas import schema_error
from acctcfg.manifest.scalars import BAD
from acctcfg.manifest.selectable import not_selectable
from acctcfg.manifest.shape import Shape
from acctcfg.manifest.windows import build_windows

__all__ = ["build_guardrails"]

BUILT_IN = tuple(rule.id for rule in RULES)
_REGULAR = re.compile(r"^\.|[\^$|()+\\{}]")  # a regular expression, which no address can match
ACTIONS = ("create", "change", "replace", "delete")


def build_guardrails(workspace: Workspace, shape: Shape) -> Guardrails:
    """The guardrails of all files; a limit that is wrong keeps its careful default, and a problem."""
    section = workspace.sections["guardrails"]
    if not section:
        return Guardrails()
    mark = min(node.key_mark for node in section.values())
    whole = Node(section, mark, mark)
    report = Report(workspace.sources, workspace.problems, [("guardrails", whole)])
    taken = shape.guardrails.take(whole, report)
    changed = taken.get("max_changed_accounts")
    changed = None if changed is None else share_of(changed)
    default = Guardrails()
    venues = workspace.sections["venues"]
    rules = _rules(section["rules"], taken["rules"], venues, shape.rules.values(), report) if "rules" in taken else ()
    excepted = _exceptions(section["exceptions"], taken["exceptions"], rules, report) if "exceptions" in taken else ()
    denied = taken.get("deny_permissions", default.deny_permissions)
    return Guardrails(
        max_leverage=taken.get("max_leverage"),
        require_ip_allowlist=taken.get("require_ip_allowlist", False),
        deny_permissions=tuple(sorted(word for word in denied if word is not BAD)),
        max_deletes=taken.get("max_deletes", 0),
        max_changed_accounts=changed,
        adopt=taken.get("adopt", default.adopt),
        rules=rules,
        rule_sets=tuple(sorted(word for word in taken.get("rule_sets", ()) if word is not BAD)),
        exceptions=excepted,
        approvals=build_approvals(taken.get("approvals")),
        windows=build_windows(section["windows"], taken["windows"], report) if "windows" in taken else (),
        rollout=build_rollout(section["rollout"], taken["rollout"], report) if "rollout" in taken else (),
    )


def _rules(
    node: Node, taken: list[Any], venues: Collection[str], types: Collection[VenueRules], report: Report
) -> tuple[Rule, ...]:
    rules: dict[str, Rule] = {}
    for child, values in zip(node.value, taken, strict=True):
        if values is BAD:
            continue
        when = values.get("when", {})
        patterns = {
            key: tuple(one for one in when.get(key, ()) if one is not BAD) for key in ("address", "action", "venue")
        }
        _check_when(child, patterns, venues, types, report)
        if "schema" in values:
            _check_schema(child.value["schema"], values["schema"], report)
        if (name := values.get("name")) is None:
            continue
        if name in BUILT_IN:
            report.value(child.value["name"], f"{shown(name)} is the id of a built-in rule (choose another name)")
        if name in rules:
            report.value(child.value["name"], f"duplicate rule name {shown(name)} (first at {rules[name].place})")
        place, schema = report.sources.place(child.mark), values.get("schema", True)
        rules.setdefault(name, Rule(name=name, **patterns, schema=schema, place=place))
    return tuple(rules.values())


def _check_schema(node: Node, schema: object, report: Report) -> None:
    if why := schema_error(schema):
        report.value(node, f"is not a valid JSON Schema: {why}")
    else:
        check_keywords(node, report)


def _check_when(
    rule: Node,
    patterns: Mapping[str, tuple[str, ...]],
    venues: Collection[str],
    types: Collection[VenueRules],
    report: Report,
) -> None:
    """A rule that matches nothing guards nothing."""
    for what, known in (("action", ACTIONS), ("venue", venues)):
        for word in patterns[what]:
            if word in known or any(char in word for char in "*?"):
                continue
            meant = near(word, known)
            # rules are shared between workspaces: the venue of another one is no mistake
            if "did you mean" in meant or what == "action":
                report.value(rule.value["when"].value[what], f"unknown {what} {shown(word)}{meant}")
    for word in patterns["address"]:
        if wrong := _address_flaw(word, types):
            report.value(rule.value["when"].value["address"], f"{shown(word)} {wrong}")


def _address_flaw(word: str, types: Collection[VenueRules]) -> str:
    """Why no step has an address that fits; "" where one may have."""
    if _REGULAR.search(word):
        return 'is not an address pattern (only * and ? are special, such as "*.leverage[swap/*]")'
    return not_selectable(word, types)


def _exceptions(node: Node, taken: list[Any], rules: tuple[Rule, ...], report: Report) -> tuple[Exemption, ...]:
    known, found = [*BUILT_IN, *(rule.name for rule in rules)], []
    for child, values in zip(node.value, taken, strict=True):
        if values is BAD:
            continue
        if (rule := values.get("rule")) is not None and rule not in known:
            report.value(child.value["rule"], f"unknown rule {shown(rule)}{near(rule, known)}")
        if not {"rule", "accounts", "reason"} <= values.keys():
            continue
        found.append(
            Exemption(
                rule=values["rule"],
                accounts=tuple(one for one in values["accounts"] if one is not BAD),
                until=values.get("until", ""),
                reason=values["reason"],
                place=report.sources.place(child.mark),
            )
        )
    return tuple(found)
