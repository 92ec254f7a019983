"""One apply by several processes: nothing lost, nothing doubled, whoever is killed, frozen or stopped."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from beside import workers_beside
from desk import MASTER, Desk, Said
from fleet_parts import Worker, apply_elsewhere, fleet, workers
from patience import PATIENCE_S, until
from postgres import Postgres

from acctcfg.engine.stopping import Interrupts
from acctcfg.workers.worker import Worker as InThread

EACH = ("create-subaccount", "set-subaccount-level", "subaccount-deposit-address", "set-position-mode", "set-leverage")
MATCH = "No changes. Live accounts match the manifest."


@pytest.fixture
def url(postgres: Postgres) -> str:
    return postgres.database()


def effects(desk: Desk) -> Counter[str]:
    """What really happened at the venue, by the last word of the path."""
    return Counter(row["path"].rpartition("/")[2] for row in desk.writes() if row["effect"])


def demand_whole(desk: Desk, count: int) -> None:
    """Each account was made once, with one working key and one address, and a plan is empty."""
    found = effects(desk)
    assert {name: found[name] for name in EACH} == dict.fromkeys(EACH, count)
    assert found["apikey"] - found["delete-apikey"] == count  # one that was half made is made anew
    for number in range(count):
        (key,) = desk.account(f"customer{number:03d}")["keys"]
        assert desk.secret(f"customer{number:03d}", "trading")["api_key"] == key["api_key"]
    assert not desk.sandbox.control_get("requests")["rate_limited"]
    assert desk.plan().last == MATCH
    assert desk.run("history", "--verify").code == 0


@contextmanager
def meanwhile(what: Callable[[], None]) -> Iterator[None]:
    """Do something beside; it is done when this ends."""
    thread = threading.Thread(target=what)
    thread.start()
    yield
    thread.join()


def wait_for_writes(desk: Desk, count: int) -> None:
    """Until so many have had an effect."""
    until(lambda: sum(effects(desk).values()) >= count)


def everything_in(postgres: Postgres, url: str) -> str:
    """Every row of every table of ours, as text."""
    whole = "SELECT schemaname::text, query_to_xml(format('TABLE %I.%I', schemaname, tablename), true, true, '')::text"
    with postgres.connect(url) as connection:
        rows = connection.execute(f"{whole} FROM pg_tables WHERE schemaname LIKE 'acctcfg%'".encode()).fetchall()
    assert any("queue" in schema for schema, _ in rows)
    return "\n".join(text for _, text in rows)


def test_two_workers_onboard_a_fleet(desk: Desk, postgres: Postgres, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends as an apply in one process: every step done, one run; and no secret is anywhere in the database."""
    monkeypatch.setattr("acctcfg.workers.parts.LEAST", 2)
    monkeypatch.setattr("acctcfg.workers.queued.READ_ELSEWHERE", 0)
    desk.write(fleet(4), journal={"url": url})
    with workers_beside(desk, 2) as both:
        said = desk.apply("--queue", "--format", "json", "--events", "events.jsonl")
        assert (said.code, said.json["summary"]["failed"]) == (0, 0), said.out + said.err
        assert [one["status"] for one in said.json["results"]] == ["done"] * 24
        assert sum(one.parts for one in both) == 4  # two to read, and two to write
        assert desk.plan("--queue").last == MATCH
        assert sum(one.parts for one in both) == 6
    demand_whole(desk, 4)
    told = [json.loads(line) for line in (desk.folder / "events.jsonl").read_text(encoding="utf-8").splitlines()]
    steps = [(one["address"], one["event"]) for one in told if one["event"].startswith("step_")]
    assert len(steps) == 48
    for address in {one for one, _ in steps}:  # each begins once, and then ends
        assert [event for one, event in steps if one == address] == ["step_start", "step_done"]
    (run,) = desk.run("history", "--format", "json").json
    assert (run["status"], run["id"]) == ("done", said.json["run"])
    seen = "\n".join([everything_in(postgres, url), said.out, said.err, *both[0].lines, *both[1].lines])
    for one in (MASTER, *(desk.secret(f"customer{number:03d}", "trading") for number in range(4))):
        assert one["secret_key"] not in seen
        assert one["passphrase"] not in seen


def config_reads(desk: Desk) -> int:
    """How often the connection's own key was asked whose it is."""
    buckets = desk.sandbox.control_get("requests")["buckets"]
    master = next(one["who"] for one in buckets if "subaccount-info" in one["endpoint"])
    return next(one["total"] for one in buckets if one["who"] == master and one["endpoint"].endswith("/config"))


@pytest.mark.slow
def test_a_worker_proves_a_connection_once_a_run(desk: Desk, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many parts it takes of that run: all workers together have five such reads in two seconds."""
    monkeypatch.setattr("acctcfg.workers.parts.LEAST", 1)
    monkeypatch.setattr("acctcfg.workers.parts.SHARE", 1000)
    monkeypatch.setattr("acctcfg.workers.queued.READ_ELSEWHERE", 10)
    desk.write(fleet(4), journal={"url": url})
    with workers_beside(desk, 1) as (one,):
        assert desk.apply("--queue").code == 0
        assert one.parts == 4
    started, this_run, the_apply = 1, 1, 2  # that reads for its plan, and looks once more at the end
    assert config_reads(desk) <= started + this_run + the_apply
    assert not desk.sandbox.control_get("requests")["rate_limited"]


@pytest.mark.slow
@pytest.mark.parametrize(("settled", "reads"), [(False, False), (True, False), (True, True)])
def test_a_worker_that_may_sign_no_more_leaves_its_part_to_others(
    desk: Desk, url: str, monkeypatch: pytest.MonkeyPatch, settled: bool, reads: bool
) -> None:
    """Its address leaves the key's allowlist in the middle of a run: it ends with the part in hand, and none fails,
    whether it is refused where it writes, or (`reads`) where it reads the list before."""
    monkeypatch.setattr("acctcfg.workers.parts.LEAST", 1)
    monkeypatch.setattr("acctcfg.workers.parts.SHARE", 1000)
    monkeypatch.setattr("acctcfg.workers.queued.READ_ELSEWHERE", 10)
    desk.write(fleet(4), journal={"url": url})
    if settled:
        assert desk.apply().code == 0
        two = {"addresses": [{"currency": "USDT", "chain": "USDT-TRC20", "count": 2}]}
        desk.write({name: {**fields, "deposit": two} for name, fields in fleet(4).items()}, journal={"url": url})
    if reads:
        monkeypatch.setattr("acctcfg.workers.parts.Handed.still_listed", lambda *_: {})
    taken: list[int] = []
    honest = InThread._carry_out

    async def carry_out(self: InThread, run: str, number: int, interrupts: Interrupts) -> None:
        taken.append(number)
        if len(taken) == 2:
            refused = {"kind": "code", "match": {"account": "@master"}, "code": "50110", "status": 401, "times": 0}
            await asyncio.to_thread(desk.fault, **refused)
        await honest(self, run, number, interrupts)

    monkeypatch.setattr(InThread, "_carry_out", carry_out)
    said: list[Said] = []
    with ExitStack() as stack:
        (first,) = stack.enter_context(workers_beside(desk, 1))
        first.may_end = True
        with meanwhile(lambda: said.append(desk.apply("--queue"))):
            until(lambda: first.error is not None)
            assert "50110" in str(first.error)
            assert len(taken) == 2
            desk.sandbox.control_delete("faults/all")
            stack.enter_context(workers_beside(desk, 1))
    (end,) = said
    assert (end.code, "0 failed" in end.last) == (0, True), end.out + end.err
    assert desk.plan().last == MATCH


@pytest.mark.slow
def test_drift_and_watch_are_read_by_workers(desk: Desk, url: str) -> None:
    """They find what they find alone, and `watch --apply --queue` sets it."""
    desk.write(fleet(2), journal={"url": url}).apply()
    changed = {name: {**fields, "position_mode": "net"} for name, fields in fleet(2).items()}
    desk.write(changed, journal={"url": url})
    alone = desk.run("drift", "--format", "json").json
    with workers_beside(desk, 1) as (one,):
        said = desk.run("drift", "--queue", "--format", "json")
        assert (said.code, said.json["changes"]) == (2, alone["changes"]), said.err
        assert one.parts == 1
        watched = desk.run("watch", "--queue", "--apply", "--times", "1", "--listen", "off", "--skip", "keys")
        assert (watched.code, " applied: " in watched.out) == (0, True), watched.out + watched.err
        assert one.parts == 3
    assert desk.plan().last == MATCH


@pytest.mark.slow
def test_kills_lose_nothing_and_double_nothing(desk: Desk, url: str) -> None:
    """Three SIGKILLs while parts are under way: another worker ends them, and the apply ends 0."""
    desk.write(fleet(24), journal={"url": url})
    with workers(desk, 3) as some:

        def kill() -> None:
            for writes in (15, 60, 110):
                wait_for_writes(desk, writes)
                some.pop(0).end(signal.SIGKILL)
                some.append(Worker.of(desk).ready())

        with meanwhile(kill):
            said = desk.apply("--queue")
        assert said.code == 0, said.out + said.err
        assert said.last == "Applied: 72 created, 72 changed, 0 deleted, 0 blocked, 0 failed."
    demand_whole(desk, 24)


@pytest.mark.slow
def test_a_worker_that_is_told_to_stop_leaves_the_rest_to_others(desk: Desk, url: str) -> None:
    """SIGTERM: what it sent is read back, it exits 0, and another worker carries out what is left."""
    desk.write(fleet(10), journal={"url": url})
    with workers(desk, 1) as some:

        def stop() -> None:
            wait_for_writes(desk, 8)  # all of them by the only one there is
            assert some[0].end() == 0
            some.append(Worker.of(desk).ready())

        with meanwhile(stop):
            said = desk.apply("--queue")
        assert said.last == "Applied: 30 created, 30 changed, 0 deleted, 0 blocked, 0 failed.", said.err
        assert any("left to others" in line for line in some[0].lines)
    demand_whole(desk, 10)


@pytest.mark.slow
def test_a_frozen_worker_sends_nothing_once_it_wakes(desk: Desk, url: str) -> None:
    """Its part is taken up after a minute of silence; when it wakes, the lock of the part is another's."""
    desk.write(fleet(6), journal={"url": url})
    with workers(desk, 1) as some:
        frozen = some[0]

        def freeze() -> None:
            wait_for_writes(desk, 6)
            frozen.process.send_signal(signal.SIGSTOP)
            some.append(Worker.of(desk).ready())

        with meanwhile(freeze):
            said = desk.apply("--queue")
        assert said.code == 0, said.out + said.err
        before = len(desk.writes())
        frozen.process.send_signal(signal.SIGCONT)
        frozen.until(lambda: any("left to others" in line for line in frozen.lines))
        assert len(desk.writes()) == before
    demand_whole(desk, 6)


@pytest.mark.slow
def test_ctrl_c_ends_what_is_under_way_everywhere(desk: Desk, url: str) -> None:
    """The workers end their step and begin nothing more; the apply exits 130, and the next one goes on."""
    desk.write(fleet(12), journal={"url": url})
    with workers(desk, 1) as (worker,), apply_elsewhere(desk) as applying:
        wait_for_writes(desk, 10)
        applying.send_signal(signal.SIGINT)
        out, err = applying.communicate(timeout=PATIENCE_S)
        assert applying.returncode == 130, out + err
        assert "the workers finish what is under way" in err
        assert ", 0 failed, " in out.rstrip().rpartition("\n")[2]
        worker.until(lambda: any(", part 1: " in line for line in worker.lines))
        assert sum(effects(desk).values()) < 12 * 6
        assert desk.apply("--queue").code == 0
    demand_whole(desk, 12)


@pytest.mark.slow
def test_without_the_apply_that_queued_it_nothing_is_written(desk: Desk, url: str) -> None:
    """Once it is killed, its workers stop at their next write; the next apply does what is left."""
    desk.write(fleet(12), journal={"url": url})
    with workers(desk, 1) as (worker,), apply_elsewhere(desk) as applying:
        wait_for_writes(desk, 10)
        applying.kill()
        applying.wait()
        worker.until(lambda: sum(", part " in line for line in worker.lines) == 2)  # it has put down both
        assert sum(effects(desk).values()) < 12 * 6
        said = desk.apply("--queue")
        assert said.code == 0, said.out + said.err
    demand_whole(desk, 12)


@pytest.mark.slow
def test_a_worker_with_another_manifest_takes_nothing(desk: Desk, postgres: Postgres, url: str) -> None:
    """The apply says after some seconds what to start; Ctrl-C then ends it with nothing written. A job is two words."""
    desk.write(fleet(6), journal={"url": url})
    with workers(desk, 1):
        desk.write(fleet(7), journal={"url": url})
        with apply_elsewhere(desk) as applying:
            assert applying.stderr is not None
            line = next(one for one in applying.stderr if "no worker" in one)
            assert "start `acctcfg worker` in a checkout of this very manifest" in line
            with postgres.connect(url) as connection:
                (schema,) = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname ~ 'queue'").fetchone()
                connection.execute("SELECT set_config('search_path', %s, false)", [schema])
                jobs = connection.execute("SELECT args, lock FROM procrastinate_jobs").fetchall()
            assert [(sorted(args), args["part"], lock) for args, lock in jobs] == [(["part", "run"], 1, None)]
            applying.send_signal(signal.SIGINT)
            out, _ = applying.communicate(timeout=PATIENCE_S)
        assert applying.returncode == 130
        assert out.rstrip().endswith("0 failed, 42 not started.")
    assert not desk.writes()


@pytest.mark.slow
def test_a_plan_that_workers_read_is_the_same_plan(desk: Desk, url: str) -> None:
    """Same digest, also where a worker is killed while it reads; and nothing of it is left in the database."""
    desk.write(fleet(12), journal={"url": url}).apply()
    changed = {name: {**fields, "position_mode": "net"} for name, fields in fleet(13).items()}
    desk.write(changed, journal={"url": url})
    alone = desk.plan("--format", "json").json
    with workers(desk, 2) as both:

        def kill() -> None:
            both[0].until(lambda: any("accounts read" in line for line in both[0].lines))
            both[0].end(signal.SIGKILL)

        with meanwhile(kill):
            said = desk.plan("--queue", "--format", "json")
        assert (said.code, said.json["digest"]) == (0, alone["digest"]), said.err
    assert len(said.json["steps"]) == 12 * 2 + 6


def test_without_a_worker_a_plan_reads_for_itself(
    desk: Desk, postgres: Postgres, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says what to start, and leaves nothing in the queue."""
    monkeypatch.setattr("acctcfg.workers.reads.IDLE_S", 0.0)
    desk.write(fleet(1), journal={"url": url})
    said = desk.plan("--queue")
    assert (said.code, said.last) == (0, "Plan: 3 to create, 3 to change, 0 to delete, 0 blocked.")
    assert "start `acctcfg worker` in a checkout of this very manifest" in said.err
    left = everything_in(postgres, url)
    assert "customer000" not in left
    assert '"part"' not in left


def test_what_does_not_fit_beside_queue(desk: Desk) -> None:
    """`plan --queue` is of everything, and apply --queue undoes no run."""
    desk.write(fleet(1))
    for more in (("--target", "customer000"), ("--rehearse",), ("--changed-since", "HEAD")):
        assert desk.plan("--queue", *more).code == 64


def test_the_queue_needs_a_shared_journal(desk: Desk) -> None:
    """Without `journal: {url: ...}` both commands say so and exit 1, before anything is read."""
    desk.write(fleet(1))
    for command in (("worker",), ("plan", "--queue"), ("apply", "--queue", "--auto-approve")):
        said = desk.run(*command)
        assert said.code == 1
        assert "needs a journal that all processes share" in said.err
        assert "journal: {url: postgresql://...}" in said.err
    assert not desk.sandbox.control_get("requests")["total"]


def test_without_the_extra_both_say_what_to_install(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """acctcfg[workers] is optional."""
    monkeypatch.setitem(sys.modules, "procrastinate", None)
    desk.write(fleet(1), journal={"url": "postgresql://postgres@127.0.0.1:1/none"})
    for command in (("worker",), ("apply", "--queue", "--auto-approve")):
        said = desk.run(*command)
        assert (said.code, "pip install 'acctcfg[workers]'" in said.err) == (1, True)


def test_a_worker_proves_its_credentials_before_it_takes_anything(
    desk: Desk, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without them, or with those of nobody, it says so and exits 1."""
    desk.write(fleet(1), journal={"url": url})
    monkeypatch.setenv("OKX_DESK_API_KEY", "nobody")
    refused = desk.run("worker")
    monkeypatch.delenv("OKX_DESK_API_KEY")
    absent = desk.run("worker")
    assert (refused.code, absent.code) == (1, 1)
    assert "50119" in refused.err or "API key" in refused.err
    assert "OKX_DESK_API_KEY" in absent.err


def test_a_server_that_is_not_there(desk: Desk, tmp_path: Path) -> None:
    """One message, exit 1, no traceback."""
    desk.write(fleet(1), journal={"url": "postgresql://postgres@127.0.0.1:1/none"})
    said = desk.apply("--queue")
    assert (said.code, "Traceback" in said.err) == (1, False)
    assert "the journal cannot be used" in said.err
