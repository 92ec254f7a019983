"""A journal that takes its time: what was read before its flush is read once more behind it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from acting import apply_and, by_address
from desk import Desk
from patience import PATIENCE_S

from acctcfg.engine import gate, recheck
from acctcfg.journal import Journal

KEY = {"permissions": ["read", "trade"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}
MODE = "mmdesk01.position_mode"


@pytest.fixture
def settled(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """An account that wants another position mode, and every read of which is old a moment later."""
    account = {"account_mode": "futures", "position_mode": "net", "api_keys": {"trading": KEY}}
    desk.write({"mmdesk01": account}).converge()
    for module in (gate, recheck):
        monkeypatch.setattr(module, "FRESH_S", -1.0)
    return desk.write({"mmdesk01": {**account, "position_mode": "long_short"}})


def meanwhile(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """It happens while the intent is written down."""
    intend = Journal.intend

    def slow(self: Journal, *drafts: Any) -> Any:
        happens()
        return intend(self, *drafts)

    monkeypatch.setattr(Journal, "intend", slow)


def outcomes(desk: Desk) -> list[str]:
    """The outcome on record of each write of the last run."""
    run = desk.run("history", "--format", "json").json[0]["id"]
    return [entry["outcome"] for entry in desk.run("history", run, "--format", "json").json["entries"]]


def test_a_position_opened_during_the_flush_stops_the_write(settled: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gate reads again behind the record: blocked, nothing is sent, and the record says that it did not happen."""
    before = len(settled.writes())
    meanwhile(monkeypatch, lambda: settled.open("mmdesk01", "positions", instId="BTC-USDT-SWAP", pos="3"))
    outcome = apply_and(settled)
    found = by_address(outcome)[MODE]
    assert (outcome.exit_code, found.status) == (3, "blocked")
    assert found.message.startswith("stopped right before the write: no_open_positions")
    assert len(settled.writes()) == before
    assert settled.account("mmdesk01")["posMode"] == "net_mode"
    assert outcomes(settled) == ["failed"]


def test_what_became_right_during_the_flush_is_not_written(settled: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the step is built on is looked at again, too: somebody else has set it, and nothing is sent."""
    before = len(settled.writes())
    other = {"posMode": "long_short_mode"}
    meanwhile(monkeypatch, lambda: settled.sandbox.control_post("accounts/mmdesk01/set", other))
    outcome = apply_and(settled)
    assert (outcome.exit_code, by_address(outcome)[MODE].status) == (0, "already")
    assert len(settled.writes()) == before
    assert outcomes(settled) == ["failed"]


def test_a_flush_that_is_quick_costs_no_further_read(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was read a moment ago is good: an apply asks for the positions once for its plan, and once for the gate."""
    for module in (gate, recheck):
        monkeypatch.setattr(module, "FRESH_S", PATIENCE_S)
    account = {"account_mode": "futures", "position_mode": "net", "api_keys": {"trading": KEY}}
    desk.write({"mmdesk01": account}).converge()
    desk.write({"mmdesk01": {**account, "position_mode": "long_short"}})

    def asked() -> int:
        by_path = desk.sandbox.control_get("requests")["by_path"]
        return int(by_path.get("GET /api/v5/account/positions", 0))

    start = asked()
    desk.plan()
    planned = asked() - start
    assert desk.apply().code == 0
    assert asked() - start == 3 * planned  # of the plan, of that of the apply, and of its gate
