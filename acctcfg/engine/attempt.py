"""One step on its way: what was sent of it, what was read of it, and how that ends in a result."""

from __future__ import annotations

from dataclasses import dataclass

from acctcfg.core.diff import Change
from acctcfg.core.outcome import StepResult
from acctcfg.core.plan import Step
from acctcfg.core.state import ABSENT, Live, to_json
from acctcfg.engine.record import JournalWriter, Run
from acctcfg.engine.session import Link
from acctcfg.venues.contract import Survey

__all__ = ["GOOD", "READ_BACK_S", "Attempt", "Stop", "Work"]

READ_BACK_S = 30.0
GOOD = ("done", "already")


@dataclass(slots=True)
class Stop:
    """Whether to start nothing more; one for the whole walk."""

    asked: bool = False


@dataclass(frozen=True, slots=True)
class Work:
    """What the steps of one account are carried out with."""

    survey: Survey
    link: Link
    run: Run
    stop: Stop


@dataclass(slots=True)
class Attempt:
    """One step on its way: what was sent, and whether an answer proved it."""

    step: Step
    change: Change
    sent_at: float | None = None  # set while the outcome of a write is unknown
    writer: JournalWriter | None = None
    repeated: bool = False
    seen: Live | None = None  # what the last read showed
    trouble: str = ""  # why the last read failed
    silence: str = ""  # why no answer tells what became of the write
    refusal: StepResult | None = None  # the venue said no; it stands unless a read shows that it is as wanted
    result: StepResult | None = None

    @property
    def shows(self) -> bool:
        """Whether the last read shows the change; what is deleted shows as absent."""
        after = self.step.change.after
        return self.seen is ABSENT if after is None else self.seen == after

    def end(self, status: str, message: str = "", code: str = "") -> None:
        """Settle how it went."""
        self.result = StepResult(self.step, status, message, code)

    def end_unanswered(self) -> None:
        """For a write of which neither an answer nor a read tells what became of it."""
        sent = "sent twice" if self.repeated else "sent"
        seen = self.trouble or f"the venue still shows {self._shown}"
        said = f" ({self.silence})" if self.silence != seen else ""
        self.end("unknown", f"{sent} without an answer that tells; {seen}{said}")

    def end_unseen(self, *, later: bool) -> None:
        """For one that no read showed in time. `later`: the venue's accepted writes may take effect after that."""
        if self.sent_at is not None:
            self.end_unanswered()
        elif self.trouble:
            self.end("unknown", f"the venue accepted it, and reading it back failed: {self.trouble}")
        elif later:
            message = f"{READ_BACK_S:g} s later the venue still shows {self._shown}; it may yet come"
            self.end("unknown", f"accepted but never seen: {message}", "accepted_not_seen")
        else:
            message = f"the venue accepted it and did not do it: it shows {self._shown}"
            self.end("failed", message, "not_applied")

    @property
    def _shown(self) -> object:
        shown = to_json(self.seen)
        return shown if shown is not None else "nothing"
