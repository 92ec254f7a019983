"""A reviewed plan, by its file or its digest: a claim that is planned again, and holds only if that comes out the same.

What must be the same is all that decides where a write or a secret goes: the steps, the manifest behind them, whose
credentials these are, who can read new secrets, and what the reviewers were warned of.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from acctcfg.core.address import Address, Focus
from acctcfg.core.codes import UNREVIEWED
from acctcfg.core.fingerprint import manifest_digest
from acctcfg.core.managed import ANY, claims
from acctcfg.core.plan import Plan, Precheck, Step
from acctcfg.core.scope import VenueReport
from acctcfg.core.value_text import told
from acctcfg.engine.plan import Planned
from acctcfg.engine.plan_difference import differences
from acctcfg.engine.plan_steps import AskedBefore
from acctcfg.engine.session import Session
from acctcfg.engine.survey_guard import answered
from acctcfg.engine.workspace import Workspace
from acctcfg.errors import PlanStale
from acctcfg.venues.contract import Survey

__all__ = [
    "asked_before",
    "check_accounts",
    "check_answers",
    "check_credentials",
    "check_digest",
    "check_manifest",
    "check_steps",
    "focus_of",
]

_AGAIN = "plan again, and review that"


def focus_of(saved: Mapping[str, Any]) -> Focus:
    """A saved plan's addresses, and again what it could not read, for it must not be left out unsaid.

    One without steps claims that there is nothing to do in all that it looked at, so that is looked at again.
    """
    excludes = saved.get("excludes", ())
    if not saved["steps"] and not saved["targets"] and "changed_since" in saved:
        return Focus.exactly(())  # no account had changed, so there was nothing to look at
    if not saved["steps"]:
        return Focus(saved["targets"], excludes=excludes)
    unread = [str(one["address"]) for one in saved["unreadable"]]
    steps = (str(step["address"]) for step in saved["steps"])
    return Focus.exactly(steps, besides=unread, targets=saved["targets"], excludes=excludes)


def asked_before(saved: Mapping[str, Any]) -> Mapping[Address, AskedBefore]:
    """What stood in the way of the steps when their plan was drawn up."""
    return {
        Address(step["account"], step["field"], step["key"]): AskedBefore(
            tuple(Precheck(**one) for one in step["prechecks"]), tuple(step["calls"])
        )
        for step in saved["steps"]
    }


def check_manifest(workspace: Workspace, saved: Mapping[str, Any]) -> None:
    """Before the first request: the manifest says of these accounts what it said then."""
    named = {str(step["account"]) for step in saved["steps"]} or set(workspace.manifest.accounts)
    uids = {key: str(one["uid"]) for key, one in saved["venues"].items()}
    if manifest_digest(workspace.manifest, named, uids) != saved["manifest_digest"]:
        raise PlanStale(
            "the manifest changed for the accounts of this plan since it was saved, or it is another workspace's",
            hint=_AGAIN,
        )


def check_credentials(session: Session, saved: Mapping[str, Any]) -> None:
    """Before anything is read of an account: these credentials are those of the user that the plan was made for."""
    for key, link in session.links.items():
        then = saved["venues"].get(key)
        if key in session.failed or then is None:
            continue
        now = link.report()
        if then["uid"] != now.uid:
            raise PlanStale(
                f"venues.{key}: the plan was made for {then['uid']}, these credentials are of {now.uid}",
                hint="use the credentials that it was made with, or plan and review again with these",
            )
        if then.get("base_url", "") != now.base_url:
            raise PlanStale(f"venues.{key}: the plan was made for {_where(then)}, not {_where_now(now)}", hint=_AGAIN)


def check_accounts(saved: Mapping[str, Any], surveys: Mapping[str, Survey]) -> None:
    """Go on only if each account is the one that was reviewed: a name can be given to another one."""
    for account, uid in saved.get("uids", {}).items():  # not in plans of before they were kept
        now = surveys.get(account)
        if now is not None and now.exists and now.uid not in ("", uid):
            why = f"{account}: the plan was made for uid {uid}, the account of that name is {now.uid} now"
            raise PlanStale(why, hint=_AGAIN)


def check_steps(
    saved: Mapping[str, Any], plan: Plan, *, allow_warnings: bool, begun: Collection[str] = frozenset()
) -> None:
    """Go on only if the steps are the same; what is right by now needs no step.

    `begun`: addresses that the same run has written to already: whatever is there now, it made.
    """
    claimed = {str(step["address"]): step for step in saved["steps"]}
    for step in plan.steps:
        claim = claimed.get(str(step.address))
        if claim is None:
            raise _stale(f"{step.address} became necessary after the plan was saved", _AGAIN, saved, plan)
        if not _same(step, claim, begun=str(step.address) in begun):
            moved = f"{step.address} is {_was(step.to_json())} now; the plan was made for {_was(claim)}"
            raise _stale(moved, _AGAIN, saved, plan)
    if not allow_warnings:
        _check_warnings(saved, plan, claimed.keys() - begun)


def check_answers(saved: Mapping[str, Any], surveys: Mapping[str, Survey]) -> None:
    """Go on only if reading still says something of every step: what it passes over is not right by now.

    Where the manifest names each address, the survey itself is held to that; here it is what the venue's lists tell.
    """
    for step in saved["steps"]:
        survey = surveys.get(step["account"])
        if survey is None or step["action"] == "delete":
            continue
        address = Address(step["account"], step["field"], step["key"])
        listed = Address(address.account, address.field, ANY) in claims(survey.spec)
        if listed and not answered(survey, address):
            raise PlanStale(f"{address}: now neither its value nor a reason for its absence can be read", hint=_AGAIN)


def _stale(why: str, hint: str, saved: Mapping[str, Any], plan: Plan) -> PlanStale:
    """For the first reason; the hint lists all that differs, where that is more.

    The steps alone were planned again: a connection without one was not looked at, which is no difference.
    """
    now = plan.to_json()
    venues = {key: one for key, one in saved["venues"].items() if key in now["venues"]}
    lines = differences({**saved, "venues": venues}, now)
    more = f"{hint}\nall that differs from the reviewed plan:\n" + "\n".join(f"  {line}" for line in lines)
    return PlanStale(why, hint=more if len(lines) > 1 else hint)


def _was(step: Mapping[str, Any]) -> str:
    """What a step found, in words; both sides come from the JSON form, so that equal values read alike."""
    return told(step["before"]) if step["before_known"] else "not known yet"


def _same(step: Step, claim: Mapping[str, Any], *, begun: bool) -> bool:
    now = step.to_json()
    if now["after"] != claim["after"]:
        return False
    if begun or not claim["before_known"]:
        return True  # its value was not known, so any is as good
    return bool(now["action"] == claim["action"] and now["before_known"] and now["before"] == claim["before"])


def _check_warnings(saved: Mapping[str, Any], plan: Plan, claimed: Collection[str]) -> None:
    """What its reviewers were not warned of. That a new account exists by now is such a warning, too."""
    passing = UNREVIEWED - {"adopted"}
    known = {(one["address"], one["code"]) for one in saved["warnings"]}
    for one in plan.warnings:
        if one.address in claimed and one.code not in passing and (one.address, one.code) not in known:
            why = f"{one.address}: {one.message}  [{one.code}]; the reviewed plan had no such warning"
            hint = f"{_AGAIN}, or accept new warnings with --allow-warnings"
            raise _stale(why, hint, saved, plan)


def check_digest(planned: Planned, expect: str, saved: Mapping[str, Any] | None, *, allow_warnings: bool) -> None:
    """Go on only if a reviewed digest names this plan, as it is allowed now or without any leave.

    `saved`: the reviewed plan, where its file is at hand. Then the digest says which file is meant, and its steps were
    compared one by one: they alone are planned again, so that the digest of the whole plan cannot come out.
    """
    if saved is not None:
        _demand_file(saved, expect)
        return
    if any(plan.is_named_by(expect, allow_warnings=allow_warnings) for plan in planned.as_reviewed):
        return
    if planned.plan.as_of_snapshot_is_named_by(expect):
        raise PlanStale(f"{expect} is the digest of a plan from a snapshot, which is only for review", hint=_AGAIN)
    why = f"the plan's digest is {planned.plan.digest}, not {expect} as expected"
    hint = (
        "the manifest, the credentials or the live accounts changed since it was reviewed, "
        "or a warning came up: plan and review again"
    )
    raise PlanStale(why, hint=hint)


def _demand_file(saved: Mapping[str, Any], expect: str) -> None:
    if saved["digest"] != expect:
        why = f"the saved plan's digest is {saved['digest']}, not {expect} as expected"
        raise PlanStale(why, hint="give the file of the plan that was reviewed, or leave out --expect")


def _where(venue: Mapping[str, Any]) -> str:
    return str(venue.get("base_url") or "the venue's own address")


def _where_now(report: VenueReport) -> str:
    return report.base_url or "the venue's own address"
