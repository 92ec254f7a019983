"""Where OKX's sockets are, for each base URL that a manifest may have."""

from __future__ import annotations

import pytest

from acctcfg.venues.okx.private_socket import socket_base


@pytest.mark.parametrize(
    ("base_url", "demo", "expected"),
    [
        ("https://openapi.okx.com", False, "wss://ws.okx.com"),
        ("https://openapi.okx.com", True, "wss://wspap.okx.com"),
        ("https://www.okx.com", False, "wss://ws.okx.com"),
        ("https://eea.okx.com", False, "wss://wseea.okx.com"),
        ("https://eea.okx.com", True, "wss://wseeapap.okx.com"),
        ("https://app.okx.com", False, "wss://wsus.okx.com"),
        ("https://us.okx.com", True, "wss://wsuspap.okx.com"),
        ("https://tr.okx.com", False, ""),
        ("http://127.0.0.1:8700", True, "ws://127.0.0.1:8700"),
        ("https://http.example.com:9443", False, "wss://http.example.com:9443"),
    ],
)
def test_sockets_are_at_the_regions_host_or_at_the_same_address(base_url: str, demo: bool, expected: str) -> None:
    """A region has hosts of its own for sockets, live and demo apart; any other address serves both on one port."""
    assert socket_base(base_url, demo=demo) == expected
