"""A format is one row of `acctcfg.render.formats` and its renderer; the options of all commands follow from it."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType

import click
import pytest
from desk import Desk
from plan_samples import step_of

from acctcfg.cli import COMMANDS
from acctcfg.core.plan import Plan, Precheck
from acctcfg.core.rehearsal import Rehearsal
from acctcfg.render import formats
from acctcfg.render.formats import FORMATS, Format, Page, render

HISTORY = ("runs", "run", "exported")  # `history` shows any of these


def options(command: click.Command) -> list[click.Option]:
    own = [one for one in command.params if isinstance(one, click.Option) and "--format" in one.opts]
    inner = command.commands.values() if isinstance(command, click.Group) else ()
    return own + [option for one in inner for option in options(one)]


def test_every_format_option_is_the_tables() -> None:
    """No command keeps words of its own."""
    tables = {formats.formats_of(document) for row in FORMATS for document in row.documents}
    found = [one for name in COMMANDS for one in options(import_module(f"acctcfg.cli.{name}").command)]
    assert len(found) >= 11
    tables.add(tuple(dict.fromkeys(word for document in HISTORY for word in formats.formats_of(document))))
    assert {tuple(one.type.choices) for one in found} <= tables


def test_every_row_names_renderers_that_are_there() -> None:
    """What is imported only when it is needed is there when it is."""
    for row in FORMATS:
        for renderer in row.documents.values():
            module, _, name = renderer.partition(":")
            assert callable(getattr(import_module(f"acctcfg.render.{module}"), name)), renderer


def test_an_added_format_works_at_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """One row and one function: the command offers it, and renders in it."""
    renderer = ModuleType("acctcfg.render.shouting")

    def plan(shown: Plan) -> str:
        return "\n".join(f"# {step.address}!" for step in shown.steps)

    renderer.plan = plan  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, renderer.__name__, renderer)
    desk.write({"mmdesk01": {"account_mode": "spot"}})
    assert "'shouting' is not one of" in desk.plan("--format", "shouting").err

    monkeypatch.setattr(formats, "FORMATS", [*FORMATS, Format("shouting", {"plan": "shouting:plan"})])
    monkeypatch.delitem(sys.modules, "acctcfg.cli.plan")  # its options are made when it is imported
    said = desk.plan("--format", "shouting")
    assert (said.code, said.out) == (0, "# mmdesk01!\n")
    assert "[text|json|markdown|github|gitlab|terraform-json|html|shouting]" in desk.run("plan", "--help").out


@pytest.mark.parametrize("form", ["text", "markdown", "github", "html", "json"])
def test_a_rehearsal_is_told_in_every_form(form: str) -> None:
    """Not its counts alone: what a reviewer must not take for proven, what failed, and what was blocked at its gate."""
    counts = dict.fromkeys(("created", "changed", "deleted", "blocked", "failed", "not_started"), 0)
    found = Rehearsal(
        counts=counts,
        end_state={"desk01.position_mode": "long_short"},
        blocked=("desk02.position_mode", "desk03.position_mode"),
        failed=(("desk04.position_mode", "the venue said no"),),
        not_copied=(("desk05", "tiers are others than here"),),
        seconds=1.0,
    )
    checks = {3: (Precheck("no_bots", "fail", "grid 17"),)}
    steps = tuple(
        step_of(f"desk0{n}", "position_mode", before="net", after="long_short", checks=checks.get(n, ()))
        for n in range(1, 6)
    )
    said = render(form, "plan", Plan(steps=steps, rehearsal=found), Page())
    for words in ("desk01.position_mode", "the venue said no", "tiers are others than here", "desk02.position_mode"):
        assert words in said, words
    if form != "json":
        assert "the rehearsal proves nothing for it" in said
        assert "desk03.position_mode  right before" not in said, "the plan says it already"
