"""Passphrases for API keys that no manifest gives one."""

from __future__ import annotations

import secrets
import string

from acctcfg.core.secret import Secret

__all__ = ["generate"]

# Nothing that a shell, a .env file, YAML or JSON gives a meaning of its own inside quotes.
SPECIALS = "!@%^*+="
CLASSES = (string.digits, string.ascii_uppercase, string.ascii_lowercase, SPECIALS)
ALPHABET = "".join(CLASSES)


def generate(length: int = 24) -> Secret:
    """A passphrase with a digit, an upper and a lower case letter and a special character; a letter comes first.

    8 to 32 characters with one of each kind is the strictest rule that a venue documents for passphrases. 24
    characters carry over 140 bits. Raises ValueError for a length outside 8 to 32.
    """
    if not 8 <= length <= 32:
        raise ValueError("a passphrase has 8 to 32 characters")
    while True:  # drawing whole candidates keeps all that fit equally likely
        text = "".join(secrets.choice(ALPHABET) for _ in range(length))
        if text[0].isalpha() and all(any(c in kind for c in text) for kind in CLASSES):
            return Secret(text)
