"""A venue's answers on record, each with its time, and a client that answers from them in place of the venue.

What endpoints declare as secret is taken out of an answer before anybody has it, so none is on record. Who asked is on
record by the id of the key alone. What was not asked then cannot be answered: it is `not_in_snapshot`.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final, NoReturn, TypedDict
from urllib.parse import parse_qsl

from acctcfg.core.secret import Credentials
from acctcfg.errors import AuthRefused, RateLimited, Refused, TokenOver, VenueError
from acctcfg.wire.answer import guarded, read_json
from acctcfg.wire.client import Client
from acctcfg.wire.echo import Echo, among
from acctcfg.wire.endpoint import Call
from acctcfg.wire.exchange import Reply, Settle
from acctcfg.wire.failures import NotServed

__all__ = ["Answer", "Answers", "Record", "RecordingClient", "ReplayingClient", "Unanswered", "asked_of"]

NOT_THERE: Final = "not_in_snapshot"
_KINDS: Final[Mapping[str, type[Refused]]] = {one.__name__: one for one in (Refused, AuthRefused, TokenOver, NotServed)}


class Refusal(TypedDict):
    """What a venue refused a request with."""

    kind: str
    message: str
    hint: str
    code: str
    status: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer. `key`: the id of the key that signed, "" for a public call. `refused`: its parts, or None."""

    key: str
    asked: str  # "GET /api/v5/account/config"
    read_at: float  # Unix seconds by the venue's clock
    body: str = "null"  # JSON
    refused: Refusal | None = None
    holdings: tuple[str, ...] | None = None  # see `Endpoint.holdings`

    def reply(self, now: float) -> Reply:
        """The answer as a client gives it. Raises what the venue refused it with."""
        if self.refused is not None:
            one = self.refused
            kind = _KINDS.get(one["kind"], Refused)
            raise kind(one["message"], hint=one["hint"], code=one["code"], status=one["status"], text=one["text"])
        data = read_json(self.body.encode())
        guarded(data if isinstance(data, list) else [data])
        return Reply(data=data, sent_at=now, received_at=now, status=200)


def asked_of(call: Call) -> str:
    """What a call asks, as an answer has it."""
    return f"{call.endpoint.method} {call.target}"


def _plain(value: object) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(type(value).__name__)


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A request without an answer that could go on record. `user`: whose limits it used up; "" for a public call."""

    user: str
    call: Call
    error: VenueError

    @property
    def told(self) -> str:
        """What was asked, and what came of it."""
        said = self.error.message
        return said if self.call.text in said else f"{self.call.text}: {said}"


class Record:
    """The answers that one connection was given, and the requests that were not answered."""

    def __init__(self) -> None:
        self.answers: dict[tuple[str, str], Answer] = {}
        self._unanswered: dict[tuple[str, str], Unanswered] = {}

    @property
    def unanswered(self) -> list[Unanswered]:
        """What is missing: whatever was asked, and was never answered."""
        return [one for place, one in self._unanswered.items() if place not in self.answers]

    def lack(self, call: Call, signer: Credentials | None, user: str, error: VenueError) -> None:
        """Note that a request has no answer yet."""
        self._unanswered[signer.api_key if signer else "", asked_of(call)] = Unanswered(user, call, error)

    def add(self, call: Call, signer: Credentials | None, got: Reply | Refused, now: float) -> None:
        """Note an answer, or a refusal that would come again."""
        key, asked, holdings = signer.api_key if signer else "", asked_of(call), call.endpoint.holdings
        one = Answer(key=key, asked=asked, read_at=now, holdings=holdings)
        if isinstance(got, Refused):
            refusal = Refusal(
                kind=type(got).__name__,
                message=got.message,
                hint=got.hint,
                code=got.code,
                status=got.status,
                text=got.text,
            )
            self.answers[key, asked] = replace(one, refused=refusal)
        else:
            self.answers[key, asked] = replace(one, body=json.dumps(got.data, default=_plain, ensure_ascii=False))

    def find(self, call: Call, signer: Credentials | None) -> Answer | None:
        """What was answered to the same call."""
        return self.answers.get((signer.api_key if signer else "", asked_of(call)))


class RecordingClient(Client):
    """Keeps what it reads, and asks for nothing twice: all that is on record fits together."""

    def __init__(self, *args: Any, record: Record, **options: Any) -> None:
        super().__init__(*args, **options)
        self._record = record

    async def read(
        self, call: Call, signer: Credentials | None = None, user: str = "", *, settle: Settle | None = None
    ) -> Reply:
        """The answer, on record from now on."""
        if settle is not None:
            call = await settle()
        now = self.clock.now() + self.offset_s
        if (known := self._record.find(call, signer)) is not None:
            return known.reply(now)
        try:
            reply = await super().read(call, signer, user)
        except VenueError as error:
            if isinstance(error, Refused) and not isinstance(error, RateLimited):
                self._record.add(call, signer, error, now)
            else:
                self._record.lack(call, signer, user, error)
            raise
        self._record.add(call, signer, reply, reply.received_at)
        return reply


class Answers:
    """What is on record of one connection. `lack`: why nothing is.

    `oldest`: when the oldest answer was read that anybody took; None: none was.
    """

    def __init__(self, answers: Iterable[Answer], *, lack: str = "") -> None:
        self.lack = lack
        self._exact = {(one.key, one.asked): one for one in answers}
        self._lists: dict[tuple[str, str], list[Answer]] = defaultdict(list)
        for one in self._exact.values():
            self._lists[one.key, one.asked.partition("?")[0]].append(one)
        self._parts: dict[object, dict[str, Answer]] = {}
        self.oldest: float | None = None

    def reply(self, call: Call, signer: Credentials | None, now: float) -> Reply:
        """The answer on record. Raises VenueError where there is none."""
        key = signer.api_key if signer else ""
        if (exact := self._exact.get((key, asked_of(call)))) is not None:
            return self._taken(exact).reply(now)
        for echo in call.endpoint.echoes or ():
            if echo.same is among and not echo.within and call.params.get(echo.param):
                return self._put_together(call, key, echo, now)
        raise VenueError(self.lack or f"{call.text} is not in the snapshot", code=NOT_THERE)

    def _taken(self, one: Answer) -> Answer:
        self.oldest = one.read_at if self.oldest is None else min(self.oldest, one.read_at)
        return one

    def _put_together(self, call: Call, key: str, echo: Echo, now: float) -> Reply:
        """A list of things that were asked for then in other company."""
        rest = {name: str(value) for name, value in call.params.items() if name != echo.param}
        path = asked_of(call).partition("?")[0]
        known = self._by_value(key, path, rest, echo)
        names = str(call.params[echo.param]).split(",")
        if lacking := [name for name in names if name not in known]:
            raise VenueError(f"{call.text} of {', '.join(lacking[:3])} is not in the snapshot", code=NOT_THERE)
        replies = [self._taken(known[name]).reply(now) for name in names]
        found: list[Any] | dict[str, Any] = []
        for name, reply in zip(names, replies, strict=True):
            found = _chosen(reply.data, echo.name, name, found)
        return replace(replies[0], data=found)

    def _by_value(self, key: str, path: str, rest: Mapping[str, str], echo: Echo) -> Mapping[str, Answer]:
        index = (key, path, tuple(sorted(rest.items())), echo.param)
        if index not in self._parts:
            made = self._parts[index] = {}
            for one in self._lists[key, path]:
                asked = dict(parse_qsl(one.asked.partition("?")[2]))
                values = asked.pop(echo.param, "").split(",")
                if asked == rest and (one.refused is None or len(values) == 1):
                    made.update(dict.fromkeys(values, one))
        return self._parts[index]


def _chosen(data: Any, field: str, name: str, found: list[Any] | dict[str, Any]) -> list[Any] | dict[str, Any]:
    """With the rows of one thing: of a list of rows, or of an object with the things as its keys."""
    if isinstance(data, dict):
        before = found if isinstance(found, dict) else {}
        return {**before, **{key: value for key, value in data.items() if key == name}}
    return [*found, *(row for row in data if isinstance(row, dict) and row.get(field) == name)]


class ReplayingClient(Client):
    """Answers from what is on record. It has no way to a network."""

    def __init__(self, *args: Any, answers: Answers, **options: Any) -> None:
        super().__init__(*args, **{**options, "transport": _NoNetwork(), "sockets": None})
        self._answers = answers

    @property
    def asks_alone(self) -> bool:
        """Of a list on record all of it is at hand, and not every row by itself."""
        return False

    async def read(
        self,
        call: Call,
        signer: Credentials | None = None,
        user: str = "",  # noqa: ARG002
        *,
        settle: Settle | None = None,
    ) -> Reply:
        """The answer on record."""
        if settle is not None:
            call = await settle()
        return self._answers.reply(call, signer, self.clock.now())

    async def write(self, call: Call, *args: Any, **options: Any) -> NoReturn:  # noqa: ARG002
        """Never."""
        raise VenueError(f"{call.text}: nothing is sent from a snapshot", code=NOT_THERE)

    async def socket(self, url: str, rate: Any) -> NoReturn:  # noqa: ARG002
        """Never."""
        raise VenueError("nothing is asked from a snapshot", code=NOT_THERE)


class _NoNetwork:
    async def send(self, request: object) -> NoReturn:  # noqa: ARG002
        raise VenueError("nothing is sent from a snapshot", code=NOT_THERE)

    async def aclose(self) -> None:
        """There is nothing to close."""
