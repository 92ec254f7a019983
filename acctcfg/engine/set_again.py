"""The lines of the manifest that contradict a revert: the next apply would set their values again."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from acctcfg.core.address import Address, Focus
from acctcfg.core.desired import AccountSpec, Place
from acctcfg.core.plan import Step, Warning_
from acctcfg.core.state import ABSENT, AtMost, Wanted, fits, to_json
from acctcfg.core.value_text import told
from acctcfg.engine.session import Link, Session
from acctcfg.engine.undo import AGAIN, Undo
from acctcfg.errors import VenueError
from acctcfg.venues.contract import Survey

__all__ = ["set_again"]


async def set_again(session: Session, undo: Undo, steps: Sequence[Step]) -> tuple[list[Step], list[Warning_]]:
    """The steps, each at the line that says otherwise, with a warning of each such line.

    Only a survey tells which entry decides a scope, so what the manifest wants is read once more; for a plan that was
    reviewed it is not, since its file says it, and a survey marks the keys that a run signs with.
    """
    if undo.reviewed is not None:
        own = {str(step.address) for step in steps}
        return [replace(step, place=None) for step in steps], [one for one in undo.again if one.address in own]
    focus = Focus.exactly(str(step.address) for step in steps)
    named = dict.fromkeys(step.address.account for step in steps)
    specs = [undo.manifest.accounts[account] for account in named]
    links = [(link, [one for one in specs if one.venue == key]) for key, link in session.links.items()]
    found = await asyncio.gather(*(_survey(link, some, focus) for link, some in links if some))
    surveys = {survey.spec.key: survey for some in found for survey in some}
    warnings, placed = [], []
    for step in steps:
        place, wanted = _wanted(surveys, step.address)
        after = ABSENT if step.change.after is None else step.change.after
        contradicts = wanted is not None and not isinstance(after, AtMost) and not fits(after, wanted)
        placed.append(replace(step, place=place if contradicts else None))
        if contradicts:
            what = "that it should not be there" if wanted is ABSENT else told(to_json(wanted))
            message = f"{place}: the manifest says {what}, so the next apply will set that again"
            warnings.append(Warning_(str(step.address), AGAIN, message))
    return placed, warnings


async def _survey(link: Link, specs: Sequence[AccountSpec], focus: Focus) -> list[Survey]:
    """What the manifest wants of these; of what cannot be read now, the revert's own survey has told."""
    try:
        return await link.connection.survey(specs, focus, replace=frozenset())
    except VenueError:
        return []


def _wanted(surveys: Mapping[str, Survey], address: Address) -> tuple[Place | None, Wanted | None]:
    """What the manifest wants there, and where it says so; None where it does not manage it."""
    survey = surveys.get(address.account)
    if survey is None or address not in survey.desired:
        return None, None
    return survey.places.get(address) or survey.spec.place_of(address.field, address.key), survey.desired[address]
