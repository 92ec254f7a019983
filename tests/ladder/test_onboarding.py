"""docs/onboarding.md, step by step: its table and its manifest are what is run."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from desk import Desk

PAGE = (Path(__file__).parents[2] / "docs" / "onboarding.md").read_text(encoding="utf-8")
TABLES = re.findall(r"```csv\n(.*?)```", PAGE, re.DOTALL)
MANIFEST, DELETES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def desk(tmp_path, monkeypatch):
    with Desk.at(tmp_path, monkeypatch) as made:
        yield made


def planned(desk: Desk) -> set[str]:
    """The addresses of the plan's steps."""
    return {step["address"] for step in desk.plan("--format", "json").json["steps"]}


@pytest.mark.slow
def test_a_broker_from_a_spreadsheet_to_customers_that_come_and_go(desk: Desk) -> None:
    """First rows, more rows, a tier's leverage, and some that leave: each change touches whom it names."""
    first, more, leaving = TABLES
    manifest = re.sub(r"# recipients: \[age1\.\.\.\]", f"recipients: [{desk.recipient}]", MANIFEST)
    manifest = manifest.replace("http://127.0.0.1:8700", desk.sandbox.base_url)
    table = desk.folder / "customers.csv"

    table.write_text(first.replace("retail", "retial", 1))
    desk.text(manifest)
    said = desk.run("validate")
    assert said.code == 1
    assert 'customers.csv:2:13: customer001.profile: the profile "retial" is not defined' in said.err

    table.write_text(first)
    desk.converge()
    rows = list(csv.DictReader(io.StringIO(desk.run("output", "--format", "csv").out)))
    assert [(row["account"], row["currency"]) for row in rows] == [(f"customer00{n}", "USDT") for n in (1, 2, 3)]
    assert all(row["uid"] and row["address"] for row in rows)

    table.write_text(first + more)
    assert {address.partition(".")[0] for address in planned(desk)} == {"customer004", "customer005"}
    desk.converge()

    manifest = manifest.replace("value: 3}", "value: 2}")
    desk.text(manifest)
    retail = ("customer001", "customer002", "customer004")
    assert planned(desk) == {f"{one}.leverage[swap/BTC-USDT/cross]" for one in retail}
    desk.converge()

    desk.text(manifest.replace("guardrails:\n", DELETES))
    left = "".join(line for line in (first + more).splitlines(True) if not line.startswith(retail[:2]))
    table.write_text(left + leaving)
    assert planned(desk) == {"customer001", "customer002"}
    desk.converge()
    table.write_text(left)
    desk.text(manifest)
    assert "no changes" in desk.plan().out.lower()
