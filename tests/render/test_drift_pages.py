"""Drift on a page: text, JSON, markdown and numbers, of whatever the venue calls its things."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plan_samples import step_of

from acctcfg.core.drift import FINDINGS, Drift, Finding, KeyTimes
from acctcfg.core.plan import Plan, Scope, Unread, VenueReport
from acctcfg.render.drift import LARGEST, MARKER, drift_json, drift_markdown, drift_text
from acctcfg.render.drift_schema import drift_schema_text
from acctcfg.render.formats import Page
from acctcfg.render.metrics import drift_metrics

SCHEMA = Path(__file__).parents[2] / "schemas" / "drift.schema.json"
REPORT = VenueReport("desk", "okx_dma_broker", "demo", 2, 14, 1.1)
MATCH = "No drift. Live accounts match the manifest."


WHOLE = Scope(whole=True)


def drift_of(*findings: Finding, steps=(), scope=WHOLE, unreadable=(), **more) -> Drift:
    plan = Plan(steps=tuple(steps), scope=scope, reports=(REPORT,), unreadable=tuple(unreadable))
    return Drift(plan=plan, findings=findings, places={"desk01": "desk"}, at=1_000_000.0, **more)


def finding(code="unknown_key", address="desk01.api_keys[x]", message="a key", **details) -> Finding:
    return Finding(code=code, address=address, venue="desk", message=message, details=details)


CHANGED = step_of("desk01", "position_mode", before="long_short", after="net")


def test_the_published_schema_is_the_one_that_the_code_makes():
    """schemas/drift.schema.json does not drift; `make schemas` renews it; every finding fits it."""
    assert SCHEMA.read_text(encoding="utf-8") == drift_schema_text()
    jsonschema.Draft202012Validator.check_schema(json.loads(drift_schema_text()))
    document = json.loads(drift_json(drift_of(*(finding(code) for code in FINDINGS), steps=[CHANGED])))
    jsonschema.validate(document, json.loads(drift_schema_text()))


@pytest.mark.parametrize(
    ("drift", "last"),
    [
        (drift_of(), [MATCH]),
        (drift_of(steps=[CHANGED]), ["Drift: 1 changed, 0 other findings, in 1 account."]),
        (drift_of(finding(address="other")), ["Drift: 0 changed, 1 other finding, in 1 account."]),
        (
            drift_of(finding(code="until_over", address="guardrails.exceptions[0]")),
            ["Drift: 0 changed, 1 other finding, in 0 accounts."],
        ),
        (drift_of(scope=Scope(targets=("desk01",))), ["No drift in what was read.", "Only desk01 was looked at."]),
        (
            drift_of(scope=Scope(excludes=("desk01",))),
            ["No drift in what was read.", "Everything except desk01 was looked at."],
        ),
        (
            drift_of(skipped=("keys",)),
            ["No drift in what was read.", "Keys that the manifest does not name were not looked for."],
        ),
        (drift_of(unreadable=[Unread("desk01", "50001", "down")]), ["No drift in what was read; 1 could not be read."]),
    ],
)
def test_the_last_lines(drift, last):
    """ "Match" is said of a look at everything alone, in every form."""
    assert drift_text(drift, Page()).splitlines()[-len(last) :] == last
    assert ("match the manifest" in drift_markdown(drift)) is (last == [MATCH])
    assert json.loads(drift_json(drift))["matches"] is (last == [MATCH])


def test_markdown_fits_a_comment():
    """Rows that do not fit are counted; the counts of the heading stay right, and the marker stands first."""
    many = [finding(address=f"desk{number:05}.api_keys[x]", message="m" * 300) for number in range(3000)]
    steps = [step_of(f"desk{number:05}", "position_mode", before="long_short", after="net") for number in range(3000)]
    page = drift_markdown(drift_of(*many, steps=steps, unreadable=[Unread("a", "x", "why")]))
    assert page.startswith(f"{MARKER}\n### Drift: 3000 changed, 3000 other findings, in 3000 accounts")
    assert len(page) <= LARGEST
    shown = page.count("\n| `desk")
    assert "| `a` |" in page
    left = sum(int(line.split()[2]) for line in page.splitlines() if line.startswith("... and"))
    assert shown + left == 6000


@given(st.text(), st.text())
def test_no_name_of_a_venue_steers_its_reader(address, message):
    """A row of markdown stays one row of two cells in code, a sample of the numbers one line, whatever it says."""
    drift = drift_of(finding(address=address, message=message))
    rows = [line for line in drift_markdown(drift).splitlines() if line.startswith("| `")]
    assert len(rows) == 1
    assert rows[0].count("`") == 4
    assert rows[0].replace("\\\\", "").replace("\\|", "").count("|") == 3
    unread = drift_of(unreadable=[Unread(f"venues.{address}", "x", message)])
    for line in drift_metrics(unread).splitlines():
        assert line.startswith(("# HELP acctcfg_", "# TYPE acctcfg_", "acctcfg_"))
    assert json.loads(drift_json(drift))["findings"][0]["code"] == "unknown_key"


def test_keys_are_counted_by_the_days_that_are_left():
    """Each bound includes those before it; what is over counts at 0."""
    days = 86_400
    keys = [
        KeyTimes(address=f"desk01.api_keys[{left}]", venue="desk", rotate_at=1_000_000.0 + left * days)
        for left in (-5, 3, 10, 40)
    ]
    text = drift_metrics(drift_of(keys=tuple(keys)))
    for bound, count in ((0, 1), (1, 1), (7, 2), (14, 3), (30, 3)):
        assert f'acctcfg_keys_due_for_rotation{{venue="desk",within_days="{bound}"}} {count}' in text.splitlines()
        assert f'acctcfg_keys_lapsing{{venue="desk",within_days="{bound}"}} 0' in text.splitlines()
