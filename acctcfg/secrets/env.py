"""A store that reads credentials from environment variables, for CI systems that keep secrets there."""

from __future__ import annotations

import re
from collections.abc import Mapping

from acctcfg.core.desired import StoreOption
from acctcfg.core.secret import Credentials, Secret
from acctcfg.core.setting import Line
from acctcfg.core.store_type import Option, StoreType
from acctcfg.core.text_rule import VARIABLE
from acctcfg.errors import StoreError
from acctcfg.secrets.store import Around, split_path
from acctcfg.secrets.stored_form import flaw

__all__ = ["TYPE", "EnvStore", "open_store", "variable"]

PREFIX = Option(kind=Line(VARIABLE), doc="the variables are PREFIX_VENUE_ACCOUNT_LABEL_API_KEY and so on")


def variable(*parts: str) -> str:
    """The variable's name for these parts: upper case, joined by _, and _ for all but letters and digits."""
    return re.sub(r"[^A-Z0-9]", "_", "_".join(parts).upper())


TYPE = StoreType(
    type="env",
    doc="environment variables; read only",
    options={"prefix": PREFIX},
    writable=False,
    as_kept=variable,
    alike="in case or in characters that no variable has",
)


def open_store(name: str, options: Mapping[str, StoreOption], around: Around) -> EnvStore:
    """The store of these options."""
    prefix = str(options.get("prefix", ""))
    return EnvStore(name, environ=around.environ, prefix=prefix, passphrases=around.passphrases)


class EnvStore:
    """Read only: desk/mmdesk01/trading is PREFIX_DESK_MMDESK01_TRADING_API_KEY, ..._SECRET_KEY, ..._PASSPHRASE.

    `prefix` defaults to the store's name. Paths that differ only in case or in _ . - share their variables. The third
    must be there for the keys of these connections (`passphrases`; None: all).
    The environment cannot be read backwards, so `list` gives nothing.
    """

    writable = False

    def __init__(
        self, name: str, *, environ: Mapping[str, str], prefix: str = "", passphrases: frozenset[str] | None = None
    ) -> None:
        self.name = name
        self._prefix = prefix or name
        self._environ = environ
        self._passphrases = passphrases

    def __repr__(self) -> str:
        return f"EnvStore({self.name!r})"

    def get(self, path: str) -> Credentials | None:
        """The credentials, or None if no variable is set. StoreError if only some are."""
        venue, *_ = parts = split_path(path)
        stem = variable(self._prefix, *parts)
        names = [f"{stem}_{part}" for part in ("API_KEY", "SECRET_KEY", "PASSPHRASE")]
        held = [name for name in names if self._environ.get(name)]
        if not held:
            return None
        needed = names if self._passphrases is None or venue in self._passphrases else names[:2]
        if missing := [name for name in needed if name not in held]:
            raise StoreError(
                f"{path} is only partly in the environment: {' and '.join(missing)} not set",
                hint=f"set it beside {held[0]}",
            )
        for name in held:
            if wrong := flaw(self._environ[name]):
                raise StoreError(f"the variable {name} {wrong}", hint="set it again, the bare value only")
        passphrase = Secret(self._environ[names[2]]) if names[2] in held else None
        return Credentials(self._environ[names[0]], Secret(self._environ[names[1]]), passphrase)

    def holds(self, path: str) -> bool:
        """Whether a variable of it is set."""
        stem = variable(self._prefix, *split_path(path))
        return any(self._environ.get(f"{stem}_{part}") for part in ("API_KEY", "SECRET_KEY", "PASSPHRASE"))

    def why_read_only(self) -> str:
        return f"is the environment ({variable(self._prefix)}_VENUE_ACCOUNT_LABEL_...), which can only be read"

    def why_not_readable_here(self) -> str:
        """Whatever is there can be read."""
        return ""

    def put(self, path: str, credentials: Credentials) -> None:  # noqa: ARG002  (the protocol's signature)
        """Always a StoreError."""
        raise self._read_only(path)

    def prove_writable(self, path: str) -> None:
        """Always a StoreError."""
        raise self._read_only(path)

    def retire(self, path: str) -> str:
        """Always a StoreError."""
        raise self._read_only(path)

    def supersede(self, path: str, by: str) -> None:  # noqa: ARG002
        """Always a StoreError."""
        raise self._read_only(path)

    def list(self) -> tuple[str, ...]:
        """Nothing: which variables are secrets of this store cannot be told from their names."""
        return ()

    def dead(self) -> tuple[str, ...]:
        """Nothing: see `list`."""
        return ()

    def describe(self) -> str:
        """In words: the variables it reads."""
        return f"environment variables {variable(self._prefix)}_VENUE_ACCOUNT_LABEL_..., read only"

    def _read_only(self, path: str) -> StoreError:
        return StoreError(
            f"{path}: the store {self.name} is the environment, which cannot be written",
            hint="give the key a store of type age_file",
        )
