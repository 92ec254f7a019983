"""What may reach a log."""

from __future__ import annotations

import pytest

from acctcfg.wire.redact import body_kind


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "an empty body"),
        (b"\n ", "an empty body"),
        (b"<html><head><TITLE>502 Bad Gateway</title>x", 'an HTML page titled "502 Bad Gateway"'),
        (b"<!doctype html><p>secret", "an HTML page"),
        (b'{"code": "0"', "broken JSON of 12 bytes"),
        (b'{"a": 1}', "JSON in an unexpected shape of 8 bytes"),
        (b"upstream error", "text that is not JSON, 14 bytes"),
        (b"\xff\xfe\x00", "text that is not JSON, 3 bytes"),
    ],
)
def test_a_body_is_described_and_not_quoted(body, kind):
    """A message says what came instead of an answer; of its words only a page's title is shown."""
    assert body_kind(body) == kind
