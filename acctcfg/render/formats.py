"""Every word of every command's `--format`: one row each, with what renders which document in it.

plan, outcome          of `plan` and `apply`
drift                  of `drift`
look                   of `watch`, one line each
brake                  of `cap`
accounts, payable      of `show` and `output`
runs, run, verified    of `history`
exported               of `history export`
locks                  of `lock list`
secrets, keys          of `secrets list`, and of `secrets check` and `secrets import`
validation             of `validate`
failure                of whatever fails
picture                of `graph`
checkup                of `doctor`
scenarios              of `test`
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Final

from acctcfg.core.plan import MATCH
from acctcfg.render.columns import wrapped
from acctcfg.render.harmless import in_html, in_json
from acctcfg.render.stream import Escape

__all__ = [
    "FORMATS",
    "LAST",
    "PLAIN",
    "Format",
    "Page",
    "escape_of",
    "fitted",
    "formats_of",
    "is_json",
    "render",
    "tells_failure",
]

WIDTH = 100
"""Columns where nobody says how many there are. Longer lines stay whole: the text goes to pipes and logs too."""


LAST: Final = ("Plan: ", "Applied: ", MATCH)
"""How lines begin that programs look for: they stay whole, on a terminal too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a text is written for. `wraps`: a line that is wider is continued, as on a terminal."""

    width: int = WIDTH
    wraps: bool = False
    color: bool = False
    verbose: bool = False
    full: bool = False  # what many accounts have in common is told of each
    summary: bool = False  # totals alone
    skips_blocked: bool = False  # a plan that is carried out now, without the accounts that something holds up


PLAIN: Final = Page()
"""What pipes and logs get."""


@dataclass(frozen=True, slots=True)
class Format:
    """A word of `--format`. `documents`: by document, the "module:function" of this package that renders it.

    The function takes what is shown, and where `paged` the `Page` too; it gives the text.
    """

    name: str
    documents: Mapping[str, str]
    paged: bool = False
    is_json: bool = False  # one JSON document
    escape: Escape | None = None  # what is not ASCII, for readers who take it for UTF-8 in every locale


FORMATS: Final = [
    Format(
        "text",
        {
            "plan": "text:render_plan",
            "drift": "drift:drift_text",
            "look": "watch:look_text",
            "outcome": "outcome:render_outcome",
            "brake": "brake:braked",
            "accounts": "pages:accounts",
            "runs": "history:runs",
            "run": "history:run",
            "verified": "history:verified",
            "locks": "locks:locks",
            "secrets": "stored:secrets",
            "keys": "stored:keys",
            "resealed": "stored:resealed",
            "validation": "pages:validation",
            "checkup": "doctor:checkup",
            "scenarios": "scenarios:results_text",
        },
        paged=True,
    ),
    Format(
        "json",
        {
            "plan": "data:plan_json",
            "drift": "drift:drift_json",
            "look": "watch:look_json",
            "outcome": "data:outcome_json",
            "brake": "brake:braked_json",
            "accounts": "data:views_json",
            "payable": "views:output_json",
            "runs": "data:records_json",
            "run": "data:record_json",
            "verified": "harmless:json_text",
            "locks": "locks:locks_json",
            "secrets": "data:secrets_json",
            "keys": "data:keys_json",
            "resealed": "data:secrets_json",
            "validation": "harmless:json_text",
            "checkup": "doctor:checkup_json",
            "scenarios": "scenarios:results_json",
            "failure": "data:failure_json",
        },
        is_json=True,
    ),
    Format("jsonl", {"exported": "exported:lines"}, escape=in_json),
    Format("csv", {"payable": "views:output_csv", "exported": "exported:table"}),
    Format("markdown", {"plan": "markdown:plan_markdown", "drift": "drift:drift_markdown"}),
    Format(
        "github",
        {
            "plan": "markdown:plan_markdown",  # for the step's summary
            "validation": "annotations:validation",
            "failure": "annotations:failure",
        },
    ),
    Format("gitlab", {"plan": "gitlab:plan_report", "validation": "gitlab:validation"}, is_json=True),
    Format("terraform-json", {"plan": "terraform:plan_document"}, is_json=True),
    Format("sarif", {"validation": "sarif:validation"}, is_json=True),
    Format(
        "html",
        {"plan": "plan_page:plan_page", "run": "run_page:run_page", "exported": "exported:page"},
        escape=in_html,
    ),
    Format("env", {"payable": "views:output_env"}),
    Format("mermaid", {"picture": "graph:mermaid"}),
    Format("dot", {"picture": "graph:dot"}),
]


def formats_of(document: str) -> tuple[str, ...]:
    """The words that a document can be shown in, the first of the table first."""
    return tuple(one.name for one in FORMATS if document in one.documents)


def is_json(form: str) -> bool:
    """Whether a word stands for one JSON document."""
    return any(one.is_json for one in FORMATS if one.name == form)


def escape_of(form: str) -> Escape | None:
    """How a word's documents write what is not ASCII where the stream is not UTF-8; None where the locale decides."""
    return next((one.escape for one in FORMATS if one.name == form), None)


def tells_failure(form: str) -> bool:
    """Whether a failure is told in it, too."""
    return form in formats_of("failure")


def render(form: str, document: str, value: object, page: Page) -> str:
    """What is shown, in this format."""
    row = next(one for one in FORMATS if one.name == form and document in one.documents)
    module, _, name = row.documents[document].partition(":")
    function: Callable[..., str] = getattr(import_module(f"acctcfg.render.{module}"), name)
    if not row.paged:
        return function(value)
    return fitted(function(value, page), page)


def fitted(text: str, page: Page) -> str:
    """The text with no line broken in mid-word by a terminal of this width."""
    if not page.wraps:
        return text
    lines = (([line] if line.startswith(LAST) else wrapped(line, page.width)) for line in text.split("\n"))
    return "\n".join(part for parts in lines for part in parts)
