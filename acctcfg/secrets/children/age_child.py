"""Age with plugins: the plugins that pyrage starts have this process's environment, which holds no credentials.

One JSON object in, one out: `seal` text for recipients, or `open` it with identities. Texts are base64.
"""

from __future__ import annotations

import base64
import json
import sys

import pyrage


class Nobody:
    """Whom a plugin can ask: messages are dropped, questions are not answered."""

    def display_message(self, message: str) -> None:
        """A request to touch the key, usually."""

    def confirm(self, message: str, yes_string: str, no_string: str | None) -> None:
        """No answer."""

    def request_public_string(self, description: str) -> None:
        """No answer."""

    def request_passphrase(self, description: str) -> None:
        """No answer."""


def main() -> None:
    """Answer the JSON question on stdin with a JSON line on stdout."""
    question = json.load(sys.stdin)
    try:
        data = _seal(question) if question["do"] == "seal" else _open(question)
        answer = {"ok": True, "data": base64.b64encode(data).decode()}
    except (pyrage.EncryptError, pyrage.DecryptError, pyrage.RecipientError, pyrage.IdentityError) as exc:
        answer = {"ok": False, "error": " ".join(str(exc).replace("\u2068", "").replace("\u2069", "").split())}
    json.dump(answer, sys.stdout)


def _seal(question: dict[str, object]) -> bytes:
    recipients = [_recipient(str(one)) for one in _list(question["recipients"])]
    sealed: bytes = pyrage.encrypt(base64.b64decode(str(question["data"])), recipients, armored=True)
    return sealed


def _open(question: dict[str, object]) -> bytes:
    identities = [_identity(str(one)) for one in _list(question["identities"])]
    plain: bytes = pyrage.decrypt(base64.b64decode(str(question["data"])), identities)
    return plain


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _recipient(text: str) -> object:
    if text.startswith("ssh-"):
        return pyrage.ssh.Recipient.from_str(text)
    native = {"age1tagpq": pyrage.tagpq.Recipient, "age1tag": pyrage.tag.Recipient, "age": pyrage.x25519.Recipient}
    kind = native.get(text.rpartition("1")[0])
    if kind is not None:
        return kind.from_str(text)
    one = pyrage.plugin.Recipient.from_str(text)
    return pyrage.plugin.RecipientPluginV1(one.plugin(), [one], [], Nobody())


def _identity(text: str) -> object:
    if text.startswith("AGE-SECRET-KEY-"):
        return pyrage.x25519.Identity.from_str(text)
    one = pyrage.plugin.Identity.from_str(text)
    return pyrage.plugin.IdentityPluginV1(one.plugin(), [one], Nobody())


if __name__ == "__main__":
    main()
