"""Fixtures for Gate CrossEx."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from gate_desk import BOT, SPEED, GateDesk, gate_seed


@pytest.fixture
def make_gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., GateDesk]]:
    """`make_gate(account_mode=..., ...)`: a desk on a sandbox whose CrossEx account has these fields."""
    with ExitStack() as stack:

        def make(*, okx: bool = False, top: Any = None, speed: int = SPEED, **main: Any) -> GateDesk:
            world = gate_seed(main, okx=okx, **(top or {}))
            return stack.enter_context(GateDesk.at(tmp_path, monkeypatch, world, speed=speed))

        yield make


@pytest.fixture
def gate(make_gate: Callable[..., GateDesk]) -> GateDesk:
    """A desk on a fresh CrossEx account."""
    return make_gate()


@pytest.fixture
def trader(gate: GateDesk) -> GateDesk:
    """A sub-account with one key that acctcfg made."""
    account = {"role": "sub_account", "api_keys": {"bot": BOT}}
    gate.write({"trader1": account}, guardrails={"max_deletes": 0}).converge()
    return gate
