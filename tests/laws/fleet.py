"""A desk at both venues as a state machine: whoever has a hand in it, in any order, and the laws after each step.

People edit the manifest, apply, rotate keys, lose a secret; others set a leverage or open a position; requests go
astray; commands are killed. The expectations are read off the sandbox, and share no code with what they judge.
"""

from __future__ import annotations

import signal
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any, ClassVar

import pytest
from desk import Said
from gate_desk import ADA, GateDesk, gate_seed
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from trial import Killer

__all__ = ["BESIDE", "FAULTS", "HERE", "MAIN", "SUB", "Fleet"]

SPEED = 100
NO_CHANGES = "No changes. Live accounts match the manifest."
APPLY = ("apply", "--auto-approve", "--allow-sensitive")
OKX, MAIN, SUB = ("mmdesk01", "mmdesk02"), "cx", "sub_1"
SPOT = "1"
LEVELS = {"futures": "2", "multi_currency": "3"}
WORDS = {"net": "SINGLE", "long_short": "DUAL"}
SWAP = "SWAP/cross/BTC-USDT-SWAP"
HERE, BESIDE = ["127.0.0.1"], ["127.0.0.1", "203.0.113.7"]
GONE = {"state": "absent"}
POINTS = st.integers(1, 70)
ADDRESSES = st.sampled_from([HERE, BESIDE])
TRADING = st.sampled_from([*OKX, MAIN])
KEYS = st.sampled_from([("mmdesk01", "bot"), ("mmdesk02", "bot"), (SUB, "bot"), (SUB, "second")])
FAULTS: tuple[dict[str, Any], ...] = (
    {"match": {"path": "*/create-subaccount"}, "kind": "reset_after"},
    {"match": {"path": "*/subaccount/apikey", "method": "POST"}, "kind": "garbage", "effect": True},
    {"match": {"path": "*/subaccount/apikey", "method": "POST"}, "kind": "reset_before"},
    {"match": {"path": "*/subaccount-deposit-address", "method": "POST"}, "kind": "reset_after"},
    {"match": {"path": "*/set-leverage"}, "kind": "reset_after"},
    {"match": {"path": "*/account/config"}, "kind": "html"},
    {"match": {"path": "*/set-*"}, "kind": "ok_but_nothing"},
    {"match": {"path": "*/sub_accounts", "method": "POST"}, "kind": "reset_after"},
    {"match": {"path": "*/keys", "method": "POST"}, "kind": "garbage", "effect": True},
    {"match": {"path": "*/keys", "method": "POST"}, "kind": "reset_before"},
    {"match": {"path": "*/crossex/accounts", "method": "PUT"}, "kind": "reset_after"},
    {"match": {"path": "*/positions/leverage", "method": "POST"}, "kind": "reset_before"},
)


def keys_of(permissions: object, addresses: list[str], second: bool) -> dict[str, Any]:
    """The key `bot`, and the key `second`, which is wanted or to be deleted."""
    key = {"permissions": permissions, "store": "vault"}
    return {"bot": {**key, "ip_allowlist": addresses}, "second": {**key, "ip_allowlist": HERE} if second else GONE}


class Fleet(RuleBasedStateMachine):
    """Two accounts of a broker at OKX, a CrossEx account with a sub-account, and what is wanted of them.

    What is drawn does not depend on how a command ended, which may differ from run to run.
    """

    killer: ClassVar[Killer]

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.folder = tempfile.TemporaryDirectory(prefix="acctcfg-machine-")
        self.context = GateDesk.at(Path(self.folder.name), self.patch, gate_seed(okx=True), speed=SPEED)
        self.desk = self.context.__enter__()
        self.wanted: dict[str, dict[str, Any]] = {}
        self.kept: set[tuple[str, str]] = set()  # account and label of each key whose secret lies in its place
        self.exposed: dict[str, object] = {}  # accounts with a position: their mode when it was opened

    def teardown(self) -> None:
        """Everybody goes home; what is wanted can be had again."""
        try:
            if self.wanted:
                self.settle()
        finally:
            self.context.__exit__(None, None, None)
            self.patch.undo()
            self.folder.cleanup()

    # -- what people do ------------------------------------------------------------------------------------------------

    @initialize(addresses=ADDRESSES)
    def begin(self, addresses: list[str]) -> None:
        """One account at each venue, as they should be."""
        self.edit_okx("mmdesk01", "futures", 3, addresses, second=False, deposit=False)
        self.edit_sub(addresses, second=True)
        self.apply()

    @rule(
        name=st.sampled_from(OKX),
        mode=st.sampled_from(sorted(LEVELS)),
        value=st.integers(1, 9),
        addresses=ADDRESSES,
        second=st.booleans(),
        deposit=st.booleans(),
    )
    def edit_okx(self, name: str, mode: str, value: int, addresses: list[str], second: bool, deposit: bool) -> None:
        """Another wish for an account at OKX."""
        entry = {"market": "swap", "margin": "cross", "family": "BTC-USDT", "value": value}
        keys = keys_of(["read", "trade"], addresses, second)
        fields = {"venue": "desk", "account_mode": mode, "api_keys": keys, "leverage": [entry]}
        if deposit:
            fields["deposit"] = {"addresses": [{"currency": "USDT", "chain": "USDT-TRC20"}]}
        self.want(name, fields)

    @rule(mode=st.sampled_from(sorted(WORDS)), value=st.integers(1, 9))
    def edit_main(self, mode: str, value: int) -> None:
        """Another wish for the CrossEx account."""
        self.want(MAIN, {"position_mode": mode, "leverage": [{"symbol": ADA, "value": value}]})

    @rule(addresses=ADDRESSES, second=st.booleans())
    def edit_sub(self, addresses: list[str], second: bool) -> None:
        """Another wish for the sub-account at Gate."""
        self.want(SUB, {"role": "sub_account", "api_keys": keys_of({"futures": "write"}, addresses, second)})

    def want(self, name: str, fields: dict[str, Any]) -> None:
        """Write it into the manifest."""
        self.wanted[name] = fields
        self.kept -= {(name, label) for label, key in fields.get("api_keys", {}).items() if key == GONE}
        self.desk.write(self.wanted, guardrails={"max_deletes": 9})

    @rule(more=st.sampled_from([(), ("--skip-blocked",)]))
    def apply(self, more: tuple[str, ...] = ()) -> None:
        """An apply."""
        self.converges(self.carry_out((*APPLY, *more)))

    @rule(point=POINTS)
    def killed_apply(self, point: int) -> None:
        """An apply that is killed, where it has such a point."""
        self.converges(self.carry_out(APPLY, point))

    def converges(self, said: Said) -> None:
        """Where an apply ended well, a plan is empty, and a second apply sends no write."""
        if said.code != 0:
            return
        self.kept = set(self.keys())
        before = len(self.desk.writes())
        assert self.desk.plan().last == NO_CHANGES
        again = self.desk.run(*APPLY)
        assert (again.code, again.last) == (0, NO_CHANGES), again.out + again.err
        assert len(self.desk.writes()) == before

    @rule(one=KEYS)
    def rotate(self, one: tuple[str, str]) -> None:
        """A rotation."""
        self.rotated(one)

    @rule(one=KEYS, point=POINTS)
    def killed_rotation(self, one: tuple[str, str], point: int) -> None:
        """A rotation that is killed, where it has such a point."""
        self.rotated(one, point)

    def rotated(self, one: tuple[str, str], point: int = 0) -> None:
        """Where a rotation ended well, there is another key, and its secret in its place."""
        if one not in self.kept:
            return
        account, label = one
        before = self.stored(account, label)
        if self.carry_out(("rotate", account, label, "--overlap", "0s", "--auto-approve"), point).code == 0:
            assert before not in self.live_keys(account)
            assert self.stored(account, label) in self.live_keys(account)

    @rule(one=KEYS)
    def lose_a_secret(self, one: tuple[str, str]) -> None:
        """Somebody removes a file of the store; the key stays at the venue."""
        if one in self.kept:
            self.place(*one).unlink()
            self.kept.discard(one)

    @rule(name=TRADING, opened=st.booleans())
    def trade(self, name: str, opened: bool) -> None:
        """A position is opened, and a mode switch forbidden from now on; or all are closed."""
        if not self.there(name) or self.mode_of(name) == SPOT:
            return
        if not opened:
            self.close_all(name)
        elif name == MAIN:
            self.desk.set("positions", symbol=ADA, qty="1", initial_margin="0", maintenance_margin="0")
        else:
            self.desk.open(name, "positions", instId="BTC-USDT-SWAP", mgnMode="cross")
        if opened:
            self.exposed.setdefault(name, self.mode_of(name))

    def close_all(self, name: str) -> None:
        """Flat again."""
        self.desk.sandbox.control_delete(f"accounts/{self.address(name)}/positions/all")
        self.exposed.pop(name, None)

    @rule(name=TRADING, value=st.sampled_from(["2", "7"]))
    def somebody_sets_leverage(self, name: str, value: str) -> None:
        """In the venue's own pages."""
        if self.there(name):
            scope = ADA if name == MAIN else SWAP
            self.desk.sandbox.control_post(f"accounts/{self.address(name)}/set", leverage={scope: value})

    @rule(fault=st.sampled_from(FAULTS))
    def fault(self, fault: dict[str, Any]) -> None:
        """The next such request is struck, once."""
        self.desk.fault(**fault, times=1)

    def carry_out(self, command: tuple[str, ...], point: int = 0) -> Said:
        """Whatever it meets, it ends in words, or by a kill at that point."""
        said = self.killer.run(self.desk, command, point) if point else self.desk.run(*command)
        assert said.code in (0, 1, 3) or (point and said.code == -signal.SIGKILL), said.out + said.err
        assert "internal error" not in said.out + said.err
        assert "Traceback" not in said.out + said.err
        return said

    # -- what always holds ---------------------------------------------------------------------------------------------

    @invariant()
    def a_plan_sends_nothing(self) -> None:
        """Whatever the state, and whatever it can read of it."""
        if self.wanted:
            before = len(self.desk.writes())
            assert self.desk.plan().code in (0, 1)
            assert len(self.desk.writes()) == before

    @invariant()
    def nothing_is_doubled(self) -> None:
        """One key a label, one address a chain, one account a name: which the sandbox itself sees to at OKX."""
        for name in self.there(*OKX, SUB):
            account = self.live(name)
            labels = [key.get("label") or key["name"] for key in account["keys"]]
            chains = [row["chain"] for row in account.get("addresses", ())]
            assert not [one for one, count in Counter([*labels, *chains]).items() if count > 1]
        assert len(self.subs(MAIN)) <= 1

    @invariant()
    def no_secret_is_lost(self) -> None:
        """In the place of each key that was there lies the secret of a key that signs, in a rotation, too."""
        for name, label in self.kept:
            assert self.stored(name, label) in self.live_keys(name), f"{name} {label}"

    @invariant()
    def no_mode_moves_over_a_position(self) -> None:
        """Neither an account mode nor a position mode."""
        assert {name: self.mode_of(name) for name in self.exposed} == self.exposed

    def demand(self) -> None:
        """All of these."""
        self.a_plan_sends_nothing()
        self.nothing_is_doubled()
        self.no_secret_is_lost()
        self.no_mode_moves_over_a_position()

    def settle(self) -> None:
        """Faults gone, everything flat: all is as it is wanted, with the secrets that were lost replaced."""
        self.desk.sandbox.control_delete("faults/all")
        for name in tuple(self.exposed):
            self.close_all(name)
        lost = [f"--replace={name}.api_keys[{label}]" for name, label in self.keys() if self.orphaned(name, label)]
        said = self.desk.run(*APPLY, *lost)
        if said.code != 0:  # what an earlier run left open is settled by the first one after it
            said = self.desk.run(*APPLY)
        assert said.code == 0, said.out + said.err
        self.apply()
        for name, fields in self.wanted.items():
            live = self.live(name)
            if "api_keys" in fields:
                assert self.live_keys(name) == {self.stored(*one) for one in self.keys() if one[0] == name}
            for entry in fields.get("leverage", ()):
                scope, default = (ADA, "3") if name == MAIN else (SWAP, "5")  # what nobody set, the venue does not keep
                assert live["leverage"].get(scope, default) == str(entry["value"])
            for field, words in (("account_mode", LEVELS), ("position_mode", WORDS)):
                assert field not in fields or self.mode_of(name) == words[fields[field]]

    # -- what is there -------------------------------------------------------------------------------------------------

    def subs(self, venue: str) -> dict[str, Any]:
        """The sub-accounts of a connection, as the sandbox has them."""
        found: dict[str, Any] = self.desk.sandbox.control_get("state")["tenants"][venue]["sub_accounts"]
        return found

    def there(self, *names: str) -> list[str]:
        """Those that the venue has."""
        found = {*self.subs("desk"), *self.subs(MAIN), MAIN}
        return [name for name in names if name in found]

    def address(self, name: str) -> str:
        """For the sandbox's control API."""
        return {MAIN: "cx:@master", SUB: f"cx:{SUB}"}.get(name, name)

    def live(self, name: str) -> dict[str, Any]:
        """As the sandbox has it."""
        return self.desk.account(self.address(name))

    def mode_of(self, name: str) -> object:
        """The mode that a position forbids to change."""
        live = self.live(name)
        return live["position_mode"]["CROSSEX"] if name == MAIN else live["acctLv"]

    def keys(self) -> list[tuple[str, str]]:
        """Account and label of each key that is wanted."""
        return [
            (name, label)
            for name, fields in self.wanted.items()
            for label, key in fields.get("api_keys", {}).items()
            if key != GONE
        ]

    def live_keys(self, name: str) -> set[str]:
        """The ids of its keys at the venue."""
        return {key.get("api_key") or key["key"] for key in self.live(name)["keys"]}

    def place(self, name: str, label: str) -> Path:
        """Where a secret lies."""
        return self.desk.folder / "secrets" / ("cx" if name == SUB else "desk") / name / f"{label}.age"

    def stored(self, name: str, label: str) -> str:
        """The id of the key whose secret lies there."""
        return self.desk.secret(name, label, venue="cx" if name == SUB else "desk")["api_key"]

    def orphaned(self, name: str, label: str) -> bool:
        """Whether the key is there, and its secret is not."""
        labels = [key.get("label") or key["name"] for key in self.live(name)["keys"]] if self.there(name) else []
        return label in labels and not self.place(name, label).exists()
