"""Gate's sub-accounts and their keys: what a change replaces, what a lock stops, what a new key shows once."""

from __future__ import annotations

import json

import pytest
from gate_bench import ACCOUNTS, Gate, gate_of

READ = {"name": "futures", "read_only": True}
WRITE = {"name": "spot", "read_only": False}
SIGNS = {"name": "k", "key": "sub-key", "secret": "sub-secret"}


@pytest.fixture
def gate():
    return gate_of()


@pytest.fixture
def sub(gate):
    """The path of a fresh sub-account."""
    made = gate.call("POST", "/sub_accounts", {"login_name": "desk_1", "remark": "Desk one"}, status=201)
    return f"/sub_accounts/{made['user_id']}"


def new_key(gate, sub, **fields):
    return gate.call("POST", f"{sub}/keys", {"name": "k", "perms": [READ, WRITE], **fields})


def as_key(gate, made):
    """A client that signs with a key that was made."""
    return Gate(gate.app, gate.clock, made["key"], made["secret"])


def test_create_list_and_read(gate, sub):
    """201, regular, unlocked; listed with its number as an id; a password is taken and not told."""
    row = gate.get(sub)
    assert (row["login_name"], row["remark"], row["state"], row["type"]) == ("desk_1", "Desk one", 1, 1)
    assert row["create_time"] == int(gate.clock.now) - 61
    gate.call("POST", "/sub_accounts", {"login_name": "desk_2", "password": "Hidden-word-1"}, status=201)
    assert [other["login_name"] for other in gate.get("/sub_accounts")] == ["desk_1", "desk_2"]
    shown = json.dumps([gate.get("/sub_accounts"), gate.act("GET", "state"), gate.act("GET", "writes")])
    assert "Hidden-word" not in shown


def test_the_address_of_a_new_sub_account_is_the_main_ones():
    """Unless the request has another one."""
    gate = gate_of({"email": "main@example.com"})
    made = gate.call("POST", "/sub_accounts", {"login_name": "desk_1", "email": ""}, status=201)
    other = gate.call("POST", "/sub_accounts", {"login_name": "desk_2", "email": "two@example.com"}, status=201)
    assert (made["email"], other["email"]) == ("main@example.com", "two@example.com")
    assert [row["email"] for row in gate.get("/sub_accounts")] == ["main@example.com", "two@example.com"]


def test_kinds_of_sub_accounts():
    """Regular ones unless all are asked for."""
    gate = gate_of({"sub_accounts": {"plain": {}, "margin": {"type": 3}}})
    assert [row["login_name"] for row in gate.get("/sub_accounts")] == ["plain"]
    assert len(gate.get("/sub_accounts?type=1")) == 1
    assert len(gate.get("/sub_accounts?type=0")) == 2
    assert gate.label("GET", "/sub_accounts?type=2") == "INVALID_PARAM_VALUE"
    assert [row["is_unified"] for row in gate.get("/sub_accounts/unified_mode")] == [False, False]


@pytest.mark.parametrize("name", ["desk_1", "desk-2", "", "x" * 33, 7])
def test_login_names(gate, sub, name):
    """Letters, digits, underscores, and not taken."""
    label = "INVALID_PARAM_VALUE" if name else "MISSING_REQUIRED_PARAM"
    assert gate.label("POST", "/sub_accounts", {"login_name": name}) == label


def test_what_is_not_there(gate, sub):
    """An unknown sub-account is 404, an unknown key 404, a rename or a delete no route at all."""
    assert gate.call("GET", "/sub_accounts/1", status=404)["label"] == "SUB_ACCOUNT_NOT_FOUND"
    assert gate.call("GET", "/sub_accounts/1/keys", status=404)["label"] == "SUB_ACCOUNT_NOT_FOUND"
    assert gate.call("GET", f"{sub}/keys/none", status=404)["label"] == "NOT_FOUND"
    assert gate.label("PUT", sub, {"remark": "x"}) == "METHOD_NOT_ALLOWED"
    assert gate.label("DELETE", sub) == "METHOD_NOT_ALLOWED"


def test_a_secret_is_told_once(gate, sub):
    """It is in the answer that creates the key and nowhere else."""
    made = new_key(gate, sub, ip_whitelist=["203.0.113.7"])
    assert (made["name"], made["perms"], made["ip_whitelist"], made["mode"]) == ("k", [READ, WRITE], ["203.0.113.7"], 1)
    (listed,) = gate.get(f"{sub}/keys")
    assert listed == {name: value for name, value in made.items() if name != "secret"}
    assert gate.get(f"{sub}/keys/{made['key']}") == listed
    shown = json.dumps([gate.act("GET", path) for path in ("state", "writes", "requests")])
    shown += repr(gate.app.venues["gate_crossex"].state)
    assert made["secret"] not in shown


def test_a_change_replaces_the_whole_key(gate, sub):
    """What a PUT leaves out is cleared: addresses, a permission, the name; the mode stays."""
    made = new_key(gate, sub, ip_whitelist=["203.0.113.7"], mode=2)
    path = f"{sub}/keys/{made['key']}"
    assert gate.call("PUT", path, {"name": "k", "perms": [READ], "ip_whitelist": ["203.0.113.8"]}, status=204) is None
    row = gate.get(path)
    assert (row["perms"], row["ip_whitelist"], row["mode"]) == ([READ], ["203.0.113.8"], 2)
    gate.call("PUT", path, {"perms": [READ]}, status=204)
    row = gate.get(path)
    assert (row["name"], row["perms"], row["ip_whitelist"]) == ("", [READ], [])
    assert row["updated_at"] > row["created_at"]
    assert gate.label("PUT", path, {"perms": [READ], "mode": 1}) == "INVALID_PARAM_VALUE"


@pytest.mark.parametrize(
    "fields",
    [
        {"perms": [{"name": "crossx", "read_only": False}]},
        {"perms": [{"name": "everything"}]},
        {"perms": "spot"},
        {"perms": [{"name": "spot", "read_only": "yes"}]},
        {"ip_whitelist": ["203.0.113.0/24"]},
        {"ip_whitelist": ["2001:db8::1"]},
        {"ip_whitelist": [f"203.0.113.{n}" for n in range(21)]},
        {"ip_whitelist": "203.0.113.7"},
        {"mode": 3},
        {"name": 5},
    ],
)
def test_refusals_of_keys(gate, sub, fields):
    """Unknown permissions, ranges, too many addresses: refused, and no key is made."""
    assert gate.label("POST", f"{sub}/keys", {"name": "k", "perms": [READ], **fields}) == "INVALID_PARAM_VALUE"
    assert gate.get(f"{sub}/keys") == []


def test_the_crossex_permission_by_flag(gate, sub):
    """Whether it can be given by API is not documented: refused, unless a flag says otherwise."""
    gate.flags(sub_key_crossx=True)
    made = new_key(gate, sub, perms=[{"name": "crossx", "read_only": False}])
    gate.act("POST", "accounts/desk_1/set", opened=True)
    assert as_key(gate, made).put(position_mode="DUAL")


def test_five_keys(gate, sub):
    """The sixth is refused; names need not differ, unless a flag says so."""
    for _ in range(5):
        new_key(gate, sub)
    assert gate.label("POST", f"{sub}/keys", {"name": "k"}) == "INVALID_PARAM_VALUE"
    gate.flags(max_keys=20, key_names_unique=True)
    assert gate.label("POST", f"{sub}/keys", {"name": "k"}) == "INVALID_PARAM_VALUE"
    new_key(gate, sub, name="other")


def test_a_key_signs_for_its_own_account_only(gate, sub):
    """It manages nobody, and says who it is."""
    desk = as_key(gate, new_key(gate, sub, perms=[{"name": "account", "read_only": False}]))
    assert desk.label("GET", "/sub_accounts") == "FORBIDDEN"
    assert desk.get("/account/detail")["user_id"] == int(sub.rpartition("/")[2])
    assert desk.label("GET", "/account/main_keys") == "FORBIDDEN"
    assert gate.get("/account/main_keys")[0]["name"] == "bench"


def test_lock_and_unlock(gate):
    """A lock stops the keys and every change of them; locking twice changes nothing."""
    gate = gate_of({"sub_accounts": {"desk_1": {"opened": True, "keys": [SIGNS]}}})
    path = f"/sub_accounts/{gate.get('/sub_accounts')[0]['user_id']}"
    desk = Gate(gate.app, gate.clock, "sub-key", "sub-secret")
    assert desk.label("GET", ACCOUNTS) == ""
    for _ in range(2):
        assert gate.call("POST", f"{path}/lock", status=204) is None
    assert gate.get(path)["state"] == 2
    assert desk.label("GET", ACCOUNTS) == "ACCOUNT_LOCKED"
    for method, tail, body in (
        ("POST", "", {"name": "x"}),
        ("PUT", "/sub-key", {"name": "x"}),
        ("DELETE", "/sub-key", None),
    ):
        assert gate.label(method, f"{path}/keys{tail}", body) == "SUB_ACCOUNT_LOCKED"
    for _ in range(2):
        gate.call("POST", f"{path}/unlock", b"{}", status=204)
    assert desk.label("GET", ACCOUNTS) == ""


def test_deleted_keys_do_not_sign(gate, sub):
    """At once, as long as nothing is said of a delay."""
    made = new_key(gate, sub)
    gate.call("DELETE", f"{sub}/keys/{made['key']}", status=204)
    assert as_key(gate, made).label("GET", "/account/detail") == "INVALID_KEY"
    assert gate.label("DELETE", f"{sub}/keys/{made['key']}") == "NOT_FOUND"


def test_key_changes_are_felt_late(gate, sub):
    """Up to five minutes: a new key does not sign yet, an old allow-list still holds, a deleted key still signs."""
    gate.flags(key_delay_s=300.0)
    gate.pause = 1
    made = new_key(gate, sub)
    desk = as_key(gate, made)
    desk.pause, path = 1, f"{sub}/keys/{made['key']}"
    assert desk.label("GET", "/account/detail") == "INVALID_KEY"
    gate.clock.now += 300
    assert desk.label("GET", "/account/detail") == ""
    gate.call("PUT", path, {"perms": [READ], "ip_whitelist": ["203.0.113.7"]}, status=204)
    assert gate.get(path)["ip_whitelist"] == ["203.0.113.7"]
    assert desk.label("GET", "/account/detail") == ""
    gate.clock.now += 300
    assert desk.label("GET", "/account/detail") == "IP_FORBIDDEN"
    gate.call("DELETE", path, status=204)
    assert desk.label("GET", "/account/detail") == "IP_FORBIDDEN"
    gate.clock.now += 300
    assert desk.label("GET", "/account/detail") == "INVALID_KEY"


def test_a_new_sub_account_has_no_crossex(gate):
    """Opening it is done by hand; a control call does it here."""
    gate.act("POST", "accounts/desk_9", keys=[SIGNS])
    desk = Gate(gate.app, gate.clock, "sub-key", "sub-secret")
    assert desk.label("GET", ACCOUNTS) == "USER_NOT_EXIST"
    gate.act("POST", "accounts/desk_9/set", opened=True)
    assert desk.label("GET", ACCOUNTS) == ""
