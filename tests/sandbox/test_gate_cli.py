"""`acctcfg sandbox` with Gate CrossEx, as a person starts it."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from patience import PATIENCE_S

ROOT = Path(__file__).parents[2]
START = "from acctcfg.cli.sandbox import command; command()"
SEED = str(ROOT / "examples" / "gate-seed.yaml")


def start(*arguments):
    """The command in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", START, "--port", "0", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


@pytest.mark.sample(1)
@pytest.mark.parametrize(
    ("arguments", "prefixes"),
    [
        (["--gate-crossex"], {"OKX_DESK", "GATE_DESK"}),
        (["--seed", SEED], {"OKX_DESK", "GATE_CROSSEX", "GATE_ISOLATED"}),
        (["--seed", SEED, "--gate-crossex"], {"OKX_DESK", "GATE_CROSSEX", "GATE_ISOLATED", "GATE_DESK"}),
    ],
)
def test_says_how_to_sign_at_gate(arguments, prefixes):
    """It prints a key and a secret for each Gate user, no passphrase, and serves Gate's paths."""
    process = start(*arguments)
    try:
        lines = []
        while not lines or not lines[-1].startswith("ready"):
            lines.append(process.stdout.readline())
            assert lines[-1], process.stderr.read()
        base_url = re.search(r"^Gate CrossEx sandbox on (\S+) \(wire format: seed\)$", "".join(lines), re.MULTILINE)[1]
        exports = dict(shlex.split(line)[1].split("=", 1) for line in lines if line.startswith("export "))
        assert {name.rpartition("_API_KEY")[0] for name in exports if name.endswith("_API_KEY")} == prefixes
        assert [name for name in exports if name.endswith("PASSPHRASE")] == ["OKX_DESK_PASSPHRASE"]
        with urllib.request.urlopen(f"{base_url}/crossex/rule/symbols") as reply:  # noqa: S310
            assert reply.status == 200
    finally:
        process.terminate()
        _, errors = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, errors) == (0, "")


@pytest.mark.slow
def test_a_seed_with_a_tenant_called_gate(tmp_path):
    """The built-in user takes nobody's place."""
    path = tmp_path / "seed.yaml"
    path.write_text("tenants: {gate: {venue: gate_crossex}}\n")
    process = start("--seed", str(path), "--gate-crossex")
    _, errors = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, "tenants.gate" in errors, "Traceback" in errors) == (1, True, False)
