"""Requests on their connections: the bytes that leave, and which connections are used once more."""

from __future__ import annotations

import asyncio
import time

import pytest
from toy_venue import ToyVenue, raw, say

from acctcfg.wire.http import Request, TimedOut
from acctcfg.wire.transport import AiohttpTransport


@pytest.fixture
async def transport():
    found = AiohttpTransport(timeout_s=5)
    yield found
    await found.aclose()


async def test_a_request_leaves_as_it_is(venue: ToyVenue, transport: AiohttpTransport) -> None:
    """Target, headers and body reach the venue byte for byte, and nothing is added to them."""
    venue.script = [say("5")]
    headers = {"Host": "venue.example", "X-Sign": "a+b/c==", "Content-Length": "3"}
    answer = await transport.send(Request("POST", f"{venue.url}/a%2Fb?c=%20d,e", headers, b"\x00\xffz"))
    assert answer.status == 200
    assert b"5" in await answer.read()
    (request,) = venue.seen
    assert (request.method, request.target, request.body) == ("POST", "/a%2Fb?c=%20d,e", b"\x00\xffz")
    assert {name.lower() for name in request.headers} == {"host", "x-sign", "content-length"}


@pytest.mark.parametrize("value", ["a\r\nX-Other: b", "a\nb", "a\rb", "a\0b"])
async def test_a_line_break_reaches_no_connection(venue: ToyVenue, transport: AiohttpTransport, value: str) -> None:
    """A header that would be two is refused before a byte is sent."""
    with pytest.raises(ValueError, match="line break"):
        await transport.send(Request("GET", f"{venue.url}/", {"Host": "x", "X-Sign": value}, b""))
    assert venue.seen == []


async def test_only_a_connection_whose_answer_was_read_is_used_again(
    venue: ToyVenue, transport: AiohttpTransport
) -> None:
    """Ten reads in a row take one connection; one that is broken off takes its connection with it."""
    made, make = [], transport._socket

    def noted(address):
        made.append(address)
        return make(address)

    transport._socket = noted  # type: ignore[method-assign]
    venue.script = [say("5")]
    get = Request("GET", f"{venue.url}/", {"Host": "x"}, b"")
    for _ in range(10):
        await (await transport.send(get)).read()
    assert len(made) == 1
    broken = asyncio.ensure_future(transport.send(get))
    await asyncio.sleep(0)
    broken.cancel()
    await asyncio.gather(broken, return_exceptions=True)
    await (await transport.send(get)).read()
    assert len(made) == 2


@pytest.mark.parametrize("read", [True, False])
@pytest.mark.parametrize(
    "unasked", [b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst", b"HTTP/1.1 408 X\r\n\r\n", b""]
)
async def test_what_nobody_asked_for_answers_nothing(
    venue: ToyVenue, transport: AiohttpTransport, unasked: bytes, read: bool
) -> None:
    """An answer sent twice, or a server's goodbye, is not taken for the answer to the next request. `read`: by then."""
    open_ways: list[asyncio.StreamWriter] = []

    async def first(request, reader, writer):
        open_ways.append(writer)
        await raw(b"first")(request, reader, writer)

    venue.script = [first, raw(b"second"), raw(b"third")]
    get = Request("GET", f"{venue.url}/", {"Host": "x"}, b"")
    assert await (await transport.send(get)).read() == b"first"
    if unasked:
        open_ways[0].write(unasked)
    else:
        open_ways[0].close()
    await asyncio.sleep(0.05 if read else 0)
    for word in (b"second", b"third"):
        answer = await transport.send(get)
        assert (answer.status, await answer.read()) == (200, word)
    assert len(venue.seen) == 3


@pytest.mark.parametrize("parts", [1, 2])
async def test_an_answer_that_came_while_we_were_held_up_is_taken(venue: ToyVenue, parts: int) -> None:
    """A process that stood still for longer than it waits for an answer loses none that has come meanwhile."""
    transport = AiohttpTransport(timeout_s=0.4)

    async def held_up(request, reader, writer):
        head, body = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n", b"secret"
        if parts == 2:
            writer.write(head)
            await asyncio.sleep(0.01)
        writer.write(body if parts == 2 else head + body)
        time.sleep(0.6)  # noqa: ASYNC251 (nothing else of this process goes on: that is the matter)

    venue.script = [say("5"), held_up]
    await (await transport.send(Request("GET", f"{venue.url}/", {"Host": "x"}, b""))).read()
    answer = await transport.send(Request("POST", f"{venue.url}/", {"Host": "x", "Content-Length": "0"}, b""))
    assert await answer.read() == b"secret"
    await transport.aclose()


async def test_no_answer_is_waited_for_a_moment_more(venue: ToyVenue, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing came, a process that was held up gives up a moment later."""
    monkeypatch.setattr("acctcfg.wire.answered_by.GRACE_S", 0.1)
    transport = AiohttpTransport(timeout_s=0.4)

    async def held_up(request, reader, writer):
        time.sleep(0.6)  # noqa: ASYNC251
        await reader.read()

    venue.script = [say("5"), held_up]
    await (await transport.send(Request("GET", f"{venue.url}/", {"Host": "x"}, b""))).read()
    with pytest.raises(TimedOut):
        await transport.send(Request("POST", f"{venue.url}/", {"Host": "x", "Content-Length": "0"}, b""))
    await transport.aclose()
