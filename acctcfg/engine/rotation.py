"""Which keys are rotated, and how long their old ones stay: the words of `acctcfg rotate` as addresses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from acctcfg.core.address import Address, AddressPattern, Focus
from acctcfg.engine.session import Link
from acctcfg.engine.workspace import Workspace
from acctcfg.errors import ConfigError, UsageError
from acctcfg.venues.key_rotation import GRACE_S, Rotates

__all__ = ["RotateKeys"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RotateKeys:
    """The keys to be rotated. `overlap_s`: how long the old ones stay beside the new ones."""

    addresses: frozenset[Address]
    overlap_s: float = GRACE_S

    @classmethod
    def named(cls, workspace: Workspace, targets: Sequence[str], overlap_s: float | None = None) -> Self:
        """By addresses of keys or accounts, or patterns. UsageError where one names no key of the manifest."""
        keys = [
            Address(spec.key, "api_keys", key.label)
            for spec in workspace.manifest.accounts.values()
            for key in spec.api_keys
            if spec.state != "absent" and key.state == "present"
        ]
        found = {target: [key for key in keys if AddressPattern(target).matches(key)] for target in targets}
        for target in (target for target, some in found.items() if not some):
            raise UsageError(
                f"{target}: the manifest has no such API key",
                hint="accounts and keys are named as in the manifest; * and ? are allowed",
            )
        addresses = frozenset(key for some in found.values() for key in some)
        return cls(addresses=addresses, overlap_s=GRACE_S if overlap_s is None else overlap_s)

    @property
    def focus(self) -> Focus:
        """The keys to rotate, as targets."""
        return Focus(sorted(map(str, self.addresses)))

    def tell(self, links: Iterable[Link]) -> None:
        """Say it to the connections, before they read."""
        for link in links:
            connection = link.connection
            if not isinstance(connection, Rotates):
                raise ConfigError(f"the venue type {connection.spec.type} cannot rotate keys")
            connection.rotate, connection.overlap_s = self.addresses, self.overlap_s
