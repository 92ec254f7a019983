"""How Gate requests are signed: the venue's published vectors, and what it says of queries and times."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acctcfg.core.secret import Credentials, Secret
from acctcfg.venues.gate_crossex.auth import signature, timestamp
from acctcfg.venues.gate_crossex.dialect import GateDialect
from acctcfg.venues.gate_crossex.endpoints import LEVERAGE, SET_ACCOUNT
from acctcfg.wire.endpoint import Call

ORDER = b'{"contract":"BTC_USD","type":"limit","size":100,"price":6800,"time_in_force":"gtc"}'
VECTORS = [
    # published with Gate API v4, "Authentication": key `key`, secret `secret`
    (
        "GET",
        "/api/v4/futures/orders?contract=BTC_USD&status=finished&limit=50",
        b"",
        "1541993715",
        "55f84ea195d6fe57ce62464daaa7c3c02fa9d1dde954e4c898289c9a2407a3d6"
        "fb3faf24deff16790d726b66ac9f74526668b13bd01029199cc4fcc522418b8a",
    ),
    (
        "POST",
        "/api/v4/futures/orders",
        ORDER,
        "1541993715",
        "eae42da914a590ddf727473aff25fc87d50b64783941061f47a3fdb92742541f"
        "c4c2c14017581b4199a1418d54471c269c03a38d788d802e2c306c37636389f0",
    ),
    # computed by the same rule for CrossEx, for which none is published
    (
        "GET",
        "/api/v4/crossex/accounts",
        b"",
        "1541993715",
        "08404e15a8f9739a2c071a36364a22fe6e2f2584c25fb1806d9474a6993de4c7"
        "2fab9f5d3229b8206be8535759cb14b7c37c4f5d02679b4220014b8e11c384f6",
    ),
    (
        "GET",
        "/api/v4/crossex/accounts",
        b"",
        "1541993715.25",
        "f97c63641fb45745057df63357960842b56a29b2a299d000fa8e861c4688c222"
        "20360bc4bce638de5d53cf30f046ef9b25594b175e316d099cc3ad07f9bb761b",
    ),
    (
        "PUT",
        "/api/v4/crossex/accounts",
        b'{"position_mode":"DUAL"}',
        "1541993715",
        "4108da3e2acdb42352de6d44197369c6a269da2d93d44439728a37d8cc7c53e9"
        "a452ec1c931a5e3b38e13ac35ed7afa46a085d9f4ebdaf002490097eaa302634",
    ),
    (
        "GET",
        "/api/v4/crossex/positions/leverage?symbols=OKX_FUTURE_ADA_USDT,GATE_FUTURE_ADA_USDT",
        b"",
        "1541993715",
        "5296a0be040c65fbdaa9f356bf7e1af4a04764d1da6f23114443f85614ba9b58"
        "8db3a011fb09732e4402974ee332b19c7c3b061d84f686d2136bd7bd2807e1dc",
    ),
]


KEY = Credentials("key", Secret("secret"), None)


@pytest.mark.parametrize(("method", "target", "body", "stamp", "wanted"), VECTORS)
def test_vectors(method: str, target: str, body: bytes, stamp: str, wanted: str) -> None:
    """Every vector comes out, over the exact text of its timestamp."""
    assert signature(Secret("secret"), stamp, method, target, body) == wanted


def test_body_hashes() -> None:
    """The published hashes of no body and of an order's."""
    assert hashlib.sha512(b"").hexdigest().startswith("cf83e1357eefb8bd")
    assert hashlib.sha512(ORDER).hexdigest().startswith("ad3c169203dc3026")


def test_a_comma_is_signed_as_a_comma() -> None:
    """However the query is written in the address, what is signed is its decoded text."""
    bare, escaped = (f"/api/v4/crossex/positions/leverage?symbols=A{comma}B" for comma in (",", "%2C"))
    assert signature(Secret("s"), "1", "GET", bare, b"") == signature(Secret("s"), "1", "GET", escaped, b"")


def test_the_headers_of_a_call() -> None:
    """KEY, Timestamp in whole seconds, SIGN over what is sent; a public call has none of them."""
    dialect = GateDialect()
    call = Call(LEVERAGE, {"symbols": "OKX_FUTURE_ADA_USDT,GATE_FUTURE_ADA_USDT"})
    headers = dialect.sign(KEY, 1541993715.2, "GET", call.target, call.body)
    assert headers == {"KEY": "key", "Timestamp": "1541993715", "SIGN": VECTORS[5][4]}
    put = Call(SET_ACCOUNT, {"position_mode": "DUAL"})
    assert dialect.sign(KEY, 1541993715.0, "PUT", put.target, b'{"position_mode":"DUAL"}')["SIGN"] == VECTORS[4][4]
    assert dialect.sign(None, 1541993715.0, "GET", "/api/v4/spot/time", b"") == {}


@given(st.floats(min_value=0, max_value=4e9))
def test_timestamps_are_the_nearest_whole_seconds(now: float) -> None:
    """Digits alone, at most half a second off: the venue takes 60 s."""
    stamp = timestamp(now)
    assert stamp.isdigit()
    assert abs(int(stamp) - now) <= 0.5
