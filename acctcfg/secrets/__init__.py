"""Secrets: a type that cannot be shown, the stores that keep it, and the ways credentials come in.

Importing this package reads nothing and imports no cryptography: pyrage is loaded when an age file is first
read or written.
"""

from __future__ import annotations

from acctcfg.core.secret import AccessToken, Credentials, Secret
from acctcfg.secrets.age_file import AgeFileStore
from acctcfg.secrets.brought import BroughtKey, read_brought
from acctcfg.secrets.credentials import load_credentials, load_token
from acctcfg.secrets.env import EnvStore
from acctcfg.secrets.store import Around, Store, secret_path
from acctcfg.secrets.types import open_store, store_types

__all__ = [
    "AccessToken",
    "AgeFileStore",
    "Around",
    "BroughtKey",
    "Credentials",
    "EnvStore",
    "Secret",
    "Store",
    "load_credentials",
    "load_token",
    "open_store",
    "read_brought",
    "secret_path",
    "store_types",
]
