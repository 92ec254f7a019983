"""A desk for tests: a workspace in a folder of its own, a sandbox on loopback, and the real command line."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import pyrage
import pytest

import acctcfg.engine.session
from acctcfg.cli import run
from acctcfg.sandbox.serve import Running

__all__ = ["SPEED", "Desk", "Said", "seed"]

SPEED = 50
SILENCE_S = 1.0  # where a fault keeps the venue silent; any other answer has the time that it has outside of tests
MASTER = {
    "label": "master",
    "api_key": "test-api-key",
    "secret_key": "test-secret-key",
    "passphrase": "Test-passphrase-1",
    "perm": "read_only,trade,withdraw",
    "env": "demo",
}


# Of the venue's texts the readings that many of these tests are about; the sandbox's own defaults are the newer ones.
READINGS = {"isolated_in_advanced_modes": "all", "dma_withdraw": "accepted", "subaccount_parent": "mainAcct"}


def seed(sub_accounts: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A broker `desk` with the master key of every test; sub-accounts and flags as the sandbox's seed takes them."""
    tenant = {"env_prefix": "OKX_DESK", "keys": [MASTER], "sub_accounts": dict(sub_accounts or {})}
    return {"tenants": {"desk": tenant}, **more, "flags": {**READINGS, **more.get("flags", {})}}


@dataclass(frozen=True, slots=True)
class Said:
    """What one command printed, and its exit status."""

    code: int
    out: str
    err: str

    @property
    def last(self) -> str:
        """The last line on stdout."""
        return self.out.rstrip("\n").rpartition("\n")[2]

    @property
    def json(self) -> Any:
        """Stdout as one JSON document."""
        return json.loads(self.out)


@dataclass(slots=True)
class Desk:
    """`desk.accounts(...)` writes the manifest; `desk.plan()` and `desk.apply()` are the commands."""

    folder: Path
    sandbox: Running
    identity: str  # the text of the age identity that reads the store
    recipient: str
    monkeypatch: pytest.MonkeyPatch
    document: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def credentials(cls) -> dict[str, str]:
        """The environment variables of the connections."""
        return {
            "OKX_DESK_API_KEY": MASTER["api_key"],
            "OKX_DESK_SECRET_KEY": MASTER["secret_key"],
            "OKX_DESK_PASSPHRASE": MASTER["passphrase"],
        }

    @classmethod
    def empty(cls) -> dict[str, Any]:
        """The seed where a test gives none."""
        return seed()

    @classmethod
    @contextmanager
    def at(
        cls,
        folder: Path,
        monkeypatch: pytest.MonkeyPatch,
        world: Mapping[str, Any] | None = None,
        *,
        speed: int = SPEED,
    ) -> Iterator[Self]:
        """A desk on a fresh sandbox; `world` is the sandbox's seed."""
        made = pyrage.x25519.Identity.generate()
        for name, value in {
            **cls.credentials(),
            "ACCTCFG_AGE_KEY": str(made),
            "ACCTCFG_SPEED": str(speed),
            "ACCTCFG_ACTOR": "tester",
            "HOME": str(folder / ".home"),
            "XDG_CACHE_HOME": str(folder / ".cache"),
            "XDG_STATE_HOME": str(folder / ".state"),
        }.items():
            monkeypatch.setenv(name, value)
        for name in ("CI", "NO_COLOR", "FORCE_COLOR", "ACCTCFG_TRUST"):
            monkeypatch.delenv(name, raising=False)
        with Running(dict(world or cls.empty()), speed=speed) as sandbox:
            yield cls(folder, sandbox, str(made), str(made.to_public()), monkeypatch)

    # -- the workspace -------------------------------------------------------------------------------------------------

    def write(self, accounts: Mapping[str, Any], **sections: Any) -> Self:
        """Write acctcfg.yaml with these accounts; other sections by keyword, `venue=` adds to the connection."""
        connection = {
            "type": "okx_dma_broker",
            "environment": "demo",
            "credentials": {"env": "OKX_DESK"},
            "base_url": self.sandbox.base_url,
            "egress": ["127.0.0.1"],
            **sections.pop("venue", {}),
        }
        store = {
            "type": "age_file",
            "path": "secrets/",
            "recipients": [self.recipient],
            "identity": {"env": "ACCTCFG_AGE_KEY"},
        }
        self.document = {
            "version": 1,
            "venues": {"desk": connection},
            "secret_stores": {"vault": store},
            "accounts": {
                key: {"venue": "desk", **{k: v for k, v in fields.items() if v is not ...}}
                for key, fields in accounts.items()
            },
            **sections,
        }
        self.text(json.dumps(self.document, indent=1))
        return self

    def text(self, manifest: str) -> Self:
        """Write acctcfg.yaml as it is given."""
        (self.folder / "acctcfg.yaml").write_text(manifest, encoding="utf-8")
        return self

    def secret(self, account: str, label: str, *, venue: str = "desk") -> dict[str, str]:
        """A stored secret, decrypted."""
        sealed = (self.folder / "secrets" / venue / account / f"{label}.age").read_bytes()
        opened = pyrage.decrypt(sealed, [pyrage.x25519.Identity.from_str(self.identity)])
        return dict(json.loads(opened))

    # -- the commands --------------------------------------------------------------------------------------------------

    def run(self, *arguments: str) -> Said:
        """One command line, in this process."""
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = run(["-C", str(self.folder), *arguments])
        return Said(code, out.getvalue(), err.getvalue())

    def plan(self, *arguments: str) -> Said:
        """`acctcfg plan`."""
        return self.run("plan", *arguments)

    def steps(self, *arguments: str) -> dict[str, dict[str, Any]]:
        """The steps of `acctcfg plan --format json`, by address."""
        said = self.plan("--format", "json", *arguments)
        assert said.out, said.err
        return {step["address"]: step for step in said.json["steps"]}

    def apply(self, *arguments: str) -> Said:
        """`acctcfg apply --auto-approve`."""
        return self.run("apply", "--auto-approve", *arguments)

    def converge(self) -> Said:
        """Apply, and see that a plan is empty and a second apply sends no write."""
        said = self.apply()
        assert said.code == 0, said.out + said.err
        before = len(self.writes())
        assert self.plan().last == "No changes. Live accounts match the manifest."
        again = self.apply()
        assert (again.code, again.last) == (0, "No changes. Live accounts match the manifest.")
        assert len(self.writes()) == before
        return said

    # -- the venue -----------------------------------------------------------------------------------------------------

    def writes(self, ending: str = "") -> list[dict[str, Any]]:
        """Every POST that reached the venue, in order; those whose path ends so."""
        found = self.sandbox.control_get("writes")
        rows: list[dict[str, Any]] = found["writes"] if isinstance(found, dict) else found
        return [row for row in rows if row["path"].endswith(ending)]

    def account(self, name: str) -> dict[str, Any]:
        """One sub-account as the venue has it."""
        return dict(self.sandbox.control_get(f"accounts/{name}"))

    def open(self, name: str, what: str, **fields: Any) -> None:
        """Open a position, an order, an algo order or a bot at the venue."""
        self.sandbox.control_post(f"accounts/{name}/{what}", **fields)

    def fault(self, **fields: Any) -> None:
        """Lay a fault, as the sandbox's control API takes it; a silence of the venue is not waited for as long."""
        if fields["kind"].startswith("timeout"):
            self.monkeypatch.setattr(acctcfg.engine.session, "TIMEOUT_S", SILENCE_S)
        self.sandbox.control_post("faults", fields)

    @property
    def too_many(self) -> int:
        """How many requests the venue answered with "too many requests"."""
        return int(self.sandbox.control_get("requests")["rate_limited"])
