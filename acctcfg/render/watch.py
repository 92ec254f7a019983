"""What `watch` prints: one line a look, as text or as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final

from acctcfg.core.drift import Drift
from acctcfg.core.outcome import Outcome
from acctcfg.core.plan import Plan
from acctcfg.core.watched import Watched
from acctcfg.render.folded import fold_notices
from acctcfg.render.formats import Page
from acctcfg.render.harmless import harmless, json_text
from acctcfg.render.outcome import ACCEPTED
from acctcfg.render.text import causes

__all__ = ["look_json", "look_text", "trouble_text"]

FORMAT_VERSION: Final = "1.0"
NOT_APPLIED: Final = ("failed", "unknown", "blocked")
NAMED: Final = 5  # addresses in a line of text


def look_text(watched: Watched, page: Page) -> str:  # noqa: ARG001 (a line is never wrapped: it goes to logs)
    """`2026-03-01T12:00:00Z drift: 1 changed, 0 other findings, in 1 account: desk01.position_mode; next look in 5m`"""
    parts = [*_found(watched), *_contested(watched), *_next(watched)]
    return harmless(f"{_iso(watched.at)} {watched.result}: {'; '.join(parts)}")


def look_json(watched: Watched) -> str:
    """A line of JSON Lines. `drift`, `apply` and `trouble` are null where there is none."""
    drift, outcome, trouble = watched.drift, watched.outcome, watched.trouble
    return json_text(
        {
            "format_version": FORMAT_VERSION,
            "look": watched.number,
            "at": _iso(watched.at),
            "seconds": round(watched.seconds, 3),
            "result": watched.result,
            "drift": None if drift is None else _drift(drift),
            "apply": None if outcome is None else _applied(outcome),
            "contested": [{"address": address, "times": times} for address, times in sorted(watched.contested.items())],
            "trouble": None if trouble is None else {"code": trouble.code, "message": trouble.message},
            "next_look_in_seconds": None if watched.pause_s is None else round(watched.pause_s, 3),
        },
        indent=None,
    )


def trouble_text(watched: Watched) -> str:
    """Why a look failed, what it could not read, and what it could not apply, in full; "" where there is nothing."""
    if watched.trouble is not None:
        lines = [f"error: {line}" for line in watched.trouble.message.split("\n")]
        hint = ["", harmless(f"hint: {watched.trouble.hint}")] if watched.trouble.hint else []
        return "\n".join([*lines, *hint])
    told = [f"could not be read: {where}: {why}" for where, why in causes(watched.unreadable)]
    if watched.outcome is not None:
        told += _not_applied(watched.outcome)
    return "\n".join(map(harmless, told))


def _not_applied(outcome: Outcome) -> Iterator[str]:
    """Each reason once, with the steps that it is of, and what else the run has to say."""
    told: dict[str, list[tuple[str, str, str]]] = {}
    for one in outcome.results:
        if one.status in NOT_APPLIED:
            word = ACCEPTED[one.code].lower() if one.made else "not applied"
            told.setdefault(word, []).append((str(one.step.address), one.message, one.code or one.status))
    for word, found in told.items():
        yield from (f"{word}: {where}: {why}" for where, why in fold_notices(found, few=True))
    yield from (f"note: {note}" for note in outcome.notes)


def _drift(drift: Drift) -> dict[str, object]:
    return {
        "targets": sorted(drift.plan.scope.targets),
        "excludes": sorted(drift.plan.scope.excludes),
        "skipped": list(drift.skipped),
        "accounts": sum(one.accounts for one in drift.plan.reports),
        "requests": sum(one.requests for one in drift.plan.reports),
        "changes": [str(step.address) for step in drift.plan.steps],
        "findings": [{"code": one.code, "address": one.address} for one in drift.findings],
        "unreadable": _unreadable(drift.plan),
    }


def _applied(outcome: Outcome) -> dict[str, object]:
    return {
        "run": outcome.run,
        "summary": outcome.counts,
        "unreadable": _unreadable(outcome.plan),
        "exit_code": outcome.exit_code,
    }


def _unreadable(plan: Plan) -> list[dict[str, str]]:
    return [{"code": one.code, "address": one.address} for one in plan.unreadable]


def _found(watched: Watched) -> Iterator[str]:
    drift = watched.drift
    if watched.trouble is not None:
        yield watched.trouble.message.partition("\n")[0]
    if drift is None:
        return
    addresses = [*(str(step.address) for step in drift.plan.steps), *(one.address for one in drift.findings)]
    if drift.exists:
        yield f"{drift.counted}: {_some(addresses)}"
    elif drift.matches and watched.trouble is None:
        count = sum(one.accounts for one in drift.plan.reports)
        yield "1 account matches the manifest" if count == 1 else f"{count} accounts match the manifest"
    elif watched.trouble is None:
        yield "no drift in what was read"
    if idle := len(drift.plan.scope.sets_nothing):
        yield f"{idle} entries set nothing"
    if watched.unreadable:
        yield f"could not be read: {_some(one.address for one in watched.unreadable)}"
    if watched.outcome is not None:
        yield watched.outcome.summary.rstrip(".")


def _contested(watched: Watched) -> Iterator[str]:
    for address, times in sorted(watched.contested.items()):
        yield f"something keeps changing {address} back: it was set {times} times"


def _next(watched: Watched) -> Iterator[str]:
    if watched.pause_s is not None and watched.result == "failed":
        yield f"next look in {_lasting(watched.pause_s)}"


def _some(addresses: Iterable[str]) -> str:
    names = list(dict.fromkeys(addresses))  # a new listing is a change and a finding
    more = [f"and {len(names) - NAMED} more"] if len(names) > NAMED else []
    return ", ".join([*names[:NAMED], *more])


def _lasting(seconds: float) -> str:
    return f"{seconds / 60:.0f}m" if seconds >= 120 else f"{seconds:.0f}s"


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
