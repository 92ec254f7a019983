"""A workspace whose venues are a snapshot: nothing is sent, and no store or journal is opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import partial
from typing import Any

from acctcfg.core.desired import VenueSpec
from acctcfg.core.json_types import JsonObject
from acctcfg.core.secret import AccessToken, Credentials, Secret
from acctcfg.core.snapshot import Earlier
from acctcfg.engine.moment import moment
from acctcfg.engine.recording import source_key
from acctcfg.engine.workspace import Doors, JournalMemory, Workspace
from acctcfg.errors import StoreError
from acctcfg.signing import signing_of
from acctcfg.venues.installed import venue
from acctcfg.wire.client import Client
from acctcfg.wire.recorded import Answer, Answers, ReplayingClient

__all__ = ["SnapshotWorkspace"]

NOBODY = Secret("nobody signs from a snapshot")
_STRANGER = "(a key that the snapshot does not know)"


class _Remembered(Doors):
    """By the snapshot: which key lies at a place of a store, or behind a source. There is no secret to be had."""

    def __init__(self, workspace: Workspace, keys: Mapping[str, JsonObject], *, passphrase: bool) -> None:
        super().__init__(workspace, passphrase=passphrase)
        self._specs = workspace.manifest.secret_stores
        self._keys = keys

    def get(self, store: str, path: str) -> Credentials | None:
        """The key whose secret lies there; None where none does, or where nobody looked then."""
        found = self._keys.get(source_key({"store": store, "key": path}))
        if found is not None and not found["opens"]:
            raise StoreError(f"what lies at {store}:{path} could not be opened when the snapshot was taken")
        return _credentials(found)

    def load_own(self, source: Mapping[str, Any]) -> Credentials:
        """The key behind the credentials of the connection."""
        return self.load(source)

    def load(self, source: Mapping[str, object]) -> Credentials:
        """The key behind a source as the manifest writes it."""
        return _credentials(self._keys.get(source_key(source))) or Credentials(_STRANGER, NOBODY, NOBODY)

    def writable(self, store: str) -> bool:
        """By the type of the store."""
        return store in self._specs and self._specs[store].kind.writable

    def why_read_only(self, store: str) -> str:
        """By the type of the store."""
        return "" if self.writable(store) else "it takes no new secrets"

    def why_not_readable_here(self, store: str) -> str:  # noqa: ARG002
        """Only where the plan is carried out can that be told."""
        return ""


def _credentials(found: JsonObject | None) -> Credentials | None:
    key = found["key"] if found is not None else None
    if found is None or not isinstance(key, str):
        return None
    return (AccessToken if found.get("token") else Credentials)(key, NOBODY, NOBODY)


@dataclass(kw_only=True)
class SnapshotWorkspace(Workspace):
    """A manifest against live state that was read earlier."""

    document: Mapping[str, Any]
    answers: dict[str, Answers] = field(default_factory=dict)

    @classmethod
    def over(cls, workspace: Workspace, document: Mapping[str, Any]) -> SnapshotWorkspace:
        """The same manifest, and nothing else of the workspace."""
        same = {one.name: getattr(workspace, one.name) for one in fields(Workspace) if one.name[0] != "_"}
        return cls(**same, document=document)

    def earlier(self, now: float) -> Earlier:
        """When the oldest fact was read that was taken so far."""
        taken = [one.oldest for one in self.answers.values() if one.oldest is not None]
        oldest = min(taken, default=_seconds(self.document["created_at"]))
        blurred = bool(self.document["blurred"])
        return Earlier(as_of=moment(oldest), age_s=max(0, int(now - oldest)), blurred=blurred)

    def doors(self, venue: str) -> Doors:
        """What the snapshot says of the stores."""
        spec = self.manifest.venues[venue]
        keys = {} if self._lack(spec) else self._named(spec)["keys"]
        return _Remembered(self, keys, passphrase=signing_of(self.types[spec.type]).passphrase)

    def client_of(self, venue: VenueSpec) -> Callable[..., Client]:
        """What answers from the snapshot."""
        if venue.key not in self.answers:
            lack = self._lack(venue)
            rows = [] if lack else self._named(venue)["answers"]
            self.answers[venue.key] = Answers(map(_answer, rows), lack=lack)
        return partial(ReplayingClient, answers=self.answers[venue.key])

    def memories(self) -> Callable[[str, str], JournalMemory]:
        """What the journal knew when the snapshot was taken."""
        found = {(one["base_url"], one["uid"]): one["known"] for one in self.document["venues"].values()}
        nothing: JsonObject = {"accounts": [], "stored": [], "access": [], "rotations": [], "caps": []}
        return lambda base_url, user: JournalMemory.of_json(found.get((base_url, user), nothing))

    def user_behind(self, venue: VenueSpec, base_url: str) -> str:  # noqa: ARG002
        """Whose credentials the snapshot was taken with."""
        return str(self._named(venue).get("uid", ""))

    def accounts_of(self, user: str) -> list[str]:
        """The names of its accounts that the journal knew as ours."""
        venues = self.document["venues"].values()
        return [one["name"] for there in venues if there["uid"] == user for one in there["known"]["accounts"]]

    def store_readers(self) -> Mapping[str, JsonObject]:
        """As the journal knew them."""
        readers: Mapping[str, JsonObject] = self.document["store_readers"]
        return readers

    def _named(self, venue: VenueSpec) -> Mapping[str, Any]:
        venues = self.document["venues"]
        return next((venues[key] for key in (venue.key, *venue.formerly) if key in venues), {})

    def _lack(self, spec: VenueSpec) -> str:
        """Why the snapshot says nothing of a connection; "" where it does."""
        found = self._named(spec)
        if not found:
            return f"venues.{spec.key} is not in the snapshot"
        now = {"type": spec.type, "environment": spec.environment, "base_url": venue(spec.type).base_url(spec)}
        other = next((name for name, value in now.items() if found[name] != value), "")
        said = f"venues.{spec.key}: the snapshot was taken of {other} {found.get(other)}, the manifest says "
        return f"{said}{now[other]}" if other else ""


def _answer(row: Mapping[str, Any]) -> Answer:
    import json

    return Answer(
        key=row["key"],
        asked=row["asked"],
        read_at=_seconds(row["read_at"]),
        body=json.dumps(row.get("data"), ensure_ascii=False),
        refused=row.get("refused"),
    )


def _seconds(moment_: str) -> float:
    return datetime.fromisoformat(moment_).timestamp()
