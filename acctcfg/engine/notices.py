"""Word of what a command did, on its way: on a thread of its own, in bounded time, whatever becomes of it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping

from acctcfg.core.desired import Notify
from acctcfg.core.secret import Secret
from acctcfg.core.webhook import webhook_flaw
from acctcfg.wire.webhook import post

__all__ = ["Notices"]

TIMEOUT_S = 5.0
"""That a webhook has to answer."""
MARGIN_S = 2.0  # to find its host and to be done


class Notices:
    """Sends documents to where a manifest says. `trouble`: why the last one that ended did not arrive, or ""."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.trouble = ""
        self._environ = environ
        self._sending: threading.Thread | None = None

    def send(self, notify: Notify, body: bytes) -> None:
        """Begin to send one; not while the one before it is on its way, for nobody may have to wait."""
        if self._sending is not None and self._sending.is_alive():
            self.trouble = "the one before it is still on its way"
            return
        self._sending = threading.Thread(target=self._send, args=(notify, body), name="notify", daemon=True)
        self._sending.start()

    def wait(self) -> None:
        """Wait until what is on its way has arrived, or has had its time."""
        if self._sending is not None:
            self._sending.join(TIMEOUT_S + MARGIN_S)
            self.trouble = f"no answer within {TIMEOUT_S:g} s" if self._sending.is_alive() else self.trouble
            self._sending = None

    def _send(self, notify: Notify, body: bytes) -> None:
        url, trouble = self._url(notify)
        try:
            self.trouble = trouble if url is None else asyncio.run(_posted(url, body, self._environ))
        except Exception as error:  # whatever is wrong with telling
            self.trouble = type(error).__name__

    def _url(self, notify: Notify) -> tuple[Secret | None, str]:
        if notify.url is not None:
            return notify.url, ""
        text = self._environ.get(notify.env, "").strip()
        if not text:
            return None, f"the environment variable {notify.env} is not set"
        if flaw := webhook_flaw(text):
            return None, f"the environment variable {notify.env} {flaw}"
        url = Secret(text)
        url.keep_untold()
        return url, ""


async def _posted(url: Secret, body: bytes, environ: Mapping[str, str]) -> str:
    return await post(url, body, environ=environ, timeout_s=TIMEOUT_S)
