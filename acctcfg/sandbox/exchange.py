"""What every request goes through, whatever the venue: faults, the venue's answer, its effect, the journal.

How a venue reads, signs and refuses stands in its own folder, in a subclass of Exchange.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    from acctcfg.sandbox.app import App
    from acctcfg.sandbox.faults import Fault

__all__ = ["CLIENT_IP", "Exchange", "Reply", "Request", "User"]

JSON = "application/json"
CLIENT_IP = "x-sandbox-client-ip"  # a request's own word for where it comes from


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. `target` is path and query exactly as sent, header names are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str] = field(repr=False)  # a passphrase is among them
    body: bytes = field(default=b"", repr=False)
    peer: str = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP response, and what becomes of the connection."""

    status: int
    body: bytes
    content_type: str = JSON
    delay_s: float = 0.0  # real seconds to wait before answering
    fate: str = "answer"  # or "reset": drop the connection; "hang": say nothing for delay_s, then drop it
    headers: Mapping[str, str] = field(default_factory=dict)


class User(Protocol):
    """Whoever a request counts for, at any venue."""

    @property
    def uid(self) -> str:
        """The venue's id of the user; empty for a caller unknown."""

    @property
    def address(self) -> str:
        """How the control API and faults name it: a sub-account's name, @master, or nothing."""


class Exchange(ABC):
    """One request on its way through. A venue says who called, and what it answers or refuses."""

    cut: ClassVar[bytes] = b'{"da'  # a success that broke off
    too_many: ClassVar[str]  # the code with which the venue refuses what is too fast

    def __init__(self, app: App, request: Request, path: str, query: str) -> None:
        self.app, self.request, self.path, self.query = app, request, path, query
        self.params: Mapping[str, Any] = {}
        self.unlisted = False  # no such route here
        self.effect_done = False
        self.row: dict[str, Any] | None = None  # of the journal, once noted

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

    def reply(self) -> Reply:
        """The answer, after the fault that was laid for it, if any."""
        fault = self.app.faults.next_for(self.app, self.request.method, self.path, self.account)
        if fault is None:
            reply, code = self.answer(None)
        else:
            reply, code = self.faulty(fault)
        self.row = self.app.journal.note(
            at=self.app.now_ms,
            user=self.account,
            request=self.request,
            path=self.path,
            params=self.params,
            code=code,
            status=reply.status,
            write=self.is_write,
            unlisted=self.unlisted,
            effect=self.effect_done,
            fault=fault.kind if fault else "",
        )
        return reply

    def faulty(self, fault: Fault) -> tuple[Reply, str]:
        """What a fault makes of the request."""
        if fault.answers_first:
            reply, code = self.answer(fault)
        else:
            reply, code = Reply(503, b""), ""
        return fault.spoil(reply, code, self)

    def carry_out(self, effect: Callable[[], None], fault: Fault | None, delay_s: float = 0.0) -> None:
        """Do it now, later or never. `delay_s` is the venue's own delay, before the sandbox's speed."""
        if fault is not None and fault.kind == "ok_but_nothing":
            return
        if fault is not None and fault.kind == "delayed_effect":
            delay_s = fault.seconds
        if delay_s:
            self.app.after(delay_s, lambda: self.happen(effect))
        else:
            self.happen(effect)

    def happen(self, effect: Callable[[], None]) -> None:
        """Change the venue, and say so in the journal."""
        effect()
        self.effect_done = True
        if self.row is not None:
            self.row["effect"] = True
