"""docs/sandbox.md says all there is: every flag with its default, fault, seed field and control call."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from acctcfg.sandbox import control, faults
from acctcfg.sandbox.gate_crossex import declared as gate_declared
from acctcfg.sandbox.gate_crossex.state import Flags as GateFlags
from acctcfg.sandbox.okx import declared
from acctcfg.sandbox.okx.flags import Flags
from acctcfg.sandbox.okx.universe import TAG_PLACES
from acctcfg.sandbox.schema import seed_schema
from acctcfg.sandbox.venues import VENUES

SEED = seed_schema(VENUES)
ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "sandbox.md").read_text(encoding="utf-8")
OKX_PART, GATE_PART = TEXT.split("\n## Gate CrossEx\n")


def table(text, heading):
    """The rows of a table, by the words in its first cell, to the second cell."""
    rows = re.search(rf"^\| {heading} \|.*\n\|[ -|]+\n((?:\|.*\n)+)", text, re.MULTILINE)[1]
    cells = [[cell.strip() for cell in row.strip("| ").split(" | ")] for row in rows.splitlines()]
    return {name: row[1] for row in cells for name in re.findall(r"`(\w+)`", row[0])}


def spelled(value):
    """A default as the table has it."""
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(value) if isinstance(value, list) else f"{value:g}" if isinstance(value, float) else str(value)


@pytest.mark.parametrize(("text", "flags"), [(OKX_PART, Flags()), (GATE_PART, GateFlags())])
def test_every_flag_with_its_default(text, flags):
    """No flag is missing, none is made up, and the defaults are those of the code."""
    shown = table(text, "flag")
    assert set(shown) == set(flags.__slots__)
    for name, default in shown.items():
        value = spelled(getattr(flags, name))
        assert default.strip('"') in (value, "all four"), name


def test_every_value_of_a_switch_is_named():
    """A switch with a closed list of words names each of them in its row."""
    for text, flags in ((OKX_PART, Flags()), (GATE_PART, GateFlags())):
        rows = {m[1]: m[0] for m in re.finditer(r"^\| `(\w+)`.*$", text, re.MULTILINE)}
        for name, words in flags.WORDS.items():
            if name in ("activated_modes", "fresh_account_mode", "fresh_position_mode"):
                continue
            assert all(str(word) in rows[name] for word in words), (name, rows[name])


def test_every_fault():
    """Each kind has its row, and each field its word."""
    assert set(table(OKX_PART, "kind")) == set(faults.KINDS)
    part = OKX_PART[OKX_PART.index("## Faults") : OKX_PART.index("## Seed")]
    for name in faults.FIELDS:
        assert re.search(rf"\b{name}\b", part), name


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (OKX_PART, (*SEED["properties"], *declared.SECTION, *declared.TENANT, *declared.ACCOUNT, *TAG_PLACES)),
        (OKX_PART, (*declared.KEY["properties"], *declared.ADDRESS["properties"], "env_prefix", "sub_accounts")),
        (OKX_PART, (*declared.CURRENCY["properties"], *declared.CHAIN["properties"])),
        (GATE_PART, (*gate_declared.SECTION, *gate_declared.TENANT, *gate_declared.ACCOUNT, "env_prefix")),
        (GATE_PART, (*gate_declared.KEY["properties"], *gate_declared.SYMBOL["properties"], "sub_accounts")),
        (TEXT, (*control.ACTIONS, *VENUES[0].actions, *VENUES[1].actions)),
    ],
)
def test_every_field_of_a_seed_and_every_control_call(text, names):
    """Each word that a seed may hold, and each control call, is in the text."""
    missing = [name for name in names if not re.search(rf"\b{name}\b", text)]
    assert missing == []


def test_help_of_the_command():
    """Each option of the command has its row."""
    from acctcfg.cli.everywhere import OPTIONS
    from acctcfg.cli.sandbox import command

    of_every_command = {parameter.name for parameter in OPTIONS}
    own = [parameter for parameter in command.params if parameter.name not in of_every_command]
    options = {option for parameter in own for option in parameter.opts}
    assert options == set(re.findall(r"`(--[a-z-]+)", OKX_PART[: OKX_PART.index("State lives")]))
