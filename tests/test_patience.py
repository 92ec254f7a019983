"""What a test may not lean on: how fast the machine is (that is for `bench`), and what others do on it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

LEAST_S = 60.0
HERE = Path(__file__).parent
CLOCKS = {"getrusage", "monotonic", "perf_counter", "perf_counter_ns", "process_time", "thread_time", "time"}


def offences(source: str) -> Iterator[str]:
    """What a slow machine would break: a difference of times asserted to be small, and a short time-out."""
    tree = ast.parse(source)
    times = set(_names_of_times(tree))
    given_up = {call for node in ast.walk(tree) if _expects_a_time_out(node) for call in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert):
            compared = [one for one in ast.walk(node.test) if isinstance(one, ast.Compare)]
            bounds = [bound for one in compared for bound in _upper_bounds(one, times)]
        elif isinstance(node, ast.Call) and node not in given_up:
            bounds = [word.value for word in node.keywords if word.arg == "timeout"]
        else:
            continue
        if not all(map(_is_patient, bounds)):
            yield f"{node.lineno}: {ast.unparse(node)}"


def _names_of_times(tree: ast.AST) -> Iterator[str]:
    """Names that are given the reading of a clock, or what is made of one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and _has_time(node.value, set()):
            yield from (one.id for target in node.targets for one in ast.walk(target) if isinstance(one, ast.Name))


def _has_time(node: ast.AST, times: set[str]) -> bool:
    """Whether a real clock is read in it; a clock that a test hands in is none."""
    for one in ast.walk(node):
        if isinstance(one, ast.Name) and one.id in times:
            return True
        if isinstance(one, ast.Attribute) and one.attr in CLOCKS and ast.unparse(one.value) in ("time", "resource"):
            return True
    return False


def _upper_bounds(compare: ast.Compare, times: set[str]) -> Iterator[ast.expr]:
    """Of `low < a - b < high` with times in it: `high`."""
    operands = [compare.left, *compare.comparators]
    for left, operator, right in zip(operands, compare.ops, operands[1:], strict=False):
        small, large = (left, right) if isinstance(operator, ast.Lt | ast.LtE) else (right, left)
        ordered = isinstance(operator, ast.Lt | ast.LtE | ast.Gt | ast.GtE)
        subtracts = any(isinstance(one, ast.BinOp) and isinstance(one.op, ast.Sub) for one in ast.walk(small))
        if ordered and subtracts and _has_time(small, times):
            yield large


def _is_patient(bound: ast.expr) -> bool:
    """Whether it is made of PATIENCE_S, or a number that no machine uses up."""
    if isinstance(bound, ast.Constant):
        return bound.value is None or bound.value >= LEAST_S
    return any(isinstance(one, ast.Name) and one.id in ("LONG_S", "PATIENCE_S", "timeout") for one in ast.walk(bound))


def _expects_a_time_out(node: ast.AST) -> bool:
    """`with pytest.raises(TimeoutError)`: where somebody is to give up, it may be soon."""
    return isinstance(node, ast.With) and "TimeoutError" in ast.unparse(node.items[0])


def test_no_test_measures_the_machine() -> None:
    """Whatever is asserted of real time, and whatever ends a wait, leaves a slow machine its time."""
    files = {path: path.read_text(encoding="utf-8") for path in sorted(HERE.rglob("*.py"))}
    may = {path: text for path, text in files.items() if "timeout=" in text or re.search(r"\b(time|resource)\.", text)}
    assert [f"{path.relative_to(HERE)}:{one}" for path, text in may.items() for one in offences(text)] == []


def test_no_test_looks_into_the_temporary_folder_of_all() -> None:
    """Other tests, and other programs, work there at the same time: a test sets `tempfile.tempdir` to its own."""
    asks = re.compile(r"gettempdi[r]b?\(|import gettempdi[r]")
    assert [path.name for path in sorted(HERE.rglob("*.py")) if asks.search(path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("begun = time.monotonic()\nassert time.monotonic() - begun < 2", True),
        ("begun = time.monotonic()\nassert 2 > time.monotonic() - begun", True),
        ("n, begun = 1, time.time()\nassert 1 <= stamp - begun <= 5", True),
        ("run(line, timeout=10)", True),
        ("begun = time.monotonic()\nassert time.monotonic() - begun < PATIENCE_S", False),
        ("begun = time.monotonic()\nassert time.monotonic() - begun >= 0.1", False),
        ("begun = clock.monotonic()\nassert clock.monotonic() - begun < 2", False),
        ("with pytest.raises(TimeoutError):\n    send(timeout=0.1)", False),
        ("run(line, timeout=2 * PATIENCE_S)", False),
    ],
)
def test_what_is_found(source: str, found: bool) -> None:
    """Upper bounds of real time, either way round, and time-outs; not what a test's own clock says."""
    assert bool([*offences(source)]) == found
