"""A few pages of text over HTTP, for whoever looks after this process: health, and metrics."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import NamedTuple

from aiohttp import web

__all__ = ["Page", "Pages"]

PLAIN = "text/plain; version=0.0.4; charset=utf-8"
"""The media type of Prometheus's text format; a browser shows it as text."""


class Page(NamedTuple):
    """What is served at one path at this moment."""

    text: str
    status: int = 200


class Pages:
    """The pages by their paths, each made anew for whoever asks. Reads alone are answered; port 0 takes a free one."""

    def __init__(self, pages: Mapping[str, Callable[[], Page]], host: str, port: int) -> None:
        self._pages, self._host, self._port = pages, host, port
        self._server: web.Server | None = None
        self._listener: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """`http://127.0.0.1:9464`"""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    async def open(self) -> None:
        """Listen. Raises OSError where the port is taken, or the address is none of this machine's."""
        self._server = web.Server(self._answer, access_log=None, keepalive_timeout=30)
        self._listener = await asyncio.get_running_loop().create_server(self._server, self._host, self._port)
        self._port = self._listener.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening, and drop every connection."""
        if self._listener is not None and self._server is not None:
            self._listener.close()
            await self._server.shutdown(timeout=0.05)  # 0 would wait without end
            await self._listener.wait_closed()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.method not in ("GET", "HEAD"):
            return web.Response(status=405, headers={"Allow": "GET, HEAD"})
        page = self._pages.get(request.path, lambda: Page("not found\n", 404))()
        headers = {"Content-Type": PLAIN, "Cache-Control": "no-store"}
        return web.Response(status=page.status, text=page.text, headers=headers)
