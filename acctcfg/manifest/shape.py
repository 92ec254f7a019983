"""The shape of a manifest, declared once: the checker, the JSON Schema and the documentation all follow from it.

The venue types' own words come in with their `VenueRules`. Which type an account has is known only through its
`venue`, so the shape of an account is the union over the types; `accounts.py` narrows it to the account's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from acctcfg.core.rules import NAME, TextRule, VenueRules
from acctcfg.core.vocabulary import CreditTo, MarginMode, Market, Side
from acctcfg.manifest.alternatives import ACCESS, Permissions, WholeOrParts
from acctcfg.manifest.containers import Field, Kind, Later, ListOf, OneOrMany, Plain, Record, Table
from acctcfg.manifest.core_schema import number
from acctcfg.manifest.scalars import BAD, IN_QUOTES, Decimals, Flag, IpAddress, Text, Whole, Word
from acctcfg.manifest.settings import settings_field

__all__ = ["LATER_TYPES", "NAME", "STORE_TYPES", "Shape"]

LATER_TYPES: Final = ("okx", "okx_dma_broker", "gate_crossex")
STORE_TYPES: Final[dict[str, tuple[str, ...]]] = {  # which fields each type of store has
    "age_file": ("path", "recipients", "identity", "durable"),
    "env": ("prefix",),
}
_VARIABLE = TextRule(r"[A-Za-z_][A-Za-z0-9_]*", "the name of an environment variable (letters, digits and _)")
_UID = TextRule(r"[0-9A-Za-z]{1,40}", "the venue's id: digits or letters")
_PATH = TextRule(r"(?!\s)[^\x00-\x1f\x7f]+", "a path")
_DURATION = TextRule(r"[1-9][0-9]{0,4}[smhdw]", "a duration such as 90d (s, m, h, d or w)")
_CURRENCY = TextRule(r"[A-Za-z0-9]{1,30}", "a currency's code such as USDT")
_PATTERN = TextRule(r"[A-Za-z0-9*?\[\]!_.:/-]{1,100}", "a name or a shell pattern such as BTC-* (*, ? and [...])")
_SHARE = TextRule(r"(?:100(?:\.0{1,9})?|[0-9]{1,2}(?:\.[0-9]{1,9})?)%", "a number of accounts, or a share such as 50%")
_SECRET_PATH = TextRule(
    r"[A-Za-z0-9][A-Za-z0-9_.-]*(?:/[A-Za-z0-9][A-Za-z0-9_.-]*)*", "a path in the store, such as desk/mmdesk01/trading"
)
_PROXY = TextRule(
    r"http://[^\s/?#@]+:[0-9]{1,5}/?", "http://host:port, such as http://127.0.0.1:3128 (a login goes into HTTPS_PROXY)"
)
_ENDPOINT = TextRule(r"(?:GET|POST|PUT|DELETE) /[^\s?#]+", "a method and a path, such as GET /api/v5/account/config")
_RECIPIENT = TextRule(
    r"age1[02-9a-z]{20,}|ssh-(?:ed25519|rsa) [A-Za-z0-9+/=]+(?: .*)?",
    "a public age recipient (age1...) or an SSH public key; never the identity",
)


class _Share(Text):
    """A count of accounts, or a share of them."""

    def take(self, node: Any, report: Any) -> Any:
        """An int, or the text of a share."""
        value = number(node.value) if type(node.value) is str else node.value
        if type(value) is int or (type(value) is Decimal and value == value.to_integral_value()):
            return Whole(0).take(node, report)
        if type(value) is not Decimal:
            return super().take(node, report)
        report.value(node, f"{report.written(node)} must be {self.rule.words}")
        return BAD

    def schema(self) -> dict[str, Any]:
        """Either."""
        return Whole(0).schema() | {"pattern": f"{IN_QUOTES}|^(?:{self.rule.pattern})$"}


def _union(tables: Iterable[Mapping[str, str]]) -> dict[str, str]:
    whole: dict[str, str] = {}
    for table in tables:
        for word, meaning in table.items():
            whole.setdefault(word, meaning)
    return whole


def _common(rules: Iterable[TextRule]) -> TextRule | None:
    """The rule that all types share; None where they differ."""
    different = {rule.pattern: rule for rule in rules}
    return different.popitem()[1] if len(different) == 1 else None


def _words(words: Iterable[str], **meanings: str) -> dict[str, str]:
    return {str(word): meanings.get(word, "") for word in words}


def _source(nulls: bool = False) -> Record:
    """Where credentials come from."""
    return Record(
        {
            "env": Field(
                kind=Text(_VARIABLE, private=True),
                doc="Prefix of the variables: OKX_DESK reads OKX_DESK_API_KEY, OKX_DESK_SECRET_KEY and "
                "OKX_DESK_PASSPHRASE",
            ),
            "store": Field(kind=Text(NAME), doc="A key of `secret_stores`; goes with `key`"),
            "key": Field(kind=Text(_SECRET_PATH), doc="The path of the secret in that store"),
            "file": Field(kind=Text(_PATH), doc="A JSON file that only its owner can read (mode 0600)"),
            "exec": Field(kind=Later(), doc="A program that prints them"),
            "keyring": Field(kind=Later(), doc="The system's keyring"),
            "token": Field(kind=Later(), doc="An OAuth bearer token"),
        },
        nulls=nulls,
        one_of=("env", "store", "file"),
    )


def _granted() -> Record:
    """A rate limit in place of the documented one."""
    return Record(
        {
            "count": Field(kind=Whole(1), doc="Requests", required=True),
            "per_s": Field(kind=Decimals(), doc="... in so many seconds", required=True),
        }
    )


class Shape:
    """The declared shape, for one set of venue types."""

    def __init__(self, rules: Mapping[str, VenueRules]) -> None:
        self.rules = rules
        self.venue = self._venue()
        self.store = self._store()
        self.guardrails = self._guardrails()
        self.key = self._key()
        self.deposit_address = self._deposit_address()
        self.leverage_entry = self._leverage_entry()
        self.account = self._account()
        self.journal = Record(
            {
                "durable": Field(kind=Flag(), doc="With CI set: the journal's folder outlives the job"),
                "url": Field(kind=Later("the journal is .acctcfg/journal.sqlite"), doc="A shared journal"),
            }
        )
        self.root = self._root()

    def _root(self) -> Record:
        return Record(
            {
                "version": Field(kind=Whole(1, 1), doc="The version of this format: 1. The root file must have it"),
                "include": Field(
                    kind=ListOf(Text(_PATH)),
                    doc="More files of this manifest, as patterns relative to the root file's folder",
                ),
                "venues": Field(kind=Table(self.venue, name=NAME), doc="Connections: one API key of one venue user"),
                "secret_stores": Field(kind=Table(self.store, name=NAME), doc="Where secrets are kept"),
                "guardrails": Field(kind=self.guardrails, doc="Limits that every plan is checked against"),
                "profiles": Field(
                    kind=Table(self.account, name=NAME), doc="What accounts have in common, by the profile's name"
                ),
                "accounts": Field(kind=Table(self.account, name=NAME), doc="The accounts as they should be, by name"),
                "journal": Field(kind=self.journal, doc="The record of every run"),
                "accounts_from": Field(kind=Later("write them under `accounts`"), doc="Accounts from a CSV file"),
                "moved": Field(kind=Later("the journal knows accounts by uid"), doc="What was renamed"),
                "notify": Field(kind=Later(), doc="Where to send word of what happened"),
            },
            nulls=True,
        )

    def _venue(self) -> Record:
        regions = [region for rules in self.rules.values() for region in rules.regions]
        later = tuple(name for name in LATER_TYPES if name not in self.rules)
        worlds = {"live": "real money; the default", "demo": "the venue's own demo trading", "sandbox": "ours"}
        served = {world for rules in self.rules.values() for world in rules.environments}
        environments = {world: meaning for world, meaning in worlds.items() if world in served}
        return Record(
            {
                "type": Field(kind=Word(_words(self.rules), later), doc="The kind of venue user", required=True),
                "environment": Field(kind=Word(environments), doc="Which world the credentials belong to"),
                "credentials": Field(kind=_source(), doc="Where the API key comes from", required=True),
                "base_url": Field(
                    kind=Text(
                        TextRule(r"https?://[^\s/?#@]+/?", "scheme, host and port, such as http://127.0.0.1:8700"),
                        private=True,  # a user name and password may stand in it by mistake
                    ),
                    doc="Another address of the venue: scheme, host and port. Loopback, the type's own hosts over "
                    "https, or what ACCTCFG_TRUST names",
                ),
                "region": Field(kind=Word(_words(dict.fromkeys(regions))), doc="Where the venue user is registered"),
                "uid": Field(
                    kind=Text(_UID),
                    doc="Refuse to work if the credentials belong to somebody else",
                ),
                "egress": Field(
                    kind=ListOf(IpAddress(), unique=True), doc="The addresses that acctcfg itself calls from"
                ),
                "rate_share": Field(
                    kind=Decimals(most=1), doc="The share of each rate limit to use; 0.8, and 1.0 on loopback"
                ),
                "proxy": Field(
                    kind=Text(_PROXY, private=True),
                    doc="The proxy that connections to this venue are tunnelled through; else HTTPS_PROXY, unless "
                    "NO_PROXY names the host. Never for loopback",
                ),
                "limits": Field(
                    kind=Table(_granted(), name=_ENDPOINT, what="endpoint"),
                    doc="Rate limits that the venue granted you, by endpoint, in place of the documented ones",
                ),
            }
        )

    def _store(self) -> Record:
        identity = Record(
            {
                "env": Field(kind=Text(_VARIABLE, private=True), doc="The variable that holds the identity"),
                "file": Field(kind=Text(_PATH, private=True), doc="The file that holds the identity; ~ is expanded"),
            },
            one_of=("env", "file"),
        )
        types = {
            "age_file": "one armored age file per secret",
            "env": "environment variables; read only",
        }
        return Record(
            {
                "type": Field(kind=Word(types, ("keyring", "exec")), doc="The kind of store", required=True),
                "path": Field(kind=Text(_PATH), doc="age_file: the folder, relative to the root file"),
                "recipients": Field(
                    kind=ListOf(Text(_RECIPIENT, private=True), least=1), doc="age_file: who can read the secrets"
                ),
                "identity": Field(kind=identity, doc="age_file: what decrypts them"),
                "durable": Field(kind=Flag(), doc="age_file, with CI set: this folder outlives the job"),
                "prefix": Field(
                    kind=Text(_VARIABLE), doc="env: the variables are PREFIX_VENUE_ACCOUNT_LABEL_API_KEY and so on"
                ),
                "command": Field(kind=Later(), doc="exec: the program"),
                "service": Field(kind=Later(), doc="keyring: the service"),
            }
        )

    def _guardrails(self) -> Record:
        patterns = OneOrMany(Text())
        when = Record(
            {
                "address": Field(kind=patterns, doc='Address patterns, such as "*.leverage[swap/*]"; only * and ?'),
                "action": Field(kind=patterns, doc="create, change, replace or delete, or patterns"),
                "venue": Field(kind=patterns, doc="Keys of `venues`, or patterns"),
            }
        )
        rule = Record(
            {
                "name": Field(kind=Text(), doc="What a breach is called", required=True),
                "when": Field(kind=when, doc="Which steps it is about: all must match; none of them: every step"),
                "schema": Field(
                    kind=Plain({"type": ["object", "boolean"]}),  # no reference: an editor would go and fetch it
                    doc="The JSON Schema that every such step must satisfy",
                    required=True,
                ),
            }
        )
        return Record(
            {
                "max_leverage": Field(kind=Decimals(most=1_000_000), doc="No leverage above this"),
                "require_ip_allowlist": Field(kind=Flag(), doc="Keys that can trade or withdraw need an allow-list"),
                "deny_permissions": Field(
                    kind=ListOf(Word(_words(self._permissions())), unique=True),
                    doc="Permissions that no key may get; [withdraw] unless given",
                ),
                "max_deletes": Field(kind=Whole(0), doc="Deletes and replacements in one apply; 0 unless given"),
                "max_changed_accounts": Field(
                    kind=_Share(_SHARE),
                    doc="A number, or a share of the accounts in the manifest; no limit unless given",
                ),
                "adopt": Field(
                    kind=Word({"allow": "with a warning", "explicit": "only with its `uid`, or `adopt: true`"}),
                    doc="Whether an account that exists already is taken over; allow unless given",
                ),
                "rules": Field(kind=ListOf(rule), doc="Policy as code, checked on every plan"),
                "rollout": Field(kind=Later(), doc="Waves"),
                "approvals": Field(kind=Later(), doc="Who must sign a plan"),
                "windows": Field(kind=Later(), doc="When an apply may run"),
                "rule_sets": Field(kind=Later("`rules` holds your own"), doc="Built-in rules by id"),
                "exceptions": Field(kind=Later(), doc="Accounts that a rule leaves out"),
            }
        )

    def _permissions(self) -> list[str]:
        """All words that a key's permissions may come to, those of groups as `group:access`."""
        words = [word for rules in self.rules.values() for word in rules.permissions]
        return list(dict.fromkeys([*words, *(f"{group}:{access}" for group in self._groups() for access in ACCESS)]))

    def _groups(self) -> list[str]:
        return list(dict.fromkeys(group for rules in self.rules.values() for group in rules.permission_groups))

    def _key_permissions(self) -> Kind:
        words = dict.fromkeys(word for rules in self.rules.values() for word in rules.permissions)
        listed = ListOf(Word(_words(words)), least=1, unique=True)
        groups = self._groups()
        refused = {group: why for rules in self.rules.values() for group, why in rules.unsupported_groups.items()}
        return Permissions(listed, groups, refused) if groups else listed

    def _position_mode(self) -> Kind:
        word = Word(_union(rules.position_modes for rules in self.rules.values()))
        parts = dict.fromkeys(part for rules in self.rules.values() for part in rules.position_mode_parts)
        return WholeOrParts(word, parts) if parts else word

    def _key(self) -> Record:
        most = max((rules.ips_per_key for rules in self.rules.values()), default=None)
        return Record(
            {
                "state": Field(kind=Word({"present": "the default", "absent": "delete it"}), doc="Whether it exists"),
                "permissions": Field(
                    kind=self._key_permissions(),
                    doc="What the key can do; one that exists keeps what it has unless given",
                ),
                "ip_allowlist": Field(
                    kind=ListOf(IpAddress(), most=most, unique=True),
                    doc="The addresses that it works from; [] is any. A key that exists keeps what it has unless given",
                ),
                "store": Field(
                    kind=Text(NAME),
                    doc="The key of `secret_stores` that the secret is written to; for a new key a must",
                ),
                "until": Field(kind=Later(), doc="The day after which it is drift"),
                "rotate_after": Field(kind=Text(_DURATION), doc="The age at which `drift` reports it, such as 90d"),
            },
            nulls=True,
        )

    def _deposit_address(self) -> Record:
        types = dict.fromkeys(word for rules in self.rules.values() for word in rules.address_types)
        most = max((rules.addresses_per_currency for rules in self.rules.values()), default=None)
        return Record(
            {
                "currency": Field(kind=Text(_CURRENCY), doc="The currency's code", required=True),
                "chain": Field(
                    kind=Text(), doc="The chain, such as USDT-TRC20; the currency's main chain unless given"
                ),
                "type": Field(kind=Word(_words(types)), doc="Counts only when an address is created"),
                "count": Field(kind=Whole(1, most), doc="At least so many; 1 unless given"),
            }
        )

    def _leverage_entry(self) -> Record:
        selectors = dict.fromkeys(word for rules in self.rules.values() for word in rules.leverage_selectors)
        docs = {
            "instrument": "An instrument's id, or a shell pattern",
            "instruments": "Several instruments",
            "family": "An instrument family such as BTC-USDT, or a shell pattern",
            "currency": "A currency, or a shell pattern",
            "symbol": "A symbol, or a shell pattern",
        }
        named = {
            name: Field(
                kind=ListOf(Text(_PATTERN), least=1) if name == "instruments" else Text(_PATTERN), doc=docs[name]
            )
            for name in docs
            if name in selectors
        }
        later = {name: Field(kind=Later(), doc=docs[name]) for name in docs if name not in selectors}
        return Record(
            {
                "market": Field(kind=Word(_words(Market)), doc="The kind of product"),
                "margin": Field(kind=Word(_words(MarginMode)), doc="What backs the positions"),
                **named,
                **later,
                "side": Field(
                    kind=Word(_words(Side)), doc="One of two positions, where the venue keeps one value each"
                ),
                "value": Field(
                    kind=Decimals(most=1_000_000, later=("max",)), doc="The leverage, above 0", required=True
                ),
                "at_most": Field(kind=Later("`value` sets it"), doc="Lower only what stands above"),
                "until": Field(kind=Later(), doc="The day after which it is drift"),
            },
            one_of=tuple(named),
        )

    def _account(self) -> Record:
        rules = self.rules.values()
        side: dict[str, Field] = {
            "key": Field(kind=Text(NAME), doc="The label of one of its `api_keys` that has a `store`"),
            "credentials": Field(kind=_source(nulls=True), doc="Credentials from elsewhere"),
        }
        one_side = Record(side, nulls=True)
        access = Record(
            side
            | {
                "read": Field(kind=one_side, doc="For everything that does not write"),
                "write": Field(kind=one_side, doc="For writes"),
            },
            nulls=True,
        )
        deposit = Record(
            {
                "credit_to": Field(kind=Word(_words(CreditTo)), doc="Where deposits of the whole sub-account go"),
                "addresses": Field(kind=ListOf(self.deposit_address), doc="Addresses that must exist"),
            },
            nulls=True,
        )
        states = _union(r.states for r in rules)
        roles = dict.fromkeys(word for one in rules for word in one.roles)
        fields: dict[str, Field] = {
            "venue": Field(kind=Text(NAME), doc="A key of `venues`"),
            "profile": Field(kind=OneOrMany(Text(NAME)), doc="A key of `profiles`, or several: later ones win"),
            "role": Field(
                kind=Word(_words(roles, main="the user behind the venue's own credentials")), doc="What it is"
            ),
            "name": Field(
                kind=Text(_common(r.name for r in rules)), doc="The venue's name for it; the key unless given"
            ),
            "uid": Field(
                kind=Text(_UID),
                doc="The venue's id; one that differs from the live one blocks the account",
            ),
            "adopt": Field(kind=Flag(), doc="Take over an account that exists, under `adopt: explicit`"),
            "parent": Field(kind=Text(NAME), doc="The account that it is a second-level sub-account of"),
            "state": Field(kind=Word(states), doc="Whether it exists"),
            "protect": Field(kind=Flag(), doc="Refuse plans that would delete or replace it"),
            "label": Field(kind=Text(_common(r.label for r in rules), bare=True), doc="The venue's note on it"),
            "client_ip": Field(kind=IpAddress(), doc="Sent when it is created, and only then"),
            "access": Field(kind=access, doc="How acctcfg signs as this account"),
            "account_mode": Field(kind=Word(_union(r.account_modes for r in rules)), doc="The account mode"),
            "position_mode": Field(kind=self._position_mode(), doc="The position mode"),
            "leverage": Field(kind=ListOf(self.leverage_entry), doc="Leverage by scope; the more specific entry wins"),
            "api_keys": Field(
                kind=Table(self.key, name=_common(r.key_label for r in rules) or NAME, nulls=True, what="label"),
                doc="Its API keys by label",
            ),
            "api_keys_exclusive": Field(kind=Flag(), doc="Delete keys that the manifest does not name"),
            "deposit": Field(kind=deposit, doc="Deposit addresses"),
            "settings": settings_field(rules),
            "transfer_out": Field(kind=Later(), doc="Whether funds may leave"),
        }
        return Record(fields, nulls=True)
