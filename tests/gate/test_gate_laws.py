"""The laws over live states and manifests of every kind: whatever CrossEx was, it ends as wanted, and by few writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from gate_desk import GateDesk, gate_seed
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from examples import some

SPEED = 40
SYMBOLS = ("OKX_FUTURE_ADA_USDT", "BINANCE_FUTURE_BTC_USDT", "GATE_FUTURE_ETH_USDT")
MARGINS = ("OKX_MARGIN_ADA_USDT", "GATE_MARGIN_ADA_USDT")
EXCHANGES = ("binance", "okx", "gate")
WORDS = {"net": "SINGLE", "long_short": "DUAL"}
CROSS, ISOLATED = "cross_exchange", "isolated_exchange"


@st.composite
def manifests(draw: st.DrawFn) -> dict[str, Any]:
    """Fields of an account; every one may be left out, but for the mode that decides what the others look like."""
    mode = draw(st.sampled_from([CROSS, ISOLATED]))
    fields: dict[str, Any] = {"account_mode": mode}
    word = st.sampled_from(sorted(WORDS))
    position = word if mode == CROSS else st.dictionaries(st.sampled_from(EXCHANGES), word, min_size=1)
    if draw(st.booleans()):
        fields["position_mode"] = draw(position)
    symbols = [*SYMBOLS, *(MARGINS if mode == CROSS else ())]
    values = draw(st.dictionaries(st.sampled_from(symbols), st.integers(1, 5)))
    fields["leverage"] = [{"symbol": symbol, "value": value} for symbol, value in values.items()]
    return fields


@st.composite
def states(draw: st.DrawFn) -> dict[str, Any]:
    """A CrossEx account as the sandbox sets it."""
    word = st.sampled_from(sorted(WORDS.values()))
    modes = {name: draw(word) for name in ("CROSSEX", "BINANCE", "OKX", "GATE")}
    leverage = {symbol: draw(st.none() | st.integers(1, 5).map(str)) for symbol in (*SYMBOLS, *MARGINS)}
    mode = draw(st.sampled_from(["CROSS_EXCHANGE", "ISOLATED_EXCHANGE"]))
    return {"account_mode": mode, "position_mode": modes, "leverage": leverage}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One desk for all examples: each sets the account anew, behind the client's back."""
    folder: Path = tmp_path_factory.mktemp("laws")
    with (
        pytest.MonkeyPatch.context() as monkeypatch,
        GateDesk.at(folder, monkeypatch, gate_seed(), speed=SPEED) as made,
    ):
        yield made


def differing(live: dict[str, Any], fields: dict[str, Any]) -> int:
    """How many values of the manifest are not so at the venue."""
    position = fields.get("position_mode", {})
    modes = (
        {"CROSSEX": position} if isinstance(position, str) else {name.upper(): one for name, one in position.items()}
    )
    count = sum(live["position_mode"][name] != WORDS[word] for name, word in modes.items())
    count += sum(str(entry["value"]) != live["leverage"].get(entry["symbol"], "3") for entry in fields["leverage"])
    return count + (live["account_mode"].lower() != fields["account_mode"])


@settings(max_examples=some(20), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(state=states(), fields=manifests(), profile=st.sampled_from(["seed", "current"]))
def test_whatever_it_was_it_ends_as_wanted(
    desk: GateDesk, state: dict[str, Any], fields: dict[str, Any], profile: str
) -> None:
    """One apply converges. Nothing that is right is written, no request is refused, none carries both modes, and an
    exchange only stands beside a position mode of isolated_exchange."""
    desk.sandbox.control_post("gate_crossex/flags", profile=profile)
    desk.set(**state)
    desk.sandbox.control_post("forget")
    desk.write({"cx": fields})
    before = desk.crossex()
    same_mode = before["account_mode"].lower() == fields["account_mode"]
    steps = desk.steps()
    assert desk.writes() == []
    said = desk.apply()
    assert said.code == 0, said.out + said.err
    live, rows = desk.crossex(), desk.writes()
    assert differing(live, fields) == 0
    assert all(row["code"] == "0" and row["effect"] for row in rows)
    assert len(rows) <= len(steps)  # behind a mode change a value that is right is a step, and no write
    assert len(rows) == differing(before, fields) or not same_mode
    for body in desk.puts():
        assert ("account_mode" in body) != ("position_mode" in body)
        assert ("exchange_type" in body) == (fields["account_mode"] == ISOLATED and "position_mode" in body)
    assert desk.apply().last == "No changes. Live accounts match the manifest."
    assert len(desk.writes()) == len(rows)
    assert desk.too_many == 0
