"""Whatever is asked, the sandbox answers in the venue's language, and a refusal changes nothing."""

from __future__ import annotations

import json
from urllib.parse import urlencode

from hypothesis import given, settings
from hypothesis import strategies as st

from acctcfg.sandbox.okx.replies import CODES
from acctcfg.sandbox.okx.routes import ROUTES
from examples import some

WORD_LIST = """
1 2 3 4 18 cross isolated long short net_mode long_short_mode BTC USDT BTC-USDT BTC-USDT-SWAP BTC-USD-271231 mmdesk01
SWAP FUTURES MARGIN trade all custom oco true turn_on grid stgyType MARGIN,SWAP Abcdef1! -1 0.5 1e9 999999 ² ß,
"""
NAME_LIST = """
instId ccy mgnMode lever posSide posMode acctLv instType ordType subAcct label passphrase perm ip apiKey chain addrType
to addr limit after before page type isoMode greeksType feeType autoLoan collateralEnabled ccyList algoOrdType tdMode
instFamily settleCcy stgyType action clientIP mainAcct uid state clSpotInUseAmt
"""
WORDS = st.sampled_from([*WORD_LIST.split(), "", "\ud800"])
NAMES = st.sampled_from(NAME_LIST.split())
PLAIN = st.text(max_size=8) | st.integers() | st.floats() | st.booleans() | st.none()
VALUES = WORDS | PLAIN | st.lists(WORDS, max_size=2)


@settings(max_examples=some(400), deadline=None)
@given(
    route=st.sampled_from(ROUTES),
    params=st.dictionaries(NAMES, VALUES, max_size=5),
    level=st.sampled_from(["1", "2", "3", "4"]),
    as_broker=st.booleans(),
)
def test_every_answer_is_an_envelope(bench_from, route, params, level, as_broker):
    """Any parameters of any kind get a code that the venue documents, with its HTTP status, and never an accident."""
    bench = bench_from()
    desk = bench.sub(acctLv=level, positions=[{"instId": "BTC-USDT-SWAP"}], trading={"USDT": "30000"})
    desk = bench.broker if as_broker or route.broker else desk
    before = bench.act("GET", "state")["tenants"]
    target = route.path
    if route.method == "GET":
        words = {name: str(value) for name, value in params.items() if value is not None}
        target += "?" + urlencode(words, errors="replace")
    reply = desk.raw(route.method, target, params if route.method == "POST" else None)
    answer = json.loads(reply.body)
    assert answer["code"] == "0" or reply.status == CODES[answer["code"]][0]
    assert isinstance(answer["data"], list)
    if answer["code"] != "0" or route.method == "GET":
        assert bench.act("GET", "state")["tenants"] == before
    assert json.dumps(bench.act("GET", "writes"))
