"""import at Gate CrossEx: what a plan right after finds, in both account modes, and what cannot be managed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from gate_desk import GateDesk, gate_seed
from hypothesis import HealthCheck, given, settings
from test_gate_laws import states

NO_CHANGES = "No changes. Live accounts match the manifest."
SUBS: dict[str, Any] = {
    "alpha": {"remark": "first desk", "keys": [{"name": "bot", "perms": ["futures", "wallet:r"], "ip": ["127.0.0.1"]}]},
    "beta": {"state": 2},
}


def import_all(desk: GateDesk, *more: str) -> str:
    """The file that `import --all` writes into an empty workspace."""
    desk.write({}, venues={"cx": desk.connections()["cx"]}, include=["accounts/*.yaml"])
    file = desk.folder / "accounts" / "cx.yaml"
    file.unlink(missing_ok=True)
    said = desk.run("import", "--all", *more)
    assert said.code == 0, said.out + said.err
    return file.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One desk for all examples."""
    folder: Path = tmp_path_factory.mktemp("import")
    with pytest.MonkeyPatch.context() as patch, GateDesk.at(folder, patch, gate_seed(), speed=40) as made:
        yield made


@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(state=states())
def test_import_then_plan_is_empty(shared: GateDesk, state: dict[str, Any]) -> None:
    """In either mode, with a position mode for each exchange, whatever symbols were touched."""
    shared.set(**state)
    shared.sandbox.control_post("forget")
    text = import_all(shared)
    planned = shared.plan()
    assert planned.last == NO_CHANGES, planned.out + planned.err + text
    assert shared.writes() == []


@pytest.mark.slow
def test_an_exchange_that_is_new_to_us_is_imported(make_gate: Any) -> None:
    """In isolated_exchange it has a position mode of its own, as the list of symbols shows: it is in the manifest."""
    known = ["BINANCE", "OKX", "GATE"]
    top = {"gate_crossex": {"flags": {"exchanges": [*known, "NEWEX"]}}}
    gate = make_gate(top=top, account_mode="ISOLATED_EXCHANGE")
    gate.sandbox.control_post("gate_crossex/symbols", {"symbol": "NEWEX_FUTURE_BTC_USDT", "leverage_max": "20"})
    gate.set(position_mode={"NEWEX": "DUAL"})
    text = import_all(gate)
    assert "newex: long_short" in text
    assert gate.plan().last == NO_CHANGES
    gate.set(position_mode={"NEWEX": "SINGLE"})
    assert "main.position_mode[newex]" in gate.steps()


def test_keys_that_share_a_name_are_told(make_gate: Any) -> None:
    """Neither can be told from the other, so neither is managed, and a comment says so."""
    one, other, alone = (
        {"name": name, "key": f"test-{name}-{number}", "secret": "test", "perms": ["spot"]}
        for number, name in enumerate(("bot", "bot", "solo"))
    )
    text = import_all(make_gate(sub_accounts={"alpha": {"keys": [one, other, alone]}}))
    assert "# api_keys[bot]: not managed: 2 keys have this name" in text
    assert "solo:" in text


@pytest.mark.parametrize("how", [(), ("--store", "vault")], ids=["journal", "store"])
def test_a_locked_account_keeps_the_secrets_of_its_keys(gate: GateDesk, how: tuple[str, ...]) -> None:
    """Its keys sign nothing, as the file written wants it: a stored secret is found all the same, and is there to be
    used once it is unlocked."""
    key = {"permissions": {"futures": "write"}, "ip_allowlist": ["127.0.0.1"], "store": "vault"}
    gate.write({"desk1": {"role": "sub_account", "state": "locked", "api_keys": {"bot": key}}}).converge()
    text = import_all(gate, *how)
    assert ("state: locked" in text, "store: vault" in text, "is not used" in text) == (True, True, False), text
    assert gate.plan().last == NO_CHANGES
    assert gate.run("secrets", "check").code == 0
