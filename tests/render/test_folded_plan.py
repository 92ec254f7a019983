"""A plan of many accounts that a person can read, on a terminal of any width: like changes told once, none lost."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plan_samples import step_of

from acctcfg.core.plan import Plan, Precheck, Step, Unread, VenueReport, Warning_
from acctcfg.core.state import AccountValue, KeyValue
from acctcfg.journal import Run, RunRecord
from acctcfg.render.columns import columns, wrapped
from acctcfg.render.folded import MANY
from acctcfg.render.formats import LAST, Page, render

BTC = "swap/BTC-USDT/cross"
POSITION = Precheck("no_open_positions", "fail", "BTC-USDT-SWAP 3 (cross)")
LINE = re.compile(r"^ *(?:-/\+|[+~-]) +(?:(\d+) accounts|(\S+)): (?:.*, (\d+) more steps of \d+ kinds)?")

FLAGGED = re.compile(r"^ *(?:-/\+|[+~-]) .*BLOCKED$", re.MULTILINE)


def shown(plan: Plan, **more: object) -> str:
    """What is printed."""
    return render("text", "plan", plan, Page(**more))  # type: ignore[arg-type]


def leverage(account: str, before: int, *checks: Precheck) -> Step:
    """One leverage, to 5."""
    return step_of(account, "leverage", BTC, before=Decimal(before), after=Decimal(5), checks=checks)


def customers(number: int) -> list[str]:
    """Names of accounts."""
    return [f"customer{n:03}" for n in range(1, number + 1)]


def plan_of_300() -> Plan:
    """247 accounts from 10, 50 from 8, and three that are blocked."""
    names = customers(300)
    steps = [leverage(name, 10) for name in names[:247]] + [leverage(name, 8) for name in names[247:297]]
    return Plan(steps=(*steps, *(leverage(name, 10, POSITION) for name in names[297:])))


def test_like_changes_are_one_line() -> None:
    """With their number, whose they are, and what blocks some of them."""
    lines = shown(plan_of_300()).splitlines()
    assert lines[2:9] == [
        "  ~ 247 accounts: leverage[swap/BTC-USDT/cross] 10 -> 5",
        "        customer001, customer002 and 245 more",
        "  ~  50 accounts: leverage[swap/BTC-USDT/cross] 8 -> 5",
        "        customer248, customer249 and 48 more",
        f"{'  ~   3 accounts: leverage[swap/BTC-USDT/cross] 10 -> 5':<93}BLOCKED",
        "        customer298, customer299, customer300",
        "        x no open positions  BTC-USDT-SWAP 3 (cross)",
    ]
    assert "Changes that several accounts have in common are shown once; --full shows each." in lines
    assert lines[-1] == "Plan: 0 to create, 297 to change, 0 to delete, 3 blocked."


@pytest.mark.parametrize("more", [{"full": True}, {"verbose": True}])
def test_all_of_it_where_it_was_asked_for(more: dict[str, bool]) -> None:
    """--full and -v name each step of each account; so does a plan that the eye can count, unasked."""
    text = shown(plan_of_300(), **more)
    assert [name for name in customers(300) if f"  ~ {name}\n" not in text] == []
    assert "accounts: leverage" not in text
    few = shown(Plan(steps=tuple(leverage(name, 10) for name in customers(MANY))))
    assert few == shown(Plan(steps=tuple(leverage(name, 10) for name in customers(MANY))), full=True)


def test_a_summary_is_totals_alone() -> None:
    """Steps by field, what blocks, warnings by code: in a plan of any size, and the same last line."""
    warnings = (Warning_("a", "adopted", "x"), Warning_("b", "adopted", "y"), Warning_("c", "unknown_key", "z"))
    plan = Plan(steps=(leverage("a", 10), leverage("b", 8), leverage("c", 9, POSITION)), warnings=warnings)
    assert shown(plan, summary=True).splitlines() == [
        "desk",
        "",
        "3 accounts:",
        "   ~ leverage       2",
        f"   BLOCKED  c.leverage[{BTC}]",
        "",
        "1 step blocked:",
        "   x no open positions       1",
        "",
        "3 warnings:",
        "   ! adopted           2",
        "   ! unknown_key       1",
        "",
        f"Digest: {plan.digest}",
        "apply writes nothing while 1 step is blocked; --skip-blocked leaves out its account, --wait-flat waits.",
        "Plan: 0 to create, 2 to change, 0 to delete, 1 blocked.",
    ]


def test_what_is_an_accounts_own_does_not_keep_it_apart() -> None:
    """New customers differ in name, label and where their secret goes: three lines for all of them."""
    key = KeyValue(("read", "trade"), ("203.0.113.7",), "vault")
    steps = []
    for name in customers(30):
        account = AccountValue(name, f"Customer {name}", (("parent", ""),))
        steps.append(step_of(name, action="create", after=account))
        steps.append(step_of(name, "api_keys", "trading", action="create", after=key))
        steps.append(step_of(name, "position_mode", after="net", known=False))
    assert shown(Plan(steps=tuple(steps))).splitlines()[2:5] == [
        '  + 30 accounts: new sub-account, label "..."',
        "  + 30 accounts: api_keys[trading] read, trade · 203.0.113.7 · secret to vault:desk/ACCOUNT/trading",
        "  ~ 30 accounts: position_mode (known after create) -> net",
    ]


def test_many_kinds_of_one_field_are_counted() -> None:
    """300 accounts with 300 different values are a dozen lines."""
    lines = shown(Plan(steps=tuple(leverage(name, n + 6) for n, name in enumerate(customers(300))))).splitlines()
    assert "  ~ 289 accounts: leverage, 289 more steps of 289 kinds" in lines
    assert len(lines) < 30


def test_many_warnings_are_told_once_by_their_words_or_code() -> None:
    """What is equal is one line; of what differs in every word the first three."""
    names = customers(100)
    plan = Plan(steps=(), warnings=tuple(Warning_(name, "unbound_key", "from any address") for name in names))
    assert "  ! customer001, customer002 and 98 more  from any address  [unbound_key]" in shown(plan).splitlines()
    plan = Plan(steps=(), warnings=tuple(Warning_(name, "adopted", f"uid {name}") for name in names))
    assert "  ! and 97 more  [adopted]" in shown(plan).splitlines()
    assert shown(plan, full=True).count("[adopted]") == 100


FIELDS = [("account_mode", ""), ("position_mode", ""), ("leverage", BTC), ("leverage", "swap/ETH-USDT/cross"), ("", "")]
CHECKS = [(), (), (POSITION,), (Precheck("no_bots", "unknown", "50001: busy", words="no trading bots"),)]
TEXTS = st.one_of(
    st.text(st.sampled_from("ab 做市账户マーケット시장e\u0301🚀-./"), max_size=60),
    st.sampled_from(["spot", "futures", "x" * 90]),
)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Accounts with some of a handful of steps each, warnings and what could not be read."""
    kinds = [
        (
            draw(st.sampled_from(FIELDS)),
            draw(st.sampled_from(["create", "change", "replace", "delete"])),
            (draw(TEXTS), draw(TEXTS)),
            draw(st.sampled_from(CHECKS)),
        )
        for _ in range(draw(st.integers(1, 5)))
    ]
    random = draw(st.randoms(use_true_random=False))
    steps = {}
    for name in customers(draw(st.sampled_from([0, 1, 3, 22, 40]))):
        for (field, key), action, (before, after), checks in random.sample(kinds, random.randint(0, len(kinds))):
            one = step_of(name, field, key, action=action, before=before, after=after, checks=checks)
            steps[one.address] = one
    words = draw(st.lists(TEXTS, min_size=1, max_size=3))
    number = draw(st.sampled_from([0, 2, 30]))
    warnings = [Warning_(f"a{n}.leverage[{BTC}]", "adopted", random.choice(words)) for n in range(number)]
    unread = [Unread(f"a{n}", "50119", draw(TEXTS)) for n in range(draw(st.integers(0, 3)))]
    report = VenueReport("desk", "okx_dma_broker", "demo", 2, 14, 1.1, "700000000000000001", "http://127.0.0.1:8700")
    return Plan(steps=tuple(steps.values()), warnings=tuple(warnings), unreadable=tuple(unread), reports=(report,))


@settings(max_examples=25, deadline=None)
@given(plans())
def test_folding_loses_no_step(plan: Plan) -> None:
    """The lines' counts add up to the steps, and those of BLOCKED lines to the blocked ones."""
    if len({step.address.account for step in plan.steps}) <= MANY:
        return
    body = shown(plan).split("\n\n")[1].splitlines()
    found = [(line, match) for line in body if (match := LINE.match(line))]
    counts = [(int(one[3] or one[1] or 1), line.endswith("BLOCKED")) for line, one in found]
    assert sum(number for number, _ in counts) == len(plan.steps)
    assert sum(number for number, blocked in counts if blocked) == plan.summary["blocked"]


@settings(max_examples=25, deadline=None)
@given(plans(), st.integers(40, 200), st.booleans(), st.booleans())
def test_no_word_is_broken_and_blocked_stays_in_its_line(plan: Plan, width: int, full: bool, color: bool) -> None:
    """No line is wider than the terminal unless it is one word; all words of the page that is not wrapped are there."""
    text = re.sub(r"\x1b\[\d+m", "", shown(plan, width=width, wraps=True, full=full, color=color))
    for line in text.splitlines():
        assert columns(line) <= width or len(line.split()) == 1 or line.startswith(LAST), line
    whole = shown(plan, width=width, full=full)
    assert len(FLAGGED.findall(text)) == len(FLAGGED.findall(whole))
    assert sorted("".join(text.split())) == sorted("".join(whole.split()))


@given(TEXTS, TEXTS, st.integers(1, 60))
def test_a_line_is_broken_only_where_it_may_be(first: str, second: str, width: int) -> None:
    """Between words and between wide characters: what was one narrow word is one still, in the same order."""
    line = f"  {first}  {second}"
    parts = wrapped(line, width)
    assert "".join("".join(parts).split()) == "".join(line.split())
    narrow = re.findall(r"[!-~]+", line)
    assert [word for part in parts for word in re.findall(r"[!-~]+", part)] == narrow


def test_a_past_run_of_many_accounts_is_told_so_too() -> None:
    """What was done alike is one line; what was not done stands by itself, with its reason."""
    facts = {"action": "change", "before": 10, "after": 5, "before_known": True}
    steps = [{**facts, "address": f"{name}.leverage[{BTC}]", "status": "done"} for name in customers(40)]
    steps.append({**facts, "address": "other.account_mode", "status": "failed", "message": "the venue said no"})
    whose = Run(
        id="r1", at="2026-01-01T00:00:00Z", ended_at="", command="apply", actor="me", commit=None, clean=None,
        digest=None, flags={}, status="done", summary=None,
    )  # fmt: skip
    record = RunRecord(run=whose, entries=(), notes=(), requests=(), steps=tuple(steps))
    lines = render("text", "run", record, Page()).splitlines()
    assert f"  ~ 40 accounts: leverage[{BTC}] 10 -> 5   done" in lines
    assert "        customer001, customer002 and 38 more" in lines
    assert "  ~ other.account_mode  10 -> 5   failed: the venue said no" in lines
    whole = render("text", "run", record, Page(full=True))
    assert "accounts" not in whole
    assert whole.count("5   done\n") == 40
