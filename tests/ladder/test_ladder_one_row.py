"""A setting is one row: what follows from it, and what is forgotten in a row fails loudly."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from desk import Desk
from ladder_parts import KEY, settle

from acctcfg.venues.okx.rules import OKX_DMA_BROKER_RULES
from acctcfg.venues.okx.settings import SWITCHES
from acctcfg.venues.okx.switches import OkxSettings
from acctcfg.venues.settings_table import settings_table

ROOT = Path(__file__).parents[2]
PAGE = Path("acctcfg") / "venues" / "okx" / "settings.py"
ROW = """
    Switch(
        setting=Setting(
            name="made_up",
            doc="Repay by itself what was borrowed",
            kind=Flag({True: OneWay("nobody takes it back")}),
            modes=("spot",),
            prechecks=("no_borrowings",),
        ),
        source=CONFIG_ROW,
        read=form.flag("spotBorrowAutoRepay"),
        write=form.sends_flag(SET_AUTO_REPAY, "autoRepay"),
        shown_as="spotBorrowAutoRepay",
    ),
)
"""
TABLE = """
from acctcfg.venues.okx.rules import OKX_DMA_BROKER_RULES
from acctcfg.venues.okx.settings import SWITCHES
from acctcfg.venues.settings_table import settings_table
print(settings_table(SWITCHES, OKX_DMA_BROKER_RULES))
"""


@dataclass(slots=True)
class OneRowMore:
    """A copy of acctcfg with one row more on OKX's page of settings, and its command line."""

    folder: Path
    at: Path

    def __post_init__(self) -> None:
        shutil.copytree(ROOT / "acctcfg", self.folder / "acctcfg", ignore=shutil.ignore_patterns("__pycache__"))
        page = self.folder / PAGE
        text = page.read_text(encoding="utf-8").rstrip().removesuffix(")") + ROW.lstrip("\n")
        page.write_text(text.replace("Flag, Setting", "Flag, OneWay, Setting"), encoding="utf-8")

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`python -m acctcfg ...`, or any other module or code."""
        first = arguments if arguments[0] == "-c" else ("-m", "acctcfg", *arguments)
        environ = {**os.environ, "PYTHONPATH": str(self.folder)}
        command = [sys.executable, *first]
        return subprocess.run(command, cwd=self.at, env=environ, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_one_row_is_a_setting_everywhere(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Schema, explain, validate, plan with its precheck and its one-way door, apply, and the table of the docs."""
    settle(desk, "mmdesk01", acctLv="1", enableSpotBorrow=True)
    run = OneRowMore(tmp_path_factory.mktemp("copy"), desk.folder)
    schema = json.loads(run("schema", "manifest").stdout)
    settings = schema["$defs"]["account"]["properties"]["settings"]["properties"]
    assert settings["made_up"] == {"description": "Repay by itself what was borrowed", "enum": [True, None]}
    explained = run("explain", "settings.made_up").stdout
    assert "nobody takes it back" in explained
    desk.write({"mmdesk01": {"api_keys": KEY, "account_mode": "futures", "settings": {"made_up": True}}})
    assert "account mode futures has no `made_up` (spot has it)" in run("validate").stderr

    desk.write({"mmdesk01": {"api_keys": KEY, "settings": {"made_up": True}}})
    plan = json.loads(run("plan", "--format", "json").stdout)
    [step] = plan["steps"]
    assert (step["address"], step["before"], step["after"]) == ("mmdesk01.settings.made_up", False, True)
    assert [one["name"] for one in step["prechecks"]] == ["no_borrowings"]
    assert "sensitive" in {one["code"] for one in plan["warnings"]}
    assert "nobody takes it back" in run("plan").stdout
    assert (run("apply", "--auto-approve").returncode, desk.writes()) == (3, [])
    applied = run("apply", "--auto-approve", "--allow-sensitive")
    assert (applied.returncode, desk.account("mmdesk01")["spotBorrowAutoRepay"]) == (0, True), applied.stderr
    assert run("plan").stdout.endswith("No changes. Live accounts match the manifest.\n")
    assert "| `made_up` | Repay by itself what was borrowed | true | `spot` |" in run("-c", TABLE).stdout


def test_the_docs_have_the_table_of_the_rows() -> None:
    """docs/okx.md holds what `settings_table` makes of them."""
    page = (ROOT / "docs" / "okx.md").read_text(encoding="utf-8")
    assert settings_table(SWITCHES, OKX_DMA_BROKER_RULES) in page


def test_a_setting_that_only_the_rules_have_ends_the_run(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Declared and nowhere read: an error, never "No changes"."""
    settle(desk, "mmdesk01", acctLv="3")
    monkeypatch.setattr(OkxSettings, "survey", _nothing)
    for wanted in (True, False):
        desk.write({"mmdesk01": {"api_keys": KEY, "settings": {"auto_loan": wanted}}})
        for said in (desk.plan(), desk.apply()):
            assert (said.code, "No changes" in said.out, desk.writes()) == (1, False, [])
            assert "mmdesk01.settings.auto_loan: the manifest manages this" in said.err


async def _nothing(*_: object) -> None:
    return None
