"""Where a scenario runs: a sandbox, and the workspace with everything outside replaced.

Connections lead to the sandbox with keys that are made here, stores are folders of a temporary workspace, its journal
and its identity are new. Of the user's environment nothing is handed on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import token_hex
from typing import Final

from acctcfg.core.desired import Guardrails, JournalSpec, Manifest, StoreOption, StoreSpec, VenueSpec
from acctcfg.core.rules import VenueRules
from acctcfg.core.secret import Credentials, Secret
from acctcfg.engine.workspace import Workspace
from acctcfg.errors import UsageError
from acctcfg.sandbox.values import Json
from acctcfg.secrets.store import secret_path
from acctcfg.secrets.types import store_types

__all__ = ["IDENTITY", "SPEED", "Ground", "at_any_time", "store_here"]

SPEED: Final = 50.0  # rate windows and delays are that many times shorter
IDENTITY: Final = "ACCTCFG_AGE_KEY"


@dataclass(frozen=True, slots=True)
class _User:
    """How the sandbox's seed spells a user of a venue type: the tenant, and the fields of a key."""

    tenant: Mapping[str, Json]
    label: str
    parts: tuple[str, ...]  # id, secret and, where there is one, passphrase
    key: dict[str, Json]
    bound: bool = False  # the key must be bound to an address


_OKX: Final = ("api_key", "secret_key", "passphrase")
_OKX_KEY: Final[dict[str, Json]] = {"perm": "read_only,trade,withdraw", "env": "any"}
_USERS: Final[Mapping[str, _User]] = {
    "okx_dma_broker": _User({}, "label", _OKX, _OKX_KEY),
    "okx": _User({"broker": False}, "label", _OKX, _OKX_KEY, bound=True),
    "gate_crossex": _User(
        {"venue": "gate_crossex"}, "name", ("key", "secret"), {"perms": ["crossx", "sub_accounts", "account"]}
    ),
}


class Ground:
    """The seed of one scenario, and the workspaces on the sandbox that was started from it."""

    def __init__(self, manifest: Manifest, types: Mapping[str, VenueRules], seed: Mapping[str, Json]) -> None:
        """`seed`: what the scenario says of live state. Raises UsageError for a venue type without a sandbox."""
        self._manifest, self._types, self._said = manifest, types, seed
        self._keys = {key: _new_key(number) for number, key in enumerate(manifest.venues)}
        ip = seed.get("client_ip") or next((one for spec in manifest.venues.values() for one in spec.egress), None)
        self._ip = str(ip) if ip else ""

    def seed(self) -> dict[str, Json]:
        """A tenant for every connection, with the key that signs, and what the scenario says."""
        said = self._said.get("tenants") or {}
        if not isinstance(said, Mapping):
            return dict(self._said)  # what has another shape is for the sandbox to refuse
        made = {key: self._tenant(spec, said.get(key) or {}) for key, spec in self._manifest.venues.items()}
        return {**self._said, "tenants": {**said, **made}, **({"client_ip": self._ip} if self._ip else {})}

    def _tenant(self, spec: VenueSpec, said: Json) -> Json:
        user = _user(spec)
        keys = said.get("keys") or [] if isinstance(said, Mapping) else None
        if not isinstance(said, Mapping) or not isinstance(keys, list):
            return said
        signs: dict[str, Json] = {user.label: "signs", **user.key}
        signs.update(zip(user.parts, self._keys[spec.key], strict=False))
        if user.bound:
            signs["ip"] = self._ip or "127.0.0.1"
        uid: dict[str, Json] = {} if spec.uid is None else {"uid": spec.uid}
        return {**user.tenant, **uid, **said, "keys": [*keys, signs]}

    def workspace(self, folder: Path, base_url: str) -> Workspace:
        """The manifest in an empty folder, on the sandbox at `base_url`."""
        from pyrage import x25519

        identity = x25519.Identity.generate()
        environ = {
            **{name: str(folder / name.lower()) for name in ("HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")},
            IDENTITY: str(identity),
            "ACCTCFG_ACTOR": "acctcfg test",
            **{name: value for number, key in enumerate(self._keys) for name, value in self._exports(number, key)},
        }
        manifest = replace(
            self._manifest,
            directory=folder,
            venues={key: _there(spec, number, base_url) for number, (key, spec) in self._connections()},
            secret_stores={key: store_here(one, str(identity.to_public())) for key, one in self._stores()},
            journal=JournalSpec(),
            guardrails=at_any_time(self._manifest.guardrails),
        )
        workspace = Workspace(directory=folder, manifest=manifest, environ=environ, types=self._types, speed=SPEED)
        self._keep_seeded(workspace)
        return workspace

    def _connections(self) -> Iterator[tuple[int, tuple[str, VenueSpec]]]:
        return enumerate(self._manifest.venues.items())

    def _stores(self) -> Iterator[tuple[str, StoreSpec]]:
        return iter(self._manifest.secret_stores.items())

    def _exports(self, number: int, key: str) -> Iterator[tuple[str, str]]:
        for name, value in zip(("API_KEY", "SECRET_KEY", "PASSPHRASE"), self._keys[key], strict=True):
            yield f"{_prefix(number)}_{name}", value

    def _keep_seeded(self, workspace: Workspace) -> None:
        """The secrets of the seed's keys lie where the manifest says that keys of these labels do."""
        tenants = _map(self._said.get("tenants"))
        for account in self._manifest.accounts.values():
            tenant = _map(tenants.get(account.venue))
            holder = tenant if account.role == "main" else _map(_map(tenant.get("sub_accounts")).get(account.name))
            user = _user(self._manifest.venues[account.venue])
            rows = {str(row.get(user.label)): row for row in map(_map, _rows(holder.get("keys")))}
            for key in account.api_keys:
                if key.store is not None and key.label in rows:
                    found = [str(rows[key.label].get(part, "")) for part in user.parts]
                    path = secret_path(account.venue, account.key, key.label)
                    workspace.store(key.store).put(path, _credentials(*found))


def _new_key(number: int) -> tuple[str, str, str]:
    return f"scenario-key-{number}", token_hex(16), f"Aa1-{token_hex(8)}"


def _prefix(number: int) -> str:
    return f"SCENARIO_{number}"


def _user(spec: VenueSpec) -> _User:
    user = _USERS.get(spec.type)
    if user is None:
        raise UsageError(f"venue type {spec.type} (venues.{spec.key}) has no sandbox", hint="it cannot be tested here")
    return user


def _there(spec: VenueSpec, number: int, base_url: str) -> VenueSpec:
    return replace(spec, base_url=base_url, credentials={"env": _prefix(number)}, proxy=None)


def store_here(spec: StoreSpec, recipient: str) -> StoreSpec:
    options: dict[str, StoreOption] = {
        "path": f"secrets/{spec.key}",
        "recipients": (recipient,),
        "identity": {"env": IDENTITY},
    }
    return replace(spec, kind=store_types()["age_file"], options=options)


def at_any_time(guardrails: Guardrails) -> Guardrails:
    """What hangs on the time of day, or only waits, would make a test of the moment."""
    rollout = tuple(replace(wave, then_wait_s=0) for wave in guardrails.rollout)
    return replace(guardrails, windows=(), rollout=rollout)


def _credentials(api_key: str, secret: str, passphrase: str | None = None) -> Credentials:
    return Credentials(api_key, Secret(secret), None if passphrase is None else Secret(passphrase))


def _map(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, Mapping) else {}


def _rows(value: Json) -> list[Json]:
    return list(value) if isinstance(value, list) else []
