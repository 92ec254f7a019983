"""Which accounts a branch touches: those whose manifest, or what it uses, is another than at a revision of git."""

from __future__ import annotations

from dataclasses import replace

from acctcfg.core.fingerprint import account_digests
from acctcfg.core.plan import Plan, Warning_
from acctcfg.core.scope import Since
from acctcfg.engine.workspace import Workspace

__all__ = ["accounts_since", "narrowed_to"]


def accounts_since(workspace: Workspace, revision: str) -> tuple[Since, tuple[str, ...]]:
    """The revision, and the accounts that changed since. Sends nothing; raises what tells why it cannot be told."""
    before = workspace.manifest_at(revision)
    now = account_digests(workspace.manifest)
    then = {} if before.manifest is None else account_digests(before.manifest)
    renamed = {name for one in workspace.manifest.accounts.values() for _, name in one.formerly}
    removed = tuple(sorted(then.keys() - now.keys() - renamed))
    since = Since(revision=revision, commit=before.commit, merge_base=before.merge_base, removed=removed)
    return since, tuple(name for name, digest in now.items() if then.get(name) != digest)


def narrowed_to(since: Since, plan: Plan) -> Plan:
    """The plan with since when its accounts changed, and a warning for each that was taken out of the manifest."""
    message = f"taken out of the manifest since {since.said}: it stays as it is (`state: absent` deletes an account)"
    removed = (Warning_(name, "no_longer_managed", message) for name in since.removed)
    return replace(plan, scope=replace(plan.scope, since=since), warnings=(*removed, *plan.warnings))
