"""Names that lead back to themselves: profiles that stand on one another."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["circles"]


def circles(names: Mapping[str, tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Every circle once, from its alphabetically first name.

    What leads to no circle is taken away first: a long chain would cost a walk for each of its links.
    """
    left = _leading_round(names)
    found = set()
    for start in left:
        came_from = {start: ""}
        waiting = [start]
        while waiting:
            at = waiting.pop()
            for name in left[at]:
                if name == start:
                    found.add((*_way(came_from, at), start))
                elif name > start and name not in came_from:
                    came_from[name] = at
                    waiting.append(name)
    return sorted(found)


def _leading_round(names: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """The names from which a circle can be reached, with those that they name."""
    users: dict[str, list[str]] = {name: [] for name in names}
    open_ways = {name: len(named) for name, named in names.items()}
    for name, named in names.items():
        for one in named:
            users[one].append(name)
    ends = [name for name, ways in open_ways.items() if not ways]
    gone = set()
    while ends:
        end = ends.pop()
        gone.add(end)
        for user in users[end]:
            open_ways[user] -= 1
            if not open_ways[user]:
                ends.append(user)
    return {name: tuple(one for one in named if one not in gone) for name, named in names.items() if name not in gone}


def _way(came_from: Mapping[str, str], end: str) -> tuple[str, ...]:
    walk = [end]
    while came_from[walk[-1]]:
        walk.append(came_from[walk[-1]])
    return tuple(reversed(walk))
