"""Laws of guardrails: they only add, they count as the contract says, and no step slips by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from core_values import steps
from hypothesis import given
from hypothesis import strategies as st
from laws_world import laws

from acctcfg.core.desired import Guardrails, Place, Rule, Share
from acctcfg.core.guardrails import guard, is_sensitive, limit_of
from acctcfg.core.plan import Step
from acctcfg.core.state import KeyValue, Lost

SOME = st.lists(steps, max_size=6, unique_by=lambda step: step.address)
HERE = Place("acctcfg.yaml", 1, 1)
PLAIN = defaultdict(lambda: str)  # at every connection a permission amounts to itself
LIMITS = st.builds(
    Guardrails,
    max_leverage=st.none() | st.integers(1, 100).map(Decimal),
    require_ip_allowlist=st.booleans(),
    deny_permissions=st.sampled_from([(), ("withdraw",), ("trade", "withdraw")]),
    max_deletes=st.integers(0, 4),
    max_changed_accounts=st.none() | st.integers(0, 3) | st.builds(Share, st.integers(0, 100).map(Decimal)),
)


def nothing_wrong(schema: Mapping[str, Any], instance: Any) -> Sequence[str]:
    """A schema engine that finds no fault."""
    return ()


def names(step: Step, *before: Step) -> set[str]:
    """The breaches that were added to a step."""
    had = len(before[0].prechecks) if before else 0
    return {check.name.removeprefix("guardrail:") for check in step.prechecks[had:]}


@laws(300)
@given(SOME, LIMITS, st.integers(1, 10))
def test_every_breach_is_a_failing_precheck_of_its_step(some: list[Step], limits: Guardrails, accounts: int) -> None:
    """Leverage above the maximum, powerful keys without addresses, denied permissions, too many deletes or accounts."""
    judged = guard(some, limits, accounts=accounts, check=nothing_wrong, amounts_to=PLAIN)
    assert [step.change for step in judged] == [step.change for step in some]
    ours = [s for s in some if isinstance(s.change.before, Lost) and s.change.before.ours]
    taken = [s for s in some if s.change.action == "delete" or (s.change.action == "replace" and s not in ours)]
    allowed = limits.max_changed_accounts
    if isinstance(allowed, Share):
        allowed = next(n for n in range(accounts + 1) if n * 100 >= allowed.percent * accounts)
    touched = {step.address.account for step in some}
    for step, judged_step in zip(some, judged, strict=True):
        after, expected = step.change.after, set()
        if isinstance(after, Decimal) and limits.max_leverage is not None and after > limits.max_leverage:
            expected.add("max_leverage")
        if isinstance(after, KeyValue):
            if set(after.permissions) & set(limits.deny_permissions):
                expected.add("deny_permissions")
            powerful = {"trade", "withdraw"} & set(after.permissions)
            if limits.require_ip_allowlist and powerful and not after.ip_allowlist:
                expected.add("require_ip_allowlist")
        if len(taken) > limits.max_deletes:
            expected.add("max_deletes")
        if allowed is not None and len(touched) > allowed:
            expected.add("max_changed_accounts")
        assert names(judged_step, step) == expected
        assert judged_step.blocked is (step.blocked or bool(expected))


@laws(200)
@given(SOME, st.lists(st.sampled_from(["*", "mmdesk0?", "*.leverage[swap/*]", "desk.account_mode"]), max_size=2))
def test_a_rule_meets_the_steps_that_it_selects(some: list[Step], address: list[str]) -> None:
    """All conditions of `when` must match, none selects every step, and what the schema says is in the breach."""
    rule = Rule(
        name="no", address=tuple(address), action=("c*",), venue=("desk",), schema={"not": {}}, place=HERE
    )  # actions create and change
    limits = Guardrails(max_deletes=99, rules=(rule,), deny_permissions=())
    judged = guard(some, limits, accounts=9, check=_always, amounts_to=PLAIN)
    for step, judged_step in zip(some, judged, strict=True):
        hit = step.venue == "desk" and step.change.action in ("create", "change")
        hit = hit and (not address or any(_selects(glob, str(step.address), step.address.account) for glob in address))
        assert ("no" in names(judged_step, step)) is hit


@laws(100)
@given(steps, SOME, LIMITS, st.lists(st.sampled_from(["*", "mmdesk0?", "*.leverage[swap/*]"]), max_size=1))
def test_what_a_step_sets_besides_is_judged_as_a_step(
    step: Step, others: list[Step], limits: Guardrails, address: list[str]
) -> None:
    """It breaks what its own change breaks, and what each of the others would, told with its address."""
    rule = Rule(name="no", address=tuple(address), action=(), venue=(), schema={"not": {}}, place=HERE)
    limits = replace(limits, rules=(rule,), max_deletes=99, max_changed_accounts=None)

    def breaks(one: Step) -> set[str]:
        return names(*guard([one], limits, accounts=9, check=_always, amounts_to=PLAIN), one)

    [judged] = guard(
        [replace(step, besides=tuple(one.change for one in others))],
        limits,
        accounts=9,
        check=_always,
        amounts_to=PLAIN,
    )
    alone = [(one, breaks(replace(step, change=one.change))) for one in others]
    assert names(judged, step) == breaks(step).union(*(found for _, found in alone))
    told = "; ".join(check.detail for check in judged.prechecks)
    assert all(str(one.address) in told for one, found in alone if found)


def _always(schema: Mapping[str, Any], instance: Any) -> Sequence[str]:
    return ("wrong",)


def _selects(glob: str, address: str, account: str) -> bool:
    return {
        "*": True,
        "mmdesk0?": account.startswith("mmdesk0"),
        "*.leverage[swap/*]": ".leverage[swap/" in address,
        "desk.account_mode": address == "desk.account_mode",
    }[glob]


@laws(200)
@given(st.integers(0, 1000), st.integers(0, 100))
def test_shares_round_up(accounts: int, percent: int) -> None:
    """A share of the accounts is never rounded to less: 1% of 10 accounts is one, 0% is none."""
    found = limit_of(Share(Decimal(percent)), accounts)
    assert found is not None
    assert found * 100 >= percent * accounts
    assert found == 0 or (found - 1) * 100 < percent * accounts


@laws(300)
@given(steps)
def test_sensitive_is_what_widens(step: Step) -> None:
    """A withdraw permission gained, an allow-list widened or dropped; nothing else, and never a delete."""
    before, after = step.change.before, step.change.after
    before = before.value if isinstance(before, Lost) else before
    expected = False
    if isinstance(after, KeyValue):
        had = before if isinstance(before, KeyValue) else KeyValue((), (), None)
        expected = "withdraw" in set(after.permissions) - set(had.permissions)
        if had.ip_allowlist:
            expected = expected or not after.ip_allowlist or bool(set(after.ip_allowlist) - set(had.ip_allowlist))
    assert bool(is_sensitive(step)) is expected
