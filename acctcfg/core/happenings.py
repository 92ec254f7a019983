"""What `notify` can be sent for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["HAPPENINGS"]

HAPPENINGS: Final[Mapping[str, str]] = {
    "blocked": "a precheck or a guardrail stood in the way of a step",
    "failed": "a step failed, something could not be read, or the command ended with an error",
    "drift": "live accounts differ from the manifest",
    "lapse": "the venue will soon delete an API key, or its rotation is due",
    "applied": "something was changed at the venue",
}
