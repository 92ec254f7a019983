"""What the user lets a plan do besides approving it: replace keys, and take sensitive lines. Patterns are allowed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from acctcfg.core.address import Address, AddressPattern
from acctcfg.core.codes import ALLOW_SENSITIVE, APPROVALS
from acctcfg.core.desired import Approvals
from acctcfg.core.guardrails import is_sensitive
from acctcfg.core.plan import Precheck, Step
from acctcfg.engine.workspace import Workspace
from acctcfg.errors import Blocked, UsageError

__all__ = [
    "ALL",
    "HOW_TO_SIGN",
    "NO_LEAVE",
    "Leave",
    "approvals_needed",
    "names_account",
    "nobody_signed",
    "store_address",
]

ALL = "*"
HOW_TO_SIGN = "acctcfg plan --out plan.json; acctcfg approve plan.json (each signer); acctcfg apply plan.json"
HOW_TO_ROTATE = (
    "a rotation has no plan to sign; replace the key, within guardrails.max_deletes: acctcfg plan --replace ADDRESS "
    "--out plan.json; acctcfg approve plan.json (each signer); acctcfg apply plan.json"
)
RUNS = 1000  # of the past, that are looked through for a plan that is applied a second time


@dataclass(frozen=True, slots=True)
class Leave:
    """The keys that may, or must, be replaced, and the patterns of sensitive lines that are allowed."""

    replace: frozenset[Address] = frozenset()
    sensitive: tuple[str, ...] = ()
    unsigned: str = ""  # why sensitive lines are held back whatever is allowed: too few people signed the plan

    @classmethod
    def of(cls, workspace: Workspace, replace: Iterable[str], sensitive: bool | Iterable[str]) -> Self:
        """From the command line. UsageError for a pattern that names nothing that it could be for."""
        patterns = (ALL,) * sensitive if isinstance(sensitive, bool) else tuple(sensitive)
        for text in patterns:
            if not names_account(workspace, text):
                raise UsageError(
                    f"--allow-sensitive {text}: the manifest has no such address",
                    hint="use an address as `acctcfg plan` shows it, or no address to allow all",
                )
        return cls(_keys_to_replace(workspace, replace), patterns)

    def beside(self, saved: Mapping[str, Any], workspace: Workspace, *, run: str = "") -> Leave:
        """Together with what a saved plan was given, whose reviewers saw it. A key is replaced by it once.

        `run`: of which it is a part; what other runs of such a plan replaced is no matter of it.
        """
        done = _replaced(workspace, saved, run)
        given = frozenset(one for one in _keys(workspace) if str(one) in saved["replace"] and str(one) not in done)
        return replace(self, replace=self.replace | given, sensitive=(*self.sensitive, *saved["allow_sensitive"]))

    def allows(self, address: Address) -> bool:
        """Whether a sensitive line at this address is allowed."""
        return any(AddressPattern(text).matches(address) for text in self.sensitive)

    def lift(self, step: Step) -> Step:
        """A key whose secret is lost may be replaced where the user says so."""
        if step.address not in self.replace:
            return step
        return replace(step, prechecks=tuple(check for check in step.prechecks if check.name != "secret_lost"))

    def hold(self, steps: Sequence[Step], readers: Mapping[str, str]) -> list[Step]:
        """The steps, each sensitive one that is not allowed with a failing precheck.

        `readers`: why a store's readers are not those of before; whatever makes a new secret for it is held too.
        """
        return [self._held(step, readers) for step in steps]

    def _held(self, step: Step, readers: Mapping[str, str]) -> Step:
        why = [] if self.allows(step.address) else [is_sensitive(step)]
        checks = [Precheck(ALLOW_SENSITIVE, "fail", f"{one}: allow it with --allow-sensitive") for one in why if one]
        if step.secret_store in readers and not self.allows(store := store_address(step.secret_store)):
            detail = f"{store}: {readers[step.secret_store]}: allow it with --allow-sensitive {store}"
            checks.append(Precheck(ALLOW_SENSITIVE, "fail", detail))
        if self.unsigned and (is_sensitive(step) or step.secret_store in readers):
            checks.append(Precheck(APPROVALS, "fail", self.unsigned))
        return step.with_prechecks(*checks)


NO_LEAVE = Leave()


def approvals_needed(approvals: Approvals) -> str:
    """`2 approvals are needed`."""
    return f"{approvals.count} {'approval is' if approvals.count == 1 else 'approvals are'} needed"


def nobody_signed(workspace: Workspace, *, rotates: bool = False) -> str:
    """Why sensitive steps are held back that no plan was signed for; "" without `guardrails.approvals`.

    Raises Blocked where those let nothing be written unsigned. `rotates`: a rotation, which no plan can be saved for.
    """
    approvals = workspace.manifest.guardrails.approvals
    if approvals is None:
        return ""
    why = f"{approvals_needed(approvals)}, and only a saved plan can be signed"
    if not approvals.sensitive_only:
        raise Blocked(f"guardrails.approvals: {why}", hint=HOW_TO_ROTATE if rotates else HOW_TO_SIGN)
    return why


def store_address(name: str) -> Address:
    """How a line about a store is addressed: `secret_stores.vault`."""
    return Address("secret_stores", name)


def names_account(workspace: Workspace, pattern: str) -> bool:
    """Whether an address, or a pattern, could be of this manifest: the part before its first dot says."""
    names = [*workspace.manifest.accounts, "secret_stores"]
    head = AddressPattern(pattern.partition(".")[0])
    return any(head.matches(Address(name)) for name in names)


def _keys(workspace: Workspace) -> list[Address]:
    accounts = workspace.manifest.accounts.values()
    return [Address(spec.key, "api_keys", key.label) for spec in accounts for key in spec.api_keys]


def _replaced(workspace: Workspace, saved: Mapping[str, Any], run: str) -> set[str]:
    """The keys that earlier runs of this very plan made anew, or that run alone."""
    if not saved["replace"]:
        return set()
    with workspace.journal() as journal:
        past = [run] if run else [one.id for one in journal.runs(RUNS) if one.digest == saved["digest"]]
        runs = [journal.run(one) for one in past]
    entries = [entry for run in runs for entry in run.entries]
    return {one.intent.address for one in entries if one.intent.creates_key and one.outcome == "done"}


def _keys_to_replace(workspace: Workspace, patterns: Iterable[str]) -> frozenset[Address]:
    """The keys of the manifest that `--replace` names; UsageError for a pattern that names none."""
    keys, found = _keys(workspace), set[Address]()
    for text in patterns:
        pattern = AddressPattern(text)
        matched = [key for key in keys if any(char in text for char in ".*?") and pattern.matches(key)]
        if not matched:
            raise UsageError(
                f"--replace {text}: the manifest has no such API key",
                hint="use an address as `acctcfg plan` shows it: ACCOUNT.api_keys[LABEL], * and ? allowed",
            )
        found |= set(matched)
    return frozenset(found)
