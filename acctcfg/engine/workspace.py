"""A workspace: a manifest, the stores that it names, its journal, and the environment it is used in.

Longer than other files, for it is the engine's one door to stores and journal: no other module of it imports either.
"""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, closing, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, Self, TypedDict

from acctcfg.core.address import Focus
from acctcfg.core.base_url import one_spelling
from acctcfg.core.desired import JournalSpec, Manifest, VenueSpec
from acctcfg.core.json_types import JsonObject
from acctcfg.core.outcome import StepResult
from acctcfg.core.rules import VenueRules
from acctcfg.core.snapshot import Earlier
from acctcfg.core.spelling import decimal_of
from acctcfg.core.until import settled
from acctcfg.errors import ConfigError, ManifestError
from acctcfg.journal import Journal, Lock, SqliteStorage, Storage, Warrant, holder_of, journal_path, state_folders
from acctcfg.journal.actor import actor, commit_of, inside_checkout, lost_with_the_job, tracked_in
from acctcfg.journal.chain import BEGINNING, Head
from acctcfg.journal.journal import JOURNAL
from acctcfg.journal.kept import Kept
from acctcfg.journal.knowledge import Knowledge
from acctcfg.journal.last_seen import LastSeen
from acctcfg.journal.memory import JournalMemory
from acctcfg.journal.process import this_process
from acctcfg.secrets import Around, Credentials, Secret, Store, load_credentials, load_token, open_store
from acctcfg.secrets.passphrase import generate
from acctcfg.secrets.stored_form import flaw_of
from acctcfg.signing import signing_of
from acctcfg.venues.installed import rules
from acctcfg.wire.client import Client
from acctcfg.wire.clock import Clock, SystemClock

__all__ = ["Doors", "JournalMemory", "Locks", "Workspace", "journal_in", "speed_of", "storage_here"]


def storage_of(
    directory: Path,
    spec: JournalSpec,
    environ: Mapping[str, str],
    *,
    create: bool = False,
    kept: Kept[Any] | None = None,
) -> Storage:
    """Where the journal of the workspace in this folder is kept, with the locks of its venue users.

    `kept`: where free connections to its server are.
    """
    if spec.url is None:
        return SqliteStorage(journal_path(directory), create=create)
    try:
        from acctcfg.journal.postgres import PostgresStorage  # psycopg: optional, and slow to import
    except ImportError as exc:
        raise ConfigError(
            f"{spec.url}: a journal in PostgreSQL needs psycopg: {exc}", hint="pip install 'acctcfg[postgres]'"
        ) from exc
    return PostgresStorage(spec.url, create=create, environ=environ, kept=kept)


def storage_here(directory: Path, environ: Mapping[str, str], *, create: bool = False) -> Storage:
    """The same for commands that want nothing else of the manifest: it may be wrong, or absent."""
    from acctcfg.manifest.journal import journal_of

    return storage_of(directory, journal_of(directory, rules(), environ), environ, create=create)


def journal_in(storage: Storage, environ: Mapping[str, str]) -> Journal:
    """The journal that is kept there, told from an older copy of it."""
    return Journal(storage, seen=LastSeen(state_folders(environ), storage.place))


class PastManifest(NamedTuple):
    """A manifest at a commit; None: there was none."""

    manifest: Manifest | None
    commit: str
    merge_base: bool  # the commit is where HEAD left the revision that was asked for


class Who(TypedDict):
    """Who runs, on which commit, and whether nothing was uncommitted."""

    actor: str
    commit: str | None
    clean: bool | None


@dataclass(slots=True, kw_only=True)
class Workspace:
    """Everything that a command needs to know about the folder that it runs in."""

    directory: Path
    manifest: Manifest
    environ: Mapping[str, str]
    types: Mapping[str, VenueRules]
    speed: float = 1.0
    today: str = ""  # the day (UTC) as which the manifest was read
    clock: Clock = field(default_factory=SystemClock)
    intact: Head = BEGINNING  # up to where the journal was found as it was written
    proven: dict[tuple[str, str], object] | None = None
    """Where one process opens the connections of a run many times: what each learned, by its key and its API key."""
    learned: dict[str, Knowledge] = field(default_factory=dict)  # by venue user: what it said up to then
    kept: Kept[Any] = field(default_factory=Kept)  # free connections to the journal's server
    _stores: dict[str, Store] = field(default_factory=dict)

    @classmethod
    def load(
        cls, directory: Path, environ: Mapping[str, str], *, today: str = "", patterns_may_be_empty: bool = False
    ) -> Self:
        """Read the manifest as it holds on a day ("2026-12-31"; today in UTC where none is given).

        `patterns_may_be_empty`: for a command that writes the first file that a pattern of `include` is to match.

        Every problem of all files at once is a ManifestError.
        """
        from acctcfg.manifest import load  # the largest import of a command that needs no manifest

        types, today = rules(), today or _day()
        return cls(
            directory=directory,
            manifest=settled(
                load(directory, types, environ=environ, patterns_may_be_empty=patterns_may_be_empty), today
            ),
            environ=environ,
            types=types,
            speed=speed_of(environ),
            today=today,
        )

    def manifest_at(self, revision: str) -> PastManifest:
        """What the files said at a revision of git. ConfigError for what was no manifest then, or cannot be read."""
        from acctcfg.journal.git_past import folder_at
        from acctcfg.manifest import load

        with folder_at(self.directory, revision) as past:
            hidden = [one for one in past.elsewhere if any(name.startswith(f"{one}/") for name in self.manifest.files)]
            if hidden:
                hint = "its files at that commit are in another repository: plan without --changed-since"
                raise ConfigError(f"{hidden[0]} is a submodule", hint=hint)
            found = None
            if (past.path / "acctcfg.yaml").exists():
                try:
                    found = settled(load(past.path, self.types, environ=self.environ, bring=past.bring), self.today)
                except ManifestError as exc:
                    first, more = exc.problems[0], len(exc.problems) - 1
                    raise ConfigError(
                        f"the manifest at {revision} ({past.commit[:12]}) is not sound: {first}"
                        + (f" (and {more} more)" if more else ""),
                        hint="what changed since then cannot be told: plan without --changed-since",
                    ) from exc
            return PastManifest(found, past.commit, past.merge_base)

    def store(self, name: str) -> Store:
        """The secret store of that name; opened once. ConfigError for one that the manifest does not have, or has no
        more: the journal may name it."""
        if name not in self._stores:
            spec = self.manifest.secret_stores.get(name)
            if spec is None:
                raise ConfigError(f"there is no secret store {name}", hint="see `secret_stores` in the manifest")
            around = Around(environ=self.environ, base_dir=self.directory, passphrases=self.with_passphrases())
            self._stores[name] = open_store(name, spec.type, spec.options, around)
        return self._stores[name]

    def stores(self) -> dict[str, Store]:
        """All stores that the manifest names."""
        return {name: self.store(name) for name in self.manifest.secret_stores}

    def doors(self, venue: str) -> Doors:
        """The way to the stores for one connection."""
        return Doors(self, passphrase=signing_of(self.types[self.manifest.venues[venue].type]).passphrase)

    def with_passphrases(self) -> frozenset[str]:
        """The connections whose keys, and those of whose accounts, have a passphrase."""
        return frozenset(k for k, spec in self.manifest.venues.items() if signing_of(self.types[spec.type]).passphrase)

    def without_passphrases(self) -> frozenset[str]:
        """The accounts whose keys have none."""
        having = self.with_passphrases()
        return frozenset(key for key, spec in self.manifest.accounts.items() if spec.venue not in having)

    def storage(self, *, create: bool = False) -> Storage:
        """Where the journal and the locks are kept; without `create` it is only read."""
        return storage_of(self.directory, self.manifest.journal, self.environ, create=create, kept=self.kept)

    def journal(self, *, create: bool = False) -> Journal:
        """The journal; an absent one reads as empty."""
        return journal_in(self.storage(create=create), self.environ)

    def memories(self) -> Callable[[str, str], JournalMemory]:
        """What the journal knows, by base URL and venue user; each is read once, when it is first asked for."""

        def memory(base_url: str, user: str) -> JournalMemory:
            with self.journal() as journal:
                self.demand_intact(journal)
                known = journal.knowledge(user, self.learned.pop(user, None))  # gone, if a row of it is damaged
                self.learned[user] = known
            return JournalMemory(known, self.running(base_url, user))

        return cache(memory)

    def demand_intact(self, journal: Journal) -> None:
        """Before anything is decided by the journal: nobody altered it, and nobody can who only commits."""
        path, spec = journal_path(self.directory), self.manifest.journal
        top = None if spec.durable or spec.url else tracked_in(path)
        if top is not None:
            raise ConfigError(
                f"git tracks the journal {path.resolve().relative_to(top)}: any committer could change what it says",
                hint=f"git rm --cached {JOURNAL}, or write `journal: {{durable: true}}` if it is meant to be committed",
            )
        self.intact = journal.demand_intact(self.intact)

    def user_behind(self, venue: VenueSpec, base_url: str) -> str:
        """Whose credentials a connection had when an apply last used it; "" before its first use."""
        with self.journal() as journal:
            self.demand_intact(journal)
            keys = (venue.key, *venue.formerly)
            known = (journal.user_behind(key, venue.environment, base_url, self.place_of) for key in keys)
            return next(filter(None, known), "")

    def accounts_of(self, user: str) -> list[str]:
        """The names of the accounts of a venue user that the journal knows as ours."""
        with self.journal() as journal:
            return [one.name for one in journal.knowledge(user).accounts.values()]

    def store_readers(self) -> Mapping[str, JsonObject]:
        """Store -> where its secrets went and who could read them, as the last apply knew it."""
        with self.journal() as journal:
            self.demand_intact(journal)
            return journal.store_readers()

    def earlier(self, now: float) -> Earlier | None:  # noqa: ARG002
        """Of when its live state is, where that is not read now."""
        return None

    def reading(
        self,
        focus: Focus,  # noqa: ARG002
        lists: Callable[[], Awaitable[Mapping[str, JsonObject]]],  # noqa: ARG002
        *,
        recalls: bool,  # noqa: ARG002
        look_only: bool,  # noqa: ARG002
    ) -> AbstractAsyncContextManager[None]:
        """Around all reads of a plan: where others read for it. `lists` reads what slow lists say of accounts."""
        return nullcontext()

    def client_of(self, venue: VenueSpec) -> Callable[..., Client]:  # noqa: ARG002
        """What makes the client of a connection."""
        return Client

    def lock(self, base_url: str, user: str, *, timeout_s: float) -> Lock:
        """The lock of one venue user at one base URL."""
        state, place = state_folders(self.environ), self.place_of(base_url)
        who = self.actor
        lock = Lock(self.storage(), user, base_url=place, state=state, owner=who, timeout_s=timeout_s)
        if not state:
            lock.unshared = "neither XDG_STATE_HOME nor HOME is set, so there is no folder for the lock"
        return lock

    def place_of(self, base_url: str) -> str:
        """One name of one place, by which its locks are kept, whichever of the venue's own hosts is used."""
        for one in self.types.values():
            base_url = one.first_host(base_url)
        return one_spelling(base_url)

    def running(self, base_url: str, user: str) -> str:
        """Who else applies to this venue user right now, and since when; "" if nobody does."""
        with closing(self.storage()) as storage:
            holder = holder_of(storage, user, base_url=self.place_of(base_url), state=state_folders(self.environ))
        ours = holder is not None and holder.process == this_process()
        return holder.describe(time.time()) if holder is not None and not ours else ""

    @property
    def actor(self) -> str:
        """Who is responsible for what is done in it."""
        return actor(self.environ)

    def who(self) -> Who:
        """Actor, git commit and whether the tree was clean: what a run records."""
        commit = commit_of(self.directory)
        return Who(actor=self.actor, commit=commit.id, clean=commit.clean)

    def tracked(self, file: Path) -> bool:
        """Whether git keeps this very file."""
        return tracked_in(file) is not None

    def refuse_lost_journal(self) -> None:
        """With CI set, a journal inside the checkout goes with the job, and with it what was half done."""
        durable = self.manifest.journal.durable or self.manifest.journal.url is not None
        if lost_with_the_job(journal_path(self.directory), durable=durable, environ=self.environ):
            raise ConfigError(
                f"CI is set and the journal {JOURNAL} is in the checkout {inside_checkout(self.directory)}: "
                "it would be lost with the job",
                hint="keep it on a server (`journal: {url: postgresql://...}`), or keep the folder .acctcfg between "
                "jobs and write `journal: {durable: true}`",
            )

    def refuse_lost_store(self, name: str) -> None:
        """With CI set, a new secret in a folder of the checkout goes with the job."""
        spec = self.manifest.secret_stores[name]
        if spec.path is None:
            return
        path = self.directory / Path(spec.path).expanduser()
        if lost_with_the_job(path, durable=spec.durable, environ=self.environ):
            raise ConfigError(
                f"CI is set and the secret store {name} ({spec.path}) lies in the checkout: "
                "a new secret would be lost with the job",
                hint="commit or mount that folder and write `durable: true` in the store",
            )


@dataclass(frozen=True, slots=True)
class Locks:
    """The locks of one run; `part`: that of a part of another process's run, which counts for each of its users."""

    all: list[Lock | Warrant]
    part: Lock | None = None

    def fresh(self, user: str) -> bool:
        """Whether the lock of a venue user is still ours, at every base URL that the run uses it at."""
        if self.part is not None and not self.part.fresh():
            return False
        return all(lock.fresh() for lock in self.all if lock.venue_user == user)

    def late(self, user: str) -> float:
        """When a run that our journal does not know may have sent its last write as this venue user, at the latest."""
        return max((one.late for one in self._own if one.venue_user == user), default=-math.inf)

    def settled(self) -> None:
        """Nothing of earlier runs can arrive any more."""
        for lock in self._own:
            lock.settled()

    def ended(self, results: Iterable[StepResult]) -> None:
        """A write whose outcome is not known may still arrive, and other folders' journals know nothing of it."""
        if any(one.status == "unknown" for one in results):
            for lock in self._own:
                lock.unsettled()

    @property
    def _own(self) -> list[Lock]:
        """Those that this process took; who holds the others has waited."""
        return [lock for lock in self.all if isinstance(lock, Lock)]

    @property
    def notes(self) -> tuple[str, ...]:
        """Why other folders of this machine do not see the locks, where they do not."""
        why = sorted({lock.unshared for lock in self.all if lock.unshared})
        return tuple(
            f"an apply from another folder of this machine would not see this run's lock: {one}" for one in why
        )


class Doors:
    """The stores as a venue sees them: credentials are opaque to everything but a signature."""

    def __init__(self, workspace: Workspace, *, passphrase: bool) -> None:
        self._workspace = workspace
        self._passphrase = passphrase
        self._unreadable: dict[str, str] = {}

    def get(self, store: str, path: str) -> Credentials | None:
        """What is kept there; None where nothing is."""
        return self._workspace.store(store).get(path)

    def load_own(self, source: Mapping[str, Any]) -> Credentials:
        """Those of the connection itself: as `load`, or an access token."""
        token = source.get("token")
        return self.load(source) if token is None else load_token(token, environ=self._workspace.environ)

    def load(self, source: Mapping[str, object]) -> Credentials:
        """Credentials from a source as the manifest writes it."""
        return load_credentials(
            source,
            stores=_Named(self._workspace),
            environ=self._workspace.environ,
            base_dir=self._workspace.directory,
            passphrase_required=self._passphrase,
        )

    def writable(self, store: str) -> bool:
        """Whether new secrets can go there."""
        return self._workspace.store(store).writable

    def why_read_only(self, store: str) -> str:
        """Why it takes no new secrets; "" where it does."""
        return self._workspace.store(store).why_read_only()

    def why_not_readable_here(self, store: str) -> str:
        """Why this process could not sign with what it would store there; tried once a store."""
        if store not in self._unreadable:
            self._unreadable[store] = self._workspace.store(store).why_not_readable_here()
        return self._unreadable[store]

    def prove_writable(self, store: str, path: str) -> None:
        """Fail now with what would keep a new secret from its place later."""
        place = self._workspace.store(store)
        place.prove_writable(f"{path}.probe")  # a name that no secret has
        place.holds(path)  # a store that does not tell what is there could not move it aside either

    def holds(self, store: str, path: str) -> bool:
        """Whether anything is kept there, whoever can read it."""
        return self._workspace.store(store).holds(path)

    def put(self, store: str, path: str, credentials: Credentials) -> None:
        """Keep a new secret, flushed to disk."""
        self._workspace.store(store).put(path, credentials)

    def supersede(self, store: str, path: str, by: str) -> None:
        """Let the secret at `by` take the place of the one at `path`, which is kept aside: no reader finds neither."""
        self._workspace.store(store).supersede(path, by)

    def flaw(self, credentials: Credentials) -> str:
        """What keeps a part of a key from being sent; "" if nothing does."""
        return flaw_of(credentials)

    def retire(self, store: str, path: str) -> None:
        """Move a dead key's secret aside."""
        self._workspace.store(store).retire(path)

    def new_passphrase(self) -> Secret:
        """By the venue's rules: 24 characters with a digit, an upper, a lower and a special one."""
        return generate()


class _Named(Mapping[str, Store]):
    """The stores by name, each opened when it is asked for."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def __getitem__(self, name: str) -> Store:
        if name not in self._workspace.manifest.secret_stores:
            raise KeyError(name)
        return self._workspace.store(name)

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(self._workspace.manifest.secret_stores)

    def __len__(self) -> int:
        return len(self._workspace.manifest.secret_stores)


def _day() -> str:
    """Today in UTC: "2026-03-01"."""
    return datetime.now(UTC).date().isoformat()


def speed_of(environ: Mapping[str, str]) -> float:
    """By how much a sandbox's time runs faster, as ACCTCFG_SPEED says."""
    text = environ.get("ACCTCFG_SPEED", "")
    if not text:
        return 1.0
    speed = decimal_of(text)
    if speed is None or not 0 < speed <= 1000:
        raise ConfigError(f"ACCTCFG_SPEED is {text[:60]!r}", hint="use a number above 0 and up to 1000")
    return float(speed)
