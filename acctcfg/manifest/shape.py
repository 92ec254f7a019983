"""The shape of a manifest, declared once: the checker, the JSON Schema and the documentation all follow from it.

The venue types' own words come in with their `VenueRules`. Which type an account has is known only through its
`venue`, so the shape of an account is the union over the types; `accounts.py` narrows it to the account's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from acctcfg.core.rules import NAME, TextRule, VenueRules
from acctcfg.core.text_rule import PATH
from acctcfg.manifest.account_shape import account, connection_credentials, deposit_address, permission_words
from acctcfg.manifest.commands import Trust
from acctcfg.manifest.containers import Field, FilledIn, ListOf, OneOrMany, Record, Table
from acctcfg.manifest.guardrail_shape import guardrails
from acctcfg.manifest.notify_shape import notify_shape
from acctcfg.manifest.scalars import Decimals, Flag, IpAddress, Text, Whole, Word
from acctcfg.manifest.stores import store_shape
from acctcfg.manifest.text_rules import ENDPOINT, JOURNAL_URL, PROXY, UID
from acctcfg.secrets.types import store_types

__all__ = ["LATER_TYPES", "NAME", "Shape"]

WITH_COLUMN: Final = TextRule(
    r"[^\x00-\x1f\x7f]*\{[^{}]+\}[^\x00-\x1f\x7f]*", "text with a column in it, such as {customer_id}"
)
LATER_TYPES: Final = ("okx", "okx_dma_broker", "gate_crossex")


def _granted() -> Record:
    """A rate limit in place of the documented one."""
    return Record(
        {
            "count": Field(kind=Whole(1), doc="The number of requests", required=True),
            "per_s": Field(kind=Decimals(), doc="The number of seconds that they may be sent in", required=True),
        }
    )


class Shape:
    """The declared shape, for one set of venue types. `trust`: what ACCTCFG_TRUST says."""

    def __init__(self, rules: Mapping[str, VenueRules], trust: str = "") -> None:
        self.rules = rules
        self.trust = Trust(trust)
        self.venue = self._venue()
        self.stores = store_types()
        self.store = store_shape(self.stores, self.trust)
        self.guardrails = guardrails(permission_words(rules.values()))
        self.deposit_address = deposit_address(self.rules.values())
        self.account = account(self.rules.values(), self.trust)
        self.journal = Record(
            {
                "durable": Field(kind=Flag(), doc="With CI set: the journal's folder outlives the job"),
                "url": Field(
                    kind=Text(JOURNAL_URL, private=True),  # a password may stand in it by mistake
                    doc="A journal that a team shares, in a PostgreSQL database, without its password; else it is "
                    ".acctcfg/journal.sqlite. On this machine, or a server that ACCTCFG_TRUST names",
                ),
            }
        )
        self.moved = Table(Text(NAME), name=NAME)
        self.notify = notify_shape(self.trust)
        self.root = self._root()

    def _root(self) -> Record:
        return Record(
            {
                "version": Field(kind=Whole(1, 1), doc="The version of this format: 1. The root file must have it"),
                "include": Field(
                    kind=ListOf(Text(PATH)),
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
                "accounts_from": Field(
                    kind=ListOf(self._rows()), doc="Accounts from tables, such as a spreadsheet: each row is an account"
                ),
                "moved": Field(
                    kind=self.moved,
                    doc="Accounts and connections that were renamed here: the former key, and the current one",
                ),
                "notify": Field(kind=self.notify, doc="Where to send word of what a command did"),
            },
            nulls=True,
        )

    def _rows(self) -> Record:
        """An entry of `accounts_from`; what its fields become, each row's account tells."""
        return Record(
            {
                "csv": Field(
                    kind=Text(PATH),
                    doc="The CSV file, relative to the root file's folder; its first line names the columns",
                    required=True,
                ),
                "name": Field(
                    kind=Text(WITH_COLUMN),
                    doc="The key that the account has in `accounts`",
                    required=True,
                ),
                "profile": Field(
                    kind=OneOrMany(Text()), doc="A key of `profiles`, or several; the cell of a column may list them"
                ),
                "fields": Field(
                    kind=FilledIn(self.account, "profile"),
                    doc="The account's fields; {COLUMN} stands for the row's cell. An empty cell leaves its field out",
                ),
            }
        )

    def _venue(self) -> Record:
        regions = [region for rules in self.rules.values() for region in rules.regions]
        later = tuple(name for name in LATER_TYPES if name not in self.rules)
        worlds = {"live": "real money; the default", "demo": "the venue's own demo trading", "sandbox": "ours"}
        served = {world for rules in self.rules.values() for world in rules.environments}
        environments = {world: meaning for world, meaning in worlds.items() if world in served}
        return Record(
            {
                "type": Field(kind=Word(list(self.rules), later), doc="The kind of venue user", required=True),
                "environment": Field(kind=Word(environments), doc="Which world the credentials belong to"),
                "credentials": Field(
                    kind=connection_credentials(self.rules.values(), self.trust),
                    doc="Where the API key comes from",
                    required=True,
                ),
                "base_url": Field(
                    kind=Text(
                        TextRule(r"https?://[^\s/?#@]+/?", "scheme, host and port, such as http://127.0.0.1:8700"),
                        private=True,  # a user name and password may stand in it by mistake
                    ),
                    doc="Another address of the venue: scheme, host and port. Loopback, the type's own hosts over "
                    "https, or what ACCTCFG_TRUST names",
                ),
                "region": Field(kind=Word(dict.fromkeys(regions, "")), doc="Where the venue user is registered"),
                "uid": Field(
                    kind=Text(UID),
                    doc="Refuse to work if the credentials belong to somebody else",
                ),
                "egress": Field(
                    kind=ListOf(IpAddress(), unique=True), doc="The addresses that acctcfg itself calls from"
                ),
                "rate_share": Field(
                    kind=Decimals(most=1), doc="The share of each rate limit to use; 0.8, and 1.0 on loopback"
                ),
                "proxy": Field(
                    kind=Text(PROXY, private=True),
                    doc="The proxy that connections to this venue are tunnelled through; else HTTPS_PROXY, unless "
                    "NO_PROXY names the host. Never for loopback",
                ),
                "limits": Field(
                    kind=Table(_granted(), name=ENDPOINT, what="endpoint"),
                    doc="Rate limits that the venue granted you, by endpoint, in place of the documented ones",
                ),
            }
        )
