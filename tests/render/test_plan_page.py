"""A plan as one page: nothing from elsewhere, no word of others as code, and the order as a picture."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from itertools import pairwise

from hypothesis import given, settings
from page_parser import EVIL, Page
from plan_samples import desk_plan_of_the_manual, step_of

from acctcfg.core.plan import Plan, Precheck, Scope, Unread, Warning_
from acctcfg.core.state import AccountValue
from acctcfg.render.order_picture import order_svg
from acctcfg.render.plan_page import plan_page

BLOCKED = Precheck("no_open_positions", "fail", "BTC-USDT-SWAP 3 (cross)")


def test_all_of_the_plan_is_there() -> None:
    """Totals, what is blocked and why, what a step waits for, prechecks, digest."""
    plan = desk_plan_of_the_manual()
    page = Page(plan_page(plan))
    words = ("2 to create", "3 to change", "1 blocked", plan.digest, "x no open positions: BTC-USDT-SWAP 3 (cross)")
    for word in (
        *words,
        'new sub-account, label "MMdesk01"',
        "v no pending orders",
        "+ api_keys",
        "2 steps, 1 BLOCKED",
    ):
        assert word in page.text, word
    accounts = {one["data-name"]: one["data-status"] for tag, one in page.found if tag == "details"}
    assert accounts == {"mmdesk01": "change create", "mmdesk02": "blocked change"}


def test_a_title_counts_what_a_row_tells_of_together() -> None:
    """Thirty accounts behind one lost identity are thirty, as in the text and the JSON, and not one."""
    many = tuple(Unread(f"desk{n:02}.position_mode", "secret", "it cannot be decrypted") for n in range(30))
    warned = tuple(Warning_(f"desk{n:02}", "rotating", "its former secret still works") for n in range(7))
    text = Page(plan_page(Plan(steps=(), unreadable=many, warnings=warned))).text
    assert "Could not be read, so nothing was planned for it: 30" in text
    assert "Warnings: 7" in text


def test_one_account_is_one() -> None:
    """A connection says how many accounts were read in the words of the text: 1 account, 2 accounts."""
    plan = desk_plan_of_the_manual()
    for number, words in ((1, "1 account read"), (2, "2 accounts read")):
        one = replace(plan, reports=tuple(replace(report, accounts=number) for report in plan.reports))
        assert f"· {words}" in Page(plan_page(one)).text


def test_the_policy_lets_nothing_in() -> None:
    """Nothing is fetched, no attribute is code, and the policy names the hash of the one style and the one script."""
    text = plan_page(desk_plan_of_the_manual())
    policy = next(one["content"] for tag, one in Page(text).found if tag == "meta" and "content" in one) or ""
    assert policy.startswith("default-src 'none';")
    for tag in ("style", "script"):
        (inside,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.S)
        assert f"{tag}-src 'sha256-{base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()}'" in policy
    names = {name for _, attributes in Page(text).found for name in attributes}
    assert not {name for name in names if name.startswith("on")} | (names & {"src", "style", "srcdoc", "action"})


def test_a_plan_without_steps_is_its_last_line() -> None:
    """No filters, no picture, and no script."""
    text = plan_page(Plan(steps=(), scope=Scope(whole=True)))
    assert "No changes. Live accounts match the manifest." in text
    assert "<script" not in text
    assert "<svg" not in text


@settings(max_examples=20, deadline=None)
@given(EVIL, EVIL)
def test_no_name_of_a_venue_is_code(name: str, message: str) -> None:
    """Whatever things are called, the page has the elements and attributes that it has for tame names."""

    def elements(name: str, message: str) -> list[tuple[str, list[str]]]:
        step = step_of(name, message, "k", before=name, after=message, checks=[replace(BLOCKED, detail=message)])
        plan = Plan(
            steps=(step_of(name, action="create", after=AccountValue("n", message)), step),
            warnings=(Warning_(name, "unknown_key", message),),
            unreadable=(Unread(name, "x", message),),
            scope=Scope(targets=(name,)),
        )
        return [(tag, sorted(attributes)) for tag, attributes in Page(plan_page(plan)).found]

    assert elements(f"{name}x", f"{message}x") == elements("tame", "tame")


def test_no_line_runs_through_a_box() -> None:
    """What waits for a step and for what that one waits for has one line: the other would cross the box between."""
    modes = [step_of("a", field) for field in ("account_mode", "position_mode", "leverage")]
    for_all = [replace(step, depends_on=tuple(one.address for one in modes[:at])) for at, step in enumerate(modes)]
    alone = [step_of("b", "api_keys"), step_of("b", "position_mode")]
    alone[1] = replace(alone[1], depends_on=(alone[0].address,))
    lines = re.findall(r'<path d="M(\d+) \d+C.*? (\d+) \d+"/>', order_svg([*for_all, *alone]))
    assert sorted(lines) == [("191", "241"), ("191", "241"), ("431", "481")]  # each to the next column


def test_what_waits_stands_further_right() -> None:
    """A chain of steps goes from left to right, with a line from each to what waits for it."""
    chain = [step_of("a", field) for field in ("api_keys", "account_mode", "leverage")]
    steps = [replace(step, depends_on=(before.address,)) for before, step in pairwise(chain)]
    picture = order_svg([chain[0], *steps, step_of("b", "api_keys")])
    assert re.findall(r'<text x="(\d+)" y="\d+">(.*?)</text>', picture) == [
        ("11", "~ api_keys"),
        ("251", "~ account_mode"),
        ("491", "~ leverage"),
    ]
    assert picture.count("<path") == 2
    assert "2 steps" in picture
    assert order_svg([]) == ""
