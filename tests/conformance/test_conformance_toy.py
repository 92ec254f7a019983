"""The third-party package passes the kit, found through its entry point, and the commands know it like any other."""

from __future__ import annotations

import pytest
from toy_ground import ToyGround

from acctcfg.conformance import Conformance, Rung
from acctcfg.conformance.trial import Trial
from acctcfg.venues import installed


@pytest.mark.usefixtures("toy_installed")
class TestToyExchange(Conformance):
    """Toy Exchange."""

    ground = ToyGround

    def test_the_commands_know_it(self, trial: Trial) -> None:
        """`schema` has its type, `explain` its errors, `validate` its rules, a plan its steps."""
        schema = trial.run("schema", "manifest").json
        assert "toy_exchange" in schema["$defs"]["venue"]["properties"]["type"]["enum"]
        explained = trial.run("explain", "toy:POSITIONS_OPEN")
        assert (explained.code, "open positions stand in the way" in explained.out) == (0, True)
        wrong = Rung(name="wrong", fields={"leverage": [{"symbol": "BTC-PERP", "market": "futures", "value": 3}]})
        said = trial.at(wrong).run("validate")
        assert (said.code, "desk.leverage[0]: Toy Exchange keeps leverage by symbol alone" in said.err) == (1, True)
        plan = trial.at(ToyGround.rungs[1], ToyGround.rungs[0]).run("plan")
        assert "toy-desk · toy_exchange · sandbox" in plan.out
        assert plan.last == "Plan: 0 to create, 5 to change, 0 to delete, 0 blocked."


def test_it_is_nowhere_but_on_its_own_path() -> None:
    """The package is not part of acctcfg's environment: its words are in no published schema."""
    assert "toy_exchange" not in installed.rules()
