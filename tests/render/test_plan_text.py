"""The plan as text: the form that the manual shows, and what must never be missing from it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from plan_samples import step_of
from rich.cells import cell_len

from acctcfg.core.plan import MATCH, Estimate, Plan, Precheck, Unread, VenueReport, Warning_
from acctcfg.core.scope import Scope
from acctcfg.core.state import AccountValue, KeyValue, Lost
from acctcfg.deposit import address_value
from acctcfg.render.formats import WIDTH, Page
from acctcfg.render.text import render_plan

MANUAL = """\
desk · okx_dma_broker · demo                                   2 accounts read · 14 requests · 1.1 s

  + mmdesk01                         new sub-account, label "MMdesk01"
    + api_keys[trading]              read, trade · 203.0.113.7 · secret to vault:desk/mmdesk01/trading
    ~ account_mode                   spot -> multi_currency
    ~ position_mode                  (known after create) -> net
    ~ leverage[swap/BTC-USDT/cross]  (known after create) -> 10
  ~ mmdesk02
    ~ position_mode                  net -> long_short                                       BLOCKED
        x no open positions          BTC-USDT-SWAP 3 (cross), ETH-USDT-SWAP -1 (isolated)
        v no pending orders

Digest: {digest}
At the venue's rate limits this takes at least 2.0 s (9 writes; slowest: set-leverage of mmdesk01, 20 per 2 s).
apply writes nothing while 1 step is blocked; --skip-blocked leaves out its account, --wait-flat waits.
Plan: 2 to create, 3 to change, 0 to delete, 1 blocked."""


def test_a_plan_reads_as_the_manual_shows_it(desk_plan):
    """Header, marks, columns, prechecks, estimate and last line stand where readers look for them."""
    assert render_plan(desk_plan) == MANUAL.format(digest=desk_plan.digest)


def test_colour_adds_codes_and_changes_no_word(desk_plan):
    """Without its terminal codes the coloured text is the plain one."""
    import re

    coloured = render_plan(desk_plan, Page(color=True))
    assert coloured != render_plan(desk_plan)
    assert re.sub(r"\x1b\[\d+m", "", coloured) == render_plan(desk_plan)


@pytest.mark.parametrize("width", [20, 60, 250])
def test_no_line_is_wrapped_or_cut(desk_plan, width):
    """Whatever the width, the same words stand on the same lines."""
    lines = [line.split() for line in render_plan(desk_plan, Page(width=width)).splitlines()]
    assert lines == [line.split() for line in render_plan(desk_plan).splitlines()]


def test_verbose_shows_calls_and_what_a_step_waits_for(desk_plan):
    """-v tells which calls a step takes and after which steps it comes."""
    text = render_plan(desk_plan, Page(verbose=True))
    assert "        after mmdesk01\n" in text
    assert "        POST /api/v5/broker/dma/subaccount/apikey\n" in text


def test_nothing_to_do_is_said_in_the_exact_words():
    """An empty plan ends with the one line that pipelines look for."""
    reports = (VenueReport("desk", "okx_dma_broker", "live", 1, 1, 0.25, "7000"),)
    head, blank, digest, last = render_plan(Plan(steps=(), scope=Scope(whole=True), reports=reports)).splitlines()
    assert (head.split(" · ")[0], blank, digest[:15], last) == ("desk", "", "Digest: sha256:", MATCH)
    assert head.startswith("desk · okx_dma_broker · live · 7000  ")
    assert "1 account read · 1 request · 0.2 s" in head


def test_what_could_not_be_read_is_never_no_changes():
    """With anything unreadable the plan says what and why, and never that nothing changed."""
    plan = Plan(steps=(), unreadable=(Unread("mmdesk07", "50119", "the key is unknown to the venue"),))
    text = render_plan(plan)
    assert "No changes" not in text
    assert "? mmdesk07  the key is unknown to the venue  [50119]" in text
    assert text.splitlines()[-1] == "Nothing to change in what was read; 1 could not be read."


def test_unreadable_beside_steps_keeps_the_exact_last_line(desk_plan):
    """The last line counts steps even where something could not be read."""
    text = render_plan(replace(desk_plan, unreadable=(Unread("x", "timeout", "no answer"),)))
    assert text.splitlines()[-1] == MANUAL.splitlines()[-1]
    assert "Could not be read, so nothing was planned for it:" in text


def test_a_warning_that_many_share_is_one_line(desk_plan):
    """The brake that is still on is one cause, of however many scopes; -v and JSON name each of them."""
    scopes = [f"a{n}.leverage[swap/F{m}-USDT/cross]" for n in range(9) for m in range(9)]
    plan = replace(desk_plan, warnings=tuple(Warning_(one, "raises_after_cap", "above the cap") for one in scopes))
    (line,) = [line for line in render_plan(plan).splitlines() if "raises_after_cap" in line]
    assert line.split("  ")[1:] == [f"! {scopes[0]}, {scopes[1]} and 79 more", "above the cap", "[raises_after_cap]"]
    assert render_plan(plan, Page(verbose=True)).count("above the cap  [raises_after_cap]") == len(scopes)


def test_warnings_are_listed_with_their_codes(desk_plan):
    """Every warning shows its address, its sentence and its code."""
    plan = replace(desk_plan, warnings=(Warning_("mmdesk02.api_keys[old]", "unknown_key", "not in the manifest"),))
    assert "Warnings:\n  ! mmdesk02.api_keys[old]  not in the manifest  [unknown_key]" in render_plan(plan)


def test_words_of_a_venue_cannot_steer_the_terminal(desk_plan):
    """Control characters in what a venue sent are shown as question marks."""
    plan = replace(desk_plan, warnings=(Warning_("a.api_keys[\x1b[2J]", "unknown_key", "label \x1b]0;x\x07\n"),))
    text = render_plan(plan)
    assert not [c for c in text if not c.isprintable() and c != "\n"]


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (step_of("a1", action="create", after=AccountValue("deska1", None, (("parent", "mmdesk01"),))),
         '+ a1  new sub-account of mmdesk01 named "deska1"'),
        (step_of("a1", action="delete", before=AccountValue("a1", "x")),
         "- a1  delete the sub-account, and its keys with it"),
        (step_of("a1", "api_keys", "k", before=KeyValue(("read",), ("192.0.2.1",), "v"),
                 after=KeyValue(("read", "trade"), ("192.0.2.1",), "v")),
         "~ api_keys[k]  permissions read -> read, trade"),
        (step_of("a1", "api_keys", "k", before=KeyValue(("read",), ("192.0.2.1",), "v"),
                 after=KeyValue(("read",), (), "v")),
         "~ api_keys[k]  ip_allowlist 192.0.2.1 -> from any address"),
        (step_of("a1", "api_keys", "k", action="replace", after=KeyValue(("read",), (), "v"),
                 before=Lost(KeyValue(("read",), (), None), "its creation was interrupted", True)),
         "-/+ api_keys[k]  read · from any address · secret to v:desk/a1/k · replaces a lost key: "
         "its creation was interrupted"),
        (step_of("a1", "api_keys", "k", action="delete", before=KeyValue(("read",), ("192.0.2.1",), None)),
         "- api_keys[k]  delete · read · 192.0.2.1"),
        (step_of("a1", "leverage", "swap/X/cross", after=Decimal(8), known=False, present=Decimal(8)),
         "~ leverage[swap/X/cross]  8, may be reset (known after create) -> 8"),
        (step_of("a1", "leverage", "swap/X/cross", before=Decimal("2.50"), after=Decimal(100)),
         "~ leverage[swap/X/cross]  2.5 -> 100"),
        (step_of("a1", "deposit.addresses", "BTC/BTC-Bitcoin/1", action="create",
                 after=address_value("BTC", "BTC-Bitcoin", "segwit", "trading")),
         "+ deposit.addresses[BTC/BTC-Bitcoin/1]  new address, credited to trading · segwit"),
        (step_of("a1", "deposit.credit_to", before="funding", after="trading"),
         "~ deposit.credit_to  funding -> trading"),
    ],
)  # fmt: skip
def test_each_kind_of_step_says_what_it_does(step, words):
    """Mark, address and sentence of every kind of change."""
    lines = render_plan(Plan(steps=(step,))).splitlines()
    assert " ".join(words.split()) in [" ".join(line.split()) for line in lines]


def test_unknown_and_late_prechecks_are_told_apart():
    """What could not be read blocks with `?`; what only the venue or a later read can tell is marked so."""
    checks = (
        Precheck("no_bots", "unknown", "50001: busy", words="no trading bots"),
        Precheck("empty", "venue"),
        Precheck("no_algo_orders", "deferred", words="no algo orders"),
        Precheck("guardrail:no alts above 5x", "fail", "7 is above 5"),
    )
    text = render_plan(Plan(steps=(step_of("a1", "account_mode", before="spot", after="futures", checks=checks),)))
    assert [" ".join(line.split()) for line in text.splitlines()[4:8]] == [
        "? no trading bots 50001: busy",
        ". account is empty the venue itself checks this",
        ". no algo orders read right before the write",
        "x guardrail: no alts above 5x 7 is above 5",
    ]


def test_a_sensitive_step_that_apply_would_block_is_said_with_its_option():
    """Nothing is blocked in the plan, and apply writes nothing of it all the same, until the step is allowed."""
    steps = (step_of("a", "account_mode", before="spot", after="futures"), step_of("b", "settings.option_trading"))
    plan = Plan(steps=steps, warnings=(Warning_("b.settings.option_trading", "sensitive", "it cannot be undone"),))
    line = "apply writes nothing while 1 sensitive step is not allowed; --allow-sensitive allows sensitive steps."
    assert render_plan(plan).splitlines()[-2:] == [line, "Plan: 0 to create, 2 to change, 0 to delete, 0 blocked."]
    assert line not in render_plan(replace(plan, allow_sensitive=("b.settings.option_trading",)))


def test_a_plan_of_500_accounts_names_every_blocked_step_at_its_end():
    """The reader of a long plan finds the totals and what is blocked without scrolling back."""
    fail = (Precheck("no_pending_orders", "fail", "1 order"),)
    steps = tuple(
        step_of(f"customer{n:03}", "account_mode", before="spot", after="futures", checks=fail if n == 7 else ())
        for n in range(500)
    )
    plan = Plan(steps=steps, estimate=Estimate(499, 1234.0, ""))
    assert render_plan(plan).splitlines()[-8:] == [
        "500 accounts:",
        "   ~ account_mode     499",
        "   BLOCKED  customer007.account_mode",
        "",
        f"Digest: {plan.digest}",
        "At the venue's rate limits this takes at least 1234.0 s (499 writes).",
        "apply writes nothing while 1 step is blocked; --skip-blocked leaves out its account, --wait-flat waits.",
        "Plan: 0 to create, 499 to change, 0 to delete, 1 blocked.",
    ]


@pytest.mark.parametrize(
    ("checks", "unread", "waits"),
    [
        ((Precheck("no_open_positions", "fail"),), (), True),
        ((Precheck("no_bots", "fail", clearing=True),), (), True),
        ((Precheck("no_bots", "unknown", clearing=True, lasting=True),), (), False),
        ((Precheck("no_open_positions", "fail"), Precheck("leverage_limit", "fail")), (), False),
        ((Precheck("no_open_positions", "fail"), Precheck("guardrail:max_leverage", "fail")), (), False),
        ((Precheck("no_open_positions", "fail"),), (Unread("b", "50001", "down"),), False),
    ],
    ids=["open", "the venue's own", "no key", "beside a maximum", "beside a guardrail", "beside something unread"],
)
def test_waiting_is_named_only_where_it_would_do(checks, unread, waits):
    """`--wait-flat` refuses at once what does not go away by itself, so a plan with such a thing does not offer it."""
    step = step_of("a", "position_mode", before="net", after="long_short", checks=checks)
    text = render_plan(Plan(steps=(step,), unreadable=unread))
    assert ("--wait-flat waits" in text) is waits
    assert "apply writes nothing while 1 step is blocked" in text


def test_a_limit_over_the_whole_plan_is_said_once():
    """What blocks every step alike stands once at the end; what blocks one step stays under it."""
    limit = Precheck("guardrail:max_deletes", "fail", "2 deletes, 0 allowed")
    own = Precheck("no_bots", "fail", "1 bot", words="no trading bots")
    steps = (
        step_of("a1", "account_mode", before="spot", after="futures", checks=(own, limit)),
        step_of("a2", "account_mode", before="spot", after="futures", checks=(limit,)),
    )
    text = render_plan(Plan(steps=steps))
    assert text.count("max_deletes") == 1
    assert "The whole plan is blocked:\n  x guardrail: max_deletes  2 deletes, 0 allowed\n" in text
    assert [" ".join(line.split()) for line in text.splitlines()].count("x no trading bots 1 bot") == 1
    assert text.count("BLOCKED") == 2


def test_a_plan_that_no_limit_holds_up_says_so_in_the_same_words():
    """Never "at least 0.0 s"."""
    plan = Plan(steps=(step_of("a1", "account_mode", after="spot"),), estimate=Estimate(1, 0.0, "x of a1, 5 per 2 s"))
    line = "At the venue's rate limits this takes next to no time (1 write; slowest: x of a1, 5 per 2 s)."
    assert line in render_plan(plan).splitlines()


def test_details_of_prechecks_stand_in_one_column():
    """Also where the steps' own column is too near for the longest of them."""
    checks = (Precheck("position_mode_in_spot", "fail", "one"), Precheck("no_bots", "unknown", "two"))
    text = render_plan(Plan(steps=(step_of("a1", "position_mode", after="net", checks=checks),)))
    one, two = (next(line for line in text.splitlines() if line.endswith(word)) for word in ("one", "two"))
    assert one.index("one") == two.index("two")


@pytest.mark.parametrize("label", ["做市账户", "マーケット", "시장조성", "e\u0301t\u00e9 desk", "desk 🚀", "desk"])
def test_columns_stand_under_each_other_whatever_the_label_is_written_in(desk_plan, label):
    """BLOCKED ends at the right edge, and details begin in their column, counted as a terminal counts."""
    blocked = next(step for step in desk_plan.steps if step.blocked)
    change = replace(blocked.change, before="desk", after=label)
    plan = replace(desk_plan, steps=(replace(blocked, change=change),))
    line = next(line for line in render_plan(plan).splitlines() if line.endswith("BLOCKED"))
    assert label in line
    assert sum(cell_len(c) for c in line) == WIDTH
