"""Two applies at once, and what every command says where, with which exit status."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from desk import Desk
from fault_parts import TRADING, VERY_LONG_S, another_apply, command, keep, let_go, onboarding, sub_account
from patience import PATIENCE_S

from acctcfg.engine.workspace import Workspace
from acctcfg.errors import LockHeld

HERE = Path(__file__).parent
USAGE = 64


# -- the lock --------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_second_apply_says_who_holds_the_lock(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who, which process, since when; exit 1, and nothing is written by it. A plan needs no lock."""
    monkeypatch.setenv("ACCTCFG_ACTOR", "alice")
    desk.write({"mmdesk01": {}})
    with another_apply(desk) as running:
        monkeypatch.setenv("ACCTCFG_ACTOR", "bob")
        said = desk.apply()
        assert said.code == 1
        assert f"alice, process {running.pid}" in said.err
        assert f"since {time.strftime('%Y-', time.gmtime())}" in said.err
        assert "--lock-timeout" in said.err
        assert len(desk.writes()) == 1
        assert desk.plan().code == 0
        let_go(desk)
        out, err = running.communicate(timeout=PATIENCE_S)
        assert running.returncode == 0, out.decode() + err.decode()


@pytest.mark.slow
def test_a_manifest_that_spells_one_place_twice_does_not_wait_for_itself(desk: Desk) -> None:
    """Two connections of one user whose base_url differs in its spelling alone have one lock, and both are applied."""
    desk.write({"mmdesk01": {"label": "first01"}, "mmdesk02": {"label": "second02", "venue": "again"}})
    venues = desk.document["venues"]
    venues["again"] = {**venues["desk"], "base_url": desk.sandbox.base_url.replace("127.0.0.1", "LocalHost") + "/"}
    said = desk.text(json.dumps(desk.document)).run("apply", "--auto-approve")
    assert said.code == 0, said.out + said.err
    assert [desk.account(name)["label"] for name in ("mmdesk01", "mmdesk02")] == ["first01", "second02"]


async def test_the_hosts_of_one_region_have_one_lock(desk: Desk, tmp_path: Path) -> None:
    """Two folders that name the venue's two global hosts meet; another region's do not."""
    hosts = [f"https://{one}" for one in ("openapi.okx.com", "www.okx.com", "eea.okx.com")]
    (other := tmp_path / "another").mkdir()
    (other / "acctcfg.yaml").write_text((desk.write({}).folder / "acctcfg.yaml").read_text())
    here, there = (Workspace.load(folder, os.environ) for folder in (desk.folder, other))
    async with here.lock(hosts[0], "1", timeout_s=0.0), there.lock(hosts[2], "1", timeout_s=0.0):
        with pytest.raises(LockHeld):
            await there.lock(hosts[1], "1", timeout_s=0.0).__aenter__()


def test_an_apply_that_waits_for_the_lock_reads_again(desk: Desk) -> None:
    """With --lock-timeout the second one waits, and finds what the first one did: nothing is done twice. -v says so."""
    desk.write({"mmdesk01": {}})
    waits = command(desk, "-v", "apply", "--auto-approve", "--lock-timeout", "10m")
    with another_apply(desk) as running, subprocess.Popen(waits, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as two:
        assert two.stderr is not None
        assert two.stderr.readline() == b"waiting for the lock\n"
        let_go(desk)
        running.communicate(timeout=PATIENCE_S)
        out, err = two.communicate(timeout=PATIENCE_S)
    assert (two.returncode, out.splitlines()[-1]) == (0, b"No changes. Live accounts match the manifest."), err
    assert len(desk.writes("create-subaccount")) == 1


def test_a_dead_holder_is_no_holder(desk: Desk) -> None:
    """The lock of a process that was killed on this host is taken over by an apply that waits for no lock."""
    desk.write({"mmdesk01": {}})
    with another_apply(desk) as running:
        running.send_signal(signal.SIGKILL)
        running.wait(timeout=PATIENCE_S)
    desk.converge()


# -- what goes where -------------------------------------------------------------------------------------------------


def nothing_said(text: str) -> None:
    """Stderr of a command that went well and whose output is piped: no talk, no progress, no colour."""
    assert "\x1b" not in text
    assert "Traceback" not in text


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("validate",), 0),
        (("plan",), 0),
        (("plan", "--detailed-exitcode"), 2),
        (("plan", "--format", "json"), 0),
        (("plan", "--target", "mmdesk01"), 0),
        (("show",), 0),
        (("output",), 0),
        (("history",), 0),
        (("schema", "plan"), 0),
        (("--help",), 0),
        (("--version",), 0),
    ],
)
def test_results_go_to_stdout_alone(desk: Desk, arguments: tuple[str, ...], code: int) -> None:
    """Commands that go well print their result to stdout and nothing but talk to stderr; none of them writes."""
    said = desk.write(onboarding()).run(*arguments)
    assert said.code == code, said.err
    assert said.out.strip() or arguments[0] == "history"
    nothing_said(said.err)
    assert "\x1b" not in said.out
    assert desk.writes() == []
    if "json" in arguments:
        json.loads(said.out)


@pytest.mark.parametrize(
    "arguments",
    [
        ("aply",),
        ("plan", "--fromat", "json"),
        ("plan", "--format", "yaml"),
        ("plan", "--target", "nobody"),
        ("apply", "--auto-approve", "--lock-timeout", "soon"),
        ("apply", "--auto-approve", "--replace", "mmdesk01.api_keys[none]"),
        ("apply", "--auto-approve", "one.json", "two.json"),
        ("rotate", "mmdesk01", "trading"),
        (),
    ],
)
def test_wrong_usage_is_64_and_talks_to_stderr(desk: Desk, arguments: tuple[str, ...]) -> None:
    """A slip of the pen: exit 64, a message on stderr, nothing on stdout, nothing written."""
    said = desk.write(onboarding()).run(*arguments)
    assert said.code == USAGE, said.out + said.err
    assert said.out == ""
    assert said.err.strip()
    assert desk.writes() == []


def test_errors_go_to_stderr_alone(desk: Desk) -> None:
    """A command that cannot make its result prints none; in JSON it prints why, and says the same to stderr."""
    said = desk.text("version: 2\n").plan()
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("error: acctcfg.yaml:1:")
    as_json = desk.plan("--format", "json")
    assert (as_json.code, list(as_json.json), as_json.err) == (1, ["error"], said.err)


def test_json_of_apply_is_one_document(desk: Desk) -> None:
    """`apply --format json` prints one JSON document, whatever happened; its exit code is in it."""
    desk.fault(match={"path": "*/set-position-mode"}, kind="code", code="51000", times=0)
    said = desk.write(onboarding()).apply("--format", "json")
    assert said.code == 1
    assert said.json["exit_code"] == 1
    assert {row["status"] for row in said.json["results"]} == {"done", "failed", "not_started"}


def test_apply_without_a_terminal_and_without_approval_sends_nothing(desk: Desk) -> None:
    """Exit 64 before any request: nobody is there to say yes."""
    desk.write(onboarding())
    done = subprocess.run(
        command(desk, "apply"), input="yes\n", capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert done.returncode == USAGE
    assert done.stdout == ""
    assert "--auto-approve" in done.stderr
    assert desk.sandbox.control_get("requests")["total"] == 0


def test_of_several_reasons_the_first_decides_the_exit_status(desk: Desk) -> None:
    """Blocked beside failed is 1; blocked alone is 3, and a plan with a blocked step is 0, or 2 on demand."""
    desk.sandbox.control_post("accounts/mmdesk01", sub_account("mmdesk01", acctLv="3"))
    desk.open("mmdesk01", "positions", instId="BTC-USDT-SWAP")

    keep(desk, "mmdesk01")
    blocked = {"api_keys": {"trading": TRADING}, "position_mode": "long_short"}
    desk.write({"mmdesk01": blocked, "mmdesk02": {}})
    assert desk.plan().code == 0
    assert desk.plan("--detailed-exitcode").code == 2
    assert desk.apply().code == 3
    assert desk.writes() == []
    desk.fault(match={"path": "*/create-subaccount"}, kind="code", code="51000", times=0)
    assert desk.apply("--skip-blocked").code == 1
    desk.sandbox.control_delete("faults/all")
    assert desk.apply("--skip-blocked").code == 3


def test_a_refusal_for_a_precondition_after_our_own_gate_is_blocked(desk: Desk) -> None:
    """The venue knows of something that no field shows: exit 3, not 1."""

    desk.sandbox.control_post("accounts/mmdesk01", sub_account("mmdesk01", acctLv="3"))
    keep(desk, "mmdesk01")
    desk.write({"mmdesk01": {"api_keys": {"trading": TRADING}, "position_mode": "long_short"}})
    desk.fault(match={"path": "*/set-position-mode"}, kind="code", code="59000", times=0)
    said = desk.apply()
    assert said.code == 3
    assert said.last == "Applied: 0 created, 0 changed, 0 deleted, 1 blocked, 0 failed."
    assert len(desk.writes("set-position-mode")) == 1


@pytest.mark.parametrize("closed", [(1,), (2,), (0, 1, 2)], ids=str)
@pytest.mark.sample(1)
def test_a_closed_stream_harms_nothing(desk: Desk, closed: tuple[int, ...]) -> None:
    """An apply whose caller closed stdout or stderr does its work, and writes no talk into the journal's file."""
    desk.write(onboarding())
    shell = f"exec {' '.join(command(desk, 'apply', '--auto-approve'))} " + " ".join(f"{one}>&-" for one in closed)
    done = subprocess.run(["/bin/sh", "-c", shell], capture_output=True, timeout=PATIENCE_S, check=False)
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False), done.stderr
    assert desk.plan().last == "No changes. Live accounts match the manifest."
    assert desk.run("history", "--verify").code == 0


@pytest.mark.slow
def test_a_reader_that_leaves_changes_no_exit_status(desk: Desk) -> None:
    """`apply | head -1`: what was begun is done and on record, and the exit status says so."""
    desk.fault(match={"path": "*/create-subaccount"}, kind="delay", seconds=VERY_LONG_S)
    with subprocess.Popen(
        command(desk.write(onboarding()), "apply", "--auto-approve"), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline()
        running.stdout.close()
        let_go(desk)
        assert running.stderr is not None
        assert running.stderr.read() == b""
        assert running.wait(PATIENCE_S) == 0
    assert desk.run("history").out.rstrip().endswith("done, 3 changed, 3 created")
