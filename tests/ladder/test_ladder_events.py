"""`--events`: lines that programs read while a command works, and that never get in its way."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
from desk import Desk
from jsonschema import Draft202012Validator
from ladder_parts import KEY, settle
from patience import PATIENCE_S

from acctcfg.cli import listeners
from acctcfg.render import events as render_events

SCHEMA = Path(__file__).parents[2] / "schemas" / "events.schema.json"
HOSTILE = '\u202e\x1b[31m"\u2028'
LIST_OF_KEYS = "GET /api/v5/broker/dma/subaccount/apikey"
MODES = {"api_keys": KEY, "account_mode": "multi_currency", "position_mode": "net"}


def lines(text: str) -> list[dict[str, Any]]:
    """Each line, which fits the schema and is plain ASCII."""
    assert text.isascii()
    assert text.endswith("\n")
    found = [json.loads(line) for line in text.splitlines()]
    validator = Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    for one in found:
        validator.validate(one)
    return found


def events(desk: Desk, name: str = "events.jsonl") -> list[dict[str, Any]]:
    """The lines of a file."""
    return lines((desk.folder / name).read_text(encoding="utf-8"))


def named(found: list[dict[str, Any]], event: str) -> list[dict[str, Any]]:
    """Those of one kind."""
    return [one for one in found if one["event"] == event]


@pytest.fixture
def blocked(desk: Desk) -> Desk:
    """An account whose position mode an open order keeps as it is."""
    settle(desk, "mmdesk01", acctLv="3", posMode="long_short_mode")
    desk.open("mmdesk01", "orders", instId="BTC-USDT-SWAP")
    return desk.write({"mmdesk01": MODES})


def test_the_schema_is_the_one_in_the_repository(desk: Desk) -> None:
    """schemas/events.schema.json does not drift; `make schemas` renews it."""
    said = desk.run("schema", "events")
    assert said.out == SCHEMA.read_text(encoding="utf-8")
    Draft202012Validator.check_schema(said.json)


def test_an_apply_tells_every_step(desk: Desk) -> None:
    """The format first, then phases and each step's turn and end in order, and what the command came to last."""
    desk.write({"mmdesk01": MODES})
    said = desk.apply("--events", "events.jsonl")
    found = events(desk)
    assert (found[0]["event"], found[0]["format_version"], found[0]["command"]) == ("version", "1.0", "apply")
    phases = ["reading accounts", "asking what stands in the way", "applying"]
    assert [one["text"] for one in named(found, "phase")] == phases
    steps = ["mmdesk01", "mmdesk01.api_keys[trading]", "mmdesk01.account_mode", "mmdesk01.position_mode"]
    assert [one["address"] for one in named(found, "step_start")] == steps
    ends = [(one["address"], one["status"]) for one in named(found, "step_done")]
    assert ends == list(zip(steps, ["done", "done", "done", "already"], strict=True))
    end = found[-1]
    assert (end["event"], end["exit_code"], end["text"], end["error"]) == ("summary", 0, said.last, "")
    assert end["run"] == desk.run("history", "--format", "json").json[0]["id"]
    assert stat.S_IMODE((desk.folder / "events.jsonl").stat().st_mode) == 0o600


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed")
def test_jq_reads_them(desk: Desk) -> None:
    """The example of docs/events.md, with the program that most people read such lines with."""
    said = desk.write({"mmdesk01": MODES}).apply("--events", "-")
    program = ["jq", "-c", 'select(.event == "step_done") | .address']
    read = subprocess.run(program, input=said.out, capture_output=True, text=True, check=True)
    assert read.stdout.splitlines()[0] == '"mmdesk01"'
    assert len(read.stdout.splitlines()) == 4


@pytest.mark.sample(2)
@pytest.mark.parametrize("command", [("plan",), ("drift",), ("cap", "3", "--auto-approve"), ("watch", "--times", "1")])
def test_stdout_is_the_events_own(desk: Desk, command: tuple[str, ...]) -> None:
    """With - the result goes to stderr, and a program can read every line of stdout."""
    desk.write({"mmdesk01": MODES})
    if command[0] == "watch":
        command = (*command, "--listen", "off")
    plain, said = desk.run(*command), desk.run(*command, "--events", "-")
    found = lines(said.out)
    assert (found[0]["event"], found[-1]["event"]) == ("version", "summary")
    assert said.code == plain.code == found[-1]["exit_code"]
    assert said.err.splitlines()[-1].split("Z ")[-1] == plain.last.split("Z ")[-1]
    refused = desk.run(*command, "--events", "-", "--format", "json")
    assert (refused.code, '"event"' in refused.out) == (64, False)
    assert "name a file for --events" in refused.err


def test_what_is_blocked_is_told_once(blocked: Desk) -> None:
    """With its prechecks: by a plan, and by an apply that begins nothing."""
    assert blocked.plan("--events", "p.jsonl").code == 0
    (one,) = named(events(blocked, "p.jsonl"), "blocked")
    assert one["address"] == "mmdesk01.position_mode"
    assert "fail" in {check["status"] for check in one["prechecks"]}
    assert blocked.apply("--events", "a.jsonl").code == 3
    found = events(blocked, "a.jsonl")
    assert (len(named(found, "blocked")), found[-1]["exit_code"]) == (1, 3)
    assert [one["status"] for one in named(found, "step_done")] == ["blocked"]


def test_an_error_is_the_summary(desk: Desk) -> None:
    """A command that comes to nothing says why, with its exit status; the file is complete all the same."""
    desk.text("version: 2\n")
    assert desk.plan("--events", "events.jsonl").code == 1
    assert [(one["event"], one.get("error"), one.get("exit_code")) for one in events(desk)] == [
        ("version", None, None),
        ("summary", "manifest", 1),
    ]


def test_nothing_in_a_label_steers_a_reader(desk: Desk) -> None:
    """Directions, escapes and line separators of a venue's words come as JSON's own escapes, in one line."""
    settle(desk, "mmdesk01", acctLv="3", posMode="long_short_mode")
    desk.write({"mmdesk01": MODES})
    desk.fault(match={"path": "/api/v5/account/set-position-mode"}, kind="code", code="59999", msg=HOSTILE)
    desk.apply("--events", "events.jsonl")
    raw = (desk.folder / "events.jsonl").read_bytes()
    assert b"\x1b" not in raw
    (end,) = [one for one in named(events(desk), "step_done") if one["address"] == "mmdesk01.position_mode"]
    assert HOSTILE in end["message"]


def test_waits_and_heartbeats(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line for requests that stand in line, and how far the work has come; both with true numbers."""
    monkeypatch.setattr(listeners, "BEAT_S", 0.01)
    monkeypatch.setattr(render_events, "BEAT_S", 0.0)
    monkeypatch.setattr(render_events, "WAIT_S", 0.1)
    names = [f"mmdesk{number:02}" for number in range(1, 6)]
    for name in names:
        settle(desk, name)
    slow = {LIST_OF_KEYS: {"count": 1, "per_s": 10}}  # a fifth of a second at this speed
    desk.write({name: {"api_keys": KEY} for name in names}, venue={"limits": slow})
    assert desk.run("drift", "--events", "events.jsonl").code == 0
    found = events(desk)
    wait, beats = named(found, "rate_wait")[0], named(found, "heartbeat")
    assert (wait["venue"], wait["endpoint"]) == ("desk", LIST_OF_KEYS)
    assert 1 <= wait["waiting"] < len(names)
    assert 0.1 <= wait["seconds"] <= 0.21 * wait["waiting"]
    listing = [beat for beat in beats if beat["phase"] == "listing keys and sub-accounts"]
    assert {beat["total"] for beat in listing} == {len(names)}
    done = [beat["done"] for beat in listing]
    assert done == sorted(done)
    requests = [beat["venues"]["desk"]["requests"] for beat in beats]
    assert requests == sorted(requests)
    estimates = [beat for beat in listing if beat["left_s"] is not None]
    assert estimates
    assert all(beat["left_s"] >= beat["at_least_s"] for beat in estimates)


@pytest.mark.parametrize("place", ["", "nowhere/events.jsonl", "acctcfg.yaml", "out.jsonl"])
def test_a_file_that_cannot_be_written_stops_nothing(desk: Desk, tmp_path: Path, place: str) -> None:
    """A folder, no folder, another file, a link that leads out: the apply is done, and one note says why."""
    outside = tmp_path.with_name(f"{tmp_path.name}-outside")
    outside.write_text("precious", encoding="utf-8")
    (desk.folder / "out.jsonl").symlink_to(outside)
    desk.write({"mmdesk01": MODES})
    before = (desk.folder / "acctcfg.yaml").read_text(encoding="utf-8")
    said = desk.apply("--events", place or "./")
    if not place:
        assert said.code == 64  # a folder is no file, whatever stands in it
        return
    assert (said.code, said.err.count("note: no events are written")) == (0, 1)
    assert outside.read_text(encoding="utf-8") == "precious"
    assert (desk.folder / "acctcfg.yaml").read_text(encoding="utf-8") == before


def test_a_reader_that_goes_stops_nothing(desk: Desk) -> None:
    """A pipe whose reader takes one line and leaves: everything is applied, the status is 0, one note says it."""
    pipe, first = desk.folder / "pipe", list[bytes]()
    os.mkfifo(pipe)

    def read() -> None:
        with pipe.open("rb", buffering=0) as stream:
            opened.set()
            first.append(stream.read(10))

    opened = threading.Event()
    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    held = os.open(pipe, os.O_RDWR)  # so that both ends open, whoever comes first
    opened.wait(PATIENCE_S)
    desk.write({"mmdesk01": MODES})
    reading = threading.Thread(target=lambda: (reader.join(PATIENCE_S), os.close(held)))
    reading.start()
    said = desk.apply("--events", "pipe")
    reading.join(PATIENCE_S)
    assert (said.code, first) == (0, [b'{"event": '])
    assert said.err.count("note: not all events were written: Broken pipe") == 1


def test_a_run_begins_its_file_anew(desk: Desk) -> None:
    """A file of an earlier run is replaced; watch writes a summary for each look, and one at the end."""
    desk.write({"mmdesk01": MODES})
    desk.plan("--events", "events.jsonl")
    desk.run("watch", "--times", "1", "--listen", "off", "--events", "events.jsonl")
    found = events(desk)
    assert len(named(found, "version")) == 1
    assert [(one["look"], one["exit_code"]) for one in named(found, "summary")] == [(1, 2), (1, 2)]
