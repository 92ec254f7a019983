"""The sentence that live accounts match comes from a plan that looked at everything, and from nowhere else."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from core_values import plans, scopes
from hypothesis import given
from laws_world import laws

import acctcfg
from acctcfg.core.outcome import Outcome
from acctcfg.core.plan import MATCH, Plan
from acctcfg.core.scope import Scope
from acctcfg.render.outcome import render_outcome
from acctcfg.render.text import render_plan


@laws(200)
@given(plans, scopes)
def test_match_is_said_by_a_whole_plan_without_a_finding(plan: Plan, scope: Scope) -> None:
    """Not where it was narrowed, where a step is left, where anything could not be read, or an entry set nothing."""
    plan = replace(plan, scope=scope)
    silent = not plan.steps and not plan.unreadable and not scope.sets_nothing
    may = silent and scope.whole and not scope.targets and not scope.excludes
    texts = (render_plan(plan), render_outcome(Outcome(plan=plan)), render_outcome(Outcome(plan=plan, claimed=3)))
    for text in texts:
        assert ("match" in text.splitlines()[-1]) is may
        assert ("No changes" in text) is may
    assert (plan.conclusion[0] == MATCH) is may


@laws(100)
@given(plans, scopes)
def test_a_narrowed_plan_says_to_what(plan: Plan, scope: Scope) -> None:
    """In the line after the counts and in the document; one that was not narrowed says nothing of it."""
    plan = replace(plan, scope=scope)
    said = f"Only {', '.join(scope.targets)} was looked at" if scope.targets else ""
    if scope.excludes:
        without = ", ".join(scope.excludes)
        said = f"{said}, without {without}" if said else f"Everything except {without} was looked at"
    said += "." * bool(said)
    assert plan.conclusion[1:] == ((said,) if said else ())
    assert render_plan(plan).splitlines()[-1] == (said or plan.conclusion[0])
    assert plan.to_json()["targets"] == list(scope.targets)
    assert plan.to_json()["excludes"] == list(scope.excludes)


def test_entries_that_set_nothing_are_counted_in_the_last_line() -> None:
    """Also where something could not be read besides."""
    scope = Scope(whole=True, sets_nothing=("a.leverage[0]", "a.leverage[1]"))
    assert Plan(steps=(), scope=scope).conclusion == ("Nothing to change in what was read; 2 entries set nothing.",)


def test_a_plan_that_does_not_say_what_it_looked_at_looked_at_nothing() -> None:
    """The careful default: whoever makes a plan must say that it is of everything."""
    assert Plan(steps=()).conclusion == ("Nothing to change in what was read.",)


def test_the_sentence_is_written_in_one_place() -> None:
    """A second place could say it of a plan that may not."""
    folder = Path(acctcfg.__file__).parent
    found = [
        file.relative_to(folder).as_posix()
        for file in sorted(folder.rglob("*.py"))
        for _ in re.finditer(r"No changes\. ", file.read_text(encoding="utf-8"))
        if "conformance" not in file.parts and "sandbox" not in file.parts  # these read what another program says
    ]
    assert found == ["core/plan.py"]
