"""No text of a plan, an outcome or an account can steer who reads it, whichever field it stands in."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest

from acctcfg.account_view import AccountView
from acctcfg.core.address import Address
from acctcfg.core.outcome import Outcome, StepResult
from acctcfg.core.plan import Plan, Precheck, Unread, Warning_
from acctcfg.core.saved_plan import digest_of_document
from acctcfg.core.secret import Credentials, Secret
from acctcfg.deposit import DepositRow
from acctcfg.render.data import outcome_json, plan_json, views_json
from acctcfg.render.formats import FORMATS, Page, render
from acctcfg.render.outcome import render_outcome
from acctcfg.render.text import render_plan
from acctcfg.render.views import output_csv, output_env, output_json, render_views

EVIL = "\x1b[2K\x1b[1G\n    v everything is fine\r\x9b8m\u202e\u2028\x07"
STEERS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u2028\ud800-\udfff]")
KEPT = {"action", "status", "name", "code", "type", "environment"}  # closed lists of our own words


def spoilt(value: Any, name: str = "", words: str = EVIL) -> Any:
    """The same value with evil words at the end of every text in it, whatever its field."""
    if isinstance(value, str) and type(value) is str:
        return value if name in KEPT or not value else value + words
    if isinstance(value, Address):
        return Address(*(part + words if part and part not in FIELDS else part for part in value))
    if isinstance(value, tuple):
        return tuple(spoilt(one, name, words) for one in value)
    if isinstance(value, dict):
        return {key: spoilt(one, key, words) for key, one in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        found = ((one.name, getattr(value, one.name)) for one in dataclasses.fields(value) if one.init)
        fields = {key: spoilt(one, key, words) for key, one in found}
        return dataclasses.replace(value, **fields)
    return value


FIELDS = {"api_keys", "account_mode", "position_mode", "leverage"}
VIEW = AccountView(
    account="mm",
    venue="desk",
    name="mmdesk1",
    uid="1001",
    exists=True,
    values={"mm.account_mode": "futures", "mm.api_keys[k]": {"permissions": ["read"]}},
    deposits=(DepositRow(currency="XRP", chain="XRP-Ripple", address="r", tag="7", credit_to="funding"),),
    unreadable=(Unread("mm.position_mode", "50119", "unknown key"),),
)


def pages(plan: Plan) -> Iterator[tuple[str, str]]:
    """Everything that is rendered as text, by what renders it."""
    outcome = Outcome(
        plan=plan,
        results=tuple(
            StepResult(step=step, status=status, message="why" + EVIL * (plan.steps[0].venue != "desk"), code="51000")
            for step, status in zip(plan.steps, ("failed", "blocked", "not_started", "unknown", "done"), strict=False)
        ),
        notes=("a note" + EVIL * (plan.steps[0].venue != "desk"),),
    )
    for verbose in (False, True):
        for color in (False, True):
            yield f"plan {verbose} {color}", render_plan(plan, Page(verbose=verbose, color=color))
            yield f"outcome {verbose} {color}", render_outcome(outcome, Page(verbose=verbose, color=color))
    for name, text in (("plan", plan_json(plan)), ("outcome", outcome_json(outcome))):
        json.loads(text)
        yield f"{name} json", text


def with_everything(plan: Plan) -> Plan:
    """The plan with a warning, something unreadable and a breach besides."""
    breach = Precheck("guardrail:max_leverage", "fail", "too much")
    steps = tuple(step.with_prechecks(breach) if number == 0 else step for number, step in enumerate(plan.steps))
    warning = Warning_("mmdesk01.api_keys[old]", "unknown_key", "a label")
    unread = Unread("mmdesk07", "50119", "no such key")
    return dataclasses.replace(plan, steps=steps, warnings=(warning,), unreadable=(unread,))


def test_no_text_of_a_plan_or_outcome_steers(desk_plan: Plan) -> None:
    """Every field spoilt: no control character is left but our colours, and there is no line more."""
    plain = with_everything(desk_plan)
    for (name, evil), (_, tame) in zip(pages(spoilt(plain)), pages(plain), strict=True):
        bare = re.sub(r"\x1b\[(?:0|1|2|31|32|33|36)m", "", evil) if name.endswith("True") else evil
        assert not STEERS.search(bare), name
        assert evil.count("\n") == tame.count("\n"), name


def test_no_opened_secret_is_told(desk_plan: Plan) -> None:
    """A secret that this process has opened, repeated in every field: no format shows it, and the digest stays."""
    secret = 'Zq/9"7f\\K-made-up-pass'
    Credentials("id", Secret("s"), Secret(secret))
    plan = spoilt(with_everything(desk_plan), words=f" {secret}.")
    shown = {"plan": plan, "accounts": [spoilt(VIEW, words=secret)], "payable": [spoilt(VIEW, words=secret)]}
    texts = {
        (form.name, name): render(form.name, name, shown[name], Page())
        for form in FORMATS
        for name in shown
        if name in form.documents
    }
    texts |= {("outcome", name): text for name, text in pages(plan)}
    assert [place for place, text in texts.items() if "made-up-pass" in text] == []
    assert all("***" in texts[place] for place in (("text", "plan"), ("json", "plan"), ("csv", "payable")))
    assert digest_of_document(json.loads(texts["json", "plan"])) == plan.digest


@pytest.mark.parametrize("color", [False, True])
def test_no_text_of_an_account_steers(color: bool) -> None:
    """`show` and `output`, in every form."""
    evil = spoilt(VIEW)
    texts = {
        render_views([evil], color=color): render_views([VIEW], color=color),
        views_json([evil]): views_json([VIEW]),
        output_json([evil]): output_json([VIEW]),
        output_csv([evil]): output_csv([VIEW]),
    }
    for text, tame in texts.items():
        assert not STEERS.search(re.sub(r"\x1b\[(?:0|1)m", "", text) if color else text)
        assert text.count("\n") == tame.count("\n")
    for line in output_env([evil]).split("\n"):
        assert re.fullmatch(r"[A-Z0-9_]+=('[^'\x00-\x1f]*'|[!-~]*)", line), line


def test_output_is_taken_as_text_by_spreadsheets_and_shells() -> None:
    """Formulas and quotes of a name, an address or a tag stay text."""
    formula = '=HYPERLINK("http://x")\';$(id)`id`'
    view = dataclasses.replace(VIEW, name=formula, deposits=(DepositRow("XRP", "C", formula, formula, "funding"),))
    _, row = csv.reader(io.StringIO(output_csv([view])))
    assert [cell for cell in row if cell.startswith(("=", "+", "-", "@"))] == []
    assert [shlex.split(line)[0].partition("=")[2] for line in output_env([view]).splitlines()[1:]] == [
        formula,
        formula,
    ]
