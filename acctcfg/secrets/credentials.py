"""The credentials of a venue, from where the manifest says they are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from acctcfg.core.secret import AccessToken, Credentials, Secret
from acctcfg.errors import ConfigError, StoreError
from acctcfg.secrets.private_file import located, read_private
from acctcfg.secrets.store import Store
from acctcfg.secrets.stored_form import flaw, unpack
from acctcfg.secrets.token_life import end_of

if TYPE_CHECKING:
    from acctcfg.secrets.helper import Helper

FORMS = "{env: PREFIX}, {store: NAME, key: PATH}, {file: PATH}, {exec: [PROGRAM, ...]} or {keyring: SERVICE, key: PATH}"
__all__ = ["load_credentials", "load_token"]


def load_credentials(
    source: Mapping[str, object],
    *,
    stores: Mapping[str, Store],
    environ: Mapping[str, str],
    base_dir: Path,
    passphrase_required: bool = True,
) -> Credentials:
    """Credentials from where `source` says they are: see `FORMS`. Paths are relative to `base_dir`.

    `passphrase_required` is False for venues that have none. Raises ConfigError for what is not there, with
    all missing variables in one message, and StoreError for what is there and cannot be read.
    """
    named = {name: str(value) for name, value in source.items()}
    if set(source) == {"env"}:
        return _from_environment(named["env"], environ, passphrase_required)
    if set(source) == {"store", "key"}:
        found = _from_store(named["store"], named["key"], stores)
        place = f"the secret {named['key']} in the store {named['store']}"
    elif set(source) == {"file"}:
        file = located(named["file"], base_dir)
        found, place = _from_file(file), str(file)
    elif set(source) == {"keyring", "key"}:
        from acctcfg.secrets.keyring import system_keyring

        place = f"the entry {named['key']} of {named['keyring']} in the keyring"
        found = _answered(system_keyring(f"credentials of {named['keyring']}", named["keyring"], environ), named["key"])
    elif "exec" in source and set(source) <= {"exec", "pass_env"}:
        from acctcfg.secrets.helper import trusted

        helper = trusted("credentials", source["exec"], source.get("pass_env", ()), environ)
        place = f"what {helper.command[0]} answers"
        found = _answered(helper)
    else:
        raise ConfigError(f"credentials name {', '.join(sorted(source)) or 'nothing'} ({FORMS} would be right)")
    if passphrase_required and found.passphrase is None:
        raise ConfigError(f"{place} has no passphrase, and this venue wants one")
    return found


def _answered(helper: Helper, path: str = "") -> Credentials:
    from acctcfg.secrets.told import asked_for

    found = asked_for(helper, path)
    if found is None:
        raise ConfigError(f"{helper.who}: its {helper.noun} has none{f' at {path}' if path else ''}")
    return found


def load_token(source: Mapping[str, object], *, environ: Mapping[str, str]) -> AccessToken:
    """A bearer token from {"env": NAME} or {"exec": [PROGRAM, ...]} with, perhaps, {"termid": ID}.

    Raises ConfigError for one that is not there, StoreError for a program that does not answer one.
    """
    text = _token_answered(source, environ) if "exec" in source else _token_exported(str(source["env"]), environ)
    return AccessToken("token", Secret(text), None, device=str(source.get("termid", "")), ends_at=end_of(text))


def _token_answered(source: Mapping[str, object], environ: Mapping[str, str]) -> str:
    from acctcfg.secrets.helper import trusted
    from acctcfg.secrets.told import ask

    helper = trusted("credentials", source["exec"], source.get("pass_env", ()), environ)
    secret = ask(helper, {"do": "get"}).get("secret")
    text = secret.get("token") if isinstance(secret, Mapping) else None
    if not isinstance(text, str) or not text:
        raise StoreError(
            f"{helper.who}: the answer of its {helper.noun} has no token",
            hint='{"acctcfg": 1, "ok": true, "secret": {"token": "..."}} is expected',
        )
    if wrong := _token_flaw(text):
        raise StoreError(f"{helper.who}: the token of its {helper.noun} {wrong}", hint=_BARE_TOKEN)
    return text


_BARE_TOKEN = "the token alone, without `Bearer`"  # noqa: S105 (words)


def _token_flaw(text: str) -> str:
    return flaw(text) or ("holds a blank" if " " in text else "")


def _token_exported(name: str, environ: Mapping[str, str]) -> str:
    text = environ.get(name, "")
    if not text:
        raise ConfigError(
            f"the environment lacks {name}",
            hint=f"the manifest takes an access token from {{token: {{env: {name}}}}}: export it before running",
        )
    if wrong := _token_flaw(text):
        raise ConfigError(f"the variable {name} {wrong}", hint=f"set it again: {_BARE_TOKEN}")
    return text


def _from_environment(prefix: str, environ: Mapping[str, str], passphrase_required: bool) -> Credentials:
    names = [f"{prefix}_API_KEY", f"{prefix}_SECRET_KEY"] + [f"{prefix}_PASSPHRASE"] * passphrase_required
    if missing := [name for name in names if not environ.get(name)]:
        raise ConfigError(
            f"the environment lacks {', '.join(missing)}",
            hint=f"the manifest takes these credentials from {{env: {prefix}}}: export "
            + ("it" if len(missing) == 1 else "them")
            + " before running, or name a store or a file",
        )
    for name in names:
        if wrong := flaw(environ[name]):
            raise ConfigError(f"the variable {name} {wrong}", hint="set it again, the bare value only")
    passphrase = Secret(environ[names[2]]) if passphrase_required else None
    return Credentials(environ[names[0]], Secret(environ[names[1]]), passphrase)


def _from_store(name: str, path: str, stores: Mapping[str, Store]) -> Credentials:
    if name not in stores:
        raise ConfigError(
            f"there is no secret store {name}",
            hint=f"secret_stores has {', '.join(sorted(stores)) or 'none'}",
        )
    found = stores[name].get(path)
    if found is None:
        raise ConfigError(
            f"the store {name} holds nothing at {path}",
            hint="check the path; the store is " + stores[name].describe(),
        )
    return found


def _from_file(file: Path) -> Credentials:
    found = unpack(read_private(file, what="the file of credentials").reveal().encode())
    if isinstance(found, str):
        raise StoreError(
            f"{file}: {found}",
            hint='one JSON object is expected: {"api_key": "...", "secret_key": "...", "passphrase": "..."}',
        )
    return found
