"""`acctcfg sandbox` as a person starts it."""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from patience import PATIENCE_S

ROOT = Path(__file__).parents[2]
START = "from acctcfg.cli.sandbox import command; command()"


def start(*arguments):
    """The command in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-c", START, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_starts_says_how_to_sign_and_stops(number):
    """It prints its address and credentials, answers, and ends with 0 when interrupted."""
    process = start("--port", "0", "--live")
    try:
        lines = []
        while not lines or not lines[-1].startswith("ready"):
            lines.append(process.stdout.readline())
            assert lines[-1], process.stderr.read()
        said = "".join(lines)
        base_url = re.search(r"http://127\.0\.0\.1:\d+", said).group()
        exports = dict(shlex.split(line)[1].split("=", 1) for line in lines if line.startswith("export "))
        assert set(exports) == {"OKX_DESK_API_KEY", "OKX_DESK_SECRET_KEY", "OKX_DESK_PASSPHRASE"}
        assert "live key" in said
        with urllib.request.urlopen(f"{base_url}/api/v5/public/time") as reply:  # noqa: S310
            assert reply.status == 200
    finally:
        process.send_signal(number)
        _, errors = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, errors) == (0, "")


def test_a_port_that_is_taken():
    """One message and exit 1."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        process = start("--port", str(taken.getsockname()[1]))
        out, errors = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, out) == (1, "")
    assert errors.startswith("error: cannot listen on 127.0.0.1:")
    assert "hint: " in errors
    assert "Traceback" not in errors


def test_a_seed_with_an_unknown_key(tmp_path):
    """The key is named, exit 1."""
    path = tmp_path / "seed.yaml"
    path.write_text("tennants: {}\n")
    process = start("--seed", str(path), "--port", "0")
    _, errors = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, "tennants" in errors, "Traceback" in errors) == (1, True, False)


def test_a_host_that_is_not_loopback():
    """Refused as wrong usage."""
    process = start("--host", "0.0.0.0")  # noqa: S104
    _, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode != 0
    assert "loopback" in errors


def test_importing_the_command_is_cheap():
    """The command line loads no server until the sandbox is started."""
    script = "import sys, acctcfg.cli.sandbox; print([m for m in ('aiohttp', 'yaml', 'asyncio') if m in sys.modules])"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.strip() == "[]"


def test_imports_nothing_of_ours():
    """The sandbox is a second reading of the documentation: it imports no other package of the project."""
    for path in (ROOT / "acctcfg" / "sandbox").rglob("*.py"):
        ours = re.findall(r"^\s*(?:from|import) (acctcfg[\w.]*)", path.read_text(), re.MULTILINE)
        assert all(name.startswith("acctcfg.sandbox") for name in ours), path
