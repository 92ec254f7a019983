"""Gate's key changes take effect within five minutes: until then a key is neither lost nor failed nor made twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from gate_desk import ADA, GateDesk, gate_seed

import acctcfg.venues.key_rotation as rotation

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


def test_a_rotation_waits_for_its_new_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five minutes are longer than a run waits: nothing is called failed, the old key stays; the
    brake goes by such an account, and lowers the user's own."""
    world = gate_seed(gate_crossex={"flags": {"key_delay_s": DELAY_S}})
    with GateDesk.at(tmp_path, monkeypatch, world, speed=20) as desk:
        trader = {"role": "sub_account", "api_keys": {"bot": KEY}}
        desk.write({"cx": {"leverage": [{"symbol": ADA, "value": 5}]}, "trader1": trader}).converge()
        monkeypatch.setattr(rotation, "PROOF_S", 2.0)
        said = desk.run("rotate", "trader1", "bot", "--overlap", "0s", "--auto-approve")
        assert (said.code, said.last.endswith(" 0 failed.")) == (1, True), said.out + said.err
        assert "trader1.api_keys[bot]  NOT YET IN EFFECT" in said.out
        assert "the old one stays until it does" in said.out
        assert desk.run("cap", "3", "--auto-approve").code == 0
        assert desk.crossex()["leverage"] == {ADA: "3"}
