"""What may reach a log."""

from __future__ import annotations

import logging

import pytest

from acctcfg.wire.redact import Redact, body_kind


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "an empty body"),
        (b"\n ", "an empty body"),
        (b"<html><head><TITLE>502 Bad Gateway</title>x", 'an HTML page titled "502 Bad Gateway"'),
        (b"<!doctype html><p>secret", "an HTML page"),
        (b'{"code": "0"', "broken JSON of 12 bytes"),
        (b'{"a": 1}', "JSON in an unexpected shape of 8 bytes"),
        (b"upstream error", "text that is no JSON, 14 bytes"),
        (b"\xff\xfe\x00", "text that is no JSON, 3 bytes"),
    ],
)
def test_a_body_is_described_and_not_quoted(body, kind):
    """A message says what came instead of an answer; of its words only a page's title is shown."""
    assert body_kind(body) == kind


@pytest.mark.parametrize(
    "text",
    [
        "headers: {'X-ACCESS-SIGN': 'hush/hush+1='}",
        "X-ACCESS-PASSPHRASE: hush",
        'body {"secretKey":"hush"}',
        "api_key=hush&x=1",
        "Authorization: Bearer hush",
    ],
)
def test_a_library_that_logs_too_much_is_blotted_out(text):
    """Values that follow a telling name do not pass the filter, as text or as an argument."""
    for record in (
        logging.LogRecord("lib", logging.DEBUG, "", 0, text, (), None),
        logging.LogRecord("lib", logging.DEBUG, "", 0, "%s", (text,), None),
    ):
        assert Redact().filter(record)
        assert "hush" not in record.getMessage()


def test_plain_records_pass_unchanged():
    """The filter leaves alone what tells nothing."""
    record = logging.LogRecord("lib", logging.DEBUG, "", 0, "GET %s 200 ok", ("/state",), None)
    assert Redact().filter(record)
    assert record.getMessage() == "GET /state 200 ok"
