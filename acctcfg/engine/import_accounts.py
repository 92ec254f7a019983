"""Choose the accounts to import, read them, and find what they share. Sends no write, and writes no file."""

from __future__ import annotations

import asyncio
import fnmatch
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count
from typing import NamedTuple

from acctcfg.core.desired import AccountSpec
from acctcfg.core.text_rule import NAME
from acctcfg.engine.import_live import Found, Reader
from acctcfg.engine.progress import SILENT, Progress, safe
from acctcfg.engine.same_account import user_of
from acctcfg.engine.session import Session
from acctcfg.engine.workspace import Workspace
from acctcfg.errors import ConfigError, Garbled, UsageError, VenueError
from acctcfg.imported import Imported, SharedProfile, shared_profiles
from acctcfg.manifest.layout import names_of
from acctcfg.venues.existing import Existing, ExistingAccounts, ListsAccounts

__all__ = ["Asked", "Imports", "import_accounts"]

MAIN = "main"
"""What the user behind the credentials is called where accounts are named, and its key where that is free."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What to import. `names`: accounts or patterns, by their names at the venue; () for all."""

    names: tuple[str, ...] = ()
    venue: str = ""  # "": of every connection of the manifest
    store: str = ""  # where known secrets are looked for; "" nowhere
    currencies: tuple[str, ...] = ()  # whose deposit addresses are looked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Imports:
    """What was found. `known`: accounts that the manifest has already; `failed`: those of which nothing was read.

    `unlisted`: connections whose accounts could not be listed, and why; `odd`: those whose list has rows that could not
    be read, as far as these may be among what was asked for.
    """

    accounts: tuple[Imported, ...]
    profiles: tuple[SharedProfile, ...]
    known: tuple[str, ...]
    failed: tuple[Found, ...]
    unlisted: Mapping[str, str]
    odd: Mapping[str, str]

    def without(self, wrong: Mapping[str, str]) -> Imports:
        """The same without these accounts. `wrong`: why no manifest can hold them, by their keys."""
        left = (replace(one, members=one.members - wrong.keys()) for one in self.profiles)
        return replace(
            self,
            accounts=tuple(one for one in self.accounts if one.key not in wrong),
            profiles=tuple(one for one in left if one.members),
            failed=(
                *self.failed,
                *(Found(one.name, None, wrong[one.key]) for one in self.accounts if one.key in wrong),
            ),
        )


class _One(NamedTuple):
    """An account that is to be read; without a row the user behind the credentials."""

    venue: str
    existing: Existing | None

    @property
    def name(self) -> str:
        return self.existing.name if self.existing is not None else MAIN


async def import_accounts(
    workspace: Workspace, asked: Asked, *, alone: bool = False, progress: Progress = SILENT
) -> Imports:
    """Read what was asked for. `alone`: for a workspace of its own, whatever the present one manages already."""
    progress = safe(progress)
    venues = _venues(workspace, asked)
    async with Session(workspace, venues, progress=progress) as session:
        there, unlisted, odd = await _there(session, venues)
        there = _each_once(session, there)
        unseen = [*unlisted.values(), *(Garbled(why, code="shape") for why in odd.values())]
        if unseen and not all(any(_fits(name, one) for one in there) for name in asked.names or ("*",)):
            raise unseen[0]  # what is asked for may be there
        chosen = _chosen(there, asked.names)
        manifest = workspace.manifest
        taken = frozenset() if alone else names_of(workspace.directory, manifest.files, "profiles")
        managed = set() if alone else _managed(session)
        known = [one.name for one in chosen if _meant(session, one) in managed]
        if asked.names and len(known) == len(chosen):
            raise UsageError(
                f"{', '.join(known)}: in the manifest already",
                hint="import takes only accounts that the manifest does not name",
            )
        chosen = [one for one in chosen if _meant(session, one) not in managed]
        keys = _keys(chosen, () if alone else manifest.accounts)
        names = _names((*venues, *manifest.venues), () if alone else manifest.accounts.values(), keys)
        progress.phase("reading accounts", len(chosen))

        async def read(one: _One) -> Found:
            reader = Reader(
                session=session,
                link=session.links[one.venue],
                store=asked.store,
                currencies=asked.currencies,
                above=names[one.venue],
            )
            found = await reader.read(one.existing, keys[one])
            progress.advance(1, keys[one])
            return found

        found = await asyncio.gather(*(read(one) for one in chosen))
    accounts = tuple(sorted((one.imported for one in found if one.imported), key=lambda one: one.key))
    return Imports(
        accounts=accounts,
        profiles=tuple(shared_profiles(accounts, taken)),
        known=tuple(known),
        failed=tuple(one for one in found if one.imported is None),
        unlisted={key: error.told for key, error in unlisted.items()},
        odd={} if _by_name(asked.names, there) else odd,
    )


def _names(
    venues: Iterable[str], managed: Iterable[AccountSpec], chosen: Mapping[_One, str]
) -> dict[str, dict[str, str]]:
    """By connection: the names of its accounts, with the keys that they have in the manifest or get there."""
    names: dict[str, dict[str, str]] = {venue: {} for venue in venues}
    for spec in managed:
        names[spec.venue][spec.name] = spec.key
    for one, key in chosen.items():
        names[one.venue][one.name] = key
    return names


def _venues(workspace: Workspace, asked: Asked) -> list[str]:
    venues = workspace.manifest.venues
    if not venues:
        raise ConfigError("the manifest has no connection", hint="write one under `venues`, then import")
    if asked.venue and asked.venue not in venues:
        raise UsageError(f"there is no connection {asked.venue}", hint=f"the manifest has {', '.join(venues)}")
    if asked.store and asked.store not in workspace.manifest.secret_stores:
        raise UsageError(f"there is no secret store {asked.store}", hint="see `secret_stores` in the manifest")
    return [asked.venue] if asked.venue else list(venues)


async def _there(session: Session, venues: Sequence[str]) -> tuple[list[_One], dict[str, VenueError], dict[str, str]]:
    """All accounts of these connections; those that cannot say, or not of all, hold up no other."""
    there: list[_One] = []
    unlisted = dict(session.failed)
    odd: dict[str, str] = {}
    for key in venues:
        if key not in unlisted:
            try:
                found, unread = await _listed(session, key)
            except VenueError as error:
                unlisted[key] = error
                continue
            there += found
            odd |= {key: unread} if unread else {}
    return there, unlisted, odd


async def _listed(session: Session, key: str) -> tuple[list[_One], str]:
    """The accounts of a connection, and what of its list could not be read."""
    link = session.links[key]
    if not isinstance(link.connection, ListsAccounts):
        raise ConfigError(f"venues.{key}: import is not supported for venue type {link.connection.spec.type}")
    roles = link.venue.rules.roles
    existing = await link.connection.existing() if "sub_account" in roles else ExistingAccounts()
    main = [_One(key, None)] if "main" in roles else []
    return [*main, *(_One(key, row) for row in existing.rows)], existing.unread


def _place(session: Session, venue: str, name: str) -> tuple[str, ...]:
    """What an account is at the venue, whichever connection of one user it goes by. `name`: "" of the user itself."""
    return (*user_of(session, venue), session.workspace.manifest.venues[venue].environment, name)


def _meant(session: Session, one: _One) -> tuple[str, ...]:
    return _place(session, one.venue, "" if one.existing is None else one.existing.name)


def _each_once(session: Session, there: Sequence[_One]) -> list[_One]:
    """What several connections of one user list is one account: it goes by the first of them."""
    found: dict[tuple[str, ...], _One] = {}
    for one in there:
        found.setdefault(_meant(session, one), one)
    return list(found.values())


def _managed(session: Session) -> set[tuple[str, ...]]:
    every = session.workspace.manifest.accounts.values()
    return {_place(session, spec.venue, "" if spec.role == "main" else spec.name) for spec in every}


def _chosen(there: Sequence[_One], names: Sequence[str]) -> list[_One]:
    """Those that a name or a pattern names, each once."""
    for name in names:
        if not any(_fits(name, one) for one in there):
            raise UsageError(
                f"{name} selects nothing",
                hint=f"use names as at the venue; {MAIN} is the user behind the credentials",
            )
    return [one for one in there if not names or any(_fits(name, one) for name in names)]


def _fits(name: str, one: _One) -> bool:
    return fnmatch.fnmatchcase(one.name, name.replace("[", "[[]"))


def _by_name(names: Sequence[str], there: Sequence[_One]) -> bool:
    """Whether only accounts are asked for that were found, each by its own name."""
    return bool(names) and {*names} <= {one.name for one in there}


def _keys(chosen: Sequence[_One], taken: Collection[str]) -> dict[_One, str]:
    """A key of the manifest for each: its name, or where that is taken one with the connection before it."""
    keys: dict[_One, str] = {}
    used = set(taken)
    for one in chosen:
        plain = one.name if NAME.allows(one.name) else "account"
        numbered = (f"{one.venue}_{plain}_{n}" for n in count(2))
        keys[one] = next(way for way in chain((plain, f"{one.venue}_{plain}"), numbered) if way not in used)
        used.add(keys[one])
    return keys
