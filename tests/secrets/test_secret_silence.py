"""No road but reveal() leads from a secret to a screen, a file or a log."""

from __future__ import annotations

import copy
import dataclasses
import io
import json
import logging
import marshal
import pickle
import pprint
import string
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acctcfg.secrets import Credentials, Secret
from acctcfg.secrets.stored_form import pack, unpack

# Letters that "(secret)" and the words around it do not have, so that finding the text means that it leaked.
texts = st.text("QXZ0123456789~|", min_size=6, max_size=40)


@dataclasses.dataclass
class Holder:
    inner: Secret
    more: tuple[Secret, ...]


@given(texts)
def test_nothing_shows_it(text: str) -> None:
    """Neither printing nor formatting, of the secret or of what holds it, gives its text away."""
    secret = Secret(text)
    both = Credentials(text, secret, secret)
    shown = [
        repr(secret), str(secret), f"{secret}", f"{secret!r}", f"{secret:>60}", "%s %r" % (secret, secret),  # noqa: UP031
        format(secret, "s"), "{}".format(secret), string.Template("$s").substitute(s=secret),  # noqa: UP032
        repr(both), str(both), repr(Holder(secret, (secret,))), repr({"a": [secret]}), pprint.pformat([secret, both]),
        ascii(secret), str(TypeError(secret)), repr(vars(Holder(secret, ()))),
    ]  # fmt: skip
    assert not [line for line in shown if text in line]


@given(texts)
def test_no_encoder_takes_it(text: str) -> None:
    """Pickle, copy, JSON, marshal, asdict, hash, == and concatenation raise TypeError, and not with its text."""
    secret = Secret(text)
    tries = [
        *(lambda p=p: pickle.dumps(secret, p) for p in range(pickle.HIGHEST_PROTOCOL + 1)),
        lambda: copy.copy(secret),
        lambda: copy.deepcopy(secret),
        lambda: json.dumps({"a": secret}),
        lambda: dataclasses.asdict(Credentials("k", secret, None)),
        lambda: hash(secret),
        lambda: secret == Secret(text),
        lambda: secret == text,
        lambda: secret != text,
        lambda: secret + "",
        lambda: "" + secret,
        lambda: "".join([secret]),
        lambda: len(secret),
        lambda: list(secret),
        lambda: bytes(secret),
        lambda: "%d" % secret,  # noqa: UP031
        lambda: sorted([secret, Secret(text)]),
    ]
    for attempt in tries:
        with pytest.raises(TypeError) as caught:
            attempt()
        assert text not in str(caught.value)
    with pytest.raises(ValueError, match="unmarshallable"):
        marshal.dumps(secret)


@given(texts)
def test_logs_and_tracebacks_do_not_show_it(text: str) -> None:
    """Not as an argument of a log line, and not in a traceback that shows the local variables."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logger = logging.Logger("silence")
    logger.addHandler(handler)

    def fails(secret: Secret, credentials: Credentials) -> None:
        raise ValueError(secret, credentials)

    def shown(secret: Secret, credentials: Credentials) -> str:
        try:
            fails(secret, credentials)
        except ValueError as exc:
            logger.exception("it failed with %s and %r", secret, credentials)
            return "".join(traceback.TracebackException.from_exception(exc, capture_locals=True).format())
        return "nothing failed"

    frames = shown(Secret(text), Credentials(text, Secret(text), Secret(text)))
    assert "credentials = Credentials(" in frames
    assert text not in frames
    assert "it failed with (secret)" in stream.getvalue()
    assert text not in stream.getvalue()


@given(texts, texts)
def test_same_as_tells_equal_from_different(one: str, other: str) -> None:
    """same_as agrees with == on the texts, for secrets and for whole credentials."""
    assert Secret(one).same_as(Secret(other)) == (one == other)
    assert Credentials(one, Secret("s"), Secret("p")).same_as(Credentials(other, Secret("s"), Secret("p"))) == (
        one == other
    )
    assert not Credentials("k", Secret("s"), None).same_as(Credentials("k", Secret("s"), Secret("")))


def test_it_does_not_change() -> None:
    """A secret cannot be given other text, and takes nothing but text."""
    secret = Secret("one")
    with pytest.raises(AttributeError):
        secret._Secret__text = "two"  # type: ignore[attr-defined]
    with pytest.raises(AttributeError):
        del secret._Secret__text  # type: ignore[attr-defined]
    with pytest.raises(TypeError, match="bytes"):
        Secret(b"one")  # type: ignore[arg-type]


@given(api_key=texts, secret=texts, passphrase=st.none() | texts)
def test_stored_form_round_trip(api_key: str, secret: str, passphrase: str | None) -> None:
    """What is stored is read back as it was."""
    before = Credentials(api_key, Secret(secret), None if passphrase is None else Secret(passphrase))
    after = unpack(pack(before))
    assert isinstance(after, Credentials)
    assert before.same_as(after)


@pytest.mark.parametrize(
    ("stored", "words"),
    [
        (b"", "not JSON"),
        (b"\xff", "not JSON"),
        (b'{"api_key": "QXZ"', "not JSON"),
        (b'["QXZ"]', "not a JSON object"),
        (b'{"api_key": "QXZ", "passphrase": "QXZ"}', "secret_key is missing"),
        (b'{"api_key": "QXZ", "secret_key": 7}', "secret_key is not text"),
        (b'{"api_key": "QXZ\\n", "secret_key": "QXZ"}', "api_key begins or ends with"),
        (b'{"api_key": "QXZ", "secret_key": "Q\\u0007XZ"}', "not printable ASCII"),
        (b'{"api_key": "QXZ", "secret_key": "", "passphrase": "QXZ"}', "secret_key is empty"),
        (b'{"api_key": "QXZ", "secret_key": "QXZ", "QXZ": 1}', "1 more field than"),
    ],
)
def test_what_is_wrong_is_said_without_quoting(stored: bytes, words: str) -> None:
    """Every damaged form is told in words, none of which come from the secret."""
    wrong = unpack(stored)
    assert isinstance(wrong, str)
    assert words in wrong
    assert "QXZ" not in wrong
