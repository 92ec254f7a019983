"""A sandbox: the world, and the venues that a seed describes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping

from acctcfg.sandbox.schema import checked, json_value, seed_schema
from acctcfg.sandbox.values import Json, Row, SeedError, address, mapping, text
from acctcfg.sandbox.venue import Member, Venue
from acctcfg.sandbox.world import World

__all__ = ["Kinds", "Sandbox", "default_seed", "with_venue"]

Kinds = tuple[type[Venue], ...]


def default_seed(kinds: Kinds, environment: str = "demo") -> Row:
    """A seed without a file: the first venue's built-in tenants."""
    return {"tenants": kinds[0].builtin(environment)}


def with_venue(seed: Mapping[str, object], kinds: Kinds, name: str) -> dict[str, object]:
    """A seed with the built-in tenants of one more venue. Raises SeedError where their names are taken."""
    kind = next(kind for kind in kinds if kind.name == name)
    tenants = mapping(json_value(seed.get("tenants"), ("tenants",)), ("tenants",)) or kinds[0].builtin("demo")
    added = kind.builtin("demo")
    for taken in tenants.keys() & added.keys():
        raise SeedError("the name of the built-in user is taken", ("tenants", taken))
    return {**seed, "tenants": {**tenants, **added}}


class Sandbox:
    """The venues by name, in the order of the table; tenants that a seed does not name are the first one's."""

    def __init__(
        self,
        seed: Mapping[str, object] | None,
        kinds: Kinds,
        *,
        wall: Callable[[], float] = time.time,
        ticks: Callable[[], float] = time.monotonic,
        speed: float = 1.0,
    ) -> None:
        self.kinds = kinds
        self.seed = mapping(checked(seed_schema(kinds), json_value(seed or {})))
        self.world = World(wall=wall, ticks=ticks, speed=speed)
        self.venues: dict[str, Venue] = {}
        self.reset()

    def reset(self) -> None:
        """Back to the seed. Raises SeedError."""
        self.world.begin_anew()
        self.world.client_ip = address(self.seed, "client_ip")
        self.venues = {kind.name: kind(self.world, *self._section(kind)) for kind in self.kinds}
        self.first, *self.others = self.venues.values()
        tenants = mapping(self.seed.get("tenants")) or self.kinds[0].builtin("demo")
        for name, values in tenants.items():
            values = mapping(values)
            self.venues[text(values, "venue", self.first.name)].add_tenant(name, values)

    def _section(self, kind: type[Venue]) -> tuple[Mapping[str, Json], tuple[str, ...]]:
        """What the seed says of a venue as a whole, and where; the first venue's may stand at the top."""
        own = mapping(self.seed.get(kind.name))
        if kind is not self.kinds[0]:
            return own, (kind.name,)
        top = {name: self.seed[name] for name in kind.section() if name in self.seed}
        for name in top.keys() & own.keys():
            raise SeedError(f"is there twice: at the top and under {kind.name}", (name,))
        return {**top, **own}, () if top else (kind.name,)

    def venue_of(self, path: str) -> Venue:
        """The venue whose path it is: the first one's, where no other's."""
        for venue in self.others:
            if venue.serves(path):
                return venue
        return self.first

    def members(self) -> Iterator[tuple[Venue, Member]]:
        """Every account of every venue."""
        for venue in self.venues.values():
            for tenant in venue.tenants():
                for member in venue.members(tenant):
                    yield venue, member
