"""`apply --queue --replace`: what the user let be replaced reaches the worker that has the key, and no other."""

from __future__ import annotations

import pytest
from beside import workers_beside
from desk import Desk
from fleet_parts import fleet
from postgres import Postgres

KEY = "customer002.api_keys[trading]"


@pytest.mark.slow
def test_a_lost_key_is_replaced_by_a_worker(desk: Desk, postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    """However the plan is cut, and whether or not an earlier run had the very same one: the key is made anew."""
    monkeypatch.setattr("acctcfg.workers.parts.LEAST", 1)
    monkeypatch.setattr("acctcfg.workers.parts.SHARE", 1000)
    sections = {"journal": {"url": postgres.database()}, "guardrails": {"max_deletes": 1}}
    desk.write(fleet(3), **sections)
    assert desk.apply().code == 0
    lower = [{"market": "swap", "family": "BTC-USDT", "margin": "cross", "value": 5}]
    desk.write({name: {**fields, "leverage": lower} for name, fields in fleet(3).items()}, **sections)
    with workers_beside(desk, 1) as (worker,):
        for parts in (2, 1, 1):
            had, before = desk.account("customer002")["keys"], worker.parts
            (desk.folder / "secrets/desk/customer002/trading.age").unlink()
            said = desk.apply("--queue", "--replace", KEY)
            assert (said.code, worker.parts - before) == (0, parts), said.out + said.err
            (key,) = desk.account("customer002")["keys"]
            assert key["api_key"] not in [one["api_key"] for one in had]
            assert desk.secret("customer002", "trading")["api_key"] == key["api_key"]
    assert [desk.account(name)["leverage"] for name in fleet(3)] == [{"SWAP/cross/BTC-USDT-SWAP": "5"}] * 3
    assert desk.plan().last == "No changes. Live accounts match the manifest."
