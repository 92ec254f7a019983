"""What `doctor` asks of a venue, besides what every connection does. What a venue does not tell is not guessed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from acctcfg.errors import Refused

__all__ = ["KeyFacts", "TellsAddress", "TellsOwnKey", "Use"]


@dataclass(frozen=True, slots=True)
class Use:
    """A permission, the commands that need it, and whether the key has it."""

    permission: str
    commands: str
    held: bool
    vital: bool = False  # without it nothing of a plan can be read


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFacts:
    """The key that a connection signs with, or the token in its place, as the venue describes it."""

    label: str  # "" where it has none
    uses: tuple[Use, ...]
    spare: tuple[str, ...]  # permissions that no command needs, and that can do harm
    addresses: tuple[str, ...] | None  # it is bound to; (): to none; None: it is none that could be bound
    unbound: str = ""  # what comes of being bound to none; "" where nothing does
    word: str = "key"  # what it is


@runtime_checkable
class TellsOwnKey(Protocol):
    """The part of a connection that knows the key it signs with."""

    async def own_key(self) -> KeyFacts | None:
        """After `open`; None where the venue does not describe it. Raises VenueError."""


@runtime_checkable
class TellsAddress(Protocol):
    """The part of a venue type that knows where a refusal names the address that a request came from."""

    def address_seen(self, error: Refused) -> str:
        """The calling address, as the venue saw it; "" where the refusal does not say."""
