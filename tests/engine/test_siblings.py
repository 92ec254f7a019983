"""What a write moves besides its own value is read with it, and said: at both venues, in every kind of write."""

from __future__ import annotations

import json
from typing import Any

import pyrage
import pytest
from acting import apply_and, by_address
from desk import Desk
from test_last_look import KEY, SIGNS

ACCOUNT = {"acctLv": "3", "keys": [SIGNS]}


def swap(instrument: str, value: int, margin: str = "cross", **more: Any) -> dict[str, Any]:
    """One entry."""
    return {"market": "swap", "instrument": instrument, "margin": margin, "value": value, **more}


def settled(desk: Desk, *entries: dict[str, Any], account: dict[str, Any] | None = None, **fields: Any) -> Desk:
    """An account whose stored key signs, and what is wanted of it."""
    desk.sandbox.control_post("accounts/payin001", {**ACCOUNT, **(account or {})})
    stored = {name: SIGNS[name] for name in ("api_key", "secret_key", "passphrase")}
    folder = desk.folder / "secrets" / "desk" / "payin001"
    folder.mkdir(parents=True, exist_ok=True)
    sealed = pyrage.encrypt(
        json.dumps(stored).encode(), [pyrage.x25519.Recipient.from_str(desk.recipient)], armored=True
    )
    (folder / "trading.age").write_bytes(sealed)
    wanted = {"api_keys": {"trading": KEY}, "leverage": list(entries), **fields}
    return desk.write({"payin001": {name: value for name, value in wanted.items() if value}})


def test_long_and_short_that_the_venue_keeps_as_one_are_a_failure(desk: Desk) -> None:
    """The write of one side moved the other: exit 1, and both are named with what they want."""
    sides = [swap("BTC-USDT-SWAP", 3, "isolated", side="long"), swap("BTC-USDT-SWAP", 7, "isolated", side="short")]
    live = {"SWAP/isolated/BTC-USDT-SWAP/long": "5", "SWAP/isolated/BTC-USDT-SWAP/short": "7"}
    settled(desk, *sides, account={"posMode": "long_short_mode", "leverage": live})
    both = {"SWAP/isolated/BTC-USDT-SWAP/long": "3", "SWAP/isolated/BTC-USDT-SWAP/short": "3"}
    do = [{"path": "accounts/payin001/set", "body": {"leverage": both}}]
    desk.fault(match={"path": "*/set-leverage", "method": "POST"}, kind="hook", do=do)
    outcome = apply_and(desk)
    (result,) = [one for one in outcome.results if one.step.address.field == "leverage"]
    assert (outcome.exit_code, result.status, result.code) == (1, "failed", "one_value")
    assert "isolated/long] (3" in result.message
    assert "isolated/short] (7" in result.message
    assert "acctcfg.yaml:" in result.message


def test_cross_margin_of_one_family_is_not_isolated_margin_of_it(desk: Desk) -> None:
    """What has another margin mode is no sibling: it is not even read."""
    settled(desk, swap("BTC-USDT-SWAP", 3), swap("BTC-USDT-SWAP", 5, "isolated"))
    said = desk.apply()
    assert said.code == 0, said.out
    assert said.last == "Applied: 0 created, 1 changed, 0 deleted, 0 blocked, 0 failed."


def test_a_new_address_that_moves_where_deposits_go_is_a_failure(desk: Desk) -> None:
    """The `to` of the whole account went elsewhere with the creation of one address."""
    made = {"ccy": "USDT", "chain": "USDT-TRC20", "addr": "TExampleAddress0000000000000000001"}
    addresses = [{"currency": "USDT", "chain": "USDT-TRC20", "count": 2}]
    settled(
        desk,
        account={"addresses": [made], "to": "18"},
        deposit={"credit_to": "trading", "addresses": addresses},
    )
    do = [{"path": "accounts/payin001/set", "body": {"to": "6"}}]
    desk.fault(match={"path": "*/subaccount-deposit-address", "method": "GET"}, kind="hook", do=do, after=3)
    outcome = apply_and(desk)
    result = by_address(outcome)["payin001.deposit.addresses[USDT/USDT-TRC20/2]"]
    assert (outcome.exit_code, result.status) == (1, "failed")
    assert "deposit.credit_to changed with it from trading to funding" in result.message


def test_a_mode_that_resets_the_other_one_is_noticed(desk: Desk) -> None:
    """The position mode that was right already is read again behind the switch of the account mode."""
    settled(desk, account={"acctLv": "2"}, account_mode="portfolio", position_mode="net", leverage=None)
    do = [{"path": "accounts/payin001/set", "body": {"posMode": "long_short_mode"}}]
    then = {"match": {"path": "*/account/config", "method": "GET"}, "kind": "hook", "do": do}
    lay = [{"path": "faults", "body": then}]
    desk.fault(match={"path": "*/set-subaccount-level", "method": "POST"}, kind="hook", do=lay)
    result = by_address(apply_and(desk))["payin001.account_mode"]
    assert result.status == "failed"
    assert "position_mode changed with it from net to long_short" in result.message


KINDS: dict[str, dict[str, Any]] = {
    "margin": {"market": "margin", "instrument": "BTC-USDT", "margin": "isolated", "value": 5},
    "contracts": swap("BTC-USDT-SWAP", 5, "isolated"),
}
LEVERS = {"margin": "MARGIN/isolated/BTC-USDT", "contracts": "SWAP/isolated/BTC-USDT-SWAP"}
QUICK = {"margin": {"mgnIsoMode": "quick_margin"}, "contracts": {"ctIsoMode": "autonomy"}}


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("moved", KINDS)
def test_isolated_leverage_that_moves_with_how_margin_gets_in_is_a_failure(desk: Desk, kind: str, moved: str) -> None:
    """Leverage that was right before is read back with `isolated_margin`, that of the same kind alone: exit 1, and the
    next apply sets it again."""
    account = {"acctLv": "2", "leverage": dict.fromkeys(LEVERS.values(), "5"), **QUICK[kind]}
    settled(desk, *KINDS.values(), account=account, settings={"isolated_margin": {kind: "automatic"}})
    do = [{"path": "accounts/payin001/set", "body": {"leverage": {**account["leverage"], LEVERS[moved]: "9"}}}]
    desk.fault(match={"path": "*/set-isolated-mode", "method": "POST"}, kind="hook", do=do)
    said = desk.apply()
    if kind != moved:
        assert said.code == 0, said
        return
    assert said.code == 1, said
    assert "/isolated] changed with it from 5 to 9" in said.out
    desk.converge()
    assert desk.account("payin001")["leverage"] == account["leverage"]


def test_isolated_leverage_is_written_behind_how_margin_gets_in(desk: Desk) -> None:
    """It is the last word on it; what that write moved is a third value, which only another plan goes by."""
    settled(
        desk,
        swap("BTC-USDT-SWAP", 7, "isolated"),
        account={"acctLv": "2", "leverage": {LEVERS["contracts"]: "5"}, **QUICK["contracts"]},
        settings={"isolated_margin": {"contracts": "automatic"}},
    )
    do = [{"path": "accounts/payin001/set", "body": {"leverage": {LEVERS["contracts"]: "9"}}}]
    desk.fault(match={"path": "*/set-isolated-mode", "method": "POST"}, kind="hook", do=do, after=1)
    assert desk.apply().code == 0
    assert [row["path"].rpartition("/")[2] for row in desk.writes()] == ["set-isolated-mode", "set-leverage"]
    desk.sandbox.control_post("accounts/payin001/set", {**QUICK["contracts"], "leverage": {LEVERS["contracts"]: "5"}})
    said = desk.apply()
    assert said.code == 1, said
    assert "there is 9 now; the plan was made for 5" in said.out
    desk.converge()


def test_an_unreadable_sibling_is_no_success(desk: Desk) -> None:
    """Where it could not be read whether another value moved, the outcome is unknown."""
    settled(
        desk,
        swap("BTC-USDT-SWAP", 3, "isolated", side="long"),
        swap("BTC-USDT-SWAP", 5, "isolated", side="short"),
        account={"posMode": "long_short_mode"},
    )
    desk.fault(match={"path": "*/leverage-info", "method": "GET"}, kind="html", times=0, after=3)
    outcome = apply_and(desk)
    (result,) = [one for one in outcome.results if one.step.address.field == "leverage"]
    assert (outcome.exit_code, result.status) == (1, "unknown")


def test_of_a_value_that_the_venue_refuses_one_write_tells(desk: Desk) -> None:
    """The others of that value are not tried, and the messages name the value; another value goes on."""
    names = ("BTC-USDT-SWAP", "ETH-USDT-SWAP", "SOL-USDT-SWAP")
    settled(desk, *({**swap(name, 1), "value": 7.25} for name in names), swap("BTC-USD-SWAP", 4))
    outcome = apply_and(desk)
    found = [one for one in outcome.results if one.step.address.field == "leverage"]
    if not found:
        pytest.skip("a plan refuses such a value by now")
    assert sorted(one.status for one in found) == ["done", "failed", "not_started", "not_started"]
    assert all("the venue refuses 7.25" in one.message for one in found if one.status != "done")
    assert (outcome.exit_code, len(desk.writes("/set-leverage"))) == (1, 2)
