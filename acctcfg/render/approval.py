"""What a signer is shown of a saved plan: all that the signature covers, from the file alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from acctcfg.core.codes import precheck_words
from acctcfg.core.plan import BLOCKING, Plan, Unread
from acctcfg.core.scope import Reverts, Scope, Since, StoreReport
from acctcfg.render.harmless import json_text
from acctcfg.render.stored import new_secrets
from acctcfg.render.text import CHECKS

__all__ = ["shown"]


def shown(saved: Mapping[str, Any], words: Mapping[str, str]) -> Iterator[str]:
    """Who made it, for whom, every step and every warning, what it allows, and what was not looked at.

    `words`: what the venue packages' own prechecks say, by their names.
    """
    yield f"plan of {saved['created_at']} by {saved['author'] or 'unknown'}"
    for name, venue in saved["venues"].items():
        yield " · ".join(filter(None, (name, venue["type"], venue["environment"], venue["uid"], venue.get("base_url"))))
    if (of_run := saved.get("reverts")) is not None:
        what = ", and deletes what that created" if of_run["with_deletes"] else ""
        yield f"back to the state before run {of_run['run']} of {of_run['actor']}{what}"
    yield ""
    for step in saved["steps"]:
        yield from _step(step, words)
    for warning in saved["warnings"]:
        yield f"  ! {warning['address']}: {warning['message']}  [{warning['code']}]"
    for unread in saved["unreadable"]:
        yield f"  ? {unread['address']}: {unread['message']}"
    yield ""
    if leave := [*_allowed(saved), *new_secrets(_stores(saved), whole=True)]:
        yield from (*leave, "")
    yield f"Digest: {saved['digest']}"
    yield from _conclusion(saved)


def _step(step: Mapping[str, Any], words: Mapping[str, str]) -> Iterator[str]:
    before = step["before"] if step["before_known"] else "(known after another step)"
    blocked = "   BLOCKED" if step["blocked"] else ""
    yield f"  {step['action']} {step['address']}: {_value(before)} -> {_value(step['after'])}{blocked}"
    for check in step["prechecks"]:
        if check["status"] in BLOCKING:
            name = precheck_words(check["name"], words.get(check["name"], ""))
            yield f"      {CHECKS[check['status']]} {name}{': ' * bool(check['detail'])}{check['detail']}"


def _allowed(saved: Mapping[str, Any]) -> Iterator[str]:
    """What the plan's maker let pass: it is carried out without another question."""
    if saved["allow_sensitive"]:
        yield f"Allowed though it is sensitive: {', '.join(saved['allow_sensitive'])}"
    if saved["replace"]:
        yield f"Allowed to be replaced: {', '.join(saved['replace'])}"


def _stores(saved: Mapping[str, Any]) -> Iterator[StoreReport]:
    for name, one in saved["secret_stores"].items():
        yield StoreReport(store=name, type=one["type"], path=one["path"], recipients=tuple(one["recipients"]))


def _conclusion(saved: Mapping[str, Any]) -> Iterator[str]:
    """The last lines of the plan, as `acctcfg plan` showed them."""
    since, of_run = saved.get("changed_since"), saved.get("reverts")
    scope = Scope(
        whole=of_run is None,
        targets=tuple(saved["targets"]),
        excludes=tuple(saved.get("excludes", ())),
        sets_nothing=tuple(saved.get("sets_nothing", ())),
        since=None if since is None else Since(**{**since, "removed": tuple(since["removed"])}),
    )
    if not saved["steps"]:
        unread = tuple(Unread(**one) for one in saved["unreadable"])
        reverts = None if of_run is None else Reverts(**of_run)
        yield from Plan(steps=(), scope=scope, unreadable=unread, reverts=reverts).conclusion
        return
    count = saved["summary"]
    yield (
        f"Plan: {count['create']} to create, {count['change']} to change, {count['delete']} to delete, "
        f"{count['blocked']} blocked."
    )
    if scope.said:
        yield scope.said


def _value(value: object) -> str:
    return value if isinstance(value, str) else " ".join(json_text(value).split())
