"""A type of store is one module and its row in `acctcfg.secrets.types.MODULES`: everything else follows from that."""

from __future__ import annotations

import json
from typing import Any

import pytest
import shelf_store
from desk import Desk

from acctcfg.core.secret import Secret
from acctcfg.secrets import types


@pytest.fixture
def shelf(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk whose program has one more row."""
    monkeypatch.setattr(types, "MODULES", [*types.MODULES, shelf_store])
    shelf_store.DRAWERS.clear()
    return desk


def write(desk: Desk, **store: Any) -> None:
    key = {"permissions": ["read", "trade"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}
    accounts = {"mmdesk01": {"account_mode": "futures", "api_keys": {"trading": key}}}
    desk.write(accounts, secret_stores={"vault": {"type": "shelf", **store}})


def test_an_added_store_works_from_schema_to_check(shelf: Desk) -> None:
    """Schema, explain, validate, plan, apply, secrets list and secrets check know it; no secret is printed."""
    fields = json.loads(shelf.run("schema", "manifest").out)["$defs"]["secret_store"]
    assert "shelf" in json.dumps(fields["properties"]["type"])
    assert fields["properties"]["drawer"]["description"] == "shelf: which drawer"
    assert {"properties": {"type": {"const": "shelf"}}, "required": ["type"]} in [row["if"] for row in fields["allOf"]]
    assert "which drawer" in shelf.run("explain", "secret_stores.vault.drawer").out

    write(shelf)
    assert "secret_stores.vault: `drawer` is missing (the drawer of its secrets)" in shelf.run("validate").err
    write(shelf, drawer="top", recipients=["age1qqqqqqqqqqqqqqqqqqqqqqqqqqqq"])
    assert "a store of type shelf (at acctcfg.yaml:" in shelf.run("validate").err
    write(shelf, drawer="top")
    assert shelf.run("validate").code == 0

    assert "vault  shelf" in shelf.plan().out
    assert shelf.converge().code == 0
    kept = shelf_store.DRAWERS["top"]["desk/mmdesk01/trading"]
    holder = shelf.sandbox.app.venues["okx"].state.holders[kept.api_key]
    assert kept.secret_key.same_as(Secret(holder.key.secret_key))

    assert json.loads(shelf.run("secrets", "list", "--format", "json").out)["secrets"] == [
        {"store": "vault", "path": "desk/mmdesk01/trading", "state": "wanted", "place": "", "by": "store"}
    ]
    checked = shelf.run("secrets", "check")
    assert (checked.code, checked.out.splitlines()[0]) == (0, "signs    mmdesk01.api_keys[trading]")
    assert holder.key.secret_key not in checked.out + checked.err
