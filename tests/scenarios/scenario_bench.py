"""A workspace whose manifest leads to the outside everywhere, and `acctcfg test` in it."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from desk import Said

from acctcfg.cli import run

OKX = {"type": "okx_dma_broker", "environment": "demo", "credentials": {"env": "NOBODY_SET"}, "egress": ["203.0.113.7"]}
GATE = {"type": "gate_crossex", "credentials": {"env": "NOBODY_SET"}}
STORE = {"type": "age_file", "path": "secrets/", "identity": {"env": "NOBODY_SET"}}
KEY = {"permissions": ["read", "trade"], "ip_allowlist": ["203.0.113.7"], "store": "vault"}
ACCOUNT = {"venue": "desk", "account_mode": "multi_currency", "position_mode": "net", "api_keys": {"bot": KEY}}


@dataclass(frozen=True, slots=True)
class Bench:
    """`bench.test(a={...})` tries a scenario."""

    folder: Path

    def manifest(self, **sections: Any) -> None:
        """One OKX account under `desk`, and what else is given."""
        whole = {
            "version": 1,
            "venues": {"desk": OKX},
            "secret_stores": {"vault": STORE},
            "accounts": {"mmdesk01": ACCOUNT},
            **sections,
        }
        (self.folder / "acctcfg.yaml").write_text(json.dumps(whole), encoding="utf-8")

    def test(self, *arguments: str, **scenarios: Any) -> Said:
        """`acctcfg test` over these scenarios."""
        if scenarios:
            text = json.dumps({"version": 1, "scenarios": scenarios}, indent=1)
            (self.folder / "tests").mkdir(exist_ok=True)
            (self.folder / "tests" / "a.yaml").write_text(text, encoding="utf-8")
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = run(["-C", str(self.folder), "test", *arguments])
        return Said(code, out.getvalue(), err.getvalue())
