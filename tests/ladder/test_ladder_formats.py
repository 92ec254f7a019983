"""A plan in a pull request, and what is applied after the merge."""

from __future__ import annotations

import re
from pathlib import Path

from desk import Desk

DOCS = (Path(__file__).parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")


def digest_in(page: str) -> str:
    """What the line of docs/formats.md finds in the first line of a comment."""
    (pattern,) = re.findall(r"sed -n '1s/(.*?)/\\1/p'", DOCS)
    found = re.fullmatch(pattern.replace(r"\(", "(").replace(r"\)", ")"), page.splitlines()[0])
    assert found is not None
    return found[1]


def test_the_digest_of_a_comment_is_what_apply_expects(desk: Desk) -> None:
    """The plan that was reviewed is applied; once the manifest has moved, nothing is."""
    desk.write({"mmdesk01": {}})
    said = desk.plan("--format", "markdown")
    digest = digest_in(said.out)
    assert f"acctcfg apply --expect {digest}`" in said.out
    desk.write({"mmdesk01": {}, "mmdesk02": {}})
    assert desk.apply("--expect", digest).code == 1
    desk.write({"mmdesk01": {}})
    assert desk.apply("--expect", digest).code == 0
    assert "### No changes. Live accounts match the manifest." in desk.plan("--format", "github").out
    assert desk.plan("--format", "gitlab").json == {"create": 0, "update": 0, "delete": 0}
    assert desk.plan("--format", "terraform-json").json["resource_changes"] == []
    assert "No changes." in desk.plan("--format", "html").out
