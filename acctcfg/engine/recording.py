"""A workspace whose reads go on record: what a snapshot is made of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import partial
from typing import Any

from acctcfg.core.canonical import digest_of
from acctcfg.core.desired import VenueSpec
from acctcfg.core.secret import AccessToken, Credentials
from acctcfg.engine.workspace import Doors, Workspace
from acctcfg.errors import AcctcfgError
from acctcfg.signing import signing_of
from acctcfg.wire.client import Client
from acctcfg.wire.recorded import Record, RecordingClient

__all__ = ["RecordingWorkspace", "source_key"]


def source_key(source: Mapping[str, object]) -> str:
    """A credentials source of the manifest as one word of a snapshot."""
    return digest_of(source)


class _RecordingDoors(Doors):
    """Notes by which key each place of a store, and each source, is known to the venue: never the key's secret."""

    def __init__(self, workspace: Workspace, *, passphrase: bool) -> None:
        super().__init__(workspace, passphrase=passphrase)
        self.keys: dict[str, dict[str, object]] = {}
        self.sources: dict[str, Mapping[str, object]] = {}

    def get(self, store: str, path: str) -> Credentials | None:
        """What is kept there."""
        return self._noted({"store": store, "key": path}, lambda: super(_RecordingDoors, self).get(store, path))

    def load_own(self, source: Mapping[str, Any]) -> Credentials:
        """Those of the connection itself."""
        if "token" not in source:
            return self.load(source)
        return self._demanded(source, lambda: super(_RecordingDoors, self).load_own(source))

    def load(self, source: Mapping[str, object]) -> Credentials:
        """Credentials from a source as the manifest writes it."""
        return self._demanded(source, lambda: super(_RecordingDoors, self).load(source))

    def _demanded(self, source: Mapping[str, object], look: Callable[[], Credentials]) -> Credentials:
        found = self._noted(source, look)
        assert found is not None  # noqa: S101 (it is there, or an error)
        return found

    def _noted(self, source: Mapping[str, object], look: Callable[[], Credentials | None]) -> Credentials | None:
        self.sources[source_key(source)] = source
        try:
            found = look()
        except AcctcfgError:
            self.keys[source_key(source)] = {"key": None, "opens": False}
            raise
        key = found.api_key if found is not None else None
        self.keys[source_key(source)] = {"key": key, "opens": True, "token": isinstance(found, AccessToken)}
        return found


@dataclass(kw_only=True)
class RecordingWorkspace(Workspace):
    """The workspace as it is, with everything on record that is read."""

    records: dict[str, Record] = field(default_factory=lambda: defaultdict(Record))
    recording: dict[str, _RecordingDoors] = field(default_factory=dict)

    @classmethod
    def over(cls, workspace: Workspace) -> RecordingWorkspace:
        """The same workspace."""
        return cls(**{one.name: getattr(workspace, one.name) for one in fields(Workspace) if one.name[0] != "_"})

    def doors(self, venue: str) -> Doors:
        """The way to the stores for one connection."""
        if venue not in self.recording:
            signing = signing_of(self.types[self.manifest.venues[venue].type])
            self.recording[venue] = _RecordingDoors(self, passphrase=signing.passphrase)
        return self.recording[venue]

    def client_of(self, venue: VenueSpec) -> Callable[..., Client]:
        """What makes the client of a connection."""
        return partial(RecordingClient, record=self.records[venue.key])
