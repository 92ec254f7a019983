"""The kit as one class: subclass it in a test module, name a ground, run pytest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from acctcfg.conformance.answers import Answers
from acctcfg.conformance.declarations import Declarations
from acctcfg.conformance.gates import Gates
from acctcfg.conformance.ladder import Ladder
from acctcfg.conformance.trial import Trial

__all__ = ["Conformance"]


class Conformance(Declarations, Ladder, Gates, Answers):
    """Every claim, about the venue type of `ground`."""

    @pytest.fixture
    def trial(self, tmp_path: Path) -> Iterator[Trial]:
        """A workspace on a ground of its own."""
        with Trial.on(self.ground(), tmp_path) as made:
            yield made
