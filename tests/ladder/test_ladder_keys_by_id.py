"""Keys go by their ids: what is found, guarded, taken for ours, and what one odd key may spoil."""

from __future__ import annotations

import ast
import json
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyrage
import pytest
from desk import Desk
from hypothesis import given
from hypothesis import strategies as st
from ladder_parts import KEY, NO_CHANGES, TRADING, failing, own_secret, quiet, settle, stock
from sources import nodes_of_files

import acctcfg
from acctcfg.core.state import KeyValue
from acctcfg.errors import Refused
from acctcfg.venues.contract import StoredKey
from acctcfg.venues.half_made import Traces
from acctcfg.venues.okx import endpoints
from acctcfg.venues.okx.key_guard import refuse_own_key
from acctcfg.wire.endpoint import Call, Endpoint

ADDRESS = "trader01.api_keys[trading]"
LIST = {"path": "*/dma/subaccount/apikey", "method": "GET"}
CREATE = {"path": "*/subaccount/apikey", "method": "POST"}
MODES = {"account_mode": "futures", "position_mode": "long_short"}


def _ids(desk: Desk, name: str = "trader01") -> dict[str, str]:
    return {key["label"]: key["api_key"] for key in desk.account(name)["keys"]}


def _codes(desk: Desk, *arguments: str) -> set[str]:
    return {one["code"] for one in desk.plan("--format", "json", *arguments).json["warnings"]}


# -- where a secret lies ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("renamed", ["account", "connection", "both"])
def test_a_secret_is_found_where_the_journal_has_it(desk: Desk, renamed: str) -> None:
    """The account's or the connection's key in the manifest changes: the same API key signs on, nothing is replaced,
    the move is told, and `secrets list` and `check` know the secret."""
    desk.write({"trader01": {"api_keys": KEY, **MODES}})
    desk.converge()
    before, document = _ids(desk), json.dumps(desk.document)
    if renamed != "connection":
        document = document.replace('"trader01": {', '"alpha": {"name": "trader01", ')
    if renamed != "account":
        document = document.replace('"desk": {"type"', '"floor": {"type"').replace(
            '"venue": "desk"', '"venue": "floor"'
        )
    desk.text(document)
    said = desk.plan("--detailed-exitcode")
    assert (said.code, said.last) == (0, NO_CHANGES), said.out + said.err
    assert "vault:desk/trader01/trading" in said.out
    assert "secret_moved" in said.out
    listed = desk.run("secrets", "list", "--format", "json").json["secrets"]
    assert [(one["path"], one["state"]) for one in listed] == [("desk/trader01/trading", "wanted")]
    checked = desk.run("secrets", "check")
    assert (checked.code, "signs" in checked.out) == (0, True), checked.out
    assert desk.apply().code == 0
    assert _ids(desk) == before
    venue = "desk" if renamed == "account" else "floor"
    account = "trader01" if renamed == "connection" else "alpha"
    (desk.folder / "secrets" / venue).mkdir(exist_ok=True)
    shutil.move(desk.folder / "secrets" / "desk" / "trader01", desk.folder / "secrets" / venue / account)
    moved = desk.plan()
    assert ("secret_moved" in moved.out, moved.last) == (False, NO_CHANGES)


@pytest.mark.slow
def test_accounts_that_swap_their_names_sign_each_with_its_own_key(desk: Desk) -> None:
    """Where the manifest has one's secret, the other's lies: each is found by the journal, no file is overwritten or
    moved aside, and the advice does not say to overwrite one."""
    desk.write({name: {"api_keys": KEY, **MODES} for name in ("trader01", "trader02")})
    desk.converge()
    before = {name: _ids(desk, name) for name in ("trader01", "trader02")}
    swapped = {
        key: {"name": name, "api_keys": KEY} for key, name in (("trader01", "trader02"), ("trader02", "trader01"))
    }
    desk.write({key: {**fields, "account_mode": "spot"} for key, fields in swapped.items()})
    said = desk.apply()
    assert (said.code, said.last) == (0, "Applied: 0 created, 2 changed, 0 deleted, 0 blocked, 0 failed."), said.out
    assert "another key's secret lies there" in said.out
    assert {name: desk.account(name)["acctLv"] for name in before} == dict.fromkeys(before, "1")
    assert {name: _ids(desk, name) for name in before} == before
    checked = desk.run("secrets", "check", "--format", "json")
    assert [one["status"] for one in checked.json["keys"]] == ["signs", "signs"], checked.out
    listed = desk.run("secrets", "list", "--format", "json").json["secrets"]
    assert {one["path"]: one["place"] for one in listed} == {
        "desk/trader01/trading": "vault:desk/trader02/trading",
        "desk/trader02/trading": "vault:desk/trader01/trading",
    }
    assert desk.run("show").out.count("secret_moved") == 2
    replaced = quiet(desk, "--replace", ADDRESS)
    assert "desk/trader01/trading holds the secret of a key of the account with the uid" in replaced.out
    assert desk.secret("trader01", "trading")["api_key"] == before["trader01"]["trading"]


def test_a_new_account_under_an_old_name_takes_nobodys_place(desk: Desk) -> None:
    """The renamed account's secret lies where the new one's would go: nothing is made, and no secret is moved aside."""
    desk.write({"trader01": {"api_keys": KEY}}).converge()
    desk.write({"alpha": {"name": "trader01", "api_keys": KEY}, "trader01": {"name": "trader09", "api_keys": KEY}})
    before = len(desk.writes())
    said = desk.apply()
    assert (said.code, len(desk.writes())) == (1, before), said.out
    assert "move the secret" in said.out
    assert [file.name for file in (desk.folder / "secrets/desk/trader01").iterdir()] == ["trading.age"]


def test_a_renamed_account_s_key_that_works_elsewhere_is_found_too(desk: Desk) -> None:
    """Bound to its customer's own address it never signs from here; its id says that the recorded secret is its own."""
    away = {"bot": {**TRADING, "ip_allowlist": ["203.0.113.7"]}}
    desk.write({"trader01": {"api_keys": away}}).converge()
    desk.write({"alpha": {"name": "trader01", "api_keys": away}})
    said = desk.plan("--detailed-exitcode")
    assert (said.code, said.last, "secret_moved" in said.out) == (0, NO_CHANGES, True), said.out
    checked = desk.run("secrets", "check", "alpha")
    assert (checked.code, "elsewhere" in checked.out, "its secret is at" in checked.out) == (0, True, True)


# -- the guard -------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_key_that_signs_is_guarded_by_its_id(desk: Desk) -> None:
    """Renamed between its own word and the venue's list, the key that signs is a stranger by its label: it is not
    deleted all the same."""
    desk.write({"trader01": {"api_keys": KEY, **MODES, "api_keys_exclusive": True}}, guardrails={"max_deletes": 9})
    desk.converge()
    before = _ids(desk)["trading"]
    desk.fault(match=LIST, kind="hook", do=[{"path": "accounts/trader01/keys/trading", "body": {"label": "renamed"}}])
    said = desk.apply()
    assert said.code == 3, said.out
    assert "acctcfg signs with this key" in said.out
    assert before in _ids(desk).values()
    assert desk.writes("/delete-apikey") == []


def _credentials(monkeypatch: pytest.MonkeyPatch, label: str) -> dict[str, Any]:
    """`access` with the secret of a key of trader01, from the environment."""
    for part, value in own_secret("trader01", label).items():
        monkeypatch.setenv(f"BOT_{part.upper()}", value)
    return {"credentials": {"env": "BOT"}}


@pytest.mark.parametrize("side", ["both", "read", "write"])
def test_a_key_whose_secret_signs_from_elsewhere_is_never_replaced(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, side: str
) -> None:
    """`access: {credentials}` that are the manifest's own key, on one side or both: `--replace` would delete what signs
    and nobody would give those credentials the new secret. Plan names the way out, and nothing is sent."""
    settle(desk, "trader01", labels=("bot", "trading"), stored=False)
    stock(desk, "trader01", own_secret("trader01"))
    mine, access = _credentials(monkeypatch, "bot"), {"key": "trading"}
    access = mine if side == "both" else {"read": access, "write": access, side: mine}
    keys = {"bot": TRADING, "trading": TRADING}
    desk.write({"trader01": {"api_keys": keys, "access": access, **MODES}}, guardrails={"max_deletes": 9})
    assert "access: {key: LABEL}" in failing(desk.steps()["trader01.api_keys[bot]"])["access_key_kept"]
    quiet(desk, "--replace", "trader01.api_keys[bot]")
    assert _ids(desk)["bot"] == own_secret("trader01", "bot")["api_key"]


def test_a_key_that_takes_the_label_of_a_replaced_one_is_not_deleted_for_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody swaps two labels between plan and write: the id in the request is that of the key that signs, and the
    request is not sent whatever the plan saw."""
    settle(desk, "trader01", labels=("bot", "ops"), stored=False)
    access = _credentials(monkeypatch, "ops")
    desk.write({"trader01": {"api_keys": {"bot": TRADING}, "access": access, **MODES}}, guardrails={"max_deletes": 9})
    swap = [("ops", "away"), ("bot", "former"), ("away", "bot")]
    steps = [{"path": f"accounts/trader01/keys/{old}", "body": {"label": new}} for old, new in swap]
    desk.fault(match=LIST, kind="hook", after=1, times=1, do=steps)
    said = desk.apply("--target", "trader01.api_keys[bot]", "--replace", "trader01.api_keys[bot]")
    assert said.code == 3, said.out + said.err
    assert "acctcfg signs with this very key" in said.out
    assert desk.writes("/delete-apikey") == []


@pytest.mark.parametrize("replaced", ["monitor", "trading"])
def test_a_replaced_key_of_one_side_leaves_the_other_side_its_own(desk: Desk, replaced: str) -> None:
    """Reading and writing by two keys: `--replace` of one of them, and what the account itself sets in the same run
    lands all the same."""
    keys = {"monitor": {**TRADING, "permissions": ["read"]}, "trading": TRADING}
    fields = {"api_keys": keys, "access": {"read": {"key": "monitor"}, "write": {"key": "trading"}}}
    desk.write({"trader01": {**fields, **MODES}}, guardrails={"max_deletes": 9}).converge()
    before = _ids(desk)[replaced]
    desk.write({"trader01": {**fields, **MODES, "position_mode": "net"}}, guardrails={"max_deletes": 9})
    said = desk.apply("--replace", f"trader01.api_keys[{replaced}]")
    assert said.code == 0, said.out + said.err
    assert desk.account("trader01")["posMode"] == "net_mode"
    assert _ids(desk)[replaced] != before
    assert desk.plan().last == NO_CHANGES


def test_no_request_of_the_table_can_harm_a_key_in_use() -> None:
    """Whatever endpoint names a key that signs is refused, also one that is added tomorrow; but for a change that
    leaves it as good as it was. Other keys, and calls that name none, pass."""
    table = [row for row in vars(endpoints).values() if isinstance(row, Endpoint)]
    known = {"mine": KeyValue(("read", "trade"), ("127.0.0.1",), None)}
    for endpoint in table:
        with pytest.raises(Refused, match="signs with this very key"):
            refuse_own_key(Call(endpoint, {"apiKey": "mine", "ip": ""}), {"mine"}, known, ())
        refuse_own_key(Call(endpoint, {"apiKey": "other"}), {"mine"}, known, ())
        refuse_own_key(Call(endpoint, {"subAcct": "trader01"}), {"mine"}, known, ())
    widened = Call(endpoints.MODIFY_KEY, {"apiKey": "mine", "perm": "read_only,trade", "ip": "127.0.0.1,203.0.113.7"})
    refuse_own_key(widened, {"mine"}, known, ())
    for harm in ({"perm": "read_only"}, {"ip": "203.0.113.7"}, {"ip": ""}):
        with pytest.raises(Refused):
            refuse_own_key(Call(endpoints.MODIFY_KEY, {"apiKey": "mine", **harm}), {"mine"}, known, ())


def test_writes_leave_by_one_function() -> None:
    """What is sent is made in one place for all venues, by way of the guard: nothing else can send a key's delete."""
    folder = Path(acctcfg.__file__).parent / "venues"
    files = list(folder.rglob("*.py"))
    made = {
        file
        for file, node in nodes_of_files(folder, "Write")
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Write"
    }
    assert made == {"account.py"}
    signers = [file for file in files if "def signer(" in file.read_text(encoding="utf-8") and file.parent != folder]
    assert {file.parent.name for file in signers} == {"okx", "gate_crossex"}
    assert all("refuse_own_key(" in file.read_text(encoding="utf-8") for file in signers)
    lines = [line.strip() for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    raw = [line for line in lines if "client.write(" in line and "(self._files.ask(" not in line]  # asks for a report
    assert raw == []


# -- what one key's row may spoil ------------------------------------------------------------------------------------


def _listed(desk: Desk, *rows: dict[str, Any]) -> None:
    body = json.dumps({"code": "0", "msg": "", "data": list(rows)})
    desk.fault(match=LIST, times=0, kind="garbage", body=body)


STRANGER = {"label": "stranger", "apiKey": "strange", "perm": "read_only,earn", "ip": "", "ts": "1790000000000"}


@pytest.mark.parametrize(
    "row",
    [STRANGER, {**STRANGER, "perm": "stake"}, {**STRANGER, "perm": None}, {"label": "stranger"}, {**STRANGER, "ip": 5}],
    ids=["a new word", "only a new word", "no permissions", "a label alone", "a number for addresses"],
)
def test_a_strangers_row_spoils_nothing_else(desk: Desk, row: dict[str, Any]) -> None:
    """A key that the manifest does not name, with a word that is new to us or a row that is not whole: a new key and
    leverage of that account are planned."""
    settle(desk, "trader01", acctLv="2")
    feeds = {"permissions": ["read"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}
    desk.write({"trader01": {"api_keys": {**KEY, "feeds": feeds}, "position_mode": "long_short"}})
    _listed(desk, row)
    document = desk.plan("--format", "json").json
    assert document["unreadable"] == []
    assert {step["address"]: step["action"] for step in document["steps"]} == {
        "trader01.api_keys[feeds]": "create",
        "trader01.position_mode": "change",
    }


WEB = {
    "label": "web",
    "apiKey": "key-trader01-web",
    "perm": "read_only,trade",
    "ip": "127.0.0.1",
    "ts": "1790000000000",
}


@pytest.mark.parametrize("other", [{"apiKey": "another"}, {"apiKey": "another", "perm": "read_only"}, {"ip": ""}])
@pytest.mark.parametrize("turned", [False, True])
def test_a_label_that_is_listed_twice_is_nobodys(desk: Desk, other: dict[str, str], turned: bool) -> None:
    """Labels are unique, so rows that contradict each other tell of no key: nothing is changed or deleted by an id."""
    settle(desk, "trader01", labels=("web", "feeds"), stored=False)
    feeds = {**WEB, "label": "feeds", "apiKey": "key-trader01-feeds"}
    rows = [WEB, {**WEB, **other}]
    _listed(desk, feeds, *(rows[::-1] if turned else rows))
    before = _ids(desk)
    for web in ({"permissions": ["read"]}, {"ip_allowlist": ["203.0.113.7"]}, {"state": "absent"}):
        keys = {"web": web, "feeds": {"permissions": ["read", "trade"]}}
        desk.write({"trader01": {"api_keys": keys}}, guardrails={"max_deletes": 1})
        document = desk.plan("--format", "json").json
        assert [(one["address"], one["code"]) for one in document["unreadable"]] == [
            ("trader01.api_keys[web]", "shape")
        ]
        assert document["steps"] == []
        assert desk.apply().code == 1
    exclusive = {"api_keys": {"feeds": {"permissions": ["read", "trade"]}}, "api_keys_exclusive": True}
    desk.write({"trader01": exclusive}, guardrails={"max_deletes": 1})
    assert desk.apply().code == 1
    assert (desk.writes(), _ids(desk)) == ([], before)


def test_a_key_that_is_listed_twice_alike_is_one(desk: Desk) -> None:
    """The same row again says nothing else."""
    settle(desk, "trader01", labels=("web",), stored=False)
    _listed(desk, WEB, WEB)
    desk.write({"trader01": {"api_keys": {"web": {"permissions": ["read", "trade"]}}}})
    assert desk.plan().last == NO_CHANGES


def test_a_new_permission_of_a_managed_key_is_never_dropped_unseen(desk: Desk) -> None:
    """Its permissions are unreadable and nothing else of the account; where the manifest leaves them out, the key's
    addresses are changed and the permissions are not sent."""
    settle(desk, "trader01", labels=("bot",), stored=False, acctLv="2")
    row = {"label": "bot", "apiKey": _ids(desk)["bot"], "perm": "read_only,earn", "ip": "127.0.0.1", "ts": "1"}
    desk.write({"trader01": {"api_keys": {"bot": {"permissions": ["read"]}}, "account_mode": "spot"}})
    _listed(desk, row)
    document = desk.plan("--format", "json").json
    assert [one["address"] for one in document["unreadable"]] == ["trader01.api_keys[bot]"]
    assert "earn" in document["unreadable"][0]["message"]
    assert [step["address"] for step in document["steps"]] == ["trader01.account_mode"]
    desk.write({"trader01": {"api_keys": {"bot": {"ip_allowlist": ["203.0.113.7"]}}}})
    step = desk.steps()["trader01.api_keys[bot]"]
    assert step["after"] == {"permissions": ["earn", "read"], "ip_allowlist": ["203.0.113.7"], "store": None}
    desk.apply("--allow-sensitive")
    assert [sorted(row["body"]) for row in desk.writes("/modify-apikey")] == [["apiKey", "ip", "subAcct"]]


def test_a_new_permission_of_the_brokers_own_key_stops_no_command(desk: Desk) -> None:
    """The key behind the connection may have words that are new to us."""
    row = {"uid": "1", "mainUid": "1", "acctLv": "2", "posMode": "net_mode", "perm": "read_only,earn", "ip": ""}
    body = json.dumps({"code": "0", "msg": "", "data": [{**row, "label": "master"}]})
    desk.write({"trader01": {}})
    desk.fault(match={"path": "*/account/config", "method": "GET"}, kind="garbage", body=body, times=1)
    assert desk.plan().code == 0


# -- whose a half made key is ----------------------------------------------------------------------------------------


def _interrupted(desk: Desk, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """A run that sent a create and died before any answer: `kind` says whether it arrived."""
    desk.fault(match=CREATE, kind=kind)

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr("acctcfg.engine.execute.read_back", dies)
        broken.setattr("acctcfg.engine.carry_out.remember", lambda *_: None)
        with suppress(BaseException):  # whatever way it dies
            desk.apply()
    desk.sandbox.control_delete("faults/all")


@pytest.mark.parametrize(("perm", "ip"), [("read_only", "127.0.0.1"), ("read_only,trade", "203.0.113.7")])
def test_a_persons_key_is_not_taken_for_a_half_made_one(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, perm: str, ip: str
) -> None:
    """An intent proves nothing: a key of that label that is not what was sent is blocked until its secret is imported
    or its replacement allowed."""
    settle(desk, "trader01", labels=())
    desk.write({"trader01": {"api_keys": KEY}}, guardrails={"max_deletes": 9})
    _interrupted(desk, monkeypatch, "reset_before")
    key = {"label": "trading", **own_secret("trader01"), "perm": perm, "ip": ip}
    desk.sandbox.control_post("accounts/trader01/keys", key)
    said = desk.apply()
    assert said.code == 3, said.out + said.err
    assert "secrets import" in said.out
    assert _ids(desk)["trading"] == own_secret("trader01")["api_key"]


SENT = KeyValue(("read", "trade"), ("127.0.0.1",), None)


class _Nothing:
    """A journal that knows nothing but what a test says."""

    def __init__(
        self, made: tuple[dict[str, str], ...] = (), stored: tuple[StoredKey, ...] = (), kept: str = ""
    ) -> None:
        self.made, self.stored, self.id_kept = made, stored, kept

    def kept(self, api_key: str) -> bool:
        return api_key == self.id_kept

    def creating(self, _name: str, _label: str) -> None:
        return None

    def created(self, _uid: str, _field: str) -> tuple[dict[str, str], ...]:
        return self.made

    def stored_keys(self, _uid: str) -> tuple[StoredKey, ...]:
        return self.stored

    def stored_key(self, api_key: str) -> StoredKey | None:
        return next((one for one in self.stored if one.api_key == api_key), None)


def _traces(memory: _Nothing | None = None) -> Traces:
    made: Any = memory or _Nothing()
    found = Traces(memory=made, name="trader01", uid="7", window_s=30.0)
    found.begin("trading", SENT, 1000.0)
    return found


@given(st.floats(min_value=900, max_value=1100))
def test_ours_is_what_the_venue_made_while_it_took_our_request(changed_s: float) -> None:
    """Before our request was signed, or after the venue would still take it, somebody else made the key."""
    within = 998.0 <= changed_s <= 1032.0
    assert _traces().half_made("trading", "key-1", SENT, changed_s) is within
    other = KeyValue(("read",), SENT.ip_allowlist, None)
    assert not _traces().half_made("trading", "key-1", other, changed_s)
    assert not _traces().half_made("trading", "key-1", SENT, None)


def test_an_id_that_was_answered_is_proof_until_its_secret_is_stored() -> None:
    """What a create answered is ours whenever it is seen; once its secret lay in a store, somebody may use it."""
    made = ({"label": "trading", "api_key": "key-1"},)
    stored = StoredKey(store="vault", path="desk/trader01/trading", label="trading", api_key="key-1", uid="7")
    assert _traces(_Nothing(made)).half_made("trading", "key-1", SENT, None)
    assert not _traces(_Nothing(made, (stored,))).half_made("trading", "key-1", SENT, None)
    assert not _traces(_Nothing(made, kept="key-1")).half_made("trading", "key-1", SENT, None)
    assert not _traces(_Nothing(made)).half_made("trading", "key-2", SENT, None)


def test_a_half_made_key_is_known_by_what_was_sent(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A create that arrived and was never answered is ours by time, uid and parameters: it is replaced unasked."""
    settle(desk, "trader01", labels=())
    desk.write({"trader01": {"api_keys": KEY}})
    _interrupted(desk, monkeypatch, "reset_after")
    before = _ids(desk).get("trading")
    assert before
    desk.converge()
    assert _ids(desk)["trading"] not in ("", before)


# -- access ----------------------------------------------------------------------------------------------------------


def test_no_access_is_demanded_where_none_is_used(desk: Desk) -> None:
    """A customer's key works from the customer's address alone; where acctcfg signs, the key that can from here comes
    first; a block names it, and how to say so."""
    away = {**TRADING, "ip_allowlist": ["203.0.113.7"]}
    desk.write(
        {"client01": {"api_keys": {"app": away}}, "client02": {"api_keys": {"app": away, "ops": TRADING}, **MODES}}
    )
    desk.converge()
    assert desk.account("client02")["posMode"] == "long_short_mode"
    desk.write({"client03": {"api_keys": {"app": away, "ops": TRADING}, **MODES, "access": {"key": "app"}}})
    assert "access: {key: ops}" in failing(desk.steps()["client03.api_keys[app]"])["access_ip"]


def _two_stores(desk: Desk, monkeypatch: pytest.MonkeyPatch, **fields: Any) -> dict[str, Any]:
    """trader01 set up with a key that reads and one that writes, each in a store of its own; then the identity of the
    second store is not here. What was written, for another `desk.write`."""
    vault = {"type": "age_file", "recipients": [desk.recipient]}
    stores = {
        "vault": {**vault, "path": "secrets/", "identity": {"env": "VAULT_KEY"}},
        "readers": {**vault, "path": "readers/", "identity": {"env": "ACCTCFG_AGE_KEY"}},
    }
    monkeypatch.setenv("VAULT_KEY", desk.identity)
    keys = {"monitor": {**TRADING, "permissions": ["read"], "store": "readers"}, "trading": TRADING}
    access = {"read": {"key": "monitor"}, "write": {"key": "trading"}}
    account = {"api_keys": keys, "access": access, **MODES, **fields}
    desk.write({"trader01": account}, secret_stores=stores)
    desk.converge()
    monkeypatch.delenv("VAULT_KEY")
    return account


def _refused(desk: Desk) -> None:
    """Apply ends 1 before its first write, and says what is missing."""
    before = len(desk.writes())
    said = desk.apply("--allow-sensitive")
    assert (said.code, len(desk.writes()), "Applied" in said.out) == (1, before, False), said.out
    assert "VAULT_KEY is not set" in said.err


def test_a_reader_is_enough_to_plan(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """access {read, write}: without the identity of the writing key's store the plan is whole and shows the drift;
    apply refuses before its first write."""
    _two_stores(desk, monkeypatch)
    desk.sandbox.control_post("accounts/trader01/set", posMode="net_mode")
    said = desk.plan("--detailed-exitcode", "--format", "json")
    assert (said.code, said.json["unreadable"]) == (2, [])
    assert [(step["address"], step["blocked"]) for step in said.json["steps"]] == [("trader01.position_mode", False)]
    _refused(desk)


@pytest.mark.parametrize("case", ["its allow-list changes", "the reader is made anew", "both"])
def test_no_other_step_hides_that_nobody_writes_here(desk: Desk, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    """The writing key's secret is shut here, and the same plan changes that key or makes the one that reads: plan says
    that nothing can be signed, and apply sends neither the key's change nor anything else."""
    account = _two_stores(desk, monkeypatch)
    desk.sandbox.control_post("accounts/trader01/set", posMode="net_mode")
    if case != "the reader is made anew":
        wider = {**TRADING, "ip_allowlist": ["127.0.0.1", "203.0.113.9"]}
        account = {**account, "api_keys": {**account["api_keys"], "trading": wider}}
        desk.write({"trader01": account}, secret_stores=desk.document["secret_stores"])
    if case != "its allow-list changes":
        desk.sandbox.control_delete("accounts/trader01/keys/monitor")
    said = desk.plan("--format", "json")
    assert said.code == 0
    assert [one["code"] for one in said.json["warnings"] if one["code"] == "cannot_sign_here"] == ["cannot_sign_here"]
    assert "trader01.position_mode" in {step["address"] for step in said.json["steps"]}
    _refused(desk)


def test_a_change_of_the_only_key_opens_no_secret(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """One key reads and writes, and its secret is shut here: another allow-list makes nothing known, so the account
    stays unreadable and nothing is sent; the allow-list alone can be changed."""
    desk.write({"trader01": {"api_keys": KEY, **MODES}}).converge()
    wider = {**TRADING, "ip_allowlist": ["127.0.0.1", "203.0.113.9"]}
    desk.write({"trader01": {"api_keys": {"trading": wider}, **MODES}})
    monkeypatch.delenv("ACCTCFG_AGE_KEY")
    said = desk.plan("--format", "json")
    assert (said.code, [one["code"] for one in said.json["unreadable"]]) == (1, ["store"])
    before = len(desk.writes())
    assert desk.apply("--allow-sensitive").code == 1
    assert len(desk.writes()) == before
    assert desk.apply("--allow-sensitive", "--target", ADDRESS).code == 0
    assert desk.account("trader01")["keys"][0]["ip"] == ["127.0.0.1", "203.0.113.9"]


def test_a_new_reader_makes_no_writer(desk: Desk) -> None:
    """The only key is to read, and is still to be made: what nobody will write is blocked (`no_credentials`) before the
    account and its key are created."""
    looking = {**TRADING, "permissions": ["read"]}
    fields = {"api_keys": {"looking": looking}, "access": {"read": {"key": "looking"}}}
    desk.write({"trader01": {**fields, "position_mode": "long_short"}})
    assert "no_credentials" in failing(desk.steps()["trader01.position_mode"])
    quiet(desk)


# -- a secret's home -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("identity", ["missing", "of nobody who can read"])
def test_nothing_is_made_that_this_run_could_not_sign_with(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, identity: str
) -> None:
    """A new account's key is to sign in the same run: without its store's identity plan says so, and apply ends 1
    without a write."""
    desk.write({f"trader{number:02}": {"api_keys": KEY, **MODES} for number in range(3)})
    if identity == "missing":
        monkeypatch.delenv("ACCTCFG_AGE_KEY")
    else:
        monkeypatch.setenv("ACCTCFG_AGE_KEY", str(pyrage.x25519.Identity.generate()))
    said = desk.plan()
    assert (said.code, said.out.count("cannot_sign_here")) == (0, 1)  # one cause, said once
    said = desk.apply()
    assert (said.code, desk.writes(), "Applied" in said.out) == (1, [], False), said.out


@pytest.mark.slow
def test_a_lost_identity_is_one_cause_with_one_way_back(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said once, not for every account and field; a new identity and `--replace` bring all keys back, and what
    nobody can open is moved aside."""
    names = [f"trader{number:02}" for number in range(4)]
    desk.write({name: {"api_keys": KEY, **MODES} for name in names}, guardrails={"max_deletes": 9})
    desk.converge()
    other = pyrage.x25519.Identity.generate()
    desk.identity, desk.recipient = str(other), str(other.to_public())
    monkeypatch.setenv("ACCTCFG_AGE_KEY", str(other))
    desk.write({name: {"api_keys": KEY, **MODES} for name in names}, guardrails={"max_deletes": 9})
    said = desk.plan()
    assert said.code == 1
    assert said.out.count("\n  ? ") == 1, said.out
    assert "secret_lost" not in said.out
    assert "--replace" in said.out
    allowed = [word for name in names for word in ("--replace", f"{name}.api_keys[trading]")]
    said = desk.apply(*allowed, "--allow-sensitive")
    assert said.code == 0, said.out + said.err
    assert desk.plan().last == NO_CHANGES
    assert sorted(file.name for file in (desk.folder / "secrets" / "desk" / names[0]).iterdir()) == [
        "trading.age",
        "trading.dead-1.age",
    ]


# -- checks ----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_key_that_works_elsewhere_is_no_wrong_key(desk: Desk) -> None:
    """`secrets check`: bound to its user's address is a state of its own and exit 0; a key that is gone is not."""
    away = {**TRADING, "ip_allowlist": ["203.0.113.7"]}
    desk.write({"trader01": {"api_keys": {"app": away, "ops": TRADING}, **MODES}})
    desk.converge()
    said = desk.run("secrets", "check", "--format", "json")
    assert said.code == 0
    assert {one["label"]: one["status"] for one in said.json["keys"]} == {"app": "elsewhere", "ops": "signs"}
    assert "bound to other addresses: cannot be tried from here" in desk.run("secrets", "check").out
    desk.sandbox.control_delete("accounts/trader01/keys/app")
    assert desk.run("secrets", "check").code == 1


def _configs(desk: Desk) -> int:
    asked = desk.sandbox.control_get("requests")["by_path"]
    return int(sum(count for path, count in asked.items() if path.endswith("account/config")))


@pytest.mark.slow
def test_after_a_delete_nothing_is_read_as_that_account(desk: Desk) -> None:
    """`state: absent`: its key died with it. A plan after it is empty, by whatever key the account was signed for."""
    desk.write({"trader01": {"api_keys": KEY, **MODES}}, guardrails={"max_deletes": 1})
    desk.converge()
    desk.write({"trader01": {"api_keys": KEY, **MODES, "state": "absent"}}, guardrails={"max_deletes": 1})
    desk.converge()
    before = _configs(desk)
    assert desk.plan("--detailed-exitcode").code == 0
    assert desk.run("secrets", "check").code == 0
    assert desk.run("show").code == 0
    assert _configs(desk) - before <= 3  # the broker's own, once a command


def test_the_fifty_first_key_is_seen_by_plan(desk: Desk) -> None:
    """An account with as many keys as the venue takes: a new one is blocked, and says why."""
    settle(desk, "trader01", labels=tuple(f"k{number:02}" for number in range(50)), stored=False)
    desk.write({"trader01": {"api_keys": KEY}})
    assert "at most 50" in failing(desk.steps()[ADDRESS])["key_limit"]
    quiet(desk)


# -- what is left out ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("left_out", [..., None], ids=["left out", "null"])
def test_what_is_left_out_of_a_live_key_stays(desk: Desk, left_out: Any) -> None:
    """Addresses or permissions that the manifest leaves out keep what is live; the plan shows what results."""
    settle(desk, "trader01", labels=("bot",), stored=False)
    key = {"permissions": ["read"], "ip_allowlist": left_out}
    desk.write({"trader01": {"api_keys": {"bot": {k: v for k, v in key.items() if v is not ...}}}})
    step = desk.steps()["trader01.api_keys[bot]"]
    assert step["after"] == {"permissions": ["read"], "ip_allowlist": ["127.0.0.1"], "store": None}
    desk.converge()
    assert {(one["perm"], tuple(one["ip"])) for one in desk.account("trader01")["keys"]} == {
        ("read_only", ("127.0.0.1",))
    }
    desk.write({"trader01": {"api_keys": {"bot": {"ip_allowlist": ["203.0.113.9"]}}}})
    assert desk.apply("--allow-sensitive").code == 0
    (row,) = desk.writes("/modify-apikey")[1:]
    assert "perm" not in row["body"]


def test_a_new_key_needs_permissions(desk: Desk) -> None:
    """There is nothing to keep of a key that does not exist."""
    settle(desk, "trader01", labels=())
    desk.write({"trader01": {"api_keys": {"bot": {"store": "vault"}}}})
    assert "permissions_required" in failing(desk.steps()["trader01.api_keys[bot]"])
    quiet(desk)


def test_secrets_that_would_share_a_file_are_refused(desk: Desk) -> None:
    """Names that differ only in case are one file on some file systems: validate names both."""
    desk.write({"trader01": {"api_keys": KEY}, "Trader01": {"api_keys": KEY}})
    said = desk.run("validate")
    assert said.code == 1
    assert "Trader01.api_keys[trading]" in said.err
    assert "desk/trader01/trading" in said.err
    desk.write({"trader01": {"api_keys": {"bot": TRADING, "Bot": TRADING}}})
    assert desk.run("validate").code == 1
    desk.write({"trader01": {"api_keys": {"bot": TRADING}}, "Trader01": {"api_keys": {"other": TRADING}}})
    assert desk.run("validate").code == 0


def test_a_demo_secret_where_live_ones_are_wanted_is_named_so(desk: Desk) -> None:
    """It is neither lost nor replaced: the message names the environment and the way out."""
    settle(desk, "trader01", labels=())
    stock(desk, "trader01", own_secret("trader01"))
    key = {"label": "trading", **own_secret("trader01"), "perm": "read_only,trade", "ip": "127.0.0.1", "env": "live"}
    desk.sandbox.control_post("accounts/trader01/keys", key)
    desk.write({"trader01": {"api_keys": KEY}})
    said = desk.plan()
    assert "another environment" in said.out, said.out
    assert desk.apply().code in (1, 3)
    assert desk.writes("/delete-apikey") == []
