"""Nothing that the manifest manages is passed over in silence: a survey answers for all of it, or the run ends."""

from __future__ import annotations

from collections.abc import Iterable

from acctcfg.core.address import Address, Focus
from acctcfg.core.managed import ANY, claims
from acctcfg.errors import VenueBug
from acctcfg.venues.contract import Survey

__all__ = ["answered", "demand_answers"]


def demand_answers(surveys: Iterable[Survey], focus: Focus, venue_type: str) -> None:
    """Raise VenueBug where a survey says nothing of an address that is managed and looked at.

    What is not in `desired` is never compared, so the plan would call it right.
    """
    forgotten = sorted(
        str(address)
        for survey in surveys
        for address in claims(survey.spec)
        if focus.wants(address) and not answered(survey, address) and not _narrowed(focus, address)
    )
    if forgotten:
        raise VenueBug(
            f"{', '.join(forgotten)}: the manifest manages this, but reading gave neither a value nor a reason",
            hint=f"nothing was written; this is a bug in the venue package {venue_type}: please report it",
        )


def _narrowed(focus: Focus, address: Address) -> bool:
    """Whether all that the venue's lists have of a field may be what the user leaves out."""
    return address.key == ANY and focus.may_leave_out(address.account, address.field)


def answered(survey: Survey, address: Address) -> bool:
    """Whether a survey gives a value of the address, or a reason why there is none."""
    if address in survey.desired or address in survey.without:
        return True
    if address.key == ANY and any(one.field == address.field for one in survey.desired):
        return True
    whole, field = address.account, f"{address.account}.{address.field}"
    unread = {one.address for one in survey.unreadable}
    if unread & {whole, field, field.rpartition(".")[0], str(address)}:
        return True
    by_entry = Address(address.account, address.field, ANY) in claims(survey.spec)
    return by_entry and _told_by_entry(survey, field, unread)


def _told_by_entry(survey: Survey, field: str, unread: set[str]) -> bool:
    """Whether each entry that came to no address is told of: it matches nothing, or cannot be read."""
    told = {*unread, *survey.sets_nothing, *(one.address for one in survey.warnings)}
    paths = {entry.path for entry in survey.spec.leverage}
    return any(one.startswith(f"{field}[") or _entry(one) in paths for one in told)


def _entry(path: str) -> str:
    """`x.leverage[2].market` is about the entry `x.leverage[2]`."""
    return path[: path.rfind("]") + 1] or path
