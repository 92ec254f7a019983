"""One scenario, again and again: laid out anew, disturbed, ended, and compared with a run that nobody disturbed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import unified_diff
from pathlib import Path
from typing import Any, Self

import pytest
from desk import Desk, Said
from fault_parts import keep
from postgres import Postgres
from scenarios import Scenario

__all__ = ["SPEED", "STEP", "Killer", "Tally", "Trial"]

SPEED = 100
STEP = 7 if os.environ.get("ACCTCFG_FEWER_EXAMPLES") else 1  # `make test` tries every seventh point, CI all of them
NO_CHANGES = "No changes. Live accounts match the manifest."
EACH_ITS_OWN = ("uid", "mainUid", "api_key", "key", "addr", "id")  # new at every run, as moments are


@dataclass(slots=True)
class Tally:
    """What came of the points of one row of the table; `misses` says what went wrong where."""

    points: int = 0
    converged: int = 0
    doubled: int = 0
    lost: int = 0
    misses: list[str] = field(default_factory=list)

    @property
    def row(self) -> list[int]:
        """As the table shows it."""
        return [self.points, self.converged, self.doubled, self.lost]

    def demand_all(self) -> None:
        """Every point converged, nothing is there twice, and no secret is lost."""
        assert not self.misses, "\n\n".join(self.misses)
        assert self.row == [self.points, self.points, 0, 0]
        assert self.points


class Killer:
    """Commands in processes of their own that die at a point."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    @classmethod
    @contextmanager
    def at_work(cls) -> Iterator[Self]:
        """One process that forks for each command."""
        command = [sys.executable, str(Path(__file__).with_name("dying.py"))]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            try:
                yield cls(process)
            finally:
                process.kill()

    def run(self, desk: Desk, command: tuple[str, ...], point: int) -> Said:
        """Its exit status is -9 where it got to that point."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        said = desk.folder / ".said"
        order = {"arguments": ["-C", str(desk.folder), *command], "environ": dict(os.environ), "point": point}
        self._process.stdin.write(json.dumps({**order, "said": str(said)}) + "\n")
        self._process.stdin.flush()
        code = int(self._process.stdout.readline())
        return Said(code, said.read_text(encoding="utf-8"), "")


@dataclass(slots=True)
class Trial:
    """A scenario on a sandbox and one storage."""

    scenario: Scenario
    desk: Desk
    postgres: Postgres | None
    url: str
    root: Path
    number: int = 0
    tally: Tally = field(default_factory=Tally)
    wanted: Any = None

    @classmethod
    @contextmanager
    def of(
        cls, scenario: Scenario, postgres: Postgres | None, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> Iterator[Self]:
        """On a server where one is given, else in a file."""
        with scenario.kind.at(folder, monkeypatch, scenario.world, speed=SPEED) as desk:
            yield cls(scenario, desk, postgres, postgres.database() if postgres else "", folder)

    def lay_out(self) -> None:
        """The venue as at the beginning, a new folder, no journal."""
        desk, last = self.desk, self.root / str(self.number)
        self.number += 1
        shutil.rmtree(last, ignore_errors=True)
        desk.folder = self.root / str(self.number)
        desk.folder.mkdir()
        for name, part in (("HOME", ".home"), ("XDG_CACHE_HOME", ".cache"), ("XDG_STATE_HOME", ".state")):
            desk.monkeypatch.setenv(name, str(desk.folder / part))
        desk.sandbox.control_post("reset")
        sections: dict[str, Any] = {"guardrails": dict(self.scenario.guardrails)}
        if self.postgres is not None:
            self.postgres.end_connections(self.url)
            with self.postgres.connect(self.url) as connection:
                connection.execute("DROP SCHEMA IF EXISTS acctcfg CASCADE")
            sections["journal"] = {"url": self.url}
        desk.write(self.scenario.accounts, **sections)
        for account in self.scenario.kept:
            keep(desk, account, venue=self.scenario.connection)

    def undisturbed(self, killer: Killer | None = None) -> None:
        """What it comes to when nothing happens."""
        self.lay_out()
        command = self.scenario.command
        said = killer.run(self.desk, command, 0) if killer else self.desk.run(*command)
        assert said.code == 0, said.out
        self.wanted = self.picture()

    def demand_signing(self, where: str) -> None:
        """Where a key and its secret were there already, a secret that signs lies in its place at this moment, too."""
        if self.scenario.kept and (lost := self.lost()):
            self.tally.lost += lost
            self.tally.misses.append(f"{where}: no secret that signs lies in the key's place")

    def end(self, where: str, *, tries: int = 1) -> None:
        """Run it until it ends well, and count what came of it."""
        said = self.desk.run(*self.scenario.command)
        while said.code and (tries := tries - 1):
            said = self.desk.run(*self.scenario.command)
        plan = self.desk.plan()
        found, doubled, lost = self.picture(), self.doubled(), self.lost()
        converged = said.code == 0 and plan.last == NO_CHANGES and found == self.wanted
        self.tally.points += 1
        self.tally.converged += converged
        self.tally.doubled += doubled
        self.tally.lost += lost
        if not converged or doubled or lost:
            other = "\n".join(
                unified_diff(*(json.dumps(one, indent=1).split("\n") for one in (self.wanted, found)), n=9)
            )
            self.tally.misses.append(f"{where}: {doubled} doubled, {lost} lost\n{said.out}{said.err}{plan.out}{other}")

    # -- what is there -------------------------------------------------------------------------------------------------

    def accounts(self) -> Mapping[str, Any]:
        """The sub-accounts at the venue."""
        tenants = self.desk.sandbox.control_get("state")["tenants"]
        accounts: Mapping[str, Any] = tenants[self.scenario.connection]["sub_accounts"]
        return accounts

    def picture(self) -> Any:
        """All that the venue has, but for what is new at every run."""
        return _alike(self.desk.sandbox.control_get("state")["tenants"])

    def doubled(self) -> int:
        """Sub-accounts, keys and addresses beyond those of the undisturbed run."""
        wanted = self.wanted[self.scenario.connection]["sub_accounts"]
        found = self.accounts()
        more = [len(found) - len(wanted)]
        for name in found.keys() & wanted.keys():
            more += [len(found[name].get(what, ())) - len(wanted[name].get(what, ())) for what in ("keys", "addresses")]
        return sum(one for one in more if one > 0)

    def lost(self) -> int:
        """Keys in whose place no secret lies that signs."""
        live = {name: {_id(key) for key in fields["keys"]} for name, fields in self.accounts().items()}
        return sum(self.stored(*one) not in live.get(one[0], ()) for one in self.scenario.secrets)

    def stored(self, account: str, label: str) -> str:
        """The id of the key whose secret lies in a key's place."""
        try:
            return self.desk.secret(account, label, venue=self.scenario.connection)["api_key"]
        except FileNotFoundError:
            return ""


def _id(key: Mapping[str, str]) -> str:
    return key.get("api_key") or key["key"]


def _alike(value: Any) -> Any:
    """Without what is new at every run, and lists in one order."""
    if isinstance(value, dict):
        return {name: _alike(one) for name, one in value.items() if name not in EACH_ITS_OWN}
    if isinstance(value, list):
        return sorted(map(_alike, value), key=json.dumps)
    return "a moment" if isinstance(value, int) and value > 1_000_000_000 else value
