"""What cannot be read is never taken for missing, and every way of not being served is one clear message."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from desk import MASTER, Desk, Said, seed
from fault_parts import TRADING, keep, onboarding, sub_account

READS = (
    "*/account/config",
    "*/broker/dma/subaccount-info",
    "*/account/instruments",
    "*/account/leverage-info",
    "*/broker/dma/subaccount/apikey",
    "*/subaccount-deposit-address",
    "*/asset/currencies",
)
PRECHECKS = {
    "*/account/positions": "no_open_positions",
    "*/trade/orders-pending": "no_pending_orders",
    "*/sprd/orders-pending": "no_pending_orders",
    "*/trade/orders-algo-pending": "no_algo_orders",
    "*/tradingBot/grid/orders-algo-pending": "no_bots",
    "*/tradingBot/recurring/orders-algo-pending": "no_bots",
    "*/tradingBot/signal/orders-algo-pending": "no_bots",
    "*/tradingBot/dca/ongoing-list": "no_bots",
    "*/account/set-account-switch-precheck": "account_mode_switch",
}
SPOILT: dict[str, dict[str, Any]] = {
    "HTML": {"kind": "html"},
    "HTML with 200": {"kind": "html", "status": 200},
    "HTML with 404": {"kind": "html", "status": 404},
    "garbage": {"kind": "garbage"},
    "500": {"kind": "status", "status": 500},
    "reset": {"kind": "reset_before"},
    "50001": {"kind": "code", "code": "50001"},
    "a success without a list": {"kind": "garbage", "body": '{"code":"0","msg":""}'},
    "a success with null": {"kind": "garbage", "body": '{"code":"0","msg":"","data":null}'},
    "rows of nothing": {"kind": "garbage", "body": '{"code":"0","msg":"","data":[{}]}'},
    "no rows of a shape": {"kind": "garbage", "body": '{"code":"0","msg":"","data":[[]]}'},
    "a list": {"kind": "garbage", "body": "[]"},
}
NO_CHANGES = "No changes."


def ready(desk: Desk, mode: str = "futures") -> Desk:
    """An account that exists, with a key that signs and an address; unless its mode stays, leverage is read later."""
    address = {"ccy": "USDT", "chain": "USDT-ERC20", "addr": "address-one"}
    world = {**sub_account("mmdesk01", acctLv="3"), "addresses": [address]}
    desk.sandbox.control_post("accounts/mmdesk01", world)
    keep(desk, "mmdesk01")
    fields = onboarding()["mmdesk01"] | {
        "label": ...,
        "account_mode": mode,
        "position_mode": "net",
        "api_keys_exclusive": True,
        "deposit": {"addresses": [{"currency": "USDT"}]},
    }
    return desk.write({"mmdesk01": fields})


def clear(said: Said) -> None:
    """One message for people: no traceback, no bug of ours, and an exit status of 1."""
    assert said.code == 1, said.out + said.err
    assert "Traceback" not in said.out + said.err
    assert "internal error" not in said.out + said.err
    assert NO_CHANGES not in said.out


@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize("name", SPOILT)
@pytest.mark.sample(5)
def test_a_read_that_fails_is_unreadable_and_never_missing(desk: Desk, name: str, path: str) -> None:
    """No create and no delete comes out of it, "No changes" is not printed, nothing is written, exit 1."""
    ready(desk, "multi_currency")
    desk.fault(match={"path": path, "method": "GET", "account": _only(path)}, times=0, **SPOILT[name])
    said = desk.apply()
    clear(said)
    assert desk.writes() == []
    assert " + " not in said.out
    assert " - " not in said.out


def _only(path: str) -> str:
    return "mmdesk01" if path == "*/account/config" else "*"


@pytest.mark.parametrize("name", ["HTML", "500", "reset", "50001", "garbage"])
def test_a_read_that_fails_once_is_repeated(desk: Desk, name: str) -> None:
    """A read that any endpoint fails once does not show in the result."""
    ready(desk)
    for path in (*READS, *PRECHECKS, "*/public/instruments", "*/public/time"):
        desk.fault(match={"path": path, "method": "GET"}, **SPOILT[name])
    said = desk.plan()
    assert said.code == 0, said.out + said.err
    assert "unreadable" not in said.out.lower()


@pytest.mark.parametrize("path", PRECHECKS)
def test_a_precheck_that_cannot_be_read_blocks_its_step(desk: Desk, path: str) -> None:
    """Status unknown, and apply writes nothing: exit 3."""
    ready(desk)
    desk.fault(match={"path": path}, kind="html", times=0)
    checks = {row["name"]: row["status"] for row in desk.steps()["mmdesk01.account_mode"]["prechecks"]}
    assert checks[PRECHECKS[path]] == "unknown"
    assert desk.apply().code == 3
    assert desk.writes() == []


def test_one_unreadable_account_leaves_the_others_in_the_plan(desk: Desk) -> None:
    """The rest is planned and shown; apply writes it only with --skip-blocked, and ends 1."""
    ready(desk)
    desk.sandbox.control_post("accounts/mmdesk02", sub_account("mmdesk02", acctLv="3"))
    keep(desk, "mmdesk02")
    fields = {"api_keys": {"trading": TRADING}, "position_mode": "long_short"}
    desk.write({"mmdesk01": fields, "mmdesk02": fields})
    desk.fault(match={"path": "*/account/config", "account": "mmdesk01"}, kind="html", times=0)
    said = desk.plan("--format", "json")
    assert said.code == 1
    assert [row["address"] for row in said.json["unreadable"]] == ["mmdesk01"]
    assert [row["address"] for row in said.json["steps"]] == ["mmdesk02.position_mode"]
    assert desk.apply().code == 1
    assert desk.writes() == []
    assert desk.apply("--skip-blocked").code == 1
    assert desk.account("mmdesk02")["posMode"] == "long_short_mode"


def test_an_empty_list_of_sub_accounts_is_the_only_proof_of_absence(desk: Desk) -> None:
    """A list that leaves the account out while its own key signs is a contradiction, not a create."""
    ready(desk)
    body = '{"code":"0","msg":"","data":[{"details":[],"page":"1","totalPage":"0"}]}'
    desk.fault(match={"path": "*/subaccount-info"}, kind="garbage", body=body, times=0)
    said = desk.apply()
    clear(said)
    assert desk.writes() == []


# -- the connection --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spoilt", ["HTML", "HTML with 200", "garbage", "500", "reset"])
def test_a_venue_that_serves_nothing_says_what_to_look_at(desk: Desk, spoilt: str) -> None:
    """Where not even the broker's own config can be read: one line, what to do about it, and exit 1."""
    desk.fault(match={"path": "*/account/config", "account": "@master"}, **SPOILT[spoilt], times=0)
    said = ready(desk).plan()
    assert (said.code, said.out) == (1, "")
    message, blank, hint = said.err.splitlines()
    assert message.startswith("error: ")
    assert (blank, hint.partition(" ")[0]) == ("", "hint:")


def test_a_venue_that_is_down_is_one_message(desk: Desk) -> None:
    """Nobody listens: exit 1, one error with what to do."""
    desk.write(onboarding(), venue={"base_url": "http://127.0.0.1:9"})
    said = desk.plan()
    clear(said)
    assert said.err.count("error:") == 1
    assert "connection refused" in said.err
    assert "hint:" in said.err


def test_maintenance_is_one_message_with_its_end(desk: Desk) -> None:
    """A venue under maintenance says until when, once."""
    desk.write(onboarding())
    desk.sandbox.control_post("maintenance", on=True, for_s=600)
    for said in (desk.plan(), desk.apply()):
        clear(said)
        assert said.err.count("error:") == 1
        assert "maintenance until " in said.err
        assert f"{datetime.now(UTC):%Y-%m-%d}" in said.err or "00:" in said.err
    desk.sandbox.control_post("maintenance", on=False)
    assert desk.plan().code == 0


def test_maintenance_that_begins_while_reading_is_one_message(desk: Desk) -> None:
    """Many accounts, one venue that closes in between: its end is said once, not a failure an account."""
    accounts: dict[str, Any] = {f"mmdesk0{number}": {} for number in range(1, 4)}
    desk.write(accounts)
    desk.fault(
        match={"path": "*/subaccount-info"},
        kind="hook",
        do=[{"path": "maintenance", "body": {"on": True, "for_s": 600}}],
    )
    said = desk.plan()
    clear(said)
    assert (said.out + said.err).count("maintenance until ") == 1


@pytest.mark.parametrize("offset_ms", [45_000, -45_000])
def test_a_clock_that_is_off_is_measured_and_corrected(desk: Desk, offset_ms: int) -> None:
    """A minute off: everything works, and what is signed is in the venue's time."""
    desk.sandbox.control_post("clock", offset_ms=offset_ms)
    desk.write(onboarding()).converge()


def test_a_clock_that_keeps_moving_is_said(desk: Desk) -> None:
    """Where measuring does not help, exit 1 with a message about the clock."""
    desk.write(onboarding())
    move = [{"path": "clock", "body": {"offset_ms": 600_000}}]
    desk.sandbox.control_post("clock", offset_ms=60_000)
    desk.fault(match={"path": "*/account/config"}, kind="hook", after=1, times=0, do=move)
    said = desk.apply()
    clear(said)
    assert "clock" in said.err
    assert desk.writes() == []


REFUSED: dict[str, tuple[dict[str, str], str]] = {
    "a wrong secret": ({"OKX_DESK_SECRET_KEY": "another"}, "50113"),
    "a wrong passphrase": ({"OKX_DESK_PASSPHRASE": "Another-passphrase-1"}, "50105"),
    "a key that does not exist": ({"OKX_DESK_API_KEY": "another"}, "501"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_wrong_credentials_are_one_message(desk: Desk, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The venue's code, what it means, what to check; the values themselves are not shown."""
    variables, code = REFUSED[name]
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    said = desk.write(onboarding()).apply()
    clear(said)
    assert "venues.desk" in said.err
    assert code in said.err
    assert "hint:" in said.err
    assert not [secret for secret in ("test-secret-key", "Test-passphrase-1", "Another") if secret in said.err]


@pytest.mark.parametrize("environment", ["live", "demo"])
def test_credentials_of_the_other_environment_are_refused(desk: Desk, environment: str) -> None:
    """Demo credentials on a live venue, or the other way round: exit 1 before any write, and it says which."""
    other = {"live": "demo", "demo": "live"}[environment]
    desk.monkeypatch.setenv("ACCTCFG_TRUST", desk.sandbox.base_url)
    desk.sandbox.control_post("accounts/@master/keys/master", env=other)
    said = desk.write(onboarding(), venue={"environment": environment}).apply()
    clear(said)
    assert "50101" in said.err
    assert "environment" in said.err
    assert desk.writes() == []


def test_a_key_that_the_venue_does_not_know_names_where_it_may_be_at_home(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another region's key, another environment's or a mistyped one: host, environment and variables are named."""
    monkeypatch.setenv("OKX_DESK_API_KEY", "0a1b2c3d-0000-4000-8000-000000000000")
    said = desk.write(onboarding()).plan()
    clear(said)
    for word in (desk.sandbox.base_url, "environment: demo", "OKX_DESK_API_KEY", "region"):
        assert word in said.err


def test_a_caller_that_is_not_on_the_allow_list_is_told_so(desk: Desk) -> None:
    """50110 in words, with what to add where."""
    desk.sandbox.control_post("accounts/@master/keys/master", ip="203.0.113.7")
    said = desk.write(onboarding()).plan()
    clear(said)
    assert "50110" in said.err
    assert "allow-list" in said.err


def test_somebody_elses_credentials_are_refused_by_uid(desk: Desk) -> None:
    """`uid` says whose credentials are expected; others do nothing."""
    said = desk.write(onboarding(), venue={"uid": "42"}).apply()
    clear(said)
    assert "42" in said.err
    assert desk.writes() == []


def test_a_sub_accounts_credentials_are_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broker's connection needs a key of the main account; a sub-account's says so, before any write."""
    desk.sandbox.control_post("accounts/mmdesk01", sub_account("mmdesk01"))
    monkeypatch.setenv("OKX_DESK_API_KEY", "mmdesk01-trading-api_key")
    monkeypatch.setenv("OKX_DESK_SECRET_KEY", "mmdesk01-trading-secret_key")
    monkeypatch.setenv("OKX_DESK_PASSPHRASE", "Test-passphrase-2")
    said = desk.write(onboarding()).apply()
    clear(said)
    assert "sub-account" in said.err
    assert desk.writes() == []


def test_a_user_who_is_no_broker_is_told_so(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A venue user without the broker's endpoints gets the venue's refusal in words."""
    world = seed()
    world["tenants"]["desk"]["broker"] = False
    with Desk.at(tmp_path, monkeypatch, world) as desk:
        said = desk.write({"mmdesk01": {}}).apply()
        clear(said)
        assert "broker" in said.out + said.err
        assert desk.writes() == []


def test_a_key_without_trade_cannot_write_and_says_so(desk: Desk) -> None:
    """The venue's 50120 is a failed step with what to give the key."""
    desk.sandbox.control_post("accounts/@master/keys/master", perm="read_only")
    said = desk.write({"mmdesk01": {}}).apply()
    clear(said)
    assert "50120" in said.out + said.err
    assert MASTER["secret_key"] not in said.out + said.err


# -- who signs -------------------------------------------------------------------------------------------------------


def test_a_stored_key_of_another_account_is_never_used(desk: Desk) -> None:
    """`access_wrong_account` under unreadable: nothing is written, neither here nor there."""
    for name in ("mmdesk01", "mmdesk02"):
        desk.sandbox.control_post(f"accounts/{name}", sub_account(name, acctLv="3"))
    keep(desk, "mmdesk01", api_key="mmdesk02-trading-api_key", secret_key="mmdesk02-trading-secret_key")
    desk.write({"mmdesk01": {"api_keys": {"trading": TRADING}, "position_mode": "long_short"}})
    said = desk.plan("--format", "json")
    assert said.code == 1
    assert [row["code"] for row in said.json["unreadable"]] == ["access_wrong_account"]
    assert said.json["steps"] == []
    for more in ([], ["--skip-blocked"]):
        said = desk.apply(*more)
        clear(said)
    assert desk.writes() == []
    assert desk.account("mmdesk02")["posMode"] == "net_mode"


def test_a_stored_key_for_an_account_that_does_not_exist_is_no_reason_to_create_it(desk: Desk) -> None:
    """A secret that signs for somebody, under the name of an account that the venue does not have: unreadable."""
    desk.sandbox.control_post("accounts/mmdesk02", sub_account("mmdesk02"))
    keep(desk, "mmdesk01", api_key="mmdesk02-trading-api_key", secret_key="mmdesk02-trading-secret_key")
    said = desk.write({"mmdesk01": {"api_keys": {"trading": TRADING}}}).apply()
    clear(said)
    assert "access_wrong_account" in said.out
    assert desk.writes() == []


@pytest.mark.parametrize("shape", ["credentials", "read and write"])
def test_access_by_credentials(desk: Desk, monkeypatch: pytest.MonkeyPatch, shape: str) -> None:
    """`access` may name credentials from elsewhere, one pair for reading and one for writing."""
    reading = {"label": "reader", "api_key": "reader-key", "secret_key": "reader-secret", "perm": "read_only"}
    keys = [*sub_account("mmdesk01")["keys"], {**reading, "passphrase": "Test-passphrase-3"}]
    desk.sandbox.control_post("accounts/mmdesk01", {"acctLv": "3", "keys": keys})
    for prefix, key, secret, word in (
        ("OWN", "mmdesk01-trading-api_key", "mmdesk01-trading-secret_key", "Test-passphrase-2"),
        ("READER", "reader-key", "reader-secret", "Test-passphrase-3"),
    ):
        monkeypatch.setenv(f"{prefix}_API_KEY", key)
        monkeypatch.setenv(f"{prefix}_SECRET_KEY", secret)
        monkeypatch.setenv(f"{prefix}_PASSPHRASE", word)
    own, reader = {"credentials": {"env": "OWN"}}, {"credentials": {"env": "READER"}}
    access = {"credentials": own, "read and write": {"read": reader, "write": own}}[shape]
    desk.write({"mmdesk01": {"access": access, "position_mode": "long_short"}}).converge()
    assert desk.account("mmdesk01")["posMode"] == "long_short_mode"


def test_access_by_credentials_of_another_account(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials of somebody else under `read` are caught like those under `write`."""
    for name in ("mmdesk01", "mmdesk02"):
        desk.sandbox.control_post(f"accounts/{name}", sub_account(name, acctLv="3"))
    keep(desk, "mmdesk01")
    for part, value in (
        ("API_KEY", "mmdesk02-trading-api_key"),
        ("SECRET_KEY", "mmdesk02-trading-secret_key"),
        ("PASSPHRASE", "Test-passphrase-2"),
    ):
        monkeypatch.setenv(f"OTHER_{part}", value)
    access = {"read": {"credentials": {"env": "OTHER"}}, "write": {"key": "trading"}}
    desk.write({"mmdesk01": {"access": access, "api_keys": {"trading": TRADING}, "position_mode": "long_short"}})
    said = desk.apply()
    clear(said)
    assert "access_wrong_account" in said.out
    assert desk.writes() == []


def test_a_key_bound_elsewhere_is_repaired_through_the_master(desk: Desk) -> None:
    """An access key that is refused for its address (50110) gets ours through the broker, then signs."""
    world = sub_account("mmdesk01", acctLv="3")
    world["keys"][0]["ip"] = "203.0.113.7"
    desk.sandbox.control_post("accounts/mmdesk01", world)
    keep(desk, "mmdesk01")
    desk.write({"mmdesk01": {"api_keys": {"trading": TRADING}, "position_mode": "long_short"}})
    said = desk.apply("--allow-sensitive")
    assert said.code == 0, said.out + said.err
    assert desk.account("mmdesk01")["posMode"] == "long_short_mode"
    desk.converge()


@pytest.mark.parametrize("time", ["9" * 400, "9" * 5000, "99999999999999999", "²", "1_000"], ids=lambda one: one[:6])
def test_a_time_that_is_none_spoils_nothing_but_itself(desk: Desk, time: str) -> None:
    """The creation of an account, the end of a maintenance: the rest of what the venue says is told."""
    desk.sandbox.control_post("accounts/trader01", {})
    desk.write({"trader01": {"account_mode": "spot"}})
    uid = desk.account("trader01")["uid"]
    page = {"totalPage": "1", "details": [{"subAcct": "trader01", "uid": uid, "acctLv": "1", "ts": time}]}
    answers = {"*/subaccount-info": [page], "*/system/status": [{"title": "New engine", "end": time}]}
    for path, data in answers.items():
        body = json.dumps({"code": "0", "msg": "", "data": data})
        desk.fault(match={"path": path, "method": "GET"}, times=0, kind="garbage", body=body)
    said = desk.plan()
    assert said.code == 0, said.out
    assert "created at a time that the venue does not say" in said.out
    desk.fault(match={"path": "*/account/config"}, times=0, kind="code", code="50001", status=503)
    assert "venues.desk: the venue is under maintenance: New engine" in desk.plan().err
