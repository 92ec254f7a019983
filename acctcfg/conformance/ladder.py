"""Claims on the undisturbed climb: each rung lands, and nothing else is written, said or asked too often."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from acctcfg.conformance.climb import climb
from acctcfg.conformance.ground import Ground
from acctcfg.conformance.trial import NO_CHANGES, Trial, need, need_published

__all__ = ["Ladder"]


class Ladder:
    """Every rung is reached from the one before it by one apply."""

    ground: ClassVar[type[Ground]]

    def test_every_rung_lands(self) -> None:
        """Law 1: an apply ends 0, the venue has changed, and a plan after it is empty."""
        before = climb(self.ground).start
        for landing in climb(self.ground).landings:
            name = landing.rung.name
            need_published(landing.planned)
            need(landing.steps, f"the plan for the rung {name!r} has no steps: {landing.planned}")
            need(landing.applied.code == 0, f"the rung {name!r} does not land: {landing.applied}")
            need(
                landing.snapshot != before,
                f"the rung {name!r} was applied, and the venue is as before: is it what `survey` reads, or `snapshot`?",
            )
            need(
                landing.again.last == NO_CHANGES,
                f"the rung {name!r} was applied, and a plan still finds something to do (`survey` must read a value "
                f"in the same form as `want` wants it): {landing.again}",
            )
            before = landing.snapshot

    def test_nothing_that_is_managed_is_passed_over(self) -> None:
        """Whatever a rung manages is in `desired` or `unreadable`: what a survey forgets would read as right."""
        for landing in climb(self.ground).landings:
            said = f"{landing.planned.out}{landing.planned.err}"
            need(
                "reading gave neither a value nor a reason" not in said,
                f"the rung {landing.rung.name!r} manages what `survey` forgets: it must `want` or `cannot_read` every "
                f"address that the manifest manages and the focus wants: {landing.planned}",
            )

    def test_a_second_apply_sends_no_write(self) -> None:
        """Law 2: what is right is left alone."""
        for landing in climb(self.ground).landings:
            need(
                not landing.written_again and landing.applied_again.code == 0,
                f"a second apply of the rung {landing.rung.name!r} sent {_texts(landing.written_again)}: "
                f"{landing.applied_again}",
            )

    def test_planning_sends_no_write(self) -> None:
        """Law 3: a plan only reads."""
        for landing in climb(self.ground).landings:
            need(
                not landing.written_by_planning,
                f"the plan of the rung {landing.rung.name!r} sent {_texts(landing.written_by_planning)}: "
                "only `Connection.write` may send writes",
            )

    def test_nothing_but_the_plan_is_written(self) -> None:
        """Law 5: the writes are the calls that the plan showed, those of steps that proved right already left out."""
        for landing in climb(self.ground).landings:
            status = {row["address"]: row["status"] for row in landing.applied.json.get("results", ())}
            shown = [call for step in landing.steps if status.get(step["address"]) == "done" for call in step["calls"]]
            need(
                len(shown) == len(landing.writes),
                f"on the rung {landing.rung.name!r} the plan showed {', '.join(shown) or 'no call'}, and the venue got "
                f"{_texts(landing.writes)}: `Connection.calls` must name every write of `write`, and `write` none more",
            )

    def test_the_estimate_counts_the_writes(self) -> None:
        """A plan's estimate has every write that the plan shows."""
        for landing in climb(self.ground).landings:
            shown = sum(len(step["calls"]) for step in landing.steps)
            counted = landing.planned.json["estimate"]["writes"]
            need(
                counted == shown,
                f"on the rung {landing.rung.name!r} the plan shows {shown} calls and estimates {counted}: "
                "`Connection.costs` must give a Cost(write=True) for each call of `calls`",
            )

    def test_the_venue_never_answers_too_many_requests(self) -> None:
        """Law 10: the declared rates are the venue's, and counted as the venue counts them."""
        count = climb(self.ground).too_many
        need(
            not count,
            f'the venue answered "too many requests" {count} times: is a Rate too high, or its `scope` or `by` wrong, '
            "or does one user go by two names towards the client?",
        )

    def test_no_secret_is_ever_seen(self) -> None:
        """Law 12: not on screen, in the log at any level, in the journal or in any file."""
        silence = climb(self.ground).silence
        need(not silence, silence)

    @settings(
        max_examples=3,
        derandomize=True,
        deadline=None,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data())
    def test_rungs_land_in_any_order(self, data: Any) -> None:
        """Law 1 again: from wherever the account is, one apply leads to any rung."""
        rungs = list(self.ground.rungs)
        order = [*data.draw(st.permutations(range(len(rungs)))), 0]
        with tempfile.TemporaryDirectory() as folder, Trial.on(self.ground(), Path(folder)) as trial:
            way: list[str] = []
            for index in order:
                trial.applied(rungs[index], f" by way of {', '.join(way) or 'nothing'}")
                way.append(rungs[index].name)
                again = trial.run("plan")
                need(again.last == NO_CHANGES, f"by way of {', '.join(way)} a plan finds something to do: {again}")


def _texts(writes: Any) -> str:
    return ", ".join(f"{one.text} ({one.account})" for one in writes) or "no write"
