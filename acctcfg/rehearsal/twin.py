"""The workspace of a rehearsal: the same manifest on a sandbox, with stores, journal and secrets that are made up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from acctcfg.core.desired import JournalSpec, VenueSpec
from acctcfg.core.json_types import JsonObject
from acctcfg.core.secret import Credentials, Secret
from acctcfg.engine.plan import Planned
from acctcfg.engine.recording import RecordingWorkspace, source_key
from acctcfg.engine.session import Link
from acctcfg.engine.workspace import Doors, JournalMemory, Workspace
from acctcfg.rehearsal.reads import made_up
from acctcfg.scenarios.ground import IDENTITY, at_any_time, store_here
from acctcfg.signing import signing_of

__all__ = ["TwinWorkspace", "twin_of"]

_NOTHING: Final[JsonObject] = {"accounts": [], "stored": [], "access": [], "rotations": [], "caps": []}


class _TwinDoors(Doors):
    """The stores of the twin; what the manifest takes from elsewhere is made up."""

    def __init__(self, workspace: Workspace, made: Mapping[str, Credentials], *, passphrase: bool) -> None:
        super().__init__(workspace, passphrase=passphrase)
        self._made = made

    def load_own(self, source: Mapping[str, Any]) -> Credentials:
        """Those of the connection."""
        return self.load(source)

    def load(self, source: Mapping[str, object]) -> Credentials:
        """The key that was found behind the source, with a secret that was made up for it."""
        found = self._made.get(source_key(source))
        return super().load(source) if found is None or "store" in source else found


@dataclass(kw_only=True)
class TwinWorkspace(Workspace):
    """A manifest on the sandbox that stands for its venues."""

    known: Mapping[str, JsonObject]  # what the journal knew, by venue user
    readers: Mapping[str, str]  # stores whose readers are others than before, and how
    made: Mapping[str, Credentials] = field(repr=False)  # by credentials source

    def doors(self, venue: str) -> Doors:
        """The way to the stores for one connection."""
        return _TwinDoors(self, self.made, passphrase=_has_passphrase(self, venue))

    def memories(self) -> Callable[[str, str], JournalMemory]:
        """What the real journal knew when the plan was made."""
        return lambda _, user: JournalMemory.of_json(self.known.get(user, _NOTHING))

    def store_readers(self) -> Mapping[str, JsonObject]:
        """As the last apply left them, where the plan found any to be others than then."""
        stores = self.manifest.secret_stores.values() if self.readers else ()
        facts = {one.key: {"type": one.type, "path": one.where, "recipients": list(one.recipients)} for one in stores}
        return {name: {**one, "path": "elsewhere"} if name in self.readers else one for name, one in facts.items()}


def twin_of(
    recording: RecordingWorkspace, planned: Planned, folder: Path, base_url: str, secrets: dict[str, tuple[str, str]]
) -> TwinWorkspace:
    """The twin in an empty folder, on the sandbox at `base_url`; `secrets` are those of the sandbox's keys."""
    from pyrage import x25519

    session, manifest = planned.session, recording.manifest
    assert session is not None  # noqa: S101 (it was planned with one)
    identity = x25519.Identity.generate()
    recipient = str(identity.to_public())
    links = {key: link for key, link in session.links.items() if key not in session.failed}
    made = {
        digest: _credentials(str(found["key"]), secrets, passphrase=_has_passphrase(recording, venue))
        for venue in links
        for digest, found in recording.recording[venue].keys.items()
        if found["key"] is not None
    }
    twin = TwinWorkspace(
        directory=folder,
        manifest=replace(
            manifest,
            directory=folder,
            venues={key: _there(spec, links.get(key), base_url) for key, spec in manifest.venues.items()},
            secret_stores={key: store_here(one, recipient) for key, one in manifest.secret_stores.items()},
            journal=JournalSpec(),
            guardrails=at_any_time(manifest.guardrails),
        ),
        environ={
            **{name: str(folder / name.lower()) for name in ("HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")},
            IDENTITY: str(identity),
            "ACCTCFG_ACTOR": "acctcfg plan --rehearse",
        },
        types=recording.types,
        today=recording.today,
        known={link.connection.user: session.known(link).to_json() for link in links.values()},  # type: ignore[misc]
        readers=planned.readers,
        made=made,
    )
    for doors in recording.recording.values():
        for digest, source in doors.sources.items():
            if source.keys() == {"store", "key"} and digest in made and source["store"] in manifest.secret_stores:
                twin.store(str(source["store"])).put(str(source["key"]), made[digest])
    return twin


def _there(spec: VenueSpec, link: Link | None, base_url: str) -> VenueSpec:
    """The connection on the sandbox, at the pace that it has at the venue."""
    from decimal import Decimal

    share = spec.rate_share if link is None else Decimal(str(link.share))
    return replace(spec, base_url=base_url, proxy=None, rate_share=share)


def _has_passphrase(workspace: Workspace, venue: str) -> bool:
    return signing_of(workspace.types[workspace.manifest.venues[venue].type]).passphrase


def _credentials(key: str, secrets: dict[str, tuple[str, str]], *, passphrase: bool) -> Credentials:
    secret, phrase = made_up(key, secrets)
    return Credentials(key, Secret(secret), Secret(phrase) if passphrase else None)
