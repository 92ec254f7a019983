"""The control API under /_sandbox/: look inside, open and close things, move balances, lay faults.

JSON, unsigned, loopback only. Errors are {"error": "..."} with HTTP 400 or 404.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
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
from acctcfg.sandbox.seed import HELD, MONEY, add_keys, add_sub_account, edit_account
from acctcfg.sandbox.show import show_account, show_fault, show_venue
from acctcfg.sandbox.values import set_flags

if TYPE_CHECKING:
    from acctcfg.sandbox.app import App, Reply, Request

__all__ = ["ControlError", "act", "control"]


class ControlError(ValueError):
    """A control request that makes no sense; `status` is its HTTP status."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def control(app: App, request: Request, path: str, query: str) -> Reply:
    """Answer one control request."""
    from acctcfg.sandbox.app import Reply

    try:
        if not ipaddress.ip_address(request.peer).is_loopback:
            raise ControlError("the control API is for loopback only", 403)
        body = json.loads(request.body) if request.body else {}
        result = act(app, request.method, path, body, dict(parse_qsl(query)))
    except ControlError as exc:
        return Reply(exc.status, encode({"error": str(exc)}))
    except KeyError as exc:
        return Reply(400, encode({"error": f"missing field {exc}"}))
    except (ValueError, Refusal, TypeError, AttributeError, InvalidOperation) as exc:
        return Reply(400, encode({"error": str(exc) or type(exc).__name__}))
    return Reply(200, encode(result))


def act(app: App, method: str, path: str, body: Any = None, query: Mapping[str, str] | None = None) -> Any:
    """Do one control action: `act(app, "POST", "accounts/mmdesk01/positions", {"instId": "BTC-USDT-SWAP"})`.

    Raises ControlError or ValueError that says what is wrong.
    """
    app.run_due()  # (longer than most functions here: it is the table of all control calls)
    parts = [unquote(part) for part in path.removeprefix("/_sandbox").strip("/").split("/")]
    body = body or {}
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
            app.offset_ms = int(body["offset_ms"])
            return {"offset_ms": app.offset_ms, "now_ms": app.now_ms}
        case ("POST", ["flags"]):
            set_flags(app.venue.flags, body)
            return {name: getattr(app.venue.flags, name) for name in app.venue.flags.__slots__}
        case ("POST", ["gate_crossex", "flags"]):
            gate_seed.edit_flags(app.gate.flags, body)
            return gate.show_flags(app.gate.flags)
        case ("POST", ["client_ip"]):
            app.venue.client_ip = str(body.get("ip") or "")
            return {"ip": app.venue.client_ip}
        case ("POST", ["maintenance"]):
            return _maintenance(app, body)
        case ("POST", ["faults"]):
            return _lay(app, body)
        case ("DELETE", ["faults", *which]):
            return _lift(app, which[0] if which else "all")
        case (_, ["accounts", name, *rest]):
            return _account_action(app, method, name, rest, body)
    raise ControlError(f"no control action {method} {path}", 404)


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
    raise ControlError(f"no account {name!r}", 404)


def _tenants(app: App) -> list[Tenant | GateTenant]:
    return [*app.venue.tenants.values(), *app.gate.tenants.values()]


def _state(app: App, query: Mapping[str, str]) -> Any:
    if query.get("account"):
        tenant, account = find(app, query["account"])
        shown = gate.show_account if isinstance(account, GateAccount) else show_account
        return shown(tenant, account)
    return {**show_venue(app.venue, app.gate), "offset_ms": app.offset_ms, "now_ms": app.now_ms}


def _maintenance(app: App, body: Mapping[str, Any]) -> dict[str, Any]:
    """{on, title, begin, end, for_s}: times in Unix milliseconds; `on: false` ends it."""
    closed = app.venue.maintenance
    closed.on = bool(body.get("on", True))
    closed.title = str(body.get("title", closed.title))
    closed.begin = int(body.get("begin", app.now_ms))
    closed.end = int(body.get("end", closed.begin + int(float(body.get("for_s", 3600)) * 1000)))
    if not closed.on and "begin" not in body:
        closed.begin = closed.end = 0  # over; with a begin it is announced
    return {"on": closed.on, "begin": closed.begin, "end": closed.end, "title": closed.title}


def _lay(app: App, body: Any) -> list[dict[str, Any]]:
    rows = body if isinstance(body, list) else [body]
    first = max((fault.id for fault in app.faults.laid), default=0) + 1
    laid = [fault_from(row, first + index) for index, row in enumerate(rows)]
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
            edit_account(app.venue, tenant, account, body, app.now_ms, name)
        case ("POST", ["balances"]):
            _move(account, body)
        case ("POST", [what]) if what in HELD:
            return _open(app, account, what, body)
        case ("DELETE", [what, *which]) if what in HELD:
            _close(app, account, what, which[0] if which else "all")
        case ("POST", ["keys"]):
            add_keys(app.venue, tenant, account, body if isinstance(body, list) else [body], app.now_ms)
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
        made = gate_seed.add_sub_account(app.gate, tenant, short, body, app.now_ms, name)
        return gate.show_account(tenant, made)
    return show_account(tenant, add_sub_account(app.venue, tenant, short, body, app.now_ms, name))


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
    unknown = sorted(set(body) - {"label", "perm", "ip", "env"})
    if unknown:
        raise ControlError(f"unknown key {unknown[0]!r} (known: label, perm, ip, env)")
    key.label, key.env = str(body.get("label", key.label)), str(body.get("env", key.env))
    key.perm = parse_permissions(body["perm"]) if "perm" in body else key.perm
    key.ip = parse_ips(body["ip"]) if "ip" in body else key.ip


def _open(app: App, account: Account, what: str, body: Any) -> dict[str, Any]:
    """Open one thing, or `count` of them; answers their ids."""
    rows = body if isinstance(body, list) else [body] * int(body.get("count", 1))
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


def _move(account: Account, body: Mapping[str, Any]) -> None:
    """{trading: {USDT: "100"}, funding: {...}, debts: {...}}: amounts replace, 0 removes."""
    unknown = sorted(set(body) - set(MONEY))
    if unknown:
        raise ControlError(f"unknown key {unknown[0]!r} (known: {', '.join(MONEY)})")
    for place, amounts in body.items():
        held: dict[str, Decimal] = getattr(account, MONEY[place])
        for ccy, amount in amounts.items():
            held[str(ccy)] = Decimal(str(amount))
            if not held[str(ccy)]:
                del held[str(ccy)]
