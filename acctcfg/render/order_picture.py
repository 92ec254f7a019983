"""In which order a plan is carried out, as a picture: what must wait stands right of what it waits for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from acctcfg.core.plan import Step
from acctcfg.render.text import MARKS
from acctcfg.render.web import html

__all__ = ["STYLE", "Drawn", "order_svg", "picture"]

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


class Drawn(NamedTuple):
    """What one step or write is drawn as, and the addresses that it came after."""

    address: str
    action: str
    field: str
    after: Sequence[str]
    bad: bool


def order_svg(steps: Sequence[Step]) -> str:
    """A box for each kind of step, with how many there are; "" where nothing is to be done."""
    drawn = (
        Drawn(
            str(step.address),
            step.change.action,
            step.address.field or "account",
            [str(one) for one in (*step.depends_on, *step.waits_for)],
            step.blocked,
        )
        for step in steps
    )
    return picture(list(drawn), "What goes first, from left to right", one="step", bad="BLOCKED")


def picture(items: Sequence[Drawn], label: str, *, one: str, bad: str) -> str:
    """A box for each kind; `one` is what it counts, `bad` what is said of those that went wrong."""
    boxes = _boxes(items)
    counts = Counter(boxes.values())
    wrong = Counter(boxes[item.address] for item in items if item.bad)
    places = dict(_placed(counts))
    if not places:
        return ""
    arrows = {(boxes[before], boxes[item.address]) for item in items for before in item.after if before in boxes}
    width = max(x for x, _ in places.values()) + _WIDE + 2
    height = max(y for _, y in places.values()) + _HIGH + 2
    drawn = [_arrow(places[left], places[right]) for left, right in _told(arrows)]
    drawn += [_box(box, place, _few(counts[box], one, wrong[box], bad)) for box, place in places.items()]
    return (
        f'<svg width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{label}">{"".join(drawn)}</svg>'
    )


def _told(arrows: set[tuple[_Box, _Box]]) -> list[tuple[_Box, _Box]]:
    """The arrows to the right without those that follow from others: one over several columns runs through a box."""
    ahead = sorted((one for one in arrows if one[0].column < one[1].column), reverse=True)
    reached: dict[_Box, set[_Box]] = {}  # what comes after a box; those farthest right are known first
    for left, right in ahead:
        reached.setdefault(left, set()).update({right}, reached.get(right, ()))
    follows = {(left, after) for left, right in ahead for after in reached.get(right, ())}
    return sorted(one for one in ahead if one not in follows)


def _few(count: int, one: str, wrong: int, bad: str) -> tuple[str, bool]:
    """ "3 steps, 1 BLOCKED", and whether any is."""
    return f"{count} {one}{'s' * (count != 1)}" + f", {wrong} {bad}" * bool(wrong), bool(wrong)


def _boxes(items: Sequence[Drawn]) -> dict[str, _Box]:
    """The box of each address. They come in an order in which nothing stands before what it came after."""
    found: dict[str, _Box] = {}
    for item in items:
        columns = [found[one].column for one in item.after if one in found]
        column = min(max(columns, default=-1) + 1, _FARTHEST)
        found[item.address] = _Box(column, item.action, item.field)
    return found


def _placed(boxes: Counter[_Box]) -> Iterator[tuple[_Box, tuple[int, int]]]:
    rows: Counter[int] = Counter()
    for box in sorted(boxes, key=lambda one: one.column):
        yield box, (1 + box.column * _RIGHT, 1 + rows[box.column] * _DOWN)
        rows[box.column] += 1


def _arrow(start: tuple[int, int], end: tuple[int, int]) -> str:
    x, y, to_x, to_y = start[0] + _WIDE, start[1] + _HIGH // 2, end[0], end[1] + _HIGH // 2
    return f'<path d="M{x} {y}C{x + 30} {y} {to_x - 30} {to_y} {to_x} {to_y}"/>'


def _box(box: _Box, place: tuple[int, int], told: tuple[str, bool]) -> str:
    x, y = place
    few, wrong = told
    kind = "delete" if wrong else html(box.action)
    return (
        f'<rect class="{kind}" x="{x}" y="{y}" width="{_WIDE}" height="{_HIGH}" rx="6"/>'
        f'<text x="{x + 10}" y="{y + 18}">{MARKS.get(box.action, " ")} {html(box.field[:24])}</text>'
        f'<text class="few" x="{x + 10}" y="{y + 35}">{few}</text>'
    )
