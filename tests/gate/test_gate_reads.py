"""No two requests where one does: what tells whose credentials these are also tells of the main account."""

from __future__ import annotations

from typing import Any

import pytest
from desk import Desk
from gate_desk import GateDesk


def read(desk: Desk, path: str, *command: str) -> int:
    """How often one command reads there."""
    endpoint = f"GET {path}"
    before = desk.sandbox.control_get("requests")["by_path"].get(endpoint, 0)
    assert desk.run(*command).code == 0
    return int(desk.sandbox.control_get("requests")["by_path"].get(endpoint, 0)) - before


COUNTS = [(("plan",), 1), (("show",), 1), (("output",), 1), (("apply", "--auto-approve"), 2)]


@pytest.mark.parametrize(("command", "count"), COUNTS)
def test_the_main_account_is_read_once(gate: GateDesk, command: tuple[str, ...], count: int) -> None:
    """At both venues; an apply reads once more when it has the lock, since another run may just have ended."""
    main: dict[str, Any] = {"position_mode": "net"}
    gate.write({"cx": main}).converge()
    assert read(gate, "/api/v4/crossex/accounts", *command) == count


@pytest.mark.parametrize(("command", "count"), COUNTS)
def test_each_exchange_is_read_once(gate: GateDesk, command: tuple[str, ...], count: int) -> None:
    """In isolated_exchange: the part that told whose credentials these are too; and the whole, which is refused."""
    modes = {"gate": "net", "okx": "net", "binance": "net"}
    gate.write({"cx": {"account_mode": "isolated_exchange", "position_mode": modes}}).converge()
    expected = 2 if command == ("output",) else 2 * count + 2
    assert read(gate, "/api/v4/crossex/accounts", *command) == expected


@pytest.mark.parametrize(("command", "count"), COUNTS)
def test_the_brokers_own_account_is_read_once(desk: Desk, command: tuple[str, ...], count: int) -> None:
    """The same of a broker's config."""
    desk.write({"main01": {"role": "main", "position_mode": "net"}})
    assert desk.apply().code == 0
    assert read(desk, "/api/v5/account/config", *command) == count
