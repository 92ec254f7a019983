"""`acctcfg drift` at OKX: every finding, what is not looked at, and what it never does."""

from __future__ import annotations

import asyncio
import errno
import io
import json
import os
import time
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from desk import MASTER, Desk, Said, seed
from ladder_parts import KEY, TRADING, own_secret, settle
from patience import PATIENCE_S

from acctcfg.cli import run
from acctcfg.core.drift import FINDINGS, Drift
from acctcfg.engine.drift import find_drift
from acctcfg.engine.workspace import Workspace

NO_DRIFT = "No drift. Live accounts match the manifest."
SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "drift.schema.json").read_text(encoding="utf-8"))
PATTERN = {"market": "swap", "family": "*-USDT", "margin": "cross", "value": 4}
MODES = {"api_keys": KEY, "account_mode": "multi_currency", "position_mode": "net"}
DAY_S = 86_400


def drift(desk: Desk, *arguments: str, code: int) -> dict[str, Any]:
    """The document of one look, held to its schema; the exit status is as claimed, and nothing was written."""
    before = len(desk.writes())
    said = desk.run("drift", "--format", "json", *arguments)
    assert said.code == code, said.out + said.err
    assert len(desk.writes()) == before
    jsonschema.validate(said.json, SCHEMA)
    return dict(said.json)


def found(document: dict[str, Any]) -> set[tuple[str, str]]:
    """Code and address of each finding."""
    return {(one["code"], one["address"]) for one in document["findings"]}


def look(desk: Desk, *, days: float, **more: Any) -> Drift:
    """Drift as it will be in so many days."""
    workspace = Workspace.load(desk.folder, os.environ)
    return asyncio.run(find_drift(workspace, now=time.time() + days * DAY_S, **more))


@pytest.fixture
def settled(desk: Desk) -> Desk:
    """Two accounts as the manifest says, by an apply."""
    for name in ("mmdesk01", "mmdesk02"):
        settle(desk, name, acctLv="2", posMode="long_short_mode")
    desk.write({"mmdesk01": MODES, "mmdesk02": MODES})
    assert desk.apply().code == 0
    return desk


def test_after_an_apply_there_is_none(settled: Desk) -> None:
    """Exit 0, and the last line says that all of it was looked at."""
    said: Said = settled.run("drift")
    assert (said.code, said.last) == (0, NO_DRIFT), said.out
    document = drift(settled, code=0)
    assert (document["drift"], document["matches"]) == (False, True)


def test_a_value_that_somebody_changed(settled: Desk) -> None:
    """As a step of a plan says it, without prechecks: nobody asks what stands in the way of what is not done."""
    settled.sandbox.control_post("accounts/mmdesk02/set", posMode="long_short_mode")
    settled.open("mmdesk02", "orders", instId="BTC-USDT-SWAP")
    (change,) = drift(settled, code=2)["changes"]
    assert (change["address"], change["before"], change["after"]) == ("mmdesk02.position_mode", "long_short", "net")
    said = settled.run("drift")
    assert "    ~ position_mode  long_short -> net\n" in said.out
    assert "BLOCKED" not in said.out
    assert said.last == "Drift: 1 changed, 0 other findings, in 1 account."


@pytest.mark.parametrize("mode", [{"posMode": "long_short_mode"}, {"acctLv": "2"}])
def test_what_matches_is_no_drift_behind_a_mode_that_somebody_changed(settled: Desk, mode: dict[str, str]) -> None:
    """Nobody makes the change of mode, which may reset it: it is as wanted now. What differs says what it is now."""
    wanted = {**MODES, "settings": {"greeks": "PA", "fee_type": "quote"}, "leverage": [{**PATTERN, "value": 5}]}
    settled.write({"mmdesk01": MODES, "mmdesk02": wanted})
    assert settled.apply().code == 0
    settled.sandbox.control_post("accounts/mmdesk02/set", **mode, feeType="0")
    changes = {one["address"]: one for one in drift(settled, code=2)["changes"]}
    moded = "mmdesk02.position_mode" if "posMode" in mode else "mmdesk02.account_mode"
    assert set(changes) == {moded, "mmdesk02.settings.fee_type"}
    fee = changes["mmdesk02.settings.fee_type"]
    assert (fee["before"], fee["before_known"], fee["after"]) == ("received", True, "quote")
    said = settled.run("drift")
    assert ("may be reset" in said.out, said.last) == (False, "Drift: 2 changed, 0 other findings, in 1 account.")


def test_a_key_that_nobody_named(settled: Desk) -> None:
    """With label, permissions, addresses and age, and never its id; `--skip keys` reads no list of keys."""
    keys = settled.account("mmdesk01")["keys"]
    extra = {"label": "left_over", "api_key": "key-left", "secret_key": "s", "passphrase": "Test-passphrase-3"}
    old = {"label": "trading", "api_key": "key-mmdesk01-trading", "secret_key": "secret-mmdesk01"}
    settled.sandbox.control_post(
        "accounts/mmdesk01/set",
        keys=[
            {**old, "passphrase": "Test-passphrase-2", "perm": "read_only,trade", "ip": "127.0.0.1"},
            {**extra, "perm": "read_only,trade", "ip": "198.51.100.7"},
        ],
    )
    assert [key["label"] for key in keys] == ["trading"]
    document = drift(settled, code=2)
    (finding,) = document["findings"]
    assert (finding["code"], finding["address"]) == ("unknown_key", "mmdesk01.api_keys[left_over]")
    assert finding["details"]["permissions"] == ["read", "trade"]
    assert finding["details"]["ip_allowlist"] == ["198.51.100.7"]
    assert finding["details"]["changed_at"].startswith("20")
    assert "key-left" not in json.dumps(document)
    skipped = settled.run("drift", "--skip", "keys")
    assert skipped.code == 0
    assert NO_DRIFT not in skipped.out
    assert skipped.last == "Keys that the manifest does not name were not looked for."


def test_accounts_that_the_manifest_does_not_name(settled: Desk) -> None:
    """One that acctcfg never managed, and one that it did, with its live keys; targets leave them alone."""
    settle(settled, "stranger1")
    settled.write({"mmdesk01": MODES})
    document = drift(settled, code=2)
    assert found(document) == {("unmanaged_account", "stranger1"), ("no_longer_managed", "mmdesk02")}
    ours, other = sorted(document["findings"], key=lambda one: one["address"])
    assert [key["label"] for key in ours["details"]["keys"]] == ["trading"]
    assert other["details"]["uid"] == settled.account("stranger1")["uid"]
    assert other["details"]["created_at"].startswith("20")
    narrowed = drift(settled, "--target", "mmdesk01", code=0)
    assert (narrowed["matches"], narrowed["targets"]) == (False, ["mmdesk01"])
    assert found(drift(settled, "--exclude", "stranger*", code=2)) == {("no_longer_managed", "mmdesk02")}


def test_keys_that_are_due_for_rotation(settled: Desk) -> None:
    """From the age of `rotate_after` on, by the journal or the venue's list; the times are there before that."""
    key = {"trading": {**TRADING, "rotate_after": "90d"}}
    settled.write({"mmdesk01": {**MODES, "api_keys": key}, "mmdesk02": MODES})
    early = look(settled, days=89)
    assert not early.findings
    (times,) = early.keys
    assert times.rotate_at is not None
    assert abs(times.rotate_at - time.time() - 90 * DAY_S) < PATIENCE_S
    (finding,) = look(settled, days=91).findings
    assert (finding.code, finding.address) == ("rotation_due", "mmdesk01.api_keys[trading]")
    assert "acctcfg rotate mmdesk01 trading" in finding.message
    assert not look(settled, days=91, skip=["keys"]).findings


def test_nearly_as_many_keys_as_the_venue_takes(desk: Desk) -> None:
    """Nine of ten of the fifty."""
    settle(desk, "mmdesk01", labels=("trading", *(f"k{number:02}" for number in range(44))), stored=False)
    desk.write({"mmdesk01": {}})
    findings = drift(desk, code=2)["findings"]
    assert [one["details"] for one in findings if one["code"] == "key_limit"] == [{"keys": 45, "most": 50}]


@pytest.fixture
def live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A desk whose money is real, at a place that its user trusts."""
    world = seed()
    world["tenants"]["desk"]["keys"] = [{**MASTER, "env": "live"}]
    with Desk.at(tmp_path, monkeypatch, world) as made:
        monkeypatch.setenv("ACCTCFG_TRUST", made.sandbox.base_url)
        made.write({"mmdesk01": {}}, venue={"environment": "live"})
        yield made


def test_keys_that_the_venue_deletes(live: Desk) -> None:
    """Bound to no address and able to trade: from three days before the fourteen idle days are over."""
    rows = [
        {"label": "loose", "perm": "read_only,trade", "ip": ""},
        {"label": "bound", "perm": "read_only,trade", "ip": "127.0.0.1"},
        {"label": "reads", "perm": "read_only", "ip": ""},
    ]
    for row in rows:
        row |= {"api_key": f"key-{row['label']}", "secret_key": "s", "passphrase": "Test-passphrase-3", "env": "live"}
    live.sandbox.control_post("accounts/mmdesk01", keys=rows)
    assert not [one for one in look(live, days=10).findings if one.code == "key_lapses"]
    (finding,) = [one for one in look(live, days=12).findings if one.code == "key_lapses"]
    assert finding.address == "mmdesk01.api_keys[loose]"
    (later,) = [one for one in look(live, days=20).findings if one.code == "key_lapses"]
    assert "not known when it was last used" in later.message


def test_what_the_venue_has_frozen(settled: Desk) -> None:
    """An account of which functions are frozen is drift, whatever its values are."""
    settled.sandbox.control_post("accounts/mmdesk02/set", frozenFunc=["trading"])
    assert found(drift(settled, code=2)) == {("account_frozen", "mmdesk02")}


def test_new_listings_under_a_pattern(settled: Desk) -> None:
    """An instrument that came since the last apply is marked; one whose value somebody changed is not."""
    settled.write({"mmdesk01": {**MODES, "leverage": [PATTERN]}, "mmdesk02": MODES})
    assert settled.apply().code == 0
    new = {"instType": "SWAP", "instId": "NEWC-USDT-SWAP", "instFamily": "NEWC-USDT", "lever": "50", "state": "live"}
    settled.sandbox.control_post("instruments", new)
    settled.sandbox.control_post("accounts/mmdesk01/set", leverage={"SWAP/cross/BTC-USDT-SWAP": "7"})
    document = drift(settled, code=2)
    assert {one["address"] for one in document["changes"]} == {
        "mmdesk01.leverage[swap/BTC-USDT/cross]",
        "mmdesk01.leverage[swap/NEWC-USDT/cross]",
    }
    (finding,) = document["findings"]
    assert (finding["code"], finding["address"]) == ("new_listing", "mmdesk01.leverage[swap/NEWC-USDT/cross]")
    assert finding["details"] == {"instruments": ["NEWC-USDT-SWAP"]}
    assert settled.apply().code == 0
    drift(settled, code=0)


def test_what_was_to_hold_until_a_day(settled: Desk) -> None:
    """A key whose day is over is drift while it is there, and an exception until its line goes; afterwards the line of
    the key alone is none."""
    exception = {"rule": "key_without_address", "accounts": ["mmdesk02"], "until": "2020-01-31", "reason": "a test"}
    key = {"trading": TRADING, "extra": {**TRADING, "until": "2020-01-31"}}
    sections: dict[str, Any] = {"guardrails": {"rule_sets": ["basic"], "exceptions": [exception], "max_deletes": 1}}
    settled.write({"mmdesk01": {**MODES, "api_keys": key}, "mmdesk02": MODES}, **sections)
    assert found(drift(settled, code=2)) == {("until_over", "guardrails.exceptions[0]")}
    del sections["guardrails"]["exceptions"]
    rows = [
        {"label": label, **own_secret("mmdesk01", label), "perm": "read_only,trade", "ip": "127.0.0.1"}
        for label in ("trading", "extra")
    ]
    settled.sandbox.control_post("accounts/mmdesk01/set", keys=rows)
    settled.write({"mmdesk01": {**MODES, "api_keys": key}, "mmdesk02": MODES}, **sections)
    document = drift(settled, code=2)
    assert found(document) == {("until_over", "mmdesk01.api_keys[extra]")}
    assert [one["action"] for one in document["changes"]] == ["delete"]


def test_leverage_that_nothing_takes_back_stays_drift(settled: Desk) -> None:
    """Past its day and with no other entry for the account it stays as it is: drift says so, apply or not, until the
    line goes. Where another entry decides, it is drift until that is applied."""
    entry = {"market": "swap", "family": "BTC-USDT", "margin": "cross", "value": 9}
    settled.write({"mmdesk01": {**MODES, "leverage": [entry]}, "mmdesk02": MODES}).converge()
    over = {**entry, "until": "2020-01-31"}
    settled.write({"mmdesk01": {**MODES, "leverage": [over]}, "mmdesk02": MODES})
    for _ in range(2):
        assert found(drift(settled, code=2)) == {("until_over", "mmdesk01.leverage[0]")}
        assert NO_DRIFT not in settled.run("drift").out
        assert settled.apply().code == 0
        assert settled.account("mmdesk01")["leverage"]["SWAP/cross/BTC-USDT-SWAP"] == "9"
    settled.write({"mmdesk01": {**MODES, "leverage": [over, PATTERN]}, "mmdesk02": MODES})
    assert ("until_over", "mmdesk01.leverage[0]") in found(drift(settled, code=2))
    assert settled.apply().code == 0
    drift(settled, code=0)
    settled.write({"mmdesk01": MODES, "mmdesk02": MODES})
    drift(settled, code=0)


def test_what_cannot_be_read_is_no_answer(settled: Desk) -> None:
    """Exit 1 and never a match: a list of keys that fails is not an empty one."""
    settled.fault(
        kind="status", status=500, times=100, match={"method": "GET", "path": "/api/v5/broker/dma/subaccount/apikey"}
    )
    said = settled.run("drift")
    assert said.code == 1, said.out + said.err
    assert "mmdesk01.api_keys" in said.out
    assert NO_DRIFT not in said.out
    assert settled.run("drift", "--skip", "keys").code == 0  # it reads no such list


def test_only_what_is_targeted_is_read(settled: Desk) -> None:
    """Neither the other account nor the whole list of accounts: both could not be read, and nobody notices."""
    settled.write({"mmdesk01": MODES, "mmdesk02": {**MODES, "access": {"credentials": {"env": "NOBODYS"}}}})
    assert settled.run("drift").code == 1
    document = drift(settled, "--target", "mmdesk01.position_mode", code=0)
    assert (document["matches"], document["unreadable"]) == (False, [])
    assert drift(settled, "--exclude", "mmdesk02", code=0)["excludes"] == ["mmdesk02"]


def test_the_order_of_the_manifest_is_nothing_to_it(settled: Desk) -> None:
    """The same findings, whatever comes first."""
    settle(settled, "stranger1")
    settled.sandbox.control_post("accounts/mmdesk01/set", posMode="long_short_mode", frozenFunc=["trading"])
    first = drift(settled, code=2)
    settled.write({"mmdesk02": dict(reversed(MODES.items())), "mmdesk01": MODES})
    again = drift(settled, code=2)
    for one in (first, again):
        del one["created_at"]
        for change in one["changes"]:
            del change["place"]
    assert first == again


def test_a_target_that_is_nobodys_is_a_slip(settled: Desk) -> None:
    """Wrong usage, before the first request."""
    assert settled.run("drift", "--target", "nobody").code == 64
    assert settled.run("drift", "--skip", "orders").code == 64


def test_a_broken_lock_is_no_run_that_writes(settled: Desk) -> None:
    """The time of the last run is of `apply`, `cap` or `rotate`: `lock break` puts off no alert on its age."""
    name = "acctcfg_last_write_run_timestamp_seconds"
    stamps = []
    for _ in range(2):
        settled.run("drift", "--metrics", "drift.prom")
        text = (settled.folder / "drift.prom").read_text(encoding="utf-8")
        stamps.append(next(line for line in text.splitlines() if line.startswith(name)))
        with Workspace.load(settled.folder, os.environ).journal(create=True) as journal:
            journal.end_run(journal.begin_run(command="lock break", actor="somebody"), "done")
    assert stamps[0] == stamps[1]


def test_the_numbers_for_prometheus(settled: Desk) -> None:
    """Written beside any format, whole, for everybody to read, and the same as what was found."""
    settle(settled, "stranger1")
    settled.sandbox.control_post("accounts/mmdesk02/set", posMode="long_short_mode")
    said = settled.run("drift", "--format", "markdown", "--metrics", "drift.prom")
    assert said.code == 2
    file = settled.folder / "drift.prom"
    assert file.stat().st_mode & 0o777 == 0o644
    text = file.read_text(encoding="utf-8")
    for line in (
        'acctcfg_accounts{venue="desk"} 2',
        'acctcfg_drifted_accounts{venue="desk"} 2',
        'acctcfg_changed_values{venue="desk"} 1',
        'acctcfg_drift_findings{venue="desk",code="unmanaged_account"} 1',
        'acctcfg_drift_findings{venue="desk",code="unknown_key"} 0',
        'acctcfg_unreadable_accounts{venue="desk"} 0',
        'acctcfg_keys_due_for_rotation{venue="desk",within_days="30"} 0',
    ):
        assert line in text.splitlines(), text
    assert text.count('code="') == len(FINDINGS)
    stamps = {line.split()[0]: float(line.split()[-1]) for line in text.splitlines() if line[0] != "#"}
    assert abs(stamps["acctcfg_drift_last_run_timestamp_seconds"] - time.time()) < PATIENCE_S
    assert abs(stamps["acctcfg_last_write_run_timestamp_seconds"] - time.time()) < PATIENCE_S
    assert settled.run("drift", "--metrics", "no/such/folder.prom").code == 1


@pytest.mark.parametrize(
    ("narrowed", "gone"),
    [
        ((), set()),
        (("--skip", "keys"), {"unknown_key", "rotation_due", "key_lapses", "key_limit"}),
        (("--target", "mmdesk01"), {"unmanaged_account", "no_longer_managed"}),
        (("--exclude", "mmdesk02"), set()),
    ],
)
def test_numbers_of_what_was_not_looked_for_are_left_out(
    settled: Desk, narrowed: tuple[str, ...], gone: set[str]
) -> None:
    """0 would say that there is none: a part has no such value, and is marked as a part."""
    assert settled.run("drift", *narrowed, "--metrics", "drift.prom").code == 0
    lines = (settled.folder / "drift.prom").read_text(encoding="utf-8").splitlines()
    said = {code for code in FINDINGS if f'acctcfg_drift_findings{{venue="desk",code="{code}"}} 0' in lines}
    assert said == FINDINGS.keys() - gone
    for name in ("acctcfg_keys_due_for_rotation", "acctcfg_keys_lapsing"):
        assert any(line.startswith(f"{name}{{") for line in lines) is ("keys" not in narrowed)
    assert f"acctcfg_drift_whole {int(not narrowed)}" in lines


class Full(io.StringIO):
    """A disk without room."""

    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("command", [["drift"], ["plan", "--detailed-exitcode"]], ids=" ".join)
def test_a_result_that_cannot_be_written_is_a_failure_whatever_it_says(settled: Desk, command: list[str]) -> None:
    """Of 1 and 2 it is 1: who acts on 2 would read half a result. What an apply did decides as ever."""
    settled.sandbox.control_post("accounts/mmdesk02/set", posMode="long_short_mode")
    err = io.StringIO()
    for arguments, code in ((command, 1), (["apply", "--auto-approve"], 0)):
        with redirect_stdout(Full()), redirect_stderr(err):
            assert run(["-C", str(settled.folder), *arguments]) == code
    assert err.getvalue().count("error: cannot write the result: No space left on device") == 2
    assert settled.account("mmdesk02")["posMode"] == "net_mode"


def test_what_fails_after_the_result_adds_no_second_document(settled: Desk) -> None:
    """Metrics that cannot be written are said on stderr, with exit 1; stdout is the one document of the look."""
    said = settled.run("drift", "--format", "json", "--metrics", "no/such/folder.prom")
    assert (said.code, said.json["matches"]) == (1, True)
    assert said.err.startswith("error: cannot write ")


@pytest.mark.parametrize("name", ["acctcfg.yaml", "secrets/desk/mmdesk01/trading.age", "pipe", "out.prom"])
def test_the_numbers_take_the_place_of_nothing_else(
    settled: Desk, name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A manifest, a secret, a pipe, a link that leads out: refused before anything is read, and untouched."""
    os.mkfifo(settled.folder / "pipe")
    (settled.folder / "out.prom").symlink_to(tmp_path_factory.mktemp("elsewhere") / "some.prom")
    file = settled.folder / name
    before = (file.lstat().st_ino, file.lstat().st_mode, file.lstat().st_mtime_ns)
    settled.sandbox.control_post("forget")
    said = settled.run("drift", "--metrics", name)
    assert (said.code, said.out) == (64, "")
    assert f"{file} " in said.err
    assert (file.lstat().st_ino, file.lstat().st_mode, file.lstat().st_mtime_ns) == before
    assert settled.sandbox.control_get("requests")["by_path"] == {}


def test_the_numbers_go_where_a_link_of_the_workspace_leads(settled: Desk) -> None:
    """Over those of an earlier look, or into an empty file; the link stays one."""
    (settled.folder / "real.prom").touch()
    (settled.folder / "link.prom").symlink_to("real.prom")
    for _ in range(2):
        assert settled.run("drift", "--metrics", "link.prom").code == 0
    assert (settled.folder / "link.prom").is_symlink()
    assert (settled.folder / "real.prom").read_text(encoding="utf-8").startswith("# HELP acctcfg_accounts ")
