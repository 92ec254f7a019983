"""Steps and plans made by hand, as the engine would make them."""

from __future__ import annotations

from decimal import Decimal

from acctcfg.core.address import Address
from acctcfg.core.diff import Change
from acctcfg.core.plan import Estimate, Plan, Precheck, Step, VenueReport
from acctcfg.core.state import AccountValue, KeyValue


def step_of(
    account, field="", key="", *, action="change", before=None, after=None, checks=(), known=True, present=None, **more
):
    """One step of the venue `desk`."""
    step = "" if known else "create"
    change = Change(
        Address(account, field, key), action, before, after, before_known=known, after_step=step, present=present
    )
    return Step(change, "desk", prechecks=tuple(checks), **more)


def desk_plan_of_the_manual() -> Plan:
    """A new account and a blocked mode: the plan that the manual shows."""
    return Plan(
        steps=(
            step_of("mmdesk01", action="create", after=AccountValue("mmdesk01", "MMdesk01", (("parent", ""),))),
            step_of(
                "mmdesk01",
                "api_keys",
                "trading",
                action="create",
                after=KeyValue(("read", "trade"), ("203.0.113.7",), "vault"),
                depends_on=(Address("mmdesk01"),),
                calls=("POST /api/v5/broker/dma/subaccount/apikey",),
            ),
            step_of("mmdesk01", "account_mode", before="spot", after="multi_currency"),
            step_of("mmdesk01", "position_mode", after="net", known=False),
            step_of("mmdesk01", "leverage", "swap/BTC-USDT/cross", after=Decimal(10), known=False),
            step_of(
                "mmdesk02",
                "position_mode",
                before="net",
                after="long_short",
                checks=(
                    Precheck("no_open_positions", "fail", "BTC-USDT-SWAP 3 (cross), ETH-USDT-SWAP -1 (isolated)"),
                    Precheck("no_pending_orders", "pass"),
                ),
            ),
        ),
        estimate=Estimate(9, 2.0, "set-leverage of mmdesk01, 20 per 2 s"),
        reports=(VenueReport("desk", "okx_dma_broker", "demo", 2, 14, 1.1),),
        acctcfg_version="0.1.0",
        created_at="2026-01-01T00:00:00Z",
        manifest_digest="sha256:" + "0" * 64,
    )
