"""Who may import whom: the shape of the code, checked on its syntax trees."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "acctcfg"
FILES = sorted(PACKAGE.rglob("*.py"))

# package -> the packages of ours that it may import from, besides itself
ALLOWED = {
    "errors": set(),
    "core": {"errors"},
    "wire": {"errors", "core"},
    "venues": {"errors", "core", "wire"},
    "manifest": {"errors", "core"},
    "render": {"errors", "core"},
    "secrets": {"errors", "core"},
    "journal": {"errors", "core"},
    "engine": {"errors", "core", "wire", "venues", "manifest"},
    "cli": {"errors", "core", "engine", "venues", "manifest", "render", "secrets", "journal", "sandbox"},
    "sandbox": set(),
}
HANDED_IN = {"secrets", "journal"}  # in engine/, workspace.py alone brings them in; the others are handed them
PURE = {"core"}
EFFECTS = {"asyncio", "datetime", "http", "httpx", "logging", "os", "random", "socket", "subprocess", "time", "urllib"}


def imports(file: Path) -> list[str]:
    """Every module that a file imports anywhere, as an absolute name; those for type checkers only do not count."""
    found = []
    for node in _without_type_checking(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno}: a relative import"
            module = node.module or ""
            found += [f"{module}.{alias.name}" if module == "acctcfg" else module for alias in node.names]
    return found


def _without_type_checking(node):
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING":
            continue
        yield child
        yield from _without_type_checking(child)


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


@pytest.mark.parametrize("file", sorted((PACKAGE / "core").glob("*.py")), ids=lambda file: file.name)
def test_the_middle_is_pure(file):
    """core/ has no I/O, no clock, no async."""
    assert not {name.split(".")[0] for name in imports(file)} & EFFECTS
    assert not [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.AsyncFunctionDef)]


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
        tree = ast.parse(file.read_text(encoding="utf-8"))
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
