"""What the main user's own key reads: who it is, its sub-accounts and their keys. Source: Gate API v4, sub-accounts.

Lists have no pages. A sub-account's name is its identity, and a key's is the key itself: its name is free text that
two keys may share.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from acctcfg.core.secret import Credentials
from acctcfg.core.spelling import one_ip, whole_of
from acctcfg.core.state import Live, Unreadable
from acctcfg.errors import Garbled, Refused
from acctcfg.venues.gate_crossex.endpoints import ACCOUNT_DETAIL, KEY, KEYS, MAIN_KEYS, SUB_ACCOUNT, SUB_ACCOUNTS
from acctcfg.venues.gate_crossex.vocabulary import SUB_STATE, permission_of
from acctcfg.wire.client import Client
from acctcfg.wire.endpoint import Call
from acctcfg.wire.shared import Shared

__all__ = ["KeyList", "KeyRow", "MainUser", "SubAccount", "SubAccountList"]

_USABLE = "1"  # 2 and 3 are frozen and locked, in this order or the other: neither is usable


@dataclass(frozen=True, slots=True, kw_only=True)
class SubAccount:
    """One row of the list of sub-accounts."""

    name: str
    uid: str
    label: str  # the venue's `remark`, without outer blanks
    state: Live  # our word, or why it cannot be told
    created_s: str

    @classmethod
    def of(cls, row: object) -> SubAccount:
        """Read a row; a row without name or id is no answer."""
        if not isinstance(row, Mapping) or not row.get("login_name") or not row.get("user_id"):
            raise Garbled("a sub-account without login_name or user_id", code="no_uid")
        try:
            state: Live = SUB_STATE.core(str(row.get("state")))
        except Garbled as error:
            state = Unreadable(error.code, error.message)
        return cls(
            name=str(row["login_name"]),
            uid=str(row["user_id"]),
            label=str(row.get("remark") or "").strip(),
            state=state,
            created_s=str(row.get("create_time") or ""),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SubAccountList:
    """All sub-accounts. `odd`: a name for each row that could not be read, "" for one without a name."""

    rows: tuple[SubAccount, ...]
    odd: tuple[str, ...] = ()

    @classmethod
    def of(cls, answer: object) -> SubAccountList:
        """A row that cannot be read says nothing of the others, and two that say the same are one."""
        if not isinstance(answer, list):
            raise Garbled("a list of sub-accounts that is not a list", code="no_list")
        rows, odd = [], []
        for row in answer:
            try:
                rows.append(SubAccount.of(row))
            except Garbled:
                odd.append(str(row.get("login_name") or "") if isinstance(row, Mapping) else "")
        rows = list(dict.fromkeys(rows))  # one that is listed twice is one
        return cls(rows=tuple(sorted(rows, key=lambda row: row.name)), odd=tuple(sorted(odd)))

    def with_more(self, later: SubAccountList) -> SubAccountList:
        """What a later look shows, and what only this one did."""
        there = {row.uid for row in later.rows}
        lost = (row for row in self.rows if row.uid not in there and row.name not in later.odd)
        return SubAccountList(rows=tuple(sorted((*later.rows, *lost), key=lambda row: row.name)), odd=later.odd)

    def find(self, name: str) -> SubAccount | None:
        """The one of that name; None if there is none. Raises Garbled where the list does not tell."""
        found = [row for row in self.rows if row.name == name]
        if len(found) > 1:
            raise Garbled(f"the venue lists {len(found)} sub-accounts called {name}", code="not_unique")
        if name in self.odd:
            raise Garbled(f"the venue lists {name} without its user_id", code="no_uid")
        if not found and "" in self.odd:
            message = f"the venue's list of sub-accounts has a row that cannot be read, which may be {name}"
            raise Garbled(message, code="shape")
        return found[0] if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRow:
    """One API key as the main user sees it; the secret is never part of it."""

    label: str
    api_key: str
    permissions: tuple[str, ...]  # "futures:write", sorted
    ip_allowlist: tuple[str, ...]  # sorted
    usable: bool  # the row says so
    state: object  # the venue's word for it, None where the row has none
    mode: int | None  # of the account that it was made for; can be sent back, never changed
    made_s: str  # when it was made; "" where the row does not say it
    changed_s: str  # when it was changed last, or made

    @classmethod
    def of(cls, row: object) -> KeyRow:
        """Read a row; one that does not tell which key it is, or what it can do from where, is no answer.

        No document calls any of these optional, so what is left out is not known: it is never none, or any address.
        """
        if not isinstance(row, Mapping) or not row.get("key"):
            raise Garbled("an API key without its id", code="no_key")
        if row.get("name") is None:
            raise Garbled("an API key without its name", code="shape")
        perms, addresses = row.get("perms"), row.get("ip_whitelist")
        if not isinstance(perms, list) or not isinstance(addresses, list):
            raise Garbled("an API key whose permissions or addresses are not lists", code="shape")
        if not all(isinstance(ip, str) for ip in addresses):
            raise Garbled("an API key with an address that is not text", code="shape")
        return cls(
            label=str(row["name"]),
            api_key=str(row["key"]),
            permissions=tuple(sorted({permission_of(perm) for perm in perms})),
            ip_allowlist=tuple(sorted({one_ip(ip) for ip in addresses if ip})),
            usable=str(row.get("state")) == _USABLE,
            state=row.get("state"),
            mode=whole_of(str(row.get("mode"))),
            made_s=str(row.get("created_at") or ""),
            changed_s=str(row.get("updated_at") or row.get("update_at") or row.get("created_at") or ""),
        )

    @property
    def why_not_usable(self) -> str:
        """What is said of a key that is not, as far as the row tells."""
        if self.state is None:
            return "the venue does not say whether this key works, or is frozen or locked"
        return "the venue has frozen or locked this key: it does not work"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyList:
    """A sub-account's keys, by label. `odd`: names of rows that could not be read, "" for one without a name."""

    rows: tuple[KeyRow, ...]
    odd: frozenset[str] = frozenset()


class MainUser:
    """Reads through the credentials of the connection. `user` is the venue user's id, set once it is known."""

    def __init__(self, client: Client, credentials: Credentials, user: str) -> None:
        self.client = client
        self.credentials = credentials
        self.user = user
        self._lists = Shared(self._sub_accounts)
        self._listed: asyncio.Task[SubAccountList] | None = None

    async def _read(self, call: Call) -> Any:
        return (await self.client.read(call, self.credentials, self.user)).data

    async def uid(self) -> str:
        """Whose credentials these are, for a user that has no CrossEx account."""
        found = await self._read(Call(ACCOUNT_DETAIL))
        if not isinstance(found, Mapping) or not found.get("user_id"):
            raise Garbled("an account without its user_id", code="no_account")
        return str(found["user_id"])

    async def sub_account(self, name: str, *, fresh: bool = False) -> SubAccount | None:
        """The one of that name; None if there is none. Everybody who does not need it fresh shares one request."""
        return (await self.sub_accounts(fresh=fresh)).find(name)

    async def sub_accounts(self, *, fresh: bool = False) -> SubAccountList:
        """All of them."""
        if self._listed is None or fresh:
            self._listed = self._lists.next()
        return await asyncio.shield(self._listed)

    async def _sub_accounts(self, leaves: Callable[[], None]) -> SubAccountList:
        call = Call(SUB_ACCOUNTS, {"type": "0"})  # of every kind: one left out would seem absent

        async def settle() -> Call:
            leaves()
            return call

        return SubAccountList.of((await self.client.read(call, self.credentials, self.user, settle=settle)).data)

    async def by_uid(self, uid: str) -> SubAccount:
        """One sub-account, read by its uid. Raises Refused where there is none."""
        return SubAccount.of(await self._read(Call(SUB_ACCOUNT, at={"user_id": uid})))

    async def known(self, name: str, uid: str) -> SubAccount | None:
        """One that has been there, by its id; None where the venue has it no more, or by another name."""
        row = await self.anybody(uid)
        return row if row is not None and row.name == name else None

    async def anybody(self, uid: str) -> SubAccount | None:
        """The sub-account with this id, whatever its name; None where the venue has it no more."""
        try:
            return await self.by_uid(uid)
        except Refused as error:
            if error.code not in ("NOT_FOUND", "SUB_ACCOUNT_NOT_FOUND"):
                raise
            return None

    async def key_list(self, uid: str) -> KeyList:
        """All keys of a sub-account; a row that cannot be read says nothing of the others."""
        return _keys(await self._read(Call(KEYS, at={"user_id": uid})))

    async def own_keys(self) -> KeyList:
        """The main user's own, to look at only."""
        return _keys(await self._read(Call(MAIN_KEYS)))

    async def keys(self, uid: str) -> tuple[KeyRow, ...]:
        """Those of a sub-account's keys that could be read, by label."""
        return (await self.key_list(uid)).rows

    async def key(self, uid: str, api_key: str) -> KeyRow:
        """One key of a sub-account, read by its id. Raises Refused where there is none."""
        return KeyRow.of(await self._read(Call(KEY, at={"user_id": uid, "key": api_key})))

    async def key_or_none(self, uid: str, api_key: str) -> KeyRow | None:
        """The same; None where the sub-account has no such key."""
        try:
            return await self.key(uid, api_key)
        except Refused as error:
            if error.code != "NOT_FOUND":
                raise
            return None


def _keys(answer: object) -> KeyList:
    """A row that cannot be read says nothing of the others. A key that is listed twice is one; where its rows differ,
    neither counts."""
    if not isinstance(answer, list):
        raise Garbled("a list of API keys that is not a list", code="no_list")
    rows: dict[str, list[KeyRow]] = {}
    odd = set()
    for row in answer:
        try:
            read = KeyRow.of(row)
        except Garbled:
            odd.add(str(row.get("name") or "") if isinstance(row, Mapping) else "")
        else:
            same = rows.setdefault(read.api_key, [])
            same += [read] if read not in same else []
    if answer and not any(isinstance(row, Mapping) and (row.get("name") or row.get("key")) for row in answer):
        raise Garbled("an API key without its id", code="no_key")  # whatever this list is, it is not of keys
    odd |= {one.label for same in rows.values() if len(same) > 1 for one in same}
    whole = [one for same in rows.values() if len(same) == 1 for one in same]
    return KeyList(rows=tuple(sorted(whole, key=lambda row: (row.label, row.api_key))), odd=frozenset(odd))
