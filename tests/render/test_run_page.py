"""A run as one page: what the page of a plan has, of what came to pass."""

from __future__ import annotations

import re

from hypothesis import given, settings
from page_parser import EVIL, Page
from run_samples import run_of, step_done

from acctcfg.render.run_page import run_page

STEPS = (
    step_done("mmdesk01.account_mode"),
    step_done("mmdesk01.leverage[swap/BTC-USDT/cross]"),
    step_done("mmdesk01.leverage[swap/ETH-USDT/cross]", status="failed", message="refused: 59102"),
    step_done("mmdesk02.leverage[swap/BTC-USDT/cross]", status="not_started"),
    step_done("mmdesk03.position_mode", status="blocked", message="2 positions"),
)


def test_all_of_the_run_is_there() -> None:
    """Totals, facts, each step with its values, its end, its prechecks and its requests."""
    page = Page(run_page(run_of(*STEPS)))
    words = ("1 changed", "1 blocked", "actor: alice", "plan: sha256:00", "3 -> 5", "failed: refused: 59102")
    for word in (*words, "not started", "no_open_positions pass", "POST /api/v5/account/set-leverage   200   code ok"):
        assert word in page.text, word
    assert "0 replaced" not in page.text


def test_accounts_are_filtered_by_name_and_status() -> None:
    """Each account says how its steps ended, every word can be chosen, and what went wrong stands open."""
    page = Page(run_page(run_of(*STEPS)))
    accounts = {one["data-name"]: one["data-status"] for tag, one in page.found if tag == "details"}
    assert accounts == {
        "mmdesk01": "change done failed",
        "mmdesk02": "change not_started",
        "mmdesk03": "blocked change",
    }
    options = [one["value"] for tag, one in page.found if tag == "option"]
    assert options == ["", "blocked", "change", "done", "failed", "not_started"]
    many = run_of(*(step_done(f"desk{n:03}.account_mode", status="failed" if n == 7 else "done") for n in range(100)))
    shown = [one for tag, one in Page(run_page(many)).found if tag == "details" and "open" in one]
    assert [one["data-name"] for one in shown] == ["desk007"]


def test_the_picture_is_the_order_of_the_writes() -> None:
    """Left to right as they were sent to an account, alike ones in one box; what was not sent is not drawn."""
    text = run_page(run_of(*STEPS))
    assert re.findall(r'<text x="(\d+)" y="\d+">(.*?)</text>', text) == [
        ("11", "~ account_mode"),
        ("251", "~ leverage"),
    ]
    assert "1 write<" in text
    assert "2 writes, 1 not done" in text


def test_a_run_that_did_not_end_shows_its_writes() -> None:
    """Its filters work by what each write came to."""
    page = Page(run_page(run_of(*STEPS, ended=False)))
    accounts = {one["data-name"]: one["data-status"] for tag, one in page.found if tag == "details"}
    assert accounts == {"mmdesk01": "change done failed"}
    assert "did not end" in page.text


def test_a_run_without_steps_is_its_facts() -> None:
    """No filters, no picture, and no script."""
    text = run_page(run_of())
    assert "actor: alice" in text
    assert "<script" not in text
    assert "<svg" not in text


@settings(max_examples=20, deadline=None)
@given(EVIL, EVIL)
def test_no_name_of_a_venue_is_code(name: str, message: str) -> None:
    """Whatever things are called, the page has the elements and attributes that it has for tame names."""

    def elements(name: str, message: str) -> list[tuple[str, list[str]]]:
        step = step_done(f"x.api_keys[{name}]", status="failed", message=message)
        page = Page(run_page(run_of(step, step_done("x.account_mode"), actor=name)))
        return [(tag, sorted(attributes)) for tag, attributes in page.found]

    assert elements(f"{name}x", f"{message}x") == elements("tame", "tame")
