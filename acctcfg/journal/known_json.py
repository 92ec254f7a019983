"""What is known of a venue user as JSON and back: what a snapshot carries of it, so that a plan needs no journal.

Creations of which no end is known stay behind. So do the lists of all contracts: of what was seen on the venue's lists
it has the names that a manifest had.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from acctcfg.core.remembered import LISTING, UNLISTED, Cap, KnownAccount, Replaced, Rotation, StoredKey
from acctcfg.core.state import KeyValue
from acctcfg.journal.knowledge import Knowledge

__all__ = ["known_from_json", "known_to_json"]


def known_to_json(known: Knowledge) -> dict[str, object]:
    """Accounts, where the secrets of their keys lie, rotations, brakes and sightings. No secret is among it."""
    seen: dict[str, dict[str, str]] = {}
    for (kind, name), day in known.sightings.items():
        if kind not in (LISTING, UNLISTED):
            seen.setdefault(kind, {})[name] = day
    return {
        "accounts": [asdict(one) for one in known.accounts.values()],
        "stored": [asdict(one) for one in known.stored.values()],
        "access": [{"of": uid, **asdict(one)} for uid, one in known.access.items()],
        "rotations": [{"of": uid, **asdict(one)} for (uid, _), one in known.rotations.items()],
        "replaced": [{"of": uid, "label": label, **_row(one)} for (uid, label), one in known.replaced.items()],
        "caps": [{"of": uid, **asdict(one), "most": str(one.most)} for uid, one in known.caps.items()],
        "seen": seen,
    }


def known_from_json(facts: Mapping[str, Any]) -> Knowledge:
    """What `known_to_json` gave."""
    accounts = {one["uid"]: KnownAccount(**one) for one in facts["accounts"]}
    return Knowledge(
        accounts=accounts,
        names={one.name: uid for uid, one in accounts.items()},
        stored={(one["store"], one["path"]): StoredKey(**one) for one in facts["stored"]},
        access={uid: StoredKey(**one) for uid, one in _by_uid(facts["access"])},
        rotations={(uid, one["label"]): Rotation(**one) for uid, one in _by_uid(facts["rotations"])},
        replaced={(one["of"], one["label"]): _replaced(one) for one in facts.get("replaced", ())},
        caps={uid: Cap(**{**one, "most": Decimal(one["most"])}) for uid, one in _by_uid(facts["caps"])},
        sightings={(kind, name): day for kind, some in facts.get("seen", {}).items() for name, day in some.items()},
    )


def _row(one: Replaced) -> dict[str, object]:
    return {**asdict(one.becomes), "keeps": dict(one.keeps)}


def _replaced(row: Mapping[str, Any]) -> Replaced:
    becomes = KeyValue(tuple(row["permissions"]), tuple(row["ip_allowlist"]), row["store"])
    return Replaced(becomes=becomes, keeps=row["keeps"])


def _by_uid(rows: Iterable[Mapping[str, Any]]) -> Iterable[tuple[str, dict[str, Any]]]:
    return ((row["of"], {name: value for name, value in row.items() if name != "of"}) for row in rows)
