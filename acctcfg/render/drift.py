"""Drift as text, as JSON, and as markdown for a comment or an issue."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from acctcfg.core.drift import Drift
from acctcfg.render.folded import MANY
from acctcfg.render.formats import Page
from acctcfg.render.harmless import in_code, json_text
from acctcfg.render.paint import joined
from acctcfg.render.text import PlanPage, by_venue, causes
from acctcfg.render.values import describe

__all__ = ["MARKER", "drift_json", "drift_markdown", "drift_text"]

MARKER: Final = "<!-- acctcfg drift -->"
"""The first line of the markdown, by which a job finds the comment that it wrote before."""
LARGEST: Final = 60_000  # characters of markdown: comments end at 65,536


def drift_text(drift: Drift, page: Page) -> str:
    """The changed values as a plan shows its steps, then the findings, then the last line."""
    plan, all_, few = drift.plan, page.full or page.verbose, len(drift.findings) <= MANY
    sheet = PlanPage(replace(page, full=all_, verbose=False), plan)
    blocks = [
        *(sheet.venue(name, report, steps) for name, report, steps in by_venue(plan)),
        sheet.alike(),
        sheet.recap(plan),
        sheet.notices("Found besides:", "!", causes(drift.findings, each=all_ or few, few=True)),
        sheet.notices("Warnings:", "!", causes(plan.warnings, each=all_, few=True)),
        sheet.notices("Could not be read, so nothing is known about it:", "?", causes(plan.unreadable, few=not all_)),
        list(drift.conclusion),
    ]
    return joined(blocks, color=page.color)


def _findings(drift: Drift) -> list[tuple[str, str]]:
    return [(one.address, f"{one.message}  [{one.code}]") for one in drift.findings]


def drift_json(drift: Drift) -> str:
    """The document that `schemas/drift.schema.json` describes."""
    return json_text(drift.to_json())


def drift_markdown(drift: Drift) -> str:
    """A heading with the last line, then tables, as many of their rows as a comment takes. The counts stay right."""
    first, *more = drift.conclusion
    head = [MARKER, f"### {first}", "", *(f"{in_code(line)}\n" for line in more)]
    changes = [(str(step.address), describe(step.change, step.venue)) for step in drift.plan.steps]
    unread = [(one.address, f"{one.message} [{one.code}]") for one in drift.plan.unreadable]
    tables = [
        ("could not be read", "why", unread),
        ("changed", "live -> manifest", changes),
        ("other findings", "what", _findings(drift)),
    ]
    tables = [table for table in tables if table[2]]
    room, lines = LARGEST - sum(len(line) + 1 for line in head), list(head)
    for number, (title, column, rows) in enumerate(tables):
        table = list(_table(title, column, rows, room // (len(tables) - number)))  # none takes the others' room
        room -= sum(len(line) + 1 for line in table)
        lines += table
    return "\n".join(lines).rstrip()


def _table(title: str, column: str, rows: Sequence[tuple[str, str]], room: int) -> Iterator[str]:
    """A table as far as there is room, and how many rows were left out."""
    yield from (f"**{len(rows)} {title}**", "", f"| address | {column} |", "| --- | --- |")
    room -= 200  # for these lines, and for the last one
    for number, row in enumerate(rows):
        line = f"| {_code(row[0])} | {_code(row[1])} |"
        room -= len(line) + 1
        if room < 0:
            yield from ("", f"... and {len(rows) - number} more")
            break
        yield line
    yield ""


def _code(text: str) -> str:
    """A cell: a code span that makes no other column."""
    return in_code(text).replace("\\", "\\\\").replace("|", "\\|")
