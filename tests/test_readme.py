"""What the README says is what the program does."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest

from acctcfg.cli import COMMANDS, group

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_command_is_listed_with_its_own_line_of_help():
    """The table is the help's list: same names, same words, same order."""
    table = README.split("<!-- commands -->")[1].split("<!-- /commands -->")[0]
    assert re.findall(r"^\| `(\w+)` \| (.+) \|$", table, re.M) == list(COMMANDS.items())


def test_the_picture_of_a_plan_is_a_plan(monkeypatch):
    """The plan in the README is rendered by the program, word by word."""
    monkeypatch.setattr(sys, "path", [str(ROOT / "tests" / "render"), *sys.path])
    from plan_samples import desk_plan_of_the_manual

    from acctcfg.render.text import render_plan

    assert f"```text\n{render_plan(desk_plan_of_the_manual())}\n```" in README


@pytest.mark.parametrize("path", sorted(set(re.findall(r"\]\(((?!http)[^)#]+)\)", README))))
def test_every_link_leads_somewhere(path):
    """Links to files of the repository name files that are there."""
    assert (ROOT / path).exists()


@pytest.mark.parametrize("line", sorted(set(re.findall(r"^\$ acctcfg (.+?)(?: +#.*)?$", README, re.M))))
def test_every_command_line_parses(line):
    """Each `$ acctcfg ...` of the README is a command line that the program understands."""
    words = shlex.split(line)
    command = group.get_command(group.make_context("acctcfg", [*words], resilient_parsing=True), words[0])
    assert command is not None
    command.make_context(words[0], words[1:])


def test_the_credentials_shown_are_the_sandboxs_own():
    """Who copies the export lines can sign at the sandbox."""
    from acctcfg.sandbox.okx.seed import builtin

    (tenant,) = builtin("demo").values()
    (key,) = tenant["keys"]
    for word, value in (("API_KEY", "api_key"), ("SECRET_KEY", "secret_key"), ("PASSPHRASE", "passphrase")):
        assert f"export {tenant['env_prefix']}_{word}={key[value]}" in README
