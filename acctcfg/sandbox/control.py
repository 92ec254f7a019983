"""The control API under /_sandbox/: look inside, open and close things, move balances, lay faults.

JSON, unsigned, loopback only, and not for web pages: a browser says who asks (Origin, Sec-Fetch-Site), and a rebound
name stands in Host. Errors are {"error": "..."} with HTTP 400, 403 or 404.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from acctcfg.sandbox.faults import fault_from
from acctcfg.sandbox.gate_crossex import control as gate
from acctcfg.sandbox.gate_crossex import seed as gate_seed
from acctcfg.sandbox.gate_crossex.state import Account as GateAccount
from acctcfg.sandbox.gate_crossex.state import Tenant as GateTenant
from acctcfg.sandbox.okx.keys import parse_ips, parse_permissions
from acctcfg.sandbox.okx.replies import Refusal, encode
from acctcfg.sandbox.okx.state import Account, ApiKey, Tenant
from acctcfg.sandbox.okx.universe import Currency
from acctcfg.sandbox.reading import load_json
from acctcfg.sandbox.seed import (
    HELD,
    MONEY,
    add_currency,
    add_instrument,
    add_keys,
    add_sub_account,
    edit_account,
    remove_from,
)
from acctcfg.sandbox.show import identities, show_account, show_currency, show_fault, show_venue
from acctcfg.sandbox.values import amounts, count_of, did_you_mean, known, seconds, set_flags, whole, word

if TYPE_CHECKING:
    from acctcfg.sandbox.app import App, Reply, Request

HOST = re.compile(r"(?:\[([0-9a-fA-F:.]+)\]|([^\[\]:]+))(?::\d{1,5})?")
ACTIONS: tuple[str, ...] = (
    "state",
    "writes",
    "requests",
    "faults",
    "reset",
    "forget",
    "clock",
    "flags",
    "gate_crossex",
)
ACTIONS += ("client_ip", "instruments", "currencies", "maintenance", "accounts")
__all__ = ["ControlError", "act", "control", "is_loopback"]


class ControlError(ValueError):
    """A control request that makes no sense; `status` is its HTTP status."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def control(app: App, request: Request, path: str, query: str) -> Reply:
    """Answer one control request."""
    from acctcfg.sandbox.app import Reply

    try:
        _refuse_strangers(request)
        body = load_json(request.body) if request.body else {}
        result = act(app, request.method, path, body, dict(parse_qsl(query)))
    except ControlError as exc:
        return Reply(exc.status, encode({"error": str(exc)}))
    except KeyError as exc:
        return Reply(400, encode({"error": f"missing field {exc}"}))
    except (ValueError, Refusal) as exc:
        return Reply(400, encode({"error": str(exc) or type(exc).__name__}))
    return Reply(200, encode(result))


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


def act(app: App, method: str, path: str, body: Any = None, query: Mapping[str, str] | None = None) -> Any:
    """Do one control action: `act(app, "POST", "accounts/mmdesk01/positions", {"instId": "BTC-USDT-SWAP"})`.

    Raises ControlError or ValueError that says what is wrong.
    """
    app.run_due()  # (longer than most functions here: it is the table of all control calls)
    parts = [unquote(part) for part in path.removeprefix("/_sandbox").strip("/").split("/")]
    body = {} if body is None else body
    if not isinstance(body, (dict, list)):
        raise ControlError("the body must be a JSON object")
    match (method, parts):
        case ("GET", ["state"]):
            return _state(app, query or {})
        case ("GET", ["writes"]):
            return list(app.journal.writes)
        case ("GET", ["requests"]):
            return app.journal.requests(app.pace)
        case ("GET", ["faults"]):
            return [show_fault(fault) for fault in app.faults.laid]
        case ("POST", ["reset"]):
            app.reset()
            return {"ok": True}
        case ("POST", ["forget"]):
            app.forget()
            return {"ok": True}
        case ("POST", ["clock"]):
            offset = known(body, ("offset_ms",))["offset_ms"]
            app.offset_ms = whole(offset, ("offset_ms",), lowest=-(10**12), highest=10**12)
            return {"offset_ms": app.offset_ms, "now_ms": app.now_ms}
        case ("POST", ["flags"]):
            set_flags(app.venue.flags, body)
            return {name: getattr(app.venue.flags, name) for name in app.venue.flags.__slots__}
        case ("POST", ["gate_crossex", "flags"]):
            gate_seed.edit_flags(app.gate.flags, body)
            return gate.show_flags(app.gate.flags)
        case ("POST", ["client_ip"]):
            app.venue.client_ip = str(known(body, ("ip",)).get("ip") or "")
            return {"ip": app.venue.client_ip}
        case ("GET" | "POST" | "DELETE", ["instruments" | "currencies" as what, *which]):
            return _catalogue(app, method, what, which, body)
        case ("POST" | "DELETE", ["gate_crossex", "symbols", *which]):
            return _symbols(app, method, which, body)
        case ("POST", ["maintenance"]):
            return _maintenance(app, body)
        case ("POST", ["faults"]):
            return _lay(app, body)
        case ("DELETE", ["faults", *which]):
            return _lift(app, which[0] if which else "all")
        case (_, ["accounts", name, *rest]):
            return _account_action(app, method, name, rest, body)
    raise ControlError(f"no control action {method} {path}{did_you_mean(parts[0], ACTIONS)}", 404)


def _catalogue(app: App, method: str, what: str, which: list[str], body: Any) -> Any:
    """OKX's instruments or currencies: look at them, add or replace rows, take one off the list."""
    venue = app.venue
    if method == "DELETE" and which:
        if not remove_from(venue, what, which[0]):
            kept = venue.currencies if what == "currencies" else [key[1] for key in venue.instruments]
            raise ControlError(f"no {which[0]!r} in {what}{did_you_mean(which[0], kept)}", 404)
        return {"removed": which[0]}
    if method == "POST" and not which:
        add = add_currency if what == "currencies" else add_instrument
        rows = body if isinstance(body, list) else [body]
        return {"added": [add(venue, row, (index,)) for index, row in enumerate(rows)]}
    if method == "GET" and not which:
        found: list[Any] = list(getattr(venue, what).values())
        return [show_currency(row) if isinstance(row, Currency) else row.row for row in found]
    raise ControlError(f"no control action {method} {'/'.join([what, *which])}", 404)


def _symbols(app: App, method: str, which: list[str], body: Any) -> Any:
    """Gate's symbols: add or replace rows, take one off the list."""
    listed = app.gate.listed
    if method == "DELETE" and which:
        if listed.pop(which[0], None) is None:
            raise ControlError(f"no symbol {which[0]!r}{did_you_mean(which[0], listed)}", 404)
        return {"removed": which[0]}
    rows = body if isinstance(body, list) else [body]
    return {"added": [gate_seed.add_symbol(app.gate, row, (index,)) for index, row in enumerate(rows)]}


def find(app: App, name: str) -> tuple[Any, Any]:
    """Tenant and account, of either venue: a name, `@master`, `TENANT:NAME` or a uid; OKX's are looked at first."""
    tenant_name, _, short = name.rpartition(":")
    for tenant in _tenants(app):
        if tenant_name and tenant.name != tenant_name:
            continue
        if short == "@master" or (not tenant_name and short == tenant.name):
            return tenant, tenant.master
        if short in tenant.subs:
            return tenant, tenant.subs[short]
        for account in tenant.accounts():
            if account.uid == short:
                return tenant, account
    names = [account.name for tenant in _tenants(app) for account in tenant.accounts()]
    raise ControlError(f"no account {name!r}{did_you_mean(name, [*filter(None, names), '@master'])}", 404)


def _tenants(app: App) -> list[Tenant | GateTenant]:
    return [*app.venue.tenants.values(), *app.gate.tenants.values()]


def _state(app: App, query: Mapping[str, str]) -> Any:
    if query.get("account"):
        tenant, account = find(app, query["account"])
        shown = gate.show_account if isinstance(account, GateAccount) else show_account
        return shown(tenant, account)
    return {**show_venue(app.venue, app.gate), "offset_ms": app.offset_ms, "now_ms": app.now_ms}


def _maintenance(app: App, body: Any) -> dict[str, Any]:
    """{on, title, begin, end, for_s}: times in Unix milliseconds; `on: false` ends it."""
    closed, body = app.venue.maintenance, known(body, ("on", "title", "begin", "end", "for_s"))
    if not isinstance(body.get("on", True), bool):
        raise ControlError("on: expected true or false")
    begin = whole(body.get("begin", app.now_ms), ("begin",))
    lasts_ms = round(seconds(body.get("for_s", 3600), ("for_s",)) * 1000)
    closed.end = whole(body.get("end", begin + lasts_ms), ("end",))
    closed.on, closed.begin, closed.title = body.get("on", True), begin, str(body.get("title", closed.title))
    if not closed.on and "begin" not in body:
        closed.begin = closed.end = 0  # over; with a begin it is announced
    return {"on": closed.on, "begin": closed.begin, "end": closed.end, "title": closed.title}


def _lay(app: App, body: Any) -> list[dict[str, Any]]:
    rows = body if isinstance(body, list) else [body]
    first = max((fault.id for fault in app.faults.laid), default=0) + 1
    laid = [fault_from(row, first + index) for index, row in enumerate(rows)]
    for fault in laid:
        fault.older = identities(app.venue, app.gate) if fault.kind == "late_list" else frozenset()
    app.faults.laid += laid
    return [show_fault(fault) for fault in laid]


def _lift(app: App, which: str) -> dict[str, Any]:
    kept = [] if which == "all" else [fault for fault in app.faults.laid if str(fault.id) != which]
    lifted = len(app.faults.laid) - len(kept)
    app.faults.laid = kept
    return {"lifted": lifted}


def _account_action(app: App, method: str, name: str, rest: list[str], body: Any) -> Any:
    if (method, rest) == ("POST", []):
        return _create(app, name, body)
    tenant, account = find(app, name)
    if isinstance(account, GateAccount):
        try:
            return gate.act_on(app.gate, tenant, account, method, rest, body, app.now_ms)
        except LookupError as exc:
            if isinstance(exc, KeyError):
                raise
            raise ControlError(str(exc), 404) from exc
    match (method, rest):
        case ("DELETE", []):
            return _remove(app, tenant, account)
        case ("GET", []):
            pass
        case ("POST", ["set"]):
            edit_account(app.venue, tenant, account, body, app.now_ms, (name,))
        case ("POST", ["balances"]):
            _move(account, body)
        case ("POST", [what]) if what in HELD:
            return _open(app, account, what, body)
        case ("DELETE", [what, *which]) if what in HELD:
            _close(app, account, what, which[0] if which else "all")
        case ("POST", ["keys"]):
            rows = body if isinstance(body, list) else [body]
            add_keys(app.venue, tenant, account, rows, app.now_ms, (name, "keys"))
        case ("POST", ["keys", which]):
            _edit_key(_key(account, which), body)
        case ("DELETE", ["keys", which]):
            app.venue.drop_key(account, _key(account, which), app.now_ms)
        case _:
            raise ControlError(f"no control action {method} accounts/{name}/{'/'.join(rest)}", 404)
    return show_account(tenant, account)


def _create(app: App, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """A sub-account that nobody asked the venue for; `TENANT:NAME` says under whom."""
    tenant_name, _, short = name.rpartition(":")
    tenant = next((tenant for tenant in _tenants(app) if tenant_name in ("", tenant.name)), None)
    if tenant is None:
        raise ControlError(f"no tenant {tenant_name!r}", 404)
    if short in tenant.subs:
        raise ControlError(f"{short!r} exists")
    if isinstance(tenant, GateTenant):
        made = gate_seed.add_sub_account(app.gate, tenant, short, body, app.now_ms, (name,))
        return gate.show_account(tenant, made)
    return show_account(tenant, add_sub_account(app.venue, tenant, short, body, app.now_ms, (name,)))


def _remove(app: App, tenant: Tenant, account: Account) -> dict[str, Any]:
    if account.is_master:
        raise ControlError("a master stays")
    for key in list(account.keys.values()):
        app.venue.drop_key(account, key, app.now_ms)
    del tenant.subs[account.name]
    return {"removed": account.name}


def _key(account: Account, which: str) -> ApiKey:
    """A key by its label or its id."""
    for key in account.keys.values():
        if which in (key.label, key.api_key):
            return key
    raise ControlError(f"no key {which!r}", 404)


def _edit_key(key: ApiKey, body: Mapping[str, Any]) -> None:
    """{label, perm, ip, env}: what is there replaces the whole value."""
    body = known(body, ("label", "perm", "ip", "env"))
    env = word(body.get("env", key.env), ("live", "demo", "any"), ("env",))
    perm = parse_permissions(str(body["perm"])) if "perm" in body else key.perm
    key.ip = parse_ips(str(body["ip"])) if "ip" in body else key.ip
    key.label, key.env, key.perm = str(body.get("label", key.label)), env, perm


def _open(app: App, account: Account, what: str, body: Any) -> dict[str, Any]:
    """Open one thing, or `count` of them; answers their ids."""
    rows = body if isinstance(body, list) else [body] * count_of(body)
    opened: list[Any] = [HELD[what](app.venue, account, row, app.now_ms) for row in rows]
    getattr(account, what).extend(opened)
    return {"ids": [item.pos_id if what == "positions" else item.id for item in opened]}


def _close(app: App, account: Account, what: str, which: str) -> None:
    """Close by id, by instrument, or all of them. A closed position stays readable by name, with size 0."""
    if what == "positions":
        found = [p for p in account.open_positions() if which in ("all", p.pos_id, p.inst_id)]
        for position in found:
            position.pos, position.u_time = Decimal(0), app.now_ms
    else:
        found = [item for item in getattr(account, what) if which in ("all", item.id, item.inst_id)]
        setattr(account, what, [item for item in getattr(account, what) if item not in found])
    if not found and which != "all":
        raise ControlError(f"no such thing in {what}: {which!r}", 404)


def _move(account: Account, body: Any) -> None:
    """{trading: {USDT: "100"}, funding: {...}, debts: {...}}: amounts replace, 0 removes."""
    found = {place: amounts(values, (place,)) for place, values in known(body, MONEY).items()}
    account.ever_held |= set(found.get("trading", ()))
    for place, changed in found.items():
        held: dict[str, Decimal] = getattr(account, MONEY[place])
        held.update(changed)
        for ccy in [ccy for ccy, amount in held.items() if not amount]:
            del held[ccy]
