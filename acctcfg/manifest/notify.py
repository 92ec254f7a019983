"""The section `notify`: who is sent word of what a command did."""

from __future__ import annotations

from acctcfg.core.desired import Notify
from acctcfg.core.secret import Secret
from acctcfg.manifest.files import Workspace
from acctcfg.manifest.nodes import Node
from acctcfg.manifest.problems import Report
from acctcfg.manifest.scalars import BAD
from acctcfg.manifest.shape import Shape

__all__ = ["build_notify"]


def build_notify(workspace: Workspace, shape: Shape) -> Notify | None:
    """The section, merged from all files; None where nobody is to be told."""
    section = workspace.sections["notify"]
    if not section:
        return None
    mark = min(node.key_mark for node in section.values())
    whole = Node(section, mark, mark)
    taken = shape.notify.take(whole, Report(workspace.sources, workspace.problems, [("notify", whole)]))
    if taken is BAD or not {"webhook", "on"} <= taken.keys():
        return None
    webhook, on = taken["webhook"], tuple(sorted(word for word in taken["on"] if word is not BAD))
    if isinstance(webhook, str):
        url = Secret(webhook)
        url.keep_untold()
        return Notify(on=on, url=url)
    return Notify(on=on, env=webhook["env"]) if "env" in webhook else None
