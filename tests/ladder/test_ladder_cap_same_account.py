"""The brake where several entries of a manifest are one account at the venue: each leverage is lowered once."""

from __future__ import annotations

import json

import pytest
from cap_parts import BTC, ETH, cap, cross, held, levers
from desk import Desk
from ladder_parts import KEY, own_secret, settle


@pytest.fixture
def pair(desk: Desk) -> Desk:
    """An account with two positions, and a key of its own in the environment."""
    high = cross(BTC="20", ETH="20")
    settle(desk, "customer01", acctLv="2", leverage=high, positions=[held(BTC, "300"), held(ETH, "50")])
    for name, value in own_secret("customer01").items():
        desk.monkeypatch.setenv(f"OWN_{name.upper()}", value)
    return desk


def write(desk: Desk) -> None:
    """The entries `customer01` and `customer02` of that account, each under its own connection."""
    again = {"name": "customer01", "access": {"credentials": {"env": "OWN"}}}
    desk.write({"customer01": {"api_keys": KEY}, "customer02": again})
    elsewhere = desk.sandbox.base_url.replace("127.0.0.1", "LOCALHOST") + "/"
    desk.document["venues"]["desk2"] = {**desk.document["venues"]["desk"], "base_url": elsewhere}
    desk.document["accounts"]["customer02"]["venue"] = "desk2"
    desk.text(json.dumps(desk.document))


def test_two_connections_of_one_user_lower_an_account_once(pair: Desk) -> None:
    """One line and one write a leverage, under the first entry; a note names the other."""
    write(pair)
    said = cap(pair, "3")
    assert said.code == 0, said.out + said.err
    assert said.last == "Capped: 2 lowered, 0 at or below it already, 0 blocked, 0 failed."
    assert said.out.count("20 -> 3") == 2
    note = "customer02 is the same account at the venue as customer01: what both have is lowered once, under customer01"
    assert f"note: {note}" in said.out.splitlines()
    assert "customer02.leverage" not in said.out
    assert [row["body"]["instId"] for row in pair.writes("set-leverage")] == [BTC, ETH]
    assert levers(pair, "customer01") == {BTC: 3, ETH: 3}


def test_what_stands_above_is_told_once(pair: Desk) -> None:
    """An order in the way is one blocked leverage, not two."""
    pair.open("customer01", "orders", instId=BTC)
    write(pair)
    said = cap(pair, "3")
    assert (said.code, said.last) == (3, "Capped: 1 lowered, 0 at or below it already, 1 blocked, 0 failed.")
    assert levers(pair, "customer01") == {BTC: 20, ETH: 3}


def test_each_entry_lowers_what_only_it_reads(pair: Desk) -> None:
    """By targets that differ, or where the first cannot read: nothing is left out for being in the other."""
    write(pair)
    apart = ["customer01.leverage[swap/BTC-*]", "customer02.leverage[swap/ETH-*]"]
    said = cap(pair, "5", *(word for one in apart for word in ("--target", one)))
    assert (said.code, "is the same account" in said.out) == (0, False), said.out
    assert levers(pair, "customer01") == {BTC: 5, ETH: 5}
    (pair.folder / "secrets" / "desk" / "customer01" / "trading.age").unlink()
    said = cap(pair, "3")
    assert (said.code, said.out.count("customer02.leverage")) == (1, 2), said.out
    assert levers(pair, "customer01") == {BTC: 3, ETH: 3}
