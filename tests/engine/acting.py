"""An apply in this process in which something happens between the user's approval and the first write."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from typing import Any

from desk import Desk

import acctcfg
from acctcfg.core.outcome import Outcome, StepResult

__all__ = ["apply_and", "by_address"]


def apply_and(desk: Desk, then: Callable[[], Any] = lambda: None, **options: Any) -> Outcome:
    """The outcome; `then` runs while the question stands."""

    def approve(_: object) -> bool:
        then()
        return True

    async def work() -> Outcome:
        return await acctcfg.apply(acctcfg.load(desk.folder, os.environ), approve=approve, **options)

    return asyncio.run(work())


def by_address(outcome: Outcome) -> Mapping[str, StepResult]:
    """The results by the addresses of their steps."""
    return {str(one.step.address): one for one in outcome.results}
