"""Lists that are late, or lose a row once: what acctcfg made is never planned, or made, a second time."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from desk import Desk
from ladder_parts import KEY, NO_CHANGES, TRADING, stock

AWAY = {"bot": {**TRADING, "ip_allowlist": ["203.0.113.7"]}}  # never signs from here, so the broker's list tells of it
TRON = {"currency": "USDT", "chain": "USDT-TRC20"}
LISTS = {
    "accounts": "*/broker/dma/subaccount-info",
    "keys": "*/dma/subaccount/apikey",
    "addresses": "*/subaccount-deposit-address",
}
ROWS = {"accounts": "trader01", "keys": "bot", "addresses": "*"}


@pytest.mark.slow
@pytest.mark.parametrize("which", LISTS)
@pytest.mark.parametrize("command", ["plan", "apply", "show"])
def test_a_list_that_loses_a_row_once(desk: Desk, which: str, command: str) -> None:
    """Of accounts, keys and addresses alike: nothing is planned, nothing is written, and it is shown as there."""
    wanted = {"api_keys": AWAY, "deposit": {"addresses": [TRON]}}
    desk.write(dict.fromkeys(("trader01", "trader02", "trader03"), wanted)).converge()
    before, shown = len(desk.writes()), desk.run("show").out.replace("  -> funding", "")
    desk.fault(match={"path": LISTS[which], "method": "GET"}, kind="lose_row", row=ROWS[which], times=1)
    if command == "show":
        assert desk.run("show").out.replace("  -> funding", "") == shown  # where it credits, only the list tells
    else:
        said = desk.run(command, *(["--auto-approve"] if command == "apply" else []))
        assert (said.code, said.last) == (0, NO_CHANGES), said.out + said.err
    assert len(desk.writes()) == before


@pytest.mark.parametrize("keys", [KEY, AWAY], ids=["signs", "elsewhere"])
def test_a_check_of_a_key_whose_account_the_list_loses_once(desk: Desk, keys: dict[str, Any]) -> None:
    """The account is looked for once more: its key is neither wrong nor refused, and the check ends 0."""
    desk.write({"trader01": {"api_keys": keys}, "trader02": {"api_keys": keys}}).converge()
    desk.fault(match={"path": LISTS["accounts"], "method": "GET"}, kind="lose_row", row="trader01", times=1)
    said = desk.run("secrets", "check", "--format", "json")
    assert (said.code, {one["status"] for one in said.json["keys"]}) == (0, {"signs" if keys is KEY else "elsewhere"})


def test_an_import_of_an_account_that_the_list_loses_once(desk: Desk) -> None:
    """An account that the journal knows is looked for once more: `import --all` writes it, and a plan is empty then."""
    desk.write({"trader01": {}, "trader02": {}}).converge()
    desk.write({}, include=["accounts/*.yaml"])
    (desk.folder / "accounts").mkdir()
    desk.fault(match={"path": LISTS["accounts"], "method": "GET"}, kind="lose_row", row="trader01", times=1)
    said = desk.run("import", "--all")
    assert said.code == 0, said.out + said.err
    written = "".join(file.read_text(encoding="utf-8") for file in (desk.folder / "accounts").iterdir())
    assert ("trader01" in written, "trader02" in written) == (True, True), written
    assert desk.plan().last == NO_CHANGES


def test_a_deleted_account_is_made_anew(desk: Desk) -> None:
    """One that somebody deleted at the venue is in no list and has no answer of its own: it is planned, not hidden."""
    desk.write({"trader01": {}, "trader02": {}}).converge()
    desk.sandbox.control_delete("accounts/trader01")
    assert list(desk.steps()) == ["trader01"]
    desk.converge()


@pytest.mark.slow
@pytest.mark.parametrize("made_by_hand", [False, True])
def test_the_key_of_a_deleted_account_gives_way_to_a_new_one(desk: Desk, made_by_hand: bool) -> None:
    """Somebody deleted the account, and maybe made another of that name: its stored secret is moved aside, and a new
    key is made and signs."""
    desk.write({"trader01": {"api_keys": KEY}}).converge()
    old = desk.secret("trader01", "trading")
    desk.sandbox.control_delete("accounts/trader01")
    if made_by_hand:
        desk.sandbox.control_post("accounts/trader01", {})
        desk.write({"trader01": {"uid": desk.account("trader01")["uid"], "api_keys": KEY}})
    before = len(desk.writes())
    said = desk.converge()
    assert "secret_mismatch" not in said.out
    assert len(desk.writes()) == before + (1 if made_by_hand else 2)
    assert desk.secret("trader01", "trading.dead-1") == old
    assert desk.secret("trader01", "trading")["api_key"] == desk.account("trader01")["keys"][0]["api_key"]
    assert desk.run("secrets", "check").code == 0


@pytest.mark.parametrize("seen", ["by another name", "at the second look", "as a row that cannot be read"])
def test_the_refused_key_of_an_account_that_may_be_there_keeps_its_place(desk: Desk, seen: str) -> None:
    """Its list, or one read of it, does not show the account under that name, and its key is refused: nothing is moved
    aside, and nothing is written."""
    desk.write({"trader01": {"api_keys": KEY}, "trader02": {}}).converge()
    desk.fault(match={"path": "*/account/config", "account": "trader01"}, kind="code", code="50119", times=0)
    if seen == "by another name":
        desk.write({"trader01": {"name": "trader09", "api_keys": KEY}, "trader02": {}})
    else:
        lost = 3 if seen == "at the second look" else 2  # the list, the account alone, the list by uid
        desk.fault(match={"path": LISTS["accounts"], "method": "GET"}, kind="lose_row", row="trader01", times=lost)
    if seen == "as a row that cannot be read":
        body = '{"code":"0","msg":"","data":[{"totalPage":"1","page":"1","details":[{}]}]}'
        desk.fault(match={"path": LISTS["accounts"], "method": "GET"}, kind="garbage", body=body, times=1)
    before = len(desk.writes())
    said = desk.apply()
    assert (said.code, len(desk.writes())) == (3, before), said.out + said.err
    assert "holds the secret of a key of the account with the uid" in said.out
    assert [file.name for file in (desk.folder / "secrets/desk/trader01").iterdir()] == ["trading.age"]


def test_pages_that_shift_while_they_are_read_hide_no_known_account(desk: Desk) -> None:
    """An account of the first page goes between two pages: the one that slips over their border is asked for alone."""
    for number in range(120):
        desk.sandbox.control_post(f"accounts/other{number:03}", {})
    names = [f"other{number:03}" for number in range(1, 120, 6)]
    desk.write({name: {} for name in names}).converge()
    second = {"match": {"path": LISTS["accounts"], "method": "GET"}, "after": 1}
    desk.fault(**second, kind="hook", do=[{"method": "DELETE", "path": "accounts/other119"}])
    said = desk.plan()
    assert (said.code, said.last) == (0, NO_CHANGES), said.out + said.err


DELETES = {
    "trader02": ("*/delete-subaccount", "accounts", "trader02"),
    "trader01.api_keys[old]": ("*/delete-apikey", "keys", "old"),
}


@pytest.mark.parametrize("which", DELETES)
@pytest.mark.parametrize("read", ["after it is sent", 1, 2, 3])
@pytest.mark.sample(3)
def test_a_delete_is_believed_after_a_second_look(desk: Desk, which: str, read: int | str) -> None:
    """A list without the row right after a delete that never happened, or any time before it, proves nothing."""
    path, listed, row = DELETES[which]
    desk.write({"trader01": {"api_keys": {"old": AWAY["bot"], "bot": AWAY["bot"]}}, "trader02": {}, "trader03": {}})
    desk.converge()
    key = "old" in which
    old, second = ({"old": {"state": "absent"}}, {}) if key else ({}, {"state": "absent"})
    gone = {"trader01": {"api_keys": {**AWAY, **old}}, "trader02": second, "trader03": {}}
    desk.write(gone, guardrails={"max_deletes": 1})
    lost = {"match": {"path": LISTS[listed], "method": "GET"}, "kind": "lose_row", "row": row}
    if isinstance(read, str):
        lays = {"method": "POST", "path": "faults", "body": lost}
        desk.fault(match={"path": path, "method": "POST"}, kind="hook", do=[lays])
        desk.fault(match={"path": path, "method": "POST"}, kind="reset_before")
    else:
        desk.fault(**lost, after=read)
    said = desk.apply()
    assert said.last == "Applied: 0 created, 0 changed, 1 deleted, 0 blocked, 0 failed.", said.out + said.err
    assert (said.code, desk.plan().last) == (0, NO_CHANGES)
    there = desk.sandbox.control_get("state")["tenants"]["desk"]["sub_accounts"]
    assert [key["label"] for key in there["trader01"]["keys"]] == (["bot"] if key else ["bot", "old"])
    assert ("trader02" in there) == key


@pytest.mark.parametrize("which", [*DELETES, "trader01.api_keys[web]"])
def test_a_delete_that_the_venue_only_said_is_not_believed(desk: Desk, which: str) -> None:
    """Answered with success, not done, and the list loses the row once: told as not done, after one write."""
    path, listed, row = DELETES.get(which, ("*/delete-apikey", "keys", "web"))
    keys = {"old": AWAY["bot"], "bot": AWAY["bot"]}
    desk.write({"trader01": {"api_keys": keys}, "trader02": {}, "trader03": {}}).converge()
    web = {"label": "web", "api_key": "web-key-1", "secret_key": "web-secret", "passphrase": "Test-passphrase-2"}
    desk.sandbox.control_post("accounts/trader01/keys", {**web, "perm": "read_only", "ip": "127.0.0.1"})
    gone = {"trader02": {"state": "absent"}} if listed == "accounts" else {"trader02": {}}
    wanted = {label: one for label, one in keys.items() if label != row} | (
        {"old": {"state": "absent"}} if row == "old" else {}
    )
    exclusive = {"api_keys_exclusive": True} if row == "web" else {}
    desk.write({"trader01": {"api_keys": wanted, **exclusive}, **gone, "trader03": {}}, guardrails={"max_deletes": 1})
    lost = {"match": {"path": LISTS[listed], "method": "GET"}, "kind": "lose_row", "row": row, "times": 1}
    before = len(desk.writes())
    desk.fault(match={"path": path, "method": "POST"}, kind="ok_but_nothing", times=1)
    desk.fault(
        match={"path": path, "method": "POST"}, kind="hook", do=[{"method": "POST", "path": "faults", "body": lost}]
    )
    said = desk.apply()
    assert said.last == "Applied: 0 created, 0 changed, 0 deleted, 0 blocked, 1 failed.", said.out + said.err
    assert (said.code, "not_applied" in said.out, len(desk.writes()) - before) == (1, True, 1)
    assert list(desk.steps()) == [which]


def test_the_brake_reaches_an_account_that_a_list_lost(desk: Desk) -> None:
    """One row that is missing once does not make `cap` pass over an account of ours."""
    leverage = [{"market": "swap", "family": "BTC-USDT", "margin": "cross", "value": 10}]
    account = {"account_mode": "futures", "api_keys": {"trading": TRADING}, "leverage": leverage}
    desk.write({"trader01": account, "trader02": {}, "trader03": {}}).converge()
    desk.fault(match={"path": LISTS["accounts"], "method": "GET"}, kind="lose_row", row="trader01")
    said = desk.run("cap", "3", "--auto-approve")
    assert list(desk.account("trader01")["leverage"].values()) == ["3"], said.out


OLD = {"label": "old", "api_key": "old-key-1", "secret_key": "old-secret", "passphrase": "Test-passphrase-2"}
OLD |= {"perm": "read_only,trade", "ip": "203.0.113.7"}


@pytest.mark.parametrize("command", ["plan", "drift", "apply"])
def test_a_key_that_is_to_go_is_looked_for_twice(desk: Desk, command: str) -> None:
    """A person's key that is to be absent, and that the list loses once, is never taken for gone: it is deleted."""
    desk.write({"trader01": {}}).converge()
    desk.sandbox.control_post("accounts/trader01/keys", OLD)
    gone = {"trader01": {"api_keys": {"old": {"state": "absent"}}}}
    desk.write(gone, guardrails={"max_deletes": 1})
    desk.fault(match={"path": LISTS["keys"], "method": "GET"}, kind="lose_row", row="old", times=1)
    more = {"plan": ["--detailed-exitcode"], "apply": ["--auto-approve"]}
    said = desk.run(command, *more.get(command, []))
    assert (said.code, "- api_keys[old]" in said.out) == (0 if command == "apply" else 2, True), said.out + said.err
    assert [key["label"] for key in desk.account("trader01")["keys"]] == ([] if command == "apply" else ["old"])


@pytest.mark.parametrize("which", ["accounts", "keys"])
def test_what_a_run_deleted_is_looked_for_once(desk: Desk, which: str) -> None:
    """The run itself looked twice, so that later plans neither wait nor ask the slow list again."""
    desk.write({"trader01": {}}).converge()
    desk.sandbox.control_post("accounts/trader01/keys", OLD)
    gone = {"state": "absent"} if which == "accounts" else {"api_keys": {"old": {"state": "absent"}}}
    desk.write({"trader01": gone}, guardrails={"max_deletes": 1}).converge()
    path = f"GET /api/v5/broker/dma/{LISTS[which].partition('/dma/')[2]}"
    before = desk.sandbox.control_get("requests")["by_path"][path]
    said = desk.run("plan")
    assert (said.code, said.last) == (0, NO_CHANGES), said.out
    assert desk.sandbox.control_get("requests")["by_path"][path] == before + 1


@pytest.mark.parametrize("command", ["plan", "drift", "apply"])
def test_an_account_that_is_to_go_is_looked_for_twice(desk: Desk, command: str) -> None:
    """One that the journal does not know, and that the list loses once, is never taken for gone: it is deleted."""
    for name in ("trader01", "trader02", "trader03"):
        desk.sandbox.control_post(f"accounts/{name}", {})
    desk.write({"trader01": {"state": "absent"}}, guardrails={"max_deletes": 1})
    desk.fault(match={"path": LISTS["accounts"], "method": "GET"}, kind="lose_row", row="trader01", times=1)
    more = {"plan": ["--detailed-exitcode"], "drift": ["--skip", "keys"], "apply": ["--auto-approve"]}
    said = desk.run(command, *more[command])
    assert (said.code, "- trader01" in said.out) == (0 if command == "apply" else 2, True), said.out + said.err
    there = desk.sandbox.control_get("state")["tenants"]["desk"]["sub_accounts"]
    assert ("trader01" in there) == (command != "apply")
    if command == "apply":
        assert desk.plan().last == NO_CHANGES


@pytest.mark.parametrize("command", ["plan", "drift", "apply"])
def test_a_key_that_the_manifest_takes_for_there_is_looked_for_twice(desk: Desk, command: str) -> None:
    """Without a `store` none can be made: one that the list loses once is not told as missing, nor blocks anything."""
    desk.write({"trader01": {}}).converge()
    desk.sandbox.control_post("accounts/trader01/keys", OLD)
    old = {"permissions": ["read", "trade"], "ip_allowlist": ["203.0.113.7"]}
    desk.write({"trader01": {"api_keys": {"old": old}}})
    desk.fault(match={"path": LISTS["keys"], "method": "GET"}, kind="lose_row", row="old", times=1)
    said = desk.run(command, *(["--auto-approve"] if command == "apply" else []))
    last = "No drift. Live accounts match the manifest." if command == "drift" else NO_CHANGES
    assert (said.code, said.last) == (0, last), said.out + said.err


@pytest.mark.parametrize("command", ["plan", "drift", "rotate"])
def test_a_brought_key_that_the_list_loses_once_is_asked_for_by_its_id(desk: Desk, command: str) -> None:
    """Its secret is stored and works elsewhere: it is there, it is rotated, and nobody is told to move its secret."""
    desk.sandbox.control_post("accounts/trader01", {"keys": [OLD]})
    old = {"permissions": ["read", "trade"], "ip_allowlist": ["203.0.113.7"], "store": "vault"}
    desk.write({"trader01": {"api_keys": {"old": old}}})
    stock(desk, "trader01", {name: OLD[name] for name in ("api_key", "secret_key", "passphrase")}, "old")
    desk.converge()
    desk.fault(match={"path": LISTS["keys"], "method": "GET"}, kind="lose_row", row="old", times=1)
    said = desk.run(command, *(["trader01", "old", "--auto-approve"] if command == "rotate" else []))
    assert (said.code, "holds the secret of" in said.out, "+ api_keys" in said.out) == (0, False, False), said.out
    assert (desk.account("trader01")["keys"][0]["api_key"] == OLD["api_key"]) == (command != "rotate")


@pytest.mark.parametrize("command", ["check", "import"])
def test_a_secret_whose_key_the_list_loses_once_is_not_refused(desk: Desk, command: str) -> None:
    """It works elsewhere, so only the venue can tell of it: asked for its id, it says that it is this key."""
    desk.sandbox.control_post("accounts/trader01", {"keys": [OLD]})
    desk.write({"trader01": {"api_keys": {"old": {**AWAY["bot"], "store": "vault"}}}})
    secret = {name: OLD[name] for name in ("api_key", "secret_key", "passphrase")}
    if command == "check":
        stock(desk, "trader01", secret, "old")
    desk.monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(secret)))
    desk.fault(match={"path": LISTS["keys"], "method": "GET"}, kind="lose_row", row="old", times=1)
    said = desk.run("secrets", command, *(["trader01", "old"] if command == "import" else []))
    assert (said.code, "1 of 1 keys are as they should be." in said.out) == (0, True), said.out + said.err
    assert desk.secret("trader01", "old") == secret


BTC, EMPTY = "BTC-USDT-SWAP", '{"code": "0", "msg": "", "data": []}'
SWAPS = {
    "a name": {"market": "swap", "instrument": BTC, "margin": "cross", "value": 3},
    "a pattern": {"market": "swap", "family": "*-USDT", "margin": "cross", "value": 3},
}


@pytest.mark.parametrize("way", [{"kind": "lose_row", "row": BTC}, {"kind": "garbage", "body": EMPTY}])
@pytest.mark.parametrize("entry", SWAPS.values(), ids=SWAPS)
@pytest.mark.parametrize("command", ["plan", "drift", "cap"])
def test_a_list_of_contracts_that_loses_one_hides_no_leverage(
    desk: Desk, command: str, entry: dict[str, object], way: dict[str, str]
) -> None:
    """What an earlier run, or the public list, knows is looked for once more: drift is found, and lowered."""
    desk.write({"trader01": {"account_mode": "futures", "api_keys": {"trading": TRADING}, "leverage": [entry]}})
    desk.converge()
    desk.sandbox.control_post("accounts/trader01/set", {"leverage": {f"SWAP/cross/{BTC}": "50"}})
    desk.fault(match={"path": "*/account/instruments", "method": "GET"}, times=1, **way)
    if command == "cap":
        said = desk.run("cap", "10", "--auto-approve")
        assert (said.code, desk.account("trader01")["leverage"][f"SWAP/cross/{BTC}"]) == (0, "10"), said.out
    else:
        said = desk.run(command, *(["--detailed-exitcode"] if command == "plan" else []))
        assert (said.code, "50 -> 3" in said.out) == (2, True), said.out


def test_a_contract_that_is_closed_to_the_account_is_not_looked_for_again_and_again(desk: Desk) -> None:
    """What no list shows any more is believed gone by the public one: no second reading of the account's own."""
    desk.write(
        {"trader01": {"account_mode": "futures", "api_keys": {"trading": TRADING}, "leverage": [SWAPS["a pattern"]]}}
    )
    desk.converge()
    desk.sandbox.control_delete(f"instruments/{BTC}")
    before = desk.sandbox.control_get("requests")["by_path"]["GET /api/v5/account/instruments"]
    assert desk.plan().last == NO_CHANGES
    assert desk.sandbox.control_get("requests")["by_path"]["GET /api/v5/account/instruments"] == before + 1
