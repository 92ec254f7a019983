"""`--events`: what happens while a command works, a line of JSON each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

from acctcfg import __version__
from acctcfg.core.events import Event, PlanReady, SoFar, StepDone, StepStart
from acctcfg.core.plan import Step
from acctcfg.render.harmless import in_json, json_text
from acctcfg.render.line_writer import LineWriter

__all__ = ["FIRST", "FORMAT_VERSION", "EventLines"]

FORMAT_VERSION: Final = "1.0"
"""A reader takes any minor version of its own major one, and ignores events and members that it does not know."""
FIRST: Final = '{"event": "version"'
"""How a file of events begins."""
BEAT_S: Final = 30.0
"""So often a heartbeat tells that the command is alive, and how far it has come."""
WAIT_S: Final = 1.0
"""A wait at a limit that is over sooner is not told."""


class EventLines:
    """A listener that writes lines. `now` is the time in Unix seconds."""

    def __init__(self, writer: LineWriter, command: str, now: Callable[[], float]) -> None:
        self._writer, self._now = writer, now
        self._blocked: set[str] = set()  # what was told to be blocked
        self._waits: dict[str, str] = {}  # connection -> the limit that was told last
        self._standing = ""
        self._beat_at = now()
        self._line("version", format_version=FORMAT_VERSION, acctcfg_version=__version__, command=command)

    def phase(self, text: str, total: int | None) -> None:
        """A new phase begins."""
        self._standing = ""
        self._line("phase", text=text, total=total)

    def advance(self, n: int = 1, text: str = "") -> None:
        """Told by the heartbeats."""

    def log(self, text: str) -> None:
        """Words for people."""

    def standing(self, text: str, things: Mapping[str, str]) -> None:  # noqa: ARG002
        """A wait for people is a phase whose end nobody knows; a plan has told what is waited for."""
        if text != self._standing:
            self.phase(text, None)
            self._standing = text

    def alert(self, text: str) -> None:
        """Words for people."""

    def happened(self, event: Event) -> None:
        """A line, or none."""
        match event:
            case PlanReady(plan):
                self._blocked.clear()
                for step in plan.steps:
                    if step.blocked:
                        self._tell_blocked(step)
            case StepStart(step):
                self._line("step_start", **_which(step))
            case StepDone(result):
                if result.status == "blocked":
                    self._tell_blocked(result.step, result.message)
                end = {"status": result.status, "code": result.code, "message": result.message}
                self._line("step_done", **_which(result.step), **end)
            case SoFar():
                self._beat(event)

    def conclude(self, status: int, facts: Mapping[str, object]) -> None:
        """The last line; and one for each look of `watch`."""
        self._line("summary", exit_code=status, **facts)

    def close(self) -> str:
        """Write what is left, in bounded time. Why not all of it was taken, or ""."""
        self._writer.close()
        return f"not all events were written: {self._writer.lost}" if self._writer.lost else ""

    def _tell_blocked(self, step: Step, message: str = "") -> None:
        if str(step.address) in self._blocked:
            return
        self._blocked.add(str(step.address))
        checks = [{"name": c.name, "status": c.status, "detail": c.detail} for c in step.prechecks if c.blocks]
        self._line("blocked", **_which(step), message=message, prechecks=checks)

    def _beat(self, so_far: SoFar) -> None:
        waits = {venue: one for venue, one in so_far.traffic.items() if one.left_s >= WAIT_S}
        for venue, one in waits.items():
            if self._waits.get(venue) != one.endpoint:
                self._line(
                    "rate_wait", venue=venue, endpoint=one.endpoint, waiting=one.waiting, seconds=round(one.left_s, 1)
                )
        self._waits = {venue: one.endpoint for venue, one in waits.items()}
        if self._now() - self._beat_at >= BEAT_S:
            self._beat_at = self._now()
            self._line("heartbeat", **_progress(so_far))

    def _line(self, event: str, **members: object) -> None:
        at = datetime.fromtimestamp(self._now(), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        text = json_text({"event": event, "at": at, **members}, indent=None)
        self._writer.write(text if text.isascii() else "".join(c if c.isascii() else in_json(c) for c in text))


def _which(step: Step) -> dict[str, object]:
    return {"address": str(step.address), "venue": step.venue, "action": step.change.action}


def _progress(so_far: SoFar) -> dict[str, object]:
    left = so_far.left_s
    return {
        "phase": so_far.phase,
        "done": so_far.done,
        "total": so_far.total,
        "seconds": round(so_far.seconds, 1),
        "left_s": None if left is None else round(left, 1),
        "at_least_s": round(so_far.at_least_s, 1),
        "venues": {venue: {"requests": one.requests, "waiting": one.waiting} for venue, one in so_far.traffic.items()},
    }
