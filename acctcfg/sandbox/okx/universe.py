"""What can be traded, and in which currencies: instruments, position tiers, currencies and their chains.

Source: OKX v5, "Get instruments", "Get position tiers", "Get currencies". Prices are made up and never move.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from acctcfg.sandbox.values import Json, Row, flag, items, mapping, number, text, whole

__all__ = ["CURRENCIES", "TAG_PLACES", "Chain", "Currency", "Instrument", "currency_from", "default_instruments"]
__all__ += ["instrument_from", "tiers"]

TAG_PLACES = ("tag", "memo", "pmtId", "comment", "addrEx")  # where an address may carry its tag

# base, quote, maximum margin leverage (0: spot only)
PAIRS = (
    ("BTC", "USDT", 10),
    ("ETH", "USDT", 10),
    ("LTC", "USDT", 5),
    ("SOL", "USDT", 10),
    ("XRP", "USDT", 5),
    ("DOGE", "USDT", 5),
    ("BTC", "USDC", 10),
    ("ETH", "USDC", 10),
    ("ETH", "BTC", 10),
    ("LTC", "BTC", 5),
    ("USDC", "USDT", 0),
)
# family, maximum leverage
SWAPS = (
    ("BTC-USDT", 100),
    ("ETH-USDT", 100),
    ("SOL-USDT", 50),
    ("LTC-USDT", 50),
    ("XRP-USDT", 50),
    ("DOGE-USDT", 20),
    ("TSLA-USDT", 5),
    ("BTC-USDC", 100),
    ("ETH-USDC", 50),
    ("BTC-USD", 100),
    ("ETH-USD", 50),
    ("BTC-USD_UM", 100),
)
# family, expiry, maximum leverage, state
FUTURES = (
    ("BTC-USD", "271231", 100, "live"),
    ("BTC-USD", "280331", 100, "live"),
    ("BTC-USDT", "271231", 100, "live"),
    ("BTC-USDT", "280331", 100, "live"),
    ("ETH-USDT", "271231", 50, "live"),
    ("ETH-USDT", "280331", 50, "live"),
    ("SOL-USDT", "271231", 20, "live"),
    ("ETH-USD", "271231", 50, "suspend"),
    ("LTC-USDT", "280331", 20, "preopen"),
)
NEAR = (("BTC-USD", 100), ("BTC-USDT", 100), ("ETH-USDT", 50))  # these also expire on the next two quarter ends
TYPES = ("SPOT", "MARGIN", "SWAP", "FUTURES", "OPTION", "EVENTS")


@dataclass(frozen=True, slots=True)
class Instrument:
    """One row of the instruments list, and the parts of it that rules need."""

    inst_type: str
    inst_id: str
    family: str
    base: str
    quote: str
    lever: Decimal  # the maximum; 0 where leverage does not apply
    state: str
    expires: int  # Unix milliseconds; 0 for never
    row: Row


@dataclass(frozen=True, slots=True)
class Chain:
    """One network that a currency moves on."""

    id: str
    main: bool = False
    needs_tag: bool = False
    contract: str = ""
    can_deposit: bool = True
    tag_place: str = "tag"  # or memo, pmtId, comment, addrEx


@dataclass(frozen=True, slots=True)
class Currency:
    """A currency with its chains; `usd` values balances."""

    code: str
    name: str
    usd: Decimal
    chains: tuple[Chain, ...]


def _currency(code: str, name: str, usd: str, *chains: Chain) -> tuple[str, Currency]:
    return code, Currency(code, name, Decimal(usd), chains)


CURRENCIES: dict[str, Currency] = dict(
    (
        _currency("BTC", "Bitcoin", "60000", Chain("BTC-Bitcoin", main=True), Chain("BTC-Lightning")),
        _currency(
            "ETH",
            "Ethereum",
            "3000",
            Chain("ETH-ERC20", main=True),
            Chain("ETH-Arbitrum One"),
            Chain("ETH-Optimism"),
        ),
        _currency(
            "USDT",
            "Tether",
            "1",
            Chain("USDT-ERC20", main=True, contract="831ec7"),
            Chain("USDT-TRC20", contract="jLj6t1"),
            Chain("USDT-Solana", contract="NwNYB1"),
            Chain("USDT-Omni", can_deposit=False),
        ),
        _currency(
            "USDC",
            "USD Coin",
            "1",
            Chain("USDC-ERC20", main=True, contract="06eb48"),
            Chain("USDC-Solana", contract="Dt1v"),
        ),
        _currency("SOL", "Solana", "150", Chain("SOL-Solana", main=True)),
        _currency("LTC", "Litecoin", "80", Chain("LTC-Litecoin", main=True)),
        _currency("XRP", "Ripple", "0.5", Chain("XRP-Ripple", main=True, needs_tag=True)),
        _currency("DOGE", "Dogecoin", "0.1", Chain("DOGE-Dogecoin", main=True)),
        _currency("OKB", "OKB", "50", Chain("OKB-X Layer", main=True)),
        _currency("TON", "Toncoin", "3", Chain("TON-TON", main=True, needs_tag=True, tag_place="addrEx")),
    )
)


def currency_from(row: Mapping[str, Json]) -> Currency:
    """`{ccy: TON, usd: 3, chains: [{chain: TON-TON, needTag: true, canDep: true, tag: addrEx}]}`"""
    code = text(row, "ccy")
    chains = [_chain(mapping(chain), not index) for index, chain in enumerate(items(row["chains"]))]
    return Currency(code, text(row, "name", code), number(row.get("usd", 1), ("usd",)), tuple(chains))


def _chain(row: Mapping[str, Json], first: bool) -> Chain:
    return Chain(
        text(row, "chain"),
        main=flag(row, "mainNet", first),
        needs_tag=flag(row, "needTag", False),
        contract=text(row, "ctAddr"),
        can_deposit=flag(row, "canDep", True),
        tag_place=text(row, "tag", "tag"),
    )


_FIELDS = """
baseCcy category contTdSwTime ctMult ctType ctVal ctValCcy expTime groupId instCategory instFamily instId instIdCode
instType lever listTime longPosRemainingQuota lotSz maxIcebergSz maxLmtAmt maxLmtSz maxMktAmt maxMktSz
maxPlatOICoinLmt maxPlatOILmt maxStopSz maxTriggerSz maxTwapSz minSz openType optType posLmtAmt posLmtPct preMktSwTime
quoteCcy ruleType seriesId settleCcy shortPosRemainingQuota state stk tickSz uly
"""
_BLANK = dict.fromkeys(_FIELDS.split(), "")


def _row(values: Row) -> Row:
    row: Row = dict(_BLANK)
    row.update(category="1", ruleType="normal", tickSz="0.1", lotSz="1", minSz="1", listTime="1597026383085")
    row.update(instCategory="1", futureSettlement=False, instIdCode=None, groupId="1", tradeQuoteCcyList=[], upcChg=[])
    row.update(values)
    return row


def instrument_from(values: Mapping[str, Json]) -> Instrument:
    """An instrument from wire fields; instId and instType are needed, the rest is worked out where it is missing.

    Raises ValueError when an id does not fit its type.
    """
    inst_type, inst_id = str(values["instType"]), str(values["instId"])
    if inst_type not in TYPES:
        raise ValueError(f"instType {inst_type!r} is none of {', '.join(TYPES)}")
    parts = inst_id.split("-")
    if len(parts) < 2 or (inst_type in ("SWAP", "FUTURES") and len(parts) != 3):
        raise ValueError(f"{inst_id!r} is no {inst_type} instrument id")
    row = _row({"state": "live", **_derived(inst_type, parts), **{k: _text(v) for k, v in values.items()}})
    return Instrument(
        inst_type=inst_type,
        inst_id=inst_id,
        family=text(row, "instFamily"),
        base=text(row, "baseCcy"),
        quote=text(row, "quoteCcy"),
        lever=number(row["lever"] or 0, ("lever",)),
        state=text(row, "state"),
        expires=whole(row["expTime"] or 0, ("expTime",)),
        row=row,
    )


def _text(value: Json) -> Json:
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def _derived(inst_type: str, parts: list[str]) -> Row:
    pair = "-".join(parts[:2])
    if inst_type == "SPOT":
        return {"baseCcy": parts[0], "quoteCcy": parts[1], "minSz": "0.00001", "lotSz": "0.00000001"}
    if inst_type == "MARGIN":
        return {"baseCcy": parts[0], "quoteCcy": parts[1], "uly": pair, "instFamily": pair, "lever": "5"}
    quote, _, usd_margined = parts[1].partition("_")
    inverse = quote == "USD" and not usd_margined
    derived: Row = {
        "uly": f"{parts[0]}-{quote}",
        "instFamily": pair,
        "settleCcy": parts[0] if inverse else quote,
        "ctType": "inverse" if inverse else "linear",
        "ctVal": "100" if inverse else "0.01",
        "ctMult": "1",
        "ctValCcy": "USD" if inverse else parts[0],
        "lever": "" if inst_type == "OPTION" else "50",
    }
    if inst_type in ("FUTURES", "OPTION"):
        derived["expTime"] = str(_expiry_ms(parts[2]))
    return derived


def _expiry_ms(code: str) -> int:
    """Contracts of this venue expire at 08:00 UTC of the day in their id."""
    day = datetime.strptime(code, "%y%m%d").replace(tzinfo=UTC, hour=8)
    return int(day.timestamp() * 1000)


def _quarter_ends(now_ms: int) -> Iterator[str]:
    """The last Fridays of the quarters to come, as expiry codes."""
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    year, quarter = now.year, (now.month - 1) // 3
    while True:
        quarter += 1
        first_after = datetime(year + quarter // 4, 3 * (quarter % 4) + 1, 1, tzinfo=UTC)
        friday = first_after - timedelta(days=(first_after.weekday() - 5) % 7 + 1)
        if friday > now + timedelta(days=2):  # a contract about to expire would vanish while a test runs
            yield friday.strftime("%y%m%d")


def _contracts(now_ms: int) -> Iterator[Row]:
    for family, lever in SWAPS:
        yield {"instType": "SWAP", "instId": f"{family}-SWAP", "lever": str(lever)}
    ends = _quarter_ends(now_ms)
    near = [next(ends), next(ends)]
    for family, lever in NEAR:
        for code in near:
            yield {"instType": "FUTURES", "instId": f"{family}-{code}", "lever": str(lever)}
    for family, code, lever, state in FUTURES:
        yield {"instType": "FUTURES", "instId": f"{family}-{code}", "lever": str(lever), "state": state}


def default_instruments(now_ms: int) -> dict[tuple[str, str], Instrument]:
    """The universe of a sandbox without a seed, by (instType, instId)."""
    rows: list[Row] = []
    for base, quote, lever in PAIRS:
        rows.append({"instType": "SPOT", "instId": f"{base}-{quote}"})
        if lever:
            rows.append({"instType": "MARGIN", "instId": f"{base}-{quote}", "lever": str(lever)})
    rows.extend(_contracts(now_ms))
    instruments = (instrument_from(row) for row in rows)
    return {(instrument.inst_type, instrument.inst_id): instrument for instrument in instruments}


def tiers(lever: Decimal) -> list[tuple[Decimal, Decimal, Decimal]]:
    """Position tiers as (smallest size, largest size, maximum leverage): the bigger, the less leverage."""
    shares = (
        (Decimal(0), Decimal(1000), 1),
        (Decimal(1000), Decimal(10_000), 2),
        (Decimal(10_000), Decimal(100_000), 5),
    )
    return [(low, high, max(Decimal(1), (lever / share).quantize(Decimal("0.01")))) for low, high, share in shares]
