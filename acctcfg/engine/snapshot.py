"""Take a snapshot: a file of live state without secrets, to plan from without credentials. Sends no write.

A plan of the manifest is made, and everything of its accounts is read besides, for a branch may want what the manifest
does not. What the venue answered is kept as it came, with its time; venue packages read it again like any answer.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from acctcfg import __version__
from acctcfg.core.address import Address, Focus
from acctcfg.core.canonical import digest_of
from acctcfg.core.desired import NOWHERE, AccountSpec, KeySpec
from acctcfg.core.diff import Change, diff
from acctcfg.core.plan import Unread
from acctcfg.core.rules import VenueRules
from acctcfg.core.setting import Choice
from acctcfg.core.snapshot import SNAPSHOT_VERSION
from acctcfg.core.vocabulary import PositionMode
from acctcfg.deposit import DEPOSIT, DepositSpec
from acctcfg.engine.blur import Blur, emails_in, ids_in
from acctcfg.engine.everything import as_it_is, every_leverage
from acctcfg.engine.import_live import Reader
from acctcfg.engine.look import inventory_of
from acctcfg.engine.moment import moment
from acctcfg.engine.plan import draw_up
from acctcfg.engine.progress import SILENT, Progress, safe
from acctcfg.engine.recording import RecordingWorkspace
from acctcfg.engine.session import Link, Session
from acctcfg.engine.workspace import Workspace
from acctcfg.errors import AuthRefused, VenueError
from acctcfg.venues.contract import Survey
from acctcfg.venues.existing import ListsAccounts
from acctcfg.wire.recorded import Answer

__all__ = ["Taken", "take_snapshot"]

NOT_THERE = "acctcfgnotthere"
"""A name that no account has: the venue's lists answer for it as for any new account."""

_REMEMBERED = ("uid", "of", "api_key", "old", "new")
"""Where the journal's rows have ids of accounts and keys."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A snapshot's document, and what could not be read for it."""

    document: dict[str, Any]
    accounts: int
    answers: int
    unread: tuple[Unread, ...]


async def take_snapshot(workspace: Workspace, *, blur: bool, progress: Progress = SILENT) -> Taken:
    """Read everything of the manifest's accounts. Raises VenueError where a venue cannot be read at all."""
    progress, workspace = safe(progress), RecordingWorkspace.over(workspace)
    manifest = workspace.manifest
    async with Session(workspace, manifest.venues, progress=progress) as session:
        for error in session.failed.values():
            raise error
        planned = await draw_up(session, Focus(), progress=progress)
        specs = list(manifest.accounts.values())
        progress.phase("reading everything of each account", len(specs))
        await asyncio.gather(*(_lists(session, link) for link in session.links.values()))
        found = await asyncio.gather(*(_account(session, spec, progress) for spec in specs))
        hidden = Blur(_stated(workspace)) if blur else None
        surveys = [*planned.surveys.values(), *(one for some, _ in found for one in some)]
        names = [name for _, some in found for name in some]
        if hidden is not None:
            hidden.hide(_ids(workspace, session, surveys), names)
        document = _document(workspace, session, hidden)
        unread = planned.plan.unreadable
        unread += tuple(one for link in session.links.values() for one in _missing(workspace, link, unread))
    answers = sum(len(one.answers) for one in workspace.records.values())
    return Taken(document, len(specs), answers, unread)


def _missing(workspace: RecordingWorkspace, link: Link, told: Sequence[Unread]) -> list[Unread]:
    """What was asked and not answered, by whomever it is about, once; without what the plan tells of it already.

    A refusal is an answer, and on record: an account may be such that the venue refuses one or the other request.
    """
    venue = link.connection.spec.key
    accounts = [one for one in workspace.manifest.accounts.values() if one.venue == venue]
    names = {f"{link.connection.user}/{one.name}": one.key for one in accounts}
    found: dict[Unread, None] = {}
    for one in workspace.records[venue].unanswered:
        about = names.get(one.user, venue)
        mine = {about} if about != venue else {account.key for account in accounts}
        if not any(Address.of(said.address).account in mine and one.error.message in said.message for said in told):
            found[Unread(about, one.error.code or "venue", one.told)] = None
    return list(found)


async def _lists(session: Session, link: Link) -> None:
    """Every account that the venue lists, and the lists that a new account needs: a branch may add one, but under no
    access token. A key that may not list them, for a manifest without any, is an answer and on record, too."""
    if not link.api_key or "sub_account" not in link.venue.rules.roles:
        return
    if not isinstance(link.connection, ListsAccounts):
        return
    with suppress(AuthRefused):
        await link.connection.existing()
    with suppress(VenueError):
        await link.connection.survey(_new_accounts(session, link), Focus(), replace=frozenset())


def _new_accounts(session: Session, link: Link) -> list[AccountSpec]:
    """Made-up accounts, one for each mode, that want leverage on every scope."""
    rules, stores = link.venue.rules, session.workspace.manifest.secret_stores
    key = KeySpec(
        label="snapshot",
        state="present",
        permissions=("read", "trade"),
        ip_allowlist=(),
        store=next((name for name, one in stores.items() if one.kind.writable), None),
        rotate_after=None,
        place=NOWHERE,
    )
    spec = AccountSpec(key="snapshot", venue=link.connection.spec.key, name=NOT_THERE, place=NOWHERE)
    if "leverage" not in rules.fields:
        return [spec]
    spec = replace(spec, position_mode=PositionMode.NET, leverage=every_leverage(rules), api_keys=(key,))
    return [replace(spec, account_mode=mode) for mode in rules.account_modes]


async def _account(session: Session, spec: AccountSpec, progress: Progress) -> tuple[list[Survey], list[str]]:
    """Read what a branch may need of one account, and the ids of its keys. What cannot be read is left out."""
    link, surveys, keys = session.links[spec.venue], [], []
    if isinstance(link.connection, ListsAccounts):
        reader = Reader(session=session, link=link, currencies=_currencies(session.workspace))
        with suppress(VenueError):  # the answer is on record, or the record says that there is none
            surveys.append(await reader.everything_of(spec))
            await _ask(link, surveys[0])
        for wish in _other_modes(link, as_it_is(spec, exclusive=False)):
            with suppress(VenueError):
                surveys += await link.connection.survey([wish], Focus(), replace=frozenset())
                await _ask(link, surveys[-1])
    if (inventory := inventory_of(link)) is not None and surveys and surveys[0].exists and spec.role != "main":
        with suppress(VenueError):
            keys = [one.api_key for one in (await inventory.keys_of(surveys[0])).rows]
    progress.advance(1, spec.key)
    return surveys, keys


def _other_modes(link: Link, spec: AccountSpec) -> list[AccountSpec]:
    """The account with each mode that it can have, as a branch may want it."""
    rules = link.venue.rules
    has = rules.main_fields if spec.role == "main" else rules.fields
    wishes = [replace(spec, account_mode=one) for one in rules.account_modes] if "account_mode" in has else []
    if "position_mode" in has:
        wishes += [replace(spec, position_mode=one) for one in PositionMode]
    return wishes


async def _ask(link: Link, survey: Survey) -> None:
    """What stands in the way of a change of each kind: of a setting one key, of leverage what is open anywhere."""
    changes, _ = diff(survey.desired, survey.live, replace=frozenset())
    kinds: dict[str, list[Change]] = {}
    for one in changes:
        if one.address.field not in ("", "api_keys") and link.connection.gated(one):
            kinds.setdefault(one.address.field, []).append(one)
    for field, some in kinds.items():
        asked = some if field == "leverage" else [_with_a_word(link.venue.rules, one) for one in some[:1]]
        await link.connection.prechecks(survey, asked)
        await link.connection.notices(survey, asked)


def _with_a_word(rules: VenueRules, change: Change) -> Change:
    """The change to a word that the setting has, where the wish stands for any value: prechecks may ask with it."""
    setting = rules.setting(change.address.field)
    if setting is None or not isinstance(setting.kind, Choice):
        return change
    return replace(change, after=next((one for one in setting.kind.words if one != change.before), change.after))


def _currencies(workspace: Workspace) -> Sequence[str]:
    """The currencies that the manifest has deposit addresses of."""
    wishes = [one.resources.get(DEPOSIT) for one in workspace.manifest.accounts.values()]
    return sorted({entry.currency for one in wishes if isinstance(one, DepositSpec) for entry in one.addresses})


def _stated(workspace: Workspace) -> frozenset[str]:
    """Ids that the manifest itself contains: they are no secret to whoever reads it."""
    manifest = workspace.manifest
    accounts = manifest.accounts.values()
    uids = [*(one.uid for one in manifest.venues.values()), *(one.uid for one in accounts)]
    return frozenset(filter(None, (*uids, *(part for one in accounts for part in emails_in(one.label or "")))))


def _ids(workspace: RecordingWorkspace, session: Session, surveys: Sequence[Survey]) -> set[str]:
    """Every id of a user, an account or a key, and every deposit address: of any answer, and of what is known."""
    found = {one.uid for one in surveys} | {row.address for one in surveys for row in one.deposits}
    for key, link in session.links.items():
        found.add(link.connection.user)
        for answer in workspace.records[key].answers.values():
            found |= {answer.key, *ids_in(json.loads(answer.body))}
        found |= {str(one["key"] or "") for one in workspace.recording[key].keys.values()}
        rows = [one for some in session.known(link).to_json().values() if isinstance(some, list) for one in some]
        found |= {str(row.get(name) or "") for row in rows for name in _REMEMBERED}
    return found


def _document(workspace: RecordingWorkspace, session: Session, blur: Blur | None) -> dict[str, Any]:
    document: dict[str, Any] = {
        "format_version": SNAPSHOT_VERSION,
        "acctcfg_version": __version__,
        "created_at": moment(session.clock.now()),
        "author": workspace.actor,
        "blurred": blur is not None,
        "venues": {key: _venue(workspace, session, link, blur) for key, link in sorted(session.links.items())},
        "store_readers": workspace.store_readers(),
    }
    document["checksum"] = digest_of(document)
    return document


def _venue(workspace: RecordingWorkspace, session: Session, link: Link, blur: Blur | None) -> dict[str, object]:
    spec, user = link.connection.spec, link.connection.user
    found: dict[str, Any] = {
        "type": spec.type,
        "environment": spec.environment,
        "base_url": link.client.base_url,
        "uid": user,
        "keys": workspace.recording[spec.key].keys,
        "known": session.known(link).to_json(),
    }
    rows = sorted(workspace.records[spec.key].answers.values(), key=lambda one: (one.key, one.asked))
    answers = [_answer(one, blur) for one in rows]
    return {**(blur.hidden(found) if blur is not None else found), "answers": answers}


def _answer(one: Answer, blur: Blur | None) -> dict[str, Any]:
    found: dict[str, Any] = {"key": one.key, "asked": one.asked, "read_at": moment(one.read_at)}
    found |= {"data": json.loads(one.body)} if one.refused is None else {"refused": dict(one.refused)}
    if blur is None:
        return found
    found = blur.hidden({**found, "data": blur.named(found["data"])} if "data" in found else found)
    if one.holdings is not None and "data" in found:
        found["data"] = blur.rounded(found["data"], one.holdings)
    return found
