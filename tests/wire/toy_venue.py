"""A toy venue: a language of three lines, and a server that answers each request as the test's script says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar

from acctcfg.errors import AuthRefused, Garbled, Maintenance, OutcomeUnknown, RateLimited, Refused, Unreachable
from acctcfg.wire.endpoint import Call, Endpoint, Rate

READ = Call(Endpoint("GET", "/state", Rate(20, 2), "read"), {"of": "leverage"})
WRITE = Call(Endpoint("POST", "/state", Rate(20, 2), "trade"), {"leverage": "5"})
TIME = Call(Endpoint("GET", "/time", Rate(10, 2, "ip")))


class ToyDialect:
    """`{"code": "0", "data": ...}` is an answer, any other code an error; the header `X-Now` is the signature."""

    CODES: ClassVar = {"busy": RateLimited, "late": AuthRefused, "key": AuthRefused, "no": Refused}
    STATES: ClassVar = {"down": Unreachable, "maybe": OutcomeUnknown, "closed": Maintenance}

    def sign(self, signer: Any, now: float, method: str, target: str, body: bytes) -> dict[str, str]:
        if signer is None:
            return {}
        return {"X-Now": f"{now:.3f}", "X-Signed": f"{signer} {method} {target} {body.hex()}"}

    def decode(self, endpoint: Endpoint, status: int, headers: Mapping[str, str], body: bytes) -> Any:
        try:
            answer = json.loads(body)
        except ValueError:
            if status >= 500:
                raise Unreachable(f"the venue fails with HTTP {status}", code=str(status)) from None
            raise Garbled("the answer is not the venue's") from None
        code = answer["code"]
        if code in self.CODES:
            raise self.CODES[code](f"the venue says {code}", code=code, status=status)
        if code in self.STATES:
            raise self.STATES[code](f"the venue says {code}", code=code)
        return answer["data"]

    def is_clock_refusal(self, error: Refused) -> bool:
        return error.code == "late"

    def time_call(self) -> Call | None:
        return TIME

    def server_time(self, data: Any) -> float:
        return float(data)


Act = Callable[["Request", asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Request:
    """What reached the venue's socket, byte for byte."""

    def __init__(self, head: bytes, body: bytes) -> None:
        first, *lines = head.decode("latin-1").split("\r\n")
        self.method, self.target, _ = first.split(" ")
        self.headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines if line)}
        self.body = body

    @property
    def line(self) -> str:
        return f"{self.method} {self.target}"


def say(data: Any = None, *, code: str = "0", status: int = 200) -> Act:
    """Answer in the venue's language."""
    return raw(json.dumps({"code": code, "data": data}).encode(), status=status, kind="application/json")


def raw(body: bytes, *, status: int = 200, kind: str = "text/html", more: str = "", length: int | None = None) -> Act:
    """Answer with exactly this body; a longer `length` than the body cuts the answer short."""

    async def act(request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        size = len(body) if length is None else length
        head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {size}\r\n{more}\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        if size > len(body):
            writer.close()

    return act


async def reset(request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Drop the connection once the request was read: the effect may have happened."""
    writer.transport.abort()


async def hang(request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Never answer; return when the client has gone."""
    await reader.read()


async def stall(request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Begin an answer and never end it."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
    await reader.read()


async def babble(request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say something that is no HTTP."""
    writer.write(b"220 mail.example ready\r\n\r\n")
    await writer.drain()
    writer.close()


class ToyVenue:
    """Acts out `script`, one act per request; the last one again and again. `seen` holds all that arrived."""

    def __init__(self) -> None:
        self.script: list[Act] = [say()]
        self.at: dict[str, Act] = {}  # by path, besides the script
        self.seen: list[Request] = []
        self.asked = asyncio.Event()
        self.url = ""
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def lines(self) -> list[str]:
        return [request.line for request in self.seen]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next((int(x[15:]) for x in head.lower().split(b"\r\n") if x[:15] == b"content-length:"), 0)
                request = Request(head[:-4], await reader.readexactly(length))
                self.seen.append(request)
                self.asked.set()
                act = self.at.get(request.target.partition("?")[0])
                await (act or (self.script.pop(0) if len(self.script) > 1 else self.script[0]))(request, reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            self._tasks.discard(task)

    async def stop(self, server: asyncio.Server) -> None:
        server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
