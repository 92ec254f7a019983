"""JSON that a caller sends, read within bounds: size, nesting, and nothing that is not JSON."""

from __future__ import annotations

import json
from typing import NoReturn, cast

from acctcfg.sandbox.values import Json

__all__ = ["MOST_BYTES", "load_json"]

MOST_BYTES = 1_000_000
DEEPEST = 32


def load_json(body: bytes) -> Json:
    """A JSON value. Raises ValueError with a sentence for what is too large, too deep or no JSON."""
    if len(body) > MOST_BYTES:
        raise ValueError(f"the body is larger than {MOST_BYTES // 1_000_000} MB")
    try:
        value = cast(Json, json.loads(body.decode(), parse_constant=_no_json))
    except RecursionError as exc:
        raise ValueError(f"the body is nested deeper than {DEEPEST}") from exc
    except UnicodeDecodeError as exc:
        raise ValueError("the body is not UTF-8") from exc
    except json.JSONDecodeError as exc:
        raise ValueError(f"the body is not JSON: {exc.msg} at line {exc.lineno}, column {exc.colno}") from exc
    _check_depth(value)
    return value


def _no_json(word: str) -> NoReturn:
    raise ValueError(f"the body is not JSON: {word} is not a number")


def _check_depth(value: Json) -> None:
    level: list[Json] = [value]
    for _ in range(DEEPEST):
        level = [
            child
            for outer in level
            if isinstance(outer, (dict, list))
            for child in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return
    raise ValueError(f"the body is nested deeper than {DEEPEST}")
