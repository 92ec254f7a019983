"""OKX's own command line in a home of its own: what it was told, and what it printed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from patience import PATIENCE_S

__all__ = ["OkxCli"]

MODULES = os.environ.get("ACCTCFG_FOREIGN_NODE", "")
PACKAGE = "@okx_ai/okx-trade-cli"


@dataclass(frozen=True, slots=True)
class OkxCli:
    """`okx(...)` is one command line in a process of its own, as a person or a bot would start it."""

    home: Path

    @classmethod
    def at(cls, home: Path, base: str, key: Mapping[str, str]) -> OkxCli:
        """Its file of settings names the server and the key; it asks no registry whether it is the newest."""
        if not Path(MODULES, "node_modules", PACKAGE).is_dir() or not shutil.which("node"):
            pytest.skip(f"ACCTCFG_FOREIGN_NODE names no folder with {PACKAGE}, or there is no node")
        folder = home / ".okx"
        folder.mkdir(parents=True)
        values = {name: key[name] for name in ("api_key", "secret_key", "passphrase")} | {"base_url": base}
        lines = ['default_profile = "desk"', "[profiles.desk]", "demo = true"]
        lines += [f"{name} = {json.dumps(value)}" for name, value in values.items()]
        (folder / "config.toml").write_text("\n".join(lines), encoding="utf-8")
        checked = {PACKAGE: {"latestVersion": "0.0.1", "checkedAt": int(time.time() * 1000)}}
        (folder / "update-check.json").write_text(json.dumps(checked), encoding="utf-8")
        return cls(home)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """One command, whatever it ends with."""
        return subprocess.run(
            ["node", str(Path(MODULES, "node_modules", PACKAGE, "dist", "index.js")), *words],
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
            env={"HOME": str(self.home), "PATH": os.environ["PATH"], "NO_PROXY": "127.0.0.1"},
        )

    def __call__(self, *words: str) -> Any:
        """One command that must succeed: its rows."""
        done = self.run("--json", *words)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)
