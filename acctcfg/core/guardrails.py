"""Guardrails: a plan and the manifest's limits in, the plan with every breach as a failing precheck out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import ROUND_CEILING, Decimal
from typing import Any

from acctcfg.core.address import Address, AddressPattern
from acctcfg.core.desired import Guardrails, Rule, Share
from acctcfg.core.plan import Precheck, Step
from acctcfg.core.state import KeyValue, Lost, Rotating, written

__all__ = ["Checker", "guard", "is_sensitive", "limit_of"]

Checker = Callable[[Mapping[str, object], Any], Sequence[str]]
"""`schema, instance -> what is wrong`: a JSON Schema engine, handed in."""

_POWERFUL = ("trade", "withdraw")
_GROUP_WRITE = ":write"  # of a permission group


def guard(steps: Sequence[Step], guardrails: Guardrails, *, accounts: int, check: Checker) -> list[Step]:
    """Every step with the breaches that it commits; a breach of a limit over the whole plan is every step's.

    `accounts` is the number of accounts in the whole manifest: shares are of that, and round up.
    """
    if not steps:
        return []
    over = tuple(_over_plan(steps, guardrails, accounts))
    return [step.with_prechecks(*_over_step(step, guardrails, check), *over) for step in steps]


def _over_plan(steps: Sequence[Step], guardrails: Guardrails, accounts: int) -> Iterable[Precheck]:
    deletes = sum(_takes_away(step) for step in steps)
    if deletes > guardrails.max_deletes:
        detail = f"the plan deletes or replaces {deletes}, guardrails.max_deletes is {guardrails.max_deletes}"
        yield Precheck("guardrail:max_deletes", "fail", detail)
    limit = limit_of(guardrails.max_changed_accounts, accounts)
    changed = len({step.address.account for step in steps})
    if limit is not None and changed > limit:
        detail = f"the plan changes {changed} of {accounts} accounts, guardrails.max_changed_accounts allows {limit}"
        yield Precheck("guardrail:max_changed_accounts", "fail", detail)


def limit_of(limit: int | Share | None, accounts: int) -> int | None:
    """A number or a share of the accounts as a number; shares round up."""
    if isinstance(limit, Share):
        return int((limit.percent * accounts / 100).to_integral_value(ROUND_CEILING))  # `//` of decimals truncates
    return limit


def _takes_away(step: Step) -> bool:
    """Deletes and replacements count.

    Replacing a key that an earlier run of ours left half made loses nothing, and a key whose secret is lost is replaced
    only once the user allows it: until then it must not hold up the whole plan.
    """
    before = step.change.before
    ours = isinstance(before, Lost) and before.ours
    allowed = not any(check.name == "secret_lost" and check.blocks for check in step.prechecks)
    return step.change.action == "delete" or (step.change.action == "replace" and not ours and allowed)


def _over_step(step: Step, guardrails: Guardrails, check: Checker) -> Iterable[Precheck]:
    after = written(step.change.after)
    most = None if step.address.field.startswith("settings.") else guardrails.max_leverage  # another number's matter
    if isinstance(after, Decimal) and most is not None and after > most:
        detail = f"{after} is above guardrails.max_leverage {most}"
        yield Precheck("guardrail:max_leverage", "fail", detail)
    if isinstance(after, KeyValue):
        powers = [word for word in after.permissions if word in _POWERFUL or word.endswith(_GROUP_WRITE)]
        if guardrails.require_ip_allowlist and powers and not after.ip_allowlist:
            detail = f"a key with {' and '.join(powers)} needs an ip_allowlist"
            yield Precheck("guardrail:require_ip_allowlist", "fail", detail)
        denied = [word for word in guardrails.deny_permissions if _gives(after, word)]
        if denied:
            yield Precheck("guardrail:deny_permissions", "fail", f"guardrails deny {', '.join(denied)}")
    for rule in guardrails.rules:
        if _selects(rule, step):
            wrong = check(rule.schema, step.to_json())
            if wrong:
                yield Precheck(f"guardrail:{rule.name}", "fail", f'rule "{rule.name}": {"; ".join(wrong)}')


def _gives(key: KeyValue, word: str) -> bool:
    """Whether a key has a permission; where the venue has groups, write access to any of them can do what trade can."""
    return word in key.permissions or (word == "trade" and any(one.endswith(_GROUP_WRITE) for one in key.permissions))


def _selects(rule: Rule, step: Step) -> bool:
    """Every condition must match; none at all selects every step."""
    return (
        (not rule.address or any(AddressPattern(text).matches(step.address) for text in rule.address))
        and (not rule.action or _matches(rule.action, step.change.action))
        and (not rule.venue or _matches(rule.venue, step.venue))
    )


def _matches(patterns: Iterable[str], word: str) -> bool:
    return any(AddressPattern(text).matches(Address(word)) for text in patterns)


def is_sensitive(step: Step) -> str:
    """Why a step wants `--allow-sensitive`: withdraw gained, an allow-list widened or dropped, a one-way door; "" if it
    does not."""
    if step.one_way:
        return f"it cannot be undone: {step.one_way}"
    after, before = step.change.after, step.change.before
    if isinstance(before, Lost | Rotating):
        before = before.value
    if not isinstance(after, KeyValue):
        return ""
    had = before if isinstance(before, KeyValue) else None
    if "withdraw" in after.permissions and (had is None or "withdraw" not in had.permissions):
        return "it gets the permission withdraw"
    if had is None or not had.ip_allowlist:
        return ""
    if not after.ip_allowlist:
        return "its IP allow-list is dropped"
    if set(after.ip_allowlist) - set(had.ip_allowlist):
        return "its IP allow-list is widened"
    return ""
