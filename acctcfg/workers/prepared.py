"""What workers were answered, in place of asking again: each answer is of one question, and does for the first one."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

from acctcfg.core.desired import VenueSpec
from acctcfg.core.secret import Credentials
from acctcfg.engine.workspace import Workspace
from acctcfg.wire.client import Client
from acctcfg.wire.endpoint import Call
from acctcfg.wire.exchange import Reply, Settle
from acctcfg.wire.recorded import Answer, asked_of

__all__ = ["PreparedWorkspace"]

_Part: TypeAlias = Mapping[str, Sequence[Answer]]
"""By venue, what the worker of a part was answered."""


class _PreparedClient(Client):
    def __init__(self, *args: Any, prepared: dict[tuple[str, str], Answer], **options: Any) -> None:
        super().__init__(*args, **options)
        self._prepared = prepared

    async def read(
        self, call: Call, signer: Credentials | None = None, user: str = "", *, settle: Settle | None = None
    ) -> Reply:
        """What a worker was answered, the first time; then, and of anything else, the venue's answer."""
        if not self._prepared:
            return await super().read(call, signer, user, settle=settle)
        if settle is not None:
            call = await settle()
        known = self._prepared.pop((signer.api_key if signer else "", asked_of(call)), None)
        return (
            await super().read(call, signer, user) if known is None else known.reply(self.clock.now() + self.offset_s)
        )


@dataclass(slots=True, kw_only=True)
class PreparedWorkspace(Workspace):
    """The workspace as it is, with answers at hand."""

    prepared: dict[str, dict[tuple[str, str], Answer]] = field(default_factory=lambda: defaultdict(dict))

    def client_of(self, venue: VenueSpec) -> Callable[..., Client]:
        """What makes the client of a connection."""
        return partial(_PreparedClient, prepared=self.prepared[venue.key])

    def prepare(self, texts: Iterable[str]) -> None:
        """Take what workers were answered; nothing of a list that several read: its pages must be of one reading."""
        for part in _without_shared([_understood(text) for text in texts]):
            for venue, rows in part.items():
                self.prepared[venue] |= {(one.key, one.asked): one for one in rows}

    def forget(self) -> None:
        """From now on every question is a request."""
        for answers in self.prepared.values():
            answers.clear()


def _understood(text: str) -> _Part:
    found: dict[str, list[dict[str, Any]]] = json.loads(text)
    return {venue: [Answer(**{**row, "holdings": None}) for row in rows] for venue, rows in found.items()}


def _without_shared(parts: Sequence[_Part]) -> list[_Part]:
    """What only one part has: of a question that several asked, all that was asked at the same path is left out."""
    asked = Counter((venue, one.key, one.asked) for part in parts for venue, rows in part.items() for one in rows)
    shared = {(venue, key, _path(text)) for (venue, key, text), count in asked.items() if count > 1}

    def own(venue: str, rows: Iterable[Answer]) -> list[Answer]:
        return [one for one in rows if (venue, one.key, _path(one.asked)) not in shared]

    return [{venue: own(venue, rows) for venue, rows in part.items()} for part in parts]


def _path(asked: str) -> str:
    return asked.partition("?")[0]
