"""Leverage entries land on the scopes that the venue keeps, and the right entry decides each."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acctcfg.core.desired import LeverageEntry, Place, Selector
from acctcfg.core.level import level_text
from acctcfg.core.vocabulary import MarginMode, Market, PositionMode, Side
from acctcfg.errors import VenueError
from acctcfg.venues.okx.dialect import OkxDialect
from acctcfg.venues.okx.endpoints import ACCOUNT_INSTRUMENTS
from acctcfg.venues.okx.instruments import Instruments
from acctcfg.venues.okx.leverage import Decision, Resolution, live_values, resolve
from acctcfg.venues.okx.missing_contracts import NOTHING_ELSE, Elsewhere, Name
from acctcfg.venues.okx.open_things import Standing, covered
from acctcfg.venues.okx.scope_named import scope_named
from acctcfg.venues.okx.scopes import Scope, covers, limit_of, members

TODAY = date(2026, 11, 21)
CROSS, ISOLATED = MarginMode.CROSS, MarginMode.ISOLATED


def pair(base: str, quote: str, lever: str = "10", state: str = "live") -> dict[str, str]:
    inst = f"{base}-{quote}"
    return {
        "instType": "MARGIN",
        "instId": inst,
        "instFamily": inst,
        "baseCcy": base,
        "quoteCcy": quote,
        "lever": lever,
        "state": state,
    }


def swap(family: str, lever: str = "100", state: str = "live", inst: str = "") -> dict[str, str]:
    inst_id = inst or f"{family}-SWAP"
    return {"instType": "SWAP", "instId": inst_id, "instFamily": family, "lever": lever, "state": state}


def future(family: str, day: str, lever: str = "20", state: str = "live") -> dict[str, str]:
    return {
        "instType": "FUTURES",
        "instId": f"{family}-{day}",
        "instFamily": family,
        "lever": lever,
        "state": state,
    }


ROWS = [
    pair("BTC", "USDT"),
    pair("ETH", "USDT", "9.09"),
    pair("ETH", "BTC", "5"),
    pair("LUNA", "USDT", "3", "suspend"),
    swap("BTC-USDT", "125"),
    swap("ETH-USDT", "75"),
    swap("BTC-USD"),
    swap("BTC-USD_UM", "50"),
    swap("OLD-USDT", "20", "suspend"),
    future("BTC-USD", "261225"),
    future("BTC-USD", "270326", "10"),
    future("BTC-USD", "270625", "10", "preopen"),
    future("ETH-USD", "261225"),
    {"instType": "SPOT", "instId": "BTC-USDC", "baseCcy": "BTC", "quoteCcy": "USDC", "lever": "", "state": "live"},
]
LISTED = Instruments.of(ROWS)


def entry(words: str, line: int = 1) -> list[LeverageEntry]:
    """The entries of one line: "MARKET MARGIN BY VALUE NAME... [side=SIDE] [layer=N]"."""
    market, margin, by, value, *rest = words.split()
    options = dict(word.split("=") for word in rest if "=" in word)
    return [
        LeverageEntry(
            market=Market(market),
            margin=MarginMode(margin),
            selector=Selector(by, name),
            side=Side(options["side"]) if "side" in options else None,
            value=Decimal(value),
            layer=int(options.get("layer", 0)),
            place=Place("acctcfg.yaml", line, 5),
            path=f"desk01.leverage[{line - 1}]",
        )
        for name in rest
        if "=" not in name
    ]


def entries(*lines: str) -> tuple[LeverageEntry, ...]:
    return tuple(made for line, words in enumerate(lines, start=1) for made in entry(words, line))


def settle(
    made: tuple[LeverageEntry, ...],
    mode: str = "futures",
    position: str = "net",
    *,
    borrow: bool = False,
    listed: Instruments = LISTED,
    elsewhere: Elsewhere = NOTHING_ELSE,
) -> Resolution:
    return resolve(
        made,
        account_mode=mode,
        position_mode=PositionMode(position),
        borrow_in_spot=borrow,
        instruments=listed,
        today=TODAY,
        elsewhere=elsewhere,
    )


def told(resolution: Resolution) -> dict[str, str]:
    """What the user sees of it: addresses and values."""
    assert not resolution.troubles
    return {scope.address_key: level_text(each.value) for scope, each in resolution.wanted.items()}


def call(decision: Decision) -> dict[str, str]:
    """The body of the call that sets what the entry says."""
    assert isinstance(decision.value, Decimal)
    return decision.write(decision.value)


@pytest.mark.parametrize("mode", ["futures", "multi_currency", "portfolio"])
@pytest.mark.parametrize("position", ["net", "long_short"])
def test_the_key_of_a_scope_names_it_and_no_other(mode: str, position: str) -> None:
    """From the address of every scope back to an entry, and from that entry to this one scope."""
    every = [f"{market} {margin} instrument 3 *" for market in Market for margin in MarginMode]
    scopes = [one.address_key for one in settle(entries(*every), mode, position).wanted]
    assert scopes or (mode, position) == ("portfolio", "long_short")
    for key in scopes:
        named = scope_named(key)
        assert named is not None
        made = replace(entry("swap cross family 3 x")[0], **named._asdict())
        assert list(told(settle((made,), mode, position))) == [key]


def test_the_trade_guides_example_is_six_calls() -> None:
    """Eight instruments at 3x in multi-currency mode are six scopes: four currencies, a futures family and a swap."""
    listed = Instruments.of(
        [
            *(pair("BTC", "USDT"), pair("ETH", "USDT"), pair("LTC", "USDT"), pair("LTC", "BTC"), pair("ETH", "BTC")),
            *(future("BTC-USD", "261225"), future("BTC-USD", "270326"), swap("BTC-USD")),
        ]
    )
    assert len(listed.rows) == 8
    made = entries(
        "margin cross instrument 3 BTC-USDT ETH-USDT LTC-USDT LTC-BTC ETH-BTC",
        "futures cross instrument 3 BTC-USD-261225 BTC-USD-270326",
        "swap cross instrument 3 BTC-USD-SWAP",
    )
    resolution = settle(made, "multi_currency", listed=listed)
    assert list(told(resolution)) == [
        "futures/BTC-USD/cross",
        "margin/BTC/cross",
        "margin/ETH/cross",
        "margin/LTC/cross",
        "margin/USDT/cross",
        "swap/BTC-USD/cross",
    ]
    assert [call(each) for each in resolution.wanted.values()] == [
        {"instId": "BTC-USD-270326", "mgnMode": "cross", "lever": "3"},
        {"ccy": "BTC", "mgnMode": "cross", "lever": "3"},
        {"ccy": "ETH", "mgnMode": "cross", "lever": "3"},
        {"ccy": "LTC", "mgnMode": "cross", "lever": "3"},
        {"ccy": "USDT", "mgnMode": "cross", "lever": "3"},
        {"instId": "BTC-USD-SWAP", "mgnMode": "cross", "lever": "3"},
    ]


def complaints(resolution: Resolution) -> list[str]:
    return [f"{each.place.line} {each.path}: {each.message}" for each in resolution.troubles]


def hints(resolution: Resolution) -> list[tuple[int, str, str]]:
    return [(each.place.line, each.code, each.message) for each in resolution.warnings]


# What an entry lands on


@pytest.mark.parametrize(
    ("words", "mode", "position", "addresses"),
    [
        ("swap cross family 5 BTC-USDT", "futures", "net", ["swap/BTC-USDT/cross"]),
        ("swap cross instrument 5 BTC-USD_UM-SWAP", "futures", "net", ["swap/BTC-USD_UM/cross"]),
        ("swap cross family 5 BTC-US*", "futures", "net", [f"swap/BTC-{q}/cross" for q in ("USD", "USDT", "USD_UM")]),
        ("swap cross family 5 BTC-USD?", "futures", "net", ["swap/BTC-USDT/cross"]),
        ("swap cross family 5 [!E]*-USDT", "futures", "net", ["swap/BTC-USDT/cross"]),
        ("futures cross family 5 BTC-USD", "futures", "net", ["futures/BTC-USD/cross"]),
        ("futures cross instrument 5 *-261225", "futures", "net", ["futures/BTC-USD/cross", "futures/ETH-USD/cross"]),
        (
            "futures isolated family 5 BTC-USD",
            "multi_currency",
            "net",
            ["futures/BTC-USD-261225/isolated", "futures/BTC-USD-270326/isolated"],
        ),
        (
            "futures isolated instrument 5 BTC-USD-261225",
            "futures",
            "long_short",
            ["futures/BTC-USD-261225/isolated/long", "futures/BTC-USD-261225/isolated/short"],
        ),
        ("swap isolated family 5 BTC-USD side=short", "futures", "long_short", ["swap/BTC-USD/isolated/short"]),
        ("swap cross family 5 BTC-USD", "futures", "long_short", ["swap/BTC-USD/cross"]),
        ("margin cross instrument 5 BTC-USDT", "futures", "net", ["margin/BTC-USDT/cross"]),
        ("margin cross family 5 ETH-BTC", "futures", "long_short", ["margin/ETH-BTC/cross"]),
        ("margin cross instrument 5 ETH-BTC", "portfolio", "net", ["margin/BTC/cross", "margin/ETH/cross"]),
        ("margin cross currency 5 ETH", "multi_currency", "net", ["margin/ETH/cross"]),
        ("margin cross currency 5 *T*", "spot", "net", [f"margin/{ccy}/cross" for ccy in ("BTC", "ETH", "USDT")]),
        ("margin isolated instrument 5 BTC-USDT", "futures", "net", ["margin/BTC-USDT/isolated"]),
        ("swap isolated family 5 BTC-USDT", "portfolio", "net", ["swap/BTC-USDT/isolated"]),
    ],
)
def test_an_entry_lands_on_the_scopes_of_the_mode(words: str, mode: str, position: str, addresses: list[str]) -> None:
    """The address shows what the venue keys the value by, under the modes of the account."""
    assert list(told(settle(entries(words), mode, position, borrow=True))) == sorted(addresses)


def test_a_call_sets_a_side_only_where_the_venue_keeps_one() -> None:
    """`posSide` goes with isolated contracts under long_short, and with nothing else."""
    made = entries("swap isolated family 5 BTC-USDT", "swap cross family 5.50 BTC-USDT")
    assert [call(each) for each in settle(made, "futures", "long_short").wanted.values()] == [
        {"instId": "BTC-USDT-SWAP", "mgnMode": "cross", "lever": "5.5"},
        {"instId": "BTC-USDT-SWAP", "mgnMode": "isolated", "posSide": "long", "lever": "5"},
        {"instId": "BTC-USDT-SWAP", "mgnMode": "isolated", "posSide": "short", "lever": "5"},
    ]


def test_families_come_from_the_list() -> None:
    """A swap whose id does not show its family lands on the family that its row names."""
    listed = Instruments.of([swap("BTC-USD_UM", inst="BTC-USD-XSWAP")])
    resolution = settle(entries("swap cross instrument 5 BTC-USD-XSWAP"), listed=listed)
    assert list(told(resolution)) == ["swap/BTC-USD_UM/cross"]


def test_a_row_without_a_family_is_not_guessed() -> None:
    """Where the list does not say the family, the scope is unknown, and that is a problem."""
    listed = Instruments.of([swap("", inst="BTC-USD-SWAP")])
    resolution = settle(entries("swap cross instrument 5 BTC-USD-SWAP"), listed=listed)
    assert not resolution.wanted
    assert complaints(resolution) == [
        "1 desk01.leverage[0]: the venue's list does not say the family of BTC-USD-SWAP",
    ]


# Which entry decides


@pytest.mark.parametrize(
    ("lines", "value"),
    [
        (["swap cross family 3 *", "swap cross family 5 *-USDT"], "5"),
        (["swap cross family 3 BTC-USD?", "swap cross instrument 5 *-USDT-SWAP"], "5"),
        (["swap cross family 3 [BE][TT][CH]-USDT", "swap cross family 5 B*-USDT"], "5"),
        (["swap cross instrument 3 BTC-USDT-SWA?", "swap cross family 5 BTC-USDT"], "5"),
        (["swap cross family 3 BTC-USDT", "swap cross instrument 5 BTC-USDT-SWAP"], "5"),
        (["swap cross instrument 3 BTC-USDT-SWAP", "swap cross family 5 * layer=1"], "5"),
        (["swap cross family 3 *-USDT", "swap cross family 5 BTC-* layer=1", "swap cross family 4 * layer=1"], "5"),
        (["swap cross family 5 BTC-USDT", "swap cross instrument 5 BTC-USDT-SWAP"], "5"),
        (["swap cross family 3 *-USDT", "swap cross family 4 BTC-U*", "swap cross family 5 BTC-USDT"], "5"),
    ],
)
def test_the_more_specific_entry_wins(lines: list[str], value: str) -> None:
    """A later layer, then an exact instrument, an exact family, and the pattern with more literal characters."""
    assert told(settle(entries(*lines)))["swap/BTC-USDT/cross"] == value
    assert told(settle(entries(*reversed(lines))))["swap/BTC-USDT/cross"] == value


def test_a_side_beats_none_at_a_tie_only() -> None:
    """An entry with a side wins over one of its own precision, and loses to a more precise one without."""
    made = entries("swap isolated family 5 BTC-USDT", "swap isolated family 3 BTC-USDT side=long")
    assert told(settle(made, "futures", "long_short")) == {
        "swap/BTC-USDT/isolated/long": "3",
        "swap/BTC-USDT/isolated/short": "5",
    }
    made = entries("swap isolated family 5 BTC-USDT", "swap isolated family 3 *-USDT side=long")
    assert told(settle(made, "futures", "long_short"))["swap/BTC-USDT/isolated/long"] == "5"


def test_two_contracts_of_one_family_must_agree() -> None:
    """Cross futures share one value a family: two values are a problem that names both places, and no write."""
    made = entries(
        "futures cross instrument 3 BTC-USD-261225",
        "futures cross instrument 5 BTC-USD-270326",
        "futures cross instrument 5 ETH-USD-261225",
    )
    resolution = settle(made)
    assert [scope.key for scope in resolution.wanted] == ["ETH-USD"]
    assert complaints(resolution) == [
        "2 desk01.leverage[1]: 5 here and 3 at acctcfg.yaml:1:5 are equally precise for futures/BTC-USD/cross "
        "(the contracts of a family share one value here: write `family: BTC-USD` in place of them)"
    ]
    assert not settle(entries("futures cross instrument 3 BTC-USD-261225 BTC-USD-270326")).troubles


def test_pairs_that_share_a_currency_must_agree() -> None:
    """Under multi-currency a pair sets both its currencies, so two pairs may contradict each other over one."""
    made = entries("margin cross instrument 3 BTC-USDT", "margin cross instrument 5 ETH-USDT")
    (complaint,) = complaints(settle(made, "multi_currency"))
    assert "margin/USDT/cross" in complaint
    assert "in multi_currency cross margin has one value a currency: write `currency: USDT` in place of" in complaint
    other = entries("margin cross currency 5 USDT", "margin cross family 3 BTC-* ETH-*")
    assert told(settle(other, "multi_currency")) == {
        f"margin/{ccy}/cross": n for ccy, n in zip(("BTC", "ETH", "USDT"), "335", strict=True)
    }
    assert told(settle(made, "futures")) == {"margin/BTC-USDT/cross": "3", "margin/ETH-USDT/cross": "5"}


def test_many_collisions_of_two_entries_are_one_problem() -> None:
    """Two patterns that tie on many scopes are told once, with a few of the scopes."""
    (complaint,) = complaints(settle(entries("swap cross family 3 *-*", "swap cross family 5 *-*")))
    assert "swap/BTC-USD/cross, swap/BTC-USDT/cross, swap/BTC-USD_UM/cross and 1 more" in complaint


# Names that are not there


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (
            "swap cross instrument 5 OLD-USDT-SWAP",
            "instrument_not_live",
            "OLD-USDT-SWAP takes no leverage at present (state: suspend)",
        ),
        ("swap cross family 5 OLD-USDT", "instrument_not_live", "no instrument of the family OLD-USDT takes leverage"),
        ("margin cross currency 5 LUNA", "instrument_not_live", "no instrument of the currency LUNA takes leverage"),
        ("futures cross instrument 5 BTC-USD-270625", "instrument_not_live", "(state: preopen)"),
        ("futures cross instrument 5 BTC-USD-260925", "instrument_not_live", "BTC-USD-260925 has expired"),
        ("futures cross instrument 5 BTC-USDT-261121", "instrument_not_live", "BTC-USDT-261121 has expired"),
        ("swap cross family 5 OLD-*", "matches_nothing", "no swap family that takes leverage matches 'OLD-*'"),
        ("margin cross instrument 5 X?", "matches_nothing", "no margin instrument that takes leverage matches 'X?'"),
    ],
)
def test_what_does_not_trade_is_a_warning_and_no_scope(words: str, code: str, said: str) -> None:
    """Expired, suspended and unmatched names set nothing, and the plan says so."""
    resolution = settle(entries(words), "multi_currency")
    assert not resolution.wanted
    assert not resolution.troubles
    ((_, given, message),) = hints(resolution)
    assert given == code
    assert said in message
    assert len(resolution.idle) == (code == "instrument_not_live")  # an exact entry that set nothing is counted


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            "swap cross instrument 5 BTC-USDT",
            "unknown instrument BTC-USDT (did you mean BTC-USDT-SWAP?; it is listed under market: margin)",
        ),
        ("swap cross family 5 BTC-UDST", "unknown family BTC-UDST (did you mean BTC-USDT?)"),
        ("margin cross currency 5 usdt", "unknown currency usdt (did you mean USDT?)"),
        ("margin cross currency 5 ZZZZ", "unknown currency ZZZZ (no list of margin has it, and no earlier run saw it)"),
        (
            "swap cross instrument 5 BTC-USD-261225",
            "it is listed under market: futures)",
        ),
        ("futures cross instrument 5 BTC-USD-261226", "unknown instrument BTC-USD-261226 (did you mean BTC-USD-261225"),
        ("futures cross instrument 5 BTC-USD-269999", "unknown instrument BTC-USD-269999"),
        ("futures cross instrument 5 XYZ-USD-260925", "unknown instrument XYZ-USD-260925"),
        ("swap cross instrument 5 BTC-USD-260925", "unknown instrument BTC-USD-260925"),
    ],
)
def test_an_unknown_name_is_a_problem(words: str, said: str) -> None:
    """What the list does not know at all is an error, with a near name where there is one."""
    resolution = settle(entries(words), "multi_currency")
    assert not resolution.wanted
    (complaint,) = complaints(resolution)
    assert said in complaint


def test_one_bad_name_does_not_hide_the_rest() -> None:
    """Every entry is told about, in the order of the files, and the others are still decided."""
    made = entries("swap cross family 5 NOPE", "swap cross family 4 BTC-USDT", "margin cross currency 2 BTC")
    resolution = settle(made)
    assert [scope.address_key for scope in resolution.wanted] == ["swap/BTC-USDT/cross"]
    assert [each.place.line for each in resolution.troubles] == [1, 3]


SETS_NOTHING = ("suspend", "preopen", "test")
STATES = ("live", "post_only", "rebase", "settling", "a_word_of_2027", "LIVE", "", *SETS_NOTHING)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("words", ["instrument 5 A-B-SWAP", "family 5 A-B", "instrument 5 A-*", "family 5 A-?"])
def test_only_states_that_take_no_leverage_set_nothing(state: str, words: str) -> None:
    """In every other state, a word that is new to us too, the contract is read and set, and the venue judges."""
    listed = Instruments.of([swap("A-B", state=state)])
    resolution = settle(entries(f"swap cross {words}"), listed=listed)
    assert [scope.address_key for scope in resolution.wanted] == ([] if state in SETS_NOTHING else ["swap/A-B/cross"])
    assert bool(resolution.warnings) is (state in SETS_NOTHING)
    assert not resolution.troubles


def test_a_family_is_spoken_to_through_a_contract_that_trades() -> None:
    """Any contract stands for its family; one that is being renamed does so only where no other is there."""
    listed = Instruments.of([future("A-B", "261225"), future("A-B", "270326", state="rebase")])
    (family,) = settle(entries("futures cross family 5 A-B"), listed=listed).wanted.values()
    assert family.handle == "A-B-261225"
    listed = Instruments.of([future("A-B", "270326", state="rebase")])
    (family,) = settle(entries("futures cross family 5 A-B"), listed=listed).wanted.values()
    assert family.handle == "A-B-270326"


@pytest.mark.parametrize("words", ["instrument 5 *", "family 5 *"])
def test_a_pattern_passes_over_a_row_that_is_not_filled_in(words: str) -> None:
    """An announced contract whose row says no family yet is passed over with a warning; the others are set."""
    listed = Instruments.of([swap("A-B"), swap("", inst="NEW-USDT-SWAP", lever="")])
    resolution = settle(entries(f"swap cross {words}"), listed=listed)
    assert told(resolution) == {"swap/A-B/cross": "5"}
    ((_, code, message),) = hints(resolution)
    assert (code, "NEW-USDT-SWAP" in message) == ("row_not_filled_in", True)


PUBLIC = Instruments.of([*ROWS, swap("REN-USDT"), pair("REN", "USDT")])
SEEN = {
    Name(Market.SWAP, "instrument", "REN-USDT-SWAP"),
    Name(Market.SWAP, "family", "REN-USDT"),
    Name(Market.MARGIN, "currency", "REN"),
    Name(Market.MARGIN, "instrument", "REN-USDT"),
}


@pytest.mark.parametrize("name", sorted(SEEN))
def test_a_name_is_asked_about_before_it_is_called_a_mistake(name: Name) -> None:
    """The public list knows it: not open to this account. An earlier run saw it: delisted. Neither stops anything."""
    made = entries(f"{name.market} cross {name.by} 5 {name.name}", "swap cross family 4 BTC-USDT")
    seen = frozenset((one, "2026-11-02") for one in SEEN)
    for elsewhere, said in (
        (Elsewhere(PUBLIC, seen), "is listed by the venue, and is not open to this account"),
        (Elsewhere(LISTED, seen), "was delisted since the run of 2026-11-02"),
    ):
        resolution = settle(made, "multi_currency", elsewhere=elsewhere)
        assert told(resolution) == {"swap/BTC-USDT/cross": "4"}
        ((line, code, message),) = hints(resolution)
        assert (line, code, said in message) == (1, "instrument_not_live", True)
    (trouble,) = settle(made, "multi_currency").troubles
    assert (trouble.keys, trouble.code) == ((f"{name.market}/{name.name}/cross",), "unknown_instrument")
    assert "did you mean" not in trouble.message  # REN is no other coin


def test_a_pair_that_was_merged_names_its_successor() -> None:
    """Pairs of a currency with USD were delisted for USDC: said, never rewritten; a currency that is unknown is not."""
    listed = Instruments.of([*ROWS, pair("BTC", "USDC")])
    resolution = settle(entries("margin cross instrument 5 BTC-USD"), listed=listed)
    assert not resolution.wanted
    ((_, code, message),) = hints(resolution)
    assert code == "instrument_not_live"
    assert "was delisted 2026-09-30, now BTC-USDC" in message
    assert settle(entries("margin cross instrument 5 ABC-USD"), listed=listed).troubles


@given(st.sampled_from(("instrument", "family", "currency")), st.text("ABCDEHTUSN-", min_size=1, max_size=12))
@pytest.mark.slow
def test_no_advice_ever_names_another_coin(by: str, name: str) -> None:
    """Whatever is misspelt, what is suggested is of the coin that was written."""
    market = "margin" if by == "currency" else "swap"
    for trouble in settle(entries(f"{market} cross {by} 5 {name}"), "multi_currency").troubles:
        _, found, near = trouble.message.partition("did you mean ")
        assert not found or near.split("-")[0].rstrip("?)") == name.split("-")[0]


def test_isolated_margin_is_gone_in_the_advanced_modes() -> None:
    """multi_currency and portfolio have no isolated margin; isolated contracts they have."""
    for mode in ("multi_currency", "portfolio"):
        (trouble,) = settle(entries("margin isolated instrument 5 BTC-USDT"), mode).troubles
        assert "`margin: cross` exists" in trouble.message
        assert told(settle(entries("swap isolated family 5 BTC-USDT"), mode)) == {"swap/BTC-USDT/isolated": "5"}


# What a scope is


def test_the_limit_of_a_scope() -> None:
    """A family takes what all its contracts take, a currency what any of its pairs takes, a pair its own maximum."""
    assert limit_of(Scope(Market.FUTURES, "BTC-USD", CROSS), LISTED) == (10, "BTC-USD-270326")
    assert limit_of(Scope(Market.FUTURES, "BTC-USD-261225", ISOLATED), LISTED) == (20, "BTC-USD-261225")
    assert limit_of(Scope(Market.SWAP, "BTC-USDT", CROSS), LISTED) == (125, "BTC-USDT-SWAP")
    assert limit_of(Scope(Market.MARGIN, "ETH-USDT", ISOLATED), LISTED) == (Decimal("9.09"), "ETH-USDT")
    assert limit_of(Scope(Market.MARGIN, "ETH", CROSS), LISTED) == (Decimal("9.09"), "ETH-USDT")
    assert limit_of(Scope(Market.SWAP, "BTC-USDT", CROSS), Instruments.of([swap("BTC-USDT", "")])) is None


def test_a_scope_knows_its_live_instruments() -> None:
    """Those are read back after a write: all of a family, and nothing that does not trade."""
    (family,) = settle(entries("futures cross family 5 BTC-USD")).wanted.values()
    assert family.instruments == ("BTC-USD-261225", "BTC-USD-270326")
    usdt = members(Scope(Market.MARGIN, "USDT", CROSS), LISTED)
    assert [row.inst_id for row in usdt] == ["BTC-USDT", "ETH-USDT"]


@pytest.mark.parametrize(
    ("scope", "order", "stands"),
    [
        (Scope(Market.SWAP, "BTC-USD", CROSS), "SWAP BTC-USD-SWAP cross", True),
        (Scope(Market.SWAP, "BTC-USD", CROSS), "SWAP BTC-USD-SWAP isolated", False),
        (Scope(Market.SWAP, "BTC-USD", CROSS), "SWAP BTC-USD_UM-SWAP cross", False),
        (Scope(Market.SWAP, "BTC-USD", CROSS), "FUTURES BTC-USD-261225 cross", False),
        (Scope(Market.SWAP, "GONE-USD", CROSS), "SWAP GONE-USD-SWAP cross", True),
        (Scope(Market.FUTURES, "BTC-USD", CROSS), "FUTURES BTC-USD-270326 cross", True),
        (Scope(Market.FUTURES, "BTC-USD-261225", ISOLATED), "FUTURES BTC-USD-270326 isolated", False),
        (Scope(Market.FUTURES, "BTC-USD-261225", ISOLATED, Side.LONG), "FUTURES BTC-USD-261225 isolated", True),
        (Scope(Market.MARGIN, "USDT", CROSS), "MARGIN ETH-USDT cross", True),
        (Scope(Market.MARGIN, "USDT", CROSS), "SPOT BTC-USDT cash", False),
        (Scope(Market.MARGIN, "USDC", CROSS), "SPOT BTC-USDC cross", True),
        (Scope(Market.MARGIN, "BTC-USDT", ISOLATED), "MARGIN BTC-USDT isolated", True),
        (Scope(Market.MARGIN, "BTC-USDT", ISOLATED), "MARGIN ETH-USDT isolated", False),
    ],
)
def test_what_stands_under_a_scope(scope: Scope, order: str, stands: bool) -> None:
    """An order counts for the scope that its market, margin mode and instrument belong to."""
    inst_type, inst_id, mode = order.split()
    family, currencies = LISTED.family_of(inst_type, inst_id), LISTED.currencies_of(inst_id)
    seen = covers(scope, inst_type=inst_type, inst_id=inst_id, family=family, margin_mode=mode, currencies=currencies)
    assert seen is stands


def test_what_stands_open_is_found_for_every_scope() -> None:
    """Positions of all that is listed, of what is not, and without what would tell: each scope finds its own."""
    account = SimpleNamespace(instruments=LISTED)
    listed = [(row["instType"], row["instId"]) for row in ROWS]
    unknown = [
        ("SWAP", "GONE-USD-SWAP"),
        ("MARGIN", "ABC-USDT"),
        ("FUTURES", "BTC-USD-300101"),
        ("WHAT", "X"),
        ("", ""),
    ]
    rows = [
        {"instType": kind, "instId": name, "mgnMode": mode}
        for kind, name in (*listed, *unknown)
        for mode in ("cross", "isolated", "")
    ]
    keys = {
        part for row in rows for part in (row["instId"], *row["instId"].split("-"), row["instId"].rpartition("-")[0])
    }
    standing = Standing(account, rows)
    for scope in (Scope(market, key, margin) for market in Market for key in sorted(keys) for margin in MarginMode):
        plainly = [(row, covered(account, scope, row, row["mgnMode"])) for row in rows]
        found = standing.answers(scope)
        assert sorted(map(str, found)) == sorted(str(one) for one in plainly if one[1] is not False), scope
        assert standing.under(scope) == [row for row, stands in found if stands]


# What the venue answers


def test_live_values_are_read_per_side_and_per_currency() -> None:
    """Rows of one instrument are told apart by margin mode and side; a currency's row has no instrument."""
    made = entries("swap isolated family 5 BTC-USD", "swap cross family 5 BTC-USD", "margin cross currency 5 BTC ETH")
    wanted = settle(made, "multi_currency", "long_short").wanted
    rows = [
        {"instId": "BTC-USD-SWAP", "ccy": "", "mgnMode": "cross", "posSide": "long", "lever": "7"},
        {"instId": "BTC-USD-SWAP", "ccy": "", "mgnMode": "cross", "posSide": "short", "lever": "7.0"},
        {"instId": "BTC-USD-SWAP", "ccy": "", "mgnMode": "isolated", "posSide": "long", "lever": "3"},
        {"instId": "BTC-USD-SWAP", "ccy": "", "mgnMode": "isolated", "posSide": "short", "lever": "5"},
        {"instId": "", "ccy": "BTC", "mgnMode": "cross", "posSide": "", "lever": "2.5"},
    ]
    live = live_values(wanted.values(), rows)
    assert {scope.address_key: str(value) for scope, value in live.items()} == {
        "margin/BTC/cross": "2.5",
        "swap/BTC-USD/cross": "7",
        "swap/BTC-USD/isolated/long": "3",
        "swap/BTC-USD/isolated/short": "5",
    }


@pytest.mark.parametrize("lever", ["", "abc", None, "NaN", "-1"])
def test_an_answer_that_is_no_number_is_not_a_value(lever: str | None) -> None:
    """A scope whose value cannot be read is left out, never taken for some default."""
    wanted = settle(entries("swap cross family 5 BTC-USD")).wanted
    row = {"instId": "BTC-USD-SWAP", "mgnMode": "cross", "posSide": "net", "lever": lever}
    assert live_values(wanted.values(), [row]) == {}


def test_rows_that_say_little_are_read_as_far_as_they_go() -> None:
    """Unknown fields are ignored, a row without an id is left out, and of a missing state the venue is the judge."""
    listed = Instruments.of([{"instType": "SWAP", "instId": "A-B-SWAP", "instFamily": "A-B", "new": 1}, {"lever": "3"}])
    resolution = settle(entries("swap cross instrument 5 A-B-SWAP"), listed=listed)
    assert told(resolution) == {"swap/A-B/cross": "5"}


def test_equal_lists_are_one_object() -> None:
    """Accounts with the same list, in whatever order it came, share what was derived from it."""
    assert Instruments.of(reversed(ROWS)) is LISTED
    assert Instruments.of(ROWS[1:]) is not LISTED


def test_long_lists_that_are_alike_are_read_once() -> None:
    """Equal bytes give one list and one index; one that differs by a letter is read for itself, and so is an error."""

    def answered(rows: list[dict[str, Any]], code: str = "0") -> Any:
        body = json.dumps({"code": code, "msg": "", "data": rows}).encode()
        return OkxDialect(demo=True).decode(ACCOUNT_INSTRUMENTS, 200, {}, body)

    other = [{**row, "lever": "7"} for row in ROWS]
    assert answered(ROWS) is answered(list(ROWS))
    assert answered(other) == other
    assert Instruments.of_lists([answered(ROWS)]) is LISTED
    assert Instruments.of_lists([ROWS[:2], ROWS[2:]]) is LISTED
    assert Instruments.of_lists([answered(other)]).rows[0].max_leverage == 7
    with pytest.raises(VenueError):
        answered(ROWS, code="50001")


def test_accounts_of_one_profile_keep_their_own_paths() -> None:
    """The work is shared, the addresses in messages are not."""
    (first,) = entries("swap cross family 5 NOPE")
    (second,) = (each for each in entry("swap cross family 5 NOPE"))
    second = type(second)(**{**{f: getattr(second, f) for f in second.__slots__}, "path": "desk02.leverage[0]"})
    assert [settle((each,)).troubles[0].path for each in (first, second)] == [
        "desk01.leverage[0]",
        "desk02.leverage[0]",
    ]
