"""What the engine asks of a venue, and what it hands to one. A venue is a package with an entry point `acctcfg.venues`.

The engine knows accounts, addresses, values and steps; everything in a venue's own words stays behind `Connection`.
Longer than other files, so that whoever writes a venue package has all that is asked of it in one place.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, cast, runtime_checkable

from acctcfg.core.address import Address, Focus
from acctcfg.core.desired import AccountSpec, Place, VenueSpec
from acctcfg.core.diff import Change
from acctcfg.core.json_types import JsonObject
from acctcfg.core.order import Row
from acctcfg.core.plan import Precheck, Unread, Warning_
from acctcfg.core.remembered import Creating, KnownAccount, Lasting, NeverShown, Replaced, Rotation, StoredKey
from acctcfg.core.rules import VenueRules
from acctcfg.core.secret import Credentials, Secret
from acctcfg.core.state import Live, Wanted
from acctcfg.core.verdict import Explained
from acctcfg.deposit import DepositRow
from acctcfg.wire.client import Client
from acctcfg.wire.dialect import Dialect
from acctcfg.wire.endpoint import Call, Endpoint, Rate
from acctcfg.wire.exchange import Reply

__all__ = [
    "ACCOUNT_READ",
    "FRESH_SINCE",
    "NEVER_ABSENT",
    "SEEN_TWICE",
    "Absence",
    "Connection",
    "Cost",
    "Creating",
    "Explained",
    "Given",
    "HandsOver",
    "KnownAccount",
    "Lasting",
    "Memory",
    "Proof",
    "Rotation",
    "SecretDoor",
    "StoredKey",
    "Survey",
    "Venue",
    "Write",
    "Writer",
]

ACCOUNT_READ: ContextVar[Callable[[Survey], None]] = ContextVar("ACCOUNT_READ", default=lambda _: None)
"""Called by `survey` with each account that it has read, and that it asks nothing more about."""
FRESH_SINCE: ContextVar[float] = ContextVar("FRESH_SINCE", default=float("-inf"))
"""By the client's clock: what `open` read before counts no more, for an apply may have waited for another run since."""


class SecretDoor(Protocol):
    """The way to the secret stores. What comes and goes here is secret from end to end; no text is among it."""

    def get(self, store: str, path: str) -> Credentials | None:
        """Credentials, None where the store has none. StoreError for what cannot be read."""

    def load(self, source: Mapping[str, object]) -> Credentials:
        """Credentials from a source as the manifest writes it."""

    def writable(self, store: str) -> bool:
        """Whether the store takes new secrets at all."""

    def why_read_only(self, store: str) -> str:
        """Why it takes none, in words that go on after the store's name; "" where it does."""

    def why_not_readable_here(self, store: str) -> str:
        """Why this process could not read back, and so not sign with, what it would store; "" where it could."""

    def prove_writable(self, store: str, path: str) -> None:
        """Fail now with what would keep a new secret from its place later."""

    def holds(self, store: str, path: str) -> bool:
        """Whether anything is kept there, whoever can read it."""

    def put(self, store: str, path: str, credentials: Credentials) -> None:
        """Keep a new secret, flushed to disk; never in the place of another."""

    def retire(self, store: str, path: str) -> None:
        """Move the secret of a key that no longer exists aside."""

    def supersede(self, store: str, path: str, by: str) -> None:
        """Let the secret at `by` take the place of the one at `path`, in one move: a program that signs with what is
        there finds the one or the other. The former one is kept aside."""

    def new_passphrase(self) -> Secret:
        """A new passphrase that the venue accepts."""


class Memory(Protocol):
    """What earlier runs left in the journal about one venue user. Accounts go by their uid, never by a name."""

    running: str  # who else applies to this venue user right now, and since when; "" if nobody does

    def account(self, uid: str) -> KnownAccount | None:
        """The account with this uid, if acctcfg created it or took it over and did not delete it."""

    def named(self, name: str) -> KnownAccount | None:
        """The account last known under that venue name; its uid is "" where its creation was never answered."""

    def accounts(self) -> tuple[KnownAccount, ...]:
        """All of them, by name; those whose creation was begun and never answered too (uid "")."""

    def last_access(self, uid: str) -> StoredKey | None:
        """The stored key that signed last for the account."""

    def stored_key(self, api_key: str) -> StoredKey | None:
        """Where the secret of the key with this id lies, whatever account and connection were called then."""

    def stored_keys(self, uid: str) -> tuple[StoredKey, ...]:
        """Where the secrets of the account's keys lie, newest last."""

    def rotations(self, uid: str) -> tuple[Rotation, ...]:
        """The rotations of an account's keys that are not finished."""

    def creating(self, name: str, label: str) -> Creating | None:
        """The last creation of this key ("": of the account itself) of which no end is known. No proof: see `fits`."""

    def created(self, uid: str, field: str) -> tuple[JsonObject, ...]:
        """What creates of that field answered, oldest first, but for what was deleted since."""

    def kept(self, api_key: str) -> bool:
        """Whether the secret of the key with this id was stored, though perhaps in a store of another checkout."""

    def gone(self, name: str, label: str = "") -> bool:
        """Whether a run of ours deleted the account's key of that label ("": the account), and none made it since."""

    def replaced(self, uid: str, label: str) -> Replaced | None:
        """That key, if a replacement of it was begun and no new one's secret is stored."""

    def never_shown(self, uid: str, field: str) -> tuple[NeverShown, ...]:
        """What creates of that field answered and no read showed in time, oldest first: it does not count as there, and
        a late list may still show it."""

    def lasting(self, uid: str, environment: str, field: str) -> tuple[Lasting, ...]:
        """What the venue's lists showed an apply of that field and cannot be deleted, oldest first. Live and demo
        are apart, though an account may have one uid in both."""

    def seen(self, kind: str, name: str) -> str:
        """The day ("2026-11-02") of the last run that saw it on a venue's list; "" never."""

    def all_seen(self, kind: str) -> frozenset[str]:
        """The names of all that any run saw of that kind; the same object each time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One write: the call, who signs it, and what goes on record of it. No secret is in the record.

    `creates` is what is to be created, as it is sent; `deletes` the venue's id of the key that the call deletes;
    `keeps` what no manifest names of that key, and the new one in its place gets, too; `renames` the key that gets
    another label.
    """

    call: Call
    signer: Credentials
    user: str  # the venue user whose limits count
    address: Address
    action: str
    account: str  # its name at the venue
    uid: str = ""  # of the account, where it is known
    creates_key: str = ""  # the label of the key that the call creates
    creates: JsonObject = field(default_factory=dict)
    deletes: str = ""
    keeps: JsonObject = field(default_factory=dict)
    renames: JsonObject = field(default_factory=dict)  # "api_key" and its new "label"
    undoes: bool = False  # what this very step just made: sent though it cannot be put on record


class Writer(Protocol):
    """How a venue sends a write: the engine writes it ahead to the journal, and opens the gate right before."""

    async def send(self, write: Write, *, others: Sequence[tuple[Writer, Write]] = ()) -> Reply:
        """The reply. Raises what the client raises, and what a closed gate raises.

        `others`: the writes of further steps that the same request makes, each with its own writer; each passes its
        gate and is on record.
        """

    async def answered(self, facts: JsonObject) -> None:
        """Keep what the create that was sent last answered ("uid"; "label" and "api_key"; "currency", "chain",
        "address"): on disk before anything else happens with it. A journal that fails does not stop what comes next.
        """

    async def kept(self) -> None:
        """The secret of the key that was created last is in its store: whatever comes next, that is done.

        Raises JournalError where the key is not on record: nothing more may rest on it.
        """

    def alone(self) -> bool:
        """Whether the lock of the venue user is still ours: else another run may have written, and stored, by now."""

    async def pause(self, seconds: float, left: str) -> None:
        """Wait within a step; raises VenueError where the run is told to stop meanwhile. `left`: what is unfinished."""

    def go_on(self, left: str) -> None:
        """After a wait within a step: raises where no more may be written by now. `left`: what is then unfinished."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """How a venue proves that a thing is not there before it is made: lists may be late, or lose a row once."""

    twice: bool  # only reading tells, for a second one would be made: two looks, some seconds apart
    taken: frozenset[str] = frozenset()  # refusals that say that the name is taken: proof of a creation that was lost

    @classmethod
    def unique(cls, *taken: str) -> Absence:
        """For what has a name that the venue gives once: it refuses a second one, with these codes."""
        return cls(twice=False, taken=frozenset(taken))


NEVER_ABSENT: Final = Absence(twice=False)
"""For what always has a value: nothing is made."""
SEEN_TWICE: Final = Absence(twice=True)
"""For what the venue makes again and again: addresses, keys whose names are free text."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What a key said about itself when it signed, beside what the venue lists of the account that it should be of.

    A key that did not sign, and that the venue lists under its id, is not wrong for that: `state` says why.
    """

    uid: str
    label: str
    listed_uid: str  # "" where the venue has no such account
    state: str = "signs"
    """Or "elsewhere": bound to addresses that are not ours; "not_yet": it takes effect later; "locked": its account is
    locked, as the manifest wants it."""

    @property
    def belongs(self) -> bool:
        """Whether it is a key of that account."""
        return bool(self.uid) and self.uid == self.listed_uid


@dataclass(frozen=True, slots=True)
class Cost:
    """`count` requests to one endpoint out of one owner's bucket; each of them may serve so many accounts at once."""

    owner: str  # as the pacer keys it
    label: str  # as people know it: an account's or the connection's key
    endpoint: Endpoint
    count: int
    write: bool = False
    serves: int = 1


@dataclass(slots=True, kw_only=True)
class Survey:
    """One account as it is wanted and as it was found. `desired` and `live` have the same addresses."""

    spec: AccountSpec
    desired: dict[Address, Wanted] = field(default_factory=dict)
    live: dict[Address, Live] = field(default_factory=dict)
    warnings: list[Warning_] = field(default_factory=list)
    unreadable: list[Unread] = field(default_factory=list)
    blocks: dict[Address, list[Precheck]] = field(default_factory=dict)  # failing prechecks found while reading
    not_meant: Precheck | None = None  # why it is not the account that the manifest means, or not to be taken over
    untargeted: set[Address] = field(default_factory=set)  # what has to go first and is not targeted
    stored: dict[str, StoredKey] = field(default_factory=dict)  # label -> where the secret of that very key lies
    rotated: dict[str, str] = field(default_factory=dict)  # label -> id of the key whose rotation is seen to be over
    unsigned: dict[Address, str] = field(default_factory=dict)  # why this process cannot carry these steps out itself
    sets_nothing: list[str] = field(default_factory=list)  # exact entries that no scope came of: "x.leverage[2]"
    without: dict[Address, str] = field(default_factory=dict)  # managed, and why there is nothing to compare
    places: dict[Address, Place] = field(default_factory=dict)  # where an address was decided, unless its spec tells
    thorough: set[Address] = field(default_factory=set)  # what `current` must look for wherever it can be seen
    lasting: dict[str, tuple[JsonObject, ...]] = field(default_factory=dict)  # field -> shown, cannot be deleted
    recalled: dict[Address, str] = field(default_factory=dict)  # not read: what the journal knows, and since when
    may_show: dict[Address, str] = field(default_factory=dict)  # since when a list is late with it, if it was made
    read_at: float = 0.0  # by the steady clock; nothing that it shows was read later
    exists: bool = False
    uid: str = ""
    deposits: tuple[DepositRow, ...] = ()
    sightings: set[tuple[str, str]] = field(default_factory=set)  # kind and name: what the venue's lists showed
    private: Any = None  # the venue's own notes on the account

    def want(self, address: Address, wanted: Wanted, found: Live) -> None:
        """Note what an address should hold, and what it holds."""
        self.desired[address] = wanted
        self.live[address] = found

    def let_go(self) -> None:
        """Keep no notes and no second copy of an account that is as it should be: nothing more is asked of it."""
        self.private, self.places = None, {}
        self.live = cast("dict[Address, Live]", self.desired)  # equal, so that none of them is an AtMost

    def nothing_to_set(self, address: Address, why: str) -> None:
        """A managed address that has no value of its own as things are; silence about one ends the run."""
        self.without[address] = why

    def block(self, address: Address, name: str, detail: str) -> None:
        """A reason, found while reading, why a step at this address must not be taken."""
        self.blocks.setdefault(address, []).append(Precheck(name, "fail", detail))

    def needs(self, address: Address, *first: Address) -> None:
        """Steps that have to go before the one at this address, and that nobody targeted: it is blocked."""
        self.untargeted.update(first)
        has, it = ("has", "it") if len(first) == 1 else ("have", "them")
        how = f"{has} to change first: target {it} too, or --with-dependencies"
        self.block(address, "target_dependency", f"{' and '.join(map(str, first))} {how}")

    def warn(self, address: Address | str, code: str, message: str) -> None:
        """Add a warning; `code` is one of the closed list."""
        self.warnings.append(Warning_(str(address), code, message))

    def saw(self, kind: str, name: str) -> None:
        """A venue's list showed this ("instrument", "BTC-USDT-SWAP"); at its end, a run of apply remembers it."""
        self.sightings.add((kind, name))

    def cannot_read(self, address: Address | str, code: str, message: str) -> None:
        """An account or a field that could not be read."""
        self.unreadable.append(Unread(str(address), code, message))

    @property
    def another(self) -> Unread | None:
        """Why nothing that was read is of the account that is meant: its name is another one's."""
        why = self.not_meant
        if why is None or not self.exists or why.name == "adopt_explicit":
            return None
        return Unread(self.spec.key, why.name, why.detail)


class Connection(Protocol):
    """One connection to one venue: everything that reads and writes there."""

    spec: VenueSpec
    client: Client
    user: str  # the venue user behind the credentials; set by `open`

    async def open(self) -> None:
        """Prove the credentials and the environment, before anything else. Raises VenueError and ConfigError."""

    async def survey(self, specs: Sequence[AccountSpec], focus: Focus, *, replace: frozenset[Address]) -> list[Survey]:
        """Read what the focus needs of these accounts, at once, and nothing else."""

    async def prove(self, spec: AccountSpec, credentials: Credentials) -> Proof:
        """Sign with these credentials as the account and see whose they are. Raises Refused where they do not sign."""

    async def strangers(self, managed: frozenset[str]) -> list[Warning_]:
        """Warnings on accounts that the journal knows and the manifest no longer names."""

    async def prechecks(self, survey: Survey, changes: Sequence[Change]) -> dict[Address, tuple[Precheck, ...]]:
        """Ask, by fresh reads, what stands in the way of these changes of one account."""

    async def notices(self, survey: Survey, changes: Sequence[Change]) -> list[Warning_]:
        """What the user should know about these changes besides, from what the prechecks read and from further reads.

        Asked for a plan alone; the gate does without."""

    def calls(self, survey: Survey, change: Change) -> tuple[Call, ...]:
        """The writes that a change takes, without what only the moment can tell."""

    def costs(self, work: Sequence[tuple[Survey, Sequence[Change]]]) -> list[Cost]:
        """The requests of these changes: writes and their read-backs."""

    async def gate_costs(self, survey: Survey, changes: Sequence[Change]) -> list[Cost]:
        """The requests of `prechecks` for these changes, once the account can be read and where nothing is open in it.

        Sends nothing."""

    def gated(self, change: Change) -> bool:
        """Whether prechecks guard this change."""

    def together(self, change: Change) -> str:
        """Changes of one account with the same word are looked at, and read back, together; those of one field among
        them are written at once. "" for none."""

    def absence(self, change: Change) -> Absence:
        """How it is proven that what the change makes is not there yet."""

    def moved_with(self, survey: Survey, change: Change) -> tuple[Address, ...]:
        """The managed addresses whose values the write may move besides its own; they are read back with it."""

    async def current(self, survey: Survey, addresses: Sequence[Address]) -> dict[Address, Live]:
        """Read these addresses as they are now."""

    async def write(self, survey: Survey, change: Change, writer: Writer) -> None:
        """Make one change. Secrets that come back are stored before this returns."""

    def signed_by(self, survey: Survey) -> tuple[str, str, str] | None:
        """Store, path and label of the stored key that signs for the account; the journal remembers it."""

    def is_precondition(self, change: Change, code: str) -> bool:
        """Whether the venue's refusal of a change means that something must be cleared first: blocked, not failed."""

    def refuses_value(self, change: Change, code: str) -> bool:
        """Whether the venue's refusal of a change may be about the value alone, so that it is not tried elsewhere."""


@runtime_checkable
class HandsOver(Protocol):
    """A connection whose list of accounts is so slow that several processes of one run do not each read it."""

    async def read_list(self) -> Mapping[str, JsonObject]:
        """What it says of each account now: for the next survey, and for those of other processes."""

    def listed(self, survey: Survey) -> JsonObject | None:
        """What the list said of the account, as `Given.listed` takes it; None where that must be read again."""


@runtime_checkable
class Reopens(Protocol):
    """A connection that a process of a run opens many times, and need prove once."""

    def opened(self) -> object:
        """What `open` learned; None before it."""

    def reopen(self, opened: object) -> None:
        """In place of `open`: by what another connection with the same credentials learned in this run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the engine hands over for one connection; a venue takes of it what it needs."""

    spec: VenueSpec
    client: Client
    credentials: Credentials
    secrets: SecretDoor
    memory: Callable[[str], Memory]  # the journal's view, once the venue user is known
    accounts: Mapping[str, AccountSpec]  # all that the manifest has under this connection, by key
    adopt: str  # "allow" | "explicit"
    recalls: bool = False  # whether what `memory` has as lasting need not be read
    listed: Mapping[str, JsonObject] = field(default_factory=dict)
    """What a slow list said of these accounts a moment ago, to another process of this run (`HandsOver`): a survey need
    not ask again. Whatever comes after it reads anew."""


class Venue(Protocol):
    """A venue type: what an entry point of the group `acctcfg.venues` gives."""

    rules: VenueRules
    order: tuple[Row, ...]
    write_window_s: float  # a signed request older than this is refused, so it can no longer be executed
    effects_come_later: bool  # an accepted write is not done yet: one that is never seen may still come
    error_family: str  # the word before the colon by which people name this venue's errors; types of one venue share it

    def base_url(self, spec: VenueSpec) -> str:
        """The base URL of a connection: the manifest's, else by environment and region."""

    def rate_of(self, endpoint: str) -> Rate | None:
        """The limit of an endpoint by its text, "POST /path"; None for one that the venue's table does not have."""

    def error_codes(self) -> Collection[str]:
        """Every error code of the venue that there are words for."""

    def explain(self, code: str) -> Explained | None:
        """One of the venue's errors for people, however they write it; None for a code without words."""

    def dialect(self, spec: VenueSpec) -> Dialect:
        """How requests are signed and answers read."""

    def connect(self, given: Given) -> Connection:
        """A connection for this spec. Nothing is sent before it is used."""
