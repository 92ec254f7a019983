"""Check one connection: its host, how it is reached, and what its key may do. Sends reads only."""

from __future__ import annotations

from acctcfg.core.base_url import is_loopback
from acctcfg.core.checkup import Checked, Sheet
from acctcfg.core.desired import VenueSpec
from acctcfg.engine.session import Link, Session, Way
from acctcfg.engine.unforeseen import blame
from acctcfg.engine.workspace import Workspace
from acctcfg.errors import AcctcfgError, ConfigError, JournalError, Refused, Unreachable
from acctcfg.venues.installed import venue
from acctcfg.venues.own_key import KeyFacts, TellsAddress, TellsOwnKey

__all__ = ["look_at_venue"]

CLOCK_OFF_S = 2.0  # below that, the network alone may be the reason


async def look_at_venue(workspace: Workspace, spec: VenueSpec) -> list[Checked]:
    """What was found, whatever ends a part of the look."""
    sheet = Sheet(f"venues.{spec.key}")
    session = Session(workspace, [spec.key])
    _place(sheet, spec)
    try:
        way = session.way(spec)
    except AcctcfgError as error:
        sheet.fail("proxy", error.message, error.hint)
        return sheet.checks
    try:
        _limits(sheet, spec, way)
        if await _answers(sheet, spec, way):
            await _credentials(sheet, session, spec, way)
        _refusals(sheet, way)
    finally:
        await way.close()
    return sheet.checks


def _place(sheet: Sheet, spec: VenueSpec) -> None:
    """The world that the credentials belong to, and whose host it is."""
    rules, base_url = venue(spec.type).rules, venue(spec.type).base_url(spec)
    region = f", region {spec.region}" if rules.regions and spec.base_url is None else ""
    where = f"{spec.environment} ({spec.type}{region}) at {base_url}"
    if rules.owns(base_url):
        sheet.ok("place", f"{where}, the venue's own host")
    elif is_loopback(base_url):
        sheet.ok("place", f"{where}, on this machine")
    else:
        fix = "Remove `base_url` unless you trust this host: it receives requests that the credentials sign."
        sheet.warn("place", f"{where}, which is not the venue's own host; ACCTCFG_TRUST names it", fix)


def _limits(sheet: Sheet, spec: VenueSpec, way: Way) -> None:
    if way.proxy is not None:
        sheet.ok("proxy", f"connections go through {way.proxy}")
    raised = []
    for endpoint, rate in way.client.pacer.limits.items():
        known = way.venue.rate_of(endpoint)
        if known is not None and rate.count / rate.per_s > known.count / known.per_s:
            raised.append(endpoint)
    said = f"{way.share:.0%} of each rate limit is used"
    said += f"; {len(spec.limits)} granted by `limits`" if spec.limits else ""
    if raised:
        fix = "Keep them only if the venue granted them to this user."
        sheet.warn("limits", f"{said}; above the documented ones: {', '.join(raised)}", fix)
    else:
        sheet.ok("limits", said)


async def _answers(sheet: Sheet, spec: VenueSpec, way: Way) -> bool:
    """Whether the venue answers at all; and how far the clocks are apart."""
    try:
        offset = await way.client.clock_offset()
    except Unreachable as error:
        sheet.fail("answers", error.message, error.hint)
        return False
    except Exception as error:
        sheet.fail("answers", *_told(error, spec))
        return True
    if offset is None:
        return True
    if abs(offset) > CLOCK_OFF_S:
        side = "behind" if offset > 0 else "ahead of"
        said = f"this machine's clock is {abs(offset):.1f} s {side} the venue's; requests are corrected for it"
        sheet.warn("clock", said, "Set this machine's clock (NTP).")
    else:
        sheet.ok("clock", f"within {CLOCK_OFF_S:.0f} s of the venue's")
    return True


async def _credentials(sheet: Sheet, session: Session, spec: VenueSpec, way: Way) -> None:
    """Whether they are there, sign, and are the user's that is meant."""
    try:
        link = session.link(spec, way)
        await link.connection.open()
    except Exception as error:
        message, fix = _told(error, spec)
        sheet.fail("credentials", message, fix)
        _seen(sheet, spec, way, error)
        return
    key = await _own_key(sheet, link)
    named = f', key "{key.label}"' if key is not None and key.label else ""
    try:
        session.demand_same_user(link)
    except ConfigError as error:
        sheet.fail("credentials", error.message, error.hint)
    except JournalError:
        sheet.ok("credentials", f"sign as uid {link.connection.user}{named}; the journal could not be read")
    else:
        sheet.ok("credentials", f"sign as uid {link.connection.user}{named}")
    if key is not None:
        _permissions(sheet, key)
        _addresses(sheet, spec, key)


def _seen(sheet: Sheet, spec: VenueSpec, way: Way, error: Exception) -> None:
    """The calling address, where the venue names it: it does when it refuses it."""
    told = way.venue
    address = told.address_seen(error) if isinstance(told, TellsAddress) and isinstance(error, Refused) else ""
    if address:
        egress = f"; `egress` says {', '.join(spec.egress)}" if spec.egress else ""
        fix = f"Add {address} to the key's allow-list on the venue's page, or call from an address that is on it."
        sheet.fail("address", f"the venue saw this request come from {address}{egress}", fix)


async def _own_key(sheet: Sheet, link: Link) -> KeyFacts | None:
    """The key's own description; that there is none is no fault of the user's."""
    connection, key = link.connection, None
    try:
        key = await connection.own_key() if isinstance(connection, TellsOwnKey) else None
        why = "the venue does not describe the key"
    except Exception as error:
        why = _told(error, connection.spec)[0]
    if key is None:
        sheet.ok("permissions", f"not known: {why}")
    return key


def _permissions(sheet: Sheet, key: KeyFacts) -> None:
    """Which command needs which, and which the key has."""
    said = "; ".join(f"{use.permission} ({use.commands})" for use in key.uses if use.held)
    lacking = [use for use in key.uses if not use.held]
    for use in lacking:
        message, fix = f"missing {use.permission}, needed by: {use.commands}", _give(key, use.permission)
        (sheet.fail if use.vital else sheet.warn)("permissions", message, fix)
    if key.spare:
        words = ", ".join(key.spare)
        fix = f"Create a key without {words} for acctcfg: anyone who gets hold of this one could use it."
        sheet.warn("permissions", f"{said}; {words} (no command needs it)", fix)
    elif said:
        sheet.ok("permissions", said)


def _give(key: KeyFacts, permission: str) -> str:
    if key.word != "key":
        return f"Hand in another {key.word} that has {permission}."
    return f"Give the key {permission} on the venue's page, or create another key that has it."


def _addresses(sheet: Sheet, spec: VenueSpec, key: KeyFacts) -> None:
    """What the key is bound to, held to the addresses that the manifest says acctcfg calls from."""
    if key.addresses is None:
        return
    bound, egress = ", ".join(key.addresses), {*spec.egress}
    if not key.addresses:
        if key.unbound:
            fix = "Bind the key to the addresses that acctcfg calls from."
            sheet.warn("address", f"the key is bound to no address; {key.unbound}", fix)
        else:
            sheet.ok("address", "the key is bound to no address; the venue accepted this request")
    elif egress and not egress & {*key.addresses}:
        fix = f"Correct `egress` of venues.{spec.key}, or the key's allow-list."
        sheet.warn("address", f"the key is bound to {bound}, and `egress` says {', '.join(spec.egress)}", fix)
    else:
        sheet.ok("address", f"the venue accepted this request; the key is bound to {bound}")


def _refusals(sheet: Sheet, way: Way) -> None:
    """What the venue refused during this very look."""
    for note in way.client.pacer.notes:
        sheet.warn("limits", note, "Lower `rate_share`, or make other programs of this user send fewer requests.")
    for advice in way.client.advice:
        sheet.warn("calls", f"the venue does not serve this user: {advice}", "Ask the venue to enable them.")


def _told(error: Exception, spec: VenueSpec) -> tuple[str, str]:
    """What is wrong, without the place that the heading says already; and what to do."""
    if isinstance(error, AcctcfgError):
        code = error.code if isinstance(error, Refused) else ""
        more = f"`acctcfg explain {venue(spec.type).error_family}:{code}` says what it means." if code else ""
        return error.message.removeprefix(f"venues.{spec.key}: "), error.hint or more
    return blame(error, spec), "Please report it to the author of the venue package."
