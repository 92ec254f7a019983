"""Law 13: neither the order of files nor the order of keys changes a plan."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws_world import World, at_desk, desks, worlds


def shuffled(value: Any, luck: random.Random) -> Any:
    """The same mapping with its keys in another order, at every depth; lists stay as they are."""
    if isinstance(value, dict):
        keys = sorted(value)
        luck.shuffle(keys)
        return {key: shuffled(value[key], luck) for key in keys}
    return [shuffled(one, luck) for one in value] if isinstance(value, list) else value


@pytest.mark.slow
@desks(20)
@given(world=worlds(), luck=st.randoms(use_true_random=False))
def test_order_does_not_change_a_plan(world: World, luck: random.Random) -> None:
    """Keys in any order, accounts spread over files of any name: the same digest, the same text of the steps."""
    with at_desk(world) as (desk, _):
        first = desk.plan("--format", "json").json
        document = shuffled(desk.document, luck)
        accounts = document.pop("accounts")
        document["include"] = ["parts/*.yaml"]
        (desk.folder / "parts").mkdir()
        for name, account in accounts.items():
            file = desk.folder / "parts" / f"{luck.randrange(10**6)}-{name}.yaml"
            file.write_text(json.dumps({"accounts": {name: account}}), encoding="utf-8")
        desk.text(json.dumps(shuffled(document, luck)))
        second = desk.plan("--format", "json").json
        for key in ("digest", "manifest_digest", "live_digest", "warnings", "unreadable", "summary"):
            assert second[key] == first[key], key
        assert [placeless(step) for step in second["steps"]] == [placeless(step) for step in first["steps"]]


@pytest.mark.slow
@desks(20)
@given(world=worlds(), luck=st.randoms(use_true_random=False))
def test_order_of_leverage_entries_does_not_change_the_steps(world: World, luck: random.Random) -> None:
    """Which entry decides a scope is a matter of precision, never of which stands first."""
    with at_desk(world) as (desk, _):
        first = {address: placeless(step) for address, step in desk.steps().items()}
        for account in desk.document["accounts"].values():
            luck.shuffle(account.get("leverage", []))
        desk.text(json.dumps(desk.document))
        assert {address: placeless(step) for address, step in desk.steps().items()} == first


def placeless(step: dict[str, Any]) -> dict[str, Any]:
    """A step without the place where its value is written: the one thing that moves with the lines."""
    return {name: value for name, value in step.items() if name != "place"}
