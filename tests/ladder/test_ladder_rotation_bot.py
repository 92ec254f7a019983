"""Rotation beside a bot that signs with the keys all the time, and reads a secret again when its file changes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
import pytest
from desk import Desk

TRADING = {"permissions": ["read", "trade"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}
PATH = "/api/v5/account/config"
NOT_THE_KEYS = ("0", "50011", "50102")
"""Answered; too many requests; and a signature that waited for longer than the sandbox's window, at its speed 0.6 s."""


@dataclass(slots=True)
class Bot:
    """Signs one read after the other, account by account. `refused`: the codes of those that the venue refused."""

    desk: Desk
    accounts: list[str]
    sent: int = 0
    refused: list[str] = field(default_factory=list)
    reloads: int = 0
    held: dict[str, tuple[int, dict[str, str]]] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)

    def secret(self, account: str) -> dict[str, str]:
        """The one at hand, unless its file is another by now."""
        inode = (self.desk.folder / "secrets/desk" / account / "trading.age").stat().st_ino
        before = self.held.get(account)
        if before is None or before[0] != inode:
            self.reloads += before is not None
            self.held[account] = inode, self.desk.secret(account, "trading")
        return self.held[account][1]

    def run(self) -> None:
        """Until it is told that it is over."""
        with httpx.Client(base_url=self.desk.sandbox.base_url, timeout=20) as client:
            while not self.over.is_set():
                for account in self.accounts:
                    code = client.get(PATH, headers=headers(self.secret(account))).json()["code"]
                    self.sent += 1
                    self.refused += [code] if code not in NOT_THE_KEYS else []


def headers(secret: dict[str, str]) -> dict[str, str]:
    """Those of one signed read."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    digest = hmac.new(secret["secret_key"].encode(), f"{now}GET{PATH}".encode(), hashlib.sha256).digest()
    return {
        "OK-ACCESS-KEY": secret["api_key"],
        "OK-ACCESS-SIGN": base64.b64encode(digest).decode(),
        "OK-ACCESS-TIMESTAMP": now,
        "OK-ACCESS-PASSPHRASE": secret["passphrase"],
        "x-simulated-trading": "1",
    }


@contextmanager
def at_work(desk: Desk, accounts: list[str]) -> Iterator[Bot]:
    """A bot in a thread of its own."""
    bot = Bot(desk, accounts)
    thread = threading.Thread(target=bot.run)
    thread.start()
    try:
        yield bot
    finally:
        bot.over.set()
        thread.join()


@pytest.mark.parametrize(
    ("number", "overlap"), [(5, "1s"), pytest.param(300, "10s", marks=pytest.mark.slow)], ids=["5", "300"]
)
@pytest.mark.slow
def test_a_bot_that_reloads_on_change_sees_no_refused_request(desk: Desk, number: int, overlap: str) -> None:
    """All keys are rotated under its load; it takes up every new secret, and no request of it is refused."""
    accounts = [f"mmdesk{n:03}" for n in range(number)]
    desk.write({name: {"api_keys": {"trading": TRADING}} for name in accounts})
    assert desk.apply().code == 0
    before = {name: desk.account(name)["keys"][0]["api_key"] for name in accounts}
    with at_work(desk, accounts) as bot:
        while bot.sent < number:
            bot.over.wait(0.05)
        said = desk.run("rotate", "*", "trading", "--auto-approve", "--overlap", overlap)
        assert said.code == 0, said.out[-2000:] + said.err
        last = bot.sent
        while bot.sent < last + 2 * number:
            bot.over.wait(0.05)
    assert (bot.refused, bot.reloads) == ([], number)
    after = {name: [key["api_key"] for key in desk.account(name)["keys"]] for name in accounts}
    assert all(len(keys) == 1 and keys != [before[name]] for name, keys in after.items())
    assert desk.plan().last == "No changes. Live accounts match the manifest."
