"""Reading age recipients and identities. No message here quotes an identity."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from acctcfg.core.secret import Secret
from acctcfg.errors import StoreError
from acctcfg.secrets.private_file import located, read_private

if TYPE_CHECKING:
    from pyrage import ssh, x25519

    Identity: TypeAlias = x25519.Identity | ssh.Identity
    Recipient: TypeAlias = x25519.Recipient | ssh.Recipient

__all__ = ["OF_PLUGIN", "flaw_of_recipient", "parse_recipients", "plugin_lines", "read_identities"]

OF_PLUGIN: Final = re.compile(r"age1(?!tag1|tagpq1)[a-z0-9+._-]+1[02-9ac-hj-np-z]+")
"""A recipient that a plugin encrypts for. Tagged ones need none: it is the identity that is a plugin's."""


_LETTERS: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"  # bech32's digits
_GENERATOR: Final = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def flaw_of_recipient(text: str) -> str:
    """What is wrong with a recipient by its own checksum (BIP 173), without a library; "" where nothing is."""
    prefix, _, data = text.rpartition("1")
    if text.startswith("ssh-"):
        return ""
    values = [ord(char) >> 5 for char in prefix] + [0] + [ord(char) & 31 for char in prefix]
    values += [_LETTERS.find(char) for char in data]
    check = 1
    for value in values:
        top, check = check >> 25, (check & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_GENERATOR):
            check ^= generator if top >> bit & 1 else 0
    return "" if check == 1 and -1 not in values else "is a damaged age recipient (copy it again, whole)"


def parse_recipients(texts: Sequence[str], place: str) -> list[Recipient]:
    """Recipients for pyrage. `place` is where they were written, for the message. StoreError for any other text."""
    from pyrage import RecipientError, plugin, ssh, tag, tagpq, x25519

    kinds = {"ssh": ssh, "age1tagpq": tagpq, "age1tag": tag, "age": x25519}

    recipients: list[Recipient] = []
    for number, text in enumerate(texts):
        if "SECRET" in text.upper():
            raise StoreError(
                f"{place}[{number}] is a secret key (age1... would be right)",
                hint="take it out of the manifest and its history, and make a new one with age-keygen",
            )
        start = "ssh" if text.startswith("ssh-") else text.strip().rpartition("1")[0]
        try:
            recipients.append(kinds.get(start, plugin).Recipient.from_str(text.strip()))
        except RecipientError as exc:
            raise StoreError(
                f"{place}[{number}] is not a recipient: {text!r} (an age1... or ssh-ed25519 public key would be right)"
            ) from exc
    return recipients


def read_identities(
    source: Mapping[str, str] | None, *, environ: Mapping[str, str], base_dir: Path, store: str
) -> list[Identity] | Secret:
    """The identities behind {"env": NAME} or {"file": PATH}. StoreError if there is none or it is not one.

    The text itself where one of them is a plugin's: `plugin_lines` has the lines for it.
    """
    setting = f"secret_stores.{store}.identity"
    if source is None:
        raise StoreError(
            f"the store {store} has no identity to read with",
            hint=f"set {setting}: {{env: ACCTCFG_AGE_KEY}}",
            identity_missing=True,
        )
    if "env" in source:
        place = f"the variable {source['env']}"
        text = Secret(environ.get(source["env"], ""))
        if text.same_as(Secret("")):
            raise StoreError(
                f"{place} is not set, and the store {store} reads with it",
                hint="set it to the text of an age identity, AGE-SECRET-KEY-1...",
                identity_missing=True,
            )
    else:
        file = located(source["file"], base_dir)
        place = str(file)
        try:
            text = read_private(file, what=f"the identity of the store {store}")
        except StoreError as error:
            error.identity_missing = isinstance(error.__cause__, FileNotFoundError)
            raise
    found = _parse_identities(text)
    if isinstance(found, str):
        raise StoreError(
            f"{place} {found}",
            hint="`acctcfg secrets identity` makes one; encrypted identities cannot be used",
            identity_missing=True,
        )
    return found


def plugin_lines(text: Secret) -> list[str]:
    """The identities of a text, a line each."""
    # Editors and shells put a mark before the first line, and end lines with CR LF.
    lines = [line.strip() for line in text.reveal().removeprefix("\ufeff").splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def _parse_identities(text: Secret) -> list[Identity] | Secret | str:
    """The identities, or what is wrong: returned, not raised, so that no frame with a key hangs on an error."""
    from pyrage import IdentityError, plugin, ssh, x25519

    keys = plugin_lines(text)
    try:
        if keys and keys[0] == "-----BEGIN OPENSSH PRIVATE KEY-----":
            return [ssh.Identity.from_buffer("\n".join([*keys, ""]).encode())]
        of_plugins = [key for key in keys if key.upper().startswith("AGE-PLUGIN-")]
        own = [key for key in keys if key.upper().startswith("AGE-SECRET-KEY-1")]
        if any(key.startswith(("age1", "ssh-")) for key in keys):
            return "holds a recipient, not the age identity that belongs to it (AGE-SECRET-KEY-1... would be right)"
        if not keys or len(own) + len(of_plugins) < len(keys):
            return "holds no age identity (lines AGE-SECRET-KEY-1... or AGE-PLUGIN-... would be right)"
        if of_plugins:
            for key in of_plugins:
                plugin.Identity.from_str(key)
            return text
        return [x25519.Identity.from_str(key) for key in keys]
    except IdentityError:
        return "holds a damaged age identity (copy it again, whole lines)"
