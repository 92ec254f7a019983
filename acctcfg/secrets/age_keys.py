"""Reading age recipients and identities. No message here quotes an identity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from acctcfg.core.secret import Secret
from acctcfg.errors import StoreError
from acctcfg.secrets.private_file import located, read_private

if TYPE_CHECKING:
    from pyrage import ssh, x25519

    Identity: TypeAlias = x25519.Identity | ssh.Identity
    Recipient: TypeAlias = x25519.Recipient | ssh.Recipient

__all__ = ["parse_recipients", "read_identities"]


def parse_recipients(texts: Sequence[str], place: str) -> list[Recipient]:
    """Recipients for pyrage. `place` is where they were written, for the message. StoreError for any other text."""
    from pyrage import RecipientError, ssh, x25519

    recipients: list[Recipient] = []
    for number, text in enumerate(texts):
        if "SECRET" in text.upper():
            raise StoreError(
                f"{place}[{number}] is a secret key (age1... would be right)",
                hint="take it out of the manifest and its history, and make a new one with age-keygen",
            )
        kind = ssh.Recipient if text.startswith("ssh-") else x25519.Recipient
        try:
            recipients.append(kind.from_str(text.strip()))
        except RecipientError as exc:
            raise StoreError(
                f"{place}[{number}] is not a recipient: {text!r} (an age1... or ssh-ed25519 public key would be right)",
                hint="age plugins are not supported yet" if text.startswith("age1") else "",
            ) from exc
    return recipients


def read_identities(
    source: Mapping[str, str] | None, *, environ: Mapping[str, str], base_dir: Path, store: str
) -> list[Identity]:
    """The identities behind {"env": NAME} or {"file": PATH}. StoreError if there is none or it is not one."""
    setting = f"secret_stores.{store}.identity"
    if source is None:
        raise StoreError(
            f"the store {store} has no identity to read with", hint=f"set {setting}: {{env: ACCTCFG_AGE_KEY}}"
        )
    if "env" in source:
        place = f"the variable {source['env']}"
        text = Secret(environ.get(source["env"], ""))
        if text.same_as(Secret("")):
            raise StoreError(
                f"{place} is not set, and the store {store} reads with it",
                hint="set it to the text of an age identity, AGE-SECRET-KEY-1...",
            )
    else:
        file = located(source["file"], base_dir)
        place = str(file)
        text = read_private(file, what=f"the identity of the store {store}")
    found = _parse_identities(text)
    if isinstance(found, str):
        raise StoreError(
            f"{place} {found}",
            hint="`acctcfg secrets identity` makes one; encrypted identities and age plugins are not supported yet",
        )
    return found


def _parse_identities(text: Secret) -> list[Identity] | str:
    """The identities, or what is wrong: returned, not raised, so that no frame with a key hangs on an error."""
    from pyrage import IdentityError, ssh, x25519

    # Editors and shells put a mark before the first line, and end lines with CR LF.
    lines = [line.strip() for line in text.reveal().removeprefix("\ufeff").splitlines()]
    keys = [line for line in lines if line and not line.startswith("#")]
    try:
        if keys and keys[0] == "-----BEGIN OPENSSH PRIVATE KEY-----":
            return [ssh.Identity.from_buffer("\n".join([*keys, ""]).encode())]
        if not keys or not all(key.upper().startswith("AGE-SECRET-KEY-1") for key in keys):
            return "holds no age identity (lines AGE-SECRET-KEY-1... would be right)"
        return [x25519.Identity.from_str(key) for key in keys]
    except IdentityError:
        return "holds a damaged age identity (copy it again, whole lines)"
