"""From an entry of `secret_stores` to the store."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from acctcfg.errors import ConfigError
from acctcfg.secrets.age_file import AgeFileStore
from acctcfg.secrets.env import EnvStore
from acctcfg.secrets.private_file import located
from acctcfg.secrets.store import Store

__all__ = ["open_store"]


def open_store(
    name: str,
    entry: Mapping[str, Any],
    *,
    environ: Mapping[str, str],
    base_dir: Path,
    passphrase_required: bool = True,
) -> Store:
    """The store that `secret_stores.NAME` describes; reads and writes nothing yet.

    `base_dir` is the workspace, which relative paths start from. ConfigError for a type that is not built.
    """
    kind = entry.get("type")
    if kind == "age_file":
        return AgeFileStore(
            name,
            located(entry["path"], base_dir),
            recipients=tuple(entry.get("recipients", ())),
            identity=entry.get("identity"),
            environ=environ,
            base_dir=base_dir,
            durable=bool(entry.get("durable", False)),
        )
    if kind == "env":
        return EnvStore(
            name,
            environ=environ,
            prefix=str(entry.get("prefix", "")),
            passphrase_required=passphrase_required,
        )
    if kind in ("keyring", "exec"):
        raise ConfigError(f"secret_stores.{name}: the type {kind} is not supported yet", hint="age_file and env are")
    raise ConfigError(f"secret_stores.{name}: no such type: {kind!r} (age_file or env would be right)")
