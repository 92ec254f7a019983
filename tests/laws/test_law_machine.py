"""The laws as a state machine: edits of the manifest, applies, other people's changes and faults in any order.

After each step nothing is doubled, and no mode was switched over a position. At the end, with the faults gone and
everything flat: an apply converges, a plan is empty, a second apply sends no write, each stored secret is that of the
live key.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from desk import Desk, seed
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

NAMES = st.sampled_from(["mmdesk01", "mmdesk02"])
KEY = {"permissions": ["read", "trade"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}
FAULTS = st.sampled_from(
    [
        {"match": {"path": "*/create-subaccount"}, "kind": "reset_after"},
        {"match": {"path": "*/subaccount/apikey", "method": "POST"}, "kind": "garbage", "effect": True},
        {"match": {"path": "*/subaccount/apikey", "method": "POST"}, "kind": "reset_before"},
        {"match": {"path": "*/subaccount-deposit-address", "method": "POST"}, "kind": "reset_after"},
        {"match": {"path": "*/set-leverage"}, "kind": "reset_after"},
        {"match": {"path": "*/account/config"}, "kind": "html"},
        {"match": {"path": "*/set-*"}, "kind": "ok_but_nothing"},
    ]
)


class Fleet(RuleBasedStateMachine):
    """Two accounts of a broker, what is wanted of them, and everybody who has a hand in it."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr("acctcfg.engine.session.TIMEOUT_S", 0.5)
        self.folder = tempfile.TemporaryDirectory(prefix="acctcfg-machine-")
        self.context = Desk.at(Path(self.folder.name), self.patch, seed({}), speed=500)
        self.desk = self.context.__enter__()
        self.wanted: dict[str, dict[str, Any]] = {}

    def teardown(self) -> None:
        """Everybody goes home; what is wanted can be had again."""
        try:
            if self.wanted:
                self.settle()
        finally:
            self.context.__exit__(None, None, None)
            self.patch.undo()
            self.folder.cleanup()

    @initialize()
    def one_account(self) -> None:
        """To begin with."""
        self.wanted["mmdesk01"] = {"account_mode": "futures", "api_keys": {"bot": KEY}}
        self.desk.write(self.wanted)

    # -- what people do ------------------------------------------------------------------------------------------------

    @rule(name=NAMES, mode=st.sampled_from(["futures", "multi_currency"]), value=st.integers(1, 9), more=st.booleans())
    def edit(self, name: str, mode: str, value: int, more: bool) -> None:
        """Another wish in the manifest."""
        entry = {"market": "swap", "margin": "cross", "family": "BTC-USDT", "value": value}
        self.wanted[name] = {"account_mode": mode, "api_keys": {"bot": KEY}, "leverage": [entry]}
        if more:
            self.wanted[name]["deposit"] = {"addresses": [{"currency": "USDT", "chain": "USDT-TRC20"}]}
        self.desk.write(self.wanted)

    @rule(skip=st.booleans())
    def apply(self, skip: bool) -> None:
        """Whatever it meets, it ends in words; a write behind a failed precheck is never sent."""
        said = self.desk.apply(*(["--skip-blocked"] if skip else []))
        assert said.code in (0, 1, 3)
        assert "internal error" not in said.err
        assert "Traceback" not in said.out + said.err
        if said.code == 0:
            assert self.desk.plan().last == "No changes. Live accounts match the manifest."

    @rule(name=NAMES)
    def open_a_position(self, name: str) -> None:
        """A trader's: from now on a mode switch is forbidden, and none is sent."""
        if not self.there(name):
            return
        level = self.desk.account(name)["acctLv"]
        if level == "1":
            return
        self.desk.open(name, "positions", instId="BTC-USDT-SWAP", mgnMode="cross")
        before = len(self.desk.writes("/set-account-level"))
        self.desk.apply("--skip-blocked")
        assert len(self.desk.writes("/set-account-level")) == before or self.desk.account(name)["acctLv"] == level

    @rule(name=NAMES)
    def close_all(self, name: str) -> None:
        """Flat again."""
        if self.there(name):
            self.desk.sandbox.control_delete(f"accounts/{name}/positions/all")

    @rule(name=NAMES, value=st.sampled_from(["2", "7"]))
    def somebody_sets_leverage(self, name: str, value: str) -> None:
        """In the venue's own pages."""
        if self.there(name):
            self.desk.sandbox.control_post(f"accounts/{name}/set", leverage={"SWAP/cross/BTC-USDT-SWAP": value})

    @rule(fault=FAULTS)
    def fault(self, fault: dict[str, Any]) -> None:
        """The next such request is struck, once."""
        self.desk.fault(**fault, times=1)

    # -- what always holds ---------------------------------------------------------------------------------------------

    def there(self, name: str) -> bool:
        """Whether the venue has it."""
        return name in self.desk.sandbox.control_get("state")["tenants"]["desk"]["sub_accounts"]

    @invariant()
    def nothing_is_doubled(self) -> None:
        """One account a name, one key a label, one address a chain."""
        for name in self.wanted:
            if self.there(name):
                account = self.desk.account(name)
                labels = Counter(key["label"] for key in account["keys"])
                chains = Counter(row["chain"] for row in account["addresses"])
                assert not [one for one, count in (*labels.items(), *chains.items()) if count > 1]

    def settle(self) -> None:
        """Faults gone, everything flat: converged, idempotent, each stored secret that of the live key."""
        self.desk.sandbox.control_delete("faults/all")
        for name in self.wanted:
            self.close_all(name)
        said = self.desk.apply()
        if said.code != 0:  # what an earlier run left open is settled by the first one after it
            said = self.desk.apply()
        assert said.code == 0, said.out + said.err
        self.desk.converge()
        for name in self.wanted:
            (key,) = self.desk.account(name)["keys"]
            assert self.desk.secret(name, "bot")["api_key"] == key["api_key"]


@pytest.mark.slow
def test_the_laws_hold_in_any_order() -> None:
    """Some dozens of histories of a desk, each of up to a dozen steps."""
    run_state_machine_as_test(
        Fleet,
        settings=settings(
            max_examples=12, stateful_step_count=10, deadline=None, derandomize=True, phases=[Phase.generate]
        ),
    )
