"""The JSON Schema of a plan, made from the closed lists of codes, so that neither can say more than the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from acctcfg.core.codes import GUARDRAIL, PRECHECKS, WARNINGS
from acctcfg.core.plan import FORMAT_VERSION
from acctcfg.core.rules import VenueRules
from acctcfg.render.schema_parts import COUNT, DIGEST, TEXT, TEXTS, and_, map_, notice, object_, place, value, venue

__all__ = ["plan_schema", "plan_schema_text"]


def plan_schema(rules: Iterable[VenueRules] = ()) -> dict[str, object]:
    """JSON Schema 2020-12 of `plan --format json` and of saved plans. Codes of `unreadable` are the venue's own.

    `rules`: of the installed venue types, which may bring codes of prechecks and warnings.

    It is open: readers ignore members that they do not know, and a minor version may add some.
    """
    prechecks, warnings = dict(PRECHECKS), dict(WARNINGS)
    for one in rules:
        prechecks |= one.prechecks
        warnings |= one.warnings
    return {
        "title": "acctcfg plan",
        "description": "What `acctcfg apply` would do. A claim, not an order: apply plans again and compares.",
        **and_(
            object_(**_names(), **_narrowed(), **_found(warnings), checksum=DIGEST),
            waves=_waves(),
            excludes={**TEXTS, "description": "what was left out of it; absent in files of earlier versions"},
            uids=_uids(),
            changed_since=_since(),
            recalled=_recalled(),
            rehearsal=_rehearsal(),
            reverts=_reverts(),
            snapshot=_snapshot(),
        ),
        "$defs": {"step": _step(), "precheck": _precheck(prechecks), "value": value()},
    }


def plan_schema_text(rules: Iterable[VenueRules] = ()) -> str:
    """The schema as the file `schemas/plan.schema.json` holds it."""
    import json

    return json.dumps(plan_schema(rules), indent=2, ensure_ascii=False) + "\n"


def _names() -> dict[str, dict[str, object]]:
    """What names the plan, counts it, and says whose it is."""
    major = FORMAT_VERSION.partition(".")[0]
    counts = object_(create=COUNT, change=COUNT, delete=COUNT, replace=COUNT, blocked=COUNT, accounts=COUNT)
    return {
        "format_version": {"type": "string", "pattern": rf"^{major}\.[0-9]+$"},
        "acctcfg_version": TEXT,
        "created_at": TEXT,
        "author": {**TEXT, "description": "who made the plan: ACCTCFG_ACTOR, the CI's user and job, or user@host"},
        "digest": DIGEST,
        "manifest_digest": DIGEST,
        "live_digest": DIGEST,
        "summary": {
            **counts,
            "description": "a replacement counts as one create and one delete, and in `replace` too; a blocked "
            "step counts in `blocked` alone",
        },
        "venues": {**map_(venue()), "description": "whose credentials were used, and where every write goes"},
    }


def _narrowed() -> dict[str, dict[str, object]]:
    """What the user narrowed it to and lets it do, and where its new secrets go."""
    return {
        "targets": {**TEXTS, "description": "what the plan was narrowed to; empty where everything was looked at"},
        "secret_stores": {
            **map_(_store()),
            "description": "where new secrets of this plan go, and who can read them",
        },
        "replace": {**TEXTS, "description": "keys that the user lets be replaced"},
        "allow_sensitive": {**TEXTS, "description": "sensitive lines of this plan that the user allows"},
        "sets_nothing": {**TEXTS, "description": "exact entries that set nothing, so that nothing was compared"},
    }


def _found(warnings: Mapping[str, str]) -> dict[str, dict[str, object]]:
    """What is to be done, and what was noticed on the way."""
    return {
        "steps": {"type": "array", "items": {"$ref": "#/$defs/step"}},
        "warnings": {"type": "array", "items": notice(_warning(warnings))},
        "unreadable": {"type": "array", "items": notice(TEXT)},
        "estimate": object_(writes=COUNT, seconds={"type": "number", "minimum": 0}, bottleneck=TEXT),
    }


def _uids() -> dict[str, object]:
    told = "what the venue knows each account by that is there and that the plan changes; apply demands the same"
    return {**map_({**TEXT}), "description": told}


def _store() -> dict[str, object]:
    return object_(type=TEXT, path=TEXT, recipients={**TEXTS, "description": "public keys"})


def _waves() -> dict[str, object]:
    wave = object_(accounts=TEXTS, then_wait_s=COUNT)
    return {"type": "array", "items": wave, "description": "under `guardrails.rollout`: each is done before the next"}


def _reverts() -> dict[str, object]:
    of_run = object_(run=TEXT, at=TEXT, actor=TEXT, command=TEXT, with_deletes={"type": "boolean"})
    return {**of_run, "description": "the run that the plan undoes, in place of what the manifest wants"}


def _recalled() -> dict[str, object]:
    field = object_(
        field=TEXT,
        count={**COUNT, "description": "how many of them were not read"},
        accounts=COUNT,
        since={**TEXT, "description": "when the first of them went on record"},
        age_s={**COUNT, "description": "how long before the plan that was"},
    )
    found: dict[str, object] = {"type": "array", "items": field}
    return {**found, "description": "what the journal knew and cannot be deleted, so that it was not read"}


def _rehearsal() -> dict[str, object]:
    held: dict[str, object] = {"$ref": "#/$defs/value"}
    told = {"type": "array", "items": object_(address=TEXT, message=TEXT)}
    found = object_(
        counts={**map_(COUNT), "description": "as the last line of an apply counts"},
        end_state={**map_(held), "description": "address: its value afterwards; null where nothing is there"},
        blocked={**TEXTS, "description": "addresses of steps that were left out with their accounts"},
        failed=told,
        not_copied={**told, "description": "what the sandbox does not have as it is live"},
        seconds={"type": "number", "minimum": 0, "description": "how long an apply takes at the venue's pace"},
    )
    return {**found, "description": "what `apply --skip-blocked` did on a sandbox copy of the live accounts"}


def _since() -> dict[str, object]:
    since = object_(
        revision=TEXT,
        commit={**TEXT, "description": "the id of that commit"},
        merge_base={"type": "boolean", "description": "whether that is the one at which HEAD left the revision"},
        removed={**TEXTS, "description": "accounts that were in the manifest then, and are not now"},
    )
    return {
        **since,
        "description": "`targets` are the accounts whose manifest changed since then; nothing was read "
        "where there are none",
    }


def _snapshot() -> dict[str, object]:
    earlier = object_(
        as_of={**TEXT, "description": "when the oldest fact was read that the plan rests on"},
        age_s=COUNT,
        blurred={"type": "boolean"},
    )
    return {**earlier, "description": "made from live state that was read earlier: apply refuses such a plan"}


def _step() -> dict[str, object]:
    held = {"$ref": "#/$defs/value"}
    step = object_(
        address={"type": "string", "minLength": 1},
        account=TEXT,
        field={**TEXT, "description": "empty for the account itself"},
        key={**TEXT, "description": "the text in the brackets of the address"},
        venue=TEXT,
        action={"enum": ["create", "change", "replace", "delete"]},
        place=place(),
        before=held,
        after={**held, "description": "null for a delete"},
        before_known={"type": "boolean", "description": "false where the value is known only after another step"},
        blocked={"type": "boolean"},
        prechecks={"type": "array", "items": {"$ref": "#/$defs/precheck"}},
        depends_on={**TEXTS, "description": "addresses of steps of this plan"},
        calls={**TEXTS, "description": "the requests that it takes: method and path"},
    )
    return and_(step, wave={"type": "integer", "minimum": 1, "description": "the wave that its account is in"})


def _warning(words: Mapping[str, str]) -> dict[str, object]:
    return {"enum": list(words), "description": "; ".join(f"`{code}`: {said}" for code, said in words.items())}


def _precheck(words: Mapping[str, str]) -> dict[str, object]:
    meanings = [{"const": name, "description": said} for name, said in words.items()]
    return object_(
        name={"anyOf": [*meanings, {"type": "string", "pattern": f"^{GUARDRAIL}.+"}]},
        status={
            "enum": ["pass", "fail", "unknown", "venue", "deferred"],
            "description": "fail and unknown block; venue: only the venue can tell; deferred: read before the write",
        },
        detail=TEXT,
    )
