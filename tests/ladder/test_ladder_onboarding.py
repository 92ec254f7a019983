"""Fifty new customers in one apply: nothing lost, nothing twice, and no request too many."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from desk import Desk, seed
from ladder_parts import KEY, LEVEL, NO_CHANGES, signed

CUSTOMERS = 50
LATE = "50102"  # on a busy machine a request can miss a window that the speed has made short; it is signed anew
FRESH_LEVERAGE = 5
SPEED = 10  # a request lives for three seconds: a busy machine needs them
MODES = ("futures", "multi_currency", "spot", "portfolio")


def _customer(number: int) -> dict[str, Any]:
    mode = MODES[number % 4] if number % 5 else "multi_currency"
    hedged = mode in ("futures", "multi_currency") and number % 2 == 0
    value = FRESH_LEVERAGE + number % 3  # every third account wants what a fresh scope has already
    cross = {"market": "margin", "margin": "cross", "value": value}
    leverage = {
        "spot": [],
        "portfolio": [
            {"market": "swap", "instrument": "BTC-USDT-SWAP", "margin": "isolated", "value": value},
            {**cross, "currency": "BTC"},
            {**cross, "currency": "USDT"},
            {**cross, "currency": "ETH"},
        ],
    }.get(
        mode,
        [
            {"market": "swap", "instrument": "BTC-USDT-SWAP", "margin": "cross", "value": value},
            {"market": "futures", "family": "BTC-USD", "margin": "cross", "value": value + 1},
            {"market": "swap", "instrument": "ETH-USDT-SWAP", "margin": "isolated", "value": value}
            | ({"side": "long"} if hedged else {}),
            {**cross, "currency": "BTC"} if mode == "multi_currency" else {**cross, "instrument": "BTC-USDT"},
        ],
    )
    return {
        "label": f"Customer{number}",
        "account_mode": mode,
        "position_mode": "long_short" if hedged else "net",
        "api_keys": KEY,
        "leverage": leverage,
        "deposit": {
            "credit_to": "trading",
            "addresses": [{"currency": "USDT", "chain": "USDT-TRC20"}, {"currency": "BTC"}],
        },
    }


def _fewest_writes(accounts: dict[str, dict[str, Any]]) -> Counter[str]:
    """By the manifest alone: what a fresh sub-account (spot, net, default leverage) lacks."""
    fewest: Counter[str] = Counter()
    for fields in accounts.values():
        fewest["create-subaccount"] += 1
        fewest["apikey"] += 1
        fewest["set-subaccount-level"] += fields["account_mode"] != "spot"
        fewest["set-position-mode"] += fields["position_mode"] != "net"
        fewest["set-leverage"] += sum(entry["value"] != FRESH_LEVERAGE for entry in fields["leverage"])
        fewest["subaccount-deposit-address"] += len(fields["deposit"]["addresses"])
    return fewest


def _opened_by_age(desk: Desk, file: Path, identity: Path) -> dict[str, str]:
    done = subprocess.run(["age", "-d", "-i", str(identity), str(file)], capture_output=True, check=True)
    return dict(json.loads(done.stdout))


@pytest.mark.slow
def test_fifty_customers_from_nothing_with_the_fewest_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One apply makes all of them as the manifest says, with the fewest possible writes and none refused; a second one
    writes nothing; and every secret opens with the `age` program and signs for its own account."""
    accounts = {f"customer{number:02}": _customer(number) for number in range(CUSTOMERS)}
    with Desk.at(tmp_path, monkeypatch, seed(), speed=SPEED) as desk:
        desk.write(accounts)
        said = desk.apply()
        assert said.code == 0, said.out[-3000:] + said.err
        assert desk.too_many == 0

        fewest = _fewest_writes(accounts)
        in_time = [row for row in desk.writes() if row["code"] != LATE]
        assert Counter(row["path"].rpartition("/")[2] for row in in_time) == +fewest
        assert {row["code"] for row in in_time} == {"0"}

        before = len(desk.writes())
        again = desk.apply()
        assert (again.code, again.last) == (0, NO_CHANGES)
        assert len(desk.writes()) == before

        state = desk.sandbox.control_get("state")["tenants"]["desk"]["sub_accounts"]
        assert set(state) == set(accounts)
        for name, fields in accounts.items():
            live = state[name]
            assert live["acctLv"] == LEVEL[fields["account_mode"]]
            assert live["posMode"] == f"{fields['position_mode']}_mode"
            assert (live["to"], len(live["addresses"]), len(live["keys"])) == ("18", 2, 1)
        _prove_secrets(desk, accounts, state)


def _prove_secrets(desk: Desk, accounts: dict[str, Any], state: dict[str, Any]) -> None:
    if shutil.which("age") is None:
        pytest.skip("the age program is not installed")
    identity = desk.folder / "identity.txt"
    identity.write_text(desk.identity + "\n", encoding="utf-8")
    identity.chmod(0o600)
    for name in accounts:
        file = desk.folder / "secrets" / "desk" / name / "trading.age"
        assert file.stat().st_mode & 0o777 == 0o600
        secret = _opened_by_age(desk, file, identity)
        assert set(secret) == {"api_key", "secret_key", "passphrase"}
        answer = signed(desk, "GET", "/api/v5/account/config", secret=secret)
        assert answer["code"] == "0"
        assert (answer["data"][0]["uid"], answer["data"][0]["label"]) == (state[name]["uid"], "trading")


def test_the_guides_eight_instruments_take_six_calls(desk: Desk) -> None:
    """The trade guide's example: eight instruments at 3x in multi-currency mode are six scopes, so six calls."""
    pairs = ["BTC-USDT", "ETH-USDT", "LTC-USDT", "LTC-BTC", "ETH-BTC"]
    desk.write(
        {
            "guide01": {
                "account_mode": "multi_currency",
                "position_mode": "net",
                "api_keys": KEY,
                "leverage": [
                    {"market": "margin", "instruments": pairs, "margin": "cross", "value": 3},
                    {
                        "market": "futures",
                        "instruments": ["BTC-USD-271231", "BTC-USD-280331"],
                        "margin": "cross",
                        "value": 3,
                    },
                    {"market": "swap", "instrument": "BTC-USD-SWAP", "margin": "cross", "value": 3},
                ],
            }
        }
    )
    desk.converge()
    assert len(desk.writes("set-leverage")) == 6
    # BTC-USDT and ETH-USDT borrow USDT or their base: the guide names four currencies, one family and one perpetual.
    assert desk.account("guide01")["leverage"] == {
        "FUTURES/cross/BTC-USD": "3",
        "MARGIN/cross/BTC": "3",
        "MARGIN/cross/ETH": "3",
        "MARGIN/cross/LTC": "3",
        "MARGIN/cross/USDT": "3",
        "SWAP/cross/BTC-USD-SWAP": "3",
    }
