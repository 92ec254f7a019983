"""A type of secret store, declared once: the manifest's schema and checks, the plan and the docs follow from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from acctcfg.core.setting import Flag, Line
from acctcfg.core.text_rule import TextRule

__all__ = ["Command", "Lines", "Option", "OptionKind", "PrivateSource", "StoreType"]


@dataclass(frozen=True, slots=True)
class Lines:
    """At least one line of text. No message quotes them: a secret may stand there by mistake.

    `flaw` says what is wrong with a line that fits the rule; "" where nothing is.
    """

    rule: TextRule
    flaw: Callable[[str], str] | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """A program and its arguments, which the user's own environment must trust. No message quotes the arguments."""


@dataclass(frozen=True, slots=True)
class PrivateSource:
    """Where something secret is read from: `{env: VARIABLE}` or `{file: PATH}`."""

    what: str  # "the identity"


OptionKind = Line | Lines | Flag | Command | PrivateSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A field of such a store. `needed`: what it is, where no store goes without it."""

    kind: OptionKind
    doc: str
    needed: str = ""


def _as_it_is(path: str) -> str:
    return path


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreType:
    """What a manifest may say of a store of this type.

    Three names mean the same in every type: `path`, the folder that its secrets lie in; `recipients`, who can read
    them; `durable`, the user's word that the folder outlives a CI job.
    """

    type: str
    doc: str
    options: Mapping[str, Option] = field(default_factory=dict)
    writable: bool = True  # whether a new secret can be put there at all
    as_kept: Callable[[str], str] = _as_it_is  # a path as the poorest place can tell it from others
    place: str = "path"  # the option that says where its secrets lie
    alike: str = ""  # how paths differ that it cannot tell: "in case"
