"""What a venue package forgets fails loudly: it is never taken for right. See `acctcfg.engine.survey_guard`."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest
from desk import Desk
from ladder_parts import KEY, settle

from acctcfg.core.desired import AccountSpec
from acctcfg.core.managed import CLAIMS, DESCRIBES
from acctcfg.venues.okx.api_keys import ApiKeys
from acctcfg.venues.okx.credit_to import CreditToSetting
from acctcfg.venues.okx.deposit import DepositAddresses
from acctcfg.venues.okx.leverage_setting import Leverage
from acctcfg.venues.okx.position_mode import PositionMode
from acctcfg.venues.okx.switches import OkxSettings

FIELDS = {
    "api_keys": KEY,
    "account_mode": "multi_currency",
    "position_mode": "net",
    "leverage": [{"market": "swap", "instrument": "BTC-USDT-SWAP", "margin": "cross", "value": 7}],
    "deposit": {"credit_to": "trading", "addresses": [{"currency": "USDT", "chain": "USDT-TRC20"}]},
}


def test_every_field_of_an_account_is_managed_or_describes_it() -> None:
    """A field that is added to AccountSpec and to neither list would be one that no survey has to answer for."""
    fields = {one.name for one in dataclasses.fields(AccountSpec)}
    assert (set(CLAIMS) | DESCRIBES, set(CLAIMS) & DESCRIBES) == (fields, set())


@pytest.mark.parametrize(
    ("resource", "address"),
    [
        (PositionMode, "mmdesk01.position_mode"),
        (Leverage, "mmdesk01.leverage[**]"),
        (DepositAddresses, "mmdesk01.deposit.addresses[**]"),
        (CreditToSetting, "mmdesk01.deposit.credit_to"),
        (ApiKeys, "mmdesk01.api_keys[trading]"),
    ],
)
def test_a_forgotten_field_ends_the_run(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, resource: type, address: str
) -> None:
    """A survey that says nothing of it is a bug with the address, in every command, and nothing is written."""
    settle(desk, "mmdesk01", acctLv="3")

    async def survey(*_: Any) -> None:
        return None

    monkeypatch.setattr(resource, "survey", survey)
    desk.write({"mmdesk01": FIELDS})
    for said in (desk.plan(), desk.apply(), desk.run("show")):
        assert (said.code, "No changes" in said.out) == (1, False)
        assert f"{address}: the manifest manages this" in said.err.replace("\n", " ")
        assert "bug in the venue package okx_dma_broker" in said.err
    assert desk.writes() == []


def test_a_forgotten_field_is_not_missed_where_nobody_looks(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan that is narrowed to something else does not answer for it."""
    settle(desk, "mmdesk01", acctLv="3")

    async def survey(*_: Any) -> None:
        return None

    monkeypatch.setattr(PositionMode, "survey", survey)
    desk.write({"mmdesk01": FIELDS})
    assert desk.plan("--target", "mmdesk01.account_mode").code == 0


@pytest.mark.parametrize(
    ("resource", "pending"),
    [
        (PositionMode, {"position_mode": "long_short"}),
        (Leverage, {"leverage": FIELDS["leverage"]}),
        (DepositAddresses, {"deposit": {"addresses": [{"currency": "USDT", "chain": "USDT-TRC20"}]}}),
        (OkxSettings, {"settings": {"auto_loan": True}}),
    ],
)
def test_a_reviewed_plan_does_not_hide_a_forgotten_field(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, resource: type, pending: dict[str, Any]
) -> None:
    """A saved plan with its change pending is refused with an error, never carried out as if it were right."""
    settle(desk, "mmdesk01", acctLv="3")
    desk.write({"mmdesk01": {"api_keys": KEY, **pending}})
    assert "Plan: 0 to create, 0 to change" not in desk.plan("--out", "saved.json").out

    async def survey(*_: Any) -> None:
        return None

    monkeypatch.setattr(resource, "survey", survey)
    said = desk.apply("saved.json")
    assert (said.code, desk.writes()) == (1, [])
    assert re.search(
        "bug in the venue package okx_dma_broker|now neither its value nor a reason for its absence", said.err
    )
