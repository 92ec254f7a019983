"""The manual's pages say what the commands take, and man reads them without a warning."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from acctcfg.cli import group

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages, as `make man` writes them."""
    made = tmp_path_factory.mktemp("man")
    subprocess.run((sys.executable, str(DOCS / "man.py"), str(made)), check=True)
    return made / "man1"


def commands(context: click.Context) -> dict[str, click.Command]:
    """Every command by the name of its page."""
    found = {context.command_path.replace(" ", "-"): context.command}
    if isinstance(context.command, click.Group):
        for name in context.command.list_commands(context):
            command = context.command.get_command(context, name)
            assert command is not None
            found |= commands(click.Context(command, info_name=name, parent=context))
    return found


def test_every_command_has_its_page_and_every_option_stands_in_it(folder: Path) -> None:
    """With the words of its help; the options of every command, too."""
    known = commands(click.Context(group, info_name="acctcfg"))
    assert {file.stem for file in folder.iterdir()} == set(known)
    for name, command in known.items():
        page = (folder / f"{name}.1").read_text(encoding="utf-8").replace("\\-", "-")
        plain = page.replace("\\fB", "").replace("\\fR", "")
        options = [one for one in command.params if isinstance(one, click.Option)]
        for word in {"--help", *(word for one in options for word in (*one.opts, *one.secondary_opts))}:
            assert f"\n\\fB{word}" in page or f", {word}" in page, (name, word)
        for text in {" ".join((one.help or "").split()).replace("`", "") for one in options if not one.hidden}:
            assert text in plain, (name, text)
        for below in command.commands if isinstance(command, click.Group) else ():
            assert f"\\fB{name}-{below}\\fR(1)" in page
        assert "--allow-sensitive [ADDRESS]..." in page or name not in ("acctcfg-plan", "acctcfg-apply")


def test_lines_that_are_typed_stay_lines(folder: Path) -> None:
    """What the help does not fill, the page does not either."""
    page = (folder / "acctcfg-completion.1").read_text(encoding="utf-8")
    assert "\b" not in page
    assert re.search(r"^\.nf\nbash: .+\nzsh: .+\nfish: .+\n\.fi$", page, re.MULTILINE)


@pytest.mark.parametrize("checker", [("mandoc", "-Tlint", "-Wwarning"), ("groff", "-man", "-ww", "-z", "-Tutf8")])
def test_man_reads_them_without_a_warning(checker: tuple[str, ...], folder: Path) -> None:
    """Neither implementation of roff."""
    if shutil.which(checker[0]) is None:
        pytest.skip(f"no {checker[0]} here")
    said = subprocess.run((*checker, *sorted(folder.iterdir())), capture_output=True, text=True)
    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")
