"""The venue types that acctcfg brings, named twice: for every install, and for those that read entry points."""

from __future__ import annotations

import tomllib
from pathlib import Path

from acctcfg.core.codes import CLEARING, PRECHECKS
from acctcfg.venues import installed


def test_the_types_of_the_table_are_the_entry_points() -> None:
    """pyproject.toml and the table of `installed` say the same."""
    text = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    assert tomllib.loads(text)["project"]["entry-points"][installed.GROUP] == dict(installed.OWN)


def test_what_is_waited_for_are_prechecks() -> None:
    """`apply --wait-flat` waits for prechecks that there are."""
    assert PRECHECKS.keys() >= CLEARING
    for rules in installed.rules().values():
        assert rules.clearing <= {*PRECHECKS, *rules.prechecks}, rules.type
