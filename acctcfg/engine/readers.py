"""Who can read the secrets of a store: compared with what the last apply knew, and kept by the next one.

Nobody reviews a public key by eye. A store whose secrets others can read from now on is a sensitive line of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from acctcfg.core.desired import Manifest, StoreSpec
from acctcfg.core.json_types import JsonObject, JsonValue
from acctcfg.core.plan import Plan
from acctcfg.engine.consent import store_address
from acctcfg.engine.workspace import Workspace

if TYPE_CHECKING:
    from acctcfg.journal import Journal

__all__ = ["changed_readers", "remember_readers"]


def changed_readers(workspace: Workspace) -> dict[str, str]:
    """Stores of wanted secrets that are not as the last apply knew them, each with what is other.

    Once readers are known, a store of another name is no way round: its readers are compared with all of them.
    """
    known = workspace.store_readers()
    specs = _wanted(workspace.manifest)
    readers = {one for facts in known.values() for one in _recipients(facts)}
    found = {
        name: _difference(known[name], _facts(spec)) if name in known else _strangers(readers, _facts(spec))
        for name, spec in specs.items()
    }
    return {name: why for name, why in found.items() if why}


def remember_readers(workspace: Workspace, journal: Journal, run: str, plan: Plan, changed: Iterable[str]) -> None:
    """Keep who can read them from now on; of the `changed` ones only where this plan showed it and it was allowed."""
    held = {name for name in changed if str(store_address(name)) not in plan.allow_sensitive}
    facts = {name: _facts(spec) for name, spec in _wanted(workspace.manifest).items() if name not in held}
    journal.remember_readers(run, facts)


def _wanted(manifest: Manifest) -> dict[str, StoreSpec]:
    names = {key.store for spec in manifest.accounts.values() for key in spec.api_keys if key.store}
    return {name: spec for name, spec in manifest.secret_stores.items() if name in names and spec.kind.writable}


def _facts(spec: StoreSpec) -> dict[str, JsonValue]:
    path = str(PurePosixPath(spec.path)) if spec.path else spec.where  # `secrets/` is `secrets`
    return {"type": spec.type, "path": path, "recipients": sorted({one.strip() for one in spec.recipients})}


def _recipients(facts: Mapping[str, object]) -> list[str]:
    found = facts["recipients"]
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


def _strangers(readers: set[str], now: Mapping[str, object]) -> str:
    """Who can read a new store's secrets, and none of an earlier one; nobody is known before the first apply."""
    new = [one for one in _recipients(now) if one not in readers] if readers else []
    who = f"can read them now: {', '.join(new)}"
    return f"a new store, whose secrets others than before can read ({who})" if new else ""


def _difference(before: JsonObject, now: JsonObject) -> str:
    """What a reviewer must know: every public key that comes or goes in full, for its ends can be imitated."""
    parts = []
    for title, more, less in (("can read them now", now, before), ("cannot read new ones", before, now)):
        if other := [one for one in _recipients(more) if one not in _recipients(less)]:
            parts.append(f"{title}: {', '.join(other)}")
    parts += [f"{word} {before[word]} -> {now[word]}" for word in ("type", "path") if before[word] != now[word]]
    return f"where its secrets go, or who can read them, changed ({'; '.join(parts)})" if parts else ""
