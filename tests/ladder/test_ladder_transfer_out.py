"""`transfer_out` of many accounts: the venue takes twenty in a call; each step is told and on record by itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from desk import MASTER, Desk

NAMES = [f"trader{number:02}" for number in range(1, 26)]
MAY = set(NAMES[:15])
SENT = "/set-transfer-out"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A plain user with 25 accounts: 15 may not yet and are to, 10 may and are not to."""
    subs = {name: {"canTransOut": name not in MAY} for name in NAMES}
    tenant = {"env_prefix": "OKX_DESK", "broker": False, "keys": [MASTER], "sub_accounts": subs}
    with Desk.at(tmp_path, monkeypatch, {"tenants": {"desk": tenant}}) as made:
        yield made.write({name: {"transfer_out": name in MAY} for name in NAMES}, venue={"type": "okx"})


def sent(desk: Desk) -> list[list[str]]:
    """The accounts that each call named."""
    return [row["body"]["subAcct"].split(",") for row in desk.writes(SENT)]


def stand(desk: Desk, *but: str) -> None:
    """All are as wanted, those apart."""
    wrong = {name for name in NAMES if name not in but and desk.account(name)["canTransOut"] != (name in MAY)}
    assert wrong == set()


def recorded(desk: Desk) -> dict[str, str]:
    """The outcome on record of each address that the first run wrote to."""
    run = desk.run("history", "--format", "json").json[-1]["id"]
    entries: list[dict[str, Any]] = desk.run("history", run, "--format", "json").json["entries"]
    return {row["intent"]["address"]: row["outcome"] for row in entries}


def test_accounts_that_want_the_same_go_in_one_call(desk: Desk) -> None:
    """Twenty-five steps, a call or two for each value, none for more than twenty; and the estimate counts two."""
    planned = desk.plan("--format", "json").json
    assert (len(planned["steps"]), planned["estimate"]["writes"]) == (25, 2)
    desk.converge()
    stand(desk)
    calls = sent(desk)
    assert sorted(name for names in calls for name in names) == NAMES
    assert len(calls) <= 6  # two on a machine that has nothing else to do
    assert max(map(len, calls)) <= 20
    assert recorded(desk) == {f"{name}.transfer_out": "done" for name in NAMES}


def test_one_that_is_refused_stops_no_other(desk: Desk) -> None:
    """An account that is gone by then has the whole call refused: the others go by themselves, and it alone fails."""
    gone = [{"method": "DELETE", "path": "accounts/trader03"}]
    desk.fault(match={"path": f"*{SENT}"}, kind="hook", do=gone, times=1)
    said = desk.apply("--format", "json")
    assert said.code == 1
    ends = {row["address"]: row["status"] for row in said.json["results"]}
    assert ends.pop("trader03.transfer_out") == "failed"
    assert set(ends.values()) == {"done"}
    stand(desk, "trader03")


@pytest.mark.parametrize("kind", ["reset_before", "reset_after"])
def test_a_lost_answer_is_settled_for_each_by_reading(desk: Desk, kind: str) -> None:
    """Whether the call happened or not, all are as wanted in the end, and nothing is failed."""
    desk.fault(match={"path": f"*{SENT}"}, kind=kind, times=1)
    said = desk.apply()
    assert said.last == "Applied: 0 created, 25 changed, 0 deleted, 0 blocked, 0 failed.", json.dumps(sent(desk))
    stand(desk)
    desk.converge()
