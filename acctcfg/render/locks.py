"""Locks as people read them: who, since when, and doing what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from acctcfg.render.harmless import harmless, json_text

if TYPE_CHECKING:
    from acctcfg.cli.held_locks import HeldLock
    from acctcfg.render.formats import Page

__all__ = ["locks", "locks_json"]


def locks(shown: Sequence[HeldLock], _: Page) -> str:
    """`acctcfg lock`: who holds each lock, since when, and for which step."""
    return "\n".join(harmless(line) for one in shown for line in _lines(one)) or "No lock is held."


def locks_json(shown: Sequence[HeldLock]) -> str:
    """All that is known of each."""
    return json_text({"locks": [one.facts for one in shown]})


def _lines(held: HeldLock) -> tuple[str, ...]:
    gone = "; it is gone, and the next apply takes the lock over" if held.gone else ""
    return (
        f"venue user {held.venue_user or 'unknown'} at {held.base_url or 'an unknown address'}",
        f"  held by {held.owner}, process {held.pid} on {held.host}, since {held.since}",
        f"  last heartbeat {held.silent_s:.0f} s ago{gone}",
        f"  {_doing(held)}",
    )


def _doing(held: HeldLock) -> str:
    if not held.run:
        return "it has no run in this journal, so it has written nothing here"
    step = f", writing {held.step} ({held.call})" if held.step else ", between two writes"
    return f"run {held.run}: {held.command}{step}"
