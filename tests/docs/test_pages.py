"""The pages of docs/: what they tell to type is what the program takes, and their links lead somewhere."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import click
import pytest
from checkers import accepts
from desk import Desk
from walkthrough import Walkthrough

from acctcfg.cli import COMMANDS, group

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = {str(file.relative_to(DOCS)): file.read_text(encoding="utf-8") for file in sorted(DOCS.rglob("*.md"))}
OTHERS = {"--help", "--schema"}  # of every command; of pg_dump


def commands(text: str) -> Iterator[str]:
    """The command lines in a page: after a prompt, or as they stand in a script."""
    for block in re.findall(r"```(?:console|sh)\n(.*?)```", text, re.DOTALL):
        yield from re.findall(r"^(?:\$ )?acctcfg (.+)$", block, re.MULTILINE)


@pytest.mark.parametrize("page", PAGES)
def test_every_command_line_parses(page: str) -> None:
    """Each is one that the program understands."""
    for line in commands(PAGES[page]):
        words = shlex.split(re.split(r" [>|#] ?", line)[0], comments=True)
        context = group.make_context("acctcfg", words, resilient_parsing=True)
        name = next(word for word in words if word in COMMANDS)
        command = group.get_command(context, name)
        assert command is not None
        rest = words[words.index(name) + 1 :]
        while isinstance(command, click.Group) and rest and rest[0] in command.commands:
            command, rest = command.commands[rest[0]], rest[1:]
        command.make_context(name, rest, parent=context)


def test_every_option_of_ours_stands_on_a_page() -> None:
    """What the program takes is told somewhere besides its help."""
    words = set(re.findall(r"--[a-z][a-z-]+", " ".join([README, *PAGES.values()])))
    own = [option for one in every_command(group) for option in one.params if isinstance(option, click.Option)]
    ours = {word for option in own for word in option.opts if word.startswith("--")}
    assert ours - words - OTHERS <= {"--verbose", "--version"}  # pages have -v


@pytest.mark.parametrize("page", PAGES)
def test_every_option_is_one_of_ours(page: str) -> None:
    """An option that a page names is an option of some command."""
    known = {word for one in every_command(group) for option in one.params for word in option.opts} | OTHERS
    named = {
        word for code in re.findall(r"`[^`\n]+`", PAGES[page]) for word in re.findall(r"(?<![\w-])--[a-z-]+", code)
    }
    assert named - known == set()


def every_command(command: click.Command) -> Iterator[click.Command]:
    """It and all below it."""
    yield command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from every_command(inner)


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    """To a file of the repository, and to a heading that is there."""
    for path, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)", PAGES[page]):
        target = ((DOCS / page).parent / path).resolve() if path else DOCS / page
        assert target.exists(), path
        if anchor:
            headings = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings}, anchor


def test_the_site_has_every_page() -> None:
    """A new page stands in the navigation of zensical.toml."""
    navigation = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))["project"]["nav"]
    assert sorted(entries(navigation)) == sorted(PAGES)


def entries(navigation: list[dict[str, object]]) -> Iterator[str]:
    """The files that it names."""
    for (inner,) in (tuple(one.values()) for one in navigation):
        if isinstance(inner, list):
            yield from entries(inner)
        else:
            yield str(inner)


def test_every_variable_that_is_read_stands_in_its_page() -> None:
    """Whatever the program asks its environment for; the sandbox and the kit for venues aside."""
    apart = {"sandbox", "conformance"}
    files = [one for one in (ROOT / "acctcfg").rglob("*.py") if not apart & set(one.relative_to(ROOT).parts)]
    asked = re.compile(r"""environ(?:\.get\(|\[)["']([A-Z_]+)["']|["']((?:ACCTCFG|PG|SSL_CERT)_?[A-Z_]+)["']""")
    names = {one for file in files for found in asked.findall(file.read_text(encoding="utf-8")) for one in found if one}
    assert {"ACCTCFG_ACTOR", "XDG_STATE_HOME", "SSL_CERT_DIR", "PGHOST"} <= names
    with_them = PAGES["environment.md"] + PAGES["events.md"]  # the latter has those of OpenTelemetry
    assert {name for name in names if not re.search(rf"\b{name}\b", with_them)} <= {"ACCTCFG_"}


def test_the_overview_knows_the_exit_statuses() -> None:
    """The README's table, word by word."""
    table = re.findall(r"^\| (?:status|\d+) \|.+$", README, re.MULTILINE)
    assert len(table) == 7
    assert re.findall(r"^\| (?:status|\d+) \|.+$", PAGES["index.md"], re.MULTILINE) == table


@pytest.mark.slow
def test_the_members_of_every_document_are_told(desk: Desk) -> None:
    """What a command prints as JSON stands in its row of the page; of a list, what its first entry has."""
    key = {"permissions": ["read", "trade"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}
    swap = {"market": "swap", "family": "BTC-USDT", "margin": "cross", "value": 10}
    desk.write({"mmdesk01": {"account_mode": "multi_currency", "leverage": [swap], "api_keys": {"trading": key}}})
    (desk.folder / "tests").mkdir()
    (desk.folder / "tests" / "a.yaml").write_text("{version: 1, scenarios: {one: {expect: {exit: 0}}}}")
    rows = dict(re.findall(r"^\| `(\S[^`]*)`[^|]* \| (.+) \|$", PAGES["json.md"], re.MULTILINE))
    done, named = set[str](), set[str]()
    for line in ("validate", "apply", "cap 5", "show", "output", "history", "lock", "test", "history --verify"):
        said = desk.run(*line.split(), *["--auto-approve"] * (line in ("apply", "cap 5")), "--format", "json")
        assert said.code == 0, said.err
        named |= _untold(said.json, line, rows[line.removesuffix(" 5")])
        done.add(line.removesuffix(" 5"))
    (_, run) = desk.run("history", "--format", "json").json
    named |= _untold(desk.run("history", run["id"], "--format", "json").json, "history RUN", rows["history RUN"])
    for line in ("secrets list", "secrets check", "doctor"):
        named |= _untold(desk.run(*line.split(), "--format", "json").json, line, PAGES["json.md"])
    assert named == set()
    assert rows.keys() - done == {"plan", "drift", "history RUN", "secrets"}


def _untold(found: Any, line: str, said: str) -> set[str]:
    """The members that the page does not name: of the document, and of the first entry of each list in it."""
    if line == "output":
        found = next(iter(found.values()))
    first = found[0] if isinstance(found, list) else found
    inner = [one[0] for one in first.values() if isinstance(one, list) and one and isinstance(one[0], dict)]
    apart = {"plan", "entries"} & first.keys()
    names = {name for one in (first, *([] if apart else inner)) for name in one}
    return {f"{line}: {name}" for name in names if f"`{name}`" not in said and f'"{name}"' not in said}


@pytest.mark.slow
def test_the_quick_start(desk: Desk) -> None:
    """As it is written, but for the sandbox's port."""
    page = Walkthrough(desk, "quick-start")
    for line in re.findall(r"^export .+$", PAGES["quick-start.md"], re.MULTILINE):
        assert line in README
    page.play()
    root = desk.folder / "acctcfg.yaml"
    root.write_text(root.read_text().replace("http://127.0.0.1:8700", desk.sandbox.base_url))
    page.play(4)
    assert "position_mode: net " in root.read_text()
    root.write_text(root.read_text().replace("position_mode: net ", "position_mode: long_short "))
    page.rest()
    assert desk.account("mmdesk01")["posMode"] == "long_short_mode"


# -- the site ------------------------------------------------------------------------------------------------------


class Links(HTMLParser):
    """What a page links to and loads, and the anchors that it has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors, self.links, self.loaded = set[str](), list[str](), list[str]()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Sort what its attributes name."""
        given = dict(attrs)
        self.anchors.add(given.get("id") or "")
        self.links += [link for name in ("href", "src") if (link := given.get(name))]
        if tag != "a":
            self.loaded += [link for name in ("href", "src") if (link := given.get(name))]


@pytest.mark.slow
def test_the_site_is_built_strictly_and_stands_alone(tmp_path: Path) -> None:
    """No warning; every link leads somewhere in it; nothing is loaded from elsewhere."""
    subprocess.run((sys.executable, str(DOCS / "gather.py"), str(tmp_path / "build/docs")), check=True)
    (tmp_path / "zensical.toml").write_text((ROOT / "zensical.toml").read_text(encoding="utf-8"))
    accepts("zensical", "build", "--strict", folder=tmp_path)
    site = (tmp_path / "build/site").resolve()
    pages = {file: Links(file.read_text(encoding="utf-8")) for file in site.rglob("*.html") if file.name != "404.html"}
    assert {site / page.replace(".md", ".html") for page in PAGES} <= set(pages)
    for file, page in pages.items():
        assert not [link for link in page.loaded if urlsplit(link).netloc]
        for link in (urlsplit(one) for one in page.links if not urlsplit(one).scheme):
            target = (file.parent / unquote(link.path)).resolve() if link.path else file
            assert target.is_file(), (file.name, link.path)
            assert target not in pages or unquote(link.fragment) in pages[target].anchors, (file.name, link)
    for style in site.rglob("*.css"):
        assert not re.search(r"(?:@import|url\()\s*[\"']?https?:", style.read_text(encoding="utf-8"))
