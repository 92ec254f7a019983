"""Stored secrets as people read them: where they are and whether they sign, never what they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from acctcfg.render.harmless import harmless

if TYPE_CHECKING:
    from acctcfg.core.scope import StoreReport
    from acctcfg.engine.moved_secrets import Resealed
    from acctcfg.engine.stored_keys import KeyReport, StoredSecret
    from acctcfg.render.formats import Page

__all__ = ["keys", "new_secrets", "resealed", "secrets"]


def secrets(shown: Sequence[StoredSecret], _: Page) -> str:
    """`acctcfg secrets list`: a line for each stored secret."""
    lines = []
    for one in shown:
        place = f"  (the manifest expects it at {one.place})" if one.place else ""
        by = "  (from the journal; the store cannot list it)" if one.by == "journal" else ""
        lines.append(harmless(f"{one.state:<8} {one.store}:{one.path}{place}{by}"))
    return "\n".join(lines) or "The stores hold no secrets."


def keys(shown: Sequence[KeyReport], _: Page) -> str:
    """A line each, and how many are as they should be."""
    lines, width = [], max([8, *(len(one.status) for one in shown)])
    for one in shown:
        what = f"{one.account}.api_keys[{one.label}]" if one.account else ""
        lines.append(harmless(f"{one.status:<{width}} {'  '.join(filter(None, (what, one.message)))}"))
    good = sum(one.good for one in shown)
    return "\n".join([*lines, f"{good} of {len(shown)} keys are as they should be."])


def resealed(shown: Sequence[Resealed], _: Page) -> str:
    """A line each file that is as it was, and how many are not."""
    lines = [harmless(f"failed   {one.store}:{one.path}  {one.message}") for one in shown if not one.good]
    good = sum(one.good for one in shown)
    return "\n".join([*lines, f"{good} of {len(shown)} secrets are encrypted for the current recipients."])


def new_secrets(stores: Iterable[StoreReport], *, whole: bool = False) -> list[str]:
    """Where new secrets go, and who can read them there: each public key by its two ends, or `whole`."""
    lines = [
        f"  {one.store}  {one.type} {one.path}".rstrip()
        + (f", for {', '.join(one.recipients if whole else map(_ends, one.recipients))}" if one.recipients else "")
        for one in stores
    ]
    return ["New secrets go to:", *map(harmless, lines)] if lines else []


def _ends(recipient: str) -> str:
    """`age1qyqszqg..t0ph2m`: the digest covers all of it."""
    word = recipient.split()[1] if recipient.startswith("ssh-") and " " in recipient else recipient
    return f"{word[:12]}..{word[-6:]}" if len(word) > 20 else word
