"""Entries of several connections that are one account at the venue, since the connections are one user there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from acctcfg.core.plan import Unread
from acctcfg.engine.session import Session
from acctcfg.venues.contract import Survey

__all__ = ["same_account"]


def same_account(session: Session, surveys: Sequence[Survey]) -> Iterator[Unread]:
    """Such entries could undo each other for ever: neither is read as the account that it means."""
    known: dict[tuple[str, ...], list[Survey]] = defaultdict(list)
    for survey in surveys:
        connection, spec = session.links[survey.spec.venue].connection, survey.spec
        name = "" if spec.role == "main" else spec.name
        world = session.workspace.place_of(connection.client.base_url), connection.spec.environment
        known[*world, connection.user, name].append(survey)
    for some in known.values():
        for survey in some if len(some) > 1 else ():
            others = ", ".join(f"{one.spec.key} (venues.{one.spec.venue})" for one in some if one is not survey)
            message = f"it is the same account at the venue as {others}: keep one entry"
            yield Unread(survey.spec.key, "same_account", message)
