"""`plan --rehearse`: what it says, what it leaves alone, and what it admits not to know."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from desk import MASTER

from acctcfg.rehearsal.okx import seed_of
from acctcfg.rehearsal.reads import Known, Read
from acctcfg.rehearsal.rehearse import pruned

SWAP = {"market": "swap", "family": "BTC-USDT", "margin": "cross", "value": 7}
KEY = {"permissions": ["read", "trade"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}
ACCOUNT = {"account_mode": "futures", "position_mode": "net", "api_keys": {"trading": KEY}, "leverage": [SWAP]}
CHANGED = ACCOUNT | {"position_mode": "long_short", "leverage": [SWAP | {"value": 3}]}


@pytest.fixture
def held(desk):
    """One account that can be changed, one with a position, and one that is new."""
    desk.write({name: ACCOUNT | {"label": name} for name in ("mmdesk01", "mmdesk02")})
    assert desk.apply().code == 0
    desk.open("mmdesk02", "positions", instId="BTC-USDT-SWAP", pos="3", mgnMode="cross")
    accounts = {name: CHANGED | {"label": name} for name in ("mmdesk01", "mmdesk02")}
    desk.write(accounts | {"mmdesk03": ACCOUNT | {"label": "mmdesk03"}})
    return desk


def files(folder: Path) -> dict[str, bytes]:
    """What lies in a workspace."""
    return {
        str(one): one.read_bytes()
        for one in folder.rglob("*")
        if one.is_file() and not one.name.endswith(("-shm", "-wal"))
    }


def test_the_end_state_the_blocked_and_the_time(held):
    """A new account, a changed one and a blocked one; no write at the venue, and nothing in the workspace."""
    writes, before = len(held.writes()), files(held.folder)
    said = held.plan("--rehearse", "--out", "../plan.json")
    assert said.code == 0, said.err
    lines = said.out.splitlines()
    assert "  mmdesk01.leverage[swap/BTC-USDT/cross]  3" in lines
    assert "  mmdesk02.position_mode                  net" in lines
    assert "  mmdesk03.position_mode                  net" in lines
    assert (
        "Rehearsed on a sandbox copy, without what is blocked: 2 created, 4 changed, 0 deleted, 1 blocked" in said.out
    )
    assert len(held.writes()) == writes
    now = files(held.folder)
    assert sorted(name for name in {**before, **now} if before.get(name) != now.get(name)) == []
    again = json.loads((held.folder.parent / "plan.json").read_text())
    found = again["rehearsal"]
    assert found["blocked"] == ["mmdesk02.position_mode"]
    assert found["not_copied"] == found["failed"] == []
    assert found["end_state"]["mmdesk03.leverage[swap/BTC-USDT/cross]"] == 7
    assert "mmdesk02.leverage[swap/BTC-USDT/cross]" not in found["end_state"], "known after position_mode alone"
    assert found["seconds"] > 0
    assert again["digest"] == held.plan("--format", "json").json["digest"]
    applied = held.run("apply", str(held.folder.parent / "plan.json"), "--auto-approve", "--skip-blocked")
    assert applied.code == 3, applied.out + applied.err


def test_no_secret_and_no_environment_goes_to_the_sandbox(held, monkeypatch, tmp_path):
    """Its process gets none of our variables, what it is told has none of our secrets, and its folder goes."""
    started = []
    real = subprocess.Popen.__init__

    def popen(self, *arguments, **more):
        started.append(more.get("env"))
        real(self, *arguments, **more)

    monkeypatch.setattr(subprocess.Popen, "__init__", popen)
    monkeypatch.setenv("SOMETHING_SECRET", "hush")
    (temporary := tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))  # of this test alone: others rehearse at the same time
    made = []
    real_mkdir = os.mkdir
    monkeypatch.setattr(os, "mkdir", lambda path, *more: (made.append(Path(path)), real_mkdir(path, *more))[1])
    assert held.plan("--rehearse").code == 0
    assert temporary in {one.parent for one in made}, "it had a folder there"
    assert [*temporary.iterdir()] == [], "nothing of it stays behind"
    (environ,) = started
    assert set(environ) <= {"PATH", "HOME", "LANG", "TMPDIR", "TEMP", "SYSTEMROOT"}
    assert MASTER["secret_key"] not in str(environ)


def test_a_fault_of_the_sandbox_is_no_end_state(held, monkeypatch):
    """A sandbox that does not start is one message, and exit 1."""
    monkeypatch.setattr("acctcfg.rehearsal.rehearse.CHILD", "acctcfg.nosuch")
    said = held.plan("--rehearse")
    assert (said.code, said.err.splitlines()[0]) == (1, "error: the sandbox of the rehearsal did not start")


@pytest.mark.slow
def test_an_account_that_nobody_can_read_yet_is_named(desk):
    """Its only key is made by the plan: what is open in it is not known, and the rehearsal says so."""
    desk.sandbox.control_post("accounts/mmdesk09", acctLv="2")
    desk.open("mmdesk09", "positions", instId="BTC-USDT-SWAP")
    desk.write({"mmdesk09": CHANGED})
    lines = desk.plan("--rehearse").out.splitlines()
    title = "The sandbox differs from the live accounts here, so the rehearsal proves nothing for it:"
    assert lines[lines.index(title) + 1].startswith("  mmdesk09  nothing could be read as this account yet")


@pytest.mark.slow
def test_with_a_narrowed_plan_only_that_is_rehearsed(held):
    """`--target` and `--exclude` hold there, too."""
    found = held.plan("--rehearse", "--target", "mmdesk0*", "--exclude", "mmdesk02", "--format", "json").json
    accounts = {address.partition(".")[0] for address in found["rehearsal"]["end_state"]}
    assert accounts == {"mmdesk01", "mmdesk03"}


@pytest.mark.slow
def test_a_snapshot_is_not_rehearsed(held):
    """One message, exit 64."""
    assert held.run("snapshot", "--out", "live.json").code == 0
    said = held.plan("--rehearse", "--live", "live.json")
    assert (said.code, "--rehearse reads live state itself" in said.err) == (64, True)


def test_what_the_sandbox_does_not_take_is_left_out_and_named():
    """An order of an unknown type, a side that it has not: the row goes, its neighbours stay."""
    config = Read("master-key-1", "/api/v5/account/config", {}, [{"uid": "1", "label": "m", "perm": "trade", "ip": ""}])
    orders = [
        {"instType": "SWAP", "instId": "BTC-USDT-SWAP", "ordId": "1", "ordType": "limit", "side": "buy", "sz": "1"},
        {"instType": "SWAP", "instId": "BTC-USDT-SWAP", "ordId": "2", "ordType": "newest", "side": "buy", "sz": "1"},
    ]
    reads = (config, Read("master-key-1", "/api/v5/trade/orders-pending", {}, orders))
    seeded = seed_of(Known(uid="1", key="master-key-1", egress=(), reads=reads), {})
    seed = {"tenants": {"t0": seeded.tenant}, "okx": seeded.venue}
    ((place, why),) = pruned(seed)
    assert place.startswith("tenants.t0.orders[1]")
    assert "newest" in why
    assert [one["ordId"] for one in seed["tenants"]["t0"]["orders"]] == ["1"]
