"""A key that the venue lists and that does not sign yet: neither wrong, nor lost, nor failed; at every command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from desk import Desk, seed

KEY = {"trading": {"permissions": ["read", "trade"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}}
ACCOUNT: dict[str, Any] = {"account_mode": "futures", "position_mode": "long_short", "api_keys": KEY}
DELAY_S = 80_000  # at this speed 1,600 s: a key takes effect when the test says so


def test_a_key_that_takes_effect_later_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Apply counts it as created and ends 1, plan says what waits for it, check is green; then all goes on."""
    with Desk.at(tmp_path, monkeypatch, seed(flags={"key_delay_s": DELAY_S})) as desk:
        desk.write({"mmdesk01": ACCOUNT})
        said = desk.apply()
        assert (said.code, said.last) == (
            1,
            "Applied: 2 created, 0 changed, 0 deleted, 0 blocked, 0 failed, 2 not started.",
        )
        assert "mmdesk01.api_keys[trading]  NOT YET IN EFFECT" in said.out
        assert "FAILED" not in said.out

        plan = desk.plan("--format", "json")
        assert plan.code == 1
        assert {row["code"] for row in plan.json["unreadable"]} == {"not_yet_effective"}
        assert "not_yet_effective" in {row["code"] for row in plan.json["warnings"]}
        assert "it was deleted" not in plan.out

        checked = desk.run("secrets", "check", "--format", "json")
        assert (checked.code, checked.json["keys"][0]["status"]) == (0, "not_yet")

        desk.sandbox.control_post("clock", offset_ms=1_700_000)
        desk.converge()
        assert len(desk.account("mmdesk01")["keys"]) == 1
        assert len(desk.writes("/broker/dma/subaccount/apikey")) == 1
