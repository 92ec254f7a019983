"""What comes in: bounded in bytes, nesting and numbers; in a shape that breaks nobody; and nobody else's answer."""

from __future__ import annotations

import gzip
import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy_venue import ToyDialect, raw, say

from acctcfg.errors import Garbled, Refused
from acctcfg.secrets import Credentials, Secret
from acctcfg.venues.gate_crossex import endpoints as gate
from acctcfg.venues.gate_crossex.dialect import GateDialect
from acctcfg.venues.okx import endpoints as okx
from acctcfg.venues.okx.dialect import OkxDialect
from acctcfg.wire.answer import MAX_BYTES, guarded, read_json
from acctcfg.wire.client import Client, UnresolvedWrite
from acctcfg.wire.echo import Echo
from acctcfg.wire.endpoint import Call, Endpoint, Rate
from acctcfg.wire.pace import Pacer

DEEP = b'{"code":"0","data":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
ODD = {
    "nested without end": DEEP,
    "nested deeper than any answer": b'{"code":"0","data":[' + b'{"a":' * 40 + b"1" + b"}" * 40 + b"]}",
    "NaN": b'{"code":"0","data":[{"lever":NaN}]}',
    "Infinity": b'{"code":"0","data":[{"lever":-Infinity}]}',
    "a whole number of a thousand digits": b'{"code":"0","data":[{"lever":' + b"9" * 1000 + b"}]}",
    "a number of a huge size": b'{"code":"0","data":[{"lever":1e999999999}]}',
    "no UTF-8": b'{"code":"0","data":[{"lever":"\xff"}]}',
    "a code that is a list": b'{"code":["0"],"data":[]}',
}


@pytest.mark.parametrize("body", ODD.values(), ids=ODD.keys())
@pytest.mark.parametrize("endpoint", [okx.CONFIG, okx.SET_LEVERAGE], ids=["read", "write"])
def test_what_no_document_knows_is_no_answer_of_okx(endpoint, body):
    """Every odd body ends as Garbled, which is an unreadable value or, of a write, an unknown outcome."""
    with pytest.raises(Garbled):
        OkxDialect(demo=True).decode(endpoint, 200, {}, body)


@pytest.mark.parametrize("body", ODD.values(), ids=ODD.keys())
def test_what_no_document_knows_is_no_answer_of_gate(body):
    """The same at the other venue, whose envelope has no code of its own."""
    if b"code" in body and b'["0"]' in body:
        body = b'{"label":["0"],"message":""}'
        status = 400
    else:
        status = 200
    with pytest.raises(Garbled):
        GateDialect().decode(gate.ACCOUNT, status, {}, body)


def test_half_of_a_surrogate_pair_is_replaced():
    """What no terminal and no file takes never gets in: a label that holds it is readable, and another one."""
    (row,) = OkxDialect(demo=True).decode(okx.CONFIG, 200, {}, b'{"code":"0","data":[{"label":"a\\ud83d","uid":"1"}]}')
    assert row["label"] == "a\ufffd"
    assert read_json(b'{"a":"\\ud83d\\ude00"}') == {"a": "\U0001f600"}


@pytest.mark.parametrize("value", [["net_mode"], {"a": "net_mode"}, []], ids=str)
@pytest.mark.parametrize("use", [str, lambda one: f"{one}", lambda one: {one: 1}], ids=["text", "formatted", "key"])
def test_a_list_where_a_text_belongs_is_unreadable(value, use):
    """A list or an object is never taken for a text, in a row and in a row of a row."""
    rows = [{"posMode": value, "details": [{"label": value}]}]
    guarded(rows)
    for found in (rows[0]["posMode"], rows[0]["details"][0]["label"]):
        assert found == value
        with pytest.raises(Garbled, match="where a text belongs"):
            use(found)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(json_values)
def test_ordinary_json_is_read_as_it_is(value):
    """No answer of ordinary depth and numbers is changed on its way in."""
    assert read_json(json.dumps(value).encode()) == value


# -- bytes -------------------------------------------------------------------------------------------------------------

READ = Call(Endpoint("GET", "/state", Rate(20, 2), "read"))


async def test_an_answer_that_inflates_is_not_taken(venue, clock):
    """64 MiB in 64 KiB of gzip: one request, one sentence, and no more memory than an answer may have."""
    bomb = gzip.compress(b" " * (64 * 1024 * 1024), 9)
    venue.script = [raw(bomb, more="Content-Encoding: gzip\r\n", kind="application/json")]
    tracemalloc.start()
    try:
        async with Client(venue.url, ToyDialect(), clock, Pacer(clock)) as client:
            with pytest.raises(Garbled, match="more than 32 MiB"):
                await client.read(READ, "signer", "42")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < MAX_BYTES * 1.5
    assert len(venue.seen) == 1


@pytest.mark.parametrize("use", [str, bool, "{}".format, lambda value: value == "7", lambda value: {value}])
def test_what_an_object_says_twice_is_unreadable(use):
    """Two values of one name that differ: whoever uses it is told, and the rest of the answer holds."""
    answer = read_json(b'{"a": "7", "b": [{"c": 1, "c": 2}], "a": "12", "d": "x", "d": "x"}')
    assert answer["d"] == "x"
    for value in (answer["a"], answer["b"][0]["c"]):
        with pytest.raises(Garbled, match="two different values"):
            use(value)


@pytest.mark.parametrize("length", [None, 10**12], ids=["as it comes", "as it says"])
async def test_an_answer_of_too_many_bytes_is_not_taken(venue, clock, length):
    """Bytes that come as they are count alike, and a write that they answer has an unknown outcome."""
    client = Client(venue.url, ToyDialect(), clock, Pacer(clock))
    venue.script = [raw(b" " * (MAX_BYTES + 1), length=length)]
    with pytest.raises(UnresolvedWrite, match="more than 32 MiB"):
        async with client:
            await client.write(Call(Endpoint("POST", "/state", Rate(20, 2), "trade")), "signer", "42")
    assert len(venue.seen) == 1


@pytest.mark.parametrize("size", [0, 1, 65_536, 3_000_000])
async def test_packed_answers_are_read(client, venue, size):
    """Answers of any ordinary size are the same packed, packed in two parts, or as they are."""
    body = json.dumps({"code": "0", "data": "x" * size}).encode()
    packed = (gzip.compress(body), gzip.compress(body[:5]) + gzip.compress(body[5:]))
    venue.script = [*(raw(one, more="Content-Encoding: gzip\r\n") for one in packed), raw(body)]
    for _ in range(3):
        assert (await client.read(READ, "signer", "42")).data == "x" * size


async def test_a_packed_answer_that_is_cut_short_is_read_again(client, venue):
    """Half of a packed answer is none."""
    body = gzip.compress(json.dumps({"code": "0", "data": "5"}).encode())
    venue.script = [raw(body[:-12], more="Content-Encoding: gzip\r\n"), say("5")]
    assert (await client.read(READ, "signer", "42")).data == "5"


# -- somebody else's answer --------------------------------------------------------------------------------------------

NAMED = (Echo("name"), Echo("word"))


async def test_a_read_that_is_anothers_is_asked_again(client, venue):
    """An answer that names another account costs a repetition; one that keeps doing so is unreadable."""
    call = Call(Endpoint("GET", "/named", Rate(20, 2), "read", echoes=NAMED), {"name": "alpha"})
    venue.script = [say([{"name": "beta"}]), say([{"name": "alpha"}])]
    assert (await client.read(call, "signer", "42")).data == [{"name": "alpha"}]
    venue.script = [say([{"name": "beta"}])]
    with pytest.raises(Garbled, match="another request's: it names another name than 'alpha'"):
        await client.read(call, "signer", "42")


async def test_a_write_that_is_anothers_has_an_unknown_outcome(client, venue):
    """It is sent once, and no message quotes what is secret."""
    params = {"name": "alpha", "word": Secret("not-for-eyes")}
    call = Call(Endpoint("POST", "/named", Rate(20, 2), "trade", echoes=NAMED, secrets=("word",)), params)
    venue.script = [say([{"name": "alpha", "word": "somebody-elses"}])]
    with pytest.raises(UnresolvedWrite, match="it names another word") as caught:
        await client.write(call, "signer", "42")
    assert "not-for-eyes" not in caught.value.told
    assert "somebody-elses" not in caught.value.told
    assert len(venue.seen) == 1


# -- credentials in a venue's words ------------------------------------------------------------------------------------


class Echoing(ToyDialect):
    """A venue that repeats all that it was sent in its refusals."""

    def sign(self, signer, now, method, target, body):
        self.sent = {"X-Key": signer.api_key, "X-Sign": "c2lnbmF0dXJl/+=", "X-Pass": signer.passphrase}
        return self.sent

    def decode(self, endpoint, status, headers, body):
        text = body.decode()
        raise Refused(f"refused: {text}", hint=text, code=text, text=text)


async def test_a_venue_that_repeats_credentials_is_not_quoted_with_them(client, venue):
    """Key, secret, passphrase, signature and a new passphrase are blotted out of message, hint, code and text."""
    client.dialect = Echoing()
    signer = Credentials("0a1b2c3d-key-id", Secret("S3CRET/0123456789"), Secret("Pass-Phrase-1"))
    said = "0a1b2c3d-key-id S3CRET/0123456789 S3CRET\\/0123456789 Pass-Phrase-1 c2lnbmF0dXJl/+= New-Phrase-2"
    venue.script = [raw(said.encode())]
    call = Call(Endpoint("POST", "/keys", Rate(20, 2), "trade"), {"passphrase": Secret("New-Phrase-2")})
    with pytest.raises(Refused) as caught:
        await client.write(call, signer, "42")
    shown = (caught.value.message, caught.value.hint, caught.value.code, caught.value.text, str(caught.value))
    for text in shown:
        for part in ("0a1b2c3d", "S3CRET", "Pass-Phrase", "c2lnbmF0", "New-Phrase"):
            assert part not in text
