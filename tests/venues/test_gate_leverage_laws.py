"""Which entry decides a symbol: the most precise of the latest layer, whatever the order they are written in."""

from __future__ import annotations

from decimal import Decimal
from fnmatch import fnmatchcase

from hypothesis import given
from hypothesis import strategies as st

from acctcfg.core.desired import LeverageEntry, Place, Selector
from acctcfg.core.vocabulary import Market
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
NOW = 1_796_000_000_000
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
    found = resolve(entries, SYMBOLS, isolated=False, now_ms=NOW)
    wanted = {}
    for symbol in LIVE:
        claims = [one for one in entries if matches(one, symbol)]
        if claims:
            top = max(map(rank, claims))
            wanted[symbol] = {one.value for one in claims if rank(one) == top}
    assert {decision.symbol: {decision.value} for decision in found.wanted.values()} == {
        symbol: values for symbol, values in wanted.items() if len(values) == 1
    }
    assert bool(found.troubles) == any(len(values) > 1 for values in wanted.values())


@given(ENTRIES, st.randoms(use_true_random=False), st.booleans())
def test_the_order_of_entries_changes_nothing(entries: list[LeverageEntry], random: object, isolated: bool) -> None:
    """Shuffled entries come to the same decisions, warnings and problems."""
    shuffled = list(entries)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = (resolve(some, SYMBOLS, isolated=isolated, now_ms=NOW) for some in (entries, shuffled))
    assert {key: decision.value for key, decision in one.wanted.items()} == {
        key: decision.value for key, decision in other.wanted.items()
    }
    assert list(one.wanted) == list(other.wanted)
    assert (one.warnings, bool(one.troubles)) == (other.warnings, bool(other.troubles))


@given(ENTRIES)
def test_isolated_has_no_margin(entries: list[LeverageEntry]) -> None:
    """In isolated_exchange no margin symbol is ever decided, and an entry that names nothing else is a problem."""
    found = resolve(entries, SYMBOLS, isolated=True, now_ms=NOW)
    assert all(decision.market is Market.FUTURES for decision in found.wanted.values())
    only_margin = [
        one
        for one in entries
        if (names := [s for s in LIVE if matches(one, s)]) and all("_MARGIN_" in name for name in names)
    ]
    assert len([trouble for trouble in found.troubles if "no margin trading" in trouble.told]) == len(only_margin)


STATES = ("live", "a_word_of_2027", "", "LIVE", "suspend", "preopen", "test")


@given(
    st.sampled_from(STATES),
    st.sampled_from(("", "0", str(NOW - 1), str(NOW), str(NOW + 1), "soon")),
    st.sampled_from(["OKX_FUTURE_ADA_USDT", "OKX_*"]),
)
def test_only_what_takes_no_leverage_sets_nothing(state: str, delisted: str, pattern: str) -> None:
    """Suspended and the like, and gone: a date of delisting that has not come yet, or no date at all, is neither."""
    row = {**ROWS[0], "state": state, "delist_time": delisted}
    found = resolve([entry(0, None, pattern, 3, 0)], Symbols([row]), isolated=False, now_ms=NOW)
    takes = state not in ("suspend", "preopen", "test") and delisted not in (str(NOW - 1), str(NOW))
    assert list(found.wanted) == (["futures/OKX_FUTURE_ADA_USDT"] if takes else [])
    assert (len(found.warnings), found.troubles) == (0 if takes else 1, ())
    assert len(found.idle) == (not takes and "*" not in pattern)


def test_a_symbol_that_is_gone_is_known_by_an_earlier_run() -> None:
    """Delisted where a run saw it, else unknown at its address; the others are decided, and no other coin is named."""
    made = [entry(0, None, "OKX_FUTURE_REN_USDT", 3, 0), entry(1, None, "OKX_FUTURE_ADA_USDT", 3, 0)]
    seen = resolve(made, SYMBOLS, isolated=False, now_ms=NOW, seen={"OKX_FUTURE_REN_USDT": "2026-11-02"}.get)  # type: ignore[arg-type]
    assert [notice.message for notice in seen.warnings] == [
        "OKX_FUTURE_REN_USDT was delisted since the run of 2026-11-02, so the entry sets nothing"
    ]
    unseen = resolve(made, SYMBOLS, isolated=False, now_ms=NOW)
    ((keys, code, told, _),) = unseen.troubles
    assert (keys, code) == (("futures/OKX_FUTURE_REN_USDT",), "unknown_symbol")
    assert "did you mean" not in told
    assert list(seen.wanted) == list(unseen.wanted) == ["futures/OKX_FUTURE_ADA_USDT"]


@given(
    st.from_regex(r"(OKX|OKXX|GATE)_(FUTURE|MARGIN|FUTURES)_(ADA|ADAA|A_B|BTC|BTX|SOL)_(USDT|USDC|USD)", fullmatch=True)
)
def test_no_advice_ever_names_another_coin(name: str) -> None:
    """Whatever is misspelt, what is suggested is of the coin that was written."""
    for trouble in resolve([entry(0, None, name, 3, 0)], SYMBOLS, isolated=False, now_ms=NOW).troubles:
        _, found, near = trouble.told.partition("did you mean ")
        assert not found or near.split("_", 2)[2].rpartition("_")[0] == name.split("_", 2)[2].rpartition("_")[0]


@given(st.integers(1, 10**6), st.sampled_from(["", ".0", ".00", "E0"]))
def test_a_value_is_written_as_short_as_it_is(value: int, tail: str) -> None:
    """5, 5.0 and 5E+0 are sent as "5"; a hundred is never "1E+2"."""
    assert lever_text(Decimal(f"{value}{tail}")) == str(value)
