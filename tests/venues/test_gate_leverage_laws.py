"""Which entry decides a symbol: the most precise of the latest layer, whatever the order they are written in."""

from __future__ import annotations

from decimal import Decimal
from fnmatch import fnmatchcase

from hypothesis import given
from hypothesis import strategies as st

from acctcfg.core.desired import LeverageEntry, Place, Selector
from acctcfg.core.words import Market
from acctcfg.venues.gate_crossex.leverage import lever_text, resolve
from acctcfg.venues.gate_crossex.symbols import Symbols

ROWS = [
    {
        "symbol": f"{exchange}_{business}_{base}_USDT",
        "exchange_type": exchange,
        "business_type": business,
        "state": state,
    }
    for exchange in ("OKX", "GATE")
    for business in ("FUTURE", "MARGIN", "SPOT")
    for base, state in (("ADA", "live"), ("A_B", "live"), ("BTC", "live"), ("OLD", "suspend"))
]
SYMBOLS = Symbols(ROWS)
LIVE = {row["symbol"]: row for row in ROWS if row["state"] == "live" and row["business_type"] != "SPOT"}
PATTERNS = ["*", "OKX_*", "*_ADA_USDT", "OKX_FUTURE_*", "*_FUTURE_A*", "OKX_FUTURE_ADA_USD?", *sorted(LIVE)]


def entry(number: int, market: Market | None, pattern: str, value: int, layer: int) -> LeverageEntry:
    """An entry in a line of its own."""
    return LeverageEntry(
        market=market,
        margin=None,
        selector=Selector("symbol", pattern),
        side=None,
        value=Decimal(value),
        layer=layer,
        place=Place("acctcfg.yaml", number + 1, 1),
        path=f"cx.leverage[{number}]",
    )


def fitting(market: Market | None, pattern: str) -> bool:
    """An exact name says its market itself: one beside another market is another claim's matter."""
    wanted = {Market.FUTURES: "_FUTURE_", Market.MARGIN: "_MARGIN_"}.get(market or Market.FUTURES, "")
    return market is None or "*" in pattern or "?" in pattern or wanted in pattern


ENTRIES = st.lists(
    st.tuples(
        st.sampled_from([None, Market.FUTURES, Market.MARGIN]),
        st.sampled_from(PATTERNS),
        st.integers(1, 4),
        st.integers(0, 1),
    ).filter(lambda row: fitting(row[0], row[1])),
    max_size=5,
).map(lambda rows: [entry(number, *row) for number, row in enumerate(rows)])


def matches(one: LeverageEntry, symbol: str) -> bool:
    """Whether an entry speaks of a live symbol."""
    markets = {"FUTURE": Market.FUTURES, "MARGIN": Market.MARGIN}
    return fnmatchcase(symbol, one.selector.pattern) and one.market in (None, markets[LIVE[symbol]["business_type"]])


def rank(one: LeverageEntry) -> tuple[int, bool, int]:
    """Layer, then an exact name, then literal characters."""
    literal = sum(char not in "*?" for char in one.selector.pattern)
    return one.layer, one.selector.exact, 0 if one.selector.exact else literal


@given(ENTRIES)
def test_the_most_precise_entry_decides(entries: list[LeverageEntry]) -> None:
    """Every live symbol that any entry matches is decided, by an entry of the highest rank; no other is."""
    found = resolve(entries, SYMBOLS, isolated=False)
    wanted = {}
    for symbol in LIVE:
        claims = [one for one in entries if matches(one, symbol)]
        if claims:
            top = max(map(rank, claims))
            wanted[symbol] = {one.value for one in claims if rank(one) == top}
    assert {decision.symbol for decision in found.wanted.values()} == set(wanted)
    assert all(decision.value in wanted[decision.symbol] for decision in found.wanted.values())
    assert bool(found.problems) == any(len(values) > 1 for values in wanted.values())


@given(ENTRIES, st.randoms(use_true_random=False), st.booleans())
def test_the_order_of_entries_changes_nothing(entries: list[LeverageEntry], random: object, isolated: bool) -> None:
    """Shuffled entries come to the same decisions, warnings and problems."""
    shuffled = list(entries)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = (resolve(some, SYMBOLS, isolated=isolated) for some in (entries, shuffled))
    assert {key: decision.value for key, decision in one.wanted.items()} == {
        key: decision.value for key, decision in other.wanted.items()
    }
    assert list(one.wanted) == list(other.wanted)
    assert (one.warnings, bool(one.problems)) == (other.warnings, bool(other.problems))


@given(ENTRIES)
def test_isolated_has_no_margin(entries: list[LeverageEntry]) -> None:
    """In isolated_exchange no margin symbol is ever decided, and an entry that names nothing else is a problem."""
    found = resolve(entries, SYMBOLS, isolated=True)
    assert all(decision.market is Market.FUTURES for decision in found.wanted.values())
    only_margin = [
        one
        for one in entries
        if (names := [s for s in LIVE if matches(one, s)]) and all("_MARGIN_" in name for name in names)
    ]
    assert len([problem for problem in found.problems if "no margin trading" in problem.message]) == len(only_margin)


@given(st.integers(1, 10**6), st.sampled_from(["", ".0", ".00", "E0"]))
def test_a_value_is_written_as_short_as_it_is(value: int, tail: str) -> None:
    """5, 5.0 and 5E+0 are sent as "5"; a hundred is never "1E+2"."""
    assert lever_text(Decimal(f"{value}{tail}")) == str(value)
