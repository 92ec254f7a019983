"""One document to a webhook: by POST, in bounded time, to that address and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from acctcfg.core.base_url import is_loopback
from acctcfg.core.secret import Secret
from acctcfg.errors import AcctcfgError
from acctcfg.wire.http import Request, TimedOut, TransportFailed, Unconnected
from acctcfg.wire.proxy import proxy_of
from acctcfg.wire.transport import AiohttpTransport

__all__ = ["post"]


async def post(url: Secret, body: bytes, *, environ: Mapping[str, str], timeout_s: float) -> str:
    """Why it did not arrive, without a word of the URL; "" if it did. Redirects are not followed."""
    parts = urlsplit(url.reveal())
    origin = f"{parts.scheme}://{parts.netloc}"
    headers = {"Host": parts.netloc, "User-Agent": "acctcfg", "Content-Type": "application/json"}
    headers["Content-Length"] = str(len(body))
    try:
        proxy = None if is_loopback(origin) else proxy_of(origin, None, "", environ)
        transport = AiohttpTransport(timeout_s=timeout_s, proxy=proxy)
        try:
            answer = await transport.send(Request("POST", url.reveal(), headers, body))
        finally:
            await transport.aclose()
    except TimedOut:
        return f"no answer within {timeout_s:g} s"
    except TransportFailed as error:
        return "it cannot be reached" if isinstance(error, Unconnected) else "the connection broke"
    except AcctcfgError as error:
        return error.message
    if 300 <= answer.status < 400:
        return f"it answered {answer.status}, a redirect, which is not followed"
    return "" if 200 <= answer.status < 300 else f"it answered {answer.status}"
