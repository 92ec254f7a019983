"""Gate's key changes take effect within five minutes: until then a key is neither lost nor failed nor made twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from gate_desk import GateDesk, gate_seed

DELAY_S = 6_000  # at this speed five minutes
KEY = {"permissions": {"futures": "write"}, "ip_allowlist": ["127.0.0.1"], "store": "vault"}


def test_a_key_that_does_not_sign_yet_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Apply and plan are content with a key that is listed, and `secrets check` is green and says that it waits."""
    world = gate_seed(gate_crossex={"flags": {"key_delay_s": DELAY_S}})
    with GateDesk.at(tmp_path, monkeypatch, world, speed=20) as desk:
        desk.write({"trader1": {"role": "sub_account", "api_keys": {"bot": KEY}}})
        desk.converge()
        checked = desk.run("secrets", "check", "--format", "json")
        assert (checked.code, checked.json["keys"][0]["status"]) == (0, "not_yet")
        assert len(desk.writes("/keys")) == 1
