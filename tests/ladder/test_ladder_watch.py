"""`acctcfg watch` at OKX: what a look says, what it may do, and what it keeps."""

from __future__ import annotations

import gc
import operator
import resource
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from desk import Desk
from ladder_parts import KEY, settle
from watching import free_port, lines, page, watch

MODES = {"api_keys": KEY, "account_mode": "multi_currency", "position_mode": "net"}
MODE = "mmdesk01.position_mode"


def change(desk: Desk, name: str = "mmdesk01") -> None:
    """Somebody else sets the position mode."""
    desk.sandbox.control_post(f"accounts/{name}/set", posMode="long_short_mode")


@pytest.fixture
def settled(desk: Desk) -> Desk:
    """An account as the manifest says."""
    settle(desk, "mmdesk01", acctLv="3", posMode="net_mode")
    return desk.write({"mmdesk01": MODES})


def test_it_reports_and_writes_nothing(settled: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line a look; the last one decides the exit status."""
    whole = settled.run("watch", "--times", "1", "--listen", "off")
    assert whole.out.endswith("Z no_drift: 1 account matches the manifest\n")
    said, pauses = watch(settled, monkeypatch, 3, happens=lambda number: number == 1 and change(settled))
    assert [one["result"] for one in lines(said)] == ["no_drift", "drift", "drift"], said.err
    assert lines(said)[1]["drift"]["changes"] == [MODE]
    assert (said.code, pauses, settled.writes()) == (2, [300, 300], [])
    text = settled.run("watch", "--times", "1", "--listen", "off")
    assert text.out.count("\n") == 1
    assert f"Z drift: 1 changed, 0 other findings, in 1 account: {MODE}\n" in text.out


def test_an_address_stands_once_in_a_line(settled: Desk) -> None:
    """A new listing is a change and a finding of one address: named once, and what a line has no room for is counted
    once."""
    pattern = {"market": "swap", "family": "*-USDT", "margin": "cross", "value": 4}
    settled.write({"mmdesk01": {**MODES, "leverage": [pattern]}}).converge()
    for coin in ("NEWA", "NEWB", "NEWC", "NEWD", "NEWE", "NEWF"):
        row = {"instType": "SWAP", "instId": f"{coin}-USDT-SWAP", "instFamily": f"{coin}-USDT", "lever": "50"}
        settled.sandbox.control_post("instruments", {**row, "state": "live"})
    said = settled.run("watch", "--times", "1", "--listen", "off")
    named = ", ".join(f"mmdesk01.leverage[swap/NEW{coin}-USDT/cross]" for coin in "ABCDE")
    assert said.code == 2
    assert said.out.endswith(f"Z drift: 6 changed, 6 other findings, in 1 account: {named}, and 1 more\n"), said.out


@pytest.mark.parametrize("narrowed", [("--target", MODE), ("--exclude", "mmdesk01.api_keys[*]"), ("--skip", "keys")])
@pytest.mark.sample(1)
def test_a_narrowed_look_never_says_that_accounts_match(settled: Desk, narrowed: tuple[str, str]) -> None:
    """It speaks of what was read alone."""
    said = settled.run("watch", "--times", "1", "--listen", "off", *narrowed)
    assert said.code == 0
    assert said.out.endswith("Z no_drift: no drift in what was read\n")


def test_a_narrowed_look_names_what_it_looked_at(settled: Desk) -> None:
    """In its line of JSON, so that a log tells a part from the whole."""
    watch = ("watch", "--times", "1", "--listen", "off", "--format", "json")
    said = settled.run(*watch, "--target", MODE, "--exclude", "mmdesk02", "--skip", "keys").json["drift"]
    assert (said["targets"], said["excludes"], said["skipped"]) == ([MODE], ["mmdesk02"], ["keys"])
    said = settled.run(*watch).json["drift"]
    assert (said["targets"], said["excludes"], said["skipped"]) == ([], [], [])


@pytest.mark.slow
def test_what_something_keeps_changing_back_is_named(settled: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set three times and different again: named with its address, also by a process that sets nothing itself."""
    said, _ = watch(settled, monkeypatch, 5, "--apply", happens=lambda _: change(settled))
    looks = lines(said)
    assert [one["result"] for one in looks] == ["no_drift", *["applied"] * 4], said.err
    assert [one["contested"] for one in looks] == [[]] * 4 + [[{"address": MODE, "times": 3}]]
    assert said.code == 0
    assert settled.account("mmdesk01")["posMode"] == "net_mode"
    change(settled)
    other = settled.run("watch", "--times", "1", "--listen", "off")
    assert f"something keeps changing {MODE} back: it was set 4 times" in other.out
    assert settled.apply().code == 0
    settled.write({"mmdesk01": {**MODES, "position_mode": "long_short"}})
    assert settled.apply().code == 0  # somebody meant it, and nobody contests what comes then
    settled.write({"mmdesk01": MODES})
    assert "keeps changing" not in settled.run("watch", "--times", "1", "--listen", "off").out


def test_a_venue_that_is_down_is_told_once(settled: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pauses get longer up to an hour, and the interval holds again once a look succeeds."""

    def happens(number: int) -> None:
        if number == 1:
            settled.fault(match={"path": "/api/v5/*"}, kind="status", status=503, times=0)
        if number == 7:
            settled.sandbox.control_delete("faults")

    said, pauses = watch(settled, monkeypatch, 9, happens=happens)
    assert [one["result"] for one in lines(said)] == ["no_drift", *["failed"] * 6, "no_drift", "no_drift"]
    assert pauses == [300, 300, 600, 1200, 2400, 3600, 3600, 300]
    assert said.err.count("error: ") == 1
    assert said.err.endswith("looks succeed again\n")
    assert said.code == 0


def test_what_is_blocked_stays_blocked(settled: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """With an open order nothing is written, nor recorded, and no pause gets longer: the next look tries again."""
    change(settled)
    settled.open("mmdesk01", "orders", instId="BTC-USDT-SWAP")
    said, pauses = watch(settled, monkeypatch, 2, "--apply")
    assert [one["result"] for one in lines(said)] == ["blocked", "blocked"]
    assert (said.code, pauses, settled.writes()) == (3, [300], [])
    assert lines(said)[1]["apply"]["summary"]["blocked"] == 1
    assert said.err == f"not applied: {MODE}: no_pending_orders: BTC-USDT-SWAP buy 1 limit (cross)  [blocked]\n"
    assert settled.run("history", "--format", "json").json == []


def test_a_step_that_failed_is_told_once_with_its_reason(settled: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the venue answered is on stderr, once, and that looks succeed again once it is done."""
    change(settled)
    settled.fault(match={"path": "*/set-position-mode"}, kind="code", code="51000", times=2)
    said, _ = watch(settled, monkeypatch, 3, "--apply")
    assert [one["result"] for one in lines(said)] == ["failed", "failed", "applied"]
    (told, again) = said.err.splitlines()
    assert told.startswith(f"not applied: {MODE}: ")
    assert told.endswith("  [51000]")
    assert again == "looks succeed again"


def test_what_only_the_apply_could_not_read_is_told_like_any_other(
    settled: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It reads anew: what it could not read is named, with the reason, and makes no pause longer."""
    change(settled)
    own = {"path": "*/account/config", "account": "mmdesk01"}
    settled.fault(match=own, kind="status", status=503, times=0, after=1)  # a look reads it once
    said, pauses = watch(
        settled, monkeypatch, 2, "--apply", happens=lambda _: settled.sandbox.control_delete("faults/all")
    )
    look, after = lines(said)
    assert (look["result"], look["drift"]["unreadable"], after["result"]) == ("unreadable", [], "applied")
    assert {one["code"] for one in look["apply"]["unreadable"]} == {"http_503"}
    (told, again) = said.err.splitlines()
    assert told.startswith("could not be read: mmdesk01")
    assert "HTTP 503" in told
    assert again == "looks succeed again"
    assert (len(settled.writes()), pauses) == (1, [300])


def test_what_the_venue_did_is_not_told_as_not_applied(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that was made and does not sign yet counts as created, and stderr says so in the same words as apply."""
    desk.sandbox.control_post("flags", key_delay_s=80_000)
    desk.write({"mmdesk01": {"label": "MMdesk01", "api_keys": KEY}})
    said, _ = watch(desk, monkeypatch, 1, "--apply")
    (look,) = lines(said)
    counts = look["apply"]["summary"]
    assert (counts["created"], counts["failed"]) == (2, 0)
    assert [one["label"] for one in desk.account("mmdesk01")["keys"]] == ["trading"]
    assert said.err.startswith("not yet in effect: mmdesk01.api_keys[trading]: ")
    assert "not applied" not in said.err


@pytest.mark.parametrize(
    "narrowed",
    [
        ("--exclude", "stranger1"),
        ("--exclude", "venues.desk"),
        ("--target", "mmdesk01", "--target", "mmdesk01.api_keys[strange]"),
        ("--target", MODE, "--target", "mmdesk01.api_keys"),
    ],
    ids=" ".join,
)
@pytest.mark.sample(2)
def test_what_narrows_a_look_narrows_what_it_applies(settled: Desk, narrowed: tuple[str, ...]) -> None:
    """Also a stranger, a connection's strangers, and what needs no change: as in drift, none is wrong usage; a target
    that selects nothing is."""
    settle(settled, "stranger1")
    change(settled)
    assert settled.run("drift", *narrowed).code == 2
    said = settled.run("watch", "--apply", "--times", "1", "--listen", "off", *narrowed)
    assert (said.code, said.err) == (0, "")
    assert "Z applied: 1 changed, " in said.out
    assert settled.account("mmdesk01")["posMode"] == "net_mode"
    for slip in ("nobody", "*.settings"):
        assert settled.run("watch", "--apply", "--times", "1", "--listen", "off", "--target", slip).code == 64


def test_a_manifest_that_breaks_meanwhile_is_a_failed_look(settled: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is read anew for every look; at the first one it ends the command."""
    said, _ = watch(settled, monkeypatch, 2, happens=lambda _: settled.text("version: 2"))
    assert [one["result"] for one in lines(said)] == ["no_drift", "failed"]
    assert "error: acctcfg.yaml:1:" in said.err
    broken, _ = watch(settled, monkeypatch, 2)
    assert (broken.code, broken.err.count("error: ")) == (1, said.err.count("error: "))
    (line,) = lines(broken)  # one line, as every look is
    assert line["error"]["code"] == "manifest"


def test_health_and_metrics(settled: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What drift counts, and what the looks add up to; nothing but reads of these pages is answered."""
    port, pages = free_port(), dict[str, tuple[int, str]]()

    def happens(number: int) -> None:
        change(settled)
        pages.update({path: page(port, path) for path in ("/healthz", "/metrics", "/else")})

    said, _ = watch(settled, monkeypatch, 3, "--apply", "--listen", f"127.0.0.1:{port}", happens=happens)
    assert f"http://127.0.0.1:{port}/healthz" in said.err
    assert (pages["/healthz"], pages["/else"][0]) == ((200, "ok\n"), 404)
    for line in (
        'acctcfg_accounts{venue="desk"} 1',
        'acctcfg_changed_values{venue="desk"} 1',
        "# TYPE acctcfg_watch_looks_total counter",
        'acctcfg_watch_looks_total{result="no_drift"} 1',
        'acctcfg_watch_looks_total{result="applied"} 1',
        'acctcfg_watch_steps_total{status="done"} 1',
        "acctcfg_watch_failures_in_a_row 0",
        "acctcfg_watch_contested_values 0",
    ):
        assert line in pages["/metrics"][1].splitlines(), pages["/metrics"][1]


LOOKS, ACCOUNTS = 200, 20
DOWN, UP = 60, 64  # the venue answers nothing after that look, until after this one


@pytest.fixture
def fast(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """Twenty accounts as the manifest says, at a venue a hundred times as fast."""
    with Desk.at(tmp_path, monkeypatch, speed=100) as desk:
        names = [f"mmdesk{number:02}" for number in range(1, ACCOUNTS + 1)]
        for name in names:
            settle(desk, name, acctLv="3", posMode="net_mode")
        yield desk.write(dict.fromkeys(names, MODES))


@pytest.mark.slow
def test_two_hundred_looks_add_up_in_flat_memory(fast: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every tenth look finds a change, one of four of those blocked for a look; then the venue is down for a while."""
    port, pages, held = free_port(), list[str](), dict[int, tuple[int, int, int]]()

    def happens(number: int) -> None:
        name = f"mmdesk{number // 10 % ACCOUNTS + 1:02}"
        if number % 10 == 5:
            change(fast, name)
        if number % 40 == 5:
            fast.open(name, "orders", instId="BTC-USDT-SWAP")
        if number % 40 == 6:
            fast.sandbox.control_delete(f"accounts/{name}/orders/all")
        if number == DOWN:
            fast.fault(match={"path": "/api/v5/*"}, kind="status", status=503, times=0)
        if number == UP:
            fast.sandbox.control_delete("faults")
        if number in (LOOKS // 2, LOOKS - 1):
            gc.collect()
            pages_of_memory = int(Path("/proc/self/statm").read_text().split()[1])
            size = pages_of_memory * resource.getpagesize()
            held[number] = (len(gc.get_objects()), sys.getallocatedblocks(), size)
        if number == LOOKS - 1:
            pages.append(page(port, "/metrics")[1])

    arguments = ("--apply", "--listen", f"127.0.0.1:{port}")
    said, pauses = watch(fast, monkeypatch, LOOKS, *arguments, happens=happens)
    changes, blocked, failed = LOOKS // 10, LOOKS // 40, UP - DOWN
    rest = LOOKS - changes - blocked - failed
    expected = {"applied": changes, "blocked": blocked, "failed": failed, "no_drift": rest}
    assert Counter(one["result"] for one in lines(said)) == expected, said.err
    assert [one["look"] for one in lines(said)] == list(range(1, LOOKS + 1))
    assert len(fast.writes("set-position-mode")) == changes
    assert sum(pause > 300 for pause in pauses) == failed - 1
    shown = pages[0].splitlines()
    for result, count in expected.items():
        assert f'acctcfg_watch_looks_total{{result="{result}"}} {count - (result == "no_drift")}' in shown
    assert f'acctcfg_watch_steps_total{{status="done"}} {changes}' in shown
    assert f'acctcfg_watch_steps_total{{status="blocked"}} {blocked}' in shown
    objects, blocks, size = map(operator.sub, held[LOOKS - 1], held[LOOKS // 2])
    assert objects < 3000, held
    assert blocks < 20_000, held
    assert size < 32 << 20, held  # of a worker that has run thousands of tests: its heap is full of holes
