"""A machine that gives no more files: one sentence that names the cure, wherever it happens."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from desk import Desk
from fault_parts import TRADING
from patience import PATIENCE_S

CHILD = Path(__file__).with_name("open_files.py")


@pytest.mark.parametrize(
    "command",
    ["apply --auto-approve", *(pytest.param(one, marks=pytest.mark.slow) for one in ("plan", "secrets check"))],
)
@pytest.mark.slow
def test_whatever_cannot_be_opened_any_more_the_cure_is_named(desk: Desk, command: str) -> None:
    """From too few files to enough: journal, stores and connections say `ulimit -n`, or the command goes well."""
    desk.write({"mmdesk01": {"account_mode": "futures", "api_keys": {"trading": TRADING}}})
    assert desk.apply().code == 0
    child = [sys.executable, str(CHILD), str(desk.folder), "4", "16", *command.split()]
    ran = subprocess.run(child, capture_output=True, check=True, timeout=PATIENCE_S)
    ended = json.loads(ran.stdout)
    assert {0, 1} == {code for _, code, _ in ended}
    for limit, code, said in ended:
        assert code == 0 or "ulimit -n" in said, f"{limit}: {said}"
        assert "Traceback" not in said, f"{limit}: {said}"
        assert "internal error" not in said, f"{limit}: {said}"
        assert "owner and mode" not in said, f"{limit}: {said}"
        assert "writable for this user" not in said, f"{limit}: {said}"


def test_a_full_disk_under_the_pace_file_stops_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be kept of the limits costs a later wait; the run ends well, and leaves no piece of a file."""

    def full(self: Path, target: Path) -> Path:
        if target.name.startswith("pace-"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return Path(os.rename(self, target) or target)  # noqa: PTH104

    desk.write({"mmdesk01": {}})
    monkeypatch.setattr(Path, "replace", full)
    said = desk.apply()
    assert (said.code, said.err) == (0, "")
    assert list((desk.folder / ".cache").rglob("pace-*")) == []
