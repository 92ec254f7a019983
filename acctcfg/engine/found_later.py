"""What became of a write whose outcome nobody knew, by what a later run saw at its address."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from acctcfg.core.address import Address
from acctcfg.core.outcome import StepResult
from acctcfg.core.state import ABSENT, After, Live, Unreadable, Wanted, to_json
from acctcfg.engine.attempt import GOOD
from acctcfg.engine.plan import Planned

if TYPE_CHECKING:
    from acctcfg.core.json_types import JsonObject, JsonValue
    from acctcfg.journal import Intent
    from acctcfg.journal.records import Finding

__all__ = ["found_later", "where_now"]

_PARTS = ("creates", "deletes", "renames")
"""In what was written down of a change: one of several writes, of which the value as a whole tells nothing."""


def where_now(planned: Planned) -> Callable[[Intent], Address | None]:
    """Where the address of an old write stands in this plan: an account is the one with its name at the venue, whatever
    key it has in the manifest by now. None for one that the plan does not have."""
    session = planned.session
    assert session is not None  # noqa: S101 (draw_up read through it)
    users = {venue: link.connection.user for venue, link in session.links.items()}
    keys = {(users[one.spec.venue], one.spec.name): key for key, one in planned.surveys.items()}

    def now(intent: Intent) -> Address | None:
        key, address = keys.get((intent.venue_user, intent.account)), Address.of(intent.address)
        return None if key is None else Address(key, address.field, address.key)

    return now


def found_later(intent: Intent, now: StepResult | None, live: Live | None, uid: str) -> Finding | None:
    """What this run shows about an old write; None where it tells nothing, or neither of the two.

    `now`: how its own step at that address ended, if it had one. `live`: what it read there before any write. What is
    wanted by now says nothing of what was wanted then: the value as it stood is compared with what was sent. `uid`: of
    the account that is there.
    """
    shown = live if now is None else _before(now)
    if shown is None or isinstance(shown, Unreadable | After) or (now is not None and now.status not in GOOD):
        return None
    sent: JsonObject = intent.body if isinstance(intent.body, Mapping) else {}
    if "after" not in sent or (intent.action in ("change", "replace") and any(map(sent.get, _PARTS))):
        return "did_not_happen" if now is not None and now.status == "done" else "happened"
    if intent.action == "delete" and shown is ABSENT:
        return "happened"
    if uid and str(sent.get("uid") or uid) != uid:
        return None  # another account has the name by now
    if intent.action in ("create", "delete"):
        return "happened" if (shown is not ABSENT) is (intent.action == "create") else "did_not_happen"
    return _by_value(sent, _plain(shown))


def _before(now: StepResult) -> Live | Wanted | None:
    """What stood there before this run wrote; None where that was not known."""
    change = now.step.change
    if now.status == "already":
        return ABSENT if change.after is None else change.after
    if change.before is None:
        return ABSENT if change.action == "create" else None
    return change.before


def _by_value(sent: JsonObject, shown: JsonValue) -> Finding | None:
    if shown == sent["after"]:
        return "happened"
    return "did_not_happen" if sent.get("before_known") is True and shown == sent.get("before") else None


def _plain(value: Live | Wanted) -> JsonValue:
    plain: JsonValue = json.loads(json.dumps(to_json(value)))
    return plain
