"""The shape of `guardrails`; see `shape`."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from acctcfg.core.built_in import RULES, SETS
from acctcfg.manifest.approvals import APPROVALS
from acctcfg.manifest.containers import Field, ListOf, OneOrMany, Plain, Record
from acctcfg.manifest.core_schema import number
from acctcfg.manifest.days import UNTIL
from acctcfg.manifest.nodes import Node
from acctcfg.manifest.problems import Report
from acctcfg.manifest.scalars import BAD, IN_QUOTES, Decimals, Flag, Text, Whole, Word
from acctcfg.manifest.text_rules import DURATION, SHARE
from acctcfg.manifest.windows import WINDOW

__all__ = ["WaveKind", "guardrails"]


class _Share(Text):
    """A count of accounts, or a share of them."""

    def take(self, node: Node, report: Report) -> object:
        """An int, or the text of a share."""
        value = number(node.value) if type(node.value) is str else node.value
        if type(value) is int or (type(value) is Decimal and value == value.to_integral_value()):
            return Whole(0).take(node, report)
        if type(value) is not Decimal:
            return super().take(node, report)
        report.value(node, f"{report.written(node)} must be {self.rule.words}")
        return BAD

    def schema(self) -> dict[str, object]:
        return Whole(0).schema() | {"pattern": f"{IN_QUOTES}|^(?:{self.rule.pattern})$"}


class WaveKind:
    """A number or a share of a plan's accounts, or one with the time to wait afterwards."""

    def __init__(self) -> None:
        self.accounts = _Share(SHARE)
        self.record = Record(
            {
                "accounts": Field(kind=self.accounts, doc="The number or share, cumulative", required=True),
                "then_wait": Field(kind=Text(DURATION), doc="How long to wait before the next wave", required=True),
            }
        )

    def take(self, node: Node, report: Report) -> object:
        """A dict with `accounts`, and perhaps `then_wait`."""
        if type(node.value) is dict:
            taken = self.record.take(node, report)
            return taken if "accounts" in taken else BAD
        accounts = self.accounts.take(node, report)
        return BAD if accounts is BAD else {"accounts": accounts}

    def schema(self) -> dict[str, object]:
        return {"anyOf": [self.accounts.schema(), self.record.schema()]}


def _rule() -> Record:
    patterns = OneOrMany(Text())
    when = Record(
        {
            "address": Field(kind=patterns, doc='Address patterns, such as "*.leverage[swap/*]"; only * and ?'),
            "action": Field(kind=patterns, doc="create, change, replace or delete, or patterns"),
            "venue": Field(kind=patterns, doc="Keys of `venues`, or patterns"),
        }
    )
    return Record(
        {
            "name": Field(kind=Text(), doc="What a breach is called", required=True),
            "when": Field(kind=when, doc="Which steps it is about: all must match; none of them: every step"),
            "schema": Field(
                kind=Plain({"type": ["object", "boolean"]}),  # no reference: an editor would go and fetch it
                doc="The JSON Schema that every such step must satisfy",
                required=True,
            ),
        }
    )


def _exception() -> Record:
    return Record(
        {
            "rule": Field(kind=Text(), doc="The id of a built-in rule, or the name of one of `rules`", required=True),
            "accounts": Field(
                kind=OneOrMany(Text()), doc="Accounts that it leaves out, or patterns (* and ?)", required=True
            ),
            "until": UNTIL,
            "reason": Field(kind=Text(), doc="Why; every plan that it lets pass says so", required=True),
        }
    )


def _rule_sets() -> Field:
    notes = tuple((rule.id, f"({rule.set}) {rule.says}: {rule.why}. To satisfy it: {rule.instead}") for rule in RULES)
    return Field(
        kind=ListOf(Word(SETS), unique=True),
        doc="Built-in rules, by set. A breach blocks the step that would bring it about; one that is there already "
        "is a warning",
        notes=notes,
    )


def guardrails(permissions: Iterable[str]) -> Record:
    """Limits and rules. `permissions`: all words that a key's may come to."""
    windows = {
        "allow": Field(kind=Text(WINDOW), doc="An apply may run in this window; with any of these, only in them"),
        "deny": Field(kind=Text(WINDOW), doc="No apply runs in this window"),
    }
    return Record(
        {
            "max_leverage": Field(kind=Decimals(most=1_000_000), doc="No leverage above this"),
            "require_ip_allowlist": Field(kind=Flag(), doc="Keys that can trade or withdraw need an allow-list"),
            "deny_permissions": Field(
                kind=ListOf(Word(permissions), unique=True),
                doc="Permissions that no key may get; default: [withdraw]",
            ),
            "max_deletes": Field(kind=Whole(0), doc="Deletes and replacements in one apply; default: 0"),
            "max_changed_accounts": Field(
                kind=_Share(SHARE),
                doc="A number, or a share of the accounts in the manifest; default: no limit",
            ),
            "adopt": Field(
                kind=Word({"allow": "with a warning", "explicit": "only with its `uid`, or `adopt: true`"}),
                doc="Whether an account that exists already is taken over; default: allow",
            ),
            "rules": Field(kind=ListOf(_rule()), doc="Policy as code, checked on every plan"),
            "rule_sets": _rule_sets(),
            "exceptions": Field(kind=ListOf(_exception()), doc="Accounts that a rule leaves out"),
            "rollout": Field(
                kind=ListOf(WaveKind(), least=1),
                doc="Waves: after each, how many of the plan's accounts are done. A wave with a failed step starts no "
                "later one; the last is 100%",
            ),
            "approvals": Field(kind=APPROVALS, doc="Who must sign a plan before it is applied"),
            "windows": Field(
                kind=ListOf(Record(windows, one_of=(tuple(windows),)), least=1),
                doc="When an apply may run; a deny wins, and the plan's estimate must fit. `cap` is exempt",
            ),
        }
    )
