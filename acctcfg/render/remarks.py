"""What is wrong in a manifest, one remark a problem, for programs that show them at file and line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from acctcfg.core.canonical import digest_of
from acctcfg.render.harmless import harmless

__all__ = ["PROBLEM", "Remark", "remarks"]

PROBLEM: Final = "manifest"
"""The rule of every problem; that of a warning is its code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """A problem or a warning at its place. Lines and columns count from 1."""

    rule: str
    level: str  # "error" | "warning"
    message: str
    file: str
    line: int
    column: int
    fingerprint: str  # the same in every run, whatever line it has moved to


def remarks(shown: Mapping[str, Any]) -> list[Remark]:
    """Of a validation, or of a failure: its problems, then its warnings."""
    rows = [(PROBLEM, "error", one) for one in shown["problems"]]
    rows += [(one["code"], "warning", one) for one in shown.get("warnings", ())]
    seen: Counter[str] = Counter()
    found = []
    for rule, level, one in rows:
        message = harmless(f"{one['address']}: {one['message']}" if one["address"] else one["message"])
        name = digest_of([rule, harmless(one["file"]), message])
        seen[name] += 1
        found.append(
            Remark(
                rule=rule,
                level=level,
                message=message,
                file=one["file"],
                line=one["line"] or 1,
                column=one["column"] or 1,
                fingerprint=digest_of([name, seen[name]]).partition(":")[2],
            )
        )
    return found
