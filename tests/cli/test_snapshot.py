"""`snapshot`, and `plan --live`: plans without credentials and without a request, against live state read earlier."""

from __future__ import annotations

import gc
import json
import socket
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from desk import MASTER, Desk, seed

from acctcfg.core.canonical import digest_of

KEY = {"permissions": ["read", "trade"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}
SWAP = {"market": "swap", "family": "BTC-USDT", "margin": "cross", "value": 7}
ACCOUNT = {
    "label": "MMdesk01",
    "account_mode": "futures",
    "position_mode": "net",
    "api_keys": {"trading": KEY},
    "leverage": [SWAP],
}
LIVE = ("--live", "live.json")


@pytest.fixture
def offline(desk, monkeypatch):
    """Takes away every credential and every socket: what a job of a pull request has."""

    def refuse(*_, **__):
        raise AssertionError("a socket was opened, or a program started")

    def go() -> None:
        for name in (*desk.credentials(), "ACCTCFG_AGE_KEY"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setattr(socket.socket, "connect", refuse)
        monkeypatch.setattr(socket, "getaddrinfo", refuse)
        monkeypatch.setattr(subprocess.Popen, "__init__", refuse)

    return go


@pytest.fixture
def taken(desk, offline):
    """One account with a position, its snapshot, and nothing else left of the credentials."""
    desk.write({"mmdesk01": ACCOUNT})
    assert desk.apply().code == 0
    desk.open("mmdesk01", "positions", instId="BTC-USDT-SWAP", pos="3", mgnMode="cross")
    said = desk.run("snapshot", "--out", "live.json")
    assert said.code == 0, said.err
    return desk


def test_one_account_is_one(desk):
    """What was saved is counted in plain English."""
    said = desk.write({"mmdesk01": {}}).run("snapshot", "--out", "live.json")
    assert (said.code, said.out.startswith("live.json: 1 account, ")) == (0, True), said.out + said.err


def steps(said) -> dict:
    assert said.out, said.err
    return {one["address"]: one for one in said.json["steps"]}


def test_a_plan_from_a_snapshot_is_the_plan_that_live_state_gives(taken, offline):
    """A mode, a leverage and a new account: the same steps and prechecks, without credentials, socket or program."""
    changed = ACCOUNT | {
        "account_mode": "multi_currency",
        "position_mode": "long_short",
        "leverage": [SWAP | {"value": 3}],
    }
    taken.write({"mmdesk01": changed, "mmdesk02": ACCOUNT | {"label": "Other02"}})
    live = steps(taken.plan("--format", "json"))
    offline()
    said = taken.plan(*LIVE, "--format", "json")
    assert steps(said) == live
    assert said.json["unreadable"] == []
    assert [one["status"] for one in live["mmdesk01.position_mode"]["prechecks"]].count("fail") == 1
    assert said.json["snapshot"]["blurred"] is False
    assert said.json["venues"] == taken.run("plan", *LIVE, "--format", "json").json["venues"]


def test_it_never_says_that_live_accounts_match(taken, offline):
    """Nothing to do is said of the time of the snapshot, whose age stands above the plan."""
    document = json.loads((taken.folder / "live.json").read_text())
    then = (datetime.now(UTC) - timedelta(hours=3, minutes=1)).isoformat(timespec="seconds").replace("+00:00", "Z")
    for one in document["venues"]["desk"]["answers"]:
        one["read_at"] = then
    del document["checksum"]
    document["checksum"] = digest_of(document)
    (taken.folder / "live.json").write_text(json.dumps(document))
    offline()
    said = taken.plan(*LIVE)
    assert said.out.startswith(f"From a snapshot: live state of {then[:16]}Z, 3 h old.")
    assert said.last == f"Nothing to change in the live state of {then[:16]}Z, 3 h old."
    assert "match" not in said.out
    assert taken.plan(*LIVE, "--format", "json").json["snapshot"]["as_of"] == then


def test_a_contract_that_earlier_runs_saw_is_delisted_there_too(desk, offline):
    """As in a plan of live state: a warning and no step, exit status 0, and no other contract is suggested."""
    old = {"instType": "SWAP", "instId": "REN-USDT-SWAP", "instFamily": "REN-USDT", "settleCcy": "USDT", "lever": "20"}
    desk.sandbox.control_post("instruments", old)
    entry = {"market": "swap", "instrument": "REN-USDT-SWAP", "margin": "cross", "value": 3}
    desk.write({"mmdesk01": ACCOUNT | {"leverage": [SWAP, entry]}})
    assert desk.apply().code == 0
    desk.sandbox.control_delete("instruments/REN-USDT-SWAP")
    assert desk.run("snapshot", "--out", "live.json").code == 0
    live = desk.plan("--format", "json")
    offline()
    said = desk.plan(*LIVE, "--format", "json")
    assert (said.code, said.json["unreadable"], said.json["steps"]) == (0, [], [])
    assert said.json["warnings"] == live.json["warnings"] != []


def test_what_the_snapshot_lacks_is_unreadable(taken, offline):
    """A connection, credentials or a currency that nobody asked of then: said so, never taken for missing."""
    deposit = {"addresses": [{"currency": "BTC"}]}
    taken.write({"mmdesk01": ACCOUNT | {"deposit": deposit}})
    offline()
    said = taken.plan(*LIVE, "--format", "json")
    assert said.code == 1
    assert {one["code"] for one in said.json["unreadable"]} == {"not_in_snapshot"}
    assert said.json["steps"] == []
    taken.write({"mmdesk01": ACCOUNT}, venue={"credentials": {"env": "OTHER"}})
    assert "is not in the snapshot" in taken.plan(*LIVE).err
    taken.write({"mmdesk01": ACCOUNT}, venue={"environment": "live"})
    assert "environment" in taken.plan(*LIVE).err


def test_apply_refuses_the_plan_and_its_digest(taken):
    """By the file and by --expect, before the first write, saying that it was made from a snapshot."""
    taken.write({"mmdesk01": ACCOUNT | {"leverage": [SWAP | {"value": 6}]}})
    before = len(taken.writes())
    plan = taken.plan(*LIVE, "--out", "plan.json", "--format", "json").json
    by_file, by_digest = taken.apply("plan.json"), taken.apply("--expect", plan["digest"])
    assert (by_file.code, by_digest.code) == (1, 1)
    assert "was made from a snapshot" in by_file.err
    assert "is the digest of a plan from a snapshot" in by_digest.err
    assert len(taken.writes()) == before


@pytest.mark.parametrize(
    "spoil", [lambda text: text[: len(text) // 2], lambda text: text.replace('"net', '"nit'), lambda _: "{}"]
)
def test_a_cut_or_edited_file_is_refused(taken, spoil):
    """One message, exit status 1."""
    file = taken.folder / "live.json"
    file.write_text(spoil(file.read_text()))
    said = taken.plan(*LIVE)
    assert (said.code, said.out) == (1, "")
    assert "live.json" in said.err


def test_no_secret_is_in_it_and_only_its_owner_reads_it(taken):
    """Neither the broker's credentials nor the account's, in a file of mode 0600 that its schema takes."""
    text = (taken.folder / "live.json").read_text()
    secrets = {**taken.credentials(), **taken.secret("mmdesk01", "trading")}
    del secrets["OKX_DESK_API_KEY"], secrets["api_key"]  # ids, which sign nothing
    assert not [one for one in secrets.values() if one in text]
    assert (taken.folder / "live.json").stat().st_mode & 0o777 == 0o600


def test_blur_hides_whose_accounts_these_are_and_how_much_is_in_them(taken, offline):
    """Ids are others, alike in all of the file; amounts are powers of ten; the plan has the same steps."""
    uid, id_ = taken.account("mmdesk01")["uid"], taken.secret("mmdesk01", "trading")["api_key"]
    assert taken.run("snapshot", "--out", "live.json", "--blur").code == 0
    text = (taken.folder / "live.json").read_text()
    assert not [one for one in (uid, id_, "test-api-key", "700000000000000001") if one in text]
    taken.write({"mmdesk01": ACCOUNT | {"position_mode": "long_short"}})
    offline()
    said = taken.plan(*LIVE, "--format", "json")
    assert said.code == 0, said.out
    assert list(steps(said)) == ["mmdesk01.position_mode", "mmdesk01.leverage[swap/BTC-USDT/cross]"]
    assert steps(said)["mmdesk01.position_mode"]["prechecks"][0]["detail"] == "BTC-USDT-SWAP 10 (cross)"
    assert said.json["snapshot"]["blurred"] is True


def test_blur_hides_the_accounts_of_strangers_too(tmp_path, monkeypatch):
    """Whoever stands on the broker's list is hidden, named in the manifest or not, by the ids that the venue has."""
    strangers = {f"customer{n}": {"uid": f"72222222222222222{n}"} for n in range(3)}
    with Desk.at(tmp_path, monkeypatch, seed(strangers)) as desk:
        desk.write({"mmdesk01": ACCOUNT | {"deposit": {"addresses": [{"currency": "USDT", "chain": "USDT-TRC20"}]}}})
        assert desk.apply().code == 0
        assert desk.run("snapshot", "--out", "live.json", "--blur").code == 0
        account = desk.account("mmdesk01")
        text = (desk.folder / "live.json").read_text()
    ids = [account["uid"], *(one["uid"] for one in strangers.values()), *(one["addr"] for one in account["addresses"])]
    assert not [one for one in ids if one in text]
    assert all(name in text for name in strangers)


def test_a_hostile_manifest_starts_nothing_and_reads_nothing(taken, offline, tmp_path_factory):
    """Commands are refused as ever; a journal on a server, a file of credentials and a proxy are never looked at."""
    outside = tmp_path_factory.mktemp("outside") / "key"
    outside.write_text('{"api_key": "stolen"}')
    taken.write(
        {"mmdesk01": ACCOUNT | {"access": {"credentials": {"file": str(outside)}}}},
        journal={"url": "postgresql://attacker.example/steal"},
        venue={"proxy": "http://attacker.example:3128"},
    )
    offline()
    said = taken.plan(*LIVE)
    assert "stolen" not in said.out + said.err
    assert "BLOCKED" not in said.out
    taken.write({"mmdesk01": ACCOUNT}, venue={"credentials": {"exec": ["sh", "-c", "touch pwned"]}})
    said = taken.plan(*LIVE)
    assert said.code == 1
    assert "ACCTCFG_TRUST" in said.err
    assert not (taken.folder / "pwned").exists()


def test_another_file_is_not_overwritten(desk):
    """A snapshot goes over a snapshot alone; that is said before the first request."""
    desk.write({"mmdesk01": ACCOUNT})
    said = desk.run("snapshot", "--out", "acctcfg.yaml")
    assert said.code == 64
    assert "is not a snapshot" in said.err


@pytest.mark.parametrize(
    "command", [("snapshot", "--out", "other.json"), ("watch", "--times", "1", "--listen", "off"), ("output",)]
)
def test_no_line_of_a_venues_text_is_printed_as_one_of_ours(desk, command):
    """A line feed in what the venue says, here of a refusal, is shown as one: no line of it begins on its own."""
    desk.write({"mmdesk01": ACCOUNT})
    assert desk.apply().code == 0
    forged = json.dumps({"code": "59999", "msg": "moon\n::error file=x::forged", "data": []})
    desk.fault(match={"path": "*/broker/dma/subaccount-info"}, kind="garbage", body=forged, times=0)
    desk.fault(match={"path": "*/account/config"}, kind="garbage", body=forged, times=0)
    said = desk.run(*command)
    shown = (said.out + said.err).splitlines()
    assert said.code == 1
    assert [line for line in shown if line.startswith("::")] == []
    assert [line for line in shown if "moon\\n::error" in line]


@pytest.mark.slow
@pytest.mark.parametrize("path", ["account/positions", "trade/orders-pending", "account/leverage-info"])
def test_what_was_not_answered_is_told_once_by_name(desk, path):
    """Open positions, orders and leverage that the plan itself does not need: one line each, and exit status 1."""
    desk.write({"mmdesk01": {"account_mode": "futures", "api_keys": {"trading": KEY}}})
    assert desk.apply().code == 0
    assert desk.run("snapshot", "--out", "live.json").code == 0
    desk.fault(match={"path": f"*/{path}", "account": "mmdesk01"}, kind="garbage", times=0)
    said = desk.run("snapshot", "--out", "live.json")
    assert said.code == 1
    [line] = [one for one in said.err.splitlines() if one.startswith("?")]
    assert line.startswith(f"? mmdesk01: GET /api/v5/{path}: ")
    assert f"/{path}" not in (desk.folder / "live.json").read_text()


def test_what_the_plan_tells_is_not_told_again(desk):
    """An account that cannot be read is one line of the plan's; a list that is nobody's stands by its connection."""
    desk.write({"mmdesk01": ACCOUNT})
    assert desk.apply().code == 0
    desk.fault(match={"path": "*/account/config", "account": "mmdesk01"}, kind="garbage", times=0)
    desk.fault(match={"path": "*/public/instruments"}, kind="garbage", times=0)
    said = desk.run("snapshot", "--out", "live.json")
    told = [one.partition(": the answer")[0] for one in said.err.splitlines() if one.startswith("?")]
    wanted = ["? mmdesk01: GET /api/v5/account/config", "? desk: GET /api/v5/public/instruments"]
    assert (said.code, told) == (1, wanted)


def test_a_refusal_is_an_answer(taken, offline):
    """What the venue refuses to an account is on record, so nothing is missing; a plan from it says what it was."""
    refused = json.dumps({"code": "51000", "msg": "", "data": []})
    taken.fault(match={"path": "*/account/positions", "account": "mmdesk01"}, kind="garbage", body=refused, times=0)
    said = taken.run("snapshot", "--out", "live.json")
    assert (said.code, said.err) == (0, "")
    taken.write({"mmdesk01": ACCOUNT | {"position_mode": "long_short"}})
    live = steps(taken.plan("--format", "json"))
    offline()
    assert steps(taken.plan(*LIVE, "--format", "json")) == live
    assert live["mmdesk01.position_mode"]["prechecks"][0]["status"] == "unknown"


def test_a_list_that_fails_midway_is_told_in_words_alone(tmp_path, monkeypatch, caplog):
    """The made-up accounts that ask what a new one would need share a name: no answer of theirs is left unheard."""
    tenant = {"env_prefix": "OKX_DESK", "broker": False, "keys": [MASTER]}
    with Desk.at(tmp_path, monkeypatch, {"tenants": {"desk": tenant}}) as desk:
        desk.write({"me": {"role": "main", "account_mode": "spot"}}, venue={"type": "okx"})
        desk.fault(match={"path": "*/subaccount/list"}, kind="code", code="50030", after=1)
        said = desk.run("snapshot", "--out", "live.json")
    gc.collect()
    assert "Traceback" not in said.err
    assert "never retrieved" not in said.err + caplog.text
