"""What `explain VENUE:CODE ACCOUNT` asks of a venue, besides what every connection does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from acctcfg.core.desired import AccountSpec
from acctcfg.core.plan import Precheck

__all__ = ["KnowsBlockers", "NamesBlockers"]


@runtime_checkable
class KnowsBlockers(Protocol):
    """The part of a venue type that knows what its refusals are about."""

    def questions_of(self, code: str) -> Sequence[str]:
        """The prechecks that an error is about; () where nothing that can be read tells."""


@runtime_checkable
class NamesBlockers(Protocol):
    """The part of a connection that finds what an error is about."""

    async def blockers(self, spec: AccountSpec, code: str) -> tuple[Precheck, ...]:
        """The answers to `questions_of(code)` in one account, by reads made now. Raises VenueError and ConfigError."""
