"""The shape of an account and of what it holds, as the union over the venue types; see `shape`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import assert_never

from acctcfg.core.level import MAX
from acctcfg.core.own_field import Ip, OwnField, Upper
from acctcfg.core.rules import NAME, TextRule, VenueRules
from acctcfg.core.setting import Flag as FlagKind
from acctcfg.core.text_rule import PATH, VARIABLE
from acctcfg.core.vocabulary import MarginMode, Market, Side
from acctcfg.deposit import CreditTo, rules_of
from acctcfg.key_groups import groups_of
from acctcfg.manifest.alternatives import ACCESS, Permissions, WholeOrParts
from acctcfg.manifest.commands import CommandLine, KeyringService, Trust
from acctcfg.manifest.containers import Field, Kind, Later, ListOf, OneOrMany, Record, Table
from acctcfg.manifest.days import UNTIL, AllowList
from acctcfg.manifest.scalars import Decimals, Flag, IpAddress, Text, Whole, Word
from acctcfg.manifest.settings import settings_field
from acctcfg.manifest.text_rules import CURRENCY, DEVICE, DURATION, PATTERN, SECRET_PATH, UID
from acctcfg.position_parts import parts_of
from acctcfg.signing import signing_of

__all__ = ["account", "connection_credentials", "deposit_address", "permission_words"]

Rules = Collection[VenueRules]


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


def _label(rules: Rules) -> TextRule | None:
    """The rule for labels of every type; one line of text where they differ, an empty one if any of them takes that."""
    empty = TextRule(r"[^\x00-\x1f\x7f]*", "one line of text") if any(one.label.allows("") for one in rules) else None
    return _common(one.label for one in rules) or empty


def connection_credentials(rules: Rules, trust: Trust) -> Record:
    """Where the credentials of a connection come from."""
    if not any(signing_of(one).bearer_excludes for one in rules):
        return credentials(trust)
    token = Record(
        {
            "env": Field(kind=Text(VARIABLE, private=True), doc="The variable that holds the access token"),
            "exec": Field(
                kind=CommandLine(trust),
                doc="A program that answers it, and its arguments; ACCTCFG_TRUST must name it",
            ),
            "pass_env": Field(
                kind=ListOf(Text(VARIABLE, private=True)),
                doc="Variables of the environment that the program of `exec` gets besides PATH, HOME and LANG",
            ),
            "termid": Field(kind=Text(DEVICE), doc="The id of the device that the token was made for, if it has one"),
        },
        one_of=(("env", "exec"),),
    )
    doc = "An OAuth bearer token: the settings of the user behind it (role main), and nothing of its sub-accounts"
    return credentials(trust, token=Field(kind=token, doc=doc))


def credentials(trust: Trust, nulls: bool = False, token: Field | None = None) -> Record:
    """The kinds of sources that credentials can be read from; exactly one is named."""
    ways = ("env", "store", "file", "exec", "keyring") + (() if token is None else ("token",))
    no_token = Later("a token serves a whole connection: `credentials` of `venues`")
    return Record(
        {
            "env": Field(
                kind=Text(VARIABLE, private=True),
                doc="Prefix of the variables: DESK reads DESK_API_KEY, DESK_SECRET_KEY and DESK_PASSPHRASE",
            ),
            "store": Field(kind=Text(NAME), doc="A key of `secret_stores`; goes with `key`"),
            "key": Field(
                kind=Text(SECRET_PATH), doc="The path of the secret in that store, or of the entry in that keyring"
            ),
            "file": Field(kind=Text(PATH), doc="A JSON file that only its owner can read (mode 0600)"),
            "exec": Field(
                kind=CommandLine(trust),
                doc="A program that answers them, and its arguments; ACCTCFG_TRUST must name it",
            ),
            "pass_env": Field(
                kind=ListOf(Text(VARIABLE, private=True)),
                doc="Variables of the environment that the program of `exec` gets besides PATH, HOME and LANG",
            ),
            "keyring": Field(
                kind=KeyringService(trust),
                doc="A service of the system's keyring; goes with `key`; ACCTCFG_TRUST must name it (keyring:SERVICE)",
            ),
            "token": token or Field(kind=no_token, doc="An OAuth bearer token"),
        },
        nulls=nulls,
        one_of=(ways,),
    )


def permission_words(rules: Rules) -> list[str]:
    """All words that a key's permissions may come to, those of groups as `group:access`."""
    words = [word for one in rules for word in one.permissions]
    return list(dict.fromkeys([*words, *(f"{group}:{access}" for group in _groups(rules) for access in ACCESS)]))


def _groups(rules: Rules) -> list[str]:
    return list(dict.fromkeys(group for one in rules for group in groups_of(one).names))


def _key_permissions(rules: Rules) -> Kind:
    words = dict.fromkeys(word for one in rules for word in one.permissions)
    listed = ListOf(Word(words), least=1, unique=True)
    groups = _groups(rules)
    refused = {group: why for one in rules for group, why in groups_of(one).refused.items()}
    return Permissions(listed, groups, refused) if groups else listed


def _position_mode(rules: Rules) -> Kind:
    word = Word(_union(one.position_modes for one in rules))
    parts = dict.fromkeys(part for one in rules for part in parts_of(one).names)
    others = next((parts_of(one).others for one in rules if parts_of(one).others), "")
    return WholeOrParts(word, parts, others) if parts else word


def _key(rules: Rules) -> Record:
    most = max((one.ips_per_key for one in rules), default=None)
    return Record(
        {
            "state": Field(kind=Word({"present": "the default", "absent": "delete it"}), doc="Whether it exists"),
            "permissions": Field(
                kind=_key_permissions(rules),
                doc="What the key can do; if left out, an existing key keeps what it has",
            ),
            "ip_allowlist": Field(
                kind=AllowList(most=most),
                doc="The addresses that it works from, each perhaps with an `until`; [] is any. If left out, an "
                "existing key keeps what it has",
            ),
            "store": Field(
                kind=Text(NAME),
                doc="The key of `secret_stores` that the secret is written to; required for a new key",
            ),
            "until": UNTIL,
            "rotate_after": Field(kind=Text(DURATION), doc="The age at which `drift` reports it, such as 90d"),
        },
        nulls=True,
    )


def deposit_address(rules: Rules) -> Record:
    """An entry of `deposit.addresses`."""
    types = dict.fromkeys(word for one in rules for word in rules_of(one).types)
    most = max((rules_of(one).most_per_currency for one in rules), default=None)
    return Record(
        {
            "currency": Field(kind=Text(CURRENCY), doc="The currency's code", required=True),
            "chain": Field(kind=Text(), doc="The chain, such as USDT-TRC20; default: the currency's main chain"),
            "type": Field(kind=Word(types), doc="Used only when an address is created"),
            "count": Field(kind=Whole(1, most), doc="How many there must be at least; default: 1"),
        }
    )


def _leverage_entry(rules: Rules) -> Record:
    selectors = dict.fromkeys(word for one in rules for word in one.leverage_selectors)
    docs = {
        "instrument": "An instrument's id, or a shell pattern",
        "instruments": "Several instruments",
        "family": "An instrument family such as BTC-USDT, or a shell pattern",
        "currency": "A currency, or a shell pattern",
        "symbol": "A symbol, or a shell pattern",
    }
    named = {
        name: Field(kind=ListOf(Text(PATTERN), least=1) if name == "instruments" else Text(PATTERN), doc=docs[name])
        for name in docs
        if name in selectors
    }
    later = {name: Field(kind=Later(), doc=docs[name]) for name in docs if name not in selectors}
    return Record(
        {
            "market": Field(kind=Word(Market), doc="The kind of product"),
            "margin": Field(kind=Word(MarginMode), doc="What backs the positions"),
            **named,
            **later,
            "side": Field(kind=Word(Side), doc="One of two positions, where the venue keeps one value each"),
            "value": Field(
                kind=Decimals(most=1_000_000, words={"max": MAX}),
                doc="The leverage, above 0, or max: the greatest that the venue takes",
            ),
            "at_most": Field(kind=Decimals(most=1_000_000), doc="In place of `value`: lowers what stands above"),
            "until": UNTIL,
        },
        one_of=(tuple(named), ("value", "at_most")),
    )


def _access(trust: Trust) -> Record:
    side: dict[str, Field] = {
        "key": Field(kind=Text(NAME), doc="The label of one of its `api_keys` that has a `store`"),
        "credentials": Field(kind=credentials(trust, nulls=True), doc="Credentials from elsewhere"),
    }
    one_side = Record(side, nulls=True)
    return Record(
        side
        | {
            "read": Field(kind=one_side, doc="For everything that does not write"),
            "write": Field(kind=one_side, doc="For writes"),
        },
        nulls=True,
    )


def _deposit(rules: Rules) -> Record:
    return Record(
        {
            "credit_to": Field(kind=Word(CreditTo), doc="Where deposits of the whole sub-account go"),
            "addresses": Field(kind=ListOf(deposit_address(rules)), doc="Addresses that must exist"),
        },
        nulls=True,
    )


def account(rules: Rules, trust: Trust) -> Record:
    """An entry of `accounts`, and of `profiles`."""
    states = _union(one.states for one in rules)
    roles = dict.fromkeys((word for one in rules for word in one.roles), "")
    if "main" in roles:
        roles["main"] = "the user behind the venue's own credentials"
    fields: dict[str, Field] = {
        "venue": Field(kind=Text(NAME), doc="A key of `venues`"),
        "profile": Field(kind=OneOrMany(Text(NAME)), doc="A key of `profiles`, or several: later ones win"),
        "role": Field(
            kind=Word(
                {role: "the user behind the venue's own credentials" if role == "main" else "" for role in roles}
            ),
            doc="What it is",
        ),
        "name": Field(
            kind=Text(_common(one.name for one in rules)), doc="The venue's name for it; default: its key in this file"
        ),
        "uid": Field(
            kind=Text(UID),
            doc="The venue's id; one that differs from the live one blocks the account",
        ),
        "adopt": Field(kind=Flag(), doc="Take over an account that exists, under `adopt: explicit`"),
        "state": Field(kind=Word(states), doc="Whether it exists"),
        "protect": Field(kind=Flag(), doc="Refuse plans that would delete or replace it"),
        "label": Field(kind=Text(_label(rules), bare=True), doc="The venue's note on it"),
        "access": Field(kind=_access(trust), doc="How acctcfg signs as this account"),
        "account_mode": Field(kind=Word(_union(one.account_modes for one in rules)), doc="The account mode"),
        "position_mode": Field(kind=_position_mode(rules), doc="The position mode"),
        "leverage": Field(kind=ListOf(_leverage_entry(rules)), doc="Leverage by scope; the more specific entry wins"),
        "api_keys": Field(
            kind=Table(_key(rules), name=_common(one.key_label for one in rules) or NAME, nulls=True, what="label"),
            doc="Its API keys by label",
        ),
        "api_keys_exclusive": Field(kind=Flag(), doc="Delete keys that the manifest does not name"),
        "deposit": Field(kind=_deposit(rules), doc="Deposit addresses"),
        "settings": settings_field(rules),
        "transfer_out": Field(kind=Later(), doc="Whether funds may leave"),
        **{one.name: Field(kind=_own(one), doc=one.doc) for some in rules for one in some.own_fields},
    }
    return Record(fields, nulls=True)


def _own(field: OwnField) -> Kind:
    """What is written under a field that a venue type declares itself."""
    match field.kind:
        case FlagKind():
            return Flag()
        case Ip():
            return IpAddress()
        case Upper():
            return Text(NAME)
        case _ as unknown:
            assert_never(unknown)
