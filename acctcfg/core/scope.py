"""What a plan looked at, whose accounts these are, and who can read the secrets that it makes."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Reverts", "Scope", "Since", "StoreReport", "VenueReport"]

_NAMED = 10  # accounts that are named in a line; more are counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """The revision of git since which the accounts changed that a plan looks at."""

    revision: str  # as the user said it
    commit: str  # its id, or that of the commit at which the branch left it
    merge_base: bool
    removed: tuple[str, ...] = ()  # accounts that were in the manifest then, and are not now

    @property
    def said(self) -> str:
        """ "origin/main (3f2a9c10b2d4)", "HEAD left origin/main (3f2a9c10b2d4)"."""
        words = f"HEAD left {self.revision.partition('...')[0]}" if self.merge_base else self.revision
        return f"{words} ({self.commit[:12]})"

    def to_json(self) -> dict[str, object]:
        """As a plan's JSON shows it."""
        return {
            "revision": self.revision,
            "commit": self.commit,
            "merge_base": self.merge_base,
            "removed": list(self.removed),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a plan looked at. Only one that looked at everything can find that live accounts match.

    `whole`: every address of the manifest was looked at. A saved plan's steps alone are not the whole.
    """

    whole: bool = False
    targets: tuple[str, ...] = ()  # what it was narrowed to, as the user said it
    excludes: tuple[str, ...] = ()  # what was left out, as the user said it
    sets_nothing: tuple[str, ...] = ()  # exact entries that no scope came of, so that nothing was compared for them
    since: Since | None = None  # the targets are the accounts that changed since then

    @property
    def narrowed(self) -> bool:
        """Whether the user named what to look at, or what to leave out."""
        return bool(self.targets or self.excludes or self.since is not None)

    @property
    def said(self) -> str:
        """The line that a narrowed plan says; "" for one that is not."""
        without, only = ", ".join(self.excludes), ", ".join(self.targets)
        if self.since is not None:
            return self._changed(self.since) + (f" Everything in {without} was left out." if without else "")
        if only:
            return f"Only {only} was looked at{', without ' * bool(without)}{without}."
        return f"Everything except {without} was looked at." if without else ""

    def _changed(self, since: Since) -> str:
        number = len(self.targets)
        if not number:
            return f"No account changed in the manifest since {since.said}; nothing was read."
        named = ", ".join(self.targets[:_NAMED]) + (f" and {number - _NAMED} more" if number > _NAMED else "")
        what = (
            f"{number} accounts that changed in the manifest" if number > 1 else "account that changed in the manifest"
        )
        return f"Only the {what} since {since.said} {'were' if number > 1 else 'was'} looked at: {named}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Reverts:
    """The run before which a plan leads back. `with_deletes`: what the run created is deleted."""

    run: str
    at: str  # when it began
    actor: str
    command: str
    with_deletes: bool

    def to_json(self) -> dict[str, object]:
        """What a saved plan says of it, and `apply` goes by."""
        return {
            "run": self.run,
            "at": self.at,
            "actor": self.actor,
            "command": self.command,
            "with_deletes": self.with_deletes,
        }


@dataclass(frozen=True, slots=True)
class VenueReport:
    """Whose credentials a connection used, where they went, and what reading took (no part of a digest)."""

    venue: str
    type: str
    environment: str
    accounts: int
    requests: int
    seconds: float
    uid: str = ""  # of the venue user behind the credentials
    base_url: str = ""  # "" where it is one of the venue type's own

    def to_json(self) -> dict[str, object]:
        """Where every write of this connection goes, and as whom."""
        where = {"base_url": self.base_url} if self.base_url else {}
        return {"type": self.type, "environment": self.environment, "uid": self.uid, **where}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreReport:
    """A store that new secrets of a plan go to."""

    store: str
    type: str
    path: str
    recipients: tuple[str, ...] = ()  # public keys: who can read what is written

    def to_json(self) -> dict[str, object]:
        """What decides where a new secret goes, and who can read it."""
        return {"type": self.type, "path": self.path, "recipients": list(self.recipients)}
