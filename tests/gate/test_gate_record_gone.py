"""The journal is gone, or is another workspace's: what is at the venue stays as it is, and what is said is true."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from desk import Desk
from gate_desk import GateDesk

NO_CHANGES = "No changes. Live accounts match the manifest."
KEY = {"permissions": ["read", "trade"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}
GATE_KEY = {"permissions": {"futures": "write"}, "ip_allowlist": ["127.0.0.1"], "store": "vault"}
TRON = {"currency": "USDT", "chain": "USDT-TRC20", "count": 2}
OKX: dict[str, Any] = {
    "trader01": {
        "account_mode": "futures",
        "api_keys": {"bot": KEY},
        "deposit": {"credit_to": "trading", "addresses": [TRON]},
    }
}
GATE: dict[str, Any] = {"trader01": {"role": "sub_account", "api_keys": {"bot": GATE_KEY}}}
VENUES = [(Desk, OKX), (GateDesk, GATE)]


@pytest.mark.parametrize(("kind", "accounts"), VENUES)
def test_a_deleted_journal_doubles_nothing(
    kind: type[Desk], accounts: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Accounts, keys and addresses of the run before are found at the venue and taken over, never made anew."""
    with kind.at(tmp_path, monkeypatch) as desk:
        desk.write(accounts)
        assert desk.apply().code == 0
        writes, live, secret = len(desk.writes()), desk.account("trader01"), list(tmp_path.glob("secrets/**/*.age"))
        shutil.rmtree(tmp_path / ".acctcfg")
        for command in (("plan",), ("apply", "--auto-approve"), ("plan",)):
            said = desk.run(*command)
            assert (said.code, said.last) == (0, NO_CHANGES), said.out + said.err
        assert "[adopted]" not in said.out, "the second run knows it again"
        assert (len(desk.writes()), desk.account("trader01")) == (writes, live)
        assert list(tmp_path.glob("secrets/**/*.age")) == secret


@pytest.mark.parametrize(("kind", "accounts"), VENUES)
def test_another_workspaces_journal_proves_nothing(
    kind: type[Desk], accounts: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One copied in is told from ours; where nobody remembers ours, it knows other uids and ids: nothing is deleted,
    replaced or made twice on its word."""
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    for folder in (ours, theirs):
        folder.mkdir()
    with monkeypatch.context() as patch, kind.at(theirs, patch) as other:
        others = {"someone1": next(iter(accounts.values())), **accounts}
        assert other.write(others).apply().code == 0
    with kind.at(ours, monkeypatch) as desk:
        assert desk.write(accounts).apply().code == 0
        writes, live = len(desk.writes()), desk.account("trader01")
        shutil.rmtree(ours / ".acctcfg")
        shutil.copytree(theirs / ".acctcfg", ours / ".acctcfg")
        assert "not the journal that was last used" in desk.plan().err
        for memory in ours.glob(".*/**/journals/*"):
            memory.unlink()
        for command in (("plan",), ("apply", "--auto-approve")):
            said = desk.run(*command)
            assert (said.code, said.last) == (0, NO_CHANGES), said.out + said.err
            assert "who can read them, changed" in said.out, "the other workspace's store had other readers"
        assert (len(desk.writes()), desk.account("trader01")) == (writes, live)
