"""OKX's answers as a seed of the sandbox: both speak the venue's own words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from acctcfg.rehearsal.reads import Known, Read, Row, Seeded, extend, listed, made_up, put, rows
from acctcfg.sandbox.values import Json

__all__ = ["seed_of"]

_CONFIG: Final = "/api/v5/account/config"
_FIELDS: Final = (  # of the config, as the seed has them
    *("acctLv", "posMode", "greeksType", "feeType", "ctIsoMode", "mgnIsoMode", "opAuth", "stgyType"),
    *("settleCcy", "settleCcyList", "level"),
)
_FLAGS: Final = ("autoLoan", "enableSpotBorrow", "spotBorrowAutoRepay")
_LISTS: Final = ("/api/v5/broker/dma/subaccount-info", "/api/v5/users/subaccount/list")
_LISTED: Final = ("uid", "label", "acctLv", "enable", "frozenFunc", "mainAcct")
_KEYS: Final = ("/api/v5/broker/dma/subaccount/apikey", "/api/v5/users/subaccount/apikey")
_INSTRUMENTS: Final = ("/api/v5/account/instruments", "/api/v5/public/instruments")
_CURRENCIES: Final = "/api/v5/asset/currencies"
_OPEN: Final = {  # path -> what the seed calls it
    "/api/v5/account/positions": "positions",
    "/api/v5/trade/orders-pending": "orders",
    "/api/v5/trade/orders-algo-pending": "algos",
    "/api/v5/tradingBot/grid/orders-algo-pending": "bots",
    "/api/v5/tradingBot/recurring/orders-algo-pending": "bots",
    "/api/v5/tradingBot/signal/orders-algo-pending": "bots",
    "/api/v5/tradingBot/dca/ongoing-list": "bots",
    "/api/v5/sprd/orders-pending": "spreads",
}
_MOVEMENTS: Final = {
    "/api/v5/asset/broker/dma/subaccount-deposit-history": "deposits",
    "/api/v5/asset/broker/dma/subaccount-withdrawal-history": "withdrawals",
}
_MODE_BLOCKS: Final = frozenset(  # what the switch precheck finds, and the seed can say in the same words
    (
        *("growth_fund", "cross_option_buyer", "isolated_option", "stop_spot_custom", "stop_futures_custom"),
        *("lead_portfolio", "futures_smart_sync", "vip_fixed_loan", "compliance_restriction", "compliance_kyc2"),
    )
)
_TAGS: Final = ("tag", "memo", "pmtId", "comment", "addrEx")
_OWN: Final = ("lever", "size", "count")  # what the sandbox works out, or would read as something else


def seed_of(known: Known, secrets: dict[str, tuple[str, str]]) -> Seeded:
    """The user's tenant, as far as it was read."""
    return _Seed(known, secrets).made()


class _Seed:
    def __init__(self, known: Known, secrets: dict[str, tuple[str, str]]) -> None:
        self.known, self.secrets = known, secrets
        self.seeded = Seeded()
        self.accounts: dict[str, Row] = defaultdict(dict)  # by uid
        self.names: dict[str, str] = {}  # uid -> name
        self.keys: dict[str, dict[str, Row]] = defaultdict(dict)  # uid -> id of the key -> the key
        self.owner: dict[str, str] = {known.key: known.uid}  # id of a key -> uid
        self.instruments: dict[tuple[str, str], Row] = {}
        self.working: list[set[str]] = []  # the addresses of each bound key that signed

    def made(self) -> Seeded:
        """Who there is, then what each has, then where that can be."""
        reads = self.known.reads
        for read in reads:
            self._who(read)
        by_path: dict[str, list[Read]] = defaultdict(list)
        for read in reads:
            by_path[read.path].append(read)
        for path in _INSTRUMENTS:
            for row in (one for read in by_path[path] for one in rows(read.data)):
                said: Row = {name: value for name, value in row.items() if value not in (None, "")}
                self.instruments.setdefault((str(row.get("instType")), str(row.get("instId"))), said)
        whole = bool(self.instruments)
        for read in reads:
            self._what(read)
        tenant: Row = {
            "uid": self.known.uid,
            **self.accounts.pop(self.known.uid, {}),
            "keys": self._keys(self.known.uid),
        }
        subs = {self.names[uid]: self._sub(uid) for uid in self.names if uid != self.known.uid}
        self.seeded.tenant = {**tenant, "sub_accounts": subs}
        rows_ = list(self.instruments.values())
        self.seeded.venue["instruments"] = {"replace": rows_} if whole else {"add": rows_}
        self.seeded.client_ip = self._ip()
        self.seeded.seen = set(self.owner.values())
        return self.seeded

    def _sub(self, uid: str) -> Json:
        return {**self.accounts.get(uid, {}), "keys": self._keys(uid)}

    def _keys(self, uid: str) -> Json:
        found: list[Json] = []
        for id_, row in self.keys[uid].items():
            secret, passphrase = made_up(id_, self.secrets)
            signs: Row = {"api_key": id_, "secret_key": secret, "passphrase": passphrase, "env": "any"}
            found.append({**row, **signs})
        return found

    def _ip(self) -> str:
        """An address from which every key signs that signed."""
        common = set.intersection(*self.working) if self.working else set()
        mine = [one for one in self.known.egress if one in common]
        if self.working and not common:
            self.seeded.not_copied.append(("", "the keys that sign are bound to different addresses"))
        return next(iter(mine or sorted(common) or self.known.egress), "")

    # -- who there is

    def _who(self, read: Read) -> None:
        if read.path == _CONFIG:
            self._config(read)
        elif read.path in _LISTS:
            for page in rows(read.data):
                details = page.get("details")
                for row in rows(details) if isinstance(details, list) else [page]:
                    self._listed(row)

    def _config(self, read: Read) -> None:
        for row in rows(read.data):
            uid = str(row.get("uid"))
            self.owner[read.key] = uid
            account = self.accounts[uid]
            account |= _some(row, *_FIELDS)
            account |= {name: str(row[name]).lower() == "true" for name in _FLAGS if row.get(name) not in (None, "")}
            key = _key(row)
            self.keys[uid][read.key] = key
            if key["ip"]:
                self.working.append(set(str(key["ip"]).split(",")))

    def _listed(self, row: Row) -> None:
        uid, name = str(row.get("uid")), str(row.get("subAcct"))
        self.names[uid] = name
        account = self.accounts[uid]
        account |= _some(row, *_LISTED)
        if "canTransOut" in row:
            account["canTransOut"] = str(row["canTransOut"]).lower() == "true"
        if (parent := row.get("firstLvSubAcct")) not in (None, "", name):
            account["firstLvSubAcct"] = parent

    # -- what each has

    def _what(self, read: Read) -> None:
        account = self.accounts[self._of(read)]
        found = tuple(rows(read.data))
        if read.path in _OPEN:
            extend(account, _OPEN[read.path], filter(None, (self._open(read, row) for row in found)))
        elif read.path in _MOVEMENTS:
            extend(account, _MOVEMENTS[read.path], (_some(row, "ccy", "chain", "amt", "state") for row in found))
        elif read.path in _KEYS:
            for row in found:
                self.keys[self._of(read)].setdefault(str(row.get("apiKey")), _key(row))
        elif read.path == _CURRENCIES:
            self._currencies(found)
        elif read.path in _HELD:
            _HELD[read.path](account, found)
        elif read.path == "/api/v5/account/leverage-info":
            self._leverage(account, found)

    def _of(self, read: Read) -> str:
        """The uid of the account that an answer is about."""
        name = read.params.get("subAcct", "")
        return (
            next((uid for uid, one in self.names.items() if one == name), "") if name else self.owner.get(read.key, "")
        )

    def _leverage(self, account: Row, some: Sequence[Row]) -> None:
        found: Row = {}
        for row in some:
            margin, side = str(row.get("mgnMode")), str(row.get("posSide"))
            if row.get("ccy") and not row.get("instId"):
                found[f"MARGIN/{margin}/{row['ccy']}"] = row["lever"]
            elif (scope := self._scope(account, str(row.get("instId")), margin)) is not None and row.get("lever"):
                sided = side in ("long", "short") and margin == "isolated" and scope[0] != "MARGIN"
                found["/".join([*scope, *([side] if sided else [])])] = row["lever"]
        put(account, "leverage", found)

    def _scope(self, account: Row, inst_id: str, margin: str) -> tuple[str, str, str] | None:
        """By what the venue keeps the leverage of a contract or a pair."""
        for kind in ("SWAP", "FUTURES", "MARGIN"):
            if (row := self.instruments.get((kind, inst_id))) is None:
                continue
            key: Json = inst_id
            if kind == "FUTURES" and margin == "cross":
                key = row.get("instFamily")
            elif kind == "MARGIN" and margin == "cross" and account.get("acctLv") != "2":
                key = row.get("quoteCcy")
            return kind, margin, str(key)
        return None

    def _currencies(self, some: Sequence[Row]) -> None:
        chains: dict[str, list[Json]] = defaultdict(list)
        for row in some:
            chains[str(row.get("ccy"))].append(_some(row, "chain", "mainNet", "needTag", "ctAddr", "canDep"))
        made: Row = {"add": [{"ccy": ccy, "chains": one} for ccy, one in chains.items()]}
        known = self.seeded.venue.get("currencies")
        if isinstance(known, dict):
            made["add"] = [*listed(known.get("add")), *listed(made["add"])]
        self.seeded.venue["currencies"] = made

    def _open(self, read: Read, row: Row) -> Row | None:
        """What is open, as the seed takes it; what belongs to a contract that no list shows brings that along."""
        if "pos" in row and not _amount(row["pos"]):
            return None
        found: Row = {name: value for name, value in row.items() if value not in (None, "") and name not in _OWN}
        if "tradingBot" in read.path:
            found |= _bot(read, row)
        if "sprdId" in row:
            return {**found, "instId": row["sprdId"]}
        kind, inst_id = str(found.get("instType") or ""), str(found.get("instId"))
        if kind and (kind, inst_id) not in self.instruments:
            self.instruments[kind, inst_id] = {"instType": kind, "instId": inst_id}
        return found


def _deposits(account: Row, some: Sequence[Row]) -> None:
    extend(account, "addresses", map(_address, some))
    account |= next(({"to": row["to"]} for row in some if row.get("to")), {})


def _balance(account: Row, some: Sequence[Row]) -> None:
    """What is held and owed, and what is set by currency."""
    details = [one for row in some for one in rows(row.get("details") or [])]
    put(account, "trading", {str(one["ccy"]): one["cashBal"] for one in details if _amount(one.get("cashBal"))})
    put(account, "debts", {str(one["ccy"]): _positive(one["liab"]) for one in details if _amount(one.get("liab"))})
    put(
        account, "spot_offset", {str(one["ccy"]): one["clSpotInUseAmt"] for one in details if one.get("clSpotInUseAmt")}
    )
    put(account, "auto_earn", {str(one["ccy"]): 0 for one in details if one.get("autoLendStatus") in _EARNING})
    more = [one["ccy"] for one in details if one.get("autoLendStatus") == "unsupported"]
    account["earn_unsupported"] = [*listed(account.get("earn_unsupported")), *more]


def _funding(account: Row, some: Sequence[Row]) -> None:
    put(account, "funding", {str(row["ccy"]): row["bal"] for row in some if _amount(row.get("bal"))})


def _collateral(account: Row, some: Sequence[Row]) -> None:
    off = [row["ccy"] for row in some if row.get("collateralEnabled") is False]
    account["collateral_off"] = [*listed(account.get("collateral_off")), *off]


def _protection(account: Row, some: Sequence[Row]) -> None:
    put(
        account,
        "mmp",
        {str(row["instFamily"]): _some(row, "timeInterval", "frozenInterval", "qtyLimit") for row in some},
    )
    account["mmp_frozen"] = [row["instFamily"] for row in some if row.get("mmpFrozen") is True]


def _blocks(account: Row, some: Sequence[Row]) -> None:
    """What the precheck finds besides what is open, in words that the seed has, too."""
    found = (one for row in some for one in rows(row.get("unmatchedInfoCheck") or []))
    kinds = {str(one.get("type")) for one in found} & _MODE_BLOCKS
    account["mode_blocks"] = sorted({*map(str, listed(account.get("mode_blocks"))), *kinds})


_EARNING: Final = ("active", "pending")
_HELD: Final[Mapping[str, Callable[[Row, Sequence[Row]], None]]] = {
    "/api/v5/asset/broker/dma/subaccount-deposit-address": _deposits,
    "/api/v5/account/balance": _balance,
    "/api/v5/asset/balances": _funding,
    "/api/v5/account/collateral-assets": _collateral,
    "/api/v5/account/mmp-config": _protection,
    "/api/v5/account/set-account-switch-precheck": _blocks,
}


def _some(row: Row, *names: str) -> Row:
    """These members, where they say anything."""
    return {name: row[name] for name in names if row.get(name) not in (None, "")}


def _key(row: Mapping[str, Json]) -> Row:
    ip = row.get("ip") or ""
    perm = row.get("perm") or "read_only"
    text = ",".join(map(str, ip)) if isinstance(ip, list) else str(ip)
    said = ",".join(map(str, perm)) if isinstance(perm, list) else str(perm)
    return {"label": str(row.get("label")), "perm": said, "ip": text}


def _address(row: Row) -> Row:
    found = _some(row, "ccy", "chain", "addr", "ctAddr", "selected")
    tag = next((name for name in _TAGS if row.get(name)), None)
    return found | ({} if tag is None else {tag: row[tag]})


def _bot(read: Read, row: Row) -> Row:
    """Its kind by what was asked for, and a contract where the row has none of its own."""
    kind = read.params.get("algoOrdType", "")
    if "recurring" in read.path:
        kind = "recurring"
        first = next(rows(row.get("recurringList") or []), {})
        return {"kind": kind, "instType": "SPOT", "instId": f"{first.get('ccy')}-{row.get('investmentCcy') or 'USDT'}"}
    if "signal" in read.path:
        return {"kind": "signal", "instId": next(iter(listed(row.get("instIds"))), "")}
    return {"kind": kind}


def _amount(value: Json) -> bool:
    """Whether it is a number other than zero."""
    return bool(str(value or "").strip("-0."))


def _positive(value: Json) -> Json:
    return str(value).removeprefix("-")
