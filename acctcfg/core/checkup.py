"""What `doctor` checked, and the results."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from acctcfg.core.json_types import JsonObject

__all__ = ["Checked", "Checkup", "Sheet", "Status"]

Status: TypeAlias = Literal["ok", "warning", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One check. `subject`: the manifest's name for what was checked, such as "venues.desk"."""

    subject: str
    check: str
    status: Status
    message: str
    fix: str = ""  # one sentence; "" where nothing is to be done


@dataclass(frozen=True, slots=True)
class Checkup:
    """All checks, in the order in which they are printed."""

    checks: tuple[Checked, ...]

    def count(self, status: Status) -> int:
        """The number of checks with this status."""
        return sum(one.status == status for one in self.checks)

    def to_json(self) -> JsonObject:
        """The document of `doctor --format json`."""
        names = ("subject", "check", "status", "message", "fix")
        words: tuple[Status, ...] = ("ok", "warning", "failed")
        return {
            "healthy": not self.count("failed"),
            "summary": {word: self.count(word) for word in words},
            "checks": [{name: getattr(one, name) for name in names} for one in self.checks],
        }


@dataclass(slots=True)
class Sheet:
    """Collects the checks of one subject."""

    subject: str
    checks: list[Checked] = field(default_factory=list)

    def ok(self, check: str, message: str) -> None:
        """Add a check that passed."""
        self._add(check, "ok", message, "")

    def warn(self, check: str, message: str, fix: str) -> None:
        """Add a check that works, with a remark."""
        self._add(check, "warning", message, fix)

    def fail(self, check: str, message: str, fix: str) -> None:
        """Add a check that failed. `fix`: an error's hint, which may be empty."""
        self._add(check, "failed", message, fix or "Fix what is named here, then run doctor again.")

    def _add(self, check: str, status: Status, message: str, fix: str) -> None:
        self.checks.append(Checked(subject=self.subject, check=check, status=status, message=message, fix=fix))
