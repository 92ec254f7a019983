"""Laws of leverage that hold for every manifest: one decision a scope, whatever the order, within the venue's table."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_okx_leverage import LISTED, complaints, entries, entry, hints, settle

from acctcfg.core.desired import LeverageEntry, Place, Selector
from acctcfg.core.vocabulary import MarginMode, Market, PositionMode, Side
from examples import some

ONE = Decimal(1)
MODES = ("spot", "futures", "multi_currency", "portfolio")
POSITIONS = ("net", "long_short")

# The venue's key table, written out a second time: account mode, market, margin mode, position mode -> the fields
# that name the scope in the call. Nothing for a combination that is not here.
TABLE: dict[tuple[str, str, str, str], set[str]] = {}
for _position in POSITIONS:
    TABLE["spot", "margin", "cross", _position] = {"ccy"}  # with borrowing
    TABLE["futures", "margin", "cross", _position] = {"instId"}
    TABLE["futures", "margin", "isolated", _position] = {"instId"}
    TABLE["multi_currency", "margin", "cross", _position] = {"ccy"}
    TABLE["portfolio", "margin", "cross", _position] = {"ccy"}
    for _mode in ("futures", "multi_currency"):
        for _market in ("futures", "swap"):
            TABLE[_mode, _market, "cross", _position] = {"instId"}
for _market in ("futures", "swap"):
    for _mode in ("futures", "multi_currency"):
        TABLE[_mode, _market, "isolated", "net"] = {"instId"}
        TABLE[_mode, _market, "isolated", "long_short"] = {"instId", "posSide"}
    TABLE["portfolio", _market, "isolated", "net"] = {"instId"}

NAMES = {"margin": "BTC-USDT", "futures": "BTC-USD-261225", "swap": "BTC-USD-SWAP"}


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("margin", ["cross", "isolated"])
@pytest.mark.parametrize("market", ["margin", "futures", "swap"])
@pytest.mark.parametrize("mode", MODES)
def test_every_cell_of_the_venues_table(mode: str, market: str, margin: str, position: str) -> None:
    """Each combination of modes either has its call with exactly the venue's fields, or a reason why it has none."""
    resolution = settle(entries(f"{market} {margin} instrument 3 {NAMES[market]}"), mode, position, borrow=True)
    fields = TABLE.get((mode, market, margin, position))
    if fields is None:
        assert not resolution.wanted
        assert len(complaints(resolution)) == 1
        return
    assert not resolution.troubles
    for decision in resolution.wanted.values():
        assert set(decision.write(ONE)) == fields | {"mgnMode", "lever"}
        assert decision.write(ONE)["mgnMode"] == decision.read.margin_mode == margin
        assert decision.read.param in fields
        assert decision.write(ONE)[decision.read.param] == decision.read.value
        assert decision.read.inst_type.lower() == market
    assert len(resolution.wanted) == (2 if fields & {"posSide", "ccy"} else 1)


@pytest.mark.parametrize("market", ["margin", "futures", "swap"])
def test_spot_without_borrowing_has_no_leverage(market: str) -> None:
    """Where borrowing is off nothing has leverage in spot mode, and the reason says so."""
    resolution = settle(entries(f"{market} cross instrument 3 {NAMES[market]}"), "spot")
    assert not resolution.wanted
    assert "spot mode has" in complaints(resolution)[0]


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("margin", ["cross", "isolated"])
@pytest.mark.parametrize("market", ["margin", "futures", "swap"])
@pytest.mark.parametrize("mode", MODES)
def test_side_and_currency_only_where_the_venue_has_them(mode: str, market: str, margin: str, position: str) -> None:
    """A side names a scope only under isolated long_short, a currency only where margin is kept by currency."""
    fields = TABLE.get((mode, market, margin, position), set())
    sided = settle(entries(f"{market} {margin} instrument 3 {NAMES[market]} side=long"), mode, position, borrow=True)
    assert bool(sided.wanted) is ("posSide" in fields)
    assert bool(sided.troubles) is ("posSide" not in fields)
    by_currency = settle(entries(f"{market} {margin} currency 3 BTC"), mode, position, borrow=True)
    assert bool(by_currency.wanted) is ("ccy" in fields)
    assert bool(by_currency.troubles) is ("ccy" not in fields)


PATTERNS = {
    "instrument": ["BTC-USDT", "ETH-BTC", "BTC-USD-SWAP", "BTC-USD-261225", "BTC-USD-270326", "*-USD*", "E*", "*", "?"],
    "family": ["BTC-USD", "BTC-USDT", "ETH-USD", "BTC-*", "*-USDT", "[BE]*", "*", "NOPE"],
    "currency": ["BTC", "USDT", "LUNA", "*T*", "?TH", "*"],
}
VALUES = st.sampled_from([Decimal(text) for text in ("1", "2", "3", "9.09")])


@st.composite
def an_entry(draw: st.DrawFn) -> LeverageEntry:
    by = draw(st.sampled_from(sorted(PATTERNS)))
    line = draw(st.integers(1, 10**6))
    return LeverageEntry(
        market=draw(st.sampled_from(Market)),
        margin=draw(st.sampled_from(MarginMode)),
        selector=Selector(by, draw(st.sampled_from(PATTERNS[by]))),
        side=draw(st.none() | st.sampled_from(Side)),
        value=draw(VALUES),
        layer=draw(st.integers(0, 2)),
        place=Place("acctcfg.yaml", line, 1),
        path=f"desk01.leverage[{line}]",
    )


def lists(most: int = 8) -> st.SearchStrategy[list[LeverageEntry]]:
    return st.lists(an_entry(), max_size=most, unique_by=lambda each: each.place)


mode_words = st.sampled_from(MODES)
position_words = st.sampled_from(POSITIONS)


@settings(max_examples=some(150), deadline=None)
@given(made=lists(), mode=mode_words, position=position_words, borrow=st.booleans(), data=st.data())
def test_the_order_of_entries_changes_nothing(
    made: list[LeverageEntry], mode: str, position: str, borrow: bool, data: st.DataObject
) -> None:
    """Decisions, warnings and problems are the same for every order of the entries."""
    other = data.draw(st.permutations(made))
    assert settle(tuple(made), mode, position, borrow=borrow) == settle(tuple(other), mode, position, borrow=borrow)


@settings(max_examples=some(150), deadline=None)
@given(made=lists(), mode=mode_words, position=position_words, borrow=st.booleans())
def test_every_decision_fits_the_venues_table(
    made: list[LeverageEntry], mode: str, position: str, borrow: bool
) -> None:
    """No two decisions write to one place, and each names its scope by exactly the fields that the table has."""
    wanted = settle(tuple(made), mode, position, borrow=borrow).wanted
    assert len({scope.address_key for scope in wanted}) == len(wanted)
    targets = [
        (each.read.inst_type, *sorted((k, v) for k, v in each.write(ONE).items() if k != "lever"))
        for each in wanted.values()
    ]
    assert len(set(targets)) == len(targets)
    for scope, decision in wanted.items():
        assert set(decision.write(ONE)) - {"mgnMode", "lever"} == TABLE[mode, scope.market, scope.margin, position]
        assert decision.scope == scope
        assert decision.value == decision.entry.value
        assert decision.instruments
        assert all(LISTED.find(scope.market, each).takes_leverage for each in decision.instruments)  # type: ignore[union-attr]


@settings(max_examples=some(150), deadline=None)
@given(made=lists(), extra=an_entry(), mode=mode_words, position=position_words)
def test_a_pattern_only_adds_scopes(made: list[LeverageEntry], extra: LeverageEntry, mode: str, position: str) -> None:
    """One more entry in a layer of its own takes no scope away, and one below all others changes no decision."""
    before = settle(tuple(made), mode, position)
    above = settle((*made, replace(extra, layer=9)), mode, position)
    below = settle((*made, replace(extra, layer=-1)), mode, position)
    assert before.wanted.keys() <= above.wanted.keys()
    assert all(below.wanted[scope] == decision for scope, decision in before.wanted.items())


@settings(max_examples=some(100), deadline=None)
@given(made=lists(), mode=mode_words, position=position_words)
def test_a_later_layer_decides_alone_where_it_lands(made: list[LeverageEntry], mode: str, position: str) -> None:
    """What the last layer says stands, whatever the layers before it say."""
    last = max((each.layer for each in made), default=0)
    alone = settle(tuple(each for each in made if each.layer == last), mode, position)
    together = settle(tuple(made), mode, position)
    assert all(together.wanted[scope] == decision for scope, decision in alone.wanted.items())


@settings(max_examples=some(100), deadline=None)
@given(made=lists(4), mode=mode_words, position=position_words)
def test_every_entry_is_accounted_for(made: list[LeverageEntry], mode: str, position: str) -> None:
    """Alone, an entry decides something, warns or is refused; it is never silently ignored."""
    for each in made:
        resolution = settle((each,), mode, position)
        assert resolution.wanted or hints(resolution) or complaints(resolution)


def test_the_modes_words_are_the_venues_four() -> None:
    """A word that is no account mode fails loudly instead of deciding anything."""
    with pytest.raises(KeyError):
        settle(tuple(entry("swap cross family 3 BTC-USD")), "cross_exchange", PositionMode.NET)
