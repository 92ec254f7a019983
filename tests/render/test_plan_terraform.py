"""A plan in Terraform's shape."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from plan_samples import desk_plan_of_the_manual, step_of

from acctcfg.core.plan import Plan, Precheck, Scope, Unread, Warning_
from acctcfg.core.snapshot import Earlier
from acctcfg.core.state import KeyValue
from acctcfg.render.terraform import plan_document


def document(plan: Plan) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(plan_document(plan))
    return found


def test_the_manuals_plan() -> None:
    """A resource for each address; what is not an object stands as `value`."""
    found = document(desk_plan_of_the_manual())
    assert found["format_version"] == "1.2"
    account, key, mode, later, leverage, _ = found["resource_changes"]
    assert account == {
        "address": "mmdesk01",
        "mode": "managed",
        "type": "acctcfg_account",
        "name": "mmdesk01",
        "provider_name": "acctcfg/okx_dma_broker",
        "change": {
            "actions": ["create"],
            "before": None,
            "after": {"name": "mmdesk01", "label": "MMdesk01", "parent": ""},
            "after_unknown": {},
            "before_sensitive": {},
            "after_sensitive": {},
        },
    }
    assert (key["address"], key["type"], key["name"], key["index"]) == (
        "mmdesk01.api_keys[trading]",
        "acctcfg_api_keys",
        "mmdesk01",
        "trading",
    )
    assert (mode["change"]["before"], mode["change"]["after"]) == ({"value": "spot"}, {"value": "multi_currency"})
    assert later["change"]["before"] == {"value": None}
    assert leverage["change"]["after"] == {"value": 10}


def test_actions() -> None:
    """As Terraform says them; what is deleted has no `after`."""
    actions = ("create", "change", "replace", "delete")
    plan = Plan(steps=tuple(step_of("a", "settings.greeks", action=one, before="x", after="y") for one in actions))
    changes = document(plan)["resource_changes"]
    assert [one["change"]["actions"] for one in changes] == [["create"], ["update"], ["delete", "create"], ["delete"]]
    assert changes[3]["change"]["after"] is None
    assert {one["type"] for one in changes} == {"acctcfg_settings_greeks"}


def test_a_blocked_step_is_there_with_its_check() -> None:
    """A policy sees all that is wanted; `checks` says what stands in its way, and the plan is not applyable."""
    found = document(desk_plan_of_the_manual())
    assert found["applyable"] is False
    (check,) = found["checks"]
    assert (check["address"]["kind"], check["address"]["to_display"]) == ("resource", "mmdesk02.position_mode")
    assert check["status"] == "fail"
    assert check["instances"][0]["problems"] == [
        {"message": "no open positions: BTC-USDT-SWAP 3 (cross), ETH-USDT-SWAP -1 (isolated)"}
    ]
    states = [("pass", "pass"), ("unknown", "error"), ("venue", "unknown"), ("deferred", "unknown")]
    for status, word in states:
        plan = Plan(steps=(step_of("a", "account_mode", checks=[Precheck("x", status)]),))
        assert document(plan)["checks"][0]["status"] == word
        assert document(plan)["applyable"] is (word != "error")


def test_a_sensitive_step_is_applyable_once_it_is_allowed() -> None:
    """apply blocks it until then, and all else with it; a store's line is of the steps that make secrets for it."""
    key = step_of("a", "api_keys", "x", action="create", after=KeyValue(("read",), (), "vault"))
    for address in ("a.api_keys[x]", "secret_stores.vault"):
        plan = Plan(steps=(key,), warnings=(Warning_(address, "sensitive", "it is"),))
        assert document(plan)["applyable"] is False
        assert document(replace(plan, allow_sensitive=(address,)))["applyable"] is True
    plan = Plan(
        steps=(step_of("a", "account_mode"),), warnings=(Warning_("secret_stores.vault", "sensitive", "it is"),)
    )
    assert document(plan)["applyable"] is True


def test_what_was_not_looked_at_is_not_complete() -> None:
    """A narrowed plan is applyable and incomplete; one with something unread neither."""
    plan = Plan(steps=(step_of("a", "account_mode"),), scope=Scope(whole=True))
    facts = ("applyable", "complete", "errored")
    assert [document(plan)[name] for name in facts] == [True, True, False]
    narrowed = replace(plan, scope=Scope(targets=("a",)))
    assert [document(narrowed)[name] for name in facts] == [True, False, False]
    unread = replace(plan, unreadable=(Unread("b", "x", "y"),))
    assert [document(unread)[name] for name in facts] == [False, False, True]


def test_a_plan_that_apply_refuses_is_not_applyable() -> None:
    """One from a snapshot is for review: no job takes it for a plan that could be carried out."""
    plan = Plan(steps=(step_of("desk01", "position_mode", before="net", after="long_short"),))
    assert document(plan)["applyable"] is True
    seen = Earlier(as_of="2026-11-29T10:00:00Z", age_s=10800, blurred=False)
    assert document(replace(plan, earlier=seen))["applyable"] is False
