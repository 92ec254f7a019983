"""The sandbox on a socket: the App's `handle` behind aiohttp, on loopback only."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from typing import Self

from aiohttp import WSMsgType, web

from acctcfg.sandbox.app import App
from acctcfg.sandbox.control import act, is_loopback
from acctcfg.sandbox.stream import Stream
from acctcfg.sandbox.traffic import Reply, Request
from acctcfg.sandbox.values import Json

__all__ = ["Running", "Server", "is_loopback"]

PULSE_S = 0.05  # how often a WebSocket looks at its clock, and an answer that is held back at its fault
PATIENCE_S = 60.0  # of whoever calls the thread of a server: a busy machine may not have run it yet


class Server:
    """One App on one port, inside a running event loop."""

    def __init__(self, app: App, *, host: str = "127.0.0.1", port: int = 0) -> None:
        if not is_loopback(host):
            raise ValueError(f"the sandbox serves loopback addresses only, not {host}")
        self.app, self.host, self.port = app, host, port
        self._server: web.Server | None = None
        self._listener: asyncio.Server | None = None
        self._stopping = asyncio.Event()

    @property
    def base_url(self) -> str:
        """`http://127.0.0.1:8700`"""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    async def start(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        loop = asyncio.get_running_loop()
        self._server = web.Server(self._answer, access_log=None)
        self._listener = await loop.create_server(self._server, self.host, self.port)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and drop every connection."""
        if self._listener is None or self._server is None:
            return
        self._listener.close()
        self._stopping.set()  # wakes the answers that a fault holds back
        await self._server.shutdown(timeout=0.05)  # 0 would wait without end
        await self._listener.wait_closed()

    async def _answer(self, raw: web.BaseRequest) -> web.StreamResponse:
        body = await raw.read() if raw.can_read_body else b""
        peer = raw.transport.get_extra_info("peername") if raw.transport else None
        request = Request(
            method=raw.method,
            target=raw.raw_path,
            headers={name.lower(): value for name, value in raw.headers.items()},
            body=body,
            peer=peer[0] if peer else "127.0.0.1",
        )
        if raw.headers.get("Upgrade", "").lower() == "websocket":
            reply = self.app.connect(request)
            if isinstance(reply, Stream):
                return await self._talk(raw, reply)
        else:
            reply = self.app.handle(request)
        if reply.delay_s:
            await self._hold_back(reply)
        if reply.fate != "answer":
            _drop(raw)
        return _response(reply)

    async def _hold_back(self, reply: Reply) -> None:
        """Until its time has come, its fault is taken away, or the server stops."""
        clock = asyncio.get_running_loop().time
        end = clock() + reply.delay_s
        while reply.held() and not self._stopping.is_set() and (left := end - clock()) > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(left, PULSE_S)):
                    await self._stopping.wait()

    async def _talk(self, raw: web.BaseRequest, stream: Stream) -> web.StreamResponse:
        """Carry a WebSocket's texts until either side ends it."""
        ws, world, wake, loop = web.WebSocketResponse(), self.app.world, asyncio.Event(), asyncio.get_running_loop()
        await ws.prepare(raw)

        def stirred() -> None:
            loop.call_soon_threadsafe(wake.set)

        world.streams.append(stream)
        world.watchers.add(stirred)
        reader = asyncio.create_task(_read(ws, stream, wake))
        try:
            while not reader.done():
                wake.clear()
                world.run_due()
                stream.turn()
                for text in stream.taken():
                    await ws.send_str(text)
                if stream.dropped:
                    _drop(raw)
                    break
                if stream.closing is not None:
                    await ws.close(code=stream.closing[0], message=stream.closing[1].encode())
                    break
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(PULSE_S):
                        await wake.wait()
        except ConnectionError:
            pass  # the other side is gone
        finally:
            world.watchers.discard(stirred)
            world.streams.remove(stream)
            reader.cancel()
        return ws


async def _read(ws: web.WebSocketResponse, stream: Stream, wake: asyncio.Event) -> None:
    async for message in ws:
        if message.type == WSMsgType.TEXT:
            stream.received(message.data)
            wake.set()


def _response(reply: Reply) -> web.Response:
    return web.Response(
        status=reply.status, body=reply.body, headers={"Content-Type": reply.content_type, **reply.headers}
    )


def _drop(raw: web.BaseRequest) -> None:
    """Cut the connection the hard way: the client sees a reset, not an orderly end."""
    if raw.transport is None:
        return
    sock = raw.transport.get_extra_info("socket")
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raw.transport.abort()


class Running:
    """A sandbox on a thread of its own, for tests: `with Running(seed) as sandbox: ... sandbox.base_url`.

    `control_get` and `control_post` are the control API without HTTP; they run on the server's thread.
    """

    def __init__(
        self,
        seed: Mapping[str, object] | None = None,
        *,
        speed: float = 1.0,
        host: str = "127.0.0.1",
        port: int = 0,
        app: App | None = None,
        wall: Callable[[], float] | None = None,
    ) -> None:
        self.app = app or App(seed, speed=speed, wall=wall or time.time)
        self._server = Server(self.app, host=host, port=port)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="sandbox", daemon=True)

    @property
    def base_url(self) -> str:
        """Where it listens, once entered."""
        return self._server.base_url

    @property
    def port(self) -> int:
        """On which port."""
        return self._server.port

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self._server.start(), self._loop).result(PATIENCE_S)
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._server.stop(), self._loop).result(PATIENCE_S)
        self._end()

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_S)
        self._loop.close()

    def control_get(self, path: str, **query: str) -> Json:
        """`control_get("state", account="mmdesk01")`"""
        return self._act("GET", path, None, query)

    def control_post(self, path: str, body: Json = None, **fields: Json) -> Json:
        """`control_post("accounts/mmdesk01/positions", {"instId": "BTC-USDT-SWAP"})`; keywords do for a body."""
        return self._act("POST", path, body if body is not None else fields, {})

    def control_delete(self, path: str) -> Json:
        """`control_delete("accounts/mmdesk01/positions/all")`"""
        return self._act("DELETE", path, None, {})

    def _act(self, method: str, path: str, body: Json, query: dict[str, str]) -> Json:
        async def run() -> Json:
            answer: Json = json.loads(json.dumps(act(self.app, method, path, body, query)))
            return answer

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(PATIENCE_S)
