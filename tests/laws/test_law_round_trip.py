"""Law 11: import, then plan, is empty, over generated live accounts."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from laws_world import NAMES, World, at_desk, desks, live_accounts, pictures

from acctcfg.manifest.layout_text import laid_out

NO_CHANGES = "No changes. Live accounts match the manifest."


@st.composite
def found(draw: st.DrawFn) -> World:
    """Accounts that nobody manages; some of their secrets are in the store."""
    live: dict[str, Any] = {}
    stored: list[tuple[str, str]] = []
    for name in NAMES[: draw(st.integers(1, 3))]:
        live[name], labels = draw(live_accounts(name, disturbed=draw(st.booleans())))
        stored += labels
    return World({}, live, tuple(stored))


@desks(40)
@given(found(), st.booleans(), st.booleans())
def test_import_then_plan_is_empty(world: World, apart: bool, known: bool) -> None:
    """Whatever is there, and whoever signs: the plan after an import is empty, and the import sent no write."""
    with at_desk(world) as (desk, witness):
        desk.write({}, include=["accounts/*.yaml"])
        before = pictures(desk)
        store = ["--store", "vault"] if known else []
        where = ["--out", str(desk.folder / "apart")] if apart else []
        said = desk.run("import", "--all", "--deposits", "USDT", "--deposits", "BTC", *store, *where)
        assert said.code == 0, said.out + said.err
        if apart:
            desk.folder = desk.folder / "apart"
        text = (desk.folder / "accounts" / "desk.yaml").read_text(encoding="utf-8")
        assert desk.run("validate").code == 0, text
        assert laid_out(text.encode(), "") == (text, [])
        planned = desk.plan()
        assert planned.last == NO_CHANGES, planned.out + planned.err + text
        assert not [one for one in witness.take() if one.write]
        assert pictures(desk) == before
