"""Guardrails: a plan and the manifest's limits in, the plan with every breach as a failing precheck out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from acctcfg.core.address import Address, AddressPattern
from acctcfg.core.built_in import Breach, Powers, can, of_step, powers
from acctcfg.core.codes import GUARDRAIL
from acctcfg.core.desired import Exemption, Guardrails, Rule, Share, number_of
from acctcfg.core.plan import Precheck, Step, Warning_
from acctcfg.core.rules import AmountsTo
from acctcfg.core.state import KeyValue, Lost, Rotating, written

__all__ = ["Checker", "excepted", "guard", "is_sensitive", "limit_of", "told_of"]

Checker = Callable[[Mapping[str, object], Any], Sequence[str]]
"""`schema, instance -> what is wrong`: a JSON Schema engine, handed in."""

_EXCEPTED = "excepted "  # what the detail of a rule that leaves a step out begins with


def guard(
    steps: Sequence[Step], guardrails: Guardrails, *, accounts: int, check: Checker, amounts_to: Powers
) -> list[Step]:
    """Every step with the breaches that it commits; a breach of a limit over the whole plan is every step's.

    `accounts` is the number of accounts in the whole manifest: shares are of that, and round up.
    """
    if not steps:
        return []
    over = tuple(_over_plan(steps, guardrails, accounts))
    return [step.with_prechecks(*_over_step(step, guardrails, check, amounts_to[step.venue]), *over) for step in steps]


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
    return None if limit is None else number_of(limit, accounts)


def _takes_away(step: Step) -> bool:
    """Deletes and replacements count.

    Replacing a key that an earlier run of ours left half made loses nothing, and a key whose secret is lost is replaced
    only once the user allows it: until then it must not hold up the whole plan.
    """
    before = step.change.before
    ours = isinstance(before, Lost) and before.ours
    allowed = not any(check.name == "secret_lost" and check.blocks for check in step.prechecks)
    return step.change.action == "delete" or (step.change.action == "replace" and not ours and allowed)


def _over_step(step: Step, guardrails: Guardrails, check: Checker, amounts_to: AmountsTo) -> Iterable[Precheck]:
    """What its own value breaks, and what those break that its calls set besides: as if each were a step's own."""
    yield from _over_value(step, guardrails, check, amounts_to)
    besides: dict[tuple[str, str], list[str]] = {}
    for change in step.besides:
        for one in _over_value(replace(step, change=change), guardrails, check, amounts_to):
            told = f"{one.detail} ({change.address}, which this step sets besides)"
            besides.setdefault((one.name, one.status), []).append(told)
    for (name, status), details in besides.items():
        yield Precheck(name, status, "; ".join(details))


def _over_value(step: Step, guardrails: Guardrails, check: Checker, amounts_to: AmountsTo) -> Iterable[Precheck]:
    after = written(step.change.after)
    most = None if step.address.field.startswith("settings.") else guardrails.max_leverage  # another number's matter
    if isinstance(after, Decimal) and most is not None and after > most:
        detail = f"{after} is above guardrails.max_leverage {most}"
        yield Precheck("guardrail:max_leverage", "fail", detail)
    if isinstance(after, KeyValue) and not step.change.finishes:  # what is there already is no breach of this step
        strong = powers(after.permissions, amounts_to)
        if guardrails.require_ip_allowlist and strong and not after.ip_allowlist:
            detail = f"a key with {' and '.join(strong)} needs an ip_allowlist"
            yield Precheck("guardrail:require_ip_allowlist", "fail", detail)
        denied = [word for word in guardrails.deny_permissions if can(after, word, amounts_to)]
        if denied:
            detail = f"guardrails deny {', '.join(denied)}{_way_out(step.change.before, denied, amounts_to)}"
            yield Precheck("guardrail:deny_permissions", "fail", detail)
    broken = list(of_step(step, guardrails, amounts_to))
    for rule in guardrails.rules:
        if _selects(rule, step) and (wrong := check(rule.schema, step.to_json())):
            broken.append((rule.name, f'rule "{rule.name}": {"; ".join(wrong)}'))
    for name, why in broken:
        exemption = _exemption(name, step.address.account, guardrails)
        if exemption is None:
            yield Precheck(f"{GUARDRAIL}{name}", "fail", why)
        else:
            yield Precheck(f"{GUARDRAIL}{name}", "pass", f"{_EXCEPTED}{_why(exemption)}; it would block: {why}")


def _way_out(before: object, denied: Sequence[str], amounts_to: AmountsTo) -> str:
    """Of a key that has already what is denied, which a change of anything else would leave it."""
    had = before.value if isinstance(before, Lost | Rotating) else before
    if not isinstance(had, KeyValue) or not all(can(had, word, amounts_to) for word in denied):
        return ""
    return ", which the key has by now: name its `permissions` without, in the same change"


def _exemption(rule: str, subject: str, guardrails: Guardrails) -> Exemption | None:
    """What lets an account break a rule; None where nothing does."""
    return next(
        (one for one in guardrails.exceptions if one.rule == rule and _matches(one.accounts, subject)),
        None,
    )


def _why(exemption: Exemption) -> str:
    return f"until {exemption.until} ({exemption.reason})" if exemption.until else f"({exemption.reason})"


def excepted(steps: Iterable[Step]) -> list[Warning_]:
    """A warning for every step that only an exception lets through."""
    return [
        Warning_(str(step.address), "exception", f"{one.name.removeprefix(GUARDRAIL)}: {one.detail}")
        for step in steps
        for one in step.prechecks
        if one.name.startswith(GUARDRAIL) and one.status == "pass" and one.detail.startswith(_EXCEPTED)
    ]


def told_of(breaches: Iterable[Breach], guardrails: Guardrails) -> list[Warning_]:
    """A warning for every breach that no step brings about, with what excepts it where something does."""
    found = []
    for one in breaches:
        exemption = _exemption(one.rule, one.subject, guardrails)
        if exemption is None:
            found.append(Warning_(one.address, "guardrail", f"{one.rule}: {one.message}"))
        else:
            message = f"{one.rule}: {_EXCEPTED}{_why(exemption)}: {one.message}"
            found.append(Warning_(one.address, "exception", message))
    return found


def _selects(rule: Rule, step: Step) -> bool:
    """Every condition must match; none at all selects every step. A field's name means every key of it: nobody who
    writes `*.position_mode` means to leave out the exchanges that have one each."""
    return (
        (not rule.address or any(AddressPattern(text).selects(step.address) for text in rule.address))
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
