"""What a plan imports: most of the time of a plan of one account is its start."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec

from desk import Desk

OF_OTHERS = ("httpx", "jsonschema", "jsonschema_rs", "deepdiff", "pygments", "rich", "ruamel", "psycopg", "zoneinfo")
OURS = (
    "core.conclusion",
    "engine.execute",
    "engine.record",
    "engine.replayed",
    "engine.undo",
    "journal.git_clean",
    "rehearsal",
    "render.data",
    "render.events",
    "render.snapshot",
    "sandbox",
    "scenarios",
    "secrets.helper",
    "secrets.told",
    "venues.brake",
    "venues.gate_crossex.connection",
    "venues.inventory",
    "venues.okx.prechecks",
    "venues.okx.private_socket",
    "venues.rebates",
    "wire.through_httpx",
    "workers",
)
"""What writes, brakes, listens, answers for few manifests, or belongs to another venue."""
PROGRAM = """
import json, sys
from acctcfg.cli import run
status = run(sys.argv[1:])
print(json.dumps([status, sorted(sys.modules)]))
"""


def test_a_plan_without_changes_imports_what_it_uses(desk: Desk):
    """Nothing that only writes, failures, other commands, other formats or other manifests need."""
    key = {"permissions": ["read", "trade"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}
    leverage = [{"market": "swap", "family": "BTC-USDT", "margin": "cross", "value": 5}]
    own = {"account_mode": "futures", "position_mode": "net", "leverage": leverage}
    desk.write({"customer01": {"api_keys": {"trading": key}, **own}})
    assert desk.apply().code == 0
    line = [sys.executable, "-c", PROGRAM, "-C", str(desk.folder), "plan"]
    *said, told = subprocess.run(line, capture_output=True, text=True, check=True).stdout.splitlines()
    status, loaded = json.loads(told)
    assert (status, said[-1]) == (0, "No changes. Live accounts match the manifest.")
    heavy = [*OF_OTHERS, *(f"acctcfg.{name}" for name in OURS)]
    assert [name for name in loaded if any(f"{name}.".startswith(f"{one}.") for one in heavy)] == []


def test_what_is_not_imported_is_there():
    """A module that was renamed would be missed by nobody."""
    assert [name for name in OURS if find_spec(f"acctcfg.{name}") is None] == []
