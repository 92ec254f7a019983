"""Leverage as patterns with exceptions: never another value than the live one, and no scope that could not be read."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from laws_world import laws

from acctcfg.core.leverage_lines import ScopeName, decided, exceptions, leverage_lines
from acctcfg.core.vocabulary import MarginMode, Market, Side

NAMES = (
    "BTC-USDT",
    "ETH-USDT",
    "SOL-USDT",
    "BTC-USD",
    "ETH-USD",
    "BTC-USD_UM",
    "BTC-USD-261225",
    "X_FUTURE_A_B",
    "USDT",
)
ODD = ("A[B]-USDT", "*", "?-USDT")
SCOPES = st.builds(
    ScopeName,
    st.sampled_from(Market),
    st.just("family"),
    st.sampled_from([*NAMES, *ODD]),
    st.sampled_from(MarginMode),
    st.sampled_from(Side),
)
VALUES = st.dictionaries(SCOPES, st.sampled_from([Decimal(3), Decimal(5), Decimal("9.09")]), max_size=25)


def under(hedged: bool, scopes):
    """As they are kept: isolated contracts by side in long_short, everything else without."""
    sided = {scope: hedged and scope.margin is MarginMode.ISOLATED for scope in scopes}
    return {scope: scope if sided[scope] else scope._replace(side=None) for scope in scopes}


def plain(scope: ScopeName) -> bool:
    return scope.name not in ODD


@laws(100)
@given(VALUES, st.frozensets(SCOPES, max_size=4), st.booleans())
def test_every_scope_gets_its_live_value(values, unread, hedged):
    """Each scope comes to what is live; one that could not be read, or that no entry can name, comes to nothing."""
    unread = set(under(hedged, unread).values())
    kept = under(hedged, values)
    values = {kept[scope]: value for scope, value in values.items() if kept[scope] not in unread}
    lines = leverage_lines(values, unread)
    assert {scope: decided(lines, scope) for scope in values if plain(scope)} == {
        scope: value for scope, value in values.items() if plain(scope)
    }
    assert not [
        scope for scope in (*unread, *values) if scope not in values or not plain(scope) if decided(lines, scope)
    ]
    assert len(lines) <= len(values)


@laws(60)
@given(VALUES, VALUES, st.booleans())
def test_exceptions_lead_from_shared_entries_to_the_live_values(shared, live, hedged):
    """Whatever a profile says, the account's own entries say the rest."""
    lines = leverage_lines({under(hedged, shared)[scope]: value for scope, value in shared.items()})
    own = {under(hedged, live)[scope]: value for scope, value in live.items() if plain(scope)}
    extra = exceptions(own, lines)
    assert all((decided(extra, scope) or decided(lines, scope)) == value for scope, value in own.items())


def test_patterns_are_what_a_person_would_write():
    """The usual value is one line, a quote currency with another one a second, a single family a third."""
    scopes = [ScopeName(Market.SWAP, "family", name, MarginMode.CROSS) for name in NAMES[:5]]
    values = dict(zip(scopes, map(Decimal, (10, 5, 5, 2, 2)), strict=True))
    assert [(line.name, line.value) for line in leverage_lines(values)] == [
        ("*", 2),
        ("*-USDT", 5),
        ("BTC-USDT", 10),
    ]
