"""`broker rebate`: whether an FD broker is paid for its users' keys."""

from __future__ import annotations

from pathlib import Path

import pytest
from desk import MASTER, Desk

REBATES = {"11111111-aaaa": "0", "22222222-bbbb": "3"}


def test_rebates_of_users_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each with its number in words and exit 1 where one is not paid; a broker of two kinds must say which."""
    tenant = {"env_prefix": "OKX_DESK", "broker": False, "fd": ["api", "oauth"], "keys": [MASTER], "rebates": REBATES}
    with Desk.at(tmp_path, monkeypatch, {"tenants": {"desk": tenant}}) as desk:
        desk.write({}, venue={"type": "okx"})
        said = desk.run("broker", "rebate", *REBATES, "--broker-type", "api")
        assert said.code == 1, said.err
        assert said.out.splitlines() == [
            "11111111-aaaa  rebate is paid (type 0)",
            "22222222-bbbb  the user's fee level is too high (type 3)",
        ]
        assert desk.run("broker", "rebate", "11111111-aaaa", "--broker-type", "oauth").code == 0
        unsaid = desk.run("broker", "rebate", "11111111-aaaa")
        assert unsaid.code == 1
        assert "50044" in unsaid.err
        assert desk.run("broker", "rebate", "unknown-key-1", "--broker-type", "api").code == 1
        later = desk.run("broker", "rebate-files", "--from", "20260101")
        assert later.code == 64
        assert "not supported yet" in later.err
        assert desk.writes() == []
