"""Gate CrossEx as the sandbox serves it: its seed, its accounts under the control API, its paths."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence

from acctcfg.sandbox import shapes
from acctcfg.sandbox.gate_crossex import declared, seed
from acctcfg.sandbox.gate_crossex.exchange import GateExchange
from acctcfg.sandbox.gate_crossex.show import identities, show_account
from acctcfg.sandbox.gate_crossex.state import Account, ApiKey, State, Tenant
from acctcfg.sandbox.schema import checked
from acctcfg.sandbox.shapes import Schema
from acctcfg.sandbox.traffic import Request
from acctcfg.sandbox.values import (
    Json,
    NotThere,
    Place,
    Row,
    did_you_mean,
    mapping,
    rows_of,
    set_flags,
    show_flags,
    text,
    whole,
)
from acctcfg.sandbox.venue import Member, Venue
from acctcfg.sandbox.world import World

__all__ = ["GateCrossex"]

SYMBOLS = shapes.one_or_more(declared.SYMBOL)


class GateMember(Member):
    """One account of Gate's."""

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
        """Balances and liabilities, by exchange and coin."""
        for name, held in values.items():
            seed.edit_money(self.account, name, mapping(held))

    def open(self, what: str, rows: Sequence[Mapping[str, Json]]) -> list[str]:
        """All of them, or none."""
        opened = seed.held_from(self.state, self.account, what, list(rows), self.world.now_ms)
        getattr(self.account, what).extend(opened)
        return [item.id for item in opened]

    def close(self, what: str, which: str) -> int:
        """By id, by symbol, or all of them."""
        held = getattr(self.account, what)
        kept = [item for item in held if which not in ("all", item.id, item.symbol)]
        setattr(self.account, what, kept)
        return len(held) - len(kept)

    def add_keys(self, rows: Sequence[Mapping[str, Json]], place: Place) -> None:
        """File keys with credentials of one's own choice."""
        seed.add_keys(self.state, self.of, self.account, list(rows), self.world.now_ms, place)

    def edit_key(self, which: str, values: Mapping[str, Json]) -> None:
        """{name, perms, ip_whitelist, state}: what is there replaces the whole value, at once."""
        key = self._key(which)
        perms = seed.perms_from(values["perms"]) if "perms" in values else key.perms
        ips = seed.ips_from(values["ip_whitelist"]) if "ip_whitelist" in values else key.ip_whitelist
        key.name, key.state = text(values, "name", key.name), whole(values.get("state", key.state))
        key.perms, key.ip_whitelist = perms, ips
        key.enforce()

    def drop_key(self, which: str) -> None:
        """Delete a key, at once."""
        key = self._key(which)
        del self.account.keys[key.key]
        self.state.holders.pop(key.key, None)

    def _key(self, which: str) -> ApiKey:
        for key in self.account.keys.values():
            if which in (key.name, key.key):
                return key
        raise NotThere(f"no key {which!r}")

    def remove(self) -> None:
        """Take a sub-account away, with its keys."""
        for key in self.account.keys:
            self.state.holders.pop(key, None)
        del self.of.subs[self.name]


class GateCrossex(Venue):
    """Gate v4: CrossEx accounts, and the sub-accounts of a main user."""

    name = "gate_crossex"
    held = declared.HELD
    money = shapes.record(declared.MONEY)
    key, key_edit = declared.KEY, declared.KEY_EDIT
    actions = ("flags", "symbols")

    def __init__(self, world: World, section: Mapping[str, Json], place: Place) -> None:
        self.world, self.state = world, seed.build(world, section, place)

    @staticmethod
    def section() -> dict[str, Schema]:
        """Flags and symbols."""
        return declared.SECTION

    @staticmethod
    def tenant() -> dict[str, Schema]:
        """The wire format that it speaks."""
        return declared.TENANT

    @staticmethod
    def account() -> dict[str, Schema]:
        """Fields of an account."""
        return declared.ACCOUNT

    @staticmethod
    def builtin(environment: str) -> Row:  # noqa: ARG004 - this venue has no demo environment
        """One user."""
        return seed.builtin()

    @staticmethod
    def serves(path: str) -> bool:
        """REST of version 4."""
        return f"{path}/".startswith("/api/v4/")

    def exchange(self, request: Request, path: str, query: str) -> GateExchange:
        """A request to this venue."""
        return GateExchange(self.world, self.state, request, path, query)

    def add_tenant(self, name: str, values: Mapping[str, Json]) -> None:
        """A main account with its sub-accounts."""
        seed.add_tenant(self.state, name, values, self.world.now_ms)

    def add_sub_account(self, tenant: str, name: str, values: Mapping[str, Json], place: Place) -> Member:
        """A sub-account that nobody asked for."""
        of = self.state.tenants[tenant]
        account = seed.add_sub_account(self.state, of, name, values, self.world.now_ms, place)
        return GateMember(self.state, of, account, self.world)

    def tenants(self) -> Iterator[str]:
        """The names of its tenants."""
        return iter(self.state.tenants)

    def members(self, tenant: str) -> Iterator[Member]:
        """The main account first."""
        of = self.state.tenants[tenant]
        return (GateMember(self.state, of, account, self.world) for account in of.accounts())

    def show(self, tenant: str) -> Row:
        """The wire format that it speaks."""
        return {"profile": self.state.tenants[tenant].profile}

    def show_venue(self) -> Row:
        """The flags."""
        return {"flags": show_flags(self.state.flags)}

    def act(self, method: str, parts: list[str], body: Json) -> Json:
        """Flags; symbols: add or replace rows, take one off the list."""
        state = self.state
        match (method, parts):
            case ("POST", ["flags"]):
                set_flags(state.flags, checked(declared.SECTION["flags"], body, (self.name, "flags")))
                return show_flags(state.flags)
            case ("POST", ["symbols"]):
                return {"added": seed.add_symbols(state, list(rows_of(checked(SYMBOLS, body))))}
            case ("DELETE", ["symbols", which]):
                if state.listed.pop(which, None) is None:
                    raise NotThere(f"no symbol {which!r}{did_you_mean(which, state.listed)}")
                return {"removed": which}
        raise NotThere(f"no control action {method} {'/'.join([self.name, *parts])}")

    def identities(self) -> Iterator[str]:
        """The ids of everything that lists show."""
        return identities(self.state)

    def welcome(self, base_url: str) -> tuple[str, list[str]]:
        """A main account's first key, for the shell."""
        lines = []
        for user in self.state.tenants.values():
            for key in list(user.master.keys.values())[:1]:
                lines.append(f"# venue user {user.name}: Gate key {key.name!r} ({', '.join(key.perms)})")
                lines.append(f"export {user.env_prefix}_API_KEY={shlex.quote(key.key)}")
                lines.append(f"export {user.env_prefix}_SECRET_KEY={shlex.quote(key.secret)}")
        return f"Gate CrossEx sandbox on {base_url}/api/v4 (wire format: {self.state.flags.profile})", lines
