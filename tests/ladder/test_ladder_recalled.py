"""What cannot be deleted is read once: from then on plans take it from the journal, and say so."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from contextlib import closing
from typing import Any

import pytest
from desk import Desk
from ladder_parts import KEY, NO_CHANGES, settle

from acctcfg.venues.okx.endpoints import RATES
from acctcfg.wire.pace import lower_bound

LIST = "GET /api/v5/asset/broker/dma/subaccount-deposit-address"
OWN_LIST = "GET /api/v5/asset/deposit-address"
PAGES = "GET /api/v5/broker/dma/subaccount-info"
USDT = {"currency": "USDT", "chain": "USDT-TRC20"}
BTC = {"currency": "BTC", "type": "segwit"}
NAME = "payee001"
NAMES = ("payee001", "payee002", "payee003")
SHARED = {"GET /api/v5/account/config": 1, PAGES: 1, "GET /api/v5/asset/currencies": 2}
THERE = {"ccy": "USDT", "chain": "USDT-TRC20", "addr": "Tone"}


def customer(**deposit: Any) -> dict[str, Any]:
    """An account as `examples/onboarding` has them."""
    leverage = [{"market": "swap", "family": one, "margin": "cross", "value": 5} for one in ("BTC-USDT", "ETH-USDT")]
    modes = {"account_mode": "multi_currency", "position_mode": "net"}
    wanted = {"credit_to": "trading", "addresses": [USDT, BTC], **deposit}
    return {**modes, "leverage": leverage, "api_keys": KEY, "deposit": wanted}


def asked(desk: Desk, *command: str) -> Counter[str]:
    """What a command asked the venue for: method and path -> how often."""
    desk.sandbox.control_post("forget")
    said = desk.run(*command)
    assert said.code == 0, said.out + said.err
    return Counter(desk.sandbox.control_get("requests")["by_path"])


def has_no_key(desk: Desk, name: str = NAME, **fields: Any) -> None:
    """An account whose addresses the broker alone reads."""
    settle(desk, name, labels=(), addresses=[THERE], **fields)


def test_a_plan_of_customers_that_did_not_change(desk: Desk) -> None:
    """No list of addresses is read, and four requests are made for each account, all out of limits of its own: a
    thousand such customers take 15 seconds at most at the venue's own pace."""
    desk.write(dict.fromkeys(NAMES, customer()))
    assert desk.apply().code == 0
    found = asked(desk, "plan")
    assert found[LIST] == 0
    each = found - Counter(SHARED)
    assert each == dict.fromkeys(each, len(NAMES)), "each is read once an account"
    assert len(each) == 4
    assert each.keys() - {PAGES, LIST} == each.keys()
    for share in (0.8, 1.0):
        own = max(lower_bound(1, RATES[path], share) for path in each)
        assert own + max(lower_bound(10, RATES[PAGES], share), lower_bound(2, RATES[LIST], share)) <= 15
    assert asked(desk, "apply", "--auto-approve") == found


def test_where_the_key_has_nothing_else_to_read(desk: Desk) -> None:
    """Of accounts with keys and addresses alone, too, each reads itself where its deposits go."""
    deposit = {"credit_to": "trading", "addresses": [USDT, BTC]}
    desk.write({name: {"api_keys": KEY, "deposit": deposit} for name in NAMES})
    assert desk.apply().code == 0
    found = asked(desk, "plan")
    assert (found[LIST], found[OWN_LIST]) == (0, len(NAMES))


@pytest.mark.slow
def test_what_is_read_anew(desk: Desk) -> None:
    """With --refresh, and by each command that shows live accounts, every list is read."""
    desk.write({NAME: customer()})
    assert desk.apply().code == 0
    always = (["drift"], ["show"], ["output"], ["snapshot", "--out", "live.json"])
    for command in (["plan", "--refresh"], ["apply", "--auto-approve", "--refresh"], *always):
        assert asked(desk, *command)[LIST] == 2, command
    assert asked(desk, "plan")[LIST] == 0


@pytest.mark.slow
def test_it_is_said(desk: Desk) -> None:
    """In every format, with its age; the last line is what it always is, and --refresh has nothing to add."""
    desk.write(dict.fromkeys(NAMES, customer()))
    assert desk.apply().code == 0
    said = desk.plan()
    *_, known, last = said.out.splitlines()
    assert last == NO_CHANGES
    assert known.startswith("deposit.addresses known since 2")
    assert known.endswith(
        "(less than a day): 6 values in 3 accounts not read, "
        "because the venue never deletes them (--refresh reads them)."
    )
    (entry,) = desk.plan("--format", "json").json["recalled"]
    assert (entry["field"], entry["count"], entry["accounts"]) == ("deposit.addresses", 6, 3)
    assert entry["since"][:10] in known
    for form in ("markdown", "html", "github"):
        assert "deposit.addresses known since" in desk.plan("--format", form).out.replace("\\", ""), form
    *_, end = map(json.loads, desk.plan("--events", "-").out.splitlines())
    assert end["counts"]["recalled"] == 6
    fresh = desk.plan("--refresh")
    assert "known since" not in fresh.out
    assert fresh.last == NO_CHANGES
    assert desk.plan("--format", "json").json["digest"] == desk.plan("--refresh", "--format", "json").json["digest"]
    assert "recalled" not in desk.plan("--refresh", "--format", "json").json


@pytest.mark.parametrize(
    ("labels", "lost"), [((), ""), *((("trading",), lost) for lost in ("", "gone", "refused", "empty", "other"))]
)
def test_where_deposits_go_is_never_remembered(desk: Desk, labels: tuple[str, ...], lost: str) -> None:
    """A change at the venue is seen: by the account's own key, else, or where that tells nothing, by the broker's."""
    settle(desk, NAME, labels=labels, acctLv="3", to="18", addresses=[THERE])
    fields = customer(addresses=[USDT]) if labels else {"deposit": {"credit_to": "trading", "addresses": [USDT]}}
    desk.write({NAME: fields})
    assert desk.apply().code == 0
    if lost == "gone":
        desk.fault(match={"path": "*/asset/deposit-address"}, times=0, kind="status", status=404)
    elif lost:
        answers = {
            "refused": ("58209", []),
            "empty": ("0", []),
            "other": ("0", [{**THERE, "addr": "Tnew", "to": "18"}]),
        }
        code, rows = answers[lost]
        body = json.dumps({"code": code, "msg": "", "data": rows})
        desk.fault(match={"path": "*/asset/deposit-address"}, times=0, kind="garbage", body=body)
    desk.sandbox.control_post(f"accounts/{NAME}/set", {"to": "6"})
    (step,) = desk.steps().values()
    assert (step["address"], step["before"], step["after"]) == (f"{NAME}.deposit.credit_to", "funding", "trading")
    found = asked(desk, "plan")
    assert found[LIST] == (not labels or bool(lost))
    assert found[OWN_LIST] == bool(labels)
    desk.converge()
    assert desk.account(NAME)["to"] == "18"


def test_a_venue_that_refuses_the_first_is_asked_no_more(desk: Desk) -> None:
    """Of many accounts one finds out that their own keys do not read it; the broker's list tells of all of them."""
    for name in NAMES:
        settle(desk, name, acctLv="3", to="18", addresses=[THERE])
    desk.write(dict.fromkeys(NAMES, customer(addresses=[USDT])))
    assert desk.apply().code == 0
    desk.fault(match={"path": "*/asset/deposit-address"}, times=0, kind="status", status=404)
    found = asked(desk, "plan")
    assert (found[OWN_LIST], found[LIST]) == (1, len(NAMES))


@pytest.mark.slow
def test_an_account_that_was_there_before(desk: Desk) -> None:
    """What the first apply saw on the list is known; an address more than that is looked for, and made."""
    has_no_key(desk)
    desk.write({NAME: {"deposit": {"addresses": [USDT]}}})
    assert asked(desk, "plan")[LIST] == 1
    assert asked(desk, "plan")[LIST] == 1, "a plan writes nothing down"
    assert desk.apply().code == 0
    assert asked(desk, "plan")[LIST] == 0
    desk.write({NAME: {"deposit": {"addresses": [{**USDT, "count": 2}]}}})
    assert set(desk.steps()) == {f"{NAME}.deposit.addresses[USDT/USDT-TRC20/2]"}
    desk.converge()
    assert asked(desk, "plan")[LIST] == 0
    assert [row["number"] for row in desk.run("output").json[NAME]["deposits"]] == [1, 2]


def test_it_is_written_down_once(desk: Desk) -> None:
    """However often an apply looks again."""
    has_no_key(desk)
    desk.write({NAME: {"deposit": {"addresses": [USDT]}}})
    for _ in range(3):
        assert desk.apply("--refresh").code == 0
    with closing(sqlite3.connect(desk.folder / ".acctcfg" / "journal.sqlite")) as journal:
        (number,) = journal.execute("SELECT count(*) FROM events WHERE kind = 'lasting'").fetchone()
    assert number == 1


@pytest.mark.slow
def test_one_of_the_same_name_knows_nothing(desk: Desk) -> None:
    """An account that was deleted and made anew has another uid: its list is read, and it gets its address."""
    has_no_key(desk)
    desk.write({NAME: {"deposit": {"addresses": [USDT]}}})
    assert desk.apply().code == 0
    desk.sandbox.control_delete(f"accounts/{NAME}")
    settle(desk, NAME, labels=())
    desk.write({NAME: {"uid": desk.account(NAME)["uid"], "deposit": {"addresses": [USDT]}}})
    assert set(desk.steps()) == {f"{NAME}.deposit.addresses[USDT/USDT-TRC20/1]"}
    desk.converge()
    assert len(desk.account(NAME)["addresses"]) == 1


@pytest.mark.slow
def test_one_that_is_listed_no_more(desk: Desk) -> None:
    """Seen by an earlier run, and not by one that looks again: unreadable, for it cannot be gone; none is made."""
    has_no_key(desk)
    desk.write({NAME: {"deposit": {"addresses": [USDT]}}})
    assert desk.apply().code == 0
    body = json.dumps({"code": "0", "msg": "", "data": []})
    desk.fault(match={"path": "*/subaccount-deposit-address", "method": "GET"}, times=0, kind="garbage", body=body)
    assert desk.plan().last == NO_CHANGES
    for command in (["plan"], ["apply", "--auto-approve"]):
        said = desk.run(*command, "--refresh")
        assert said.code == 1
        assert "the venue's list does not show it now" in said.out
    assert desk.writes() == []


def test_an_answer_alone_is_not_enough(desk: Desk) -> None:
    """A creation that was answered, and that no list has shown yet, is looked for again by the next plan."""
    settle(desk, NAME, labels=())
    desk.write({NAME: {"deposit": {"addresses": [USDT]}}})
    body = json.dumps({"code": "0", "msg": "", "data": []})
    desk.fault(match={"path": "*/subaccount-deposit-address", "method": "GET"}, times=0, kind="garbage", body=body)
    assert desk.apply().code == 1
    assert asked(desk, "plan")[LIST] == 1


@pytest.mark.slow
def test_a_saved_plan_of_memory(desk: Desk) -> None:
    """It says what was not read, fits the schema, and is applied; where it was made with --refresh, just so."""
    desk.write({NAME: customer()})
    assert desk.apply().code == 0
    for value, options in ((6, ()), (7, ("--refresh",))):
        leverage = [{"market": "swap", "family": "BTC-USDT", "margin": "cross", "value": value}]
        desk.write({NAME: {**customer(), "leverage": leverage}})
        assert desk.plan("--out", "plan.json", *options).code == 0
        assert ("recalled" in json.loads((desk.folder / "plan.json").read_text())) is not bool(options)
        desk.sandbox.control_post("forget")
        said = desk.apply("plan.json")
        assert said.last == "Applied: 0 created, 1 changed, 0 deleted, 0 blocked, 0 failed."
        assert desk.sandbox.control_get("requests")["by_path"].get(LIST, 0) == 0


def test_an_altered_journal_tells_nothing(desk: Desk) -> None:
    """Exit status 1, as everywhere."""
    has_no_key(desk)
    desk.write({NAME: {"deposit": {"addresses": [USDT]}}})
    assert desk.apply().code == 0
    with closing(sqlite3.connect(desk.folder / ".acctcfg" / "journal.sqlite")) as journal, journal:
        journal.execute("DROP TRIGGER events_stay")
        journal.execute("UPDATE events SET body = replace(body, 'Tone', 'Tmine') WHERE kind = 'lasting'")
    said = desk.plan()
    assert said.code == 1
    assert NO_CHANGES not in said.out
