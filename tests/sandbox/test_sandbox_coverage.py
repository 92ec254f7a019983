"""What the client can send, the sandbox serves, and a test meets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from acctcfg.sandbox.app import App, Request
from acctcfg.sandbox.gate_crossex import routes as gate
from acctcfg.sandbox.okx import routes as okx
from acctcfg.sandbox.schema import seed_schema_text
from acctcfg.sandbox.venues import VENUES
from acctcfg.venues.gate_crossex import endpoints as gate_endpoints
from acctcfg.venues.okx import endpoints as okx_endpoints
from acctcfg.wire.endpoint import Endpoint

ROOT = Path(__file__).parents[2]
TABLES = (okx_endpoints, gate_endpoints)
ROWS = [row for table in TABLES for row in vars(table).values() if isinstance(row, Endpoint)]


def limit(row):
    """What the sandbox admits of an endpoint: how many in how many seconds."""
    by_method = okx.PATHS.get(row.path) or (gate.find(row.path) or ({}, {}))[0]
    route = by_method.get(row.method)
    return (route.limit, route.window_s) if route else None


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.text)
def test_every_endpoint_of_a_client_is_served_at_its_pace(row):
    """Each row of a client's table has a route of the same method, whose limit is the one that the client keeps."""
    assert limit(row) == (row.rate.count, row.rate.per_s)


FILES = [file for file in (ROOT / "tests").rglob("test_*.py") if file.name != Path(__file__).name]
TEXT = "\n".join(file.read_text(encoding="utf-8") for file in FILES)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.text)
def test_every_endpoint_of_a_client_is_met_by_a_test(row):
    """Some test names its path, to call it, to count it or to lay a fault on it."""
    tail = row.path.removeprefix("/api/v5").removeprefix("/api/v4").rpartition("}")[2] or "/keys/"
    short = "/" + tail.rpartition("/")[2]
    assert tail in TEXT or f'{short}"' in TEXT, tail


def test_what_is_not_served_is_said_loudly():
    """A path that nobody knows is a 404, counted as unlisted, never a silent success."""
    app = App()
    for path in ("/api/v5/account/no-such-call", "/api/v4/crossex/no_such_call"):
        reply = app.handle(Request("GET", path, {}))
        assert (reply.status, b"unlisted" in reply.body) == (404, True)
    assert len(app.world.journal.unlisted) == 2


def test_the_published_schema_is_the_one_that_judges():
    """schemas/sandbox-seed.schema.json does not drift; `make schemas` renews it."""
    shown = (ROOT / "schemas" / "sandbox-seed.schema.json").read_text(encoding="utf-8")
    assert json.loads(shown) == json.loads(seed_schema_text(VENUES))
