"""What a seed may hold, as one JSON Schema put together from what each venue declares; and the words for what is wrong.

jsonschema-rs judges, at every start and control call (where it has no wheel, jsonschema); jsonschema, which is slow to
import, finds the words for a mistake. What a schema can not say (an unknown instrument, a key used twice) is said where
it is read.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol, cast

from acctcfg.sandbox import shapes
from acctcfg.sandbox.shapes import Schema
from acctcfg.sandbox.values import Json, Place, SeedError, did_you_mean
from acctcfg.sandbox.venue import Venue

if TYPE_CHECKING:
    from jsonschema import ValidationError

__all__ = ["account_schema", "checked", "json_value", "seed_schema", "seed_schema_text"]

FEW = 8  # words of a list that a message shows
KINDS = {"object": "a mapping", "array": "a list", "string": "text", "boolean": "true or false", "null": "nothing"}


@lru_cache(maxsize=16)
def seed_schema(venues: tuple[type[Venue], ...]) -> Schema:
    """The schema of a seed for these venues; tenants are the first one's unless they say otherwise."""
    first = venues[0]
    tenant: Schema = {
        "type": ["object", "null"],
        "properties": {"venue": shapes.words(*(venue.name for venue in venues))},
        "allOf": [_if_of(venue, default=venue is first) for venue in venues],
    }
    top: dict[str, Schema] = {
        "tenants": shapes.or_null(shapes.table(tenant)),
        "client_ip": shapes.or_null(shapes.TEXT),
        **{venue.name: shapes.or_null(shapes.record(venue.section())) for venue in venues},
        # the first venue's may stand at the top
        **{name: {"$ref": f"#/properties/{first.name}/properties/{name}"} for name in first.section()},
    }
    accounts = {venue.name: account_schema(venue) for venue in venues}
    return {"title": "A seed of acctcfg sandbox", **shapes.record(top), "$defs": accounts}


def _if_of(venue: type[Venue], *, default: bool) -> Schema:
    """What a tenant of a venue may say: its own fields, those of its main account, and its sub-accounts."""
    is_it: dict[str, Json] = {"properties": {"venue": {"const": venue.name}}}
    if not default:
        is_it["required"] = ["venue"]
    account = f"#/$defs/{venue.name}"
    tenant: dict[str, Schema] = {
        "venue": {},
        "env_prefix": shapes.TEXT,
        **venue.tenant(),
        "sub_accounts": shapes.or_null(shapes.table({"if": shapes.NOTHING, "else": {"$ref": account}})),
        **{name: {"$ref": f"{account}/properties/{name}"} for name in venue.account()},
    }
    return {"if": is_it, "then": shapes.or_null(shapes.record(tenant))}


@lru_cache(maxsize=16)
def account_schema(venue: type[Venue]) -> Schema:
    """The schema of an account's fields."""
    return shapes.record(venue.account())


def seed_schema_text(venues: tuple[type[Venue], ...]) -> str:
    """The schema as a file has it."""
    return json.dumps(seed_schema(venues), indent=2, ensure_ascii=False) + "\n"


def checked(schema: Schema, value: Json, place: Place = ()) -> Json:
    """The value, which fits the schema. Raises SeedError for the mistake that matters most, with its place."""
    if not _judge(_Key(schema)).is_valid(value):
        raise _mistake(schema, value, place)
    return value


class _Key:
    """A schema as a key of a cache: the same object is the same schema, and is kept."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema

    def __hash__(self) -> int:
        return id(self.schema)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and other.schema is self.schema


class _Judge(Protocol):
    def is_valid(self, instance: Json) -> bool:
        """Whether a value fits."""


@lru_cache(maxsize=256)
def _judge(key: _Key) -> _Judge:
    try:
        from jsonschema_rs import validator_for
    except ImportError:  # no wheel for this machine
        from jsonschema import Draft202012Validator

        return cast(_Judge, Draft202012Validator(key.schema))
    return cast(_Judge, validator_for(dict(key.schema)))


def _mistake(schema: Schema, value: Json, place: Place) -> SeedError:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match, by_relevance

    errors = Draft202012Validator(schema).iter_errors(value)
    found = best_match(errors, key=by_relevance(strong=frozenset({"additionalProperties"})))
    if found is None:
        return SeedError("unlike its schema", place)  # the two engines differ
    return _worded(found, (*place, *found.absolute_path))


def _worded(error: ValidationError, place: Place) -> SeedError:
    schema, value = cast(Schema, error.schema), cast(Json, error.instance)
    match error.validator:
        case "additionalProperties":
            known = cast("Mapping[str, Schema]", schema.get("properties", {}))
            extra = next(name for name in cast("Mapping[str, Json]", value) if name not in known)
            return SeedError(f"unknown key {extra!r}{did_you_mean(extra, known)}", place, key=extra)
        case "required":
            given = cast("Mapping[str, Json]", value)
            missing = next(name for name in cast("list[str]", error.validator_value) if name not in given)
            return SeedError(f"{schema.get('title', 'it')} needs {missing}", place)
        case "anyOf":
            return SeedError(
                f"{schema.get('title', 'it')} needs {' or '.join(_required(error.validator_value))}", place
            )
        case "enum":
            allowed = list(dict.fromkeys(str(word) for word in cast("list[Json]", error.validator_value)))
            return SeedError(f"one of {', '.join(allowed)}, not {value!r}{_meant(value, allowed)}", place)
        case "type" if "description" not in schema:
            return SeedError(f"expected {_kinds(error.validator_value)}, not {_kind(value)}", place)
    return SeedError(str(schema.get("description", error.message)), place)


def _required(options: Json) -> Iterable[str]:
    for option in cast("list[Mapping[str, list[str]]]", options):
        yield from option["required"]


def _meant(value: Json, allowed: list[str]) -> str:
    return did_you_mean(value, allowed) if len(allowed) > FEW else ""


def _kinds(expected: Json) -> str:
    names = [expected] if isinstance(expected, str) else cast("list[str]", expected)
    if set(names) >= {"string", "number"}:
        return "text"
    return " or ".join(KINDS.get(name, "a number") for name in names if name != "null")


def _kind(value: Json) -> str:
    if isinstance(value, bool):
        return KINDS["boolean"]
    if isinstance(value, Mapping):
        return KINDS["object"]
    if value is None:
        return KINDS["null"]
    return "a list" if isinstance(value, list) else "text" if isinstance(value, str) else "a number"


def json_value(value: object, place: Place = ()) -> Json:
    """A value as JSON has it: YAML knows dates, infinities, sets, and keys that are no text. Raises SeedError."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int | float):
        if isinstance(value, float) and not math.isfinite(value):
            raise SeedError(f"expected a number, not {value!r}", place)
        return value
    if isinstance(value, Mapping):
        return {str(name): json_value(item, (*place, str(name))) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [json_value(item, (*place, index)) for index, item in enumerate(value)]
    if isinstance(value, date):
        return value.isoformat()
    raise SeedError("expected text, a number, a list or a mapping", place)
