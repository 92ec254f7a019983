"""One workspace on one ground: manifests of rungs, and the real command line in this process. All it says is kept."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import pyrage
import pytest

import acctcfg
from acctcfg.cli import run
from acctcfg.conformance.ground import Ground, Rung, Write
from acctcfg.engine.policy import violations
from acctcfg.render.plan_schema import plan_schema
from acctcfg.venues import installed

__all__ = ["NO_CHANGES", "Said", "Trial", "need", "need_published"]

NO_CHANGES = "No changes. Live accounts match the manifest."
_IDENTITY = "ACCTCFG_CONFORMANCE_IDENTITY"


def need(holds: object, words: str) -> None:
    """Fail with a sentence for the author of the venue package, and without a trace into the kit."""
    __tracebackhide__ = True
    if not holds:
        pytest.fail(words, pytrace=False)


@dataclass(frozen=True, slots=True)
class Said:
    """What one command printed, and its exit status."""

    command: str
    code: int
    out: str
    err: str

    @property
    def last(self) -> str:
        """The last line on stdout."""
        return self.out.rstrip("\n").rpartition("\n")[2]

    @property
    def json(self) -> Any:
        """Stdout as one JSON document; an empty one where the command failed before it had a result."""
        return json.loads(self.out) if self.out.strip() else {}

    def __str__(self) -> str:
        return f"`acctcfg {self.command}` ended with {self.code}:\n{self.out}{self.err}"


def need_published(plan: Said) -> None:
    """The plan's document is what schemas/plan.schema.json says: no code that is not in the closed lists."""
    flaws = violations(plan_schema(installed.rules().values()), plan.json)
    need(not flaws, f"a plan is not of the published form: {'; '.join(flaws)}: {plan}")


@dataclass(slots=True)
class Trial:
    """`trial.at(rung)` writes the manifest; `plan`, `apply` and `run` are the commands."""

    ground: Ground
    folder: Path
    recipient: str
    said: list[Said] = field(default_factory=list)
    records: list[str] = field(default_factory=list)  # what was logged, at any level

    @classmethod
    @contextmanager
    def on(cls, ground: Ground, folder: Path) -> Iterator[Self]:
        """A workspace in `folder`, on a ground that is started for it."""
        made = pyrage.x25519.Identity.generate()
        with ground, pytest.MonkeyPatch.context() as patch:
            patch.setenv(_IDENTITY, str(made))
            patch.setenv("ACCTCFG_SPEED", str(ground.speed))
            patch.setenv("ACCTCFG_ACTOR", "conformance")
            patch.setenv("HOME", str(folder / ".home"))
            patch.setenv("XDG_CACHE_HOME", str(folder / ".cache"))
            patch.setenv("XDG_STATE_HOME", str(folder / ".state"))
            patch.setattr("acctcfg.journal.lock._home_on_record", lambda: "")  # no trial leaves locks in a real home
            for name, value in ground.environ.items():
                patch.setenv(name, value)
            for name in ("CI", "NO_COLOR", "ACCTCFG_TRUST"):
                patch.delenv(name, raising=False)
            trial = cls(ground, folder, str(made.to_public()))
            with _listening(trial.records):
                yield trial

    @property
    def climber(self) -> str:
        """The account that climbs."""
        return next(iter(self.ground.accounts))

    @property
    def neighbour(self) -> str:
        """Another account."""
        return list(self.ground.accounts)[1]

    # -- the workspace -------------------------------------------------------------------------------------------------

    def at(self, *rungs: Rung, **venue: object) -> Self:
        """The manifest of this rung for the climber, and of a second one for the neighbour.

        More words go into every connection.
        """
        accounts = {
            key: {**entry, **rung.fields}
            for (key, entry), rung in zip(self.ground.accounts.items(), rungs, strict=False)
        }
        used = {entry["venue"] for entry in accounts.values()}
        vault = {
            "type": "age_file",
            "path": "secrets/",
            "recipients": [self.recipient],
            "identity": {"env": _IDENTITY},
        }
        document = {
            "version": 1,
            "venues": {key: {**one, **venue} for key, one in self.ground.venues.items() if key in used},
            "secret_stores": {"vault": vault},
            "accounts": accounts,
        }
        (self.folder / "acctcfg.yaml").write_text(json.dumps(document, indent=1), encoding="utf-8")
        return self

    # -- the commands --------------------------------------------------------------------------------------------------

    def run(self, *arguments: str) -> Said:
        """One command line."""
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = run(["-C", str(self.folder), *arguments])
        said = Said(" ".join(arguments), code, out.getvalue(), err.getvalue())
        self.said.append(said)
        return said

    def plan(self) -> Said:
        """`acctcfg plan --format json`."""
        return self.run("plan", "--format", "json")

    def apply(self) -> Said:
        """`acctcfg apply --auto-approve --format json`."""
        return self.run("apply", "--auto-approve", "--format", "json")

    def applied(self, rung: Rung, so_far: str = "") -> Said:
        """Apply the rung's manifest, and see it land."""
        said = self.at(rung).apply()
        need(said.code == 0, f"the rung {rung.name!r} cannot be reached{so_far}: {said}")
        return said

    def apply_and(self, then: Callable[[], None]) -> Any:
        """The outcome of an apply in which something happens between the user's approval and the first write."""

        def approve(_: object) -> bool:
            then()
            return True

        async def work() -> Any:
            return await acctcfg.apply(acctcfg.load(self.folder, os.environ), approve=approve)

        return asyncio.run(work())

    # -- the venue -----------------------------------------------------------------------------------------------------

    def written(self) -> int:
        """How many writes have reached the venue."""
        return len(self.ground.writes())

    def effects(self, account: str = "") -> int:
        """How many writes have changed something, of one account or of all."""
        return sum(one.effect for one in self.ground.writes() if account in ("", one.account))

    def since(self, count: int) -> list[Write]:
        """The writes after the first `count`."""
        return list(self.ground.writes()[count:])

    # -- what must never be seen ---------------------------------------------------------------------------------------

    def demand_silence(self, *more: str) -> None:
        """No secret of the ground in anything that was printed, logged or left in the workspace."""
        texts = {f"what {one.command!r} printed": one.out + one.err for one in self.said}
        texts["the log"] = "\n".join(self.records)
        for file in self.folder.rglob("*"):
            if file.is_file():
                texts[f"the file {file.relative_to(self.folder)}"] = file.read_bytes().decode("latin-1")
        for where, text in texts.items():
            for secret in (*self.ground.secrets, *more):
                need(
                    secret not in text,
                    f"a secret stands in {where}: credentials may go into a signature and nowhere else, "
                    "and no message may quote a header, a body or a credential",
                )


class _Listener(logging.Handler):
    def __init__(self, records: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self._records = records

    def emit(self, record: logging.LogRecord) -> None:
        self._records.append(record.getMessage())


@contextmanager
def _listening(records: list[str]) -> Iterator[None]:
    logger, listener = logging.getLogger(), _Listener(records)
    before = logger.level
    logger.addHandler(listener)
    logger.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        logger.removeHandler(listener)
        logger.setLevel(before)
