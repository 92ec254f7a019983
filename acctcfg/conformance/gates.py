"""Claims on what stands in the way: a blocker stops the write, whenever it comes, and counts as blocked."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, ClassVar

import pytest

from acctcfg.conformance.ground import Fault, Ground, Rung
from acctcfg.conformance.trial import Trial, need, need_published

__all__ = ["Gates"]


class Gates:
    """Law 4: no write without a fresh gate."""

    ground: ClassVar[type[Ground]]

    def test_some_rung_has_a_blocker(self) -> None:
        """A ground without blockers would prove nothing here."""
        need(any(rung.blocker for rung in self.ground.rungs), "no rung of the ground has a blocker")

    def test_a_blocker_shows_in_the_plan_and_stops_the_apply(self, trial: Trial) -> None:
        """The plan names it as a failing precheck, apply exits 3 and writes nothing; without it, the rung lands."""
        for rung in _guarded(trial):
            trial.ground.obstruct(trial.climber, rung)
            plan = trial.at(rung).plan()
            blocked = [step for step in plan.json.get("steps", ()) if step["blocked"]]
            need(blocked, f"{rung.blocker} is there, and the plan of {rung.name!r} blocks no step: {plan}")
            need_published(plan)
            failing = [check for step in blocked for check in step["prechecks"] if check["status"] == "fail"]
            need(
                failing and all(check["detail"] for check in failing),
                f"{rung.blocker} blocks {rung.name!r} without a failing precheck that says what it is: {plan}",
            )
            before = trial.written()
            said = trial.apply()
            need(
                said.code == 3 and not trial.since(before),
                f"{rung.blocker} is there, so an apply of {rung.name!r} must write nothing and exit 3: {said}",
            )
            trial.ground.clear(trial.climber)

    def test_a_blocker_that_comes_after_the_plan_stops_the_write(self, trial: Trial) -> None:
        """Opened between approval and write, it is found by the gate's own reads: no write, blocked, not failed."""
        for rung in _guarded(trial):
            obstruct = partial(trial.ground.obstruct, trial.climber, rung)
            obstruct()
            guarded = {step["address"] for step in trial.at(rung).plan().json["steps"] if step["blocked"]}
            trial.ground.clear(trial.climber)
            before = trial.written()
            outcome = trial.apply_and(obstruct)
            went = {str(one.step.address): one for one in outcome.results}
            sent = sum(len(one.step.calls) for one in outcome.results if one.status == "done")
            need(
                all(went[address].status in ("blocked", "not_started") for address in guarded)
                and len(trial.since(before)) == sent,
                f"{rung.blocker} came after the plan, and {rung.name!r} was written all the same: is the change "
                f"`gated`, and does `prechecks` read anew each time? {_summary(outcome)}",
            )
            need(
                outcome.exit_code == 3,
                f"{rung.blocker} came after the plan of {rung.name!r}: that is blocked (3), {_summary(outcome)}",
            )
            trial.ground.clear(trial.climber)

    def test_a_refusal_by_the_venue_itself_counts_as_blocked(self, trial: Trial) -> None:
        """It may still come between the gate and the write: the venue's refusal is then blocked, exit 3, not failed."""
        for rung in _guarded(trial):
            trial.ground.obstruct(trial.climber, rung, at_write=True)
            said = trial.at(rung).apply()
            status = {row["address"]: (row["status"], row["code"]) for row in said.json.get("results", ())}
            need(
                said.code == 3,
                f"the venue refused {rung.name!r} for {rung.blocker}: `is_precondition` must know that code, so that "
                f"it counts as blocked (3): {status or said}",
            )
            trial.ground.clear(trial.climber)

    def test_what_cannot_be_read_is_not_taken_for_clear(self, trial: Trial) -> None:
        """Where the reads fail after the approval, the gate stays shut: nothing is written."""
        for rung in _guarded(trial):
            before = trial.written()
            blind = partial(trial.ground.strike, Fault.HTML, trial.climber, reads=True, times=0)
            outcome = trial.at(rung).apply_and(blind)
            trial.ground.calm()
            need(
                not trial.since(before) and outcome.exit_code in (1, 3),
                f"nothing could be read any more, and {rung.name!r} was written all the same: a precheck that cannot "
                f"be read is `unknown`, never `pass`. {_summary(outcome)}",
            )

    @pytest.mark.parametrize("where", ["venue", "account"])
    def test_somebody_elses_account_is_not_touched(self, trial: Trial, where: str) -> None:
        """A `uid` in the manifest that is not the live one: of the connection it ends the command, else it blocks."""
        first = trial.ground.rungs[0]
        if where == "account":
            trial.applied(first)
            rung = trial.ground.rungs[1]
            trial.at(Rung(name=rung.name, fields={**rung.fields, "uid": "999999999999"}))
        else:
            trial.at(first, uid="999999999999")
        before = trial.written()
        said = trial.apply()
        need(
            said.code in ((1,) if where == "venue" else (1, 3)) and not trial.since(before),
            f"the manifest names another uid for the {where} than the live one; nothing may be written: {said}",
        )


def _guarded(trial: Trial) -> Iterator[Rung]:
    """Every rung with a blocker, from the one below it; afterwards it is climbed."""
    for rung in trial.ground.rungs:
        if rung.blocker:
            yield rung
        trial.applied(rung)


def _summary(outcome: Any) -> str:
    rows = "; ".join(f"{one.step.address}: {one.status} {one.message}" for one in outcome.results)
    return f"it ended with {outcome.exit_code}: {rows or outcome.summary}"
