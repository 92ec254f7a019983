"""Every exception that acctcfg raises, each with a way out and an exit status.

AcctcfgError 1 ─┬─ ManifestError       the files the user wrote; nothing was sent
                ├─ ConfigError         a variable, a store, a folder, a trust that is not given
                ├─ StoreError          a secret store that cannot be read or written
                ├─ JournalError        the journal cannot be read or written
                ├─ LockHeld            somebody else applies to the same venue user
                ├─ VenueError ─┬─ Unreachable      the request did not arrive
                │              ├─ OutcomeUnknown   a write may or may not have happened
                │              ├─ Garbled          an answer that is not the venue's language
                │              ├─ Refused          the venue said no, with its code
                │              │   ├─ AuthRefused  ... to the credentials, the clock or the address
                │              │   │   └─ TokenOver  ... to an access token that has ended
                │              │   └─ RateLimited  ... because of too many requests; not executed
                │              │       └─ Busy     ... because it has too much to do, whoever asks
                │              └─ Maintenance      the venue is closed, with its end where it says one
                ├─ VenueBug            a venue package forgot something that the manifest manages
                ├─ PlanStale           live state or the manifest moved since the plan was saved
                ├─ Blocked 3           a precheck or a guardrail forbids it
                └─ UsageError 64       the command line asks for something that makes no sense
"""

from __future__ import annotations

import errno
import re
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = [
    "AcctcfgError",
    "AuthRefused",
    "Blocked",
    "Busy",
    "ConfigError",
    "Garbled",
    "JournalError",
    "LockHeld",
    "Maintenance",
    "ManifestError",
    "OutcomeUnknown",
    "PlanStale",
    "Problem",
    "RateLimited",
    "Refused",
    "StoreError",
    "TokenOver",
    "Unreachable",
    "UsageError",
    "VenueBug",
    "VenueError",
]

MORE_FILES = "raise the number of open files: `ulimit -n 4096`, then run it again"


def exhausted(error: BaseException | None) -> bool:
    """Whether an error, or what it came from, says that no more files can be opened."""
    seen: list[BaseException] = []  # errors can come from each other in a circle
    while error is not None and all(error is not one for one in seen):
        if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
            return True
        seen.append(error)
        error = error.__cause__ or error.__context__
    return False


def words_of(error: BaseException) -> str:
    """An error in one phrase, where it is one of many: ours as told, the system's as it says, any other by its type.

    Never with its values: they may hold a secret.
    """
    if isinstance(error, AcctcfgError):
        return error.told
    if exhausted(error):
        return f"too many files are open ({MORE_FILES})"
    system = error.strerror if isinstance(error, OSError) else None
    return system or type(error).__name__


class AcctcfgError(Exception):
    """Anything that ends a command with one clear message: what is wrong, and what to do about it."""

    exit_code = 1

    def __init__(self, *lines: str, hint: str = "") -> None:
        """`lines`: one for most. A line break within one is somebody's name or text, and begins no line of ours."""
        self.message = "\n".join(line.replace("\n", "\\n") for line in lines)
        super().__init__(self.message)
        self._hint = hint

    @property
    def hint(self) -> str:
        """What to do about it. Where no more files can be opened, no owner, mode or network is at fault."""
        return MORE_FILES if exhausted(self) else self._hint

    @hint.setter
    def hint(self, hint: str) -> None:
        self._hint = hint

    @property
    def word(self) -> str:
        """What programs know it by: the venue's own code where there is one, else its kind ("plan_stale")."""
        kind = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(self).__name__).lower()
        return str(getattr(self, "code", "") or kind.removesuffix("_error"))

    @property
    def told(self) -> str:
        """Both in one sentence, for where an error is one line of many."""
        return f"{self.message} ({self.hint})" if self.hint else self.message


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong in a manifest, at one place. Lines and columns count from 1; 0 means unknown."""

    file: str
    line: int
    column: int
    address: str  # "mmdesk01.leverage[0].value"; "" for the file as a whole
    message: str  # what is wrong (what would be right)

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}"
        return f"{place}: {self.address}: {self.message}" if self.address else f"{place}: {self.message}"


class ManifestError(AcctcfgError):
    """All that is wrong in the files of a workspace, in the order of file and line."""

    def __init__(self, problems: Sequence[Problem], *, hint: str = "") -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__(*map(str, self.problems), hint=hint)


class ConfigError(AcctcfgError):
    """The environment lacks something: a variable, a trust, a folder that can be written."""


class StoreError(AcctcfgError):
    """A secret store cannot be read or written. Never carries what was to be stored.

    `identity_missing`: what would open its secrets is not here, and may be lost for good.
    """

    def __init__(self, *lines: str, hint: str = "", identity_missing: bool = False) -> None:
        super().__init__(*lines, hint=hint)
        self.identity_missing = identity_missing


class JournalError(AcctcfgError):
    """The journal cannot be read or written."""


class LockHeld(AcctcfgError):
    """Another run applies to the same venue user; the message says who, and since when."""


class VenueError(AcctcfgError):
    """Something between us and a venue. `code` is the venue's own code, or a word of ours."""

    def __init__(self, message: str, *, hint: str = "", code: str = "") -> None:
        super().__init__(message, hint=hint)
        self.code = code


class Unreachable(VenueError):
    """The venue could not be reached, or did not serve a read in time; no write was executed."""


class OutcomeUnknown(VenueError):
    """A write was sent and no answer proves whether it was executed: only reading can tell."""


class Garbled(VenueError):
    """The answer is not the venue's language: HTML, cut JSON, a success without its list, an unknown word."""


class Refused(VenueError):
    """The venue refused a request with a code of its own. `status` is the HTTP status, `text` its own words."""

    def __init__(self, message: str, *, hint: str = "", code: str = "", status: int = 200, text: str = "") -> None:
        super().__init__(message, hint=hint, code=code)
        self.status = status
        self.text = text


class AuthRefused(Refused):
    """The venue refused the credentials, the clock or the calling address."""


class TokenOver(AuthRefused):
    """The access token does not work any more: what was refused was not executed, and nothing else will be."""


class RateLimited(Refused):
    """Too many requests; the request was not executed."""


class Busy(RateLimited):
    """The venue has too much to do, whoever asks; the request was not executed, and no limit of ours was met."""


class Maintenance(VenueError):
    """The venue is closed for maintenance; the message says until when, where the venue does."""


class VenueBug(AcctcfgError):
    """A venue package did not say what it should have; nothing is derived from its silence."""

    code = "bug"


class PlanStale(AcctcfgError):
    """A saved plan that no longer fits: the live state, the manifest or the file itself changed."""


class Blocked(AcctcfgError):
    """A precheck or a guardrail forbids it, and nothing that it guards was written."""

    exit_code = 3


class UsageError(AcctcfgError):
    """A command line that cannot be carried out as it stands."""

    exit_code = 64
