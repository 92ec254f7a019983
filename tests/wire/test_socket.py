"""WebSockets of a server that means harm: nothing is followed, kept without bound, or waited for without end."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import struct
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import cache

import pytest
from patience import LONG_S, PATIENCE_S

from acctcfg.errors import Unreachable
from acctcfg.wire.failures import Redirected
from acctcfg.wire.socket import SocketClosed, Sockets

Act = Callable[[asyncio.StreamWriter], Awaitable[None]]
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
MIB = 1 << 20


@asynccontextmanager
async def serving(act: Act, head: str = "") -> AsyncIterator[str]:
    """A server that takes the handshake (or answers `head`) and then does as `act` says; its URL."""

    tasks: list[asyncio.Task[None] | None] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.append(asyncio.current_task())
        with suppress(asyncio.CancelledError, ConnectionError, asyncio.IncompleteReadError):
            asked = await reader.readuntil(b"\r\n\r\n")
            key = next(line[19:] for line in asked.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key: "))
            accept = base64.b64encode(hashlib.sha1(key + GUID).digest()).decode()  # noqa: S324 (the protocol's own)
            taken = (
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
            )
            writer.write((head or taken).encode())
            await act(writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/ws/v5/private"
    finally:
        server.close()
        for task in tasks:
            if task is not None:
                task.cancel()
                await asyncio.wait([task])


@pytest.fixture
async def sockets() -> AsyncIterator[Sockets]:
    some = Sockets(timeout_s=PATIENCE_S)
    yield some
    await some.aclose()


async def nothing(writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(LONG_S)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(sockets: Sockets, status: int) -> None:
    """A login goes to the host of the base URL or to nobody: the other host does not even see a connection."""
    reached = []

    async def other(writer: asyncio.StreamWriter) -> None:
        reached.append(writer)

    async with serving(other) as elsewhere:
        head = f"HTTP/1.1 {status} X\r\nLocation: {elsewhere}\r\nContent-Length: 0\r\n\r\n"
        async with serving(nothing, head) as url:
            with pytest.raises(
                Redirected, match=rf"redirects to 127.0.0.1 \(HTTP {status}\); redirects are not followed"
            ):
                await sockets.open(url)
    assert reached == []


@cache
def bomb() -> bytes:
    """A small frame that inflates to 64 MiB."""
    packer = zlib.compressobj(wbits=-15)
    packed = packer.compress(b"x" * 64 * MIB) + packer.flush(zlib.Z_SYNC_FLUSH)
    return struct.pack("!BBQ", 0xC1, 127, len(packed)) + packed


async def inflating(writer: asyncio.StreamWriter) -> None:
    writer.write(bomb())
    await writer.drain()


async def huge(writer: asyncio.StreamWriter) -> None:
    writer.write(struct.pack("!BBQ", 0x81, 127, 100 * MIB))
    for _ in range(100):
        writer.write(b"x" * MIB)
        await writer.drain()
        SENT.append(MIB)


async def in_pieces(writer: asyncio.StreamWriter) -> None:
    writer.write(struct.pack("!BBQ", 0x01, 127, MIB) + b"x" * MIB)
    for _ in range(100):
        writer.write(struct.pack("!BBQ", 0x00, 127, MIB) + b"x" * MIB)
        await writer.drain()
        SENT.append(MIB)


SENT: list[int] = []


@pytest.mark.slow
@pytest.mark.parametrize("act", [inflating, huge, in_pieces])
async def test_what_is_too_long_ends_the_socket(sockets: Sockets, act: Act) -> None:
    """However it comes, no more than a few frames are taken in, and the socket counts as closed."""
    SENT.clear()
    bomb()  # made before anybody waits
    async with serving(act) as url:
        socket = await sockets.open(url)
        with pytest.raises(SocketClosed):
            await socket.next(PATIENCE_S)
        await socket.close()
    assert sum(SENT) < 16 * MIB


async def pinging(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"\x89\x00" * 1000)
        await writer.drain()


@pytest.mark.parametrize("act", [pinging, nothing])
async def test_a_socket_that_says_nothing_of_use_is_waited_for_in_time(sockets: Sockets, act: Act) -> None:
    """Pings without end are no answer."""
    async with serving(act) as url:
        socket = await sockets.open(url)
        with pytest.raises(TimeoutError):
            await socket.next(0.2)
        await socket.close()


async def test_a_handshake_that_never_ends_is_given_up() -> None:
    """Nobody waits for a server that begins an answer and does not end it."""
    async with serving(nothing, "HTTP/1.1 101 Switching") as url:
        sockets = Sockets(timeout_s=0.3)
        with pytest.raises(Unreachable, match="no answer in time"):
            await sockets.open(url)
        await sockets.aclose()
