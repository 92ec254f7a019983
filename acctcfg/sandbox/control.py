"""The control API under /_sandbox/: look inside, open and close things, move balances, lay faults.

JSON, unsigned, loopback only, and not for web pages: a browser says who asks (Origin, Sec-Fetch-Site), and a rebound
name stands in Host. Errors are {"error": "..."} with HTTP 400, 403 or 404. A call whose first word is a venue's name is
that venue's own; one that nobody knows is the first venue's.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Final, cast
from urllib.parse import parse_qsl, unquote

from acctcfg.sandbox import shapes
from acctcfg.sandbox.faults import FAULT, show_fault
from acctcfg.sandbox.reading import load_json
from acctcfg.sandbox.sandbox import Sandbox
from acctcfg.sandbox.schema import account_schema, checked
from acctcfg.sandbox.shapes import Schema
from acctcfg.sandbox.traffic import Reply, Request
from acctcfg.sandbox.values import (
    Json,
    NotThere,
    Row,
    address,
    did_you_mean,
    flag,
    mapping,
    rows_of,
    seconds,
    text,
    whole,
)
from acctcfg.sandbox.venue import Member, Venue

__all__ = ["ACTIONS", "ControlError", "act", "control", "is_loopback"]

HOST = re.compile(r"(?:\[([0-9a-fA-F:.]+)\]|([^\[\]:]+))(?::\d{1,5})?")
ACTIONS: Final = (
    "state",
    "writes",
    "requests",
    "faults",
    "reset",
    "forget",
    "clock",
    "client_ip",
    "maintenance",
    "sockets",
)
MOST_AT_ONCE = 10_000
FAULTS = shapes.one_or_more(FAULT)
CLOCK = shapes.record({"offset_ms": shapes.whole(-(10**12), 10**12)}, needs=("offset_ms",))
IP = shapes.record({"ip": shapes.or_null(shapes.TEXT)})
CLOSED: dict[str, Schema] = {"on": shapes.FLAG, "title": shapes.TEXT, "begin": shapes.COUNT, "end": shapes.COUNT}
MAINTENANCE = shapes.record({**CLOSED, "for_s": shapes.SECONDS})
SOCKETS = shapes.record({"path": shapes.TEXT, "account": shapes.TEXT, "code": shapes.whole(1000, 4999)})
COUNTED = shapes.record({"count": shapes.whole(1, MOST_AT_ONCE)}, more=True)


class ControlError(ValueError):
    """A control request that makes no sense; `status` is its HTTP status."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def control(sandbox: Sandbox, request: Request, path: str, query: str) -> Reply:
    """Answer one control request."""
    try:
        _refuse_strangers(request)
        body = load_json(request.body) if request.body else {}
        return _reply(200, act(sandbox, request.method, path, body, dict(parse_qsl(query))))
    except ControlError as exc:
        return _reply(exc.status, {"error": str(exc)})
    except ValueError as exc:
        return _reply(400, {"error": str(exc) or type(exc).__name__})


def _reply(status: int, body: Json) -> Reply:
    return Reply(status, json.dumps(body, separators=(",", ":")).encode())


def _refuse_strangers(request: Request) -> None:
    """Callers of this machine only, and no page in its browser. A call without such headers is no browser's."""
    if not ipaddress.ip_address(request.peer).is_loopback:
        raise ControlError("the control API is for loopback only", 403)
    host = HOST.fullmatch(request.headers.get("host", "localhost"))
    if host is None or not is_loopback(host[1] or host[2]):
        raise ControlError("the control API is for loopback names only: Host names another", 403)
    site = request.headers.get("sec-fetch-site", "none")
    if "origin" in request.headers or site not in ("none", "same-origin"):
        raise ControlError("the control API is not for web pages", 403)


def is_loopback(host: str) -> bool:
    """Whether a host name or address stands for this machine only."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def act(sandbox: Sandbox, method: str, path: str, body: Json = None, query: Mapping[str, str] | None = None) -> Json:
    """Do one control action: `act(app, "POST", "accounts/mmdesk01/positions", {"instId": "BTC-USDT-SWAP"})`.

    Raises ControlError or ValueError that says what is wrong.
    """
    world = sandbox.world
    world.run_due()
    try:
        return _act(sandbox, method, path, body, query or {})
    except NotThere as exc:
        raise ControlError(str(exc), 404) from exc
    finally:
        world.stir()


def _act(sandbox: Sandbox, method: str, path: str, body: Json, query: Mapping[str, str]) -> Json:
    parts = [unquote(part) for part in path.removeprefix("/_sandbox").strip("/").split("/")]
    body = {} if body is None else body
    if not isinstance(body, (dict, list)):
        raise ControlError("the body must be a JSON object")
    if parts[0] == "accounts" and len(parts) > 1:
        return _on_account(sandbox, method, parts[1], parts[2:], body)
    if parts[0] in ACTIONS:
        return _on_all(sandbox, method, parts, body, query)
    if parts[0] in sandbox.venues and len(parts) > 1:
        return sandbox.venues[parts[0]].act(method, parts[1:], body)
    if parts[0] in sandbox.first.actions:
        return sandbox.first.act(method, parts, body)
    known = (*ACTIONS, "accounts", *sandbox.venues, *sandbox.first.actions)
    raise NotThere(f"no control action {method} {path}{did_you_mean(parts[0], known)}")


def _on_all(sandbox: Sandbox, method: str, parts: list[str], body: Json, query: Mapping[str, str]) -> Json:
    """What concerns the sandbox as a whole."""
    world = sandbox.world
    match (method, parts):
        case ("GET", ["state"]):
            return find(sandbox, query["account"])[1].show() if query.get("account") else _state(sandbox)
        case ("GET", ["writes"]):
            return [cast(Row, dict(entry)) for entry in world.journal.writes]
        case ("GET", ["requests"]):
            return world.journal.requests(world.pace)
        case ("GET", ["faults"]):
            return [show_fault(fault) for fault in world.faults.laid]
        case ("POST", ["faults"]):
            older = frozenset(ident for venue in sandbox.venues.values() for ident in venue.identities())
            return [show_fault(fault) for fault in world.faults.lay(checked(FAULTS, body), older)]
        case ("DELETE", ["faults", *which]):
            return {"lifted": world.faults.lift(which[0] if which else "all")}
        case ("POST", ["reset"]):
            sandbox.reset()
            return {"ok": True}
        case ("POST", ["forget"]):
            world.forget()
            return {"ok": True}
        case ("POST", ["clock"]):
            world.offset_ms = whole(mapping(checked(CLOCK, body))["offset_ms"])
            return {"offset_ms": world.offset_ms, "now_ms": world.now_ms}
        case ("POST", ["client_ip"]):
            world.client_ip = address(mapping(checked(IP, body)), "ip")
            return {"ip": world.client_ip}
        case ("GET", ["sockets"]):
            return [stream.show() for stream in world.streams]
        case ("POST", ["sockets", "drop" | "warn" | "close" as what]):
            return _on_sockets(sandbox, what, mapping(checked(SOCKETS, body)))
        case ("POST", ["maintenance"]):
            return _maintenance(sandbox, mapping(checked(MAINTENANCE, body)))
    raise NotThere(f"no control action {method} {'/'.join(parts)}")


def _on_sockets(sandbox: Sandbox, what: str, body: Mapping[str, Json]) -> Row:
    """Cut WebSockets, announce their end, or close them with a code: those of a path, of an account, or all."""
    path, account = text(body, "path", "*"), text(body, "account", "*")
    found = [
        one
        for one in sandbox.world.streams
        if not one.is_over and fnmatchcase(one.path, path) and fnmatchcase(one.account.address, account)
    ]
    for stream in found:
        if what == "drop":
            stream.drop()
        elif what == "warn":
            stream.warn()
        else:
            stream.close(whole(body.get("code", 1001)))
    return {"sockets": len(found)}


def _state(sandbox: Sandbox) -> Row:
    """The whole state of the sandbox, without secrets."""
    world, closed = sandbox.world, sandbox.world.maintenance
    tenants: Row = {}
    for venue in sandbox.venues.values():
        for tenant in venue.tenants():
            main, *subs = venue.members(tenant)
            shown: Row = {"venue": venue.name, "uid": main.uid, **venue.show(tenant), "master": main.show()}
            tenants[tenant] = {**shown, "sub_accounts": {sub.name: sub.show() for sub in subs}}
    return {
        "tenants": tenants,
        "maintenance": {"on": closed.on, "begin": closed.begin, "end": closed.end},
        **sandbox.first.show_venue(),
        **{venue.name: venue.show_venue() for venue in sandbox.venues.values()},
        "client_ip": world.client_ip,
        "speed": world.speed,
        "offset_ms": world.offset_ms,
        "now_ms": world.now_ms,
    }


def _maintenance(sandbox: Sandbox, body: Mapping[str, Json]) -> Row:
    """{on, title, begin, end, for_s}: times in Unix milliseconds; `on: false` ends it."""
    closed, now_ms = sandbox.world.maintenance, sandbox.world.now_ms
    begin = whole(body.get("begin", now_ms))
    closed.end = whole(body.get("end", begin + round(seconds(body.get("for_s", 3600)) * 1000)))
    closed.on, closed.begin, closed.title = flag(body, "on", True), begin, text(body, "title", closed.title)
    if not closed.on and "begin" not in body:
        closed.begin = closed.end = 0  # over; with a begin it is announced
    return {"on": closed.on, "begin": closed.begin, "end": closed.end, "title": closed.title}


def find(sandbox: Sandbox, name: str) -> tuple[Venue, Member]:
    """A name, `@master`, `TENANT:NAME`, a tenant for its main account, or a uid; the first that fits."""
    tenant, _, short = name.rpartition(":")
    everyone = [(venue, member) for venue, member in sandbox.members() if tenant in ("", member.tenant)]
    for venue, member in everyone:
        main = short == "@master" or (not tenant and short == member.tenant)
        if (not member.name and main) or (member.name and short == member.name) or short == member.uid:
            return venue, member
    names = [member.name for _, member in everyone if member.name]
    raise NotThere(f"no account {name!r}{did_you_mean(name, [*names, '@master'])}")


def _on_account(sandbox: Sandbox, method: str, name: str, rest: list[str], body: Json) -> Json:
    """What concerns one account."""
    if (method, rest) == ("POST", []):
        return _create(sandbox, name, body)
    venue, member = find(sandbox, name)
    match (method, rest):
        case ("GET", []):
            pass
        case ("DELETE", []):
            if not member.name:
                raise ControlError("a main account stays, and @master is one")
            member.remove()
            return {"removed": member.name}
        case ("POST", ["set"]):
            member.edit(mapping(checked(account_schema(type(venue)), body)), (name,))
        case ("POST", ["balances"]):
            member.move(mapping(checked(venue.money, body)))
        case ("POST", ["keys"]):
            member.add_keys([mapping(checked(venue.key, row, (name, "keys"))) for row in rows_of(body)], (name, "keys"))
        case ("POST", ["keys", which]):
            member.edit_key(which, mapping(checked(venue.key_edit, body)))
        case ("DELETE", ["keys", which]):
            member.drop_key(which)
        case ("POST", [what]) if what in venue.held:
            return {"ids": member.open(what, _rows(venue.held[what], body))}
        case ("DELETE", [what, *which]) if what in venue.held:
            closed = member.close(what, which[0] if which else "all")
            if which and which[0] != "all" and not closed:
                raise NotThere(f"no such thing in {what}: {which[0]!r}")
        case _:
            raise NotThere(f"no control action {method} accounts/{name}/{'/'.join(rest)}")
    return member.show()


def _rows(schema: Schema, body: Json) -> list[Mapping[str, Json]]:
    """The rows of a list, or one row `count` times."""
    if isinstance(body, list):
        return [mapping(checked(schema, row, (index,))) for index, row in enumerate(body)]
    count = mapping(checked(COUNTED, body)).get("count", 1)
    row = {name: value for name, value in mapping(body).items() if name != "count"}
    return [mapping(checked(schema, row))] * whole(count)


def _create(sandbox: Sandbox, name: str, body: Json) -> Row:
    """A sub-account that nobody asked the venue for; `TENANT:NAME` says under whom."""
    wanted, _, short = name.rpartition(":")
    for venue in sandbox.venues.values():
        for tenant in venue.tenants():
            if wanted not in ("", tenant):
                continue
            if any(member.name == short for member in venue.members(tenant)):
                raise ControlError(f"{short!r} exists")
            values = mapping(checked(account_schema(type(venue)), body, (name,)))
            return venue.add_sub_account(tenant, short, values, (name,)).show()
    raise NotThere(f"no tenant {wanted!r}")
