"""Four eyes: a plan that must be signed is applied only as it was signed, by enough people who may."""

from __future__ import annotations

import copy
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from desk import Desk

import acctcfg
from acctcfg.core.canonical import digest_of

pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")

TRADING = {"permissions": ["read", "trade"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}
WITH_KEY = {"api_keys": {"trading": TRADING}}


def make_key(folder: Path, name: str) -> str:
    """A key pair without a passphrase; gives the public line."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", folder / name], check=True)
    return (folder / f"{name}.pub").read_text(encoding="utf-8").strip()


@pytest.fixture
def four(desk: Desk) -> Desk:
    """A desk on which ann, bob and the late carl may approve, and two must."""
    keys = desk.folder / "keys"
    lines = [f"{name}@example.com {make_key(keys, name)}" for name in ("ann", "bob")]
    lines.append(f'carl@example.com valid-before="20200101" {make_key(keys, "carl")}')
    make_key(keys, "mallory")
    (desk.folder / "allowed_signers").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return wants(desk)


def wants(desk: Desk, count: int = 2, what: str = "all") -> Desk:
    """One new account, and that many approvals."""
    approvals = {"count": count, "signers": "allowed_signers", "for": what}
    return desk.write({"mmdesk01": copy.deepcopy(WITH_KEY)}, guardrails={"approvals": approvals})


def saved(desk: Desk, *signers: str) -> Path:
    """A saved plan that these have signed."""
    file = desk.folder / "plan.json"
    assert desk.plan("--out", "plan.json").code == 0
    for name in signers:
        said = desk.run("approve", "plan.json", "--key", str(desk.folder / "keys" / name))
        assert (said.code, said.err) == (0, "")
        assert "create mmdesk01" in said.out
        assert f"for {desk.recipient}\n" in said.out, "who can read the new secret"
    return file


def refused(desk: Desk, *words: str, code: int = 3) -> None:
    """`apply plan.json` ends so, without one request."""
    before = desk.sandbox.control_get("requests")["total"]
    said = desk.apply("plan.json")
    assert said.code == code, said.out + said.err
    for word in words:
        assert word in said.err
    assert desk.sandbox.control_get("requests")["total"] == before


def test_a_revert_is_signed_as_one(four: Desk) -> None:
    """Whoever signs sees which run is undone; the signatures of another plan do not count for it."""
    saved(four, "ann", "bob")
    assert four.apply("plan.json").code == 0
    (run,) = four.run("history", "--format", "json").json
    assert four.run("revert", run["id"], "--with-deletes", "--out", "plan.json").code == 0
    said = four.run("approve", "plan.json", "--key", str(four.folder / "keys" / "ann"))
    assert f"back to the state before run {run['id']} of tester, and deletes what that created" in said.out
    refused(four, "2 approvals are needed, and ann@example.com signed")


def test_two_who_may_suffice(four: Desk) -> None:
    """With enough signatures the plan is carried out, and the chain keeps who gave them."""
    saved(four, "ann", "bob")
    said = four.apply("plan.json")
    assert said.code == 0, said.out + said.err
    assert four.account("mmdesk01")
    (run,) = json.loads(four.run("history", "--format", "json").out)
    assert [one.split()[0] for one in run["flags"]["approved_by"]] == ["ann@example.com", "bob@example.com"]
    assert four.run("history", "--verify").code == 0


@pytest.mark.parametrize(
    ("signers", "words"),
    [
        ((), ("2 approvals are needed, and nobody signed",)),
        (("ann",), ("and ann@example.com signed",)),
        (("ann", "carl"), ("and ann@example.com signed", "not for now")),
        (("ann", "mallory"), ("and ann@example.com signed", "does not name")),
        (("ann", "ann"), ("and ann@example.com signed",)),
    ],
)
def test_too_few_who_may(four: Desk, signers: tuple[str, ...], words: tuple[str, ...]) -> None:
    """One short, one whose time is over, one whom nobody knows, one twice: refused before the first request."""
    saved(four, *signers)
    refused(four, *words)


def test_a_plan_that_was_altered(four: Desk) -> None:
    """Whoever edits a signed plan loses its signatures, however well the rest of the file fits."""
    file = saved(four, "ann", "bob")
    document = json.loads(file.read_text(encoding="utf-8"))
    document["steps"][0]["after"]["label"] = "other"
    del document["checksum"]
    document["checksum"] = digest_of(document)
    file.write_text(json.dumps(document), encoding="utf-8")
    refused(four, "its digest is not that of its steps", code=1)


def test_signatures_of_another_plan(four: Desk) -> None:
    """A signature holds for one digest."""
    saved(four, "ann", "bob")
    four.document["accounts"]["mmdesk01"]["label"] = "another"
    four.text(json.dumps(four.document))
    saved(four)
    refused(four, "nobody signed", "not a valid one of this digest")


def test_nobody_approves_his_own_plan(four: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the only approver is who made the plan there were two eyes; another's approval besides mends it."""
    wants(four, count=1)
    monkeypatch.setenv("ACCTCFG_ACTOR", "ann@example.com")
    saved(four, "ann")
    refused(four, "ann@example.com made this plan, and nobody else approved it")
    assert four.run("approve", "plan.json", "--key", str(four.folder / "keys" / "bob")).code == 0
    assert four.apply("plan.json").code == 0


def test_an_apply_of_the_manifest_itself_is_unsigned(four: Desk) -> None:
    """Without a saved plan there is nothing to sign, so nothing is sent."""
    said = four.apply()
    assert said.code == 3
    assert "only a saved plan can be signed" in said.err
    assert "approve plan.json" in said.err


def test_a_plan_without_steps_needs_nobody(four: Desk) -> None:
    """What has nothing to do is applied unsigned, and is stale, with nothing sent, where there is something by then."""
    saved(four, "ann", "bob")
    assert four.apply("plan.json").code == 0
    saved(four)
    said = four.apply("plan.json")
    assert (said.code, said.out.splitlines()[-1]) == (0, "No changes. Live accounts match the manifest.")
    four.document["accounts"]["mmdesk01"]["position_mode"] = "long_short"
    four.text(json.dumps(four.document))
    before = four.account("mmdesk01")
    said = four.apply("plan.json")
    assert said.code == 1, said.out + said.err
    assert four.account("mmdesk01") == before


def test_the_expected_digest_may_be_signed(four: Desk) -> None:
    """Signatures that lie elsewhere are named; they count for the digest that `--expect` names."""
    file = saved(four, "ann", "bob")
    digest = json.loads(file.read_text(encoding="utf-8"))["digest"]
    named = [part for one in sorted(four.folder.glob("plan.json.*.sig")) for part in ("--signature", one.name)]
    assert four.apply("--expect", digest).code == 3
    assert four.apply("--expect", digest, *named).code == 0


def test_for_sensitive_only_what_is_sensitive_waits(four: Desk) -> None:
    """With `for: sensitive` a plan of ordinary steps needs nobody, and a sensitive step is blocked until signed."""
    wants(four, what="sensitive")
    assert four.apply().code == 0
    key = four.document["accounts"]["mmdesk01"]["api_keys"]["trading"]
    key["ip_allowlist"] = ["127.0.0.1", "203.0.113.7"]
    four.text(json.dumps(four.document))
    said = four.apply("--allow-sensitive")
    assert said.code == 3
    assert "guardrail: approvals" in said.out
    assert len(four.writes("modify-apikey")) == 0
    assert four.plan("--out", "plan.json", "--allow-sensitive").code == 0
    refused(four, "2 approvals are needed")
    for name in ("ann", "bob"):
        assert four.run("approve", "plan.json", "--key", str(four.folder / "keys" / name)).code == 0
    said = four.apply("plan.json")
    assert said.code == 0, said.out + said.err


@pytest.mark.parametrize(
    ("signers", "words"),
    [
        ("nowhere", "cannot read"),
        ("link", "a link leads out of the workspace"),
        ("endless", "is larger than 1 MiB"),
    ],
)
def test_the_file_of_those_who_may(
    four: Desk, tmp_path_factory: pytest.TempPathFactory, signers: str, words: str
) -> None:
    """One that cannot be read, has no end, or lies behind a link out of the workspace is said; nothing is sent."""
    outside = tmp_path_factory.mktemp("outside") / "signers"
    outside.write_text("", encoding="utf-8")
    (four.folder / "link").symlink_to(outside)
    (four.folder / "endless").write_text(f"ann@example.com {'A' * (1 << 20)}\n", encoding="utf-8")
    saved(four)
    four.document["guardrails"]["approvals"]["signers"] = signers
    four.text(json.dumps(four.document))
    saved(four)
    refused(four, words, code=1)


@pytest.mark.parametrize("what", ["all", "sensitive"])
def test_a_rotation_is_held_to_them_too(four: Desk, what: str) -> None:
    """No plan is saved for it: `for: all` refuses it before the first request, `for: sensitive` what widens the key."""
    wants(four, what="sensitive")
    assert four.apply().code == 0
    wants(four, what=what)
    key = four.document["accounts"]["mmdesk01"]["api_keys"]["trading"]
    key["ip_allowlist"] = ["127.0.0.1", "203.0.113.7"]
    four.text(json.dumps(four.document))
    before, keys = four.writes(), four.account("mmdesk01")["keys"]
    said = four.run("rotate", "mmdesk01", "trading", "--auto-approve", "--allow-sensitive")
    assert said.code == 3, said.out + said.err
    assert "2 approvals are needed, and only a saved plan can be signed" in said.out + said.err
    assert (four.writes(), four.account("mmdesk01")["keys"]) == (before, keys)


def test_a_refused_rotation_says_what_leads_to_a_new_key(four: Desk) -> None:
    """A plan of what the manifest wants would have no step: the hint names the one that replaces the key."""
    saved(four, "ann", "bob")
    assert four.apply("plan.json").code == 0
    four.document["guardrails"]["max_deletes"] = 1
    four.text(json.dumps(four.document))
    (before,) = four.account("mmdesk01")["keys"]
    said = four.run("rotate", "mmdesk01", "trading", "--auto-approve")
    assert "within guardrails.max_deletes: acctcfg plan --replace ADDRESS --out plan.json; acctcfg approve" in said.err
    assert four.plan("--replace", "mmdesk01.api_keys[trading]", "--out", "plan.json").code == 0
    for name in ("ann", "bob"):
        assert four.run("approve", "plan.json", "--key", str(four.folder / "keys" / name)).code == 0
    said = four.apply("plan.json")
    assert said.code == 0, said.out + said.err
    (after,) = four.account("mmdesk01")["keys"]
    assert (after["label"], after["api_key"] != before["api_key"]) == ("trading", True)


async def test_a_program_that_applies_is_held_to_them_too(four: Desk) -> None:
    """Who calls acctcfg from Python needs no flag for it to hold: Blocked, and nothing is sent."""
    workspace = acctcfg.load(four.folder, os.environ)
    with pytest.raises(acctcfg.Blocked, match="2 approvals are needed"):
        await acctcfg.apply(workspace, approve=lambda _: True)
    assert four.sandbox.control_get("requests")["total"] == 0
