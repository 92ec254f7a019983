"""Fixtures that every part of the suite may use."""

from __future__ import annotations

import atexit
import gc
import os
import runpy
import shutil
import signal
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from desk import Desk
from hypothesis import HealthCheck, settings

from examples import FEWER, some

if TYPE_CHECKING:
    from postgres import Postgres


def _leave_home() -> None:
    """No test, and no process that one starts, finds the home of whoever runs them."""
    here = Path(__file__).parent / "child_setup"
    if "ACCTCFG_TESTS_HOME" not in os.environ:  # else a worker, whose controller has made one
        home = tempfile.mkdtemp(prefix="acctcfg-tests-")
        atexit.register(shutil.rmtree, home, ignore_errors=True)
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(here), os.environ.get("PYTHONPATH"))))
        os.environ["ACCTCFG_TESTS_HOME"] = home
        os.environ["XDG_STATE_HOME"] = f"{home}/state"
        os.environ["HOME"] = home
    runpy.run_path(str(here / "sitecustomize.py"))


def _hear_signals() -> None:
    """A suite in the background of a shell ignores Ctrl-C, and so would every process that a test interrupts."""
    for one in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(one) is signal.SIG_IGN:
            signal.signal(one, signal.default_int_handler if one is signal.SIGINT else signal.SIG_DFL)


_leave_home()
_hear_signals()

# How fast examples come says something of the machine, and nothing of the law.
settings.register_profile("acctcfg", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("fewer", settings.get_profile("acctcfg"), max_examples=some(100))
settings.load_profile("fewer" if FEWER else "acctcfg")

ON_A_SANDBOX = {"conformance", "faults", "gate", "ladder"}
"""Folders whose cases each start a sandbox: of every list of cases, `make test` tries one, and CI all."""


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Ten thousand tests are many objects that stay: no look for cycles goes through them, now or later."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of a test marked `sample(n)`, n cases spread over all of them stay fast; the others are slow proofs.

    Where each case starts a sandbox it is one case, unless the test says otherwise.
    """
    cases: dict[str, list[pytest.Item]] = {}
    for item in items:
        if item.get_closest_marker("sample") or item.path.parent.name in ON_A_SANDBOX:
            cases.setdefault(item.nodeid.partition("[")[0], []).append(item)
    for all_of_one in cases.values():
        marker = all_of_one[0].get_closest_marker("sample")
        (wanted,) = marker.args if marker else (1,)
        kept = {index * len(all_of_one) // wanted for index in range(wanted)}
        for index, item in enumerate(all_of_one):
            if index not in kept:
                item.add_marker("slow")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The table of the matrices (tests/matrix), of all workers."""
    reports = [one for kind in ("passed", "failed") for one in terminalreporter.getreports(kind)]
    rows = sorted(value for one in reports for name, value in getattr(one, "user_properties", ()) if name == "matrix")
    if rows:
        terminalreporter.section("matrices")
        names = ["matrix", "scenario", "venue", "storage", "points", "converged", "doubled", "lost"]
        for row in [names, *rows]:
            terminalreporter.line("{:6}  {:34}  {:5}  {:8}  {:>6}  {:>9}  {:>7}  {:>4}".format(*row))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server; a test that needs one is skipped where none is installed."""
    from postgres import binaries, serve

    folder = binaries()
    if folder is None:
        pytest.skip("no PostgreSQL server is installed (Debian: apt-get install postgresql)")
    with serve(folder) as server:
        yield server


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A workspace on a fresh sandbox, 50 times as fast as the venue."""
    with Desk.at(tmp_path, monkeypatch) as made:
        yield made
