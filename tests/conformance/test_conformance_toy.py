"""The third-party package passes the kit, found through its entry point, and the commands know it like any other."""

from __future__ import annotations

import pytest
from toy_ground import ToyGround

from acctcfg.conformance import Conformance, Rung
from acctcfg.conformance.trial import Trial
from acctcfg.venues import installed


@pytest.mark.slow
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

    def test_its_own_words_are_published(self, trial: Trial) -> None:
        """Its setting, its precheck and its warning stand in the schemas, in `explain`, the plan and its file."""
        settings = trial.run("schema", "manifest").json["$defs"]["account"]["properties"]["settings"]["properties"]
        assert settings["cash_sweep"]["enum"] == ["off", "daily", None]
        schema = trial.run("schema", "plan").json
        named = schema["$defs"]["precheck"]["properties"]["name"]["anyOf"]
        assert {"const": "no_pending_withdrawals", "description": "no withdrawal is under way"} in named
        warning = schema["properties"]["warnings"]["items"]["properties"]["code"]
        assert "sweep_waits" in warning["enum"]
        assert "`sweep_waits`: a changed sweep begins at the end of the day" in warning["description"]
        assert "no_pending_withdrawals" in trial.run("explain", "settings.cash_sweep").out
        sweep = ToyGround.rungs[3]
        saved = str(trial.folder / "plan.json")
        trial.ground.obstruct(trial.climber, sweep)
        plan = trial.at(sweep).run("plan", "--out", saved)
        assert "x no withdrawal is under way" in plan.out
        assert "5 USD" in plan.out
        assert "the exchange sweeps at the end of the day" in plan.out
        assert trial.run("apply", saved, "--auto-approve").code == 3
        trial.ground.clear(trial.climber)
        assert trial.applied(sweep).last.startswith("}")

    def test_a_setting_of_another_venue_type_is_refused(self, trial: Trial) -> None:
        """What another type's page has is named as that, with what this one has."""
        wrong = Rung(name="wrong", fields={"settings": {"auto_loan": True}})
        said = trial.at(wrong).run("validate")
        assert (said.code, "has no setting `auto_loan`" in said.err) == (1, True)


def test_it_is_nowhere_but_on_its_own_path() -> None:
    """The package is not part of acctcfg's environment: its words are in no published schema."""
    assert "toy_exchange" not in installed.rules()
