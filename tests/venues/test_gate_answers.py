"""What Gate's answers mean: successes of every status, labels whatever their status, and what is no answer at all."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acctcfg.core.vocabulary import Market
from acctcfg.errors import AuthRefused, Garbled, OutcomeUnknown, RateLimited, Refused
from acctcfg.venues.gate_crossex.account_reads import CrossEx, State
from acctcfg.venues.gate_crossex.dialect import GateDialect
from acctcfg.venues.gate_crossex.endpoints import ACCOUNT, LOCK, RATES, SET_ACCOUNT, SYMBOLS, TIME
from acctcfg.venues.gate_crossex.refusals import ISOLATED_READ, PRECONDITIONS
from acctcfg.venues.gate_crossex.vocabulary import number
from acctcfg.wire.endpoint import Call
from acctcfg.wire.exchange import Reply

LATER = ("BYBIT", "KRAKEN", "HYPERLIQUID", "DERIBIT", "LIGHTER")


def decode(status: int, body: Any, endpoint: Any = SET_ACCOUNT) -> Any:
    """What the client gets."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return GateDialect().decode(endpoint, status, {}, raw)


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_any_2xx_is_a_success(status: int) -> None:
    """Its JSON, with numbers as exact decimals; a write's may have nothing to say, a read's may not."""
    assert decode(status, b'{"leverage": 5.10}') == {"leverage": Decimal("5.10")}
    assert decode(status, b"") is None
    if status != 204:
        with pytest.raises(Garbled):
            decode(status, b"", ACCOUNT)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 429, 500, 503])
def test_the_label_decides_whatever_the_status(status: int) -> None:
    """A refusal is its label, in the venue's words (`message` or `detail`) and ours."""
    for place in ("message", "detail"):
        with pytest.raises(Refused) as caught:
            decode(status, {"label": "TRADE_PZ_MODE_HAVE_ORDER_ERROR", place: "there are orders"})
        error = caught.value
        assert (error.code, error.text) == ("TRADE_PZ_MODE_HAVE_ORDER_ERROR", "there are orders")
        assert "open orders stand in the way" in error.message
        assert "there are orders" in error.message


def test_an_unknown_label_is_a_refusal_and_nothing_more() -> None:
    """No label that nobody documented is a precondition, a retry, or a known state."""
    with pytest.raises(Refused) as caught:
        decode(400, {"label": "TRADE_SOMETHING_NEW", "message": "new"})
    assert not isinstance(caught.value, AuthRefused | RateLimited)
    assert "TRADE_SOMETHING_NEW" not in PRECONDITIONS
    assert "TRADE_SOMETHING_NEW" in caught.value.message
    for status, kind in ((429, RateLimited), (500, OutcomeUnknown)):  # here the status is all that can be told
        with pytest.raises(kind):
            decode(status, {"label": "TRADE_SOMETHING_NEW", "message": "new"})


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"X-Out-Time": "1541993715250000"}, 1541993715.25),
        ({"Date": "Mon, 12 Nov 2018 03:35:15 GMT"}, 1541993715.0),
        ({"X-Out-Time": "soon", "Date": "Mon, 12 Nov 2018 03:35:15 GMT"}, 1541993715.0),
    ],
)
def test_the_time_is_on_every_answer(headers: dict[str, str], said: float) -> None:
    """Where the call for the time is not served, the headers of its refusal tell it: the venue's own, or HTTP's."""
    dialect = GateDialect()
    assert dialect.server_time(dialect.decode(TIME, 404, headers, b"")) == said
    assert dialect.server_time(dialect.decode(TIME, 200, headers, b'{"server_time": 7000}')) == 7
    with pytest.raises(Garbled):
        dialect.decode(TIME, 404, {"Date": "yesterday"}, b"")


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, {"label": "INVALID_KEY", "message": "x"}, AuthRefused),
        (403, {"label": "FORBIDDEN", "message": "x"}, AuthRefused),
        (429, {"label": "TOO_MANY_REQUESTS", "message": "x"}, RateLimited),
        (200 + 229, b"", RateLimited),
        (500, {"label": "SERVER_ERROR", "message": "x"}, OutcomeUnknown),
        (400, {"label": "TOO_BUSY", "message": "x"}, OutcomeUnknown),
        (502, b"<html>bad gateway</html>", OutcomeUnknown),
        (503, b"", OutcomeUnknown),
        (404, b"", Garbled),
        (404, b"<html>no</html>", Garbled),
        (400, {"code": "1", "msg": "x"}, Garbled),
        (400, {"label": "", "message": "x"}, Garbled),
        (400, [], Garbled),
        (200, b'{"user_id"', Garbled),
    ],
)
def test_what_a_status_and_a_body_are(status: int, body: Any, kind: type[Exception]) -> None:
    """Server trouble leaves a write's outcome unknown; what is not the venue's language is no answer."""
    with pytest.raises(kind):
        decode(status, body)


@given(
    st.integers(100, 599),
    st.binary(max_size=40)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["label", "message", "x"]), inner, max_size=3)
        ),
        max_leaves=4,
    ).map(lambda value: json.dumps(value).encode()),
)
def test_no_answer_ends_in_a_traceback(status: int, body: bytes) -> None:
    """Any status with any body is data or one of our errors."""
    if 200 <= status < 300:
        with suppress(Garbled):
            decode(status, body)
    else:
        with pytest.raises((Refused, OutcomeUnknown, Garbled)):
            decode(status, body)


def test_a_lock_has_no_body() -> None:
    """The venue documents none for it, and an empty object is one."""
    call = Call(LOCK, at={"user_id": "42"})
    assert (call.target, call.body) == ("/api/v4/sub_accounts/42/lock", b"")


def test_the_exchange_tells_the_mode_too() -> None:
    """Where the optional field of the account mode is left out, CROSSEX is cross_exchange; else nothing is guessed."""
    assert State.of({"user_id": "1", "exchange_type": "CROSSEX"}).account_mode == "cross_exchange"
    for exchange in ({}, {"exchange_type": "OKX"}):
        with pytest.raises(Garbled):
            assert State.of({"user_id": "1", **exchange}).account_mode


def test_every_call_has_a_limit() -> None:
    """The table is whole: one limit for each method and path, none free."""
    assert RATES[ACCOUNT.text].per_s == 10
    assert (RATES[SET_ACCOUNT.text].count, RATES[SET_ACCOUNT.text].per_s) == (100, 60)
    assert all(rate.count > 0 and rate.per_s > 0 for rate in RATES.values())


class Answers:
    """A client whose reads answer what it was given."""

    def __init__(self, data: Any) -> None:
        self.data = data
        self.asked: list[Call] = []

    async def read(self, call: Call, signer: Any = None, user: str = "") -> Reply:
        self.asked.append(call)
        return Reply(data=self.data, sent_at=0.0, received_at=0.0, status=200)


@pytest.mark.parametrize(
    "answer",
    [
        [{"symbol": "A", "leverage": 10}, {"symbol": "B", "leverage": "5.0"}],
        [{"symbol": "A", "leverage": "10"}, {"symbol": "B", "leverage": Decimal("5")}],
        {"A": "10", "B": "5"},
        {"A": 10, "B": Decimal("5.00")},
    ],
)
async def test_leverage_in_either_shape(answer: Any) -> None:
    """Rows or one object, numbers or text: the same decimals."""
    own = CrossEx(Answers(answer), None, "user")  # type: ignore[arg-type]
    assert await own.leverage(Market.FUTURES, ["A", "B"]) == {"A": Decimal(10), "B": Decimal(5)}


@pytest.mark.parametrize("answer", [None, "x", 5, [["A", 5]], [{"symbol": "A"}], {"A": None}, {"A": {}}, [None]])
async def test_leverage_in_any_other_shape_is_unreadable(answer: Any) -> None:
    """Never empty, never a default, never a traceback."""
    own = CrossEx(Answers(answer), None, "user")  # type: ignore[arg-type]
    assert isinstance((await own.leverage(Market.FUTURES, ["A"]))["A"], Garbled)


class Exchanges:
    """A client whose venue refuses the name of some exchanges with a label, and lists symbols of others."""

    def __init__(self, label: str, missing: Iterable[str] = LATER, shown: Iterable[str] = ()) -> None:
        self.label, self.missing, self.shown = label, missing, shown

    async def read(self, call: Call, signer: Any = None, user: str = "") -> Reply:
        if call.endpoint is SYMBOLS:
            return Reply(data=[_listed(*one.split()) for one in self.shown], sent_at=0.0, received_at=0.0, status=200)
        exchange = call.params["exchange_type"]
        if exchange in self.missing:
            raise Refused("refused", code=self.label)
        return Reply(data={"user_id": "1", "exchange_type": exchange}, sent_at=0.0, received_at=0.0, status=200)


def _listed(exchange: str, business: str) -> dict[str, str]:
    return {"symbol": f"{exchange}_{business}_ADA_USDT", "exchange_type": exchange, "business_type": business}


async def everywhere(*told: Any) -> list[str]:
    """The exchanges whose parts are read."""
    return sorted(await CrossEx(Exchanges(*told), None, "user").everywhere())  # type: ignore[arg-type]


async def test_an_exchange_that_the_venue_does_not_serve_has_no_part() -> None:
    """One label says that a later exchange is not served. Any other, and of the first three every one, stops."""
    assert await everywhere(ISOLATED_READ) == ["binance", "gate", "okx"]
    for label in (*PRECONDITIONS, "FORBIDDEN", "INVALID_PARAM_VALUE", "COMMON_PARAM_BIND_ERROR"):
        with pytest.raises(Refused):
            await everywhere(label)
    for exchange in ("BINANCE", "OKX", "GATE"):
        with pytest.raises(Refused):
            await everywhere(ISOLATED_READ, (exchange,))


async def test_every_exchange_that_the_symbols_show_is_read() -> None:
    """All eight of the documents and each further one of the list; the market of a stock is no exchange."""
    eight = sorted(word.lower() for word in ("BINANCE", "OKX", "GATE", *LATER))
    assert await everywhere("", (), ("NEWEX FUTURE", "US STOCK", "HK ETF", "OKX SPOT")) == sorted([*eight, "newex"])


async def test_many_symbols_are_asked_for_in_parts() -> None:
    """An address stays short enough for every proxy: symbols are named by fifties, each once."""
    client = Answers([])
    await CrossEx(client, None, "user").leverage(Market.MARGIN, [f"OKX_MARGIN_A{n}_USDT" for n in range(120)])  # type: ignore[arg-type]
    assert len(client.asked) == 3
    assert all(len(call.target) < 2000 for call in client.asked)
    named = [name for call in client.asked for name in str(call.params["symbols"]).split(",")]
    assert len(named) == len(set(named)) == 120


@given(st.decimals(allow_nan=False, allow_infinity=False), st.booleans())
def test_numbers_are_exact(value: Decimal, text: bool) -> None:
    """Text and numbers alike, to the last digit."""
    assert number(str(value) if text else value, "x") == value


@pytest.mark.parametrize("value", [None, "", "NaN", "Infinity", True, "five", [], {}, b"5"])
def test_what_is_no_number_is_refused(value: Any) -> None:
    """An amount that cannot be read is never zero."""
    with pytest.raises(Garbled, match="not a number"):
        number(value, "x")


@pytest.mark.parametrize("coin", ["USDT", "USDC", "USD", "A_COIN_OF_2027", ""])
@pytest.mark.parametrize("what", ["futures", "borrowing"])
def test_a_margin_in_any_currency_is_one(coin: str, what: str) -> None:
    """Each row of assets is looked at, whatever its currency; what is not a number there cannot be read."""
    row = {"user_id": "1", "initial_margin": "0", "assets": [{"coin": coin, f"{what}_initial_margin": "2.5"}]}
    assert [amount for amount in State.of(row).margins("initial_margin").values() if amount] == [Decimal("2.5")]
    with pytest.raises(Garbled):
        State.of({**row, "assets": [{"coin": coin, f"{what}_initial_margin": "many"}]}).margins("initial_margin")
    assert State.of({"user_id": "1", "initial_margin": "3", "assets": []}).margins("initial_margin") == {"": Decimal(3)}
