"""The rows of the lists that a master key reads: sub-accounts, their keys, their deposit addresses. Source: OKX v5."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from acctcfg.core.json_types import JsonObject
from acctcfg.core.spelling import unix_seconds
from acctcfg.core.state import Unreadable
from acctcfg.deposit import CreditTo
from acctcfg.venues.existing import Existing
from acctcfg.venues.okx.row_fields import boolean, demand, known_or_not, tag_of, text_or_none
from acctcfg.venues.okx.vocabulary import ACCOUNT_LEVEL, CREDIT_TO, ips_of, permissions_of

__all__ = ["EVERYTHING", "Chain", "DepositAddress", "KeyList", "KeyRow", "SubAccount", "seconds"]

EVERYTHING = "everything"
"""In place of the frozen functions, where the venue says that an account is frozen and not what of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubAccount:
    """One row of the list of sub-accounts."""

    name: str
    uid: str  # "": the row does not say, so nothing is done with that account
    label: str | None  # without outer blanks, which the venue adds; None: the row does not say
    account_mode: str | Unreadable | None  # None: the list of this type of user does not show it
    parent: str | None  # the venue's name of the first-level account, "" for one; None: the row does not say
    created_ms: str
    kind: str = ""  # "1": a regular one; the venue's other words are of custody and of managed trading
    of_broker: bool = False
    transfer_out: bool | None = None  # None: the row does not say
    frozen: tuple[str, ...] = ()  # the functions that the venue has frozen, in its words; EVERYTHING: it does not say
    may_be_frozen: bool = False  # the row does not say whether the account is enabled
    doubled: bool = False  # the list has another account of this name

    @classmethod
    def of(cls, row: object, *, shows_mode: bool = True) -> SubAccount:
        """Read a row; one without a name is no answer. A word that is new to us spoils its own field."""
        row = demand("a sub-account", row, "subAcct")
        label = text_or_none(row.get("label"))
        return cls(
            name=str(row["subAcct"]),
            uid=text_or_none(row.get("uid")) or "",
            label=None if label is None else label.strip(),
            account_mode=known_or_not(ACCOUNT_LEVEL, row.get("acctLv")) if shows_mode else None,
            parent=_parent(row),
            created_ms=text_or_none(row.get("ts")) or "",
            kind=text_or_none(row.get("type")) or "",
            of_broker=boolean(row.get("ifDma")) is True,
            transfer_out=boolean(row.get("canTransOut")),
            frozen=_frozen(row),
            may_be_frozen=boolean(row.get("enable")) is None,
        )

    @classmethod
    def told(cls, facts: JsonObject) -> SubAccount | None:
        """A row as `facts` tells it; None where there was none."""
        if not facts:
            return None
        known: dict[str, Any] = dict(facts)
        return cls(**{**known, "frozen": tuple(known["frozen"])})

    @staticmethod
    def facts(row: SubAccount | None) -> JsonObject | None:
        """A row for another process, {} for none; None where it has a word that is new to us."""
        if row is None:
            return {}
        return None if isinstance(row.account_mode, Unreadable) else {**asdict(row), "frozen": list(row.frozen)}

    @property
    def existing(self) -> Existing:
        """As an import and a look for drift see it."""
        created_s = seconds(self.created_ms)
        return Existing(
            name=self.name, uid=self.uid, label=self.label or "", created_s=created_s, above=self.parent or ""
        )

    def is_frozen(self, function: str) -> bool:
        """Whether a function is frozen; the venue's word for it."""
        return function in self.frozen or EVERYTHING in self.frozen


def _parent(row: JsonObject) -> str | None:
    """Both generations of rows: `mainAcct`; since 2025-05-28 `firstLvSubAcct`, the own name for a first-level one."""
    if above := text_or_none(row.get("mainAcct")):
        return above
    first, level = text_or_none(row.get("firstLvSubAcct")), text_or_none(row.get("subAcctLv"))
    if level == "1" or (first and first == str(row["subAcct"])):
        return ""
    if first:
        return first
    return "" if row.get("mainAcct") == "" and level in (None, "") else None


def _frozen(row: JsonObject) -> tuple[str, ...]:
    """The frozen functions, whatever their words; a frozen account that names none has all of them frozen."""
    named = row.get("frozenFunc")
    functions = named.split(",") if isinstance(named, str) else named if isinstance(named, list) else []
    found = tuple(sorted({str(one).strip() for one in functions} - {""}))
    return found or ((EVERYTHING,) if boolean(row.get("enable")) is False else ())


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRow:
    """One API key as the broker sees it; the secret is never part of it."""

    label: str
    api_key: str
    permissions: tuple[str, ...]
    ip_allowlist: tuple[str, ...]
    changed_ms: str  # when it was made, or changed last

    @classmethod
    def of(cls, row: JsonObject) -> KeyRow:
        """Read a row; one that does not tell which key it is, or what it can do, is no answer."""
        demand("an API key", row, "label", "apiKey", "perm", there=("ip",))
        return cls(
            label=str(row["label"]),
            api_key=str(row["apiKey"]),
            permissions=permissions_of(str(row["perm"])),
            ip_allowlist=ips_of(str(row["ip"])),
            changed_ms=text_or_none(row.get("ts")) or "",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyList:
    """An account's keys by label. `odd`: labels of rows that could not be read, "" for one without a label."""

    rows: Mapping[str, KeyRow]
    odd: frozenset[str] = frozenset()

    def with_those_of(self, later: KeyList) -> KeyList:
        """What two looks show together; a row that one of them could not read is not told by the other."""
        odd = self.odd | later.odd
        both = {**self.rows, **later.rows}
        return KeyList(rows={label: row for label, row in both.items() if label not in odd}, odd=odd)


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositAddress:
    """One deposit address of a sub-account."""

    currency: str
    chain: str  # "": the row does not say, so the address may be any of its currency
    address: str  # "": the row does not say, so nobody can pay to it
    tag: str  # "": none is shown
    credit_to: CreditTo | Unreadable
    listed: bool = True  # False: the venue answered it when it was made, and its list does not show it (yet)

    @classmethod
    def of(cls, row: JsonObject, currency: str) -> DepositAddress:
        """Read a row; one that leaves out chain or address spoils no other, and one without both is no answer."""
        if not isinstance(row, Mapping) or not (row.get("chain") or row.get("addr")):
            demand("a deposit address", row, "chain", "addr")
        return cls(
            currency=currency,
            chain=str(row.get("chain") or ""),
            address=str(row.get("addr") or ""),
            tag=tag_of(row),
            credit_to=known_or_not(CREDIT_TO, str(row.get("to") or "")),
        )

    @property
    def whole(self) -> bool:
        """Whether the row says which address it is."""
        return bool(self.chain and self.address)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """One chain of a currency. None: the venue does not say."""

    name: str
    main: bool
    takes_deposits: bool | None
    needs_tag: bool | None

    @classmethod
    def of(cls, row: JsonObject) -> Chain:
        """Read a row; one without its chain is no answer."""
        demand("a currency", row, "chain")
        return cls(
            name=str(row["chain"]),
            main=boolean(row.get("mainNet")) is True,
            takes_deposits=boolean(row.get("canDep")),
            needs_tag=boolean(row.get("needTag")),
        )


def seconds(milliseconds: str) -> float | None:
    """A time of the venue's in Unix seconds; None where a row says none."""
    return unix_seconds(milliseconds, per_s=1000)
