"""What a kept connection brought that no request asked for: an answer sent twice, a server's word that it will close.

The next request on that connection would be given it as its answer, and every later one the answer of the one before.
"""

from __future__ import annotations

import select

from aiohttp.client_proto import ResponseHandler

__all__ = ["brought_unasked"]


def brought_unasked(protocol: ResponseHandler) -> bool:
    """Whether a connection that waits for its next request has something to read, or its end, read or not yet."""
    made = protocol.transport.get_extra_info("socket") if protocol.transport is not None else None
    return protocol.should_close or made is None or _readable(made.fileno())


def _readable(number: int) -> bool:
    if number < 0:
        return True
    if not hasattr(select, "poll"):
        return bool(select.select([number], [], [], 0)[0])
    waiting = select.poll()
    waiting.register(number, select.POLLIN)
    return bool(waiting.poll(0))
