"""The one-line filters of docs/json.md say what the plan's text says."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from acctcfg.core.plan import Plan
from acctcfg.core.scope import Scope
from acctcfg.render.data import plan_json

PAGE = (Path(__file__).parents[2] / "docs" / "json.md").read_text(encoding="utf-8")
FILTERS = re.findall(r"\| jq (?:(-c|-r) )?'(.+)'", PAGE)
pytestmark = pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed")


def _filtered(number: int, plan: Plan) -> str:
    option, text = FILTERS[number]
    command = ["jq", *filter(None, [option]), text]
    return subprocess.run(command, input=plan_json(plan), capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize(
    ("scope", "matches"),
    [(Scope(whole=True), "true"), (Scope(targets=("a1",)), "false"), (Scope(whole=True, sets_nothing=("a",)), "false")],
)
def test_match_is_more_than_no_steps(scope, matches):
    """As in the text."""
    plan = Plan(steps=(), scope=scope)
    assert (_filtered(0, plan), plan.matches) == (matches, matches == "true")
