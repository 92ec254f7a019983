"""The digest of a saved plan, from its document alone: for whoever has the file and not the accounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from acctcfg.core.canonical import digest_of
from acctcfg.core.codes import OF_THE_MOMENT, UNREVIEWED
from acctcfg.core.plan import BLOCKING

__all__ = ["digest_of_document"]


def digest_of_document(document: Mapping[str, Any]) -> str:
    """What `Plan.digest` is for the plan of a document: whoever edits a saved plan cannot keep its digest."""
    steps = [_fingerprint(step) for step in document["steps"]]
    own = {step["address"] for step in steps}
    cautions = {(one["address"], one["code"]) for one in document["warnings"]}
    live = [[step["address"], step["before"], step["before_known"], step["prechecks"]] for step in steps]
    return digest_of(
        {
            "format_version": document["format_version"].partition(".")[0],
            "manifest_digest": document["manifest_digest"],
            "live_digest": digest_of(live),
            "venues": document["venues"],
            "targets": sorted(document["targets"]),
            **({"excludes": sorted(excludes)} if (excludes := document.get("excludes")) else {}),
            "secret_stores": document["secret_stores"],
            "replace": sorted(document["replace"]),
            "allow_sensitive": sorted(document["allow_sensitive"]),
            "steps": steps,
            **({"uids": uids} if (uids := document.get("uids")) else {}),
            "unreadable": sorted([one["address"], one["code"]] for one in document["unreadable"]),
            "cautions": sorted(one for one in cautions if one[0] in own and one[1] not in UNREVIEWED),
            **({"reverts": document["reverts"]} if "reverts" in document else {}),
            **({"snapshot": True} if "snapshot" in document else {}),
        }
    )


def _fingerprint(step: Mapping[str, Any]) -> dict[str, object]:
    """`Step.fingerprint`, of a step of a saved plan. Its wave is no part of it: of the waves the guardrails are."""
    way = sorted(
        one["name"] for one in step["prechecks"] if one["status"] in BLOCKING and one["name"] not in OF_THE_MOMENT
    )
    own = {name: value for name, value in step.items() if name not in ("place", "wave")}
    return {**own, "prechecks": way, "blocked": bool(way)}
