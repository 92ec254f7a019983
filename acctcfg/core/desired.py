"""What the user wants, after profiles and includes: one flat value an account, with the places it was written at.

Built by `manifest`, read by venues and the engine. Every value is checked for form already; whether a scope exists
at the venue, or a name is free, is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

from acctcfg.core.journal_url import JournalUrl
from acctcfg.core.level import Level
from acctcfg.core.own_field import Above
from acctcfg.core.secret import Secret
from acctcfg.core.state import Value
from acctcfg.core.store_type import StoreType
from acctcfg.core.trust import trust_word
from acctcfg.core.vocabulary import MarginMode, Market, PositionMode, Side

__all__ = [
    "NOWHERE",
    "AccessSource",
    "AccessSpec",
    "AccountSpec",
    "Ended",
    "Exemption",
    "Granted",
    "Guardrails",
    "JournalSpec",
    "KeySpec",
    "LeverageEntry",
    "Manifest",
    "Notify",
    "Place",
    "ResourceSpec",
    "Rule",
    "Selector",
    "SettingEntry",
    "Share",
    "StoreOption",
    "StoreSpec",
    "VenueSpec",
    "Wave",
    "Window",
    "number_of",
]


class Place(NamedTuple):
    """Where something was written: line and column count from 1, the file is relative to the workspace."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    def about(self, message: str) -> str:
        """A message behind the place that it is about; alone where nobody wrote what it is about."""
        return f"{self}: {message}" if self.file else message


NOWHERE: Final = Place("", 0, 0)
"""Of what a command asks for itself: it stands in no file, and no line is to blame for it."""


class Selector(NamedTuple):
    """What a leverage entry names: `by` is instrument, family, currency or symbol; `pattern` is a shell pattern."""

    by: str
    pattern: str

    @property
    def exact(self) -> bool:
        """True where no character of the pattern is special."""
        return not any(char in self.pattern for char in "*?[")


@dataclass(frozen=True, slots=True, kw_only=True)
class LeverageEntry:
    """One entry of `leverage`. An entry with `instruments` becomes one of these for each instrument."""

    market: Market | None  # None where the venue has one kind only
    margin: MarginMode | None
    selector: Selector
    side: Side | None
    value: Level
    layer: int  # a later layer (profile, then the account itself) beats every earlier one on the same scope
    place: Place
    path: str  # "mmdesk01.leverage[2]", for messages
    until: str = ""  # "2026-12-31", the last day (UTC) on which it holds; "" where it has no end
    places: Mapping[str, Place] = field(default_factory=dict, compare=False)  # of its fields

    def at(self, name: str) -> Place:
        """Where a field was written; the entry's own place where it was not."""
        return self.places.get(name, self.place)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySpec:
    """One API key as it should be; its label at the venue is its identity."""

    label: str
    state: str  # "present" | "absent"
    permissions: tuple[str, ...] | None  # "trade", or "futures:write" of a group; sorted. None: those that it has
    ip_allowlist: tuple[str, ...] | None  # sorted; (): from any address. None: those that it has
    store: str | None  # a key of secret_stores
    rotate_after: str | None  # "90d"; only `drift` looks at it
    place: Place
    until: str = ""  # the last day (UTC) on which it is to exist; "" where it has no end
    ip_until: tuple[tuple[str, str], ...] = ()  # of `ip_allowlist`, those that leave it, with their last day; sorted


class ResourceSpec(Protocol):
    """What a manifest wants of a resource that venues share, by the module that declares it."""

    def claims(self) -> Iterator[tuple[str, str]]:
        """Field and key of each address that it manages; see `core.managed`."""

    def place_of(self, field: str, key: str) -> Place | None:
        """Where what an address holds was written; None where it does not tell."""

    def content(self) -> object:
        """What it says, in a form that can be compared and hashed; no places."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingEntry:
    """What one address of a setting should hold."""

    field: str  # "settings.auto_loan"
    key: str  # "USDT" of a setting by currency; "" of one that has a single value
    value: Value
    place: Place


AccessSource: TypeAlias = "Mapping[str, str | Mapping[str, str]]"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessSpec:
    """How acctcfg signs as an account. Each side is `{"key": LABEL}` or a credentials source, or None (the default)."""

    read: AccessSource | None
    write: AccessSource | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSpec:
    """One account as it should be. None, and an empty tuple, mean: not managed."""

    key: str  # the entry's key in the manifest: the first part of its addresses
    venue: str
    name: str  # the venue's name for it
    place: Place
    role: str = "sub_account"  # | "main"
    formerly: tuple[tuple[str, str], ...] = ()  # connection and key that it had in the manifest before
    uid: str | None = None
    adopt: bool = False
    above: Above | None = None  # the account that it stands under
    state: str = "present"  # | "absent" | another word of the venue type, such as "locked"
    protect: bool = False
    label: str | None = None
    created_with: Mapping[str, str] = field(default_factory=dict)  # fields of the venue type: what a new one is sent
    own: Mapping[str, bool] = field(default_factory=dict)  # fields of the venue type that hold a live value
    access: AccessSpec | None = None
    account_mode: str | None = None
    position_mode: PositionMode | None = None
    position_modes: Mapping[str, PositionMode] = field(default_factory=dict)  # by part, where each part has its own
    settings: tuple[SettingEntry, ...] = ()  # sorted by field and key
    leverage: tuple[LeverageEntry, ...] = ()
    api_keys: tuple[KeySpec, ...] = ()  # sorted by label
    api_keys_exclusive: bool = False
    resources: Mapping[str, ResourceSpec] = field(default_factory=dict)  # that venues share, by the manifest's field
    places: Mapping[str, Place] = field(default_factory=dict)  # "position_mode" -> where it was written

    def at(self, name: str) -> Place:
        """Where a field was written; the account's own place where it was not."""
        return self.places.get(name, self.place)

    def place_of(self, field: str, key: str) -> Place:
        """Where what an address holds was written, as far as the manifest alone tells."""
        if field == "api_keys":
            return next((one.place for one in self.api_keys if one.label == key), self.at("api_keys"))
        if field.startswith("settings."):
            found = (one.place for one in self.settings if (one.field, one.key) == (field, key))
            return next(found, self.at("settings"))
        head = field.partition(".")[0]
        resource = self.resources.get(head)
        return (resource and resource.place_of(field, key)) or self.at(head)


@dataclass(frozen=True, slots=True)
class Granted:
    """A rate limit in place of the documented one."""

    count: int
    per_s: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueSpec:
    """A connection: one API key of one venue user."""

    key: str
    type: str
    environment: str  # "live" | "demo" | "sandbox"
    credentials: Mapping[str, Any]  # {"env": PREFIX} | {"store": NAME, "key": PATH} | {"file": PATH}
    base_url: str | None
    region: str
    uid: str | None
    egress: tuple[str, ...]
    rate_share: Decimal | None  # None: 0.8, and 1.0 on loopback
    place: Place
    proxy: str | None = None  # http://host:port; None: as the environment says
    formerly: tuple[str, ...] = ()  # keys that it had in the manifest before
    limits: Mapping[str, Granted] = field(default_factory=dict)  # by endpoint: what the venue granted this user


StoreOption: TypeAlias = "str | bool | tuple[str, ...] | Mapping[str, str]"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSpec:
    """Where secrets are kept. `options` are the fields of its type, as they were written."""

    key: str
    kind: StoreType
    options: Mapping[str, StoreOption]
    place: Place

    @property
    def type(self) -> str:
        """The name of its type."""
        return self.kind.type

    @property
    def path(self) -> str | None:
        """The folder that its secrets lie in, where it has one."""
        path = self.options.get("path")
        return path if isinstance(path, str) else None

    @property
    def where(self) -> str:
        """Where its secrets lie, in its type's own terms: a folder, a command; "" where there is nothing to say."""
        place = self.options.get(self.kind.place, "")
        return trust_word(place) if isinstance(place, tuple) else place if isinstance(place, str) else ""

    @property
    def recipients(self) -> tuple[str, ...]:
        """Who can read what is written there."""
        recipients = self.options.get("recipients")
        return recipients if isinstance(recipients, tuple) else ()

    @property
    def durable(self) -> bool:
        """Whether its folder outlives a CI job."""
        return self.options.get("durable") is True


@dataclass(frozen=True, slots=True)
class Share:
    """A share of some accounts, in percent; counts round up."""

    percent: Decimal


def number_of(limit: int | Share, accounts: int) -> int:
    """A number, or a share of the accounts, as a number."""
    if isinstance(limit, Share):
        return int((limit.percent * accounts / 100).to_integral_value(ROUND_CEILING))  # `//` of decimals truncates
    return limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """How many of a plan's accounts are done after a wave, and how long to wait before the next one."""

    accounts: int | Share
    then_wait_s: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Policy as code: a JSON Schema that every step which `when` selects must satisfy."""

    name: str
    address: tuple[str, ...]  # patterns; () selects every step
    action: tuple[str, ...]
    venue: tuple[str, ...]
    schema: Mapping[str, Any]
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """When an apply may run, or may not: hours of weekdays, or whole days from `first` to `last`."""

    allows: bool
    zone: str  # "Europe/Berlin"
    days: tuple[int, ...] = ()  # 0 is Monday
    begins: int = 0  # minutes of the day
    ends: int = 0  # up to 1440; not after `begins`: on the next day
    first: str = ""  # "2026-12-24"; "" for one of the week
    last: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemption:
    """Accounts that a rule leaves out, for a reason and perhaps for a time."""

    rule: str  # the id of a built-in rule, or the name of one of `rules`
    accounts: tuple[str, ...]  # patterns
    until: str  # "2026-12-31", the last day (UTC) on which it holds; "" where it has no end
    reason: str
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Approvals:
    """How many people must sign a plan before it is applied, and where it stands who may."""

    count: int
    signers: str  # a file of ssh-keygen's allowed signers, relative to the root file
    sensitive_only: bool = True  # only plans with a sensitive step


@dataclass(frozen=True, slots=True, kw_only=True)
class Guardrails:
    """Limits that every plan is checked against; the defaults are the careful ones."""

    max_leverage: Decimal | None = None
    require_ip_allowlist: bool = False
    deny_permissions: tuple[str, ...] = ("withdraw",)
    max_deletes: int = 0
    max_changed_accounts: int | Share | None = None
    adopt: str = "allow"  # | "explicit"
    rules: tuple[Rule, ...] = ()
    approvals: Approvals | None = None
    rule_sets: tuple[str, ...] = ()  # of core.built_in, sorted
    exceptions: tuple[Exemption, ...] = ()
    windows: tuple[Window, ...] = ()
    rollout: tuple[Wave, ...] = ()  # rising, up to all; () for all at once


class Ended(NamedTuple):
    """Something whose `until` is over: it is drift now, and the next plan undoes it."""

    address: str  # "mmdesk01.api_keys[trading]", "profiles.maker.leverage[1]", "guardrails.exceptions[0]"
    place: Place
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalSpec:
    """Where the record of every run is kept: beside the manifest, or where `url` says."""

    durable: bool = False  # with CI set: its folder outlives the job
    url: JournalUrl | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify:
    """Where word of what a command did is sent: to `url`, or to what the environment variable `env` holds."""

    on: tuple[str, ...]  # sorted words of `happenings.HAPPENINGS`
    url: Secret | None = None
    env: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Everything that the files of a workspace say."""

    directory: Path
    files: tuple[str, ...]  # relative to the directory, sorted
    venues: Mapping[str, VenueSpec]
    secret_stores: Mapping[str, StoreSpec]
    guardrails: Guardrails
    accounts: Mapping[str, AccountSpec]  # sorted by key
    journal: JournalSpec = JournalSpec()
    notify: Notify | None = None
    ended: tuple[Ended, ...] = ()  # what is left out of all this, since its `until` is over
