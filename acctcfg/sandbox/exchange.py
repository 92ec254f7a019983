"""What every request goes through, whatever the venue: faults, the venue's answer, its effect, the journal.

How a venue reads, signs and refuses stands in its own folder, in a subclass of Exchange.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from acctcfg.sandbox.faults import Fault, spoil
from acctcfg.sandbox.journal import Entry, Outcome, body_of, masked
from acctcfg.sandbox.traffic import CLIENT_IP, Reply, Request, User
from acctcfg.sandbox.values import Json
from acctcfg.sandbox.world import World

__all__ = ["Exchange"]


class Exchange(ABC):
    """One request on its way through. A venue says who called, and what it answers or refuses."""

    cut: ClassVar[bytes] = b'{"da'  # a success that broke off
    too_many: ClassVar[str]  # the code with which the venue refuses what is too fast
    secret_fields: ClassVar[frozenset[str]]  # of bodies; the journal masks them
    ids: ClassVar[tuple[str, ...]]  # what tells a row of a list from the others: the first that it has

    def __init__(self, world: World, request: Request, path: str, query: str) -> None:
        self.world, self.request, self.path, self.query = world, request, path, query
        self.ip = request.headers.get(CLIENT_IP) or world.client_ip or request.peer
        self.params: Mapping[str, Json] = {}
        self.unlisted = False  # no such route here
        self.effect_done = False
        self.entry: Entry | None = None  # of the journal, once noted

    @property
    @abstractmethod
    def account(self) -> User:
        """Whose key the request names, whether or not it signs."""

    @property
    @abstractmethod
    def is_write(self) -> bool:
        """Whether the journal keeps it."""

    @abstractmethod
    def answer(self, fault: Fault | None) -> tuple[Reply, str]:
        """The venue's own answer, with its code ("0" when accepted). Only here does anything change."""

    @abstractmethod
    def refusal(self, code: str, msg: str = "", status: int = 0) -> Reply:
        """A refusal as this venue words it; status 0 is the code's own."""

    def rows(self, answer: Json) -> Sequence[Json] | None:
        """The list in an answer; None for an answer without one."""
        return answer if isinstance(answer, list) else None

    def row_id(self, row: Mapping[str, Json]) -> str:
        """What tells a row from the others of its list."""
        return str(next((row[name] for name in self.ids if row.get(name)), ""))

    def reply(self) -> Reply:
        """The answer, after the fault that was laid for it, if any."""
        world, request = self.world, self.request
        fault = world.faults.next_for(request.method, self.path, self.account, world.act)
        if fault is None:
            reply, code = self.answer(None)
        else:
            answered = self.answer(fault) if fault.answers_first else (Reply(503, b""), "")
            reply, code = spoil(fault, answered, self, world.ticks(), world.speed)
        self.note(reply, code, fault.kind if fault else "")
        return reply

    def note(self, reply: Reply, code: str, fault: str) -> None:
        """Write the request to the journal of the sandbox."""
        world, request = self.world, self.request
        outcome = Outcome(
            code=code,
            status=reply.status,
            unlisted=self.unlisted,
            too_many=code == self.too_many,
            effect=self.effect_done,
            fault=fault,
        )
        world.journal.count(self.account, f"{request.method} {self.path}", outcome)
        if self.is_write:
            params = masked(self.params or body_of(request), self.secret_fields)
            self.entry = world.journal.write(world.now_ms, self.account, request, self.path, params, outcome)

    def carry_out(self, effect: Callable[[], None], fault: Fault | None, delay_s: float = 0.0) -> None:
        """Do it now, later or never. `delay_s` is the venue's own delay, before the sandbox's speed."""
        if fault is not None and fault.kind == "ok_but_nothing":
            return
        if fault is not None and fault.kind == "delayed_effect":
            delay_s = fault.seconds
        if delay_s:
            self.world.after(delay_s, lambda: self.happen(effect))
        else:
            self.happen(effect)

    def happen(self, effect: Callable[[], None]) -> None:
        """Change the venue, and say so in the journal."""
        effect()
        self.effect_done = True
        if self.entry is not None:
            self.entry["effect"] = True
