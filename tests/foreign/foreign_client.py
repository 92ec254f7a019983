"""What a foreign client was answered, and the keys that it signs with."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

__all__ = ["ORDERS", "SWAP", "Heard", "key_of", "signer"]

SWAP = "BTC-USDT-SWAP"
ORDERS = 230  # three pages


@dataclass(frozen=True, slots=True)
class Heard:
    """What a client was answered, by the name of the call, and what the venue then had."""

    answers: dict[str, Any]
    accounts: dict[str, Any]
    unlisted: list[str]

    def rows(self, name: str) -> list[dict[str, Any]]:
        """The rows of a call that must have succeeded."""
        answer = self.answers[name]
        assert answer["code"] == "0", answer
        return list(answer["data"])

    def code(self, name: str) -> str:
        """The code of an answer, or of the error that a client raised about it."""
        answer = self.answers[name]
        if "raised" in answer:
            answer = json.loads(answer["said"].removeprefix("okx "))
        return str(answer["code"])

    def raised(self, name: str) -> str:
        """The class of the client's own error."""
        return str(self.answers[name].get("raised", "nothing"))


def key_of(name: str, **fields: Any) -> dict[str, Any]:
    """A demo key whose label, id, secret and passphrase follow from one word."""
    words = {"api_key": f"{name}-key", "secret_key": f"{name}-secret", "passphrase": f"{name.title()}-passphrase-1"}
    return {"label": name, **words, **fields}


def signer(name: str, **changed: str) -> list[str]:
    """The same key as a client is given it; keywords spoil a part."""
    key = {**key_of(name), **changed}
    return [key["api_key"], key["secret_key"], key["passphrase"]]
