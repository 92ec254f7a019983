"""Signatures by ssh-keygen: over a plan's digest by those who approve it, over the journal's head by its keeper.

Keys that an agent or a security key holds work as well as files. Who may sign stands in a file in the form of
ssh-keygen's ALLOWED SIGNERS, times of validity included. ssh-keygen gets no variables but those that it needs.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from acctcfg.errors import ConfigError

__all__ = ["JOURNAL_HEAD", "PLAN", "Signer", "fingerprint", "key_of", "sign", "signer_of"]

PLAN: Final = "acctcfg-plan"
JOURNAL_HEAD: Final = "acctcfg-journal"
"""Namespaces: a signature over the one never counts for the other."""

LARGEST: Final = 64 << 10  # bytes of a signature; they have some hundreds
_PASSED: Final = ("PATH", "HOME", "LANG", "TERM", "SSH_AUTH_SOCK", "SSH_ASKPASS", "SSH_SK_PROVIDER", "DISPLAY")
_KEYS: Final = ("id_ed25519_sk", "id_ecdsa_sk", "id_ed25519", "id_ecdsa", "id_rsa")
_BEGIN, _END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
_ANSWERS_WITHIN_S: Final = 20.0
_LINES: Final = 3  # of a file with mistakes that are told at a time


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signed: a principal of the allowed signers, and the fingerprint of the key, "SHA256:..."."""

    principal: str
    key: str


def key_of(environ: Mapping[str, str]) -> Path:
    """The key to sign with where none is named: ACCTCFG_SIGNING_KEY, else the first of ssh's own.

    ConfigError if there is none.
    """
    if named := environ.get("ACCTCFG_SIGNING_KEY", ""):
        return Path(named).expanduser()
    folder = Path(environ.get("HOME") or "~").expanduser() / ".ssh"
    for name in _KEYS:
        if (folder / name).is_file():
            return folder / name
    raise ConfigError(
        "there is no key to sign with",
        hint="name one with --key or ACCTCFG_SIGNING_KEY; `ssh-keygen -t ed25519` makes one",
    )


def sign(text: str, namespace: str, key: Path, environ: Mapping[str, str]) -> str:
    """The armored signature of `text` and a line end. ssh-keygen may ask for a passphrase or a touch."""
    if not key.is_file():
        raise ConfigError(
            f"there is no key {key}", hint="--key takes a private key, or the public one of a key in an agent"
        )
    done = _run(["-Y", "sign", "-n", namespace, "-f", str(key.absolute())], f"{text}\n", environ, within_s=None)
    if done.returncode != 0 or not done.stdout.startswith(_BEGIN):
        raise ConfigError(f"ssh-keygen could not sign with {key}{_reason(done)}", hint="nothing was signed")
    return done.stdout


def fingerprint(signature: str) -> str:
    """Of the key that a signature says it is by, as `ssh-keygen -l` shows it. ValueError for what is none."""
    body = signature.strip()
    if not (body.startswith(_BEGIN) and body.endswith(_END)):
        raise ValueError("is not an SSH signature")
    try:
        raw = base64.b64decode("".join(body.removeprefix(_BEGIN).removesuffix(_END).split()), validate=True)
        magic, _, size = struct.unpack_from(">6sII", raw)
    except (binascii.Error, struct.error) as exc:
        raise ValueError("is not an SSH signature") from exc
    public = raw[14 : 14 + size]
    if magic != b"SSHSIG" or len(public) != size:
        raise ValueError("is not an SSH signature")
    return "SHA256:" + base64.b64encode(hashlib.sha256(public).digest()).decode().rstrip("=")


def signer_of(text: str, namespace: str, signature: str, allowed: Path, environ: Mapping[str, str]) -> Signer | str:
    """Who signed `text` and a line end; or, where that does not count, why: in words that go after the file's name."""
    try:
        key = fingerprint(signature)
    except ValueError as exc:
        return str(exc)
    with tempfile.TemporaryDirectory(prefix="acctcfg-") as folder:
        file = Path(folder) / "signature"
        file.write_text(signature.replace("\r\n", "\n"), encoding="utf-8")
        common = ["-n", namespace, "-s", str(file), "-f", str(allowed.absolute())]
        found = _run(["-Y", "find-principals", *common[2:]], "", environ)
        principals = found.stdout.split("\n")
        principal = principals[0].strip()
        if found.returncode != 0 or not principal:
            return f"is by the key {key}, whom {allowed.name} does not name, or not for now{_told_of(allowed, found)}"
        if not principal.isprintable() or any(char in principal for char in "*?!,"):
            return f"is by the key {key}, whose line in {allowed.name} names no single person: {principal}"
        done = _run(["-Y", "verify", "-I", principal, *common], f"{text}\n", environ)
    if done.returncode != 0:
        return f"is by {principal}, and not a valid one of this digest{_told_of(allowed, done)}"
    return Signer(principal, key)


def _told_of(allowed: Path, done: subprocess.CompletedProcess[str]) -> str:
    """What ssh-keygen says of the file's lines, " (allowed_signers:2: missing key)"; "" where that is nothing."""
    place = f"{allowed.absolute()}:"
    told = [line.removeprefix(place) for line in done.stderr.splitlines() if line.startswith(place)]
    lines = [f"{allowed.name}:{one.partition(': verify time')[0]}" for one in told]  # the time is now's
    return f" ({'; '.join(lines[:_LINES])})" if lines else ""


def _run(
    arguments: Sequence[str], given: str, environ: Mapping[str, str], within_s: float | None = _ANSWERS_WITHIN_S
) -> subprocess.CompletedProcess[str]:
    program = shutil.which("ssh-keygen", path=environ.get("PATH", os.defpath))
    if program is None:
        raise ConfigError("ssh-keygen is not installed", hint="it comes with OpenSSH (openssh-client)")
    passed = {name: environ[name] for name in _PASSED if name in environ}
    try:
        return subprocess.run(
            [program, *arguments],
            input=given,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            env=passed,
            timeout=within_s,
            check=False,
        )
    except subprocess.TimeoutExpired as exc:
        raise ConfigError("ssh-keygen gave no answer", hint="try again") from exc
    except OSError as exc:
        raise ConfigError(f"ssh-keygen cannot be started: {exc.strerror}", hint="see that it is installed") from exc


def _reason(done: subprocess.CompletedProcess[str]) -> str:
    last = done.stderr.strip().rpartition("\n")[2]
    return f": {last}" if last else ""
