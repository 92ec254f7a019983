"""A picture of things and what leads from one to another, before any program's words for it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Edge", "Node", "Picture"]


@dataclass(frozen=True, slots=True)
class Node:
    """One thing. `kind`: venue, account, key, profile or store; with `name` it is this thing and no other."""

    kind: str
    name: str
    lines: tuple[str, ...] = ()  # what is said of it, under its name

    @property
    def id(self) -> tuple[str, str]:
        return self.kind, self.name


@dataclass(frozen=True, slots=True)
class Edge:
    """What leads from one thing to another, by their ids. `loose`: it lends something, and contains nothing."""

    start: tuple[str, str]
    end: tuple[str, str]
    word: str = ""
    loose: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """Every edge joins two of the nodes."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
