"""Live state for people: what `show` and `output` print. Sends no write, and never holds a secret."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from acctcfg.core.address import Address, Focus
from acctcfg.core.outcome import AccountView
from acctcfg.core.plan import Unread
from acctcfg.core.state import ABSENT, After, Unreadable, to_json
from acctcfg.engine.plan import survey_accounts, venues_of
from acctcfg.engine.progress import SILENT, Progress
from acctcfg.engine.session import Session
from acctcfg.engine.workspace import Workspace
from acctcfg.errors import UsageError, VenueError
from acctcfg.venues.contract import Survey

__all__ = ["PAYABLE", "observe"]


PAYABLE: Final = ("", "deposit.addresses", "deposit.credit_to")
"""What `output` prints: who an account is, and where it can be paid."""

_SHOWN = frozenset({"account_frozen", "chain_closed"})
"""Warnings about what is, whatever the manifest wants."""


async def observe(
    workspace: Workspace,
    *,
    targets: Sequence[str] = (),
    only: Sequence[str] | None = None,
    progress: Progress = SILENT,
) -> list[AccountView]:
    """Every account that the targets touch, as it is now; `only` of its fields, and nothing else is read.

    A target that names a field without a key (`mmdesk01.leverage`) means all of that field.
    """
    focus = Focus(targets, only=only, whole_fields=True)
    async with Session(workspace, venues_of(workspace, focus)) as session:
        surveys, _, unread = await survey_accounts(session, focus, progress=progress)
        await asyncio.gather(*(_look_behind(survey, session) for survey in surveys if survey.exists))
    views = [view for survey in surveys if _says(view := _view(survey, focus), focus)]
    accounts = workspace.manifest.accounts
    if targets and not views and not unread:
        raise UsageError(
            f"{', '.join(targets)} selects nothing",
            hint="accounts go by their keys in the manifest; what it does not manage is not read",
        )
    return views + [
        AccountView(
            account=one.address,
            venue=accounts[one.address].venue,
            name=accounts[one.address].name,
            uid="",
            exists=None,
            unreadable=(one,),
        )
        for one in unread
        if one.address in accounts  # what else could not be read is not shown either
    ]


def _says(view: AccountView, focus: Focus) -> bool:
    """Whether there is anything to print: of an account that a target names a part of, its name alone says nothing."""
    held = view.values or view.deposits or view.unreadable
    return bool(held) or view.exists is not True or focus.wants(Address(view.account))


async def _look_behind(survey: Survey, session: Session) -> None:
    """A plan does not read what stands behind a change of mode; whoever looks wants to see it as it is."""
    behind = [address for address, live in survey.live.items() if isinstance(live, After)]
    if behind:
        try:
            survey.live.update(await session.links[survey.spec.venue].connection.current(survey, behind))
        except VenueError as error:
            survey.live.update(dict.fromkeys(behind, Unreadable(error.code or "unreadable", error.told)))


def _view(survey: Survey, focus: Focus) -> AccountView:
    """What is there: an account that does not exist has no values, whatever a new one would begin with."""
    unreadable = list(survey.unreadable)
    values = {}
    for address, found in sorted(survey.live.items()):
        if isinstance(found, Unreadable):
            unreadable.append(Unread(str(address), found.code, found.message))
        elif address.field and found is not ABSENT and survey.exists:
            values[str(address)] = to_json(found)
    unseen = not survey.exists and any(one.address == survey.spec.key for one in unreadable)
    return AccountView(
        account=survey.spec.key,
        venue=survey.spec.venue,
        name=survey.spec.name,
        uid=survey.uid,
        exists=None if unseen else survey.exists,
        values=values,
        deposits=survey.deposits if focus.may_want(survey.spec.key, "deposit.addresses", "deposit.credit_to") else (),
        unreadable=tuple(unreadable),
        warnings=tuple(sorted((w for w in survey.warnings if w.code in _SHOWN), key=lambda w: (w.address, w.code))),
    )
