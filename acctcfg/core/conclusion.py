"""How a command ended, in a few facts: for the last line of `--events`, and for those who are sent word of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from acctcfg.core.brake import Braked
from acctcfg.core.drift import Drift
from acctcfg.core.outcome import Outcome
from acctcfg.core.plan import Plan
from acctcfg.core.watched import Watched
from acctcfg.errors import AcctcfgError, Blocked, UsageError

__all__ = ["Concluded", "Conclusion", "conclusion_of", "failure_of"]

_LAPSES: Final = ("key_lapses", "rotation_due")

Concluded = Plan | Outcome | Drift | Braked | Watched
"""What a command may come to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """`text`: one sentence. `details`: the addresses that it is about, each with what there is to say."""

    text: str
    happened: frozenset[str] = frozenset()
    run: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    details: tuple[tuple[str, str], ...] = ()
    error: str = ""  # the kind of the error that ended it
    look: int | None = None  # of `watch`

    def facts(self) -> dict[str, object]:
        """What a program is told."""
        return {
            "text": self.text,
            "run": self.run,
            "counts": dict(self.counts),
            "error": self.error,
            **({"look": self.look} if self.look is not None else {}),
        }


def conclusion_of(value: Concluded) -> Conclusion:
    """Of what a command came to."""
    match value:
        case Plan():
            counts = {**value.summary, "unreadable": len(value.unreadable)}
            counts |= {"recalled": sum(one.count for one in value.recalled)} if value.recalled else {}
            return Conclusion(text=value.conclusion[0], counts=counts)
        case Outcome():
            return _of_outcome(value)
        case Drift():
            return _of_drift(value)
        case Braked():
            return _of_brake(value)
        case Watched():
            return _of_look(value)


def failure_of(error: BaseException) -> Conclusion:
    """Of an error that ended a command. What nothing was begun for is nobody's news but the user's own."""
    if not isinstance(error, AcctcfgError):
        stopped = not isinstance(error, Exception)
        word = "interrupted" if stopped else "internal"
        text = "interrupted" if stopped else f"internal error: {type(error).__name__}"
        return Conclusion(text=text, error=word, happened=_named(failed=not stopped))
    blocked = isinstance(error, Blocked)
    news = _named(blocked=blocked, failed=not blocked and not isinstance(error, UsageError))
    return Conclusion(text=error.message.partition("\n")[0], error=error.word, happened=news)


def _of_outcome(outcome: Outcome) -> Conclusion:
    bad = [one for one in outcome.results if one.status in ("failed", "unknown", "blocked")]
    unread = outcome.plan.unreadable
    made = any(one.made for one in outcome.results)
    failed = not outcome.declined and outcome.exit_code in (1, 130)
    news = _named(applied=made, blocked=outcome.count("blocked") > 0 and not outcome.declined, failed=failed)
    return Conclusion(
        text=outcome.summary,
        happened=news,
        run=outcome.run,
        counts={**outcome.counts, "unreadable": len(unread)},
        details=(
            *((str(one.step.address), f"{one.status}: {one.message}") for one in bad),
            *((one.address, f"could not be read: {one.message}") for one in unread),
        ),
    )


def _of_brake(brake: Braked) -> Conclusion:
    bad = [one for one in brake.lowerings if one.status in ("failed", "unknown", "blocked")]
    failed = not brake.declined and brake.exit_code in (1, 130)
    made = brake.count("lowered") > 0
    counts = {name: brake.count(name) for name in ("lowered", "blocked", "failed", "not_started")}
    return Conclusion(
        text=brake.summary,
        happened=_named(applied=made, blocked=brake.count("blocked") > 0 and not brake.declined, failed=failed),
        run=brake.run,
        counts={**counts, "unreadable": len(brake.unreadable)},
        details=(
            *((str(one.address), f"{one.status}: {one.message}") for one in bad),
            *((one.address, f"could not be read: {one.message}") for one in brake.unreadable),
        ),
    )


def _of_drift(drift: Drift) -> Conclusion:
    unread = drift.plan.unreadable
    lapses = any(one.code in _LAPSES for one in drift.findings)
    return Conclusion(
        text=drift.conclusion[0],
        happened=_named(drift=drift.exists, lapse=lapses, failed=bool(unread)),
        counts={"changes": len(drift.plan.steps), "findings": len(drift.findings), "unreadable": len(unread)},
        details=(
            *((str(step.address), "differs from the manifest") for step in drift.plan.steps),
            *((one.address, one.message) for one in drift.findings),
            *((one.address, f"could not be read: {one.message}") for one in unread),
        ),
    )


def _of_look(look: Watched) -> Conclusion:
    """The last thing that it did: an apply, else what it found, else why it found nothing."""
    text, found = look.result, Conclusion(text="")
    if look.drift is not None:
        found = _of_drift(look.drift)
    happened, lapse = found.happened, found.happened & {"lapse"}
    if look.outcome is not None:
        found = _of_outcome(look.outcome)
        happened = found.happened | lapse
    if look.trouble is not None:
        blocked = look.result == "blocked"
        found = Conclusion(text=look.trouble.message.partition("\n")[0], error=look.trouble.code)
        happened = _named(blocked=blocked, failed=not blocked) | lapse
    return Conclusion(
        text=f"{text}: {found.text}",
        happened=happened,
        run=found.run,
        counts=found.counts,
        details=found.details,
        error=found.error,
        look=look.number,
    )


def _named(**held: bool) -> frozenset[str]:
    return frozenset(word for word, holds in held.items() if holds)
