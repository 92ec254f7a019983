"""What `validate` finds in an OKX account without asking the venue."""

from __future__ import annotations

import pytest
from test_okx_leverage import entries, settle

from acctcfg.core.desired import AccountSpec, LeverageEntry, Place, Selector
from acctcfg.core.vocabulary import MarginMode, Market, PositionMode
from acctcfg.venues.okx.offline_checks import check_account


def account(*lines: str, mode: str | None = None, position: str | None = None) -> AccountSpec:
    return AccountSpec(
        key="desk01",
        venue="desk",
        name="desk01",
        place=Place("acctcfg.yaml", 1, 1),
        account_mode=mode,
        position_mode=PositionMode(position) if position else None,
        leverage=entries(*lines),
        places={"position_mode": Place("acctcfg.yaml", 90, 3)},
    )


def findings(spec: AccountSpec) -> list[tuple[int, str, str]]:
    return [(each.place.line, each.address, each.message) for each in check_account(spec)]


@pytest.mark.parametrize(
    ("words", "mode", "position", "field", "said"),
    [
        ("swap isolated family 5 A side=long", "futures", "net", ".side", "position mode net has one value"),
        ("swap cross family 5 A side=long", "futures", "long_short", ".side", "under cross both sides share"),
        ("margin isolated family 5 A side=long", "futures", "long_short", ".side", "margin has no sides"),
        ("margin cross currency 5 A", "futures", "net", ".currency", "in futures mode it is kept by pair"),
        ("margin isolated currency 5 A", "futures", "net", ".currency", "this entry is margin, isolated"),
        ("swap cross currency 5 A", "multi_currency", "net", ".currency", "this entry is swap, cross"),
        ("swap cross family 5 A", "portfolio", "net", "", "does not exist in portfolio mode"),
        ("futures cross family 5 A", "portfolio", None, "", "does not exist in portfolio mode"),
        ("swap isolated family 5 A side=long", "portfolio", None, ".side", "position mode net"),
        ("swap cross family 5 A", "spot", None, "", "spot mode has no swap"),
        ("futures isolated family 5 A", "spot", "net", "", "spot mode has no futures"),
        ("margin isolated family 5 A", "spot", None, "", "spot mode has no isolated margin"),
        ("margin isolated family 5 A", "multi_currency", None, "", "has no isolated margin"),
        (
            "margin isolated instrument 5 A",
            "portfolio",
            None,
            "",
            "(`margin: cross` exists; isolated contracts do too)",
        ),
        # whatever the modes are
        ("swap cross family 5 A side=long", None, None, ".side", "under cross both sides share"),
        ("swap isolated family 5 A side=long", None, "net", ".side", "position mode net has one value"),
        ("futures cross currency 5 A", None, None, ".currency", "`currency` names cross margin"),
        ("swap cross family 0.001 A", None, None, ".value", "0.001 is not a leverage (at least 0.01)"),
        ("swap cross symbol 5 A", None, None, ".symbol", "OKX has no `symbol`"),
    ],
)
def test_a_scope_that_does_not_exist_is_a_finding(
    words: str, mode: str | None, position: str | None, field: str, said: str
) -> None:
    """The finding stands at the entry, names the field to blame and says why."""
    ((line, address, message),) = findings(account(words, mode=mode, position=position))
    assert (line, address) == (1, f"desk01.leverage[0]{field}")
    assert said in message


@pytest.mark.parametrize(
    ("words", "mode", "position"),
    [
        ("swap isolated family 5 A side=long", "futures", "long_short"),
        ("swap isolated family 5 A side=long", None, None),
        ("margin cross currency 5 A", "portfolio", "net"),
        ("margin cross currency 5 A", "spot", None),  # with borrowing, which only the venue can tell
        ("margin cross currency 9.09 A", None, None),
        ("swap cross family 5 A", None, "net"),
        ("futures isolated instrument 5 A", "portfolio", "net"),
    ],
)
def test_a_scope_that_may_exist_is_left_to_the_plan(words: str, mode: str | None, position: str | None) -> None:
    """Where the manifest does not say the mode, only what no mode allows is a finding."""
    assert findings(account(words, mode=mode, position=position)) == []


def test_long_short_where_the_venue_has_none() -> None:
    """Portfolio takes no long_short; the finding stands at the position mode, once."""
    words = "margin cross currency 5 A"
    ((line, address, message),) = findings(account(words, mode="portfolio", position="long_short"))
    assert (line, address) == (90, "desk01.position_mode")
    assert "net only" in message
    assert findings(account(mode="portfolio", position="net")) == []


def test_long_short_before_spot_is_left_to_the_plan() -> None:
    """An account on its way to spot can still be put to long_short; whether it stays in spot only the venue shows."""
    assert findings(account("margin cross currency 5 A", mode="spot", position="long_short")) == []


@pytest.mark.parametrize("gone", ["market", "margin"])
def test_market_and_margin_are_required(gone: str) -> None:
    """An entry without its market or margin mode names no scope here."""
    entry = LeverageEntry(
        market=None if gone == "market" else Market.SWAP,
        margin=None if gone == "margin" else MarginMode.CROSS,
        selector=Selector("family", "A"),
        side=None,
        value=entries("swap cross family 5 A")[0].value,
        layer=0,
        place=Place("acctcfg.yaml", 3, 5),
        path="desk01.leverage[0]",
    )
    spec = AccountSpec(key="desk01", venue="desk", name="desk01", place=entry.place, leverage=(entry,))
    ((_, address, message),) = findings(spec)
    assert address == f"desk01.leverage[0].{gone}"
    assert f"`{gone}` is missing" in message


def test_one_scope_said_twice() -> None:
    """Two values for the same selector in one layer collide for certain; the message names both places."""
    spec = account("swap cross family 5 BTC-*", "swap cross family 7 BTC-*", "swap cross family 7 BTC-* layer=1")
    ((line, address, message),) = findings(spec)
    assert (line, address) == (2, "desk01.leverage[1]")
    assert "5 at acctcfg.yaml:1:5" in message


def test_what_only_looks_double_is_fine() -> None:
    """Equal values, other sides, other markets and other margin modes do not collide."""
    spec = account(
        "swap isolated family 5 BTC-USD",
        "swap isolated family 5 BTC-USD",
        "swap isolated family 7 BTC-USD side=long",
        "swap cross family 8 BTC-USD",
        "futures isolated family 9 BTC-USD",
    )
    assert findings(spec) == []


@pytest.mark.parametrize("mode", ["spot", "futures", "multi_currency", "portfolio"])
@pytest.mark.parametrize("position", ["net", "long_short"])
@pytest.mark.parametrize("by", ["family BTC-USDT", "currency BTC"])
@pytest.mark.parametrize("side", ["", "side=long"])
@pytest.mark.parametrize("where", ["margin cross", "margin isolated", "swap cross", "swap isolated"])
def test_validate_and_plan_agree(mode: str, position: str, by: str, side: str, where: str) -> None:
    """What the plan refuses for the modes, validate refuses too, where the manifest says them."""
    kind, name = by.split()
    words = f"{where} {kind} 5 {name} {side}"
    offline = findings(account(words, mode=mode, position=position))
    planned = settle(entries(words), mode, position, borrow=True).troubles
    assert bool(offline) is (bool(planned) or (position == "long_short" and mode == "portfolio"))
