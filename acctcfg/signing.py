"""What a venue type's credentials consist of, beside an id and a secret key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from acctcfg.core.rules import VenueRules

__all__ = ["SIGNING", "Signing", "signing_of"]

SIGNING: Final = "credentials"
"""Its name among the shared resources of a venue type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """A passphrase, and bearer tokens in place of a key."""

    passphrase: bool = False
    bearer_excludes: str = ""  # why a bearer token does nothing for sub-accounts; "" where the type takes no tokens


def signing_of(rules: VenueRules) -> Signing:
    """That of a venue type; of one that says nothing, an id and a secret key alone."""
    found = rules.resources.get(SIGNING)
    return found if isinstance(found, Signing) else Signing()
