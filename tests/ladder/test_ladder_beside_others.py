"""Limits that are shared: with a customer's own bot, and between accounts that are made together."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from desk import Desk, seed
from ladder_parts import KEY, NO_CHANGES, own_secret, settle, signing_headers
from patience import PATIENCE_S

SPEED = 10
SLOWER = 3  # a window of two thirds of a second: a bot fills it, on a busy machine, too
LISTS = "GET /api/v5/broker/dma/subaccount-info"
TOGETHER = 12


@contextmanager
def _bot(desk: Desk, name: str) -> Iterator[Counter[str]]:
    """A customer's program with the account's own key: reads and sets leverage as fast as the venue lets it.

    It counts the venue's answers, by method and code.
    """
    answers: Counter[str] = Counter()
    done = threading.Event()
    ask = ("GET", "/api/v5/account/leverage-info?instId=LTC-USDT-SWAP&mgnMode=cross", None)
    tell = ("POST", "/api/v5/account/set-leverage", {"instId": "LTC-USDT-SWAP", "mgnMode": "cross", "lever": "2"})

    def loop() -> None:
        with httpx.Client(base_url=desk.sandbox.base_url, trust_env=False) as client:
            while not done.is_set():
                for method, path, body in (ask, tell):
                    text, headers = signing_headers(method, path, body, own_secret(name))
                    code = client.request(method, path, content=text, headers=headers).json()["code"]
                    answers[f"{method} {code}"] += 1
                if code == "50011":
                    done.wait(0.02)

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield answers
    finally:
        done.set()
        thread.join(PATIENCE_S)


@pytest.mark.slow
def test_apply_goes_on_beside_a_bot_at_the_same_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reads and writes that the venue refuses for a customer's bot go on until they are done, and whose limit it was
    is said."""
    with Desk.at(tmp_path, monkeypatch, seed(), speed=SLOWER) as desk:
        settle(desk, "customer01", acctLv="3")
        families = ("BTC-USDT", "ETH-USDT", "SOL-USDT", "BTC-USD", "ETH-USD")
        entries = [{"market": "swap", "family": family, "margin": "cross", "value": 7} for family in families]
        desk.write({"customer01": {"account_mode": "multi_currency", "api_keys": KEY, "leverage": entries}})
        with _bot(desk, "customer01") as answers:
            while not answers["POST 50011"]:
                threading.Event().wait(0.01)
            said = desk.apply()
        assert said.code == 0, said.out + said.err
        live = desk.account("customer01")["leverage"]
        assert Counter(live.values())["7"] == len(families)
        assert answers["GET 0"]
        assert answers["POST 0"]
        assert "of customer01: the venue answered that there were too many requests" in said.out + said.err
        assert desk.plan().last == NO_CHANGES


def test_accounts_that_are_made_together_share_the_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve new accounts are looked for, found missing, and read back by a handful of requests for the list."""
    with Desk.at(tmp_path, monkeypatch, seed(), speed=SPEED) as desk:
        desk.write({f"customer{number:02}": {"label": f"Customer{number:02}"} for number in range(TOGETHER)})
        said = desk.apply()
        assert said.code == 0, said.out + said.err
        requests = desk.sandbox.control_get("requests")
        assert requests["rate_limited"] == 0
        assert requests["by_path"][LISTS] <= 5
        assert len(desk.sandbox.control_get("state")["tenants"]["desk"]["sub_accounts"]) == TOGETHER
