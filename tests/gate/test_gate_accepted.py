"""202 is not done: a change is done when a read shows it, and one that never shows is an outcome of its own."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from gate_desk import ADA, BTC, SPEED, GateDesk

FAST = 40  # the deadline of a read-back is 0.75 s
LEVERAGE = [{"symbol": ADA, "value": 7}, {"symbol": BTC, "value": 7}]


def slow(seconds: float | None) -> dict[str, Any]:
    """Sandbox flags: effects so much later, or never."""
    flags = {"effects_come": False} if seconds is None else {"effect_delay_s": seconds}
    return {"gate_crossex": {"flags": flags}}


def test_effects_two_seconds_later_converge(make_gate: Callable[..., GateDesk]) -> None:
    """Modes and leverage that show 2 s after their 202: one write each, every one after the one before it showed."""
    gate = make_gate(top=slow(2.0))
    gate.write(
        {
            "cx": {
                "account_mode": "isolated_exchange",
                "position_mode": {"okx": "long_short", "gate": "long_short"},
                "leverage": LEVERAGE,
            }
        }
    )
    assert gate.converge().last == "Applied: 0 created, 5 changed, 0 deleted, 0 blocked, 0 failed."
    assert len(gate.puts()) == 3
    assert all(row["code"] == "0" for row in gate.writes())
    times = [row["time"] for row in gate.writes("/accounts")]
    assert all(after - before >= 2000 / SPEED for before, after in pairwise(times))


@pytest.mark.parametrize(
    ("fields", "address", "shown"),
    [
        ({"account_mode": "isolated_exchange"}, "cx.account_mode", "cross_exchange"),
        ({"position_mode": "long_short"}, "cx.position_mode", "net"),
        ({"leverage": LEVERAGE[:1]}, f"cx.leverage[futures/{ADA}]", "3"),
    ],
    ids=["account mode", "position mode", "leverage"],
)
def test_an_effect_that_never_comes(
    make_gate: Callable[..., GateDesk], fields: dict[str, Any], address: str, shown: str
) -> None:
    """Exit 1 after the deadline: the address, accepted and shown by no read, and what the venue shows; sent once."""
    gate = make_gate(top=slow(None), speed=FAST).write({"cx": fields})
    begun = time.monotonic()
    said = gate.apply()
    assert time.monotonic() - begun >= 30 / FAST
    assert (said.code, said.last) == (1, "Applied: 0 created, 0 changed, 0 deleted, 0 blocked, 1 failed.")
    assert f"? {address}  OUTCOME UNKNOWN" in said.out
    assert f"accepted, but no read shows it: 30 s later the venue still shows {shown}; it may still change" in said.out
    assert "[accepted_not_seen]" in said.out
    assert len(gate.writes()) == 1


def test_what_depends_on_it_is_not_started(make_gate: Callable[..., GateDesk]) -> None:
    """Behind an account mode that never shows nothing is tried, and each step says what it waited for."""
    gate = make_gate(top=slow(None), speed=FAST)
    gate.write(
        {"cx": {"account_mode": "isolated_exchange", "position_mode": {"okx": "long_short"}, "leverage": LEVERAGE}}
    )
    result = gate.apply("--format", "json").json
    assert result["exit_code"] == 1
    rows = {row["address"]: row for row in result["results"]}
    assert (rows["cx.account_mode"]["status"], rows["cx.account_mode"]["code"]) == ("unknown", "accepted_not_seen")
    others = [row for address, row in rows.items() if address != "cx.account_mode"]
    assert {row["status"] for row in others} == {"not_started"}
    assert all("cx.account_mode" in row["message"] for row in others)
    assert gate.puts() == [{"account_mode": "ISOLATED_EXCHANGE"}]


def test_behind_a_position_mode_that_never_shows(make_gate: Callable[..., GateDesk]) -> None:
    """The leverage that is known only after it is not tried; that of another exchange, which does not wait for it, is
    done."""
    gate = make_gate(account_mode="ISOLATED_EXCHANGE", speed=FAST)
    gate.fault(match={"path": "*/crossex/accounts", "method": "PUT"}, kind="ok_but_nothing")
    gate.write({"cx": {"position_mode": {"okx": "long_short"}, "leverage": LEVERAGE}})
    said = gate.apply("--format", "json")
    assert said.code == 1
    assert {row["address"]: row["status"] for row in said.json["results"]} == {
        "cx.position_mode[okx]": "unknown",
        f"cx.leverage[futures/{ADA}]": "not_started",
        f"cx.leverage[futures/{BTC}]": "done",
    }
    gate.converge()


def test_one_symbol_that_never_shows_leaves_the_others(make_gate: Callable[..., GateDesk]) -> None:
    """Of several leverages the one whose effect is lost is named; the others are done."""
    gate = make_gate(speed=FAST)
    gate.fault(match={"path": "*/positions/leverage", "method": "POST"}, kind="ok_but_nothing")
    said = gate.write({"cx": {"leverage": LEVERAGE}}).apply()
    assert said.code == 1
    assert said.last == "Applied: 0 created, 1 changed, 0 deleted, 0 blocked, 1 failed."
    assert said.out.count("accepted, but no read shows it") == 1
    assert len(gate.crossex()["leverage"]) == 1
    assert len(gate.writes()) == 2


def test_an_effect_that_comes_after_all_needs_no_second_write(make_gate: Callable[..., GateDesk]) -> None:
    """An apply after the deadline finds the late effect, and sends nothing."""
    gate = make_gate(speed=FAST)
    gate.fault(match={"method": "PUT"}, kind="ok_but_nothing")
    gate.write({"cx": {"position_mode": "long_short"}})
    assert gate.apply().code == 1
    gate.set(position_mode="DUAL")
    gate.converge()
    assert len(gate.puts()) == 1


def test_while_an_earlier_change_is_under_way_the_venue_refuses_another(make_gate: Callable[..., GateDesk]) -> None:
    """An apply that comes too soon after one that was never seen ends in the venue's refusal, in words."""
    gate = make_gate(speed=FAST)
    gate.fault(match={"method": "PUT"}, kind="delayed_effect", seconds=86_400)
    gate.write({"cx": {"position_mode": "long_short"}})
    assert gate.apply().code == 1
    said = gate.apply()
    assert said.code == 1
    assert "TRADE_UNSUPPORTED_OPERATION" in said.out
    assert "an earlier change may still be under way" in said.out + said.err


def test_the_answer_of_a_write_is_not_the_account(make_gate: Callable[..., GateDesk]) -> None:
    """The 202 repeats what was asked for: an answer that says otherwise, or nothing, changes nothing."""
    gate = make_gate()
    body = '{"position_mode":"SINGLE","account_mode":"ISOLATED_EXCHANGE","exchange_type":""}'
    gate.fault(match={"method": "PUT"}, kind="garbage", body=body, effect=True)
    gate.write({"cx": {"position_mode": "long_short"}}).converge()
    gate.fault(match={"method": "PUT"}, kind="status", status=202, body="", effect=True)
    gate.write({"cx": {"position_mode": "net"}}).converge()
    assert len(gate.puts()) == 2


def test_a_plan_sends_no_write(make_gate: Callable[..., GateDesk]) -> None:
    """validate sends nothing; plan and show send reads only."""
    gate = make_gate().write({"cx": {"account_mode": "isolated_exchange", "leverage": LEVERAGE}})
    gate.run("validate")
    assert gate.sandbox.control_get("requests")["by_path"] == {}
    gate.plan()
    gate.run("show")
    assert all(path.startswith("GET ") for path in gate.sandbox.control_get("requests")["by_path"])
    assert gate.writes() == []
