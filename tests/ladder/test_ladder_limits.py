"""`limits`: a rate that the venue granted takes the place of the documented one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from desk import MASTER, Desk, seed

CONFIG = "GET /api/v5/account/config"


@pytest.mark.parametrize(("count", "warned"), [(10, True), (5, False), (2, False)])
def test_a_rate_above_the_table_is_warned_of(desk: Desk, count: int, warned: bool) -> None:
    """With both numbers; one at or below it is taken without a message."""
    desk.write(
        {"me": {"role": "main", "position_mode": "net"}}, venue={"limits": {CONFIG: {"count": count, "per_s": 2}}}
    )
    said = {one["code"]: one["message"] for one in desk.plan("--format", "json").json["warnings"]}
    assert ("limit_raised" in said) is warned
    assert not warned or said["limit_raised"].endswith(
        f"`limits` grants {count} per 2 s, the venue documents 5 per 2 s"
    )


CONTRACTS = "BTC-USDT ETH-USDT SOL-USDT XRP-USDT DOGE-USDT LTC-USDT BTC-USDC ETH-USDC BTC-USD ETH-USD".split()
OTHER = {**MASTER, "api_key": "other-api-key", "secret_key": "other-secret-key"}


def test_connections_of_one_address_share_its_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Public calls are counted by the address that they come from, a user's by the user: connections to one venue, of
    two users or of one, are never told that there were too many requests."""
    venues = {"trader01": "desk", "trader02": "again", "trader03": "other"}
    held = {"acctLv": "3", "positions": [{"instId": f"{family}-SWAP", "size": 1} for family in CONTRACTS]}
    world = seed({name: {**held, "keys": [own_key(name)]} for name in ("trader01", "trader02")})
    world["tenants"]["other"] = {"keys": [OTHER], "sub_accounts": {"trader03": {**held, "keys": [own_key("trader03")]}}}
    with Desk.at(tmp_path, monkeypatch, world) as desk:
        for prefix, key in {"OTHER": OTHER, **{name.upper(): own_key(name) for name in venues}}.items():
            for part in ("api_key", "secret_key", "passphrase"):
                monkeypatch.setenv(f"{prefix}_{part.upper()}", key[part])
        leverage = [{"market": "swap", "family": "*", "margin": "cross", "value": 4}]
        desk.write(
            {
                name: {"venue": venue, "access": {"credentials": {"env": name.upper()}}, "leverage": leverage}
                for name, venue in venues.items()
            }
        )
        connection = desk.document["venues"]["desk"]
        desk.document["venues"] |= {"again": connection, "other": {**connection, "credentials": {"env": "OTHER"}}}
        desk.text(json.dumps(desk.document))
        planned = desk.plan()
        assert (planned.code, desk.too_many) == (0, 0), planned.out + planned.err
        assert "leverage[swap/BTC-USDT/cross]" in planned.out


def own_key(name: str) -> dict[str, str]:
    """A key of one account's own, with its secret."""
    return {**MASTER, "label": "own", "api_key": f"id-of-{name}", "secret_key": f"secret of {name}"}
