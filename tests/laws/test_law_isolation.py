"""Laws 7 and 8: a failure stops only what depends on it, and what a venue accepts and does not do is a failure."""

from __future__ import annotations

from typing import Any

import pytest
from desk import Desk
from hypothesis import given
from hypothesis import strategies as st
from laws_world import World, at_desk, desks, pictures

KEY = {"trading": {"permissions": ["read", "trade"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}}
WANTED: dict[str, Any] = {
    "account_mode": "multi_currency",
    "position_mode": "long_short",
    "api_keys": KEY,
    "leverage": [
        {"market": "swap", "family": "BTC-USDT", "margin": "cross", "value": 10},
        {"market": "margin", "currency": "BTC", "margin": "cross", "value": 3},
    ],
    "deposit": {"credit_to": "trading", "addresses": [{"currency": "USDT", "chain": "USDT-TRC20"}]},
}
NAMES = ("mmdesk01", "mmdesk02", "mmdesk03")
# every write of an onboarding: its path, the address of its step, and the addresses of what cannot go on without it
KEYED = ["account_mode", "position_mode", "leverage[swap/BTC-USDT/cross]", "leverage[margin/BTC/cross]"]
WRITES = {
    "create-subaccount": ("", ["api_keys[trading]", *KEYED, "deposit.addresses[USDT/USDT-TRC20/1]"]),
    "subaccount/apikey": ("api_keys[trading]", KEYED),
    "set-subaccount-level": ("account_mode", KEYED[1:]),
    "set-position-mode": ("position_mode", KEYED[2:]),
    "set-leverage": ("leverage[swap/BTC-USDT/cross]", []),
    "subaccount-deposit-address": ("deposit.addresses[USDT/USDT-TRC20/1]", []),
}
STEPS = ["", "api_keys[trading]", *KEYED, "deposit.addresses[USDT/USDT-TRC20/1]"]


def only(path: str, name: str) -> dict[str, str]:
    """Meets this write of this account. The broker's writes are all signed by the master, its key has no name."""
    return {"path": f"*/{path}", "method": "POST", "account": name}


def full(name: str, within: str) -> str:
    """An address as results show it."""
    return f"{name}.{within}" if within else name


def results(desk: Desk) -> tuple[int, dict[str, str], dict[str, int]]:
    """`apply --format json`: exit status, status by address, counts."""
    said = desk.run("apply", "--auto-approve", "--format", "json")
    assert "internal error" not in said.out + said.err
    document = said.json
    return said.code, {one["address"]: one["status"] for one in document["results"]}, document["summary"]


def accepted(desk: Desk, path: str) -> list[dict[str, Any]]:
    """The writes of one kind that the venue took. One that got there after its time (50102, a machine that is held up)
    was refused for that and not executed, so it is sent again."""
    return [row for row in desk.writes(path) if row["code"] == "0"]


def lay(desk: Desk, path: str, name: str, **fault: Any) -> None:
    """A fault for one account's write of one kind; for the broker's writes it is laid by the account's turn."""
    signer = name if path in ("set-position-mode", "set-leverage") else "@master"
    desk.fault(match=only(path, signer), **fault)


def strike(desk: Desk, path: str, name: str, kind: str, **more: Any) -> None:
    """Let every account exist but the one that is struck, so that the broker's write of this kind is its own."""
    desk.write({other: WANTED for other in NAMES if other != name})
    if path not in ("set-position-mode", "set-leverage"):
        assert desk.apply().code == 0
    desk.write(dict.fromkeys(NAMES, WANTED))
    lay(desk, path, name, kind=kind, **more)


@pytest.mark.parametrize("path", WRITES)
@pytest.mark.sample(1)
def test_a_refused_write_stops_only_what_depends_on_it(desk: Desk, path: str) -> None:
    """One account's step fails, its dependents are not started, everything else is done, and the counts add up."""
    struck, dependents = WRITES[path]
    strike(desk, path, "mmdesk02", "code", code="50030", times=1)
    planned = desk.steps()
    code, ended, counts = results(desk)
    assert code == 1
    assert set(ended) == set(planned)
    failed = {address for address, status in ended.items() if status == "failed"}
    waiting = {address for address, status in ended.items() if status == "not_started"}
    if path == "set-leverage":  # its scopes go out at once: which one the fault met is chance
        assert {address.partition("[")[0] for address in failed} == {"mmdesk02.leverage"}
        assert len(failed) == 1
    else:
        assert failed == {full("mmdesk02", struck)}
    assert waiting == {full("mmdesk02", within) for within in dependents}
    others = {address for address in ended if address not in failed | waiting}
    assert {ended[address] for address in others} <= {"done"}
    assert sum(counts.values()) == len(planned)
    assert (counts["failed"], counts["not_started"]) == (1, len(dependents))
    assert desk.apply().code == 0, "the next apply finishes it"
    assert desk.plan().last == "No changes. Live accounts match the manifest."


@pytest.mark.slow
@pytest.mark.parametrize("path", WRITES)
def test_accepted_and_not_done_is_a_failure_after_one_write(desk: Desk, path: str) -> None:
    """The venue says ok and does nothing: exit 1 after one write that it took, dependents untouched, and it is said."""
    struck, dependents = WRITES[path]
    desk.write({"mmdesk01": WANTED})
    lay(desk, path, "mmdesk01", kind="ok_but_nothing", times=0)
    code, ended, counts = results(desk)
    assert code == 1
    writes = accepted(desk, path)
    if path == "set-leverage":
        assert len(writes) == 2, "one for each scope"
        assert [ended[full("mmdesk01", one)] for one in KEYED[2:]] == ["failed", "failed"]
    else:
        assert len(writes) == 1
        assert ended[full("mmdesk01", struck)] == "failed"
        assert counts["failed"] == 1
    assert {full("mmdesk01", one) for one in dependents} == {a for a, s in ended.items() if s == "not_started"}


@pytest.mark.slow
@pytest.mark.parametrize("path", WRITES)
def test_an_effect_that_comes_late_converges_by_one_write(desk: Desk, path: str) -> None:
    """What shows only after a while, within the deadline, is waited for: exit 0, and nothing is sent twice."""
    desk.write({"mmdesk01": WANTED})
    lay(desk, path, "mmdesk01", kind="delayed_effect", seconds=10, times=0)
    said = desk.apply()
    assert said.code == 0, said.out
    assert len(accepted(desk, path)) == (2 if path == "set-leverage" else 1)
    assert desk.plan().last == "No changes. Live accounts match the manifest."


LIVE = {"acctLv": "1", "posMode": "net_mode"}


@pytest.mark.slow
@desks(9)
@given(
    which=st.sampled_from(sorted(WRITES)),
    kind=st.sampled_from(["code", "reset_before", "reset_after", "html", "rate_limited", "garbage"]),
    after=st.integers(0, 4),
    there=st.lists(st.sampled_from(NAMES), unique=True, max_size=2),
)
def test_any_one_fault_leaves_the_other_accounts_done(which: str, kind: str, after: int, there: list[str]) -> None:
    """Whichever write of whichever account is struck, at most one step fails; the next apply ends at "No changes"."""
    world = World(dict.fromkeys(NAMES, WANTED), {name: dict(LIVE) for name in there}, (), {})
    with at_desk(world) as (desk, _):
        more = {"code": "50030"} if kind == "code" else {}
        desk.fault(match={"path": f"*/{which}", "method": "POST"}, after=after, kind=kind, **more)
        planned = desk.steps()
        code, ended, counts = results(desk)
        assert set(ended) == set(planned)
        assert sum(counts.values()) + sum(status == "already" for status in ended.values()) == len(planned)
        bad = {address for address, status in ended.items() if status not in ("done", "already")}
        assert len({address.partition(".")[0] for address in bad}) <= 1
        assert counts["failed"] <= 1
        assert code == (1 if bad else 0)
        said = desk.apply()
        assert said.code == 0, said.out
        assert desk.plan().last == "No changes. Live accounts match the manifest."
        assert set(pictures(desk)) == set(NAMES)
        assert all(len(live["keys"]) == 1 and live["addresses"] == 1 for live in pictures(desk).values())
