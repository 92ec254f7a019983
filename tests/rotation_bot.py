"""A bot that signs with keys all the time while they are rotated, and reads a secret again when its file changes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import ClassVar

import httpx
from desk import Desk
from patience import PATIENCE_S

__all__ = ["Bot", "GateBot", "OkxBot", "rotated_under_load"]


@dataclass(slots=True)
class Bot:
    """Signs one read after the other, account by account. `refused`: the codes of those that the venue refused."""

    connection: ClassVar[str]
    label: ClassVar[str]
    not_the_keys: ClassVar[tuple[str, ...]]
    """Answered; too many requests; and a signature that waited for longer than the sandbox's window at its speed."""

    desk: Desk
    accounts: list[str]
    sent: int = 0
    refused: list[str] = field(default_factory=list)
    reloads: int = 0
    held: dict[str, tuple[int, dict[str, str]]] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)

    def secret(self, account: str) -> dict[str, str]:
        """The one at hand, unless its file is another by now."""
        inode = (self.desk.folder / "secrets" / self.connection / account / f"{self.label}.age").stat().st_ino
        before = self.held.get(account)
        if before is None or before[0] != inode:
            self.reloads += before is not None
            self.held[account] = inode, self.desk.secret(account, self.label, venue=self.connection)
        return self.held[account][1]

    def ask(self, client: httpx.Client, secret: Mapping[str, str]) -> str:
        """The code of what the venue answers to one signed read."""
        raise NotImplementedError

    def run(self) -> None:
        """Until it is told that it is over."""
        with httpx.Client(base_url=self.desk.sandbox.base_url, timeout=PATIENCE_S) as client:
            while not self.over.is_set():
                for account in self.accounts:
                    code = self.ask(client, self.secret(account))
                    self.sent += 1
                    self.refused += [code] if code not in self.not_the_keys else []

    def take_effect(self) -> None:
        """Wait until every key signs: at some venues a new one does so seconds later."""
        with httpx.Client(base_url=self.desk.sandbox.base_url, timeout=PATIENCE_S) as client:
            for account in self.accounts:
                while self.ask(client, self.secret(account)) not in self.not_the_keys:
                    self.over.wait(0.05)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """In a thread of its own, from the first answer for each account to two more for each at the end."""
        self.take_effect()
        thread = threading.Thread(target=self.run)
        thread.start()
        try:
            self.wait_for(len(self.accounts))
            yield
            self.wait_for(2 * len(self.accounts))
        finally:
            self.over.set()
            thread.join()

    def wait_for(self, more: int) -> None:
        """Until it has sent so many more."""
        end = self.sent + more
        while self.sent < end:
            self.over.wait(0.05)


class OkxBot(Bot):
    """Reads its account's config."""

    connection, label = "desk", "trading"
    not_the_keys = ("0", "50011", "50102")
    PATH: ClassVar = "/api/v5/account/config"

    def ask(self, client: httpx.Client, secret: Mapping[str, str]) -> str:
        """Signed as OKX v5 has it."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        digest = hmac.new(secret["secret_key"].encode(), f"{now}GET{self.PATH}".encode(), hashlib.sha256).digest()
        headers = {
            "OK-ACCESS-KEY": secret["api_key"],
            "OK-ACCESS-SIGN": base64.b64encode(digest).decode(),
            "OK-ACCESS-TIMESTAMP": now,
            "OK-ACCESS-PASSPHRASE": secret["passphrase"],
            "x-simulated-trading": "1",
        }
        return str(client.get(self.PATH, headers=headers).json()["code"])


class GateBot(Bot):
    """Reads its account's detail."""

    connection, label = "cx", "bot"
    not_the_keys = ("200", "TOO_MANY_REQUESTS", "REQUEST_EXPIRED")
    PATH: ClassVar = "/api/v4/account/detail"

    def ask(self, client: httpx.Client, secret: Mapping[str, str]) -> str:
        """Signed as Gate v4 has it."""
        now = str(time.time())
        text = "\n".join(("GET", self.PATH, "", hashlib.sha512(b"").hexdigest(), now))
        sign = hmac.new(secret["secret_key"].encode(), text.encode(), hashlib.sha512).hexdigest()
        answer = client.get(self.PATH, headers={"KEY": secret["api_key"], "Timestamp": now, "SIGN": sign})
        return "200" if answer.status_code == 200 else str(answer.json()["label"])


def rotated_under_load(bot: Bot, overlap: str) -> None:
    """All keys are rotated while the bot is at work: it takes up every new secret, and none of its reads is refused."""
    with bot.at_work():
        said = bot.desk.run("rotate", "*", bot.label, "--auto-approve", "--overlap", overlap)
        assert said.code == 0, said.out[-2000:] + said.err
    assert (bot.refused, bot.reloads) == ([], len(bot.accounts))
    assert bot.desk.plan().last == "No changes. Live accounts match the manifest."
