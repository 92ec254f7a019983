"""A picture in the words of the programs that draw it. No name in it can be taken for their syntax."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from acctcfg.core.picture import Edge, Node, Picture
from acctcfg.render.harmless import harmless

__all__ = ["dot", "mermaid"]

_MERMAID: Final = {
    "venue": '[["{}"]]',
    "account": '["{}"]',
    "key": '{{{{"{}"}}}}',
    "profile": '(["{}"])',
    "store": '[("{}")]',
}
_DOT: Final = {"venue": "box3d", "account": "box", "key": "hexagon", "profile": "note", "store": "cylinder"}


def mermaid(picture: Picture) -> str:
    """For markdown of GitHub and GitLab, and mermaid.live."""
    ids = _ids(picture)
    lines = ["flowchart LR"]
    for node in picture.nodes:
        lines.append(f"  {ids[node.id]}" + _MERMAID[node.kind].format(_label(node, "<br/>", _in_mermaid)))
    for edge in picture.edges:
        arrow = "-.->" if edge.loose else "-->"
        word = f'|"{_in_mermaid(edge.word)}"|' if edge.word else ""
        lines.append(f"  {ids[edge.start]} {arrow}{word} {ids[edge.end]}")
    return "\n".join(lines)


def dot(picture: Picture) -> str:
    """For Graphviz: `acctcfg graph --format dot | dot -Tsvg`."""
    ids = _ids(picture)
    lines = ["digraph acctcfg {", "  rankdir=LR;", '  node [fontname="sans-serif"];']
    for node in picture.nodes:
        label = _label(node, "\\n", _in_dot)
        lines.append(f'  {ids[node.id]} [shape={_DOT[node.kind]}, label="{label}"];')
    lines += [f"  {ids[edge.start]} -> {ids[edge.end]}{_style(edge)};" for edge in picture.edges]
    return "\n".join([*lines, "}"])


def _ids(picture: Picture) -> dict[tuple[str, str], str]:
    """Of our own making, so that no name is read as a word of the language."""
    return {node.id: f"n{number}" for number, node in enumerate(picture.nodes)}


def _label(node: Node, line_end: str, escaped: Callable[[str], str]) -> str:
    name = node.name.rpartition("/")[2] if node.kind == "key" else node.name
    head = name if node.kind == "account" else f"{node.kind} {name}"
    return line_end.join(map(escaped, (head, *node.lines)))


def _style(edge: Edge) -> str:
    said = [f'label="{_in_dot(edge.word)}"'] if edge.word else []
    said += ["style=dashed"] if edge.loose else []
    return f" [{', '.join(said)}]" if said else ""


def _in_mermaid(text: str) -> str:
    """Quoted text takes characters by their number, which closes no quote and starts no markup."""
    return "".join(f"#{ord(c)};" if c in '"#&;<>`\\' else c for c in harmless(text))


def _in_dot(text: str) -> str:
    """Backslashes and quotes as it has them; `&` would begin an entity."""
    return harmless(text).replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")
