"""Pages of text over HTTP for as long as a command runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from acctcfg.errors import ConfigError
from acctcfg.wire.pages import Page, Pages

__all__ = ["Page", "serving"]


@asynccontextmanager
async def serving(pages: Mapping[str, Callable[[], Page]], host: str, port: int) -> AsyncIterator[str]:
    """Serve the pages by their paths; gives the URL that they are under. ConfigError where that cannot be had."""
    served = Pages(pages, host, port)
    try:
        await served.open()
    except OSError as exc:
        raise ConfigError(
            f"cannot listen on {host}:{port}: {exc.strerror or exc}",
            hint="is another watch running? --listen takes another address, or off",
        ) from exc
    try:
        yield served.url
    finally:
        await served.close()
