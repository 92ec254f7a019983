"""docs/new-venues.md says what the contract and the kit say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from acctcfg.conformance import Conformance, Fault, Ground
from acctcfg.conformance.declarations import OPEN_TO_VENUES
from acctcfg.venues.contract import Connection, Venue
from acctcfg.wire.dialect import Dialect

PAGE = Path(__file__).parents[2] / "docs" / "new-venues.md"
TEXT = PAGE.read_text(encoding="utf-8")
NAMED = set(re.findall(r"`(\w+)`", TEXT))


@pytest.mark.parametrize("protocol", [Venue, Connection, Dialect, Ground], ids=lambda one: one.__name__)
def test_every_member_that_a_package_writes_is_named(protocol: type) -> None:
    """A member that the guide leaves out would be found by its absence only."""
    members = {name for name in (*vars(protocol), *protocol.__annotations__) if not name.startswith("_")}
    assert members - NAMED - {"type"} == set()


def test_every_claim_is_in_the_table() -> None:
    """The table lists the kit's claims, and no others."""
    claims = {name for name in dir(Conformance) if name.startswith("test_")}
    assert set(re.findall(r"`(test_\w+)`", TEXT)) == claims


def test_what_is_open_to_venues_is_named() -> None:
    """The packages that a venue may import are the ones that the kit lets pass."""
    assert [name for name in OPEN_TO_VENUES if f"`{name}`" not in TEXT] == []
    assert len(Fault) == 10, "a new fault wants a word in Ground and in the grounds"


@pytest.mark.parametrize("path", sorted(set(re.findall(r"\]\(((?!http)[^)#]+)\)", TEXT))))
def test_every_link_of_the_guide_leads_somewhere(path: str) -> None:
    """Links name files that are there."""
    assert (PAGE.parent / path).resolve().exists()
