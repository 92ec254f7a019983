"""`plan --changed-since REV`: the accounts that a branch touches are looked at, and no other."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

from acctcfg.engine.changed_since import accounts_since
from acctcfg.engine.workspace import Workspace
from tests.journal.test_git_files import git

MATCH = "Live accounts match"
SWAP = {"market": "swap", "family": "BTC-USDT", "margin": "cross", "value": 7}
KEY = {"permissions": ["read", "trade"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}

MAKER = {"account_mode": "futures", "leverage": [SWAP], "api_keys": {"trading": KEY}}
ALL = ["desk01", "desk02", "desk03"]


def account(label: str, **more) -> dict:
    return {"label": label, **more}


@pytest.fixture
def committed(desk):
    """Three accounts of one profile, as committed."""
    desk.write(
        {name: account(name.upper(), profile="maker") for name in ("desk01", "desk02", "desk03")},
        profiles={"maker": MAKER, "other": {"position_mode": "net"}},
    )
    (desk.folder / ".gitignore").write_text(".acctcfg/\n.home/\n.cache/\n.state/\nsecrets/\n")
    git(desk.folder, "init", "-q", "-b", "main")
    commit(desk, "first")
    return desk


def commit(desk, said: str) -> None:
    git(desk.folder, "add", ".")
    git(desk.folder, "commit", "-qm", said)


def rewrite(desk, **sections) -> None:
    """Other sections of the manifest than those that are committed."""
    desk.text(json.dumps(desk.document | sections))


def since(desk, revision: str = "HEAD", *more: str):
    said = desk.plan("--changed-since", revision, "--format", "json", *more)
    assert said.code in (0, 1), said.err
    assert "error" not in said.json, said.err
    return said


def test_only_what_changed_is_read(committed, monkeypatch):
    """One account of three: it alone is planned; text, JSON and the file say so; no program is started."""
    accounts = committed.document["accounts"]
    rewrite(committed, accounts=accounts | {"desk02": accounts["desk02"] | {"label": "DESK02b"}})
    head = git(committed.folder, "rev-parse", "HEAD")
    monkeypatch.setattr(subprocess.Popen, "__init__", None)
    said = committed.plan("--changed-since", "HEAD", "--out", "plan.json")
    assert said.code == 0, said.err
    assert said.last == f"Only the account that changed in the manifest since HEAD ({head[:12]}) was looked at: desk02."
    saved = json.loads((committed.folder / "plan.json").read_text())
    assert {step["account"] for step in saved["steps"]} == {"desk02"}
    assert saved["targets"] == ["desk02"]
    assert saved["changed_since"] == {"revision": "HEAD", "commit": head, "merge_base": False, "removed": []}
    assert committed.run("apply", "plan.json", "--auto-approve").code == 0
    assert len(committed.writes("create-subaccount")) == 1


def test_nothing_changed_reads_nothing(committed, monkeypatch):
    """No request, no credentials, exit 0, never "match"; applying its file does nothing either."""
    for name in committed.credentials():
        monkeypatch.delenv(name)
    before = committed.sandbox.control_get("requests")
    said = committed.plan("--changed-since", "main", "--out", "plan.json", "--detailed-exitcode")
    assert said.code == 0, said.err
    assert "No account changed in the manifest since main (" in said.last
    assert MATCH not in said.out
    again = committed.run("apply", "plan.json", "--auto-approve")
    assert (again.code, MATCH in again.out) == (0, False), again.out + again.err
    assert committed.sandbox.control_get("requests") == before
    for form in ("json", "markdown", "html", "gitlab", "terraform-json"):
        assert committed.plan("--changed-since", "main", "--format", form).code == 0


RULE = {"name": "max", "when": {"address": "*.leverage[*]"}, "schema": {"properties": {"after": {"maximum": 9}}}}


@pytest.mark.parametrize(
    ("name", "section", "touched"),
    [
        ("profiles", {"maker": MAKER | {"account_mode": "multi_currency"}, "other": {}}, ALL),
        ("profiles", {"maker": MAKER}, []),
        ("guardrails", {"max_leverage": 5}, ALL),
        (
            "guardrails",
            {"max_leverage": 20, "exceptions": [{"rule": "max", "accounts": ["*2"], "reason": "x"}]},
            ["desk02"],
        ),
        ("venues", {"rate_share": 0.5}, ALL),
        ("venues", {"credentials": {"file": "key.json"}}, ALL),
        ("secret_stores", {"path": "elsewhere/"}, ALL),
        ("moved", {"desk00": "desk01"}, ["desk01"]),
    ],
)
def test_what_is_shared_touches_all_that_use_it(committed, name, section, touched):
    """A profile, a guardrail, a connection, a store: all that use it. What nobody uses: none."""
    before = committed.document | {"guardrails": {"max_leverage": 20, "rules": [RULE]}}
    committed.text(json.dumps(before))
    commit(committed, "second")
    one = {"venues": "desk", "secret_stores": "vault"}.get(name)
    if one is not None:
        section = {one: before[name][one] | section}
    if name == "guardrails":
        section = before[name] | section
    committed.text(json.dumps(before | {name: section}))
    found = accounts_since(Workspace.load(committed.folder, dict(os.environ)), "HEAD")
    assert list(found[1]) == touched


def test_rows_of_a_table_count_one_by_one(committed):
    """Another cell of a customer's row touches that customer."""
    rows = "name,tier\ncustomer01,maker\ncustomer02,maker\n"
    (committed.folder / "rows.csv").write_text(rows)
    rewrite(
        committed,
        accounts_from=[{"csv": "rows.csv", "name": "{name}", "profile": "{tier}", "fields": {"venue": "desk"}}],
    )
    commit(committed, "rows")
    (committed.folder / "rows.csv").write_text(
        rows.replace("customer02,maker", "customer02,other") + "customer03,maker\n"
    )
    assert since(committed).json["targets"] == ["customer02", "customer03"]


def test_what_was_taken_out_is_said(committed):
    """An account that the branch removes, or renames without a word, stays as it is, and the plan says so."""
    accounts = dict(committed.document["accounts"])
    del accounts["desk03"]
    accounts["desk04"] = accounts.pop("desk02")
    rewrite(committed, accounts=accounts, moved={"desk02": "desk04"})
    said = since(committed)
    assert said.json["targets"] == ["desk04"]
    assert said.json["changed_since"]["removed"] == ["desk03"], "desk02 is desk04 now"
    assert ("desk03", "no_longer_managed") in [(one["address"], one["code"]) for one in said.json["warnings"]]


def test_where_the_branch_left(committed):
    """`main...`: what came to main meanwhile is not the branch's; `main` alone: what is other than there."""
    accounts = committed.document["accounts"]
    git(committed.folder, "checkout", "-q", "-b", "feature")
    rewrite(committed, accounts=accounts | {"desk01": accounts["desk01"] | {"label": "Feature01"}})
    commit(committed, "feature")
    git(committed.folder, "checkout", "-q", "main")
    rewrite(committed, accounts=accounts | {"desk03": accounts["desk03"] | {"label": "Main03"}})
    commit(committed, "main goes on")
    git(committed.folder, "checkout", "-q", "feature")
    assert since(committed, "main...").json["targets"] == ["desk01"]
    assert since(committed, "main").json["targets"] == ["desk01", "desk03"]
    assert "since HEAD left main (" in committed.plan("--changed-since", "main...").last


def test_a_manifest_that_is_new(committed):
    """Where there was no manifest at that revision, every account is new."""
    git(committed.folder, "rm", "-q", "--cached", "acctcfg.yaml")
    git(committed.folder, "commit", "-qm", "none")
    assert since(committed).json["targets"] == ALL


def test_a_manifest_that_was_broken(committed):
    """Then nobody can tell: one message with the place at that revision, and nothing is read."""
    whole = (committed.folder / "acctcfg.yaml").read_text()
    committed.text("version: 1\naccounts: {x: {venu: desk}}\n")
    commit(committed, "broken")
    committed.text(whole)
    said = committed.plan("--changed-since", "HEAD")
    assert said.code == 1
    assert said.err.startswith("error: the manifest at HEAD (")
    assert "acctcfg.yaml:2:" in said.err
    assert "hint: what changed since then cannot be told" in said.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--changed-since", "nosuch"), "nosuch is no branch, tag or commit of this checkout"),
        (("--changed-since", ""), "--changed-since without a revision"),
        (("--changed-since", "main", "--target", "desk01"), "--changed-since and --target exclude each other"),
    ],
)
def test_wrong_usage(committed, arguments, words):
    """One message, exit 64."""
    said = committed.plan(*arguments)
    assert (said.code, words in said.err) == (64, True), said.err


def test_an_included_file_is_read_as_it_was(committed):
    """Includes, patterns and links of the past are followed in the past: the present files are other ones."""
    folder = committed.folder
    (folder / "accounts").mkdir()
    (folder / "accounts" / "one.yaml").write_text(
        json.dumps({"accounts": {"include01": {"venue": "desk", "label": "Include01"}}})
    )
    (folder / "accounts" / "two.yaml").write_text(
        json.dumps({"accounts": {"include02": {"venue": "desk", "label": "Include02"}}})
    )
    (folder / "link.yaml").symlink_to("accounts/two.yaml")
    rewrite(committed, include=["accounts/o*.yaml", "link.yaml"])
    commit(committed, "includes")
    assert since(committed).json["targets"] == []
    (folder / "accounts" / "two.yaml").write_text(
        json.dumps({"accounts": {"include02": {"venue": "desk", "label": "Other2"}}})
    )
    (folder / "accounts" / "one.yaml").rename(folder / "accounts" / "ought.yaml")
    assert since(committed).json["targets"] == ["include02"]
