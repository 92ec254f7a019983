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

from acctcfg.core.codes import UNREVIEWED, WARNINGS
from acctcfg.core.desired import Place
from acctcfg.core.plan import Estimate, Plan, Precheck, Scope, Warning_
from acctcfg.core.saved_plan import digest_of_document
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
    told = sum(counts[name] for name in ("create", "change", "delete", "blocked"))
    assert told == len(plan.steps) + counts["replace"]  # a replacement is one create and one delete


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of everything in a document that is no container, and of empty containers."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    inner = [path_ for key, item in items for path_ in leaves(item, (*path, key))]
    yield from inner or [path]


EDITS = st.sampled_from([None, True, "x", 7, [], {}, -1.5])


@laws(150)
@given(plan=plans)
def test_a_documents_digest_is_its_plans(plan: Plan) -> None:
    """The digest can be found again from the saved file alone."""
    document = json.loads(json.dumps(plan.to_json()))
    assert digest_of_document(document) == document["digest"] == plan.digest


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


@pytest.mark.slow
@laws(150)
@given(plans)
def test_a_digest_is_moved_by_nothing_that_passes(plan: Plan) -> None:
    """Times, amounts, texts, places, counts of requests and warnings about other things leave it as it is."""
    louder = replace(
        plan,
        warnings=(*plan.warnings, Warning_("elsewhere", "label_differs", "more")),
        estimate=Estimate(99, 99.0, "x"),
        created_at="2027-01-01T00:00:00Z",
        acctcfg_version="9",
        reports=tuple(replace(one, accounts=7, requests=77, seconds=7.0) for one in reversed(plan.reports)),
        steps=tuple(
            replace(
                step,
                place=Place("other.yaml", 7, 7),
                prechecks=tuple(replace(c, detail=c.detail + "1") for c in step.prechecks),
            )
            for step in plan.steps
        ),
    )
    assert (louder.digest, louder.live_digest) == (plan.digest, plan.live_digest)


@laws(150)
@given(plans, plans)
def test_a_digest_names_all_that_decides_where_a_write_or_a_secret_goes(one: Plan, other: Plan) -> None:
    """Two plans have one digest exactly if all of it is the same: steps, users, stores and their readers, targets."""

    def essence(plan: Plan) -> list[Any]:
        return [
            [step.fingerprint() for step in plan.steps],
            plan.manifest_digest,
            sorted((u.address, u.code) for u in plan.unreadable),
            {report.venue: report.to_json() for report in plan.reports},
            [store.to_json() for store in plan.stores],
            sorted(plan.scope.targets),
            (plan.replace, plan.allow_sensitive, plan.cautions),
        ]

    assert (one.digest == other.digest) is (essence(one) == essence(other))


@laws(100)
@given(plans)
def test_whatever_decides_moves_the_digest(plan: Plan) -> None:
    """Another user, a reader more, another target, a new block or a warning about a step: never the same digest."""
    others = [
        replace(plan, scope=Scope(targets=("somewhere.else",))),
        replace(plan, manifest_digest="sha256:" + "3" * 64),
        *(replace(plan, reports=(replace(report, uid="9"),)) for report in plan.reports[:1]),
        *(
            replace(plan, stores=(replace(one, recipients=(*one.recipients, "age1stranger")),))
            for one in plan.stores[:1]
        ),
        *(
            replace(plan, warnings=(*plan.warnings, Warning_(str(step.address), "open_position_on_scope", "")))
            for step in plan.steps
        ),
    ]
    for at, step in enumerate(plan.steps):
        blocked = plan.with_steps(
            [*plan.steps[:at], step.with_prechecks(Precheck("empty", "fail")), *plan.steps[at + 1 :]]
        )
        assert blocked.live_digest != plan.live_digest
        others.append(blocked)
    assert plan.digest not in {other.digest for other in others}


@pytest.mark.slow
@laws(30)
@given(plans, st.integers(1, 12))
def test_new_warnings_can_be_allowed_and_nothing_else_with_them(plan: Plan, number: int) -> None:
    """Any warnings about its steps beyond the reviewed ones are let pass; another step or user is not."""
    if not plan.steps:
        return
    address = str(plan.steps[0].address)
    codes = [code for code in WARNINGS if code not in UNREVIEWED][:number]
    more = replace(plan, warnings=(*plan.warnings, *(Warning_(address, code, "new") for code in codes)))
    assert not more.is_named_by(plan.digest)
    assert more.is_named_by(plan.digest, allow_warnings=True)
    assert more.is_named_by(more.digest)
    elsewhere = replace(more, manifest_digest="sha256:" + "4" * 64)
    assert not elsewhere.is_named_by(plan.digest, allow_warnings=True)


def test_no_file_is_left_by_these(tmp_path: Path) -> None:
    """A plan that was never saved cannot be loaded, and says so in one sentence."""
    file = tmp_path / "none.json"
    file.write_text("[]", encoding="utf-8")
    with pytest.raises(PlanStale, match="is not a saved plan"):
        load_saved(file)
