"""The ground that a venue package is tried on: its own local venue, and what can be done to it behind acctcfg's back.

A venue package writes one subclass of `Ground`. Nothing here needs pytest, and nothing asks how the venue is built: a
server in a thread will do, on loopback, so that `ACCTCFG_SPEED` counts.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

__all__ = ["Fault", "Ground", "Rung", "Write"]


class Fault(StrEnum):
    """What may go wrong with a request. Each says what the client sees, and whether the request was carried out."""

    SERVER_ERROR = "server_error"  # HTTP 500 or above in the venue's language; not carried out, and nothing proves it
    TOO_MANY = "too_many"  # the venue's "too many requests"; not carried out
    GARBAGE = "garbage"  # a success whose body is cut or spoiled; carried out
    ODD = "odd"  # the venue's success, whose result is of another shape: JSON, with no field that was asked for
    HTML = "html"  # a gateway's web page with HTTP 502; not carried out
    RESET_BEFORE = "reset_before"  # the connection breaks; not carried out
    RESET_AFTER = "reset_after"  # the connection breaks; carried out
    TIMEOUT_AFTER = "timeout_after"  # silence for a moment (a tenth of a second will do), then a reset; carried out
    NOT_APPLIED = "not_applied"  # the venue's success; never carried out
    DOWN = "down"  # nothing listens any more; ends with `calm`, whatever `times` says

    @property
    def carried_out(self) -> bool:
        """Whether the venue does what it was asked for."""
        return self in (Fault.GARBAGE, Fault.RESET_AFTER, Fault.TIMEOUT_AFTER)

    @property
    def proves(self) -> bool:
        """Whether the client can know at once that nothing was carried out."""
        return self is Fault.TOO_MANY


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One state of an account, reached from the rung before it by one apply."""

    name: str  # "position mode long_short"
    fields: Mapping[str, object]  # all that the manifest says of the account here, besides its entry in `accounts`
    blocker: str = ""  # what `obstruct` puts in its way: "an open position"; "" where no precheck guards it


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One request that could change something, as the venue got it."""

    account: str  # the key in `accounts` that it was about
    text: str  # "POST /leverage", for messages
    effect: bool  # whether it changed something, then or later


class Ground(ABC):
    """A fresh local venue for one test. `with Ground() as ground:` starts and stops it; each test gets its own.

    `accounts` are entries of a manifest by key, each with its `venue`; there must be two that do not share what a
    fault strikes. The first one climbs the rungs. The kit adds a secret store `vault` to every manifest.
    """

    type: ClassVar[str]  # the venue type: the name of the entry point
    rungs: ClassVar[Sequence[Rung]]
    refusals: ClassVar[Sequence[str]]  # every code that the venue's documents give for a request that it refuses
    tied: ClassVar[Rung | None] = None  # wants two values that the venue keeps as one after `tie`; None: it has none
    speed: ClassVar[int] = 50  # how many times faster than the venue it runs: windows, delays, time stamps

    venues: Mapping[str, Mapping[str, object]]  # the manifest's `venues`, with the `base_url` of the local venue
    accounts: Mapping[str, Mapping[str, object]]
    environ: Mapping[str, str]  # the variables that the credentials are taken from, PREFIX_SECRET_KEY among them
    secrets: Sequence[str]  # texts that must never be seen anywhere: secret keys, passphrases

    @abstractmethod
    def __enter__(self) -> Ground:
        """Start: from now on the venue answers, and the attributes above are set."""

    @abstractmethod
    def __exit__(self, *_: object) -> None:
        """Stop, also where a fault has it down."""

    @abstractmethod
    def obstruct(self, account: str, rung: Rung, *, at_write: bool = False) -> None:
        """Put the rung's blocker in the way. `at_write`: only when the next write arrives, right before it."""

    @abstractmethod
    def clear(self, account: str) -> None:
        """Take everything away that `obstruct` put there."""

    def tie(self, account: str) -> None:
        """From now on a write of one of the two values of the rung `tied` sets the other one too."""
        raise NotImplementedError(f"the ground has a rung `tied`, and cannot tie its values of {account}")

    @abstractmethod
    def strike(self, fault: Fault, account: str, *, reads: bool = False, times: int = 1, only: str = "") -> None:
        """Let the fault meet the account's next `times` writes (or reads; of the account or of its user); 0: all.

        `only`: one endpoint, as the package declares it: "GET /accounts/{id}".
        """

    @abstractmethod
    def calm(self) -> None:
        """Lift every fault."""

    @abstractmethod
    def writes(self) -> Sequence[Write]:
        """Every write that reached the venue, in order, refused ones too."""

    @abstractmethod
    def too_many(self) -> int:
        """How many requests the venue itself answered with "too many requests"."""

    @abstractmethod
    def snapshot(self, account: str) -> object:
        """The account's state at the venue, without what is random or its own: no ids, no names, no times."""
