"""Live state for people: what `show` and `output` print. Sends no write, and never holds a secret."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from acctcfg.account_view import AccountView
from acctcfg.core.address import Address, Focus
from acctcfg.core.desired import AccountSpec
from acctcfg.core.fee_rate import FeeRate
from acctcfg.core.managed import managed_fields
from acctcfg.core.plan import Unread
from acctcfg.core.state import ABSENT, After, Unreadable, to_json
from acctcfg.deposit import DepositRow
from acctcfg.engine.narrowed import demand_reach, hidden, near_address
from acctcfg.engine.progress import SILENT, Progress
from acctcfg.engine.reading import survey_accounts, venues_of
from acctcfg.engine.session import Session
from acctcfg.engine.workspace import Workspace
from acctcfg.errors import UsageError, VenueError
from acctcfg.venues.contract import Survey
from acctcfg.venues.fees import TellsFees

__all__ = ["PAYABLE", "observe"]


PAYABLE: Final = ("", "deposit.addresses", "deposit.credit_to")
"""What `output` prints: who an account is, and where it can be paid."""

_SHOWN = frozenset(
    {"account_frozen", "account_locked", "chain_closed", "chain_unknown", "key_not_usable", "odd_row", "secret_moved"}
)
"""Warnings about what is, whatever the manifest wants."""


async def observe(
    workspace: Workspace,
    *,
    targets: Sequence[str] = (),
    excludes: Sequence[str] = (),
    only: Sequence[str] | None = None,
    fees: bool = False,
    progress: Progress = SILENT,
) -> list[AccountView]:
    """Every account that the targets touch, as it is now; `only` of its fields, and nothing else is read.

    `fees`: and what trading costs in each.
    """
    demand_reach(workspace, "--exclude", excludes)
    focus = Focus(targets, excludes=excludes, only=only)
    async with Session(workspace, venues_of(workspace, focus), progress=progress) as session:
        surveys, _, unread = await survey_accounts(session, focus, progress=progress)
        await asyncio.gather(*(_look_behind(survey, session) for survey in surveys if survey.exists))
        asked = [survey for survey in surveys if fees and survey.exists]
        rates = dict(await asyncio.gather(*(_fees(survey, session) for survey in asked)))
        for note in (note for link in session.links.values() for note in link.notes()):
            progress.alert(f"note: {note}")
    views = [replace(view, fees=rates.get(view.account)) for view in _views(surveys, focus)]
    accounts = workspace.manifest.accounts
    for target in targets if not unread else ():
        one = Focus([target], excludes=excludes, only=only)
        if not _views(surveys, one) and not hidden(one.patterns[0], workspace, one):
            raise UsageError(
                f"{target} selects nothing{near_address(target, workspace)}",
                hint="accounts are named by their keys in the manifest; what the manifest does not manage is not read",
            )
    # what else could not be read is not shown either
    return views + [_unread(accounts[one.address], one) for one in unread if one.address in accounts]


def _unread(spec: AccountSpec, why: Unread) -> AccountView:
    """An account that could not be read."""
    return AccountView(account=spec.key, venue=spec.venue, name=spec.name, uid="", exists=None, unreadable=(why,))


def _views(surveys: Sequence[Survey], focus: Focus) -> list[AccountView]:
    touched = [survey for survey in surveys if focus.touches(survey.spec.key, *managed_fields(survey.spec))]
    return [view for survey in touched if _says(view := _view(survey, focus), focus)]


def _says(view: AccountView, focus: Focus) -> bool:
    """Whether there is anything to print: of an account that a target names a part of, its name alone says nothing."""
    held = view.values or view.deposits or view.unreadable
    return bool(held) or view.exists is not True or focus.wants(Address(view.account))


async def _look_behind(survey: Survey, session: Session) -> None:
    """A plan does not read what stands behind a change of mode; whoever looks wants to see it as it is. What the
    present mode has none of spoils itself alone."""
    behind: dict[str, list[Address]] = {}
    for address, live in survey.live.items():
        if isinstance(live, After):
            behind.setdefault(address.field.partition(".")[0], []).append(address)
    await asyncio.gather(*(_look_at(survey, session, some) for some in behind.values()))


async def _look_at(survey: Survey, session: Session, addresses: Sequence[Address]) -> None:
    try:
        survey.live.update(await session.links[survey.spec.venue].connection.current(survey, addresses))
    except VenueError as error:
        survey.live.update(dict.fromkeys(addresses, Unreadable(error.code or "unreadable", error.told)))


async def _fees(survey: Survey, session: Session) -> tuple[str, tuple[FeeRate, ...]]:
    """An account's fee rates; why not, where they cannot be read, stands with what else cannot."""
    connection, key = session.links[survey.spec.venue].connection, survey.spec.key
    try:
        if isinstance(connection, TellsFees):
            return key, await connection.fees(survey)
        survey.cannot_read(key, "fees", f"fee rates of venue type {connection.spec.type} are not supported yet")
    except VenueError as error:
        survey.cannot_read(key, error.code or "unreadable", f"fee rates: {error.told}")
    return key, ()


def _wanted(row: DepositRow, account: str, focus: Focus) -> bool:
    """Whether an address is looked at: by its own name, or for where it is credited."""
    key = f"{row.currency}/{row.chain}/{row.number}"
    return focus.wants(Address(account, "deposit.addresses", key)) or focus.wants(Address(account, "deposit.credit_to"))


def _view(survey: Survey, focus: Focus) -> AccountView:
    """What is there: an account that does not exist has no values, whatever a new one would begin with. Of one that is
    not the one meant nothing is shown, least of all where to pay to."""
    if survey.another is not None:
        return _unread(survey.spec, survey.another)
    unreadable = list(survey.unreadable)
    values = {}
    for address, found in sorted(survey.live.items()):
        if isinstance(found, Unreadable):
            unreadable.append(Unread(str(address), found.code, found.message))
        elif address.field and found is not ABSENT and survey.exists and focus.wants(address):
            values[str(address)] = to_json(found)
    unseen = not survey.exists and any(one.address == survey.spec.key for one in unreadable)
    return AccountView(
        account=survey.spec.key,
        venue=survey.spec.venue,
        name=survey.spec.name,
        uid=survey.uid,
        exists=None if unseen else survey.exists,
        values=values,
        deposits=tuple(row for row in survey.deposits if _wanted(row, survey.spec.key, focus)),
        unreadable=tuple(unreadable),
        warnings=tuple(sorted((w for w in survey.warnings if w.code in _SHOWN), key=lambda w: (w.address, w.code))),
    )
