"""A graph of the manifest, independent of any output format."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Edge", "Node", "Picture"]


@dataclass(frozen=True, slots=True)
class Node:
    """A node. `kind` is venue, account, key, profile or store; `kind` and `name` identify it."""

    kind: str
    name: str
    lines: tuple[str, ...] = ()  # what is said of it, under its name

    @property
    def id(self) -> tuple[str, str]:
        return self.kind, self.name


@dataclass(frozen=True, slots=True)
class Edge:
    """An edge between two nodes, by their ids. `loose`: the start is used by the end, but does not contain it."""

    start: tuple[str, str]
    end: tuple[str, str]
    word: str = ""
    loose: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """Every edge joins two of the nodes."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
