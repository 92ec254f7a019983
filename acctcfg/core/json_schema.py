"""Two engines of JSON Schema: jsonschema-rs judges, jsonschema says in words what is wrong.

jsonschema-rs is a hundred times faster and matches patterns in linear time. jsonschema names the field where the other
says "not valid under any of"; it is imported only once something is wrong. Where jsonschema-rs has no wheel, jsonschema
judges too, and patterns are refused. Nothing is ever fetched.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NoReturn

from acctcfg.core.quoting import quoted

if TYPE_CHECKING:
    from jsonschema import SchemaError, ValidationError
    from jsonschema.protocols import Validator

__all__ = ["Judge", "explainer", "has_linear_patterns", "judge", "schema_flaw"]

Schema = dict[str, Any] | bool  # what both engines take
Judge = Callable[[object], bool]


def has_linear_patterns() -> bool:
    """Whether a pattern of a stranger's schema can be matched without a risk: jsonschema-rs is installed."""
    try:
        import jsonschema_rs  # noqa: F401
    except ImportError:
        return False
    return True


def judge(schema: Schema) -> Judge:
    """Whether an instance is valid, as a function. The schema is one that `schema_flaw` has nothing against."""
    if not has_linear_patterns():
        fallback: Judge = _validator(schema).is_valid
        return fallback
    import jsonschema_rs

    options = jsonschema_rs.RegexOptions()  # linear time; no look-around, no back-references
    found: Judge = jsonschema_rs.validator_for(schema, retriever=_refuse, pattern_options=options).is_valid
    return found


def schema_flaw(schema: Schema) -> str:
    """What is wrong with a JSON Schema itself; "" where nothing is."""
    if not has_linear_patterns():
        return _flaw_without_linear_patterns(schema)
    import jsonschema_rs

    try:
        judge(schema)
    except jsonschema_rs.ValidationError as exc:
        place = ".".join(str(part) for part in exc.instance_path)
        said = f"{place}: {_short(exc.message)}" if place else _short(exc.message)
        return f"{said} (no look-around, no back-references, no endless counts)" if '"regex"' in exc.message else said
    except (jsonschema_rs.ReferencingError, ValueError) as exc:
        return f"{_short(str(exc))} (acctcfg fetches nothing)"
    return ""


def _flaw_without_linear_patterns(schema: Schema) -> str:
    from jsonschema import SchemaError

    if _has(schema, "pattern", "patternProperties"):
        return "a pattern needs jsonschema-rs, which is not installed here (use `enum` or `const`)"
    try:
        _validator(schema).check_schema(schema)
    except SchemaError as exc:
        return _short(_in_json(exc))
    return ""


def explainer(schema: Schema) -> Callable[[object], list[str]]:
    """What an invalid instance breaks, a sentence for each part: "after: 7 is greater than the maximum of 5"."""
    from referencing.exceptions import Unresolvable

    validator = _validator(schema)
    # jsonschema would match these property names in its own way, in any time
    speechless = has_linear_patterns() and _has(schema, "patternProperties")

    def explain(instance: object) -> list[str]:
        try:
            found = [] if speechless else [_worded(error) for error in validator.iter_errors(instance)]
        except (RecursionError, Unresolvable):
            found = []
        return found or ["it is not what the schema allows"]

    return explain


def _worded(error: ValidationError) -> str:
    from jsonschema.exceptions import best_match

    closest = best_match([error]) or error
    place = ".".join(str(part) for part in closest.absolute_path)
    said = _in_json(closest)
    return f"{place}: {said}" if place else said


def _in_json(error: ValidationError | SchemaError) -> str:
    """What an error says; the values in it, which jsonschema writes as Python does, as JSON writes them."""
    said = str(error.message)
    for value in (error.instance, error.validator_value):
        said = said.replace(repr(value), quoted(value) if value is not None else "null")
    return said


def _validator(schema: Schema) -> Validator:
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend, validator_for
    from jsonschema_specifications import REGISTRY

    draft = validator_for(schema, default=Draft202012Validator)
    words = extend(draft, {"pattern": _pattern}) if has_linear_patterns() else draft
    return words(schema, registry=REGISTRY)


def _pattern(_validator: Validator, pattern: str, instance: object, _schema: Schema) -> Iterator[ValidationError]:
    from jsonschema import ValidationError

    if isinstance(instance, str) and not judge({"pattern": pattern})(instance):
        yield ValidationError(f"{instance[:60]!r} does not match {pattern!r}")


def _has(schema: object, *keywords: str) -> bool:
    text = json.dumps(schema, default=str)
    return any(f'"{keyword}":' in text for keyword in keywords)


def _refuse(uri: str) -> NoReturn:
    raise ValueError(f"it refers to {uri}, and acctcfg fetches nothing")


def _short(text: str) -> str:
    return " ".join(text.split())[:200]
