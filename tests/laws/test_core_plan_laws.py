"""Laws of a plan as a document: its digest names what it would do, and no edit of a saved one goes unseen."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from core_values import plans
from hypothesis import given
from hypothesis import strategies as st
from laws_world import laws

from acctcfg.core.plan import Estimate, Plan, Precheck, Warning_
from acctcfg.errors import PlanStale
from acctcfg.render.data import load_saved, save_plan
from acctcfg.render.plan_schema import plan_schema

SCHEMA = jsonschema.Draft202012Validator(plan_schema())


@laws(60)
@given(plans)
def test_a_saved_plan_is_the_plan(tmp_path_factory: pytest.TempPathFactory, plan: Plan) -> None:
    """What is saved comes back value for value, fits the published schema, and counts every step once."""
    file = tmp_path_factory.mktemp("plan") / "p.json"
    save_plan(plan, file)
    document = load_saved(file)
    assert document == json.loads(json.dumps(plan.to_json()))
    SCHEMA.validate(document)
    counts = document["summary"]
    assert sum(counts[name] for name in ("create", "change", "delete", "blocked")) == len(plan.steps)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of everything in a document that is no container, and of empty containers."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    inner = [path_ for key, item in items for path_ in leaves(item, (*path, key))]
    yield from inner or [path]


EDITS = st.sampled_from([None, True, "x", 7, [], {}, -1.5])


@laws(150)
@given(plan=plans, luck=st.randoms(use_true_random=False), edit=EDITS, how=st.sampled_from(["set", "drop", "add"]))
def test_any_edit_of_a_saved_plan_is_seen(
    tmp_path_factory: pytest.TempPathFactory, plan: Plan, luck: random.Random, edit: Any, how: str
) -> None:
    """One value changed, left out or added anywhere, and the file is refused as stale."""
    document = json.loads(json.dumps(plan.to_json()))
    edited = copy.deepcopy(document)
    path = luck.choice([one for one in leaves(document) if one])
    parent = edited
    for key in path[:-1]:
        parent = parent[key]
    if how == "set":
        parent[path[-1]] = edit
    elif how == "drop":
        del parent[path[-1]]
    elif isinstance(parent, dict):
        parent["added"] = edit
    else:
        parent.append(edit)
    if json.dumps(edited) == json.dumps(document):
        return
    file = tmp_path_factory.mktemp("plan") / "p.json"
    file.write_text(json.dumps(edited), encoding="utf-8")
    with pytest.raises(PlanStale):
        load_saved(file)


@laws(150)
@given(plans, plans)
def test_a_digest_names_the_steps_and_nothing_that_passes(one: Plan, other: Plan) -> None:
    """Times, amounts, texts and warnings do not move it; the steps, what blocks them and the manifest do."""
    louder = replace(
        one,
        warnings=(*one.warnings, Warning_("mmdesk01", "adopted", "more")),
        estimate=Estimate(99, 99.0, "x"),
        created_at="2027-01-01T00:00:00Z",
        acctcfg_version="9",
        steps=tuple(
            replace(step, prechecks=tuple(replace(c, detail=c.detail + "1") for c in step.prechecks))
            for step in one.steps
        ),
    )
    assert (louder.digest, louder.live_digest) == (one.digest, one.live_digest)
    same = [s.fingerprint() for s in one.steps] == [s.fingerprint() for s in other.steps]
    same = same and one.manifest_digest == other.manifest_digest
    same = same and [(u.address, u.code) for u in one.unreadable] == [(u.address, u.code) for u in other.unreadable]
    assert (one.digest == other.digest) is same
    for at, step in enumerate(one.steps):
        blocked = one.with_steps(
            [*one.steps[:at], step.with_prechecks(Precheck("empty", "fail")), *one.steps[at + 1 :]]
        )
        assert blocked.digest != one.digest
        assert blocked.live_digest != one.live_digest


def test_no_file_is_left_by_these(tmp_path: Path) -> None:
    """A plan that was never saved cannot be loaded, and says so in one sentence."""
    file = tmp_path / "none.json"
    file.write_text("[]", encoding="utf-8")
    with pytest.raises(PlanStale, match="is no saved plan"):
        load_saved(file)
