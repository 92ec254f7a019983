"""A rehearsal at CrossEx ends as the real apply does, in both wire formats."""

from __future__ import annotations

import os
from typing import Any

import pytest
from gate_desk import ADA, BTC, GateDesk
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rehearsing import compare
from test_gate_laws import desk as lasting  # noqa: F401 (a fixture)
from test_gate_laws import manifests, states

OPEN: list[tuple[str, dict[str, Any]]] = [
    ("positions", {"symbol": ADA, "qty": "3"}),
    ("orders", {"symbol": BTC}),
    ("margin_positions", {"symbol": "OKX_MARGIN_ADA_USDT", "qty": "0", "liability": "5"}),
]


@settings(
    max_examples=1 if os.environ.get("ACCTCFG_FEWER_EXAMPLES") else 10,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    state=states(),
    fields=manifests(),
    profile=st.sampled_from(["seed", "current"]),
    open_=st.lists(st.sampled_from(OPEN), max_size=1),
)
def test_a_rehearsal_ends_as_the_apply_does(
    lasting: GateDesk,  # noqa: F811
    state: dict[str, Any],
    fields: dict[str, Any],
    profile: str,
    open_: list[tuple[str, dict[str, Any]]],
) -> None:
    """Modes, position modes by exchange, leverage; with something open the same steps are blocked."""
    lasting.sandbox.control_post("gate_crossex/flags", profile=profile)
    for what in ("positions", "orders", "margin_positions"):
        lasting.sandbox.control_delete(f"accounts/cx/{what}/all")
    lasting.set(**state)
    for what, row in open_:
        lasting.sandbox.control_post(f"accounts/cx/{what}", row)
    lasting.write({"cx": fields})
    assert compare(lasting) == set()


@pytest.mark.slow
def test_sub_accounts_and_their_keys(gate: GateDesk) -> None:
    """A new sub-account with a key, and one that is locked."""
    accounts = {
        "sub_1": {"role": "sub_account", "label": "One"},
        "sub_2": {"role": "sub_account", "label": "Two", "state": "locked"},
    }
    gate.write(accounts)
    assert compare(gate) == set()
    gate.write(accounts | {"sub_2": accounts["sub_2"] | {"state": "present"}, "sub_3": {"role": "sub_account"}})
    assert compare(gate) == set()
