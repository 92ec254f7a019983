"""The one-line filters of docs/json.md give GitLab and GitHub the counts that the plan's last line has."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from plan_samples import step_of

from acctcfg.core.plan import Plan
from acctcfg.core.scope import Scope
from acctcfg.core.state import KeyValue
from acctcfg.render.data import plan_json

PAGE = (Path(__file__).parents[2] / "docs" / "json.md").read_text(encoding="utf-8")
FILTERS = re.findall(r"\| jq (?:(-c|-r) )?'(.+)'", PAGE)
pytestmark = pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed")


def _filtered(number: int, plan: Plan) -> str:
    option, text = FILTERS[number]
    command = ["jq", *filter(None, [option]), text]
    return subprocess.run(command, input=plan_json(plan), capture_output=True, text=True, check=True).stdout.strip()


def test_counts_are_those_of_the_last_line(desk_plan):
    """With a replacement among the steps: one create and one delete."""
    key = KeyValue(("read",), (), "vault")
    plan = replace(
        desk_plan, steps=(*desk_plan.steps, step_of("a1", "api_keys", "k", action="replace", before=key, after=key))
    )
    assert plan.conclusion == ("Plan: 3 to create, 3 to change, 1 to delete, 1 blocked.",)
    assert json.loads(_filtered(0, plan)) == {"create": 3, "update": 3, "delete": 1}
    assert _filtered(1, plan) == "3 to create, 3 to change, 1 to delete, 1 blocked"


@pytest.mark.parametrize(
    ("scope", "matches"),
    [(Scope(whole=True), "true"), (Scope(targets=("a1",)), "false"), (Scope(whole=True, sets_nothing=("a",)), "false")],
)
def test_match_is_more_than_no_steps(scope, matches):
    """As in the text."""
    plan = Plan(steps=(), scope=scope)
    assert (_filtered(2, plan), plan.matches) == (matches, matches == "true")
