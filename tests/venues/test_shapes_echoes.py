"""Every endpoint of both tables says what its answers repeat, and an answer that repeats something else is refused."""

from __future__ import annotations

from decimal import Decimal

import pytest

from acctcfg.core.secret import Secret
from acctcfg.venues.gate_crossex import endpoints as gate
from acctcfg.venues.okx import endpoints as okx
from acctcfg.wire.answer import take_secrets
from acctcfg.wire.echo import OWNER, unlike
from acctcfg.wire.endpoint import Endpoint

TABLES = {"okx": okx, "gate": gate}
ENDPOINTS = {
    f"{venue} {name}": endpoint
    for venue, table in TABLES.items()
    for name, endpoint in vars(table).items()
    if isinstance(endpoint, Endpoint)
}
ECHOES = [(name, endpoint, echo) for name, endpoint in ENDPOINTS.items() for echo in endpoint.echoes or ()]
NAMING = {"subAcct", "label", "ccy", "chain", "instId", "posMode", "acctLv", "symbol", "login_name", "account_mode"}


@pytest.mark.parametrize("endpoint", ENDPOINTS.values(), ids=ENDPOINTS.keys())
def test_every_endpoint_declares_what_it_repeats(endpoint):
    """A new row of a table says what its answers repeat, be it nothing: `echoes=NOTHING`."""
    assert endpoint.echoes is not None, f"{endpoint.text} does not say what its answers repeat of the request"


@pytest.mark.parametrize(("endpoint", "echo"), [one[1:] for one in ECHOES], ids=[f"{n} {e.name}" for n, _, e in ECHOES])
def test_an_answer_for_another_is_told_from_ones_own(endpoint, echo):
    """The value asked for passes, a field that is left out or empty repeats nothing, and any other value is refused."""
    asked = {"addr": "TX1:77", "lever": "5", "ip": "203.0.113.7,203.0.113.8", "perm": "read_only,trade"}
    asked |= dict.fromkeys(("clSpotInUseAmt", "timeInterval", "frozenInterval", "qtyLimit"), "5")
    asked = asked.get(echo.param, "asked-for" if echo.param != OWNER else "42")
    hidden = echo.name in endpoint.secrets
    params = {} if echo.param == OWNER else {echo.param: Secret(asked) if hidden else asked}

    def flaw(said: object) -> str:
        data = [{echo.within: [{echo.name: said}]}] if echo.within else [{echo.name: said}]
        return unlike(endpoint.echoes, params, {}, "42", data, take_secrets(data, endpoint.secrets))

    assert flaw(asked) == flaw("") == flaw(None) == ""
    for other in ("another",) if hidden else ("another", ["asked-for"], {"asked-for": 1}):
        assert echo.name in flaw(other)
    assert (repr(asked) in flaw("another")) is not hidden


@pytest.mark.parametrize(
    ("endpoint", "params", "row"),
    [
        (
            okx.SET_LEVERAGE,
            {"lever": "5", "instId": "BTC-USDT-SWAP", "posSide": ""},
            {"lever": "5.0", "posSide": "net"},
        ),
        (okx.SET_LEVERAGE, {"lever": "5", "ccy": "USDT"}, {"lever": Decimal("5.00"), "instId": ""}),
        (okx.LEVERAGE_INFO, {"instId": "A-SWAP,B-SWAP", "mgnMode": "cross"}, {"instId": "B-SWAP", "posSide": "long"}),
        (okx.MODIFY_KEY, {"perm": "trade", "ip": "203.0.113.8,203.0.113.7"}, {"perm": "read,trade"}),
        (okx.MODIFY_KEY, {"ip": "203.0.113.8,203.0.113.7"}, {"ip": "203.0.113.7, 203.0.113.8"}),
        (okx.CREATE_SUB_ACCOUNT, {"label": "Desk 1"}, {"label": "Desk 1 "}),
        (okx.MODIFY_DEPOSIT_ADDRESS, {"addr": "EQabc:77"}, {"addr": "EQabc"}),
        (okx.CONFIG, {}, {"uid": "42"}),
        (gate.ACCOUNT, {"exchange_type": "OKX"}, {"exchange_type": "CROSSEX", "user_id": 42}),
        (gate.SET_LEVERAGE, {"symbol": "OKX_FUTURE_ADA_USDT", "leverage": "5"}, {"leverage": "10"}),
    ],
)
def test_other_spellings_of_the_same_are_the_same(endpoint, params, row):
    """Numbers compare as numbers, lists without order, labels without outer blanks."""
    assert unlike(endpoint.echoes, params, {}, "42", [row]) == ""
    assert unlike(endpoint.echoes, params, {}, "key 0a1b", [row]) == ""


@pytest.mark.parametrize(
    "answer",
    [{"OKX_FUTURE_ADA_USDT": "5"}, [{"symbol": "OKX_FUTURE_ADA_USDT", "leverage": 5}], {}, []],
    ids=["keyed", "rows", "none", "no rows"],
)
def test_leverage_of_either_shape_is_compared(answer):
    """A list of rows or one object keyed by symbol: a symbol that was not asked for is another request's."""
    for symbols, same in (("GATE_FUTURE_ADA_USDT,OKX_FUTURE_ADA_USDT", True), ("GATE_FUTURE_ADA_USDT", not answer)):
        assert (unlike(gate.LEVERAGE.echoes, {"symbols": symbols}, {}, "42", answer) == "") is same


@pytest.mark.parametrize("at", [{"user_id": "7"}, {"user_id": "7", "key": "k1"}])
def test_what_stands_in_the_path_is_compared(at):
    """A key of another sub-account is no answer, whatever type its id has."""
    assert unlike(gate.KEY.echoes, {}, at, "42", {"user_id": 7, "key": "k1"}) == ""
    assert "user_id" in unlike(gate.KEY.echoes, {}, at, "42", {"user_id": 8, "key": "k1"})


def test_what_names_something_is_never_left_out_by_the_calls_that_send_it():
    """The parameters that say whom or what a request is about are declared wherever a row of the tables has them."""
    declared = {echo.param for endpoint in ENDPOINTS.values() for echo in endpoint.echoes or ()}
    assert declared >= NAMING


def test_leverage_is_set_by_these_calls_alone():
    """Guardrails see the value of a leverage step, and of another step what its calls say in `besides`: a new call that
    sets leverage comes by here, and says it there."""
    found = {
        name
        for name, one in ENDPOINTS.items()
        if one.method != "GET" and ("leverage" in one.path or any(echo.param == "lever" for echo in one.echoes or ()))
    }
    assert found == {"okx SET_LEVERAGE", "okx SWITCH_PRESET", "gate SET_LEVERAGE", "gate SET_MARGIN_LEVERAGE"}
