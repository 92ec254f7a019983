"""Claims on answers that do not come, or say what is not so: nothing lost, nothing doubled, nothing believed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pytest

from acctcfg.conformance.climb import climb, requests
from acctcfg.conformance.ground import Fault, Ground
from acctcfg.conformance.trial import NO_CHANGES, Trial, need

__all__ = ["Answers"]

ON_WRITES = (
    Fault.SERVER_ERROR,
    Fault.HTML,
    Fault.RESET_BEFORE,
    Fault.TOO_MANY,
    Fault.GARBAGE,
    Fault.RESET_AFTER,
    Fault.TIMEOUT_AFTER,
)
ON_READS = (
    Fault.SERVER_ERROR,
    Fault.HTML,
    Fault.RESET_BEFORE,
    Fault.TOO_MANY,
    Fault.GARBAGE,
    Fault.TIMEOUT_AFTER,
    Fault.ODD,
)
SLOW = (Fault.SERVER_ERROR, Fault.HTML, Fault.RESET_BEFORE)
"""What is lost without a proof is sent again only once its time stamp is too old: these take turns on the rungs."""


class Answers:
    """Laws 7, 8 and 9, and what a fault looks like to a user."""

    ground: ClassVar[type[Ground]]
    every_pair: ClassVar[bool] = False  # True: the slow faults meet every rung, not one each in turn

    @pytest.mark.parametrize("fault", ON_WRITES)
    def test_a_write_that_meets_a_fault_happens_once(self, trial: Trial, fault: Fault) -> None:
        """Law 9: the apply ends 0, the state is that of a calm climb, and no write took effect twice."""
        for index, calm in enumerate(climb(self.ground).landings):
            met = fault not in SLOW or self.every_pair or (index - SLOW.index(fault)) % len(SLOW) == 0
            if met:
                trial.ground.strike(fault, trial.climber)
            before = trial.effects()
            trial.applied(calm.rung, f" when one write meets {fault}" if met else "")
            trial.ground.calm()
            effects = trial.effects() - before
            need(
                effects == calm.effects,
                f"on the rung {calm.rung.name!r} one write met {fault}, and {effects} writes took effect where "
                f"{calm.effects} do: an error that proves nothing must be OutcomeUnknown, Garbled or Unreachable, "
                "never Refused or RateLimited, and `current` must show what happened",
            )
            need(
                trial.ground.snapshot(trial.climber) == calm.snapshot,
                f"on the rung {calm.rung.name!r} one write met {fault}, and the venue is not as after a calm climb: "
                f"{trial.ground.snapshot(trial.climber)} in place of {calm.snapshot}",
            )
        trial.demand_silence()

    @pytest.mark.parametrize("fault", ON_READS)
    def test_a_read_that_meets_a_fault_is_no_answer(self, trial: Trial, fault: Fault) -> None:
        """Once: the plan is the same. For ever: exit 1 with one message, and never "No changes"."""
        rung = trial.ground.rungs[0]
        calm = trial.at(rung).plan()
        if fault is not Fault.ODD:  # what the venue says in its own language is not asked again
            trial.ground.strike(fault, trial.climber, reads=True)
            once = trial.plan()
            need(
                once.code == 0 and once.json.get("steps") == calm.json.get("steps"),
                f"one read met {fault}, and the plan is another: {once}",
            )
        trial.ground.strike(fault, trial.climber, reads=True, times=0)
        ever = trial.run("plan")
        need(
            ever.code == 1 and NO_CHANGES not in ever.out and "internal error" not in ever.err,
            f"every read meets {fault}: that is unreadable or an error (1), never an empty account, and never an "
            f"exception that is no VenueError (`as_documented` makes it one): {ever}",
        )
        trial.demand_silence()

    def test_no_answer_of_another_shape_is_believed(self, trial: Trial) -> None:
        """Each read in turn says something odd: that is unreadable, or a step that is blocked, and never a value.

        What stands behind a mode change is not known before it; a read that only shows it decides nothing.
        """
        for rung in trial.ground.rungs:
            seen = len(trial.records)
            steps = trial.at(rung).plan().json["steps"]
            only_shown = any(step["action"] == "change" and not step["before_known"] for step in steps)
            for only in _reads(trial.records[seen:]):
                trial.ground.strike(Fault.ODD, trial.climber, reads=True, times=0, only=only)
                plan = trial.plan()
                trial.ground.calm()
                blocked = any(step["blocked"] for step in plan.json.get("steps", ()))
                same = only_shown and plan.json.get("steps") == steps
                need(
                    (plan.code == 1 or blocked or same) and "internal error" not in plan.err,
                    f"on the way to {rung.name!r}, {only} answers in another shape: what it decides is unreadable or "
                    f"unknown, neither empty nor an exception that is no VenueError: {plan}",
                )
            trial.applied(rung)

    def test_accepted_is_not_applied(self, trial: Trial) -> None:
        """Law 8: a write that the venue accepts and never does is sent once, and ends in exit 1 that says so."""
        for calm in climb(self.ground).landings:
            trial.ground.strike(Fault.NOT_APPLIED, trial.climber, times=0)
            before = trial.written()
            said = trial.at(calm.rung).apply()
            writes, results = trial.since(before), said.json.get("results", ())
            bad = [row for row in results if row["status"] in ("failed", "unknown")]
            words = f"the venue accepts the rung {calm.rung.name!r} and never does it"
            need(said.code == 1 and bad, f"{words}: that is a failure (1): {said}")
            calls = {step["address"]: step["calls"] for step in said.json["plan"]["steps"]}
            tried = sum(len(calls[row["address"]]) for row in results if row["status"] != "not_started")
            need(
                len(writes) <= tried,
                f"{words}; each write of a step that was tried goes out once, and the venue got "
                f"{', '.join(one.text for one in writes)}",
            )
            need(
                all(row["code"] in ("not_applied", "accepted_not_seen") or _is_new_key(row) for row in bad),
                f"{words}: a failure must come from reading it back (`current` reads anew), not from {bad}",
            )
            trial.ground.calm()
            trial.applied(calm.rung, " after a write that was never done")

    def test_what_moves_along_is_told(self, trial: Trial) -> None:
        """Law 8: where the venue keeps one value for two, every apply is a failure that says so, and none a match."""
        rung = self.ground.tied
        if rung is None:
            pytest.skip("no two values of this venue can be tied together")
        trial.ground.tie(trial.climber)
        for count in ("first", "second"):
            said = trial.at(rung).apply()
            codes = {row["code"] for row in said.json.get("results", ())}
            need(
                said.code == 1 and "one_value" in codes,
                f"the venue keeps one value for what {rung.name!r} wants two of, and the {count} apply does not say "
                f"so: `moved_with` must name the other address: {said}",
            )

    def test_one_accounts_failure_leaves_the_others(self, trial: Trial) -> None:
        """Law 7: the neighbour's steps are done, and its state is as if it were alone."""
        landings = climb(self.ground).landings
        trial.ground.strike(Fault.NOT_APPLIED, trial.climber, times=0)
        said = trial.at(landings[0].rung, landings[0].rung).apply()
        status = {row["address"]: row["status"] for row in said.json.get("results", ())}
        mine = {address: one for address, one in status.items() if address.partition(".")[0] == trial.neighbour}
        need(
            said.code == 1 and mine and set(mine.values()) <= {"done", "already"},
            f"{trial.climber} fails, and {trial.neighbour} must be finished all the same: {said}",
        )
        need(
            trial.ground.snapshot(trial.neighbour) == landings[0].snapshot,
            f"{trial.climber} failed, and {trial.neighbour} is not as its manifest says",
        )

    def test_a_venue_that_is_down_is_said_to_be(self, trial: Trial) -> None:
        """`validate` needs no venue; `plan` exits 1 with one message; an apply under way writes nothing, and heals."""
        rung = trial.ground.rungs[0]
        trial.at(rung)
        outcome = trial.apply_and(lambda: trial.ground.strike(Fault.DOWN, trial.climber))
        need(outcome.exit_code == 1, "the venue went down after the approval: that is a failure (1)")
        valid, plan = trial.run("validate"), trial.run("plan")
        need(valid.code == 0, f"`validate` sends nothing, so it needs no venue: {valid}")
        need(
            plan.code == 1 and NO_CHANGES not in plan.out and "internal error" not in plan.err,
            f"the venue is down, and a plan must say so (1): {plan}",
        )
        trial.ground.calm()
        trial.applied(rung, " after the venue was down")

    def test_a_wrong_secret_is_refused_and_never_shown(self, trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
        """Law 12: credentials that do not sign end in exit 1, and no message quotes them."""
        wrong = "wrong-secret-of-the-conformance-kit"
        for name in trial.ground.environ:
            if name.endswith("_SECRET_KEY"):
                monkeypatch.setenv(name, wrong)
        said = trial.at(trial.ground.rungs[0]).run("-v", "plan")
        need(said.code == 1 and NO_CHANGES not in said.out, f"a wrong secret must end in exit 1: {said}")
        trial.demand_silence(wrong)


def _reads(records: Sequence[str]) -> list[str]:
    """The endpoints that were read, each once."""
    return sorted({text for text in requests(records) if text.startswith("GET ")})


def _is_new_key(row: Mapping[str, Any]) -> bool:
    """A key that was never made cannot sign: what its secret is refused with is the venue's own code."""
    return row["action"] in ("create", "replace") and ".api_keys[" in row["address"]
