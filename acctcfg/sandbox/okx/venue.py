"""OKX as the sandbox serves it: its seed, its accounts under the control API, its paths."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from acctcfg.sandbox import shapes
from acctcfg.sandbox.okx import declared, seed
from acctcfg.sandbox.okx.exchange import OkxExchange
from acctcfg.sandbox.okx.keys import parse_permissions
from acctcfg.sandbox.okx.show import identities, show_account, show_currency
from acctcfg.sandbox.okx.state import Account, ApiKey, State, Tenant
from acctcfg.sandbox.okx.stream import PATHS, OkxStream
from acctcfg.sandbox.schema import checked
from acctcfg.sandbox.shapes import Schema
from acctcfg.sandbox.traffic import CLIENT_IP, Request
from acctcfg.sandbox.values import (
    Json,
    NotThere,
    Place,
    Row,
    did_you_mean,
    rows_of,
    set_flags,
    show_flags,
    text,
)
from acctcfg.sandbox.venue import Member, Venue
from acctcfg.sandbox.world import World

__all__ = ["Okx"]

INSTRUMENTS, CURRENCIES = shapes.one_or_more(declared.INSTRUMENT), shapes.one_or_more(declared.CURRENCY)


class OkxMember(Member):
    """One account of OKX's."""

    def __init__(self, state: State, tenant: Tenant, account: Account, world: World) -> None:
        self.state, self.of, self.account, self.world = state, tenant, account, world
        self.tenant, self.name = tenant.name, account.name

    @property
    def uid(self) -> str:
        """The venue's id."""
        return self.account.uid

    def show(self) -> Row:
        """Everything, without secrets."""
        return show_account(self.of, self.account)

    def edit(self, values: Mapping[str, Json], place: Place) -> None:
        """Set fields behind everybody's back."""
        seed.edit_account(self.state, self.of, self.account, values, self.world.now_ms, place)

    def move(self, values: Mapping[str, Json]) -> None:
        """Trading, funding, debts."""
        seed.move(self.account, values)

    def open(self, what: str, rows: Sequence[Mapping[str, Json]]) -> list[str]:
        """All of them, or none."""
        opened = seed.held_from(self.state, self.account, what, list(rows), self.world.now_ms)
        getattr(self.account, what).extend(opened)
        return [item.id for item in opened]

    def close(self, what: str, which: str) -> int:
        """A closed position stays readable by name, with size 0."""
        if what == "positions":
            found = [p for p in self.account.open_positions() if which in ("all", p.pos_id, p.inst_id)]
            for position in found:
                position.pos, position.u_time = Decimal(0), self.world.now_ms
            return len(found)
        held = getattr(self.account, what)
        kept = [item for item in held if which not in ("all", item.id, item.inst_id)]
        setattr(self.account, what, kept)
        return len(held) - len(kept)

    def add_keys(self, rows: Sequence[Mapping[str, Json]], place: Place) -> None:
        """File keys with credentials of one's own choice."""
        seed.add_keys(self.state, self.of, self.account, list(rows), self.world.now_ms, place)

    def edit_key(self, which: str, values: Mapping[str, Json]) -> None:
        """{label, perm, ip, env}: what is there replaces the whole value."""
        key = self._key(which)
        perm = parse_permissions(text(values, "perm")) if "perm" in values else key.perm
        key.ip = seed.ips_from(values["ip"]) if "ip" in values else key.ip
        key.label, key.env, key.perm = text(values, "label", key.label), text(values, "env", key.env), perm

    def drop_key(self, which: str) -> None:
        """Delete a key."""
        self.state.drop_key(self.account, self._key(which), self.world.now_ms)

    def _key(self, which: str) -> ApiKey:
        for key in self.account.keys.values():
            if which in (key.label, key.api_key):
                return key
        raise NotThere(f"no key {which!r}")

    def remove(self) -> None:
        """Take a sub-account away, with its keys."""
        self.state.drop_account(self.of, self.account, self.world.now_ms)


class Okx(Venue):
    """OKX v5: a DMA broker or a plain user, and their sub-accounts."""

    name = "okx"
    held = declared.HELD
    money = shapes.record(declared.MONEY)
    key, key_edit = declared.KEY, declared.KEY_EDIT
    actions = ("flags", "instruments", "currencies")

    def __init__(self, world: World, section: Mapping[str, Json], place: Place) -> None:
        self.world, self.state = world, seed.build(world, section, place)

    @staticmethod
    def section() -> dict[str, Schema]:
        """Flags, instruments, currencies."""
        return declared.SECTION

    @staticmethod
    def tenant() -> dict[str, Schema]:
        """Whether it is a broker."""
        return declared.TENANT

    @staticmethod
    def account() -> dict[str, Schema]:
        """Fields of an account."""
        return declared.ACCOUNT

    @staticmethod
    def builtin(environment: str) -> Row:
        """One broker."""
        return seed.builtin(environment)

    @staticmethod
    def serves(path: str) -> bool:
        """REST of version 5."""
        return path.startswith("/api/v5/")

    def exchange(self, request: Request, path: str, query: str) -> OkxExchange:
        """A request to this venue."""
        return OkxExchange(self.world, self.state, request, path, query)

    def stream(self, request: Request, path: str) -> OkxStream | None:
        """A connection to one of the three WebSocket paths."""
        if path not in PATHS:
            return None
        ip = request.headers.get(CLIENT_IP) or self.world.client_ip or request.peer
        return OkxStream(self.world, self.state, path, ip)

    def add_tenant(self, name: str, values: Mapping[str, Json]) -> None:
        """A master with its sub-accounts."""
        seed.add_tenant(self.state, name, values, self.world.now_ms)

    def add_sub_account(self, tenant: str, name: str, values: Mapping[str, Json], place: Place) -> Member:
        """A sub-account that nobody asked for."""
        of = self.state.tenants[tenant]
        account = seed.add_sub_account(self.state, of, name, values, self.world.now_ms, place)
        return OkxMember(self.state, of, account, self.world)

    def tenants(self) -> Iterator[str]:
        """The names of its tenants."""
        return iter(self.state.tenants)

    def members(self, tenant: str) -> Iterator[Member]:
        """The master first."""
        of = self.state.tenants[tenant]
        return (OkxMember(self.state, of, account, self.world) for account in of.accounts())

    def show(self, tenant: str) -> Row:
        """Whether it is a broker."""
        return {"broker": self.state.tenants[tenant].broker}

    def show_venue(self) -> Row:
        """The flags."""
        return {"flags": show_flags(self.state.flags)}

    def act(self, method: str, parts: list[str], body: Json) -> Json:
        """Flags; instruments and currencies: look at them, add or replace rows, take one off the list."""
        state = self.state
        match (method, parts):
            case ("POST", ["flags"]):
                set_flags(state.flags, checked(declared.SECTION["flags"], body, ("flags",)), state.flags.OLD)
                return show_flags(state.flags)
            case ("GET", ["instruments"]):
                return [instrument.row for instrument in state.instruments.values()]
            case ("GET", ["currencies"]):
                return [show_currency(currency) for currency in state.currencies.values()]
            case ("POST", ["instruments" | "currencies" as what]):
                rows = rows_of(checked(INSTRUMENTS if what == "instruments" else CURRENCIES, body))
                return {"added": seed.add_rows(state, what, list(rows))}
            case ("DELETE", ["instruments" | "currencies" as what, which]):
                if not seed.remove_from(state, what, which):
                    raise NotThere(f"no {which!r} in {what}{did_you_mean(which, seed.names_of(state, what))}")
                return {"removed": which}
        raise NotThere(f"no control action {method} {'/'.join(parts)}")

    def identities(self) -> Iterator[str]:
        """The ids of everything that lists show."""
        return identities(self.state)

    def welcome(self, base_url: str) -> tuple[str, list[str]]:
        """A master's first key, for the shell."""
        lines = []
        for tenant in self.state.tenants.values():
            for key in list(tenant.master.keys.values())[:1]:
                lines.append(f"# venue user {tenant.name}: {key.env} key {key.label!r} ({key.perm_text})")
                for word, value in (
                    ("API_KEY", key.api_key),
                    ("SECRET_KEY", key.secret_key),
                    ("PASSPHRASE", key.passphrase),
                ):
                    lines.append(f"export {tenant.env_prefix}_{word}={shlex.quote(value)}")
        return f"OKX v5 sandbox on {base_url}", lines
