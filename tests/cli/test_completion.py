"""Completion: names of the manifest and runs of the journal, offline, and nothing where they cannot be read."""

from __future__ import annotations

import pytest
from click.shell_completion import BashComplete
from desk import Desk

from acctcfg.cli import group
from tests.journal.test_git_files import git

KEYS = {"trading": {"permissions": ["read", "trade"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}}


@pytest.fixture
def offered(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    """What is offered for the last of these words; no request is sent for it."""
    leverage = [{"market": "swap", "family": "*-USDT", "margin": "cross", "value": 5}]
    desk.write({"mmdesk01": {"api_keys": KEYS, "position_mode": "net", "leverage": leverage}, "mmdesk02": {}})

    def complete(*words: str) -> list[str]:
        line = ["acctcfg", "-C", str(desk.folder), *words]
        monkeypatch.setenv("COMP_WORDS", " ".join(line))
        monkeypatch.setenv("COMP_CWORD", str(len(line) - 1))
        text = BashComplete(group, {}, "acctcfg", "_ACCTCFG_COMPLETE").complete()
        assert desk.sandbox.control_get("requests")["total"] == 0
        return [one.partition(",")[2] for one in text.splitlines()]

    return complete


def test_accounts_addresses_and_labels_are_offered(offered):
    """Accounts first; once one is meant, what the manifest manages of it; of a key's account its labels."""
    assert offered("show", "mm") == ["mmdesk01", "mmdesk02"]
    assert offered("explain", "okx:59000", "mmdesk02") == ["mmdesk02"]
    assert offered("rotate", "mmdesk01", "t") == ["trading"]
    managed = ["api_keys[trading]", "leverage[*]", "position_mode"]
    for words in (("plan", "--target"), ("drift", "--exclude"), ("apply", "--replace")):
        assert sorted(offered(*words, "mmdesk01.")) == [f"mmdesk01.{one}" for one in managed]
    assert sorted(offered("plan", "--target", "mmdesk01")) == ["mmdesk01", *(f"mmdesk01.{one}" for one in managed)]


def test_the_accounts_of_a_table_are_offered(offered, desk):
    """Each row is an account, with what the manifest manages of it."""
    (desk.folder / "customers.csv").write_text("id\ncust001\ncust002\n", encoding="utf-8")
    fields = {"venue": "desk", "account_mode": "spot"}
    desk.write({"mmdesk01": {}}, accounts_from=[{"csv": "customers.csv", "name": "{id}", "fields": fields}])
    assert offered("show", "cust") == ["cust001", "cust002"]
    assert offered("plan", "--target", "cust001") == ["cust001", "cust001.account_mode"]


def test_a_broken_manifest_offers_what_it_can(offered, desk):
    """A mistake elsewhere takes no account away, and no file at all offers nothing; neither is an error."""
    desk.document["accounts"]["mmdesk02"]["acount_mode"] = "spot"
    desk.write(desk.document["accounts"])
    assert offered("show", "mm") == ["mmdesk01", "mmdesk02"]
    desk.text("accounts: [")
    assert offered("show", "mm") == []
    assert offered("revert", "") == []


def test_runs_are_offered_newest_first(desk, monkeypatch):
    """By the journal of the workspace."""
    desk.write({"mmdesk01": {}})
    assert desk.apply().code == 0
    (run,) = [one["id"] for one in desk.run("history", "--format", "json").json]
    line = ["acctcfg", "-C", str(desk.folder), "revert", run[:4]]
    monkeypatch.setenv("COMP_WORDS", " ".join(line))
    monkeypatch.setenv("COMP_CWORD", str(len(line) - 1))
    assert BashComplete(group, {}, "acctcfg", "_ACCTCFG_COMPLETE").complete() == f"plain,{run}"


def test_branches_and_tags_are_offered(offered, desk):
    """What `--changed-since` takes, loose or packed, by git's files; nothing outside of a checkout."""
    assert offered("plan", "--changed-since", "") == []
    git(desk.folder, "init", "-q", "-b", "main")
    git(desk.folder, "commit", "-qm", "first", "--allow-empty")
    git(desk.folder, "update-ref", "refs/remotes/origin/main", "HEAD")
    git(desk.folder, "pack-refs", "--all")
    git(desk.folder, "tag", "v1")
    assert sorted(offered("plan", "--changed-since", "")) == ["HEAD", "main", "origin/main", "v1"]
