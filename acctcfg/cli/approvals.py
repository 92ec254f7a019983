"""Four eyes: whether enough people signed the digest of the plan that is to be applied. Nothing is sent to find out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acctcfg.core.desired import Approvals
from acctcfg.engine.consent import HOW_TO_SIGN, approvals_needed, nobody_signed
from acctcfg.engine.workspace import Workspace
from acctcfg.errors import Blocked, ConfigError, UsageError
from acctcfg.journal.signature import LARGEST, PLAN, Signer, signer_of
from acctcfg.plain_file import leads_out, read_plain

__all__ = ["ENDING", "Approved", "approved", "signatures_beside", "signers_file"]

ENDING = ".sig"
MOST = 100  # signatures of one plan


@dataclass(frozen=True, slots=True)
class Approved:
    """Who approved a plan, and what is missing to what the guardrails want; "" where nothing is."""

    by: tuple[Signer, ...] = ()
    missing: str = ""

    @property
    def on_record(self) -> list[str]:
        """As the journal keeps it."""
        return [f"{one.principal} {one.key}" for one in self.by]


def signatures_beside(planfile: Path) -> list[Path]:
    """The files that `approve` writes beside a plan."""
    return sorted(
        one for one in planfile.parent.iterdir() if one.name.startswith(f"{planfile.name}.") and one.suffix == ENDING
    )


def signers_file(workspace: Workspace, approvals: Approvals) -> Path:
    """Where it stands who may sign. ConfigError where it cannot be read, or lies behind a link out of the workspace."""
    file = workspace.directory / Path(approvals.signers).expanduser()
    if leads_out(file, workspace.directory):
        raise ConfigError(
            f"{file}: a link leads out of the workspace", hint="name the file itself in guardrails.approvals"
        )
    try:
        read_plain(file, 1 << 20)
    except OSError as exc:
        raise ConfigError(
            f"guardrails.approvals.signers: cannot read {file}: {exc.strerror}",
            hint='a line a person: alice@example.com ssh-ed25519 AAAA... (man ssh-keygen, "ALLOWED SIGNERS")',
        ) from exc
    return file


def approved(
    workspace: Workspace,
    saved: Mapping[str, Any] | None,
    expect: str | None,
    named: Sequence[Path],
    beside: Sequence[Path] = (),
) -> Approved:
    """Hold a plan to `guardrails.approvals`, before the first request. `named`, `beside`: files of signatures.

    Raises Blocked where the plan's own document shows that it must be signed and it is not. Else `missing` holds back
    the sensitive steps that come up.
    """
    approvals = workspace.manifest.guardrails.approvals
    if approvals is None:
        if named:
            raise UsageError("--signature: guardrails.approvals asks for none", hint="leave it out")
        return Approved()
    if saved is not None and not saved["steps"]:  # applied, it writes nothing, and is stale where there is work by now
        return Approved()
    digest = expect if saved is None else str(saved["digest"])
    if digest is None:
        return Approved(missing=nobody_signed(workspace))
    found = _count(workspace, approvals, digest, saved, [*named, *beside])
    if found.missing and (not approvals.sensitive_only or (saved is not None and _is_sensitive(saved))):
        raise Blocked(f"guardrails.approvals: {found.missing}", hint=HOW_TO_SIGN)
    return found


def _is_sensitive(saved: Mapping[str, Any]) -> bool:
    return any(one["code"] == "sensitive" for one in saved["warnings"])


def _count(
    workspace: Workspace,
    approvals: Approvals,
    digest: str,
    saved: Mapping[str, Any] | None,
    signatures: Sequence[Path],
) -> Approved:
    wanted = approvals_needed(approvals)
    allowed = signers_file(workspace, approvals)
    people: dict[str, Signer] = {}
    keys, others = set[str](), list[str]()
    for file in signatures[:MOST]:
        who = signer_of(digest, PLAN, _read(file), allowed, workspace.environ)
        if isinstance(who, str):
            others.append(f"{file.name} {who}")
        elif who.key not in keys:
            keys.add(who.key)
            people.setdefault(who.principal, who)
    by = tuple(people[name] for name in sorted(people))
    if len(by) < approvals.count:
        names = ", ".join(one.principal for one in by) or "nobody"
        return Approved(by, "; ".join([f"{wanted}, and {names} signed {digest}", *others]))
    author = str((saved or {}).get("author", ""))
    if [one.principal for one in by] == [author]:
        return Approved(by, f"{author} made this plan, and nobody else approved it")
    return Approved(by)


def _read(file: Path) -> str:
    try:
        return read_plain(file, LARGEST)[0].decode("utf-8", "replace")
    except OSError as exc:
        raise UsageError(
            f"cannot read the signature {file}: {exc.strerror}", hint="`acctcfg approve` writes one"
        ) from exc
