"""Who may import whom: the shape of the code, checked on its syntax trees."""

from __future__ import annotations

import ast
import re
import tokenize
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from sources import tree_of

from acctcfg.venues import installed

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "acctcfg"
FILES = sorted(PACKAGE.rglob("*.py"))

# package -> the packages of ours that it may import from, besides itself
ALLOWED = {
    "errors": set(),
    "plain_file": set(),
    "core": {"errors"},
    "deposit": {"core"},
    "key_groups": {"core"},
    "position_parts": {"core"},
    "signing": {"core"},
    "account_view": {"core", "deposit"},
    "wire": {"errors", "core"},
    "venues": {"errors", "core", "deposit", "key_groups", "position_parts", "signing", "wire"},
    "manifest": {
        "errors",
        "core",
        "deposit",
        "key_groups",
        "position_parts",
        "signing",
        "plain_file",
        "secrets",
    },
    "render": {"errors", "core", "deposit", "account_view", "imported", "plain_file"},
    "secrets": {"errors", "core", "plain_file"},
    "journal": {"errors", "core", "plain_file"},
    "imported": {"core"},
    "engine": {
        "errors",
        "plain_file",
        "core",
        "deposit",
        "key_groups",
        "position_parts",
        "account_view",
        "imported",
        "signing",
        "wire",
        "venues",
        "manifest",
    },
    "scenarios": {"errors", "plain_file", "core", "engine", "manifest", "secrets", "sandbox"},
    "rehearsal": {"errors", "core", "signing", "wire", "venues", "engine", "scenarios", "sandbox"},
    "workers": {"errors", "core", "wire", "journal", "engine"},
    "cli": {
        "errors",
        "plain_file",
        "core",
        "engine",
        "venues",
        "manifest",
        "render",
        "secrets",
        "journal",
        "sandbox",
        "scenarios",
        "rehearsal",
        "workers",
    },
    "sandbox": set(),
    # on top of everything, and nobody imports it
    "conformance": {"errors", "core", "wire", "venues", "manifest", "engine", "render", "cli"},
}
HANDED_IN = {"secrets", "journal"}  # in engine/, workspace.py alone brings them in; the others are handed them
PURE = {"core"}
TEST_TOOLS = {"hypothesis", "pytest"}

# Layers that know no venue by name: of manifest/ and cli/ the files that must are listed with their reasons.
NAMELESS = ("cli", "core", "engine", "errors", "journal", "manifest", "render", "secrets", "wire")
NAMING = {
    "cli/demo.py": "plays the main job at one venue",
    "cli/init.py": "says what the starter's sandbox prints",
    "cli/sandbox.py": "serves the venues, and says which",
    "cli/starter.py": "is a workspace at one venue",
    "manifest/shape.py": "says which types are not supported yet",
}
OWN_WORDS = {"gate": "engine"}  # our own word for the prechecks right before a write, there and nowhere else
EXCHANGES = {
    "binance",
    "bitget",
    "bitmex",
    "bybit",
    "coinbase",
    "crossex",
    "deribit",
    "gateio",
    "htx",
    "huobi",
    "kraken",
}
EFFECTS = {"asyncio", "datetime", "http", "httpx", "logging", "os", "random", "socket", "subprocess", "time", "urllib"}


MODULES = {".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file for file in FILES}


@cache
def imports(file: Path, *, typing_too: bool = False) -> tuple[str, ...]:
    """Every module that a file imports anywhere, as an absolute name; with `typing_too`, for type checkers as well."""
    found = []
    for node in _nodes(tree_of(file), typing_too=typing_too):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno}: a relative import"
            package = node.module or ""
            names = [f"{package}.{alias.name}" for alias in node.names]
            found += [name if package == "acctcfg" or name in MODULES else package for name in names]
    return tuple(found)


def _nodes(tree, *, typing_too):
    """Every node in which an import may stand: none does within an expression, where most nodes are."""
    todo = [tree]
    while todo:
        node = todo.pop()
        yield node
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, ast.expr) and (typing_too or not _for_types(child)):
                todo.append(child)


def _for_types(node):
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def layer(name: str) -> str:
    return name.split(".")[1]


def ours(file: Path) -> set[str]:
    return {layer(name) for name in imports(file) if name.startswith("acctcfg.") and name != "acctcfg.__version__"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_imports_go_one_way(file):
    """cli -> engine -> venues -> wire; those, manifest and render -> core; the sandbox shares nothing with us."""
    parts = file.relative_to(PACKAGE).with_suffix("").parts
    if parts[0] in ("__init__", "__main__"):
        return
    allowed = ALLOWED[parts[0]] | {parts[0]}
    if parts[:2] == ("engine", "workspace"):
        allowed |= HANDED_IN
    assert ours(file) <= allowed


def test_no_module_imports_its_own_importer():
    """The picture of imports has no circle, not even of types: every module can be read before those that use it."""
    graph = {name: {*imports(file, typing_too=True)} & MODULES.keys() for name, file in MODULES.items()}
    TopologicalSorter(graph).prepare()  # raises a CycleError that names the circle


@pytest.mark.parametrize("file", sorted((PACKAGE / "core").glob("*.py")), ids=lambda file: file.name)
def test_the_middle_is_pure(file):
    """core/ has no I/O, no clock, no async."""
    assert not {name.split(".")[0] for name in imports(file)} & EFFECTS
    assert not [node for node in ast.walk(tree_of(file)) if isinstance(node, ast.AsyncFunctionDef)]


def test_http_has_one_door():
    """HTTP clients stay in wire/, so that the engine under it can change; the sandbox serves by aiohttp."""
    users = {file.relative_to(PACKAGE).parts[0] for file in FILES for name in imports(file) if name.startswith("httpx")}
    assert users <= {"wire"}
    servers = {
        file.relative_to(PACKAGE).parts[0] for file in FILES for name in imports(file) if name.startswith("aiohttp")
    }
    assert servers <= {"wire", "sandbox"}


def test_only_the_command_line_prints():
    """print() and click stay in cli/; progress writes to the stream that it is given."""
    for file in FILES:
        where = file.relative_to(PACKAGE)
        if where.parts[0] == "cli":
            continue
        tree = tree_of(file)
        printing = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "print"
            and not any(keyword.arg == "file" for keyword in node.keywords)
        ]
        assert not printing, f"{where}:{printing[0].lineno} prints"
        assert "click" not in {name.split(".")[0] for name in imports(file)}, where


def test_test_tools_stay_in_the_kit():
    """pytest and hypothesis come with `acctcfg[conformance]`: a program that runs acctcfg needs neither."""
    users = {
        file.relative_to(PACKAGE).parts[0] for file in FILES if TEST_TOOLS & {n.split(".")[0] for n in imports(file)}
    }
    assert users == {"conformance"}


def named_venues(source, folder):
    """Every venue that a file's code, strings, docstrings or comments name: (line, word)."""
    types = installed.rules()
    banned = {*types, *(name.split("_")[0] for name in types), *EXCHANGES}
    banned -= {word for word, home in OWN_WORDS.items() if home == folder}
    found = []
    for token in tokenize.generate_tokens(iter(source.splitlines(keepends=True)).__next__):
        if token.type in (tokenize.OP, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT):
            continue
        text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", token.string).lower()
        words = set(re.findall(r"[a-z]+", text)) | set(re.findall(r"[a-z_]+", text))
        found += [(token.start[0], word) for word in sorted(words & banned)]
    return found


@pytest.mark.parametrize(
    "file",
    [file for file in FILES if file.relative_to(PACKAGE).with_suffix("").parts[0] in NAMELESS],
    ids=lambda file: str(file.relative_to(PACKAGE)),
)
def test_the_middle_names_no_venue(file):
    """Everything in a venue's own words stays in its package: no other file names one, not even in a comment."""
    where = file.relative_to(PACKAGE)
    found = named_venues(file.read_text(encoding="utf-8"), where.parts[0])
    if str(where) in NAMING:
        assert found, f"{where} names no venue any more: take it off the list"
    else:
        assert found == []


SANDBOX = [file for file in (PACKAGE / "sandbox").glob("*.py") if file.name != "venues.py"]  # the table of venues


@pytest.mark.parametrize("file", SANDBOX, ids=lambda file: file.name)
def test_what_the_sandboxes_venues_share_names_none(file):
    """A venue of the sandbox is a folder and a row in venues.py; what stands beside the folders serves any of them."""
    assert named_venues(file.read_text(encoding="utf-8"), "sandbox") == []


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ("OKX_URL = 1\n", "okx"),
        ("class OkxDialect: ...\n", "okx"),
        ("x = venue == 'okx_dma_broker'\n", "okx_dma_broker"),
        ('def f():\n    """As on Bybit."""\n', "bybit"),
        ("x = 1  # Gate sends 202\n", "gate"),
        ("x = f'{y} of crossex'\n", "crossex"),
    ],
)
def test_a_venues_name_is_found_wherever_it_stands(source, word):
    """In names, strings, docstrings and comments; and whole words only."""
    assert word in [found for _, found in named_venues(source, "core")]
    assert named_venues("investigate = gateway = brokerage = 'aggregate'\n", "core") == []
    assert named_venues("gate = Gate()  # the gate\n", "engine") == []


STARTERS = {
    "cli/demo.py": "starts acctcfg itself, as its users would, with what is needed for that and no credentials",
    "secrets/helper.py": "starts the helpers that the user trusts by name, with PATH, HOME, LANG and what they ask for",
    "journal/signature.py": "asks ssh-keygen to sign and to verify, with the variables that ssh itself needs",
    "journal/process.py": "asks `ps` and `sysctl` when a process began, where no file says it, with a bare environment",
    "rehearsal/rehearse.py": "starts the sandbox of a rehearsal, with PATH, HOME and where temporary files go",
}
"""Files that start a program, with what for. Nothing that is started gets our environment: credentials are in it."""


def test_programs_are_started_in_named_places_only():
    """No file of ours can start a program but those listed, and each of their calls says which environment it gets."""
    names = ("subprocess", "pty", "multiprocessing", "asyncio.subprocess")
    calls = {"system", "popen", "posix_spawn", "create_subprocess_exec", "create_subprocess_shell", "startfile"}
    found = {}
    for file in FILES:
        place = str(file.relative_to(PACKAGE))
        tree = tree_of(file)
        starts = any(name == one or name.startswith(f"{one}.") for name in imports(file) for one in names)
        for node in ast.walk(tree):
            name = node.attr if isinstance(node, ast.Attribute) else ""
            starts = starts or name in calls or (name.startswith(("exec", "spawn")) and _is_os(node))
            if isinstance(node, ast.Call) and _dotted(node.func) in ("subprocess.run", "subprocess.Popen"):
                assert "env" in {word.arg for word in node.keywords}, f"{place}:{node.lineno}: our environment"
        if starts:
            found[place] = True
    assert set(found) == set(STARTERS)


def _dotted(node: ast.expr) -> str:
    named = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    return f"{node.value.id}.{node.attr}" if named else ""


def _is_os(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id == "os"


@pytest.mark.parametrize("file", sorted((PACKAGE / "core").glob("*.py")), ids=lambda file: file.name)
def test_core_holds_no_venue_concept(file):
    """What some venues have and others have not is declared by them, or by a resource that they share."""
    words = r"client_ip|\bparent\b|deposit|credit_to|segwit|chain_prefix|transfer_out|[a-z]_groups"
    assert re.findall(words, file.read_text(encoding="utf-8"), flags=re.IGNORECASE) == []


def test_the_picture_names_files_that_exist():
    """Whoever follows docs/architecture.md finds every file that it names."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = {one for one in re.findall(r"`([\w/]+\.py)`", page) if not re.search(r"[A-Z]{2}", one)}  # secrets/TYPE.py
    files = [f"/{file.relative_to(ROOT).as_posix()}" for file in (*FILES, *(ROOT / "tests").glob("*.py"))]
    assert {one for one in named if not any(file.endswith(f"/{one}") for file in files)} == set()
