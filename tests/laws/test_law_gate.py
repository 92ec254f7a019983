"""Law 4: no gated write without reads, made after the last other write of that account, that prove its prechecks."""

from __future__ import annotations

import asyncio
import os

import pytest
from desk import Desk
from hypothesis import given
from laws_world import OPEN, Seen, World, at_desk, desks, pictures, worlds

from acctcfg.core.plan import Plan
from acctcfg.engine.apply import apply
from acctcfg.engine.workspace import Workspace

ORDERS = {("/trade/orders-pending", "")}
ALGOS = {
    ("/trade/orders-algo-pending", kind)
    for kind in ("conditional,oco", "trigger", "move_order_stop", "iceberg", "twap", "chase", "smart_iceberg")
}
BOTS = {
    ("/tradingBot/grid/orders-algo-pending", "grid"),
    ("/tradingBot/grid/orders-algo-pending", "contract_grid"),
    ("/tradingBot/recurring/orders-algo-pending", ""),
    ("/tradingBot/signal/orders-algo-pending", "contract"),
    ("/tradingBot/dca/ongoing-list", "contract_dca"),
    ("/tradingBot/dca/ongoing-list", "spot_dca"),
}
FLAT = {("/account/positions", ""), ("/sprd/orders-pending", ""), *ORDERS, *ALGOS, *BOTS}
GATED = {
    "/broker/dma/set-subaccount-level": FLAT,
    "/account/set-position-mode": FLAT,
    "/account/set-leverage": ORDERS | ALGOS | BOTS,
    "/broker/dma/delete-subaccount": set(),
}
LEVERAGE = "/account/set-leverage"
KEY = {"trading": {"permissions": ["read", "trade"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}}


def question(one: Seen) -> tuple[str, str]:
    """What a read asks for, as the tables above name it."""
    return one.path, str(one.params.get("ordType") or one.params.get("algoOrdType") or "")


def proven_idle(mine: list[Seen], fresh: list[Seen], write: Seen) -> bool:
    """Whether other reads prove that there are no algo orders and no bots: the venue's precheck of the very switch, out
    of spot; or of an account made here, with one key, its empty balance and a precheck of a switch to spot."""
    verdicts = {
        (row["curAcctLv"], row["acctLv"])
        for row in (one.answer for one in fresh if one.path.endswith("switch-precheck") and one.code == "0")
        if row["sCode"] == "0" and row["curAcctLv"] != row["acctLv"]
    }
    if write.path == "/broker/dma/set-subaccount-level":
        return ("1", write.params["acctLv"]) in verdicts
    made = [one.path.rpartition("/")[2] for one in mine if one.write and one.code == "0" and one.signer == "@master"]
    broke = any(one.path == "/account/balance" and one.code == "0" and not one.answer["details"] for one in fresh)
    ours = made.count("create-subaccount") == 1 == made.count("apikey")
    return ours and broke and any(target == "1" for _, target in verdicts)


def prove_gates(seen: list[Seen]) -> None:
    """Every gated write was preceded by its reads."""
    for at, write in enumerate(seen):
        if not write.write or write.path not in GATED:
            continue
        mine = [one for one in seen[:at] if one.account == write.account]
        spoilers = [
            i for i, one in enumerate(mine) if one.write and not (write.path == one.path == LEVERAGE)
        ]  # leverage writes do not spoil a gate, any other write does
        fresh = mine[spoilers[-1] + 1 :] if spoilers else mine
        answered = {question(one) for one in fresh if one.code == "0" and one.signer == write.account}
        if write.path == "/broker/dma/delete-subaccount" and any(one.signer == write.account for one in mine):
            assert {path for path, _ in answered} >= {"/account/balance", "/asset/balances"}
        spared = ALGOS | BOTS if proven_idle(mine, fresh, write) else set()
        assert not GATED[write.path] - spared - answered, f"{write.path} without {GATED[write.path] - answered}"
        if write.path == "/broker/dma/set-subaccount-level":
            verdicts = [one for one in fresh if one.path.endswith("switch-precheck")]
            assert [one for one in verdicts if one.params["acctLv"] == write.params["acctLv"]]


@desks(40)
@given(worlds())
def test_every_gated_write_has_its_reads_right_before_it(world: World) -> None:
    """Its prechecks were read after the user's yes, and after the last other write of the account."""
    with at_desk(world) as (desk, witness):
        yes: list[int] = []

        def approve(plan: Plan) -> bool:
            yes.append(len(witness.seen))
            return True

        workspace = Workspace.load(desk.folder, os.environ)
        asyncio.run(apply(workspace, approve=approve, skip_blocked=True, allow_sensitive=True))
        seen = witness.take()
        assert not [one for one in seen[: yes[0] if yes else None] if one.write]
        prove_gates(seen[yes[0] :] if yes else [])


CHANGES = {
    "account_mode": {"account_mode": "multi_currency"},
    "position_mode": {"position_mode": "long_short"},
    "leverage": {"leverage": [{"market": "swap", "family": "BTC-USDT", "margin": "cross", "value": 7}]},
}
TRIPS = {  # which of OPEN stands in the way of which change
    "account_mode": {0, 1, 2, 3, 4, 5},
    "position_mode": {0, 1, 2, 3, 4, 5},
    "leverage": {4, 5},  # an order of another scope does not, nor does a position
}


@pytest.mark.slow
@pytest.mark.parametrize("at", range(len(OPEN)))
@pytest.mark.parametrize("change", CHANGES)
def test_what_was_opened_since_the_plan_stops_the_write(desk: Desk, change: str, at: int) -> None:
    """Opened between the plan's last read and the write, it blocks the step (3, not an error) and nothing is sent."""
    desk.write({"mmdesk01": {"account_mode": "futures", "position_mode": "net", "api_keys": KEY}})
    desk.converge()
    desk.write({"mmdesk01": {"account_mode": "futures", "position_mode": "net", "api_keys": KEY, **CHANGES[change]}})
    what, row = OPEN[at]
    assert all(not step["blocked"] for step in desk.steps().values())
    # The plan reads each list once; the fault strikes after its answer to the plan, so at the gate's read.
    path = "*/orders-pending" if change == "leverage" else "*/positions"
    after = 2 if path == "*/orders-pending" and change != "leverage" else 1
    action = {"path": f"accounts/mmdesk01/{what}", "method": "POST", "body": row}
    desk.fault(match={"path": path, "account": "mmdesk01"}, after=after, kind="hook", do=[action])
    before = pictures(desk)
    said = desk.apply()
    if at in TRIPS[change]:
        assert said.code == 3, said.out
        assert said.last.startswith("Applied: 0 created, 0 changed, 0 deleted, 1 blocked, 0 failed")
        assert row["instId"] in said.out
        assert pictures(desk) == before
    else:
        assert said.code == 0, said.out
