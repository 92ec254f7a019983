"""Calls that make several changes of one account. A connection that has such calls says which, and is given the changes
of one call together: what is not among them is not on record, and goes into no call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeAlias, TypeVar, runtime_checkable

from acctcfg.core.diff import Change
from acctcfg.venues.contract import Survey, Writer

__all__ = ["HasJointCalls", "Joint", "JointPart"]

Of = TypeVar("Of", contravariant=True)
JointPart: TypeAlias = tuple[Change, Writer]
"""One change of a joint call, and what puts it on record."""


@runtime_checkable
class HasJointCalls(Protocol):
    """The part of a connection that makes several changes by one call."""

    def joint(self, change: Change) -> bool:
        """Whether one call makes this change and others of its field that set the same value."""

    async def write_joint(self, survey: Survey, parts: Sequence[JointPart]) -> None:
        """Make these changes by one call: sent by the first writer, with the writes of the others (`Writer.send`)."""


@runtime_checkable
class Joint(Protocol[Of]):
    """The part of a resource that makes several changes by one call; see `HasJointCalls`."""

    def joint(self, change: Change) -> bool:
        """Whether one call makes this change and others of its field that set the same value."""

    async def write_joint(self, account: Of, parts: Sequence[JointPart]) -> None:
        """Make these changes by one call."""
