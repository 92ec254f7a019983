"""A write whose answer was lost, and that reading settled, is settled on record too: no later apply waits for it."""

from __future__ import annotations

from typing import Any

import pytest
from desk import Desk

from acctcfg.journal import Journal

KEY = {"trading": {"permissions": ["read", "trade"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}}


@pytest.mark.slow
@pytest.mark.parametrize(("fault", "findings"), [("reset_after", ["happened"]), ("reset_before", ["did_not_happen"])])
def test_what_reading_showed_of_a_lost_answer_is_on_record(desk: Desk, fault: str, findings: list[str]) -> None:
    """Seen, it happened; sent once more, the first one did not: either way nothing is left unresolved."""
    desk.write({"mmdesk01": {"account_mode": "multi_currency", "api_keys": KEY}}).converge()
    desk.write({"mmdesk01": {"account_mode": "multi_currency", "position_mode": "long_short", "api_keys": KEY}})
    desk.fault(match={"path": "*/set-position-mode"}, kind=fault)
    assert desk.apply().code == 0
    with Journal.open(desk.folder / ".acctcfg" / "journal.sqlite") as journal:
        assert journal.unresolved(desk.account("@master")["uid"]) == ()
        entries = journal.run(journal.runs()[0].id).entries
    assert [entry.finding for entry in entries if entry.finding] == findings


MANAGED = {"account_mode": "multi_currency", "position_mode": "net", "api_keys": KEY}
LEVERAGE = "leverage[swap/BTC-USDT/cross]"


def at_leverage(value: int) -> dict[str, Any]:
    """The account with that leverage on one scope."""
    scope = {"market": "swap", "family": "BTC-USDT", "margin": "cross"}
    return {"mmdesk01": {**MANAGED, "leverage": [{**scope, "value": value}]}}


def begun(desk: Desk, address: str, action: str, **body: Any) -> str:
    """A run that died right after it wrote down that it sends this; the id of the run."""
    with Journal.open(desk.folder / ".acctcfg" / "journal.sqlite", create=True) as journal:
        run = journal.begin_run(command="apply", actor="tester")
        body = {"before_known": True, "uid": desk.account("mmdesk01")["uid"], **body}
        user, call = desk.account("@master")["uid"], "POST /api/v5/somewhere"
        facts = {"account": "mmdesk01", "address": address, "action": action, "call": call, "body": body}
        journal.intend(journal.intending(run, venue_user=user, sent_at=1.0, **facts))
    return run


@pytest.mark.parametrize(
    ("live", "wanted", "told"),
    [(10, 5, "it happened"), (5, 5, "it did not happen"), (5, 7, "it did not happen"), (10, 7, "it happened")],
)
def test_an_old_write_is_judged_by_what_it_sent(desk: Desk, live: int, wanted: int, told: str) -> None:
    """The manifest wants another value by now than the write that was lost: what stands at the venue says whether that
    one happened, and not whether there is anything left to do."""
    assert desk.write(at_leverage(live)).apply().code == 0
    run = begun(desk, f"mmdesk01.{LEVERAGE}", "change", before=5, after=10)
    assert desk.write(at_leverage(wanted)).apply().code == 0
    assert f"5 -> 10   outcome not known, found later: {told}" in desk.run("history", run).out


def test_a_third_value_tells_nothing_of_an_old_write(desk: Desk) -> None:
    """Neither what it found nor what it sent: whether it happened stays unknown."""
    assert desk.write(at_leverage(3)).apply().code == 0
    run = begun(desk, f"mmdesk01.{LEVERAGE}", "change", before=5, after=10)
    assert desk.write(at_leverage(7)).apply().code == 0
    assert "found later" not in desk.run("history", run).out


@pytest.mark.parametrize("address", ["mmdesk01", "mmdesk01.api_keys[trading]"])
def test_what_was_not_deleted_is_still_ours(desk: Desk, address: str) -> None:
    """A delete that was lost before it reached the venue, and that nobody wants any more, did not happen: the journal
    goes on to know the account, and a stranger's under its name is not taken for it."""
    desk.write({"mmdesk01": MANAGED}, guardrails={"adopt": "explicit"}).apply()
    run = begun(desk, address, "delete", before={"name": "mmdesk01"}, after=None)
    assert desk.apply().code == 0
    assert "found later: it did not happen" in desk.run("history", run).out
    assert desk.plan().last == "No changes. Live accounts match the manifest."
    if address == "mmdesk01":
        desk.write({"mmdesk01": MANAGED})
        desk.sandbox.control_delete("accounts/mmdesk01")
        desk.sandbox.control_post("accounts/mmdesk01")
        assert "uid_changed" in desk.plan("--format", "json").out
        assert desk.apply().code == 3
        assert desk.account("mmdesk01")["acctLv"] == "1"


def test_a_delete_that_was_lost_and_happened_leaves_the_new_account_ours(desk: Desk) -> None:
    """The account is gone, and wanted again: the run that makes it anew knows its own, and says that the delete
    happened."""
    desk.write({"mmdesk01": MANAGED}, guardrails={"adopt": "explicit"}).apply()
    run = begun(desk, "mmdesk01", "delete", before={"name": "mmdesk01"}, after=None)
    desk.sandbox.control_delete("accounts/mmdesk01")
    desk.converge()
    assert "found later: it happened" in desk.run("history", run).out
    with Journal.open(desk.folder / ".acctcfg" / "journal.sqlite") as journal:
        (ours,) = journal.knowledge(desk.account("@master")["uid"]).all()
    assert ours.uid == desk.account("mmdesk01")["uid"]


def test_a_lost_write_is_found_where_its_account_stands_now(desk: Desk) -> None:
    """The account has another key in the manifest by now, and another account has its former one: the write is judged
    by the account that it was sent to."""
    assert desk.write(at_leverage(10)).apply().code == 0
    run = begun(desk, f"mmdesk01.{LEVERAGE}", "change", before=5, after=10)
    gone = begun(desk, "mmdesk01", "delete", before={"name": "mmdesk01"}, after=None)
    renamed = {"alpha": {**at_leverage(10)["mmdesk01"], "name": "mmdesk01"}, "mmdesk01": {"name": "mmdesk02"}}
    assert desk.write(renamed, guardrails={"adopt": "explicit"}).apply().code == 0
    assert "5 -> 10   outcome not known, found later: it happened" in desk.run("history", run).out
    assert "found later: it did not happen" in desk.run("history", gone).out
    assert desk.plan().last == "No changes. Live accounts match the manifest."
