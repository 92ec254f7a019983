"""Plans, outcomes and accounts as JSON, and a saved plan back from its file."""

from __future__ import annotations

import errno
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acctcfg.account_view import AccountView
from acctcfg.core.canonical import digest_of
from acctcfg.core.fee_rate import FeeRate
from acctcfg.core.json_types import JsonValue
from acctcfg.core.outcome import Outcome
from acctcfg.core.plan import FORMAT_VERSION, Plan
from acctcfg.core.rules import VenueRules
from acctcfg.core.saved_plan import digest_of_document
from acctcfg.errors import ConfigError, PlanStale, UsageError
from acctcfg.plain_file import read_plain, write_whole
from acctcfg.render.harmless import json_text

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = [
    "account_json",
    "failure_json",
    "keys_json",
    "load_saved",
    "outcome_json",
    "plan_json",
    "record_json",
    "records_json",
    "refuse_foreign",
    "save_plan",
    "secrets_json",
    "views_json",
]

LARGEST = 256 << 20  # bytes of a plan file; 100,000 accounts are some 100 MB
_AGAIN = "make a new one with `acctcfg plan --out FILE`"


def plan_json(plan: Plan) -> str:
    """The plan's document, indented for readers; the order of keys is the manual's."""
    return _text(plan.to_json())


def outcome_json(outcome: Outcome) -> str:
    """What an apply did, with the plan that it carried out under `plan`."""
    return _text({**outcome.to_json(), "plan": outcome.plan.to_json()})


def views_json(views: Iterable[AccountView]) -> str:
    """Accounts as they are, in one list."""
    return _text([account_json(view) for view in views])


def _fee_json(rate: FeeRate) -> dict[str, object]:
    """Rates as text, parts of one: what is paid is negative, what is received positive."""
    maker, taker = (None if one is None else f"{one:f}" for one in (rate.maker, rate.taker))
    return {"of": rate.of, "level": rate.level or None, "maker": maker, "taker": taker}


def account_json(view: AccountView) -> dict[str, object]:
    """One account as it is: where it is, what its addresses hold, where it can be paid. Never a secret."""
    fees = {} if view.fees is None else {"fees": [_fee_json(rate) for rate in view.fees]}
    return fees | {
        "account": view.account,
        "venue": view.venue,
        "name": view.name,
        "uid": view.uid or None,
        "exists": view.exists,
        "values": dict(view.values),
        "deposits": [
            {
                "currency": d.currency,
                "chain": d.chain,
                "number": d.number,
                "address": d.address,
                "tag": d.tag,
                "credit_to": d.credit_to,
                "state": d.state,
            }
            for d in view.deposits
        ],
        "warnings": [{"address": w.address, "code": w.code, "message": w.message} for w in view.warnings],
        "unreadable": [{"address": u.address, "code": u.code, "message": u.message} for u in view.unreadable],
    }


def records_json(records: Iterable[DataclassInstance]) -> str:
    """Records, with all that they hold, in one list."""
    return _text([asdict(one) for one in records])


def record_json(record: DataclassInstance) -> str:
    """One record, with all that it holds."""
    return _text(asdict(record))


def secrets_json(found: Iterable[DataclassInstance]) -> str:
    """Where stored secrets are, and whether the manifest names them."""
    return _text({"secrets": [asdict(one) for one in found]})


def keys_json(reports: Iterable[DataclassInstance]) -> str:
    """What became of each key."""
    return _text({"keys": [asdict(one) for one in reports]})


def failure_json(error: Mapping[str, object]) -> str:
    """Why a command failed, in the place of its result."""
    return _text({"error": error})


def refuse_foreign(path: Path) -> None:
    """Raise UsageError if a plan must not be saved here: something else than a saved plan would be overwritten."""
    if path.exists() and not _is_plan(path):
        raise UsageError(f"{path} exists and is not a saved plan; it was not overwritten", hint="choose another --out")


def save_plan(plan: Plan, path: Path) -> None:
    """Write the plan to a file that only its owner can read: whole or not at all.

    Raises UsageError where something else stands there, ConfigError where the file cannot be written.
    """
    refuse_foreign(path)
    try:
        write_whole(path, plan_json(plan) + "\n")
    except OSError as exc:
        raise ConfigError(f"cannot write {path}: {exc.strerror}", hint="no plan was saved") from exc


def load_saved(path: Path, rules: Iterable[VenueRules] = ()) -> dict[str, JsonValue]:
    """The document of a saved plan. Raises PlanStale for a file that is cut, edited or of another version.

    `rules`: of the installed venue types, whose own codes it may hold.
    """
    try:
        document = json.loads(read_plain(path, LARGEST)[0].decode("utf-8-sig"), object_pairs_hook=_members)
    except OSError as exc:
        if exc.errno == errno.EFBIG:
            raise PlanStale(f"{path} is not a saved plan: {exc.strerror}", hint=_AGAIN) from exc
        raise UsageError(f"cannot read the plan {path}: {exc.strerror}", hint=_AGAIN) from exc
    except (ValueError, RecursionError) as exc:
        raise PlanStale(f"{path} is not a saved plan, or was cut short: it is not JSON", hint=_AGAIN) from exc
    flaw = _flaw(document, rules)
    if flaw:
        raise PlanStale(f"{path} {flaw}", hint=_AGAIN)
    if "snapshot" in document:
        made = f"{path} was made from a snapshot, live state of {document['snapshot']['as_of']}: it is only for review"
        raise PlanStale(made, hint="plan again with the credentials (`acctcfg plan --out FILE`), and review that")
    found: dict[str, JsonValue] = document
    return found


def _members(pairs: list[tuple[str, Any]]) -> dict[str, object]:
    """ValueError for a name that stands twice: a reviewer's program may have shown the other value."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member stands twice")
    return found


def _flaw(document: object, rules: Iterable[VenueRules]) -> str:
    """What keeps a document from being a plan that this version saved; "" if nothing does."""
    if not isinstance(document, Mapping) or "format_version" not in document or "steps" not in document:
        return "is not a saved plan"
    major, version = FORMAT_VERSION.partition(".")[0], document["format_version"]
    if not isinstance(version, str) or not re.fullmatch(rf"{major}\.[0-9]+", version):
        return f"has the plan format {version!r}; this acctcfg reads {major}.x"
    bare = {key: value for key, value in document.items() if key != "checksum"}
    if document.get("checksum") != _checksum(bare):
        return "was edited or cut after it was saved: its checksum does not match"
    from acctcfg.core.json_schema import judge
    from acctcfg.render.plan_schema import plan_schema

    if not judge(plan_schema(rules))(document):
        return "was not saved by this version of acctcfg: it does not match the schema"
    if document["digest"] != digest_of_document(document):
        return "was edited after it was saved: its digest is not that of its steps"
    return ""


def _checksum(document: Mapping[str, object]) -> str:
    try:
        return digest_of(document)
    except (ValueError, RecursionError):  # half a surrogate pair, or nested deeper than any plan
        return ""


def _is_plan(path: Path) -> bool:
    if not path.is_file():
        return False
    try:
        document = json.loads(read_plain(path, LARGEST)[0].decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(document, dict) and {"format_version", "steps", "digest"} <= set(document)


def _text(value: object) -> str:
    return json_text(value)
