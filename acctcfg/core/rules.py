"""What a venue type declares about its manifests: plain data, so that the reader, the schema and the docs share it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from acctcfg.core.base_url import BaseUrl
from acctcfg.core.desired import AccountSpec, Place, Selector
from acctcfg.core.own_field import OwnField
from acctcfg.core.setting import Setting
from acctcfg.core.text_rule import NAME, TextRule
from acctcfg.core.vocabulary import MarginMode, Market, Side

__all__ = ["NAME", "AmountsTo", "Finding", "ScopeNamed", "TextRule", "VenueRules"]

AmountsTo: TypeAlias = Callable[[str], str]


class Finding(NamedTuple):
    """Something wrong with an account that needs no venue to see."""

    place: Place
    address: str  # "mmdesk01.leverage[2].side"
    message: str


class ScopeNamed(NamedTuple):
    """How an entry of `leverage` names one scope, and nothing else."""

    market: Market | None
    margin: MarginMode | None
    selector: Selector
    side: Side | None = None


def _none(_: str) -> ScopeNamed | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueRules:
    """The manifest of one venue type: which fields it has, which words they take, and the checks across fields.

    What a venue has none of is left out.
    """

    type: str
    hosts: tuple[str, ...]  # its own hosts, over https: a base_url elsewhere wants trust
    roles: tuple[str, ...]  # "main", "sub_account"; the first is the default
    regions: tuple[str, ...] = ()  # () where the type has none; the first is the default
    region_hosts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # which of the hosts serve a region
    ended_hosts: Mapping[str, str] = field(default_factory=dict)  # host -> since when, and what took its place
    closed_ports: Mapping[int, str] = field(default_factory=dict)  # port of the own hosts -> since when, and why
    limits: Callable[[], Mapping[str, tuple[int, float]]] = field(default=dict)  # "GET /path" -> count and seconds
    fields: frozenset[str] = frozenset()  # the account fields that this type has, besides venue, role, name, profile
    main_fields: frozenset[str] = frozenset()  # ... for the role main
    own_fields: tuple[OwnField, ...] = ()  # of `fields`, those that this type declares itself
    unmanaged: Mapping[str, str] = field(default_factory=dict)  # what the venue has and no manifest holds -> why not
    unsupported_fields: Mapping[str, str] = field(default_factory=dict)  # -> why not, and what to do
    account_modes: Mapping[str, str] = field(default_factory=dict)  # word -> what it means
    position_modes: Mapping[str, str] = field(default_factory=dict)
    permissions: tuple[str, ...] = ()  # in the order of power; () where keys have none of these
    amounts_to: AmountsTo = str  # what a permission lets a key do, where that is "trade" or "withdraw"; else itself
    name: TextRule = NAME
    label: TextRule = NAME
    key_label: TextRule = NAME
    ips_per_key: int = 0
    keys_per_account: int = 0
    resources: Mapping[str, object] = field(default_factory=dict)  # rules of shared resources, by the manifest's field
    leverage_selectors: tuple[str, ...] = ()  # "instrument", "family", "currency", "symbol" (and "instruments")
    leverage_named: Callable[[str], ScopeNamed | None] = field(default=_none)  # by the key of its address
    environments: tuple[str, ...] = ("live", "demo", "sandbox")
    states: Mapping[str, str] = field(default_factory=lambda: {"present": "the default", "absent": "delete it"})
    unsupported_states: Mapping[str, str] = field(default_factory=dict)  # state -> why this type cannot reach it
    settings: tuple[Setting, ...] = ()  # its other switches, by the rows of its page
    prechecks: Mapping[str, str] = field(default_factory=dict)  # its own precheck codes: what must hold, in words
    clearing: frozenset[str] = frozenset()  # of those, the ones that pass once what is open is closed
    warnings: Mapping[str, str] = field(default_factory=dict)  # its own warning codes, in words
    check: Callable[[AccountSpec], Iterable[Finding]] = field(default=lambda _: ())

    def setting(self, field: str) -> Setting | None:
        """The setting behind an address's field: "settings.auto_loan"."""
        return next((one for one in self.settings if one.field == field), None)

    def owns(self, base_url: str) -> bool:
        """Whether a base URL is one of the venue's own hosts over https."""
        url = BaseUrl.of(base_url)
        return url is not None and url.scheme == "https" and url.port == 443 and url.host in self.hosts

    def region_of(self, base_url: str) -> str:
        """The region that a base URL serves; "" where its host does not say."""
        url = BaseUrl.of(base_url)
        return next((one for one, hosts in self.region_hosts.items() if url is not None and url.host in hosts), "")

    def first_host(self, base_url: str) -> str:
        """A base URL with the first of the venue's own hosts that serve the same region; another as it is."""
        region = self.region_of(base_url) if self.owns(base_url) else ""
        return f"https://{self.region_hosts[region][0]}" if region else base_url
