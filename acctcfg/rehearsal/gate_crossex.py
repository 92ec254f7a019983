"""Gate CrossEx's answers as a seed of the sandbox: both speak the venue's own words."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from acctcfg.rehearsal.reads import Known, Read, Row, Seeded, extend, listed, made_up, put, rows
from acctcfg.sandbox.values import Json

__all__ = ["seed_of"]

_CROSSEX: Final = "/api/v4/crossex"
_OPEN: Final = {
    f"{_CROSSEX}/positions": "positions",
    f"{_CROSSEX}/margin_positions": "margin_positions",
    f"{_CROSSEX}/security_positions": "security_positions",
    f"{_CROSSEX}/open_orders": "orders",
}
_SIZES: Final = ("position_qty", "asset_qty", "liability", "qty")
_LEVERAGE: Final = (f"{_CROSSEX}/positions/leverage", f"{_CROSSEX}/margin_positions/leverage")
_OF_USER: Final = re.compile(r"/api/v4/sub_accounts/(?P<uid>[^/]+)(?:/keys(?:/[^/]+)?)?")
_OWN: Final = ("leverage", "size", "count")  # what the sandbox works out, or would read as something else


def seed_of(known: Known, secrets: dict[str, tuple[str, str]]) -> Seeded:
    """The user's tenant, as far as it was read."""
    return _Seed(known, secrets).made()


class _Seed:
    def __init__(self, known: Known, secrets: dict[str, tuple[str, str]]) -> None:
        self.known, self.secrets = known, secrets
        self.accounts: dict[str, Row] = defaultdict(dict)  # by uid
        self.names: dict[str, str] = {}  # uid -> login name
        self.keys: dict[str, dict[str, Row]] = defaultdict(dict)  # uid -> key -> its row
        self.owner: dict[str, str] = {known.key: known.uid}
        self.symbols: dict[str, Row] = {}
        self.current = False  # the later of the two wire formats

    def made(self) -> Seeded:
        """Who there is, then what each has."""
        for read in self.known.reads:
            self._who(read)
        for read in self.known.reads:
            self._what(read)
        main = self.accounts.pop(self.known.uid, {})
        mine = self.keys[self.known.uid]
        if self.known.key not in mine:
            mine[self.known.key] = {"name": "signs", "perms": ["crossx", "sub_accounts", "account"]}
        tenant: Row = {"venue": "gate_crossex", "uid": self.known.uid, **main, "keys": self._keys(self.known.uid)}
        if self.current:
            tenant["profile"] = "current"
        subs = {name: {**self.accounts[uid], "uid": uid, "keys": self._keys(uid)} for uid, name in self.names.items()}
        seeded = Seeded(tenant={**tenant, "sub_accounts": subs})
        seeded.venue["symbols"] = {"add": list(self.symbols.values())}
        seeded.seen = set(self.owner.values())
        seeded.client_ip = next(iter(self.known.egress), "")
        return seeded

    def _keys(self, uid: str) -> Json:
        return [{**row, "key": id_, "secret": made_up(id_, self.secrets)[0]} for id_, row in self.keys[uid].items()]

    def _who(self, read: Read) -> None:
        for row in rows(read.data):
            uid = str(row.get("user_id") or "")
            if read.path.startswith(_CROSSEX) and uid and read.key:
                self.owner[read.key] = uid
            elif (found := _OF_USER.fullmatch(read.path)) and "/keys" in read.path:
                self.keys[found["uid"]][str(row.get("key"))] = _key(row)
            elif read.path.startswith("/api/v4/sub_accounts") and "login_name" in row:
                self._listed(uid, row)
            elif read.path == "/api/v4/account/main_keys":
                self.keys[self.known.uid][str(row.get("key"))] = _key(row)

    def _listed(self, uid: str, row: Row) -> None:
        self.names[uid] = str(row["login_name"])
        account = self.accounts[uid]
        account |= {name: row[name] for name in ("remark", "email") if row.get(name)}
        account |= {name: str(row[name]) for name in ("state", "type") if row.get(name) is not None}

    def _what(self, read: Read) -> None:
        account = self.accounts[self.owner.get(read.key, self.known.uid)]
        if read.path == f"{_CROSSEX}/accounts":
            for row in rows(read.data):
                self._modes(account, row)
        elif read.path in _OPEN:
            extend(account, _OPEN[read.path], (self._open(row) for row in rows(read.data) if _is_open(row)))
        elif read.path in _LEVERAGE:
            self._leverage(account, read.data)
        elif read.path == f"{_CROSSEX}/positions/margin_mode":
            modes = {str(row["symbol"]): row["margin_mode"] for row in rows(read.data) if row.get("margin_mode")}
            put(account, "margin_mode", modes)
            self._know(modes)
        elif read.path == f"{_CROSSEX}/rule/symbols":
            for row in rows(read.data):
                known = self.symbols.setdefault(str(row.get("symbol")), {})
                known |= {name: value for name, value in row.items() if value not in (None, "")}
        elif read.path == f"{_CROSSEX}/rule/risk_limits":
            for row in rows(read.data):
                self._limits(row)

    def _modes(self, account: Row, row: Row) -> None:
        """Modes, balances and margins: of the whole account, or of one exchange."""
        where = str(row.get("exchange_type") or "CROSSEX")
        account |= {"opened": True, "account_mode": row.get("account_mode")}
        put(account, "position_mode", {where: row.get("position_mode")})
        for kept, name in (("balances", "balance"), ("liabilities", "liability")):
            for asset in rows(row.get("assets") or []):
                place = str(asset.get("exchange_type") or where)
                known = account.get(kept)
                held = known.get(place) if isinstance(known, dict) else None
                coins = {**(held if isinstance(held, dict) else {}), str(asset.get("coin")): asset.get(name) or "0"}
                put(account, kept, {place: coins})

    def _open(self, row: Row) -> Row:
        self._know({str(row.get("symbol")): ""})
        return {name: value for name, value in row.items() if value not in (None, "") and name not in _OWN}

    def _leverage(self, account: Row, data: Json) -> None:
        if isinstance(data, dict) and "symbol" not in data:
            self.current = True
            found = {name: str(value) for name, value in data.items()}
        else:
            found = {str(row["symbol"]): str(row["leverage"]) for row in rows(data) if row.get("leverage")}
        put(account, "leverage", found)
        self._know(found)

    def _limits(self, row: Row) -> None:
        """The first of its tiers says what a symbol takes at most."""
        symbol = self.symbols.setdefault(str(row.get("symbol")), {"symbol": row.get("symbol")})
        tiers = [one for one in rows(row.get("tiers") or row.get("risk_limits") or []) if one.get("leverage_max")]
        if tiers:
            symbol["leverage_max"] = tiers[0]["leverage_max"]

    def _know(self, symbols: Mapping[str, Json]) -> None:
        for name in symbols:
            self.symbols.setdefault(name, {"symbol": name})


def _key(row: Row) -> Row:
    perms = [{"name": one.get("name"), "read_only": bool(one.get("read_only"))} for one in rows(row.get("perms") or [])]
    found: Row = {"name": str(row.get("name")), "perms": perms, "ip_whitelist": listed(row.get("ip_whitelist"))}
    return found | {name: row[name] for name in ("mode", "state") if isinstance(row.get(name), int)}


def _is_open(row: Row) -> bool:
    return "order_id" in row or any(str(row.get(name) or "").strip("-0.") for name in _SIZES)
