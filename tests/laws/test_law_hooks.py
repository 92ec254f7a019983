"""Isolation, hook by hook: whatever a venue package raises for one account, it is that account's own trouble."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from desk import Desk, Said

from acctcfg.engine.progress import SILENT
from acctcfg.venues.contract import Connection
from acctcfg.venues.okx.connection import OkxConnection

KEY = {"permissions": ["read", "trade"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}
WANTED = {
    "api_keys": {"trading": KEY},
    "account_mode": "multi_currency",
    "leverage": [{"market": "swap", "family": "BTC-USDT", "margin": "cross", "value": 7}],
}
BAD, GOOD = "mmdesk01", "mmdesk02"
HOOKS = sorted(
    name
    for name, one in vars(Connection).items()
    if inspect.isfunction(one) and not name.startswith("_") and name not in ("open", "prove", "refuses_value")
)
SECRET = "value-that-nobody-may-see"


def breaks(patch: pytest.MonkeyPatch, hook: str, error: Exception) -> None:
    """The hook raises where it is about the one account."""
    owner = next(one for one in OkxConnection.__mro__ if hook in vars(one))
    honest = getattr(owner, hook)

    def concerns(one: Any) -> bool:
        key = getattr(getattr(one, "spec", one), "key", None) or getattr(getattr(one, "address", None), "account", None)
        if isinstance(one, list | tuple):
            return any(concerns(part) for part in one)
        return key == BAD

    def sync(self: Any, *given: Any, **more: Any) -> Any:
        if hook in ("strangers", "is_precondition") or any(concerns(one) for one in given):
            raise error
        return honest(self, *given, **more)

    async def later(self: Any, *given: Any, **more: Any) -> Any:
        return await _awaited(sync(self, *given, **more))

    patch.setattr(owner, hook, later if inspect.iscoroutinefunction(honest) else sync)


async def _awaited(found: Any) -> Any:
    return await found


def unharmed(said: Said) -> None:
    """No talk of a bug in acctcfg, no value of the exception, no form of Python's."""
    whole = said.out + said.err
    assert "internal error" not in whole
    assert "Traceback" not in whole
    assert SECRET not in whole


@pytest.mark.slow
@pytest.mark.parametrize("error", [KeyError(SECRET), RuntimeError(SECRET), OSError(28, "No space left on device")])
@pytest.mark.parametrize("hook", HOOKS)
def test_an_exception_in_a_hook_is_its_own_accounts_trouble(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, hook: str, error: Exception
) -> None:
    """Plan and apply end with a sentence that names the account; the other account is as its manifest says."""
    desk.write({BAD: WANTED, GOOD: WANTED})
    with monkeypatch.context() as patch:
        breaks(patch, hook, error)
        unharmed(desk.plan())
        said = desk.apply("--skip-blocked", "--format", "json")
    unharmed(said)
    document = said.json
    status = {row["address"]: row["status"] for row in document["results"]}
    mine = {address: one for address, one in status.items() if address.partition(".")[0] == GOOD}
    assert set(mine.values()) <= {"done", "already"}, mine
    assert len(mine) == 4
    assert desk.account(GOOD)["acctLv"] == "3"
    if said.code:
        told = [row["message"] for row in document["results"] if row["status"] in ("failed", "unknown")]
        told += [row["message"] for row in document["unreadable"]] + document["notes"]
        whole = " ".join(told)
        assert (
            "bug in the venue package okx_dma_broker" in whole
            or "this machine" in whole
            or "not everything that the next run needs was recorded" in whole
        )
    desk.converge()


class Broken:
    """A listener that fails at everything."""

    def __getattr__(self, name: str) -> Any:
        assert hasattr(SILENT, name)

        def fails(*_: Any) -> None:
            raise BrokenPipeError(name)

        return fails


def test_a_listener_that_fails_stops_nothing(desk: Desk) -> None:
    """Telling goes quiet, doing goes on to its end: exit 0, and everything is there."""
    import asyncio
    import os

    import acctcfg

    desk.write({GOOD: WANTED})

    async def work() -> Any:
        workspace = acctcfg.load(desk.folder, os.environ)
        return await acctcfg.apply(workspace, approve=lambda _: True, progress=Broken())

    outcome = asyncio.run(work())
    assert outcome.exit_code == 0
    assert desk.plan().last == "No changes. Live accounts match the manifest."
