"""What is open is named by what its row says."""

from __future__ import annotations

from typing import Any

import pytest

from acctcfg.venues.okx.open_things import order_words

SPREAD = {"ordId": "7", "sprdId": "BTC-USDT_BTC-USDT-SWAP", "side": "buy", "sz": "1", "ordType": "limit"}


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (SPREAD, "BTC-USDT_BTC-USDT-SWAP buy 1 limit (spread)"),
        ({"ordId": "7"}, "order 7 (spread)"),
        ({"ordId": "7", "instId": "BTC-USDT", "side": "buy", "sz": "1", "tdMode": "cash"}, "BTC-USDT buy 1 (cash)"),
    ],
)
def test_an_order_is_named(row: dict[str, Any], words: str) -> None:
    """By its instrument or spread, else by its own id; what a row leaves out leaves no gap."""
    assert order_words(row) == words
