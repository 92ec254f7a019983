"""Modes and leverage, rung by rung: each lands, a second apply sends no write, and both wire formats are one venue."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from gate_desk import ADA, BTC, MARGIN_ADA, GateDesk

WIRES = ("seed", "current")
ISOLATED = {"account_mode": "ISOLATED_EXCHANGE"}
NO_CHANGES = "No changes. Live accounts match the manifest."


@pytest.fixture(params=WIRES)
def wire(request: pytest.FixtureRequest) -> str:
    """The two generations of the venue's documents, of which no manifest says anything."""
    return str(request.param)


def changed(count: int) -> str:
    """The last line of an apply that only changed things."""
    return f"Applied: 0 created, {count} changed, 0 deleted, 0 blocked, 0 failed."


def climb(desk: GateDesk, count: int, **fields: Any) -> list[dict[str, Any]]:
    """Apply these fields of the account `cx`, and see them stand; the steps of the plan."""
    desk.write({"cx": fields})
    steps = list(desk.steps().values())
    assert desk.converge().last == (changed(count) if count else NO_CHANGES)
    return steps


# -- modes -----------------------------------------------------------------------------------------------------------


def test_the_account_mode_there_and_back(make_gate: Callable[..., GateDesk], wire: str) -> None:
    """Each direction is one step and one request with nothing but the mode in it."""
    gate = make_gate(profile=wire)
    for word, venue in (("isolated_exchange", "ISOLATED_EXCHANGE"), ("cross_exchange", "CROSS_EXCHANGE")):
        (step,) = climb(gate, 1, account_mode=word)
        assert (step["address"], step["after"], step["before_known"]) == ("cx.account_mode", word, True)
        assert gate.crossex()["account_mode"] == venue
        assert gate.puts()[-1] == {"account_mode": venue}
    assert len(gate.puts()) == 2


def test_the_position_mode_there_and_back(make_gate: Callable[..., GateDesk], wire: str) -> None:
    """In cross_exchange the account has one; the request names no exchange."""
    gate = make_gate(profile=wire)
    for word, before, venue in (("long_short", "net", "DUAL"), ("net", "long_short", "SINGLE")):
        (step,) = climb(gate, 1, position_mode=word)
        assert (step["address"], step["before"], step["after"]) == ("cx.position_mode", before, word)
        assert gate.crossex()["position_mode"]["CROSSEX"] == venue
        assert gate.puts()[-1] == {"position_mode": venue}
    assert len(gate.puts()) == 2


def test_a_position_mode_for_each_exchange(make_gate: Callable[..., GateDesk], wire: str) -> None:
    """In isolated_exchange every exchange is an address and a request of its own; one that is right is not sent, and
    one that the map leaves out is not touched."""
    gate = make_gate(profile=wire, **ISOLATED, position_mode={"OKX": "DUAL", "GATE": "DUAL"})
    steps = climb(gate, 2, position_mode={"binance": "long_short", "okx": "net"})
    assert {(step["address"], step["before"], step["after"]) for step in steps} == {
        ("cx.position_mode[binance]", "net", "long_short"),
        ("cx.position_mode[okx]", "long_short", "net"),
    }
    found = gate.crossex()["position_mode"]
    assert (found["BINANCE"], found["OKX"], found["GATE"]) == ("DUAL", "SINGLE", "DUAL")
    sent = sorted(gate.puts(), key=lambda body: str(body["exchange_type"]))
    assert sent == [
        {"position_mode": "DUAL", "exchange_type": "BINANCE"},
        {"position_mode": "SINGLE", "exchange_type": "OKX"},
    ]
    (step,) = climb(gate, 1, position_mode={"binance": "net", "okx": "net"})
    assert step["address"] == "cx.position_mode[binance]"


def test_an_exchange_that_came_later(make_gate: Callable[..., GateDesk]) -> None:
    """A later exchange is a key of the map like the first three; at a venue that does not know it, it alone is
    unreadable and nothing at all is written."""
    later = make_gate(**ISOLATED)
    climb(later, 1, position_mode={"bybit": "long_short"})
    assert later.crossex()["position_mode"]["BYBIT"] == "DUAL"
    three = {"gate_crossex": {"flags": {"exchanges": ["BINANCE", "OKX", "GATE"]}}}
    early = make_gate(**ISOLATED, top=three)
    early.write({"cx": {"position_mode": {"bybit": "long_short", "okx": "long_short"}}})
    said = early.apply()
    assert said.code == 1
    assert "cx.position_mode[bybit]" in said.out
    assert "QUERY_INVALID_EXCHANGE_TYPE" in said.out
    assert early.puts() == []


def test_three_kinds_of_steps_with_a_barrier(make_gate: Callable[..., GateDesk], wire: str) -> None:
    """Account mode, then position modes, then leverage: everything behind the account mode has an unknown `before`,
    depends on it, is written after it shows, and is not written where it turns out to be right."""
    gate = make_gate(profile=wire, leverage={ADA: "7", BTC: "10"})
    modes = {"binance": "net", "okx": "long_short", "gate": "net"}
    leverage = [{"symbol": ADA, "value": 7}, {"symbol": BTC, "value": 5}]
    gate.write({"cx": {"account_mode": "isolated_exchange", "position_mode": modes, "leverage": leverage}})
    text = gate.plan().out
    assert text.count("(known after account_mode)") == 5
    assert "7, may be reset (known after account_mode) -> 7" in text
    steps = gate.steps()
    assert (steps["cx.account_mode"]["before"], steps["cx.account_mode"]["depends_on"]) == ("cross_exchange", [])
    for address in set(steps) - {"cx.account_mode"}:
        assert (steps[address]["before"], steps[address]["before_known"]) == (None, False), address
        assert steps[address]["depends_on"] == ["cx.account_mode"]
    assert gate.converge().last == changed(3)
    kinds = [row["path"].rpartition("crossex/")[2] for row in gate.writes()]
    assert kinds == ["accounts", "accounts", "positions/leverage"]
    assert gate.puts() == [{"account_mode": "ISOLATED_EXCHANGE"}, {"position_mode": "DUAL", "exchange_type": "OKX"}]
    assert gate.crossex()["leverage"] == {ADA: "7", BTC: "5"}


@pytest.mark.parametrize("status", [403, 404, 422, 429, 500])
def test_labels_count_whatever_their_status(make_gate: Callable[..., GateDesk], status: int) -> None:
    """No HTTP status is documented for a label: the account mode is found, and a refusal is blocked, by the label,
    with `detail` in place of `message`."""
    labels = ("QUERY_INVALID_EXCHANGE_TYPE", "UPDATE_ACCOUNT_MODE_ACCOUNT_STATUS_NOT_NORMAL_ERROR")
    flags = {"label_status": dict.fromkeys(labels, status), "detail": True}
    gate = make_gate(**ISOLATED, top={"gate_crossex": {"flags": flags}})
    climb(gate, 1, position_mode={"okx": "long_short"})
    gate.set(status="RISK")
    said = gate.write({"cx": {"account_mode": "cross_exchange"}}).apply()
    assert (said.code, labels[1] in said.out) == (3, True)


def test_what_the_account_mode_resets_is_set_again(make_gate: Callable[..., GateDesk], wire: str) -> None:
    """The venue puts position modes back when the account mode changes: one that was right before is written after."""
    gate = make_gate(profile=wire, position_mode="DUAL")
    climb(gate, 2, account_mode="isolated_exchange", position_mode={"okx": "long_short"})
    climb(gate, 2, account_mode="cross_exchange", position_mode="long_short")
    assert [sorted(body) for body in gate.puts()] == [
        ["account_mode"],
        ["exchange_type", "position_mode"],
        ["account_mode"],
        ["position_mode"],
    ]


def test_leverage_behind_a_position_mode_is_read_after_it(make_gate: Callable[..., GateDesk]) -> None:
    """Behind the position mode of its exchange, or of the account, a leverage has no known `before`; behind another
    exchange's it has."""
    gate = make_gate(**ISOLATED)
    leverage = [{"symbol": ADA, "value": 5}, {"symbol": BTC, "value": 5}]
    gate.write({"cx": {"position_mode": {"okx": "long_short"}, "leverage": leverage}})
    steps = gate.steps()
    assert not steps[f"cx.leverage[futures/{ADA}]"]["before_known"]
    assert steps[f"cx.leverage[futures/{BTC}]"]["before_known"]
    assert steps[f"cx.leverage[futures/{ADA}]"]["depends_on"] == ["cx.position_mode[okx]"]
    assert steps[f"cx.leverage[futures/{BTC}]"]["depends_on"] == []
    gate.converge()
    assert [row["path"].rpartition("/")[2] for row in gate.writes()] == ["accounts", "leverage", "leverage"]


@pytest.mark.parametrize("modes", [{"position_mode": "long_short"}, {"account_mode": "isolated_exchange"}])
def test_a_leverage_that_cannot_be_read_is_not_taken_for_known_later(
    make_gate: Callable[..., GateDesk], modes: dict[str, str]
) -> None:
    """Behind a change of mode too it is unreadable, with exit 1, and the mode stays: nothing is half changed."""
    gate = make_gate()
    gate.write({"cx": {**modes, "leverage": [{"symbol": ADA, "value": 5}, {"symbol": BTC, "value": 5}]}})
    reads = {"path": "*/positions/leverage", "method": "GET"}
    gate.fault(match=reads, kind="garbage", times=0, body=f'{{"{ADA}": "3"}}')
    said = gate.plan("--format", "json")
    assert [one["address"] for one in said.json["unreadable"]] == [f"cx.leverage[futures/{BTC}]"]
    assert (said.code, list(gate.steps())) == (1, [f"cx.{next(iter(modes))}", f"cx.leverage[futures/{ADA}]"])
    assert (gate.apply().code, gate.puts()) == (1, [])
    gate.sandbox.control_delete("faults/all")
    gate.converge()


def test_the_live_mode_decides_what_a_manifest_may_say(make_gate: Callable[..., GateDesk]) -> None:
    """Where the manifest leaves the account mode out, the live one refuses the other mode's form, with its line."""
    gate = make_gate(**ISOLATED).write({"cx": {"position_mode": "net"}})
    assert gate.run("validate").code == 0
    said = gate.plan()
    assert said.code == 1
    assert "acctcfg.yaml:" in said.out
    assert "in isolated_exchange each exchange has its own" in said.out
    for entry in ({"symbol": "OKX_MARGIN_*", "value": 3}, {"symbol": MARGIN_ADA, "value": 3}):
        assert "no margin trading" in gate.write({"cx": {"leverage": [entry]}}).plan().out
    cross = make_gate().write({"cx": {"position_mode": {"okx": "net"}}})
    assert "in cross_exchange the whole account has one" in cross.apply().out
    assert gate.puts() == cross.puts() == []


def test_margin_leverage_comes_with_cross_exchange(make_gate: Callable[..., GateDesk]) -> None:
    """What exists under the account mode that will hold is what a manifest may say: margin after a change to cross."""
    gate = make_gate(**ISOLATED)
    entries = [{"symbol": "OKX_*_ADA_USDT", "value": 4}]
    steps = climb(gate, 3, account_mode="cross_exchange", leverage=entries)
    assert [step["address"] for step in steps][1:] == [
        f"cx.leverage[futures/{ADA}]",
        f"cx.leverage[margin/{MARGIN_ADA}]",
    ]
    gate.write({"cx": {"account_mode": "isolated_exchange", "leverage": entries}})
    assert set(gate.steps()) == {"cx.account_mode", f"cx.leverage[futures/{ADA}]"}


# -- leverage --------------------------------------------------------------------------------------------------------


def test_leverage_of_contracts_and_margin(make_gate: Callable[..., GateDesk], wire: str) -> None:
    """One entry a symbol, `market` left out: contracts and margin go to calls of their own, as text."""
    gate = make_gate(profile=wire)
    climb(gate, 2, leverage=[{"symbol": ADA, "value": 5}, {"symbol": MARGIN_ADA, "value": 4}])
    assert gate.crossex()["leverage"] == {ADA: "5", MARGIN_ADA: "4"}
    sent = {row["path"]: row["body"] for row in gate.writes()}
    assert sent == {
        "/api/v4/crossex/positions/leverage": {"symbol": ADA, "leverage": "5"},
        "/api/v4/crossex/margin_positions/leverage": {"symbol": MARGIN_ADA, "leverage": "4"},
    }
    climb(gate, 1, leverage=[{"symbol": ADA, "value": 5}, {"symbol": MARGIN_ADA, "value": 2}])


def test_a_pattern_is_every_live_symbol_of_it(make_gate: Callable[..., GateDesk], wire: str) -> None:
    """A pattern expands over the live symbols; the exact symbol wins, then the longer pattern, wherever it stands."""
    suspended = {"symbol": "OKX_FUTURE_LTC_USDT", "state": "suspend"}
    gate = make_gate(profile=wire, top={"gate_crossex": {"symbols": {"add": [suspended]}}})
    entries = [
        {"symbol": ADA, "value": 9},
        {"symbol": "OKX_FUTURE_*_USDT", "value": 5},
        {"symbol": "OKX_FUTURE_B*_USDT", "value": 6},
    ]
    steps = climb(gate, len(gate.write({"cx": {"leverage": entries}}).steps()), leverage=entries)
    found = gate.crossex()["leverage"]
    assert (found[ADA], found["OKX_FUTURE_BTC_USDT"], found["OKX_FUTURE_ETH_USDT"]) == ("9", "6", "5")
    assert len(steps) == len(found) > 4
    assert all(symbol.startswith("OKX_FUTURE_") for symbol in found)
    assert suspended["symbol"] not in found


def test_a_market_narrows_a_pattern(gate: GateDesk) -> None:
    """`market: margin` beside a pattern over everything is margin alone; left out it is both."""
    gate.write({"cx": {"leverage": [{"market": "margin", "symbol": "*_ADA_USDT", "value": 2}]}})
    assert all("leverage[margin/" in address for address in gate.steps())
    gate.write({"cx": {"leverage": [{"symbol": "OKX_*_ADA_USDT", "value": 2}]}})
    assert set(gate.steps()) == {f"cx.leverage[futures/{ADA}]", f"cx.leverage[margin/{MARGIN_ADA}]"}


def test_a_profile_is_beaten_by_the_account(gate: GateDesk) -> None:
    """A later layer decides a symbol, precise or not: the account's pattern beats its profile's exact entry."""
    gate.write(
        {"cx": {"profile": "base", "leverage": [{"symbol": "OKX_FUTURE_A*_USDT", "value": 4}]}},
        profiles={"base": {"leverage": [{"symbol": ADA, "value": 9}, {"symbol": BTC, "value": 9}]}},
    )
    gate.converge()
    assert gate.crossex()["leverage"] == {ADA: "4", BTC: "9"}


@pytest.mark.parametrize("live", ["5", 5, 5.0, "5.0", "5.00"])
def test_a_value_that_is_right_is_never_sent(make_gate: Callable[..., GateDesk], wire: str, live: Any) -> None:
    """Text or number, with zeros or without: five is five, in the manifest and in the venue's answers."""
    gate = make_gate(profile=wire, leverage={ADA: live, MARGIN_ADA: live})
    for wanted in ("5", "5.0"):
        gate.write({"cx": {"leverage": []}})
        gate.text(
            (gate.folder / "acctcfg.yaml")
            .read_text(encoding="utf-8")
            .replace(
                '"leverage": []',
                f'"leverage": [{{symbol: {ADA}, value: {wanted}}}, {{symbol: {MARGIN_ADA}, value: 5}}]',
            )
        )
        assert gate.apply().last == NO_CHANGES
    assert gate.writes() == []


def test_equally_precise_patterns_that_disagree(gate: GateDesk) -> None:
    """Two patterns of one precision on one symbol with two values: a finding of that symbol that names both lines; exit
    1, and nothing is written."""
    long, short = {"symbol": "*_FUTURE_ADA_*", "value": 5}, {"symbol": "OKX_FUTURE_A*", "value": 4}
    gate.write({"cx": {"leverage": [short, {**long, "value": 4}]}})
    assert gate.plan().code == 0
    gate.write({"cx": {"leverage": [short, long]}})
    said = gate.plan()
    assert said.code == 1
    assert f"leverage[futures/{ADA}]" in said.out
    assert said.out.count("acctcfg.yaml:") == 2
    assert gate.apply().code == 1
    assert gate.writes() == []


@pytest.mark.parametrize("mode", ["cross_exchange", "isolated_exchange"])
def test_both_wire_formats_make_one_plan(make_gate: Callable[..., GateDesk], mode: str) -> None:
    """The format is told apart by nothing but the answers: the plan's JSON and the account at the end are equal."""
    ends = []
    for top, own in (
        ({}, {"profile": "seed"}),
        ({}, {"profile": "current"}),
        ({"gate_crossex": {"flags": {"profile": "current"}}}, {}),
    ):
        gate = make_gate(
            top=top, **own, leverage={ADA: "7", MARGIN_ADA: "2"}, **({} if mode == "cross_exchange" else ISOLATED)
        )
        position = "long_short" if mode == "cross_exchange" else {"okx": "long_short", "gate": "net"}
        entries = [{"symbol": "OKX_FUTURE_*_USDT", "value": 5}]
        entries += [{"symbol": "OKX_MARGIN_*_USDT", "value": 3}] if mode == "cross_exchange" else []
        gate.write({"cx": {"account_mode": mode, "position_mode": position, "leverage": entries}})
        plan = gate.plan("--format", "json").json
        gate.converge()
        account = gate.crossex()
        ends.append(
            (plan["steps"], plan["warnings"], plan["live_digest"], account["leverage"], account["position_mode"])
        )
    assert ends[0] == ends[1] == ends[2]
    assert len(ends[0][0]) > 4


def test_an_apply_reads_again_once_it_has_the_lock(gate: GateDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What another apply changed while this one waited for the lock is seen: nothing is planned on older reads."""
    import acctcfg.engine.workspace as workspace

    before = workspace.Workspace.lock
    gate.write({"cx": {"position_mode": "net"}})

    def late(self: Any, *arguments: Any, **named: Any) -> Any:
        gate.set(position_mode="DUAL")
        return before(self, *arguments, **named)

    monkeypatch.setattr(workspace.Workspace, "lock", late)
    assert gate.apply().last == changed(1)
    assert gate.crossex()["position_mode"]["CROSSEX"] == "SINGLE"


def test_many_writes_stay_within_the_limits(make_gate: Callable[..., GateDesk]) -> None:
    """More symbols than a window takes: the venue never says that they are too many, and the plan said how long."""
    rows = [{"symbol": f"OKX_FUTURE_QQ{number}_USDT"} for number in range(130)]
    gate = make_gate(top={"gate_crossex": {"symbols": {"add": rows}}})
    gate.write({"cx": {"leverage": [{"symbol": "OKX_FUTURE_QQ*", "value": 5}]}})
    plan = gate.plan("--format", "json").json
    assert plan["estimate"]["writes"] == 130
    assert "100 per 10 s" in plan["estimate"]["bottleneck"]
    assert gate.converge().last == changed(130)
    assert gate.too_many == 0
