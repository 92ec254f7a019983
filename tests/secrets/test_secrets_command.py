"""`acctcfg secrets import`: only a secret that is proven is kept, and nothing that stands there is quoted."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from desk import Desk, Said

from acctcfg.core.remembered import Ours
from acctcfg.core.trust import trust_word
from acctcfg.journal import Journal, journal_path

KEY = {"permissions": ["read", "trade"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}
NAMES = ("trader01", "trader02")


def own(name: str, label: str = "trading") -> dict[str, str]:
    """The secret of a key of the seed."""
    return {"api_key": f"key-{name}-{label}", "secret_key": f"QXZ-{name}", "passphrase": "Test-passphrase-2"}


@pytest.fixture
def full(desk: Desk) -> Desk:
    """Two accounts with two keys each, whose secrets nobody has stored."""
    shape = {"perm": "read_only,trade", "ip": "127.0.0.1"}
    for name in NAMES:
        keys = [{"label": label, **own(name, label), **shape} for label in ("reading", "trading")]
        desk.sandbox.control_post(f"accounts/{name}", {"keys": keys})
    return desk.write({name: {"api_keys": {"trading": KEY}} for name in NAMES})


def imported(desk: Desk, text: str | bytes, *arguments: str) -> Said:
    """The command with that on its standard input; whatever it says, no part of a secret is in it."""
    data = text.encode() if isinstance(text, str) else text
    desk.monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data), encoding="utf-8"))
    said = desk.run("secrets", "import", *arguments)
    assert "QXZ" not in said.out + said.err
    assert "Traceback" not in said.err
    assert "internal error" not in said.err
    return said


def kept(desk: Desk) -> list[str]:
    """The stored secrets, as `secrets list` has them."""
    return [row["path"] for row in desk.run("secrets", "list", "--format", "json").json["secrets"]]


def lines(*rows: dict[str, Any]) -> str:
    """JSON Lines."""
    return "".join(json.dumps(row) + "\n" for row in rows)


def test_json_lines_are_judged_one_by_one(full: Desk) -> None:
    """A secret of another account or another key is not stored, and holds up none of the others; once is enough."""
    said = imported(
        full,
        lines(
            {"account": "trader01", "label": "trading", **own("trader02")},
            {"account": "trader02", "label": "trading", **own("trader02", "reading")},
            {"account": "trader02", "label": "nobodys", **own("trader02")},
            {"account": "trader02", "label": "trading", **own("trader02")},
            {"account": "trader02", "label": "trading", **own("trader02")},
        ),
        "--format",
        "json",
    )
    assert [row["status"] for row in said.json["keys"]] == ["wrong", "wrong", "failed", "stored", "already"]
    assert (said.code, kept(full)) == (1, ["desk/trader02/trading"])
    assert set(full.steps()) == {"trader01.api_keys[trading]"}


def test_a_secret_of_an_account_that_the_manifest_does_not_mean_is_wrong(full: Desk) -> None:
    """The venue has another account under that name than the one whose uid the entry says: its secret is not stored,
    and one that was stored before is not called good."""
    uid = full.account("trader01")["uid"]
    full.write({"trader01": {"uid": "4711", "api_keys": {"trading": KEY}}})
    said = imported(full, json.dumps(own("trader01")), "trader01", "trading")
    assert (said.code, kept(full)) == (1, [])
    assert f"it signs for the uid {uid}; the manifest says 4711" in said.out
    full.write({"trader01": {"uid": uid, "api_keys": {"trading": KEY}}})
    assert imported(full, json.dumps(own("trader01")), "trader01", "trading").code == 0
    full.write({"trader01": {"uid": "4711", "api_keys": {"trading": KEY}}})
    said = full.run("secrets", "check")
    assert (said.code, f"it signs for the uid {uid}; the manifest says 4711" in said.out) == (1, True)


def test_a_bad_line_is_named_and_holds_up_none_of_the_others(full: Desk) -> None:
    """Each has its number, blank lines counted; what stands in it is not quoted, and the good ones are kept."""
    good = [{"account": name, "label": "trading", **own(name)} for name in NAMES]
    stranger = {"account": "nobody", "label": "trading", **own("trader01")}
    text = lines(good[0]) + "\n" + '{"secret_key": "QXZ\n' + lines(stranger, {"account": "trader01"}, good[1])
    said = imported(full, text)
    assert said.code == 1
    assert said.out.splitlines() == [
        "stored   trader01.api_keys[trading]",
        "failed   line 3: no JSON object with account, label, api_key, secret_key as text",
        "failed   nobody.api_keys[trading]  line 4: the manifest has no account nobody",
        "failed   trader01.api_keys[]  line 5: no JSON object with label, api_key, secret_key as text",
        "stored   trader02.api_keys[trading]",
        "2 of 5 keys are as they should be.",
    ]
    assert kept(full) == [f"desk/{name}/trading" for name in NAMES]


@pytest.mark.parametrize("mark", ["", "\ufeff", "\n  "])
def test_one_object_for_one_key(full: Desk, mark: str) -> None:
    """ACCOUNT and LABEL stand on the command line; a byte order mark or white space before the object is no harm."""
    said = imported(full, mark + json.dumps(own("trader01"), indent=2), "trader01", "trading")
    assert (said.code, kept(full)) == (0, ["desk/trader01/trading"]), said.out + said.err
    assert full.secret("trader01", "trading") == own("trader01")


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"[" * 100_000,
        b'\xff\xfe{"api_key": "QXZ"}',
        json.dumps({**own("trader01"), "secret_key": 7}),
        json.dumps({"api_key": "QXZ"}),
        json.dumps({**own("trader01"), "api_key": ""}),
        json.dumps({**own("trader01"), "api_key": own("trader01")["api_key"] + " "}),
        json.dumps({**own("trader01"), "secret_key": "QXZ\u00e4"}),
        json.dumps({**own("trader01"), "secret_key": "QXZ\ud800"}),
        json.dumps({**own("trader01"), "passphrase": None}),
        json.dumps({**own("trader01"), "passphrase": "QXZ-another-1"}),
        lines(own("trader01"), own("trader01")),
    ],
    ids=str.split("empty cut list null deep utf-16 number parts bare space accent half none another two"),
)
def test_what_is_no_secret_is_not_kept(full: Desk, text: str | bytes) -> None:
    """One clear message, exit 1, no write at the venue, and no file."""
    said = imported(full, text, "trader01", "trading")
    assert (said.code, kept(full), full.writes()) == (1, [], []), said.out + said.err
    assert said.out or said.err.startswith("error: standard input")


def test_a_proven_secret_takes_the_place_of_one_that_nobody_can_read(full: Desk) -> None:
    """A damaged file, for which the message says to import the secret again, is moved aside; nothing is lost."""
    folder = full.folder / "secrets" / "desk" / "trader01"
    folder.mkdir(parents=True)
    (folder / "trading.age").write_text("cut", encoding="utf-8")
    assert "import" in full.run("secrets", "check", "trader01").out + full.plan().out
    assert imported(full, json.dumps(own("trader02")), "trader01", "trading").code == 1
    assert (folder / "trading.age").read_text(encoding="utf-8") == "cut"
    assert imported(full, json.dumps(own("trader01")), "trader01", "trading").code == 0
    assert full.secret("trader01", "trading") == own("trader01")
    assert (folder / "trading.dead-1.age").read_text(encoding="utf-8") == "cut"


@pytest.mark.sample(2)
@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "html"},
        {"kind": "reset_before"},
        {"kind": "rate_limited"},
        {"kind": "code", "code": "50001"},
        {"kind": "code", "code": "50102"},
        {"kind": "code", "code": "99999"},
    ],
    ids=str.split("html reset limit closed clock unknown"),
)
def test_a_stored_secret_that_could_not_be_tried_keeps_its_place(full: Desk, fault: dict[str, str]) -> None:
    """In an overlap the old key signs, too. That the venue does not answer for the stored one is no proof of its death:
    it is not moved aside, the message says why, and the rotation ends with the key that it is of."""
    assert imported(full, json.dumps(own("trader01")), "trader01", "trading").code == 0
    rotate = ("rotate", "trader01", "trading", "--auto-approve", "--overlap")
    assert full.run(*rotate, "24h").code == 0
    new, files = full.secret("trader01", "trading"), kept(full)
    full.fault(match={"path": "*/account/config", "account": "trader01"}, after=1, times=0, **fault)
    said = imported(full, json.dumps(own("trader01")), "trader01", "trading")
    assert said.code == 1, said.out + said.err
    assert "the store holds another secret, and whether it still signs is not known" in said.out
    assert (full.secret("trader01", "trading"), kept(full)) == (new, files)
    full.sandbox.control_delete("faults/all")
    assert full.run(*rotate, "0s").code == 0
    keys = {key["label"]: key["api_key"] for key in full.account("trader01")["keys"]}
    assert keys["trading"] == new["api_key"] == full.secret("trader01", "trading")["api_key"]


def test_a_customers_secret_is_kept_by_what_the_venue_lists(full: Desk) -> None:
    """A key bound to its customer's address cannot be tried from here: the venue lists its id under that label, so its
    secret is kept, and that it was not tried is said. A plan is empty then, and the key is the one that was there."""
    away = ["203.0.113.7"]
    full.sandbox.control_post("accounts/trader01/keys/trading", ip=away[0])
    full.write({"trader01": {"api_keys": {"trading": {**KEY, "ip_allowlist": away}}}})
    assert "secrets import trader01 trading" in full.plan().out
    said = imported(full, json.dumps(own("trader01")), "trader01", "trading")
    assert said.code == 0, said.out + said.err
    assert "stored   trader01.api_keys[trading]  not tried: bound to other addresses" in said.out
    assert full.secret("trader01", "trading") == own("trader01")
    assert full.plan().last == "No changes. Live accounts match the manifest."
    again = imported(full, json.dumps(own("trader01")), "trader01", "trading")
    assert (again.code, "already" in again.out) == (0, True)
    other = imported(full, json.dumps({**own("trader01"), "secret_key": "QXZ-other"}), "trader01", "trading")
    assert (other.code, full.secret("trader01", "trading")) == (1, own("trader01"))
    assert "the store holds another secret that may sign for this key" in other.out + other.err


@pytest.mark.parametrize("whose", ["another label", "another account", "nobody"])
def test_a_secret_that_cannot_be_tried_is_kept_for_its_own_key_alone(full: Desk, whose: str) -> None:
    """The id is listed under another label, in another account, or nowhere: refused, and nothing is kept."""
    for name in NAMES:
        for label in ("reading", "trading"):
            full.sandbox.control_post(f"accounts/{name}/keys/{label}", ip="203.0.113.7")
    brought = {
        "another label": own("trader01", "reading"),
        "another account": own("trader02"),
        "nobody": {**own("trader01"), "api_key": "key-of-nobody"},
    }[whose]
    said = imported(full, json.dumps(brought), "trader01", "trading")
    assert (said.code, kept(full)) == (1, []), said.out


def test_the_keys_of_an_account_that_goes_are_not_wanted(full: Desk) -> None:
    """`state: absent`: its secret stays and is listed as unnamed; nothing is checked, and nothing found missing."""
    assert imported(full, json.dumps(own("trader01")), "trader01", "trading").code == 0
    full.write({"trader01": {"state": "absent", "api_keys": {"trading": KEY}}})
    assert full.run("secrets", "list").out == "unnamed  vault:desk/trader01/trading\n"
    assert full.run("secrets", "check").code == 0


def test_an_account_without_a_label_is_wrong_usage(full: Desk) -> None:
    """Exit 64, and nothing is read."""
    assert imported(full, json.dumps(own("trader01")), "trader01").code == 64


def test_no_sandbox_is_needed_to_list(tmp_path: Path, desk: Desk) -> None:
    """`secrets list` sends no request."""
    assert tmp_path == desk.folder
    desk.write({"trader01": {"api_keys": {"trading": KEY}}})
    assert desk.run("secrets", "list").out == "The stores hold no secrets.\n"
    assert desk.sandbox.control_get("requests")["by_path"] == {}


@pytest.mark.parametrize("kind", ["exec", "keyring"])
def test_of_a_store_that_cannot_tell_the_journal_tells(desk: Desk, kind: str) -> None:
    """Keys whose secrets were put there and that were not deleted since; no program is started, no request sent."""
    program = ["/nowhere/vault"]
    desk.monkeypatch.setenv("ACCTCFG_TRUST", trust_word(program))
    store = {"type": kind, **({"command": program} if kind == "exec" else {})}
    desk.write({"trader01": {"api_keys": {"trading": {**KEY, "store": "far"}}}}, secret_stores={"far": store})
    with Journal.open(journal_path(desk.folder), create=True) as journal:
        run = journal.begin_run(command="apply", actor="tester")
        journal.remember_user(run, "desk", "demo", desk.sandbox.base_url, "70")
        for user, label in (("70", "trading"), ("70", "old"), ("70", "gone"), ("71", "theirs")):
            facts = {"store": "far", "path": f"desk/trader01/{label}", "api_key": f"id-{label}", "uid": "5"}
            journal.remember_key(run, user, "trader01", label, **facts)
        journal.remember_accounts(run, "70", [Ours(name="trader01", uid="5", key="trader01")])
        journal.forget_key(run, "70", "trader01", "gone")
    rows = desk.run("secrets", "list", "--format", "json").json["secrets"]
    assert [(row["path"], row["state"], row["by"]) for row in rows] == [
        ("desk/trader01/old", "unnamed", "journal"),
        ("desk/trader01/trading", "wanted", "journal"),
    ]
    assert (
        "wanted   far:desk/trader01/trading  (from the journal; the store cannot list it)"
        in desk.run("secrets", "list").out.splitlines()
    )
