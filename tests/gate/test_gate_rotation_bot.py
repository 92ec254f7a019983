"""Rotation beside a bot that signs with the keys all the time: at Gate, where a key takes effect some time later."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from gate_desk import GateDesk
from rotation_bot import GateBot, rotated_under_load

KEY = {"permissions": {"account": "read"}, "ip_allowlist": ["127.0.0.1"], "store": "vault"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "overlap", "speed"),
    [(5, "3s", 20), pytest.param(300, "10s", 5, marks=pytest.mark.slow)],  # a request of so many may wait for seconds
    ids=["5", "300"],
)
def test_a_bot_that_reloads_on_change_sees_no_refused_request(
    make_gate: Callable[..., GateDesk], number: int, overlap: str, speed: int
) -> None:
    """Each account has one key at the end, a new one, and no request of the bot was refused meanwhile."""
    gate = make_gate(speed=speed, top={"gate_crossex": {"flags": {"key_delay_s": 5}}})
    accounts = [f"trader{n:03}" for n in range(number)]
    gate.write({name: {"role": "sub_account", "api_keys": {"bot": KEY}} for name in accounts}).apply()
    before = {name: gate.account(name)["keys"][0]["key"] for name in accounts}
    rotated_under_load(GateBot(gate, accounts), overlap)
    after = {name: [key["key"] for key in gate.account(name)["keys"]] for name in accounts}
    assert all(len(keys) == 1 and keys != [before[name]] for name, keys in after.items())
