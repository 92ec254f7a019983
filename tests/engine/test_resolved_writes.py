"""A write whose answer was lost, and that reading settled, is settled on record too: no later apply waits for it."""

from __future__ import annotations

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
