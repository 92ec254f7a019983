"""In which order a plan is carried out, as a picture: what must wait stands right of what it waits for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from acctcfg.core.plan import Step
from acctcfg.render.text import MARKS
from acctcfg.render.web import html

__all__ = ["STYLE", "order_svg"]

STYLE: Final = (
    "svg text{fill:currentColor;font:13px system-ui,sans-serif}svg .few{opacity:.7;font-size:12px}"
    "svg rect{fill:#8882;stroke:#888;stroke-width:1.5}svg .create{stroke:#2a7}svg .delete{stroke:#c22}"
    "svg path{fill:none;stroke:#888a}"
)
_FARTHEST: Final = 11  # columns; what waits for more than that stands in the last one
_WIDE, _HIGH, _RIGHT, _DOWN = 190, 44, 240, 58


class _Box(NamedTuple):
    """Steps of one kind that can go at the same time, whatever accounts they are of."""

    column: int
    action: str
    field: str


def order_svg(steps: Sequence[Step]) -> str:
    """A box for each kind of step, with how many there are; "" where nothing is to be done."""
    boxes = _boxes(steps)
    counts = Counter(boxes.values())
    blocked = Counter(boxes[str(step.address)] for step in steps if step.blocked)
    places = dict(_placed(counts))
    if not places:
        return ""
    arrows = sorted(
        {
            (boxes[str(before)], boxes[str(step.address)])
            for step in steps
            for before in (*step.depends_on, *step.waits_for)
            if str(before) in boxes
        }
    )
    width = max(x for x, _ in places.values()) + _WIDE + 2
    height = max(y for _, y in places.values()) + _HIGH + 2
    drawn = [_arrow(places[one], places[other]) for one, other in arrows if one.column < other.column]
    drawn += [_box(box, places[box], counts[box], blocked[box]) for box in places]
    return (
        f'<svg width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="What goes first, from left to right">{"".join(drawn)}</svg>'
    )


def _boxes(steps: Sequence[Step]) -> dict[str, _Box]:
    """The box of each address. Steps come in an order in which nothing stands before what it waits for."""
    found: dict[str, _Box] = {}
    for step in steps:
        waits = [found[str(one)].column for one in (*step.depends_on, *step.waits_for) if str(one) in found]
        column = min(max(waits, default=-1) + 1, _FARTHEST)
        found[str(step.address)] = _Box(column, step.change.action, step.address.field or "account")
    return found


def _placed(boxes: Counter[_Box]) -> Iterator[tuple[_Box, tuple[int, int]]]:
    rows: Counter[int] = Counter()
    for box in sorted(boxes, key=lambda one: one.column):
        yield box, (1 + box.column * _RIGHT, 1 + rows[box.column] * _DOWN)
        rows[box.column] += 1


def _arrow(start: tuple[int, int], end: tuple[int, int]) -> str:
    x, y, to_x, to_y = start[0] + _WIDE, start[1] + _HIGH // 2, end[0], end[1] + _HIGH // 2
    return f'<path d="M{x} {y}C{x + 30} {y} {to_x - 30} {to_y} {to_x} {to_y}"/>'


def _box(box: _Box, place: tuple[int, int], count: int, blocked: int) -> str:
    x, y = place
    few = f"{count} step{'s' * (count != 1)}" + f", {blocked} BLOCKED" * bool(blocked)
    return (
        f'<rect class="{"delete" if blocked else box.action}" x="{x}" y="{y}" width="{_WIDE}" height="{_HIGH}" rx="6"/>'
        f'<text x="{x + 10}" y="{y + 18}">{MARKS[box.action]} {html(box.field[:24])}</text>'
        f'<text class="few" x="{x + 10}" y="{y + 35}">{few}</text>'
    )
