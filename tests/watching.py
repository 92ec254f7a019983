"""`acctcfg watch` in tests: the real command line on a clock that does not wait, and what happens between its looks."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from desk import Desk, Said
from patience import PATIENCE_S

import acctcfg.engine.watch
from acctcfg.wire.clock import FakeClock

__all__ = ["Between", "free_port", "lines", "page", "watch"]

Happens = Callable[[int], object]


class Between(FakeClock):
    """Time that passes at once. `happens` is called with the number of the look that is over, `pauses` is kept."""

    def __init__(self, happens: Happens) -> None:
        super().__init__()
        self.happens = happens
        self.pauses: list[float] = []

    async def sleep(self, seconds: float) -> None:
        """What happens, off the loop that serves the pages, and the time is over."""
        self.pauses.append(seconds)
        await asyncio.to_thread(self.happens, len(self.pauses))
        await super().sleep(seconds)


def watch(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, times: int, *arguments: str, happens: Happens = lambda _: None
) -> tuple[Said, list[float]]:
    """So many looks as JSON Lines, and the pauses between them."""
    clock, whole = Between(happens), acctcfg.engine.watch.Watch
    if not {"--listen"} & set(arguments):
        arguments = ("--listen", "off", *arguments)
    with monkeypatch.context() as patch:
        patch.setattr(acctcfg.engine.watch, "Watch", partial(whole, clock=clock))
        said = desk.run("watch", "--times", str(times), "--jitter", "0%", "--format", "json", *arguments)
    return said, clock.pauses


def lines(said: Said) -> list[dict[str, Any]]:
    """Each look."""
    return [json.loads(line) for line in said.out.splitlines()]


def free_port() -> int:
    """A port of loopback that nobody has right now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def page(port: int, path: str) -> tuple[int, str]:
    """Status and text of one page."""
    try:
        with urlopen(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE_S) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        return error.code, ""
