"""The command lines of the pages, run on a sandbox in the situation that the page speaks of."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from desk import MASTER, Desk
from walkthrough import DOCS, Walkthrough

KEY = {"permissions": ["read", "trade"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}
SWAP = {"market": "swap", "family": "BTC-USDT", "margin": "cross", "value": 5}
FIELDS: dict[str, Any] = {"api_keys": {"trading": KEY}, "account_mode": "futures", "leverage": [SWAP]}

pytestmark = pytest.mark.slow


def test_drift(desk: Desk) -> None:
    """Three accounts as they should be."""
    desk.write(dict.fromkeys(["mmdesk01", "desk06", "desk07"], FIELDS)).converge()
    page = Walkthrough(desk, "drift", {"/var/lib/node_exporter": str(desk.folder)})
    page.rest()
    assert (desk.folder / "acctcfg.prom").stat().st_size


def test_events(desk: Desk) -> None:
    """Into a file, and to another program, which gets nothing but lines of JSON."""
    desk.write({"mmdesk01": FIELDS})
    assert desk.plan("--out", "plan.json").code == 0
    page = Walkthrough(desk, "events")
    page.play()
    assert (desk.folder / "events.jsonl").read_text().count('"step_done"') == 4
    assert [json.loads(line)["event"] for line in page.play().out.splitlines()][-1] == "summary"


def test_fmt(desk: Desk) -> None:
    """One file is not as `fmt` would write it, and the page shows which."""
    desk.text("version: 1\ninclude: [accounts/*.yaml]\n")
    (desk.folder / "accounts").mkdir()
    (desk.folder / "accounts/mmdesk01.yaml").write_text("accounts:\n        mmdesk01: {venue: desk}\n")
    Walkthrough(desk, "fmt").rest()


def test_import(desk: Desk) -> None:
    """Thirty accounts with the main one, of two kinds, four of them with a key that nobody has the secret of."""
    names = [f"mmdesk{number:02}" for number in range(1, 30)]  # and the user behind the credentials
    kinds = ({**FIELDS, "position_mode": "net"}, {**FIELDS, "account_mode": "multi_currency"})
    desk.write({name: kinds[at % 2] for at, name in enumerate(names)}).converge()
    for name in names[:4]:  # "other" is in no store
        key = {"label": "other", "api_key": f"{name}-other", "secret_key": "hush", "passphrase": "Hush-hush-1"}
        desk.sandbox.control_post(f"accounts/{name}/keys", **key)
    desk.write({}, include=["accounts/*.yaml"])
    Walkthrough(desk, "import").rest()
    assert desk.plan().last == "No changes. Live accounts match the manifest."


def test_leverage(desk: Desk) -> None:
    """The first asks; the second lowers at once; the third finds what nobody manages."""
    desk.write({"mmdesk01": FIELDS}).converge()
    page = Walkthrough(desk, "leverage")
    page.rest()
    assert '"3"' in json.dumps(desk.account("mmdesk01")["leverage"])


def test_snapshots_of_pull_requests(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second command has no credentials."""
    desk.write({"mmdesk01": FIELDS}).converge()
    page = Walkthrough(desk, "pull-requests")
    page.skip()  # --changed-since needs a repository: tests/cli/test_changed_since.py
    page.play()
    for name in ("API_KEY", "SECRET_KEY", "PASSPHRASE"):
        monkeypatch.delenv(f"OKX_DESK_{name}")
    page.rest()
    assert MASTER["api_key"] not in (desk.folder / "live.json").read_text()


def test_rehearse(desk: Desk) -> None:
    """What the plan is followed by is what the page says."""
    desk.write({"mmdesk01": FIELDS})
    assert "Afterwards, as rehearsed:" in Walkthrough(desk, "rehearse").rest().out


def test_revert(desk: Desk) -> None:
    """A run is found, turned round, and undone."""
    desk.write({"mmdesk01": FIELDS}).converge()
    desk.write({"mmdesk01": {**FIELDS, "leverage": [{**SWAP, "value": 7}]}})
    run = desk.apply("--format", "json").json["run"]
    page = Walkthrough(desk, "revert", {re.search(r"revert (\S+)", (DOCS / "revert.md").read_text())[1]: run})
    assert run in page.play().out
    page.rest()
    assert '"5"' in json.dumps(desk.account("mmdesk01")["leverage"])


def test_rotation(desk: Desk) -> None:
    """One key, then those of many accounts, whose old keys stay for a day."""
    desk.write(dict.fromkeys(["mmdesk01", "mmdesk02"], FIELDS)).converge()
    page = Walkthrough(desk, "rotation")
    page.play()
    assert len(desk.account("mmdesk01")["keys"]) == 1
    page.rest()
    assert [len(desk.account(name)["keys"]) for name in ("mmdesk01", "mmdesk02")] == [2, 2]


def test_testing_manifests(desk: Desk) -> None:
    """The scenarios of an example, and one file of them with a report."""
    shutil.copytree(DOCS.parent / "examples/one-account", desk.folder, dirs_exist_ok=True)
    (desk.folder / "tests/one-account.yaml").rename(desk.folder / "tests/positions.yaml")
    Walkthrough(desk, "testing-manifests").rest()
    assert (desk.folder / "report.xml").stat().st_size


def test_every_page_with_commands_is_played() -> None:
    """Here, or in a file of its own."""
    tests = "".join(file.read_text(encoding="utf-8") for file in Path(__file__).parents[1].rglob("test_*.py"))
    elsewhere = {"watch": "tests/ladder/test_ladder_watch.py", "sandbox": "tests/sandbox", "workers": "tests/workers"}
    for page in sorted(DOCS.glob("*.md")):
        if "\n$ acctcfg" in page.read_text(encoding="utf-8") and page.stem not in elsewhere:
            assert f'Walkthrough(desk, "{page.stem}"' in tests or f'"docs" / "{page.name}"' in tests, page.name
