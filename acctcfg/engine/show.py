"""Live state for people: what `show` and `output` print. Sends no write, and never holds a secret."""

from __future__ import annotations

from collections.abc import Sequence

from acctcfg.core.address import Focus
from acctcfg.core.outcome import AccountView
from acctcfg.core.plan import Unread
from acctcfg.core.state import ABSENT, Unreadable, to_json
from acctcfg.engine.plan import survey_accounts, venues_of
from acctcfg.engine.progress import SILENT, Progress
from acctcfg.engine.session import Session
from acctcfg.engine.workspace import Workspace
from acctcfg.venues.contract import Survey

__all__ = ["observe"]


async def observe(
    workspace: Workspace, *, targets: Sequence[str] = (), progress: Progress = SILENT
) -> list[AccountView]:
    """Every account that the targets touch, as it is now."""
    focus = Focus(targets)
    async with Session(workspace, venues_of(workspace, focus)) as session:
        surveys, _, unread = await survey_accounts(session, focus, progress=progress)
    views = [_view(survey) for survey in surveys]
    return views + [
        AccountView(
            account=one.address,
            venue=workspace.manifest.accounts[one.address].venue,
            name=workspace.manifest.accounts[one.address].name,
            uid="",
            exists=False,
            unreadable=(one,),
        )
        for one in unread
    ]


def _view(survey: Survey) -> AccountView:
    unreadable = list(survey.unreadable)
    values = {}
    for address, found in sorted(survey.live.items()):
        if isinstance(found, Unreadable):
            unreadable.append(Unread(str(address), found.code, found.message))
        elif address.field and found is not ABSENT:
            values[str(address)] = to_json(found)
    return AccountView(
        account=survey.spec.key,
        venue=survey.spec.venue,
        name=survey.spec.name,
        uid=survey.uid,
        exists=survey.exists,
        values=values,
        deposits=survey.deposits,
        unreadable=tuple(unreadable),
    )
