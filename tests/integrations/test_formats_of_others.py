"""What we write in formats of others, judged by their own programs and published schemas."""

from __future__ import annotations

import json

import pytest
from checkers import accepts, checkers_folder
from desk import Desk
from jsonschema import Draft4Validator
from watching import free_port, page, watch

BROKEN = '{"version": 1, "acounts": {}, "guardrails": {"max_leverage": "ten"}}'


@pytest.mark.slow
def test_promtool_finds_nothing_in_the_metrics(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names, types and help of what drift writes and of what watch serves, after looks that ended differently."""
    desk.write({"mmdesk01": {}, "mmdesk02": {"account_mode": "futures"}})
    port, pages = free_port(), list[str]()
    watch(desk, monkeypatch, 3, "--apply", "--listen", f"127.0.0.1:{port}", happens=lambda _: read(port, pages))
    assert desk.run("drift", "--metrics", "drift.prom").code in (0, 2)
    for text in ((desk.folder / "drift.prom").read_text(), *pages):
        assert "# TYPE acctcfg_accounts gauge" in text
        assert accepts("promtool", "check", "metrics", told=text) == ""
    assert any("acctcfg_watch_steps_total{" in text for text in pages)


def read(port: int, pages: list[str]) -> None:
    """Keep what a scraper gets."""
    pages.append(page(port, "/metrics")[1])


@pytest.mark.parametrize("manifest", ['{"version": 1}', BROKEN], ids=["sound", "broken"])
def test_sarif_is_what_its_schema_says(desk: Desk, manifest: str) -> None:
    """A manifest without problems, and one with two: both are logs of SARIF 2.1.0."""
    (schema, *_) = [*checkers_folder().glob("lib/python3*/site-packages/sarif-schema.json"), None]
    if schema is None:
        pytest.skip("the schema of SARIF is not on this machine (make clients)")
    log = desk.text(manifest).run("validate", "--format", "sarif").json
    assert len(log["runs"][0]["results"]) == (2 if manifest == BROKEN else 0)
    problems = Draft4Validator(json.loads(schema.read_text(encoding="utf-8"))).iter_errors(log)
    assert [error.message for error in problems] == []
