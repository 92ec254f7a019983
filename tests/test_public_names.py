"""The names that other programs may import from acctcfg."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import acctcfg

PACKAGE = Path(acctcfg.__file__).parent
MODULES = sorted(
    ".".join(("acctcfg", *file.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")
    for file in PACKAGE.rglob("*.py")
    if file.name != "__main__.py"
)


@pytest.mark.parametrize("name", MODULES)
def test_every_public_name_exists_once(name):
    """What a module offers in `__all__` can be had from it, and is listed once; the linter sorts the lists."""
    module = import_module(name)
    names = getattr(module, "__all__", [])
    assert len(names) == len(set(names))
    assert [each for each in names if not hasattr(module, each)] == []


def test_the_package_offers_its_work_and_its_errors():
    """load, plan, apply, what they return, and every error."""
    from acctcfg import errors

    types = {"Outcome", "Plan", "Precheck", "Step", "StepResult", "Workspace"}
    expected = {"__version__", "apply", "load", "plan", *types, *errors.__all__}
    assert set(acctcfg.__all__) == expected
    assert set(dir(acctcfg)) >= expected


def test_importing_the_package_imports_nothing_else():
    """Names load when they are used, so that a program pays for what it needs."""
    code = "import sys; before = set(sys.modules); import acctcfg; print(*sorted(set(sys.modules) - before))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "acctcfg"


def test_an_unknown_name_is_an_attribute_error():
    """As for any module."""
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        acctcfg.nothing  # noqa: B018
