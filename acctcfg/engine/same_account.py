"""Entries of several connections that are one account at the venue, since the connections are one user there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from acctcfg.core.plan import Unread
from acctcfg.core.state import Unreadable
from acctcfg.engine.session import Session
from acctcfg.venues.contract import Survey
from acctcfg.venues.installed import venue

__all__ = ["EachOnce", "same_account", "user_of"]


def user_of(session: Session, key: str) -> tuple[str, str]:
    """Place and venue user of a connection of the manifest; of one that is not open, as the journal knows it.

    Where nobody knows yet, the user is the connection's own key, which no other connection has.
    """
    workspace, link = session.workspace, session.links.get(key)
    spec = workspace.manifest.venues[key]
    base_url = venue(spec.type).base_url(spec) if link is None else link.client.base_url
    user = link.connection.user if link is not None else ""
    return workspace.place_of(base_url), user or workspace.user_behind(spec, base_url) or f"venues.{key}"


def _account(session: Session, survey: Survey) -> tuple[str, ...]:
    """What an entry means at the venue, whichever connection of one user it goes by."""
    connection, spec = session.links[survey.spec.venue].connection, survey.spec
    place, user = user_of(session, spec.venue)
    return place, connection.spec.environment, user, "" if spec.role == "main" else spec.name


def same_account(session: Session, surveys: Sequence[Survey]) -> Iterator[Unread]:
    """Such entries could undo each other for ever: neither is read as the account that it means."""
    known: dict[tuple[str, ...], list[Survey]] = defaultdict(list)
    for survey in surveys:
        known[_account(session, survey)].append(survey)
    for some in known.values():
        for survey in some if len(some) > 1 else ():
            others = ", ".join(f"{one.spec.key} (venues.{one.spec.venue})" for one in some if one is not survey)
            message = f"it is the same account at the venue as {others}: keep one entry"
            yield Unread(survey.spec.key, "same_account", message)


@dataclass(slots=True)
class EachOnce:
    """For a brake, which refuses nobody: of several entries that are one account, the first to read a scope has it."""

    session: Session
    holders: dict[tuple[str, ...], str] = field(default_factory=dict)  # by account, field and key: whose it is
    twice: set[tuple[str, str]] = field(default_factory=set)  # an entry, and the one that has what both read

    def keep_own(self, survey: Survey) -> None:
        """Leave an entry the scopes that no other one has: what it read of the rest is old once that is lowered."""
        account, entry = _account(self.session, survey), survey.spec.key
        for address in list(survey.desired):
            scope = (*account, address.field, address.key)
            if not isinstance(survey.live[address], Unreadable):
                self.holders.setdefault(scope, entry)
            if (holder := self.holders.get(scope, entry)) != entry:
                self.twice.add((entry, holder))
                del survey.desired[address], survey.live[address]

    @property
    def notes(self) -> list[str]:
        """Whose scopes are told under another entry."""
        return [
            f"{one} is the same account at the venue as {first}: what both have is lowered once, under {first}"
            for one, first in sorted(self.twice)
        ]
