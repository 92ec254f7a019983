"""One step on its way: what was sent of it, what was read of it, and how that ends in a result."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field

from acctcfg.core.address import Address
from acctcfg.core.diff import Change
from acctcfg.core.outcome import NOT_READ_BACK, NOT_YET, StepResult
from acctcfg.core.plan import Step
from acctcfg.core.state import ABSENT, After, Live, Lost, Rotating, Unreadable, Wanted, fits
from acctcfg.core.value_text import told
from acctcfg.engine.looks import READ_BACK_S
from acctcfg.engine.record import JournalWriter, Run
from acctcfg.engine.refused_values import Values
from acctcfg.engine.session import Link
from acctcfg.engine.stopping import Stop
from acctcfg.engine.unforeseen import blame
from acctcfg.errors import AcctcfgError
from acctcfg.venues.contract import Survey

__all__ = ["GOOD", "Attempt", "Work"]

GOOD = ("done", "already")


@dataclass(frozen=True, slots=True)
class Work:
    """What the steps of one account are carried out with."""

    survey: Survey
    link: Link
    run: Run
    stop: Stop
    values: Values
    planned: Set[Address] = frozenset()  # all steps of the plan
    results: Mapping[Address, StepResult] = field(default_factory=dict)  # of all steps that ended
    lost: frozenset[str] = frozenset()  # addresses that an earlier run wrote to and got no answer

    @property
    def new(self) -> bool:
        """Whether this very run made the account: nothing is in it but what this run puts there."""
        made = self.results.get(Address(self.survey.spec.key))
        return made is not None and made.status == "done" and made.step.change.action == "create"

    def end_for_good(self, attempt: Attempt, error: AcctcfgError) -> None:
        """Nothing of it was executed, and nothing else of this run will be: why, the run says once."""
        self.run.halted = self.run.halted or error.told
        attempt.end("not_started", error.message)

    def blame(self, error: BaseException) -> str:
        """Whose fault an exception is that nobody foresaw, in one sentence and without its values."""
        return blame(error, self.link.connection.spec)

    def expected(self, address: Address) -> Live | Wanted | None:
        """What a managed address holds by all that is known; None where that is open, or about to be read anyway."""
        result = self.results.get(address)
        if result is not None and result.status in GOOD:
            return self.survey.desired[address]
        if result is not None and result.status in ("failed", "unknown"):
            return None
        if result is None and address in self.planned:
            return None
        live = self.survey.live.get(address)
        return None if isinstance(live, After | Unreadable | Lost | Rotating) else live


@dataclass(slots=True)
class Attempt:
    """One step on its way: what was sent, and whether an answer proved it."""

    step: Step
    change: Change
    sent_at: float | None = None  # set while the outcome of a write is unknown
    writer: JournalWriter | None = None
    repeated: bool = False
    found: Live | None = None  # what the last look before its write showed
    seen: Live | None = None  # what the last read showed
    look: int = 0  # the number of that read
    gone_since: float | None = None  # when reads began to show nothing, without one in between that did
    trouble: str = ""  # why the last read failed
    silence: str = ""  # why no answer tells what became of the write
    refusal: StepResult | None = None  # the venue said no; it stands unless a read shows that it is as wanted
    taken: str = ""  # the venue's words for "it exists", of a creation that was lost before
    result: StepResult | None = None

    @property
    def address(self) -> Address:
        return self.step.address

    @property
    def never_made(self) -> bool:
        """Whether a creation was accepted, and no read showed anything of it in time."""
        applied = self.result is None or self.result.code != "not_applied"
        return not applied and self.seen is ABSENT and self.change.action in ("create", "replace")

    def shows(self, found: Live | None) -> bool:
        """Whether a read shows the change; what is deleted shows as absent.

        What replaces a thing of the same value shows only by an answer: until that came, and after a refusal, it may be
        the old one.
        """
        if self.step.change.action == "replace" and (self.sent_at is not None or self.refusal is not None):
            return False
        after = self.step.change.after
        return found is ABSENT if after is None else fits(found, after)

    def saw(self, found: Live, look: int, now: float) -> None:
        """Note what a read showed."""
        self.seen, self.look = found, look
        self.trouble = found.message if isinstance(found, Unreadable) else ""
        if found is not ABSENT:
            self.gone_since = None
        elif self.gone_since is None:
            self.gone_since = now

    def end(self, status: str, message: str = "", code: str = "") -> None:
        """Set the result of the step. `code` is the venue's, where it refused."""
        self.result = StepResult(self.step, status, message, code)

    @property
    def _trouble(self) -> str:
        return f" ({self.trouble})" if self.trouble else ""

    def end_unanswered(self) -> None:
        """For a write of which neither an answer nor a read tells what became of it."""
        sent = "sent twice" if self.repeated else "sent"
        seen = self.trouble or f"the venue still shows {told(self.seen)}"
        said = f" ({self.silence})" if self.silence != seen else ""
        self.end("unknown", f"{sent} without a clear answer; {seen}{said}")

    def end_unseen(self, *, later: bool, interrupted: bool) -> None:
        """For one that no read showed in time. `later`: the venue's accepted writes may take effect after that."""
        if interrupted:
            answered = self.sent_at is None
            sent = "the venue accepted it" if answered else "it was sent"
            message = f"{sent}, and the run was interrupted before a read showed it{self._trouble}"
            self.end("unknown", message, NOT_READ_BACK if answered else "")
        elif self.taken:
            self.end("unknown", f"it was made ({self.taken}), but no read shows it yet: apply again")
        elif self.sent_at is not None:
            self.end_unanswered()
        elif self.trouble:
            self.end("unknown", f"the venue accepted it; it could not be read back: {self.trouble}", NOT_READ_BACK)
        elif isinstance(self.seen, After):
            message = f"the venue made it, and {READ_BACK_S:g} s later it has not taken effect yet: apply again"
            self.end("unknown", message, NOT_YET)
        elif later:
            message = f"{READ_BACK_S:g} s later the venue still shows {told(self.seen)}; it may still change"
            self.end("unknown", f"accepted, but no read shows it: {message}", "accepted_not_seen")
        else:
            message = f"the venue accepted it but did not do it: it shows {told(self.seen)}"
            self.end("failed", message, "not_applied")
