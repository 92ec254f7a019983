"""A team's journal in PostgreSQL: every command that uses one, two machines, and a connection lost in mid-apply."""

from __future__ import annotations

import shutil
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from desk import Desk
from fault_parts import TRADING, onboarding
from postgres import Cut, Postgres

import acctcfg.journal.postgres
from acctcfg.journal.postgres_server import Bounds


@pytest.fixture
def url(postgres: Postgres) -> str:
    return postgres.database()


def effects(desk: Desk) -> Counter[str]:
    """What really happened at the venue, by the last word of the path."""
    return Counter(row["path"].rpartition("/")[2] for row in desk.writes() if row["effect"])


def clone(desk: Desk, folder: Path) -> Path:
    """Another checkout of the workspace: its manifest and its secrets, without what git ignores."""
    shutil.copytree(desk.folder, folder, ignore=shutil.ignore_patterns(".*"))
    return folder


def test_the_whole_way(desk: Desk, url: str) -> None:
    """plan, apply, plan, history and its proof: all of it is in the database, and nothing beside the manifest."""
    desk.write(onboarding(), journal={"url": url})
    desk.converge()
    listed = desk.run("history", "--format", "json").json
    assert [one["status"] for one in listed] == ["done", "done"]
    assert "mmdesk01.api_keys[trading]" in desk.run("history", listed[-1]["id"]).out
    verified = desk.run("history", "--verify")
    assert verified.code == 0
    assert verified.out.startswith("Verified: ")
    assert not (desk.folder / ".acctcfg").exists()


@pytest.mark.slow
def test_another_checkout_knows_what_this_one_did(desk: Desk, url: str, tmp_path: Path) -> None:
    """With the same journal a clone has nothing to take over, though `adopt: explicit` forbids it."""
    desk.write(onboarding(), journal={"url": url}, guardrails={"adopt": "explicit"}).converge()
    desk.folder = clone(desk, tmp_path / "clone")
    assert desk.plan().last == "No changes. Live accounts match the manifest."


@pytest.mark.slow
def test_another_checkout_ends_what_this_one_began_to_rotate(desk: Desk, url: str, tmp_path: Path) -> None:
    """With the same journal and the same store a clone knows of the overlap, and its rotate ends it."""
    desk.write({"mmdesk01": {"api_keys": {"trading": TRADING}}}, journal={"url": url}).converge()
    rotate = ("rotate", "mmdesk01", "trading", "--auto-approve", "--overlap")
    assert desk.run(*rotate, "24h").code == 0
    new = desk.secret("mmdesk01", "trading")["api_key"]
    desk.folder = clone(desk, tmp_path / "clone")
    plan = desk.plan("--format", "json").json
    assert (plan["steps"], [one["code"] for one in plan["warnings"]]) == ([], ["rotating"])
    said = desk.run(*rotate, "0s")
    assert said.code == 0, said.out + said.err
    assert [key["api_key"] for key in desk.account("mmdesk01")["keys"]] == [new]
    assert desk.run("history").out.count("rotate") == 2


def test_with_ci_set_a_shared_journal_outlives_the_job(desk: Desk, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkout that goes with the job is no reason to refuse what lies on a server."""
    monkeypatch.setenv("CI", "1")
    assert desk.write({"mmdesk01": {}}, journal={"url": url}).apply().code == 0


@pytest.mark.slow
@pytest.mark.parametrize("reached", [True, False])
@pytest.mark.parametrize("at", [4, 6, 9])
def test_a_connection_that_is_lost_costs_nothing(
    desk: Desk, postgres: Postgres, url: str, at: int, reached: bool
) -> None:
    """Cut at any commit, before or after the server carried it out: the run goes on, and the chain holds."""
    with closing(Cut(postgres.port, at=at, reached=reached)) as way:
        desk.write(onboarding(), journal={"url": way.url(url)})
        said = desk.apply()
        assert way.broken
        assert said.code == 0, said.out + said.err
    desk.write(onboarding(), journal={"url": url})
    assert desk.run("history", "--verify").code == 0
    assert desk.plan().last == "No changes. Live accounts match the manifest."
    assert set(effects(desk).values()) == {1}


@pytest.mark.slow
@pytest.mark.parametrize("at", [5, 6, 7, 8])
def test_a_database_that_is_gone_stops_what_was_not_sent(
    desk: Desk, postgres: Postgres, url: str, at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not on record is not sent, what was done is told as done, and the next apply ends as it should."""
    monkeypatch.setattr(acctcfg.journal.postgres, "Bounds", lambda: Bounds(all_s=0.3))
    with closing(Cut(postgres.port, at=at, reached=False, for_good=True)) as way:
        desk.write(onboarding(), journal={"url": way.url(url)})
        said = desk.apply()
        assert way.broken
    assert said.code == 1
    assert "Traceback" not in said.err
    done = effects(desk)
    assert f"Applied: {min(done['create-subaccount'] + done['apikey'], 2)} created" in said.out
    desk.write(onboarding(), journal={"url": url}, guardrails={"adopt": "explicit"}).converge()
    assert effects(desk)["create-subaccount"] == 1
    assert desk.run("history", "--verify").code == 0
