"""The manual's plan, for every test of rendering."""

from __future__ import annotations

import pytest
from plan_samples import desk_plan_of_the_manual

from acctcfg.core.plan import Plan


@pytest.fixture
def desk_plan() -> Plan:
    """A new account, and another one whose mode is blocked."""
    return desk_plan_of_the_manual()
