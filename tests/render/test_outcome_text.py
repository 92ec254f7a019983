"""What became of a plan, as text and JSON; accounts as they are, for people and programs."""

from __future__ import annotations

import csv
import io
import json
import shlex

from plan_samples import step_of

from acctcfg.account_view import AccountView
from acctcfg.core.outcome import Outcome, StepResult
from acctcfg.core.plan import Plan, Unread
from acctcfg.deposit import DepositRow
from acctcfg.render.data import outcome_json, views_json
from acctcfg.render.formats import Page
from acctcfg.render.outcome import render_outcome
from acctcfg.render.views import OUTPUT_COLUMNS, output_csv, output_env, output_json, render_views


def outcome_of(*results: StepResult, **more) -> Outcome:
    return Outcome(plan=Plan(steps=tuple(r.step for r in results)), results=results, **more)


MODE = step_of("a1", "account_mode", before="spot", after="futures")
LEVERS = [step_of("a1", "leverage", f"swap/{n}/cross", after="3") for n in range(3)]


def test_what_is_not_done_is_told_with_its_reason_and_the_counts_come_last():
    """Failed, unknown, blocked and untried steps are told apart; done ones only count."""
    text = render_outcome(
        outcome_of(
            StepResult(step_of("a0", "account_mode", after="spot"), "done"),
            StepResult(MODE, "failed", "the venue said no", "51070"),
            StepResult(step_of("a2", "position_mode", after="net"), "unknown", "no read shows what became of it"),
            StepResult(step_of("a3", "position_mode", after="net"), "blocked", "a position was opened", "59000"),
            *(StepResult(step, "not_started", "needs a1.account_mode") for step in LEVERS),
            notes=("the venue answered too many requests once",),
        )
    )
    assert text.splitlines() == [
        "  x a1.account_mode  FAILED",
        "      the venue said no  [51070]",
        "  ? a2.position_mode  OUTCOME UNKNOWN",
        "      no read shows what became of it",
        "",
        "  x a3.position_mode  BLOCKED",
        "      a position was opened  [59000]",
        "",
        "  . a1: 3 steps  not started: needs a1.account_mode",
        "",
        "note: the venue answered too many requests once",
        "",
        "Applied: 0 created, 1 changed, 0 deleted, 1 blocked, 2 failed, 3 not started.",
    ]


def test_steps_that_were_right_already_are_counted_in_words():
    """The last line does not count them, so the reader is told where they went."""
    done = StepResult(MODE, "done")
    text = render_outcome(outcome_of(done, *(StepResult(step, "already") for step in LEVERS)))
    assert text.splitlines() == [
        "3 steps had the right value already; nothing was sent for them.",
        "Applied: 0 created, 1 changed, 0 deleted, 0 blocked, 0 failed.",
    ]
    text = render_outcome(outcome_of(done, StepResult(LEVERS[0], "already")))
    assert text.startswith("1 step had the right value already; nothing was sent for it.\n")


def test_many_steps_blocked_for_one_reason_are_counted_not_listed():
    """After a plan that was shown, the reader needs the reason once."""
    text = render_outcome(
        outcome_of(*(StepResult(step, "blocked", "2 deletes, 0 allowed") for step in [*LEVERS, MODE]))
    )
    assert text.splitlines()[:2] == ["  x 4 steps of 1 account  BLOCKED", "      2 deletes, 0 allowed"]


def test_a_clean_apply_is_its_last_line_alone():
    """Nobody scrolls past what went well, unless they ask with -v."""
    outcome = outcome_of(StepResult(MODE, "done"))
    assert render_outcome(outcome) == "Applied: 0 created, 1 changed, 0 deleted, 0 blocked, 0 failed."
    assert "  v a1.account_mode  done\n" in render_outcome(outcome, Page(verbose=True))


def test_no_and_ctrl_c_are_said_before_the_counts():
    """The last line stays the last line."""
    declined = render_outcome(outcome_of(StepResult(MODE, "not_started"), declined=True)).splitlines()
    assert declined[-2:] == [
        "Declined; nothing was written.",
        "Applied: 0 created, 0 changed, 0 deleted, 0 blocked, 0 failed, 1 not started.",
    ]
    assert "Interrupted; apply again to go on from here." in render_outcome(outcome_of(interrupted=True))


def test_the_json_outcome_carries_the_plan_that_it_carried_out():
    """One document says what was meant and what came of it."""
    document = json.loads(outcome_json(outcome_of(StepResult(MODE, "done"))))
    assert document["results"][0]["status"] == "done"
    assert document["plan"]["steps"][0]["address"] == "a1.account_mode"
    assert document["plan_digest"] == document["plan"]["digest"]


VIEW = AccountView(
    account="mm-1",
    venue="desk",
    name="mmdesk1",
    uid="1001",
    exists=True,
    values={"mm-1.account_mode": "futures", "mm-1.api_keys[k]": {"permissions": ["read"], "ip_allowlist": []}},
    deposits=(DepositRow("XRP", "XRP-Ripple", "rExample", "77 & 8", "funding"), DepositRow("BTC", "B", "b1", "", "")),
    unreadable=(Unread("mm-1.position_mode", "50119", "unknown key"),),
)
GONE = AccountView(account="gone", venue="desk", name="gone", uid="", exists=False)


def test_show_tells_what_is_there_what_is_not_and_what_could_not_be_read():
    """Each value under its account; an absent account says so."""
    assert render_views([VIEW, GONE]).splitlines() == [
        'mm-1 · desk · named "mmdesk1" · uid 1001',
        "  account_mode              futures",
        "  api_keys[k]               permissions read · ip_allowlist none",
        "  pay XRP on XRP-Ripple to  rExample with tag 77 & 8  -> funding",
        "  pay BTC on B to           b1",
        "  position_mode             could not be read: unknown key  [50119]",
        "",
        "gone · desk · does not exist",
    ]


def test_output_says_the_same_in_every_form():
    """uid, address and tag are in JSON, CSV and shell form; an absent account has no uid."""
    document = json.loads(output_json([VIEW, GONE]))
    assert document["mm-1"]["uid"] == "1001"
    assert document["mm-1"]["deposits"][0]["tag"] == "77 & 8"
    assert document["gone"] == {"venue": "desk", "name": "gone", "uid": None, "deposits": []}
    rows = list(csv.reader(io.StringIO(output_csv([VIEW, GONE]))))
    assert rows[0] == list(OUTPUT_COLUMNS)
    assert rows[1] == [
        "mm-1",
        "desk",
        "mmdesk1",
        "1001",
        "XRP",
        "XRP-Ripple",
        "rExample",
        "77 & 8",
        "funding",
        "1",
        "open",
    ]
    assert rows[3] == ["gone", "desk", "gone", "", "", "", "", "", "", "", ""]
    assert [shlex.split(line) for line in output_env([VIEW, GONE]).splitlines()] == [
        ["MM_1_UID=1001"],
        ["MM_1_DEPOSIT_XRP_XRP_RIPPLE_1=rExample"],
        ["MM_1_DEPOSIT_XRP_XRP_RIPPLE_1_TAG=77 & 8"],
        ["MM_1_DEPOSIT_BTC_B_1=b1"],
    ]
    assert json.loads(views_json([GONE]))[0]["uid"] is None
