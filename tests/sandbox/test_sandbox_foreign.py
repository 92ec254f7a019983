"""Clients that know nothing of acctcfg work against the sandbox with nothing changed but the host name.

Needs an interpreter with python-okx and ccxt: `ACCTCFG_FOREIGN_PYTHON=/path/to/python pytest -m foreign`.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from acctcfg.sandbox.serve import Running

PYTHON = os.environ.get("ACCTCFG_FOREIGN_PYTHON")


def key_of(name):
    words = {"api_key": f"{name}-key", "secret_key": f"{name}-secret", "passphrase": f"{name.title()}-passphrase-1"}
    return {"label": name, **words}


@pytest.mark.foreign
@pytest.mark.skipif(not PYTHON, reason="ACCTCFG_FOREIGN_PYTHON names no interpreter")
def test_python_okx_and_ccxt():
    """Both read, write and read back; ccxt also creates a sub-account and its key on the older broker paths."""
    sub = {"acctLv": "3", "keys": [key_of("desk")]}
    script = str(Path(__file__).parent / "foreign_okx.py")
    with Running({"tenants": {"desk": {"keys": [key_of("master")], "sub_accounts": {"mmdesk01": sub}}}}) as sandbox:
        done = subprocess.run(
            [str(PYTHON), script, sandbox.base_url],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env={**os.environ, "NO_PROXY": "127.0.0.1"},
        )
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout.splitlines()[-1]) == {
            "config": "3",
            "mode": "0",
            "set by instrument": "0",
            "set by currency": "0",
            "read back": "4",
            "greeks": "0",
            "orders": [],
            "algos": [],
            "markets": True,
            "ccxt set": "0",
            "ccxt read": 6,
            "ccxt hedged": False,
            "ccxt create": "0",
            "ccxt key": "read_only,trade",
        }
        assert sandbox.control_get("requests")["unlisted"] == []
        assert "foreign1" in sandbox.control_get("state")["tenants"]["desk"]["sub_accounts"]
