"""The header of a plan says whose credentials were used, and where they went when that was not the venue itself."""

from __future__ import annotations

import pytest

from acctcfg.core.desired import Place, VenueSpec
from acctcfg.engine.session import Link
from acctcfg.venues.installed import venue


class _Client:
    requests = 3

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url


class _Connection:
    user = "7000"

    def __init__(self, base_url: str) -> None:
        self.client = _Client(base_url)
        self.spec = VenueSpec(
            key="desk",
            type="okx_dma_broker",
            environment="live",
            credentials={"env": "DESK"},
            base_url=base_url,
            region="global",
            uid=None,
            egress=(),
            rate_share=None,
            place=Place("acctcfg.yaml", 1, 1),
        )


@pytest.mark.parametrize(
    ("base_url", "shown"),
    [
        ("https://openapi.okx.com", ""),
        ("https://www.okx.com:443", ""),
        ("http://www.okx.com", "http://www.okx.com"),
        ("https://www.okx.com:8443", "https://www.okx.com:8443"),
        ("https://www.okx.com.evil.com", "https://www.okx.com.evil.com"),
        ("http://127.0.0.1:8700", "http://127.0.0.1:8700"),
    ],
)
def test_an_address_that_is_not_the_venues_own_is_reported(base_url: str, shown: str) -> None:
    """`base_url` is empty for the type's own hosts over https and written out for all others."""
    link = Link(
        venue=venue("okx_dma_broker"),
        connection=_Connection(base_url),  # type: ignore[arg-type]
        pace_file=None,  # type: ignore[arg-type]
        speed=1.0,
        share=1.0,
    )
    assert link.report().base_url == shown
    assert link.report().uid == "7000"
