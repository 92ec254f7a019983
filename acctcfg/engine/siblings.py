"""What a write may have moved besides its own value: read with it, and said where it moved.

Where the venue keeps one value for what the manifest has two entries for, each write undoes the other. Only reading
both shows that, and it is a failure each time, however often the run is repeated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from acctcfg.core.address import Address
from acctcfg.core.outcome import NOT_READ_BACK
from acctcfg.core.state import After, Live, Unreadable, Wanted, fits, written
from acctcfg.core.value_text import told
from acctcfg.engine.attempt import Attempt, Work
from acctcfg.errors import AcctcfgError

__all__ = ["kept_as_one", "look_at_siblings"]

CODE = "one_value"


async def look_at_siblings(attempts: Sequence[Attempt], work: Work) -> None:
    """Read what the writes of one batch may have moved; one that moved without being written is a failure."""
    done = [one for one in attempts if one.result is not None and one.result.status == "done"]
    by_address = {one.address: one for one in done}
    watched = {one.address: _watched(one, by_address, work) for one in done}
    asked = {address: value for found in watched.values() for address, value in found.items()}
    if not asked:
        return
    try:
        live = await work.link.connection.current(work.survey, sorted(asked))
    except AcctcfgError as error:
        live = dict.fromkeys(asked, Unreadable("unreadable", error.told))
    except Exception as error:
        live = dict.fromkeys(asked, Unreadable("bug", work.blame(error)))
    for one in done:
        for address, value in watched[one.address].items():
            _judge(one, address, value, live[address], work)


def _watched(attempt: Attempt, done: Mapping[Address, Attempt], work: Work) -> dict[Address, Live | Wanted]:
    """Addresses with the values that they should still have; those that the same read showed need no other."""
    found: dict[Address, Live | Wanted] = {}
    for address in work.link.connection.moved_with(work.survey, attempt.change):
        written = done.get(address)
        if written is not None and written.look == attempt.look:
            continue
        value = written.change.after if written is not None else work.expected(address)
        if value is not None:
            found[address] = value
    return found


def _judge(attempt: Attempt, address: Address, value: Live | Wanted, found: Live, work: Work) -> None:
    if isinstance(found, After) or fits(found, value):
        return
    if isinstance(found, Unreadable):
        attempt.end(
            "unknown",
            f"it has the right value; whether it changed {address} could not be read: {found.message}",
            NOT_READ_BACK,
        )
        return
    if found == written(attempt.change.after):
        attempt.end(
            "failed",
            f"{_one_value(attempt.address, address, work)}: this changed the other from {told(value)} to {told(found)}",
            CODE,
        )
        return
    attempt.end(
        "failed", f"it has the right value, but {address} changed with it from {told(value)} to {told(found)}", CODE
    )


def kept_as_one(attempt: Attempt, attempts: Sequence[Attempt], work: Work) -> None:
    """Say of a write that was accepted and does not show that the venue shows the value of another one of its batch."""
    if attempt.result is None or attempt.result.code not in ("not_applied", "accepted_not_seen"):
        return
    kin = set(work.link.connection.moved_with(work.survey, attempt.change))
    for other in attempts:
        if other is not attempt and other.address in kin and attempt.seen == written(other.change.after):
            words = _one_value(attempt.address, other.address, work)
            attempt.end("failed", f"{words}: it shows {told(attempt.seen)} for both", CODE)
            return


def _one_value(one: Address, other: Address, work: Work) -> str:
    """Both entries, with their places in the manifest and what they want."""
    places, desired = work.survey.places, work.survey.desired

    def named(address: Address) -> str:
        place = f", {places[address]}" if address in places else ""
        return f"{address} ({told(desired.get(address))}{place})"

    return f"the venue keeps one value for {named(one)} and {named(other)}, so give both the same"
