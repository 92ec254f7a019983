"""What OKX has and no manifest holds is named, with the reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from acctcfg.cli import run
from acctcfg.venues.okx.rules import OKX_RULES
from acctcfg.venues.okx.unmanaged import UNMANAGED

PAGE = Path(__file__).parents[2] / "docs" / "okx.md"


def test_what_is_not_managed_is_told_with_the_reason(capsys: pytest.CaptureFixture[str]) -> None:
    """docs/okx.md holds the table, `explain` each row, and none of them is a setting."""
    table = PAGE.read_text(encoding="utf-8").partition("unmanaged.py -->\n\n")[2].partition("\n\n<!-- /unmanaged")[0]
    rows = [f"| `{name}` | {why} |" for name, why in UNMANAGED.items()]
    assert table.splitlines() == ["| name | why not |", "| --- | --- |", *rows]
    assert not {f"settings.{name}" for name in UNMANAGED} & {one.field for one in OKX_RULES.settings}
    for name, why in UNMANAGED.items():
        assert run(["explain", f"settings.{name}"]) == 0
        told = "".join(capsys.readouterr().out.split())
        assert f"notmanaged(okx,okx_dma_broker):{''.join(why.split())}" in told
    assert run(["explain", "settings.activate_featur"]) == 64
