"""Law of the revert: whatever a run did to whatever account, its saved plan brings back all that it does not name."""

from __future__ import annotations

from typing import Any

import pytest
from desk import Desk
from hypothesis import given
from hypothesis import strategies as st
from laws_world import World, at_desk, desks, live_accounts, pictures, wanted_accounts

NAME = "mmdesk01"


@st.composite
def edits(draw: st.DrawFn) -> tuple[World, dict[str, Any]]:
    """An account as somebody left it, a manifest of it, and another one."""
    live, stored = draw(live_accounts(NAME, disturbed=False))
    first = draw(wanted_accounts(live, disturbed=False))
    second = draw(wanted_accounts(live, disturbed=False))
    labels = {key["label"] for key in live["keys"]}
    keep = [(NAME, label) for label in sorted(labels) if (NAME, label) not in stored]
    return World({NAME: first}, {NAME: live}, (*stored, *keep), {"max_deletes": 9}), second


def apply(desk: Desk, *arguments: str) -> dict[str, Any]:
    """What became of it."""
    said = desk.apply("--format", "json", "--allow-sensitive", "--skip-blocked", *arguments)
    return dict(said.json)


@pytest.mark.slow
@desks(9)
@given(edits())
def test_a_revert_brings_back_what_it_does_not_name(edit: tuple[World, dict[str, Any]]) -> None:
    """Apply A, then B, then B's revert: each address is as before B, or named; a second revert has nothing to undo."""
    world, second = edit
    with at_desk(world) as (desk, _):
        apply(desk)
        before = pictures(desk)
        desk.write({NAME: second}, guardrails=world.guardrails)
        run = apply(desk).get("run")
        if not run:
            return  # refused as a whole
        said = desk.run("revert", run, "--out", "back.json", "--format", "json")
        assert said.code in (0, 1), said.err
        plan = said.json
        named = {one["address"] for one in plan["warnings"] if one["code"] == "not_undone"}
        outcome = apply(desk, "back.json")
        if outcome.get("exit_code") != 0:
            assert any(step["blocked"] for step in plan["steps"]) or plan["unreadable"], outcome
            return
        if not named:
            assert pictures(desk) == before
        else:
            same_but_for(named, before[NAME], pictures(desk)[NAME])
        again = desk.run("revert", run, "--format", "json").json
        assert again["steps"] == []


def same_but_for(named: set[str], before: dict[str, Any], after: dict[str, Any]) -> None:
    """What no warning is about is as it was."""
    for side in (before, after):
        side["keys"] = [key for key in side["keys"] if f"{NAME}.api_keys[{key[0]}]" not in named]
    about = {one.removeprefix(f"{NAME}.").partition("[")[0] for one in named}
    parts = {"acctLv": "account_mode", "posMode": "position_mode", "keys": "", "leverage": "leverage"}
    for part, field in parts.items():
        if field not in about and not (part in ("posMode", "leverage") and "account_mode" in about):
            assert after[part] == before[part], part
