"""plan, apply, show and output from the outside: exit statuses, files, questions."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time

import pytest
from patience import PATIENCE_S

ACCOUNT = {
    "mmdesk01": {
        "label": "MMdesk01",
        "account_mode": "futures",
        "api_keys": {"trading": {"permissions": ["read", "trade"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}},
        "deposit": {"credit_to": "trading", "addresses": [{"currency": "USDT", "chain": "USDT-TRC20"}]},
    }
}
NO_CHANGES = "No changes. Live accounts match the manifest."


class Asked:
    """`acctcfg apply` with a terminal on stdin: what it says up to its question, and what the answer leads to."""

    def __init__(self, desk, *arguments: str) -> None:
        self.terminal, inside = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "acctcfg", "-C", str(desk.folder), "apply", *arguments],
            stdin=inside,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        os.close(inside)
        self.asked = self._until(b"is accepted: ")

    def _until(self, words: bytes) -> str:
        found, deadline = b"", time.monotonic() + PATIENCE_S
        while words not in found and time.monotonic() < deadline:
            if select.select([self.process.stderr], [], [], 0.1)[0]:
                piece = os.read(self.process.stderr.fileno(), 4096)
                if not piece:
                    break
                found += piece
        return found.decode()

    def answer(self, text: str) -> tuple[int, str]:
        os.write(self.terminal, text.encode())
        return self.end()

    def end(self) -> tuple[int, str]:
        try:
            out, _ = self.process.communicate(timeout=PATIENCE_S)
        finally:
            os.close(self.terminal)
            self.process.kill()
            self.process.wait()
        return self.process.returncode, out.decode()


def test_without_a_terminal_nothing_is_read_before_64(desk):
    """apply in a pipe and without --auto-approve sends no request at all, and says what to do."""
    desk.write(ACCOUNT)
    said = desk.run("apply")
    assert (said.code, said.out) == (64, "")
    assert "--auto-approve" in said.err
    assert desk.sandbox.control_get("requests")["by_path"] == {}


def test_yes_applies(desk):
    """The plan is shown, the whole word is asked for, and the last line counts."""
    desk.write(ACCOUNT)
    asked = Asked(desk)
    assert 'Only "yes" is accepted: ' in asked.asked
    status, out = asked.answer("yes\n")
    number = int(re.search(r"Apply these (\d+) changes\?", asked.asked)[1])
    assert (status, number) == (0, 4)
    assert "Plan: 3 to create, 1 to change, 0 to delete, 0 blocked." in out
    assert out.splitlines()[-1] == "Applied: 3 created, 1 changed, 0 deleted, 0 blocked, 0 failed."


def test_the_question_counts_what_a_yes_sets_going(desk):
    """With --skip-blocked neither the steps of an account with a blocked one nor of one that was not read in full."""
    leverage = [{"market": "swap", "family": "BTC-USDT", "margin": "cross", "value": 7}]
    names = ("mmdesk01", "mmdesk02", "mmdesk03")
    desk.write(dict.fromkeys(names, ACCOUNT["mmdesk01"]))
    assert desk.apply().code == 0
    deposit = {"addresses": [{"currency": "USDT", "chain": "USDT-TRC20", "count": 2}]}
    desk.write({name: {**ACCOUNT["mmdesk01"], "deposit": deposit, "leverage": leverage} for name in names})
    desk.open("mmdesk01", "orders", instId="BTC-USDT-SWAP")
    desk.fault(match={"path": "*/leverage-info", "account": "mmdesk02"}, kind="status", times=0)
    asked = Asked(desk, "--skip-blocked")
    assert "Apply these 2 changes?" in asked.asked
    status, out = asked.answer("yes\n")
    assert out.splitlines()[-1] == "Applied: 1 created, 1 changed, 0 deleted, 1 blocked, 0 failed, 2 not started."
    assert status == 1


@pytest.mark.parametrize("word", ["y\n", "\n", "YES\n", "yes please\n", "\x04"])
@pytest.mark.sample(1)
def test_anything_else_declines(desk, word):
    """Nothing is written, and the exit status says that it was not applied."""
    desk.write(ACCOUNT)
    status, out = Asked(desk).answer(word)
    assert status == 1
    assert out.endswith(
        "\n\nDeclined; nothing was written.\n"
        "Applied: 0 created, 0 changed, 0 deleted, 0 blocked, 0 failed, 4 not started.\n"
    )
    assert desk.writes() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.sample(1)
def test_an_interrupt_at_the_question_is_130(desk, number):
    """The question can be left with Ctrl-C or SIGTERM at once, and the lock is free again."""
    desk.write(ACCOUNT)
    asked = Asked(desk)
    asked.process.send_signal(number)
    status, _ = asked.end()
    assert status == 130
    assert desk.writes() == []
    assert desk.apply().code == 0


def test_json_keeps_stdout_for_the_document(desk):
    """With a question to ask, the plan and the question go to stderr; stdout is one document."""
    desk.write(ACCOUNT)
    asked = Asked(desk, "--format", "json")
    assert "+ mmdesk01" in asked.asked
    status, out = asked.answer("yes\n")
    document = json.loads(out)
    assert (status, document["summary"]["created"]) == (0, 3)
    assert document["plan_digest"] == document["plan"]["digest"]


def test_plan_tells_pipelines_whether_there_is_work(desk):
    """0 either way without --detailed-exitcode; with it 2 while there is something to do."""
    desk.write(ACCOUNT)
    assert desk.plan().code == 0
    assert desk.plan("--detailed-exitcode").code == 2
    assert desk.apply().code == 0
    said = desk.plan("--detailed-exitcode")
    assert (said.code, said.last) == (0, NO_CHANGES)


def test_a_saved_plan_is_applied_once_and_then_done(desk):
    """apply FILE carries out the saved steps; again, it finds nothing left."""
    desk.write(ACCOUNT)
    file = str(desk.folder / "plan.json")
    assert desk.plan("--out", file).code == 0
    assert desk.apply(file).code == 0
    said = desk.apply(file)
    assert (said.code, said.last) == (0, NO_CHANGES)


def test_a_saved_plan_that_was_edited_is_refused_before_any_request(desk):
    """Exit 1, no write, no read."""
    desk.write(ACCOUNT)
    file = desk.folder / "plan.json"
    desk.plan("--out", str(file))
    file.write_text(file.read_text().replace('"futures"', '"portfolio"'))
    desk.sandbox.control_post("forget")
    said = desk.apply(str(file))
    assert said.code == 1
    assert "was edited or cut" in said.err
    assert desk.sandbox.control_get("requests")["by_path"] == {}


def test_out_does_not_overwrite_what_is_no_plan(desk):
    """Not even the manifest by mistake; and it is said before anything is read."""
    desk.write(ACCOUNT)
    before = (desk.folder / "acctcfg.yaml").read_text()
    said = desk.plan("--out", str(desk.folder / "acctcfg.yaml"))
    assert said.code == 64
    assert (desk.folder / "acctcfg.yaml").read_text() == before
    assert desk.sandbox.control_get("requests")["by_path"] == {}


def test_what_cannot_be_read_is_exit_1_and_never_no_changes(desk):
    """A plan beside something unreadable is shown, and says how much is missing."""
    desk.write(ACCOUNT)
    desk.apply()
    desk.fault(match={"path": "*/account/config", "account": "mmdesk01"}, times=0, kind="garbage")
    said = desk.plan()
    assert said.code == 1
    assert "No changes" not in said.out
    assert "mmdesk01" in said.out


def test_show_and_output_tell_what_is_there(desk):
    """The uid, the mode and the address, for people and for programs; no secret."""
    desk.write(ACCOUNT)
    desk.apply()
    shown = desk.run("show", "mmdesk01")
    assert shown.code == 0
    assert re.search(r"account_mode +futures", shown.out)
    document = desk.run("output").json
    assert document["mmdesk01"]["uid"] in shown.out
    (deposit,) = document["mmdesk01"]["deposits"]
    assert f"MMDESK01_DEPOSIT_USDT_USDT_TRC20_1={deposit['address']}" in desk.run("output", "--format", "env").out
    assert desk.run("show", "--format", "json").json[0]["account"] == "mmdesk01"
    secret = desk.secret("mmdesk01", "trading")
    for said in (shown, desk.run("show", "--format", "json"), desk.run("output", "--format", "csv")):
        assert secret["secret_key"] not in said.out + said.err
        assert secret["passphrase"] not in said.out + said.err


def test_colour_stays_out_of_pipes(desk):
    """Not one control code where nobody sees it."""
    desk.write(ACCOUNT)
    said = desk.plan()
    assert "\x1b" not in said.out + said.err
    assert said.err == ""


def test_history_counts_what_a_run_did(desk):
    """The outcome of a run is its counts, and nothing that is none."""
    desk.write(ACCOUNT, guardrails={"require_ip_allowlist": True})
    assert desk.apply().code == 0
    desk.write(ACCOUNT, guardrails={"max_leverage": 3, "max_changed_accounts": 0})
    desk.sandbox.control_post("accounts/mmdesk01/set", acctLv="3")
    assert desk.apply().code == 3
    blocked, done = (
        line.partition(" apply ")[2].split(maxsplit=2)[2] for line in desk.run("history").out.splitlines()[1:]
    )
    assert (done, blocked) == ("done, 1 changed, 3 created", "1 blocked")


def test_history_tells_the_flags_and_the_reviewed_plan(desk):
    """A run records what it was told, and the digest that `plan` showed, also where it then held a step back."""
    desk.write(ACCOUNT)
    assert desk.apply().code == 0
    desk.sandbox.control_post("accounts/mmdesk01/keys/trading", ip="127.0.0.1,203.0.113.7")
    key = {**ACCOUNT["mmdesk01"]["api_keys"]["trading"], "ip_allowlist": ["127.0.0.1", "203.0.113.8"]}
    desk.write({"mmdesk01": {**ACCOUNT["mmdesk01"], "api_keys": {"trading": key}}})
    saved = desk.folder / "plan.json"
    assert desk.plan("--out", str(saved)).code == 0
    assert desk.apply(str(saved), "--skip-blocked").code == 3
    run = desk.run("history", "--format", "json").json[0]
    assert run["digest"] == json.loads(saved.read_text())["digest"]
    assert run["flags"] == {
        "after_cap": False,
        "allow_sensitive": False,
        "auto_approve": True,
        "expect": None,
        "plan_file": str(saved),
        "replace": [],
        "skip_blocked": True,
    }
    assert f"command  apply auto_approve=True plan_file={saved} skip_blocked=True" in desk.run("history", run["id"]).out
