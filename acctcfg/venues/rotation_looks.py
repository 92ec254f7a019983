"""What a list shows of a rotation that is not over. One list may lose a row: what is missing is looked for twice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from acctcfg.core.remembered import Rotation
from acctcfg.errors import Garbled
from acctcfg.venues.second_look import some_seconds
from acctcfg.wire.client import Client

__all__ = ["lacks", "looked_for", "lost_again"]

Labels = Mapping[str, str]
"""The keys of an account: label by id."""


def lacks(begun: Rotation, labels: Labels) -> bool:
    """Whether a list is without the new key; where the answer to its creation is not known, without any of the two."""
    if begun.new:
        return begun.new not in labels
    return begun.old not in labels and begun.temporary not in labels.values()


async def looked_for(client: Client, begun: Rotation, look: Callable[[], Awaitable[Labels]]) -> Labels:
    """The account's keys right before the writes: what this look, or one some seconds later, shows.

    A new key that one list lacks would be made once more, and an old one would be left.
    """
    first = await look()
    if begun.new and begun.new in first and begun.old in first:
        return first
    await some_seconds(client)
    return {**first, **await look()}


def lost_again(label: str) -> Garbled:
    """Of a key that one list shows and the next does not: nothing is made or deleted by that."""
    return Garbled(f"one list of the account's keys has the key {label}, the next has not: apply again", code="shape")
