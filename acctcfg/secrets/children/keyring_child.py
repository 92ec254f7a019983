"""The system's keyring as a helper of the protocol in docs/secrets.md; its argument is the service.

A keyring's backend may raise errors that quote what they were given: only their kind is told.
"""

from __future__ import annotations

import json
import os
import sys

NO_LIBRARY = "the library keyring is not installed (pip install 'acctcfg[keyring]')"
NO_KEYRING = "this machine has no keyring for this session (`keyring --list-backends` shows what there is)"
NONE_AT_ALL = ("keyring.backends.fail", "keyring.backends.null")
KINDS = {
    "KeyringLocked": "the keyring is locked, or nobody unlocked it in time",
    "NoKeyringError": NO_KEYRING,
    "ModuleNotFoundError": "the backend that PYTHON_KEYRING_BACKEND or keyringrc.cfg names is not there",
    "InitError": "the keyring cannot be opened",
}


def main() -> None:
    """One question, one answer. What a backend prints goes to standard error, where it is not taken for the answer."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    out.write(json.dumps(_answer(json.load(sys.stdin), sys.argv[1])))
    out.flush()


def _answer(question: dict[str, object], service: str) -> dict[str, object]:
    try:
        import keyring
    except ImportError:
        return _refused(NO_LIBRARY)
    try:
        backend = keyring.get_keyring()
        if type(backend).__module__.startswith(NONE_AT_ALL):
            return _refused(NO_KEYRING)
        return _done(backend, service, question)
    except Exception as exc:  # whatever a backend raises: its text may hold the secret
        kind = type(exc).__name__
        return _refused(KINDS.get(kind) or f"the keyring failed ({kind})")


def _done(backend: keyring.backend.KeyringBackend, service: str, question: dict[str, object]) -> dict[str, object]:  # type: ignore[name-defined]  # noqa: F821
    do, path = question["do"], str(question["path"])
    found = backend.get_password(service, path)
    if do == "get":
        return {"ok": True, "secret": None} if found is None else _read(found)
    if do == "put":
        if found is not None:
            return _refused("exists")
        backend.set_password(service, path, json.dumps(question["secret"]))
    elif found is not None:
        backend.delete_password(service, path)
    return {"ok": True}


def _read(found: str) -> dict[str, object]:
    try:
        return {"ok": True, "secret": json.loads(found)}
    except (ValueError, RecursionError):
        return _refused("what lies there is not JSON")


def _refused(why: str) -> dict[str, object]:
    return {"ok": False, "error": why}


if __name__ == "__main__":
    main()
