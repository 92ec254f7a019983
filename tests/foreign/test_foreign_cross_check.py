"""What acctcfg made, others see; what others change, acctcfg sees."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from desk import Desk
from foreign_client import SWAP

pytestmark = pytest.mark.foreign

SYMBOL = "BTC/USDT:USDT"
FIELDS = {
    "account_mode": "multi_currency",
    "position_mode": "long_short",
    "api_keys": {"trading": {"permissions": ["read", "trade"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}},
    "leverage": [
        {"market": "swap", "family": "BTC-USDT", "margin": "cross", "value": 10},
        {"market": "swap", "family": "BTC-USDT", "margin": "isolated", "side": "long", "value": 4},
        {"market": "swap", "family": "BTC-USDT", "margin": "isolated", "side": "short", "value": 6},
        {"market": "futures", "family": "BTC-USD", "margin": "cross", "value": 8},
        {"market": "margin", "currency": "BTC", "margin": "cross", "value": 3},
    ],
}

Speak = Callable[[str, str, list[list[Any]]], dict[str, Any]]


@pytest.fixture
def calm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A desk slow enough that other programs' timestamps stand in the window, with an account made by acctcfg."""
    with Desk.at(tmp_path, monkeypatch, speed=5) as desk:
        desk.write({"mmdesk01": FIELDS})
        said = desk.apply()
        assert said.code == 0, said.out + said.err
        yield desk


def stored(desk: Desk) -> list[str]:
    """The key that acctcfg created and stored."""
    secret = desk.secret("mmdesk01", "trading")
    return [secret["api_key"], secret["secret_key"], secret["passphrase"]]


def test_others_read_what_apply_made_with_the_key_that_it_stored(speak: Speak, calm: Desk) -> None:
    """python-okx and ccxt sign with the stored key and read the manifest's modes and leverage."""
    key = [*stored(calm), "1"]

    def own(name: str, method: str, **arguments: Any) -> list[Any]:
        return [name, key, "Account", "AccountAPI", method, arguments]

    by_okx = speak(
        "speak_python_okx.py",
        calm.sandbox.base_url,
        [
            own("config", "get_account_config"),
            own("cross", "get_leverage", mgnMode="cross", instId=SWAP),
            own("isolated", "get_leverage", mgnMode="isolated", instId=SWAP),
            own("futures", "get_leverage", mgnMode="cross", instId="BTC-USD-271231"),
            own("margin", "get_leverage", mgnMode="cross", ccy="BTC"),
        ],
    )
    (config,) = by_okx["config"]["data"]
    assert (config["acctLv"], config["posMode"]) == ("3", "long_short_mode")
    assert (config["label"], config["perm"], config["ip"]) == ("trading", "read_only,trade", "127.0.0.1")
    levers = {
        name: {row["posSide"]: row["lever"] for row in by_okx[name]["data"]} for name in by_okx if name != "config"
    }
    assert levers == {
        "cross": {"long": "10", "short": "10"},
        "isolated": {"long": "4", "short": "6"},
        "futures": {"long": "8", "short": "8"},
        "margin": {"net": "3"},
    }

    by_ccxt = speak(
        "speak_ccxt.py",
        calm.sandbox.base_url,
        [
            ["mode", stored(calm), "fetch_position_mode", []],
            ["cross", stored(calm), "fetch_leverage", [SYMBOL, {"mgnMode": "cross"}]],
            ["isolated", stored(calm), "fetch_leverage", [SYMBOL, {"mgnMode": "isolated"}]],
        ],
    )
    assert by_ccxt["mode"]["hedged"] is True
    assert (by_ccxt["cross"]["longLeverage"], by_ccxt["cross"]["shortLeverage"]) == (10, 10)
    assert (by_ccxt["isolated"]["longLeverage"], by_ccxt["isolated"]["shortLeverage"]) == (4, 6)


def test_what_another_client_changes_is_a_step_of_the_next_plan(speak: Speak, calm: Desk) -> None:
    """ccxt moves one leverage: exactly that scope is planned back, and applied in one write."""
    assert calm.steps() == {}
    speak(
        "speak_ccxt.py",
        calm.sandbox.base_url,
        [["set", stored(calm), "set_leverage", [7, SYMBOL, {"mgnMode": "cross"}]]],
    )
    steps = calm.steps()
    assert list(steps) == ["mmdesk01.leverage[swap/BTC-USDT/cross]"]
    (step,) = steps.values()
    assert (step["action"], step["before"], step["after"]) == ("change", 7, 10)
    before = len(calm.writes("/set-leverage"))
    assert calm.apply().last == "Applied: 0 created, 1 changed, 0 deleted, 0 blocked, 0 failed."
    assert len(calm.writes("/set-leverage")) == before + 1


def test_another_clients_position_mode_comes_back_with_its_leverage_behind_it(speak: Speak, calm: Desk) -> None:
    """ccxt switches to net: the mode is planned back, every leverage waits behind it, and the result is as before."""
    speak("speak_ccxt.py", calm.sandbox.base_url, [["net", stored(calm), "set_position_mode", [False]]])
    steps = calm.steps()
    assert steps["mmdesk01.position_mode"]["before"] == "net"
    assert all(step["before_known"] is False for address, step in steps.items() if ".leverage[" in address)
    calm.converge()
    assert calm.account("mmdesk01")["leverage"]["SWAP/isolated/BTC-USDT-SWAP/long"] == "4"
