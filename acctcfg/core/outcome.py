"""What became of a plan: one result a step, the counts of the last line, and the exit status."""

from __future__ import annotations

from dataclasses import dataclass

from acctcfg.core.diff import Change
from acctcfg.core.plan import FORMAT_VERSION, Plan, Step
from acctcfg.core.state import Live

__all__ = ["NOT_READ_BACK", "NOT_YET", "STATUSES", "Outcome", "StepResult"]

NOT_YET = "not_yet_effective"
"""The code of a step that the venue carried out and whose effect it announces for later: neither failed nor lost."""

NOT_READ_BACK = "not_read_back"
"""The code of a step that the venue answered with success and that could not be read back: it has not failed."""

STATUSES = ("done", "already", "failed", "unknown", "blocked", "not_started")
"""How a step can end."""

_ACCEPTED = (NOT_YET, NOT_READ_BACK)
_VERBS = {"create": "created", "change": "changed", "replace": "replaced", "delete": "deleted"}


@dataclass(frozen=True, slots=True)
class StepResult:
    """How one step ended.

    status: `done`; `already` (it turned out to be right, so nothing was sent and nothing is counted); `failed`;
    `unknown` (sent, and no read shows what became of it); `blocked`; `not_started`.
    """

    step: Step
    status: str
    message: str = ""  # one sentence in the user's words; "" for done and already
    code: str = ""  # the venue's code, where there is one
    found: Live | None = None  # what the last look before its write showed; None where there was none

    @property
    def change(self) -> Change:
        """What it changed, from what was there right before where the plan could not say it."""
        return self.step.change.from_found(self.found)

    @property
    def made(self) -> bool:
        """Whether the venue says that it did it; its effect may still be to come, or to be read."""
        return self.status == "done" or self.code in _ACCEPTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an apply did. `plan` is what it carried out, `run` its name in the journal ("" where nothing was to do)."""

    plan: Plan
    results: tuple[StepResult, ...] = ()
    run: str = ""
    claimed: int = 0  # steps of the saved plan that it was given; those that are right by now are no steps any more
    declined: bool = False  # the user said no
    interrupted: bool = False
    unrecorded: bool = False  # the journal failed before the run's end was on record; a note says why
    notes: tuple[str, ...] = ()  # said once, after the results: "the venue answered too many requests ..."

    def count(self, status: str) -> int:
        """How many steps ended so."""
        return sum(result.status == status for result in self.results)

    @property
    def counts(self) -> dict[str, int]:
        """By the words of the last line, and `replaced`: a replacement is one created and one deleted as well."""
        counts = {**dict.fromkeys(_VERBS.values(), 0), "blocked": 0, "failed": 0, "not_started": 0}
        for result in self.results:
            match result.status:
                case _ if result.made:
                    for word in result.step.change.counts_as:
                        counts[_VERBS[word]] += 1
                case "failed" | "unknown":
                    counts["failed"] += 1
                case "blocked" | "not_started":
                    counts[result.status] += 1
        return counts

    @property
    def summary(self) -> str:
        """The last line that `acctcfg apply` prints: `Applied: A created, ...`. Pipelines match it."""
        if not self.plan.steps and (not self.claimed or self.plan.matches):
            return self.plan.conclusion[0]
        c = self.counts
        line = (
            f"Applied: {c['created']} created, {c['changed']} changed, {c['deleted']} deleted, "
            f"{c['blocked']} blocked, {c['failed']} failed"
        )
        return f"{line}, {c['not_started']} not started." if c["not_started"] else f"{line}."

    @property
    def exit_code(self) -> int:
        """Of several, the first of 130, 1, 3, 0."""
        if self.interrupted:
            return 130
        counts = self.counts
        unsure = any(result.code in _ACCEPTED for result in self.results)
        if self.declined or self.unrecorded or counts["failed"] or unsure or self.plan.unreadable:
            return 1
        return 3 if counts["blocked"] else 0

    def to_json(self) -> dict[str, object]:
        """The document of `apply --format json`."""
        return {
            "format_version": FORMAT_VERSION,
            "run": self.run,
            "plan_digest": self.plan.digest,
            "summary": self.counts,
            "results": [
                {
                    "address": str(result.step.address),
                    "venue": result.step.venue,
                    "action": result.step.change.action,
                    "status": result.status,
                    "code": result.code,
                    "message": result.message,
                }
                for result in self.results
            ],
            "unreadable": [{"address": u.address, "code": u.code, "message": u.message} for u in self.plan.unreadable],
            "notes": list(self.notes),
            "exit_code": self.exit_code,
        }
