"""Locks as people read them: who, since when, and doing what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from acctcfg.render.harmless import harmless, json_text

if TYPE_CHECKING:
    from acctcfg.cli.held_locks import HeldLock
    from acctcfg.render.formats import Page

__all__ = ["left_behind", "lock_lines", "locks", "locks_json"]


def locks(shown: Sequence[HeldLock], _: Page) -> str:
    """`acctcfg lock`: who holds each lock, since when, and for which step; and how many were left behind."""
    held = [one for one in shown if not one.gone]
    lines = [line for one in held for line in lock_lines(one)] or ["No lock is held."]
    if left := left_behind(shown):
        removal = "" if held else "; `acctcfg lock break` removes what was left"
        lines.append(f"{left}: the next apply to the same venue user takes it over{removal}.")
    return "\n".join(lines)


def left_behind(shown: Sequence[HeldLock]) -> str:
    """How many are of holders that are gone; "" for none."""
    left = sum(one.gone for one in shown)
    whose = "1 lock was left by a holder that is" if left == 1 else f"{left} locks were left by holders that are"
    return f"{whose} gone" if left else ""


def locks_json(shown: Sequence[HeldLock]) -> str:
    """All that is known of each."""
    return json_text({"locks": [one.facts for one in shown]})


def lock_lines(held: HeldLock) -> tuple[str, ...]:
    """One lock in words, a gone holder's too."""
    gone = "; it is gone, and the next apply takes the lock over" if held.gone else ""
    lines = (
        f"venue user {held.venue_user or 'unknown'} at {held.base_url or 'an unknown address'}",
        f"  held by {held.owner}, process {held.pid} on {held.host}, since {held.since}",
        f"  last heartbeat {held.silent_s:.0f} s ago{gone}",
        f"  {_doing(held)}",
    )
    return tuple(map(harmless, lines))


def _doing(held: HeldLock) -> str:
    if not held.run:
        return "it has no run in this journal, so it has written nothing here"
    step = f", writing {held.step} ({held.call})" if held.step else ", between two writes"
    return f"run {held.run}: {held.command}{step}"
