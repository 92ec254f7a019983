"""What `acctcfg approve` shows before it signs: nobody signs what was not shown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from plan_samples import step_of

from acctcfg.core.plan import MATCH, Plan, Precheck, Unread, VenueReport, Warning_
from acctcfg.core.scope import Reverts, Scope, Since, StoreReport
from acctcfg.render.approval import shown

ALICE, MALLORY = "age1alice0000000000000000000000000000zz", "age1alice0000000000000000000000000001zz"
RUN = Reverts(run="20261129-085812-76eb05", at="2026-11-29T08:58:12Z", actor="ann", command="apply", with_deletes=False)
PLAN = Plan(
    steps=(step_of("a", "position_mode", before="net", after="long_short"),),
    scope=Scope(whole=True),
    stores=(StoreReport(store="vault", type="age_file", path="secrets/", recipients=(ALICE,)),),
    reports=(VenueReport("desk", "okx_dma_broker", "demo", 1, 4, 0.1, uid="7000"),),
)
BLOCKED = step_of(
    "a", "position_mode", before="net", after="long_short", checks=(Precheck("no_bots", "fail", "grid 17"),)
)
CHANGED: dict[str, dict[str, Any]] = {
    "steps": {"steps": (step_of("a", "position_mode", before="net", after="net"),)},
    "what blocks": {"steps": (BLOCKED,)},
    "targets": {"scope": Scope(targets=("a",))},
    "excludes": {"scope": Scope(excludes=("b",))},
    "secret_stores": {"stores": (replace(PLAN.stores[0], path="elsewhere/"),)},
    "who reads them": {"stores": (replace(PLAN.stores[0], recipients=(ALICE, MALLORY)),)},
    "another reader": {"stores": (replace(PLAN.stores[0], recipients=(MALLORY,)),)},
    "venues": {"reports": (replace(PLAN.reports[0], uid="7001"),)},
    "replace": {"replace": ("a.api_keys[trading]",)},
    "allow_sensitive": {"allow_sensitive": ("*",)},
    "warnings": {"warnings": (Warning_("a.position_mode", "open_position_on_scope", "it is open"),)},
    "unreadable": {"unreadable": (Unread("b", "50119", "no such key"),)},
    "reverts": {"reverts": RUN},
}


def lines(plan: Plan) -> list[str]:
    """All of it but the digest itself, and with the words of a venue's own precheck."""
    told = shown(plan.to_json(), {"no_bots": "no trading bots"})
    return [line for line in told if not line.startswith("Digest: ")]


@pytest.mark.parametrize("change", CHANGED.values(), ids=CHANGED)
def test_what_a_signature_covers_is_shown(change: dict[str, Any]) -> None:
    """Two plans of two digests never look alike to who signs them."""
    other = replace(PLAN, **change)
    assert other.digest != PLAN.digest
    assert lines(other) != lines(PLAN)


def test_what_is_not_shown_is_known() -> None:
    """A new member of a saved plan is shown, or stands here with those that decide nothing, or follow from the rest."""
    follow = {"format_version", "acctcfg_version", "manifest_digest", "live_digest", "uids", "estimate", "checksum"}
    also = {"created_at", "author", "digest", "summary", "sets_nothing"}  # shown as they are in every case above
    members = set(replace(PLAN, reverts=RUN).to_json())
    assert members - follow - also == CHANGED.keys() & members


def test_a_signer_reads_why_and_for_whom() -> None:
    """What blocks a step, whole public keys, what is allowed, and what was left out, in the words of the plan."""
    plan = replace(
        PLAN, steps=(BLOCKED,), allow_sensitive=("a",), scope=Scope(targets=("a",), excludes=("a.settings",))
    )
    assert lines(plan)[3:] == [
        "  change a.position_mode: net -> long_short   BLOCKED",
        "      x no trading bots: grid 17",
        "",
        "Allowed though it is sensitive: a",
        "New secrets go to:",
        f"  vault  age_file secrets/, for {ALICE}",
        "",
        "Plan: 0 to create, 0 to change, 0 to delete, 1 blocked.",
        "Only a was looked at, without a.settings.",
    ]


@pytest.mark.parametrize(
    ("change", "last"),
    [
        ({}, MATCH),
        ({"scope": Scope(whole=True, sets_nothing=("a.leverage",))}, None),
        ({"scope": Scope(whole=True), "unreadable": (Unread("b", "50119", "no such key"),)}, None),
        ({"scope": Scope(), "reverts": RUN}, "Nothing to undo."),
        ({"scope": Scope(since=Since(revision="main", commit="3f2a9c10b2d4", merge_base=False))}, None),
    ],
    ids=["match", "idle", "unread", "revert", "since"],
)
def test_a_plan_without_steps_ends_as_it_was_shown(change: dict[str, Any], last: str | None) -> None:
    """`acctcfg approve` and `acctcfg plan` have one last line."""
    plan = replace(PLAN, steps=(), stores=(), **change)
    assert tuple(lines(plan)[-len(plan.conclusion) :]) == plan.conclusion
    assert last is None or plan.conclusion == (last,)
