"""Rotation beside a bot that signs with the keys all the time: at OKX."""

from __future__ import annotations

import pytest
from desk import Desk
from rotation_bot import OkxBot, rotated_under_load

TRADING = {"permissions": ["read", "trade"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "overlap"), [(5, "3s"), pytest.param(300, "10s", marks=pytest.mark.slow)], ids=["5", "300"]
)
def test_a_bot_that_reloads_on_change_sees_no_refused_request(desk: Desk, number: int, overlap: str) -> None:
    """Each account has one key at the end, a new one, and no request of the bot was refused meanwhile."""
    accounts = [f"mmdesk{n:03}" for n in range(number)]
    desk.write({name: {"api_keys": {"trading": TRADING}} for name in accounts})
    assert desk.apply().code == 0
    before = {name: desk.account(name)["keys"][0]["api_key"] for name in accounts}
    rotated_under_load(OkxBot(desk, accounts), overlap)
    after = {name: [key["api_key"] for key in desk.account(name)["keys"]] for name in accounts}
    assert all(len(keys) == 1 and keys != [before[name]] for name, keys in after.items())
