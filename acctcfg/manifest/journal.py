"""The section `journal`: where the record of every run is kept."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from acctcfg.core.desired import JournalSpec
from acctcfg.core.journal_url import JournalUrl
from acctcfg.core.rules import VenueRules
from acctcfg.errors import ManifestError
from acctcfg.manifest.files import Workspace, read_workspace
from acctcfg.manifest.nodes import Node
from acctcfg.manifest.problems import Report
from acctcfg.manifest.scalars import BAD
from acctcfg.manifest.shape import Shape

__all__ = ["build_journal", "journal_of"]


def build_journal(workspace: Workspace, shape: Shape, environ: Mapping[str, str]) -> JournalSpec:
    """The `journal` section, merged from all files."""
    section = workspace.sections["journal"]
    if not section:
        return JournalSpec()
    mark = min(node.key_mark for node in section.values())
    whole = Node(section, mark, mark)
    report = Report(workspace.sources, workspace.problems, [("journal", whole)])
    taken = shape.journal.take(whole, report)
    if taken is BAD:
        return JournalSpec()
    url = None
    if "url" in taken:
        url = _url(section["url"], taken["url"], environ.get("ACCTCFG_TRUST", ""), report)
        if "durable" in taken:
            report.key(section["durable"], "is about .acctcfg/journal.sqlite, and `url` names another journal")
    return JournalSpec(durable=taken.get("durable", False), url=url)


def journal_of(directory: Path, rules: Mapping[str, VenueRules], environ: Mapping[str, str]) -> JournalSpec:
    """What the manifest in a folder says of its journal, whatever else is wrong with it, or absent."""
    shape = Shape(rules)
    workspace = read_workspace(directory, shape, "acctcfg.yaml")
    before = set(workspace.problems)
    spec = build_journal(workspace, shape, environ)
    if problems := workspace.problems - before:
        raise ManifestError(tuple(problems))
    return spec


def _url(node: Node, text: str, trust: str, report: Report) -> JournalUrl | None:
    """One on this machine, or one that the user's own word is for: libpq sends a password to whoever asks for it."""
    try:
        url = JournalUrl.of(text)
    except ValueError as exc:
        report.value(node, str(exc))
        return None
    if not (url.local or url.trusted(trust)):
        report.value(
            node,
            f"{url.host} is another machine, which would get your password: name it in the environment variable "
            f"ACCTCFG_TRUST to allow it, as {url.server}",
        )
    if url.named and "service" in dict(url.parameters) and not url.trusted(trust):
        report.value(
            node,
            "sends what a service file holds to a server that the url names: leave host and port to the service, or "
            f"name the server in the environment variable ACCTCFG_TRUST, as {url.server}",
        )
    if url.weak:
        report.value(node, "asks for a connection that others can read or alter: leave `sslmode` out, or verify-full")
    return url
