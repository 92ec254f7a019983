"""What a brake will do and what it did, as people read it at two in the morning."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from acctcfg.core.brake import Braked, Lowering
from acctcfg.core.value_text import told
from acctcfg.render.columns import columns, filled
from acctcfg.render.formats import Page
from acctcfg.render.harmless import json_text
from acctcfg.render.paint import Paint, joined
from acctcfg.render.text import counted

__all__ = ["braked", "braked_json", "to_lower", "what_it_does"]

FEW = 50  # leverages that were lowered without trouble, and are still named one by one


def what_it_does(most: Decimal) -> str:
    """The first line that `acctcfg cap` prints: which values it lowers, and in which order."""
    n = told(most)
    return (
        f"cap {n}: lowers every leverage above {n}, the largest open notional first. "
        "It raises nothing, closes no position and cancels no order."
    )


def to_lower(brake: Braked, page: Page) -> str:
    """What will be lowered, and what stands in the way, before the question."""
    paint = Paint(page.color)
    were = "was" if brake.looked_at == 1 else "were"
    read = f"{counted(brake.looked_at, 'leverage')} of {counted(brake.accounts, 'account')} {were} looked at"
    late = f"; {counted(brake.pending, 'account')} still to be read, and lowered as they come" if brake.pending else ""
    blocks = [
        list(_listed([one for one in brake.lowerings if one.status == "to_lower"], paint)),
        list(_held([one for one in brake.lowerings if one.status != "to_lower"], paint)),
        [f"{read}{late}."],
    ]
    return joined(blocks, color=page.color)


def braked(brake: Braked, page: Page) -> str:
    """What it did: what is still above the cap, what the next apply would raise again, and the last line."""
    paint, done = Paint(page.color), [one for one in brake.lowerings if not one.above]
    above = [] if brake.declined else list(brake.still_above)
    blocks = [
        list(_listed(done, paint)) if page.verbose or len(done) <= FEW else _left_out(len(done), brake.run),
        [paint("bold", f"Still above {told(brake.most)}:"), *_held(above, paint)] if above else [],
        _unread(brake),
        _raised(brake),
        [f"note: {note}" for note in brake.notes],
        [*([f"Only {', '.join(brake.targets)} was looked at."] if brake.targets else []), _last(brake)],
    ]
    return joined(blocks, color=page.color)


def _left_out(lowered: int, run: str) -> list[str]:
    named = f" `acctcfg history {run} --full` names each." if run else ""
    return [f"{lowered} leverages were lowered, too many to list here.{named}"]


def _last(brake: Braked) -> str:
    return "Nothing was lowered." if brake.declined else brake.summary


def _listed(lowerings: Sequence[Lowering], paint: Paint) -> Iterator[str]:
    """`~ mmdesk01.leverage[swap/BTC-USDT/cross]  20 -> 3  12,000 USD open`."""
    wide = max((columns(str(one.address)) for one in lowerings), default=0)
    for one in lowerings:
        change = f"{told(one.before)} -> {told(one.after)}"
        yield f"  {paint('yellow', '~')} {filled(str(one.address), wide)}  {change:<12}  {_open(one)}".rstrip()


def _open(one: Lowering) -> str:
    return f"{one.notional:,.0f} USD open" if one.notional else ""


def _held(lowerings: Sequence[Lowering], paint: Paint) -> Iterator[str]:
    """Each with its reason; an order in the way with the call that cancels it."""
    for one in lowerings:
        mark = paint("red", "x" if one.status == "blocked" else "!")
        now = f"{told(one.before)}, {_open(one)}" if one.notional else told(one.before)
        yield f"  {mark} {one.address}  {now}  {one.status.replace('_', ' ').upper()}"
        for what, cancel in one.obstacles:
            yield f"      {what}"
            yield f"        cancel it: {cancel}"
        if one.message and not one.obstacles:
            yield f"      {one.message}"


def _unread(brake: Braked) -> list[str]:
    lines = [f"  ? {one.address}  {one.message}  [{one.code}]" for one in brake.unreadable]
    return ["Could not be read, so nothing was lowered there:", *lines] if lines else []


def _raised(brake: Braked) -> list[str]:
    if not brake.raised or brake.declined:
        return []
    named = [f"  {address} to {told(value)}" for address, value in brake.raised[:FEW]]
    more = [f"  and {len(brake.raised) - FEW} more"] if len(brake.raised) > FEW else []
    return ["The next apply of the manifest would raise again:", *named, *more]


def braked_json(brake: Braked) -> str:
    """The document of `cap --format json`."""
    return json_text(brake.to_json())
