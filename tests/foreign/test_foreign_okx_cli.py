"""OKX's own command line against the sandbox, and as the other writer between a plan and its apply."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from desk import Desk
from foreign_client import SWAP, key_of
from okx_cli import OkxCli

from acctcfg.sandbox.serve import Running

pytestmark = [pytest.mark.foreign, pytest.mark.slow]

DATED = "BTC-USD-261225"
CROSS = ("--mgnMode", "cross")
CROSS_SWAP = f"SWAP/cross/{SWAP}"  # as the sandbox names what a leverage is kept for
RACES = 100
SPEED = 5  # a request is signed when the program starts: at the usual 50 it would be too old on arrival


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Running, OkxCli]]:
    """A sandbox with one account, and the program with its key."""
    held = {
        "acctLv": "3",
        "leverage": {CROSS_SWAP: "7"},
        "positions": [{"instId": SWAP, "size": "3"}],
        "orders": [{"instId": "ETH-USDT-SWAP", "size": "1"}],
        "keys": [key_of("held")],
    }
    desk = {"keys": [key_of("master")], "sub_accounts": {"mmdesk01": held}}
    with Running({"tenants": {"desk": desk}}, speed=SPEED) as sandbox:
        yield sandbox, OkxCli.at(tmp_path, sandbox.base_url, key_of("held"))


def test_okx_own_program_reads_and_sets(served: tuple[Running, OkxCli]) -> None:
    """What it reads is there, what it sets arrives, and a refusal reaches its user in the venue's words."""
    sandbox, okx = served
    assert okx("account", "config")[0]["acctLv"] == "3"
    assert [row["pos"] for row in okx("account", "positions")] == ["3"]
    assert [row["instId"] for row in okx("swap", "orders")] == ["ETH-USDT-SWAP"]
    assert okx("swap", "algo", "orders") == okx("account", "asset-balance") == []
    assert okx("account", "fees", "--instType", "SWAP")[0]["level"] == "Lv1"
    assert okx("swap", "get-leverage", "--instId", SWAP, *CROSS)[0]["lever"] == "7"
    okx("swap", "leverage", "--instId", SWAP, *CROSS, "--lever", "4")
    okx("futures", "leverage", "--instId", DATED, *CROSS, "--lever", "6")
    for words, why in (
        (("swap", "leverage", "--instId", SWAP, *CROSS, "--lever", "4000"), "Leverage exceeds the maximum"),
        (("swap", "leverage", "--instId", "ETH-USDT-SWAP", *CROSS, "--lever", "4"), "pending cross-margin orders"),
        (("account", "set-position-mode", "--posMode", "long_short_mode"), "Cancel open orders, close positions"),
    ):
        done = okx.run(*words)
        assert (done.returncode, why in done.stderr) == (1, True), done.stderr
    held = sandbox.control_get("accounts/mmdesk01")
    assert held["leverage"] == {CROSS_SWAP: "4", "FUTURES/cross/BTC-USD": "6"}
    assert sandbox.control_get("requests")["unlisted"] == []


def _connections(desk: Desk, keys: dict[str, dict[str, Any]]) -> None:
    """A manifest of four users, each with a connection of its own."""
    for name, key in keys.items():
        for part in ("api_key", "secret_key", "passphrase"):
            desk.monkeypatch.setenv(f"{name}_{part}".upper(), key[part])
    there = {"type": "okx", "environment": "demo", "base_url": desk.sandbox.base_url}
    entry = {"market": "swap", "instrument": SWAP, "margin": "cross", "value": 7}
    desk.write(
        {name: {"venue": name, "role": "main", "position_mode": "net", "leverage": [entry]} for name in keys},
        venues={name: {**there, "credentials": {"env": name.upper()}} for name in keys},
    )


def _race(desk: Desk, name: str, turn: int) -> tuple[tuple[str, ...], tuple[str, str]]:
    """A plan of this account, saved; what the other writer is told then, and the modes and leverage that it leaves."""
    fields = {"acctLv": "3", "posMode": "net_mode", "leverage": {CROSS_SWAP: "5"}}
    desk.sandbox.control_post(f"accounts/{name}/set", fields)
    said = desk.plan("--out", f"{name}.json", "--target", name)
    assert "Plan: 0 to create, 1 to change, 0 to delete, 0 blocked." in said.out, said.out + said.err
    if turn % 2:
        return ("account", "set-position-mode", "--posMode", "long_short_mode"), ("long_short_mode", "5")
    lever = str(8 + turn % 40)
    return ("swap", "leverage", "--instId", SWAP, *CROSS, "--lever", lever), ("net_mode", lever)


def _is_caught(desk: Desk, name: str, theirs: tuple[str, str]) -> bool:
    before = len(desk.writes())
    said = desk.apply(f"{name}.json")
    live = desk.account(name)
    assert (live["posMode"], live["leverage"][CROSS_SWAP]) == theirs, said.out + said.err
    assert len(desk.writes()) == before
    return said.code == 1 and f"{name}.leverage[swap/BTC-USDT/cross]" in said.err


def test_what_it_changes_between_plan_and_apply_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In 100 races of 100 the saved plan is stale: the step is named, nothing is written, the other's value stands.

    By turns it sets the very value that the plan changes, and one that this value stands behind. Four processes of the
    other writer run at a time, each with an account of its own.
    """
    keys = {name: key_of(name) for name in ("raced1", "raced2", "raced3", "raced4")}
    world = {"tenants": {name: {"keys": [key]} for name, key in keys.items()}}
    with Desk.at(tmp_path, monkeypatch, world, speed=SPEED) as desk, ThreadPoolExecutor(len(keys)) as pool:
        others = {name: OkxCli.at(tmp_path / name, desk.sandbox.base_url, key) for name, key in keys.items()}
        _connections(desk, keys)
        caught = 0
        for first in range(0, RACES, len(keys)):
            races = {name: _race(desk, name, first + number) for number, name in enumerate(keys)}
            list(pool.map(lambda name, told: others[name](*told), races, [told for told, _ in races.values()]))
            caught += sum(_is_caught(desk, name, theirs) for name, (_, theirs) in races.items())
    assert caught == RACES
