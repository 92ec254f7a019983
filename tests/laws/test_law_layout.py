"""fmt: what a file says never changes, comments stay, and a second run finds nothing to do."""

from __future__ import annotations

from collections import Counter

import yaml
from hypothesis import given
from hypothesis import strategies as st
from laws_world import desks

from acctcfg.manifest.layout_text import laid_out
from acctcfg.manifest.nodes import Node, Sources
from acctcfg.manifest.read import parse

NUMBERS = ("5", "3.0", "0123", "1_000", "1e3", "+5", "-0", "1e400", ".NaN", "0x1F", "123456789.123456789123456789")
PLAIN = (*NUMBERS, "~", "null", "NULL", "yes", "no", "True", "FALSE", "2026-12-31", "a b", "=", "")
QUOTED = ("'it''s'", '"a\\tb"', "'x: # y'", "*ref", "&new 7", "!x")
LONG = ("|\n{pad}  two\n{pad}    lines\n", ">-\n{pad}  folded\n\n{pad}  text")
SCALARS = st.sampled_from([*PLAIN, *QUOTED, *LONG])
COMMENTS = st.sampled_from(["", "", "  # one", "# two", "   #three # four", " #"])
KEYS = st.lists(st.sampled_from(["a", "b", "on", "'q r'", "1", '"#"']), min_size=1, max_size=4, unique=True)


@st.composite
def blocks(draw: st.DrawFn, column: int = 0, depth: int = 0) -> str:
    """A map in lines: indented, commented and spaced as nobody would."""
    step, text = draw(st.integers(1, 5)), ""
    for key in draw(KEYS):
        pad = " " * column
        text += draw(st.sampled_from(["", "\n", "\n\n", f"{' ' * draw(st.integers(0, 9))}# above\n"]))
        kind = draw(st.sampled_from("smlf" if depth < 3 else "sf"))
        remark = draw(COMMENTS)
        behind = f" {remark}" if remark else ""
        if kind == "m":
            text += f"{pad}{key}:{behind}\n" + draw(blocks(column + step, depth + 1))
        elif kind == "l":
            dent = " " * (column + draw(st.sampled_from([0, step])))
            items = draw(st.lists(st.sampled_from(["x", "{k: v,  w: [1,2]}", "'z'", "k: v"]), min_size=1, max_size=3))
            text += f"{pad}{key}:{behind}\n" + "".join(
                f"{dent}-   {one}{draw(COMMENTS) and '  # c'}\n" for one in items
            )
        elif kind == "f":
            text += f"{pad}{key}: {{a:  1, b: [x,y , 'z']}}{behind}\n"
        else:
            value = draw(SCALARS).format(pad=pad)
            text += f"{pad}{key}:  {value}" + ("" if "\n" in value else behind) + "\n"
    return text


def meaning(data: bytes) -> object:
    """What the manifest's own reader makes of it; None where it refuses it."""
    node, problems = parse(data, Sources(), "a.yaml")

    def plain(one: Node | None) -> object:
        if one is None or not isinstance(one.value, dict | list):
            return None if one is None else (type(one.value), one.value)
        if isinstance(one.value, list):
            return [plain(child) for child in one.value]
        return {key: plain(child) for key, child in one.value.items()}

    return None if problems else plain(node)


def comments(text: str) -> Counter[str]:
    """Whatever stands behind the last token of a line."""
    ends: dict[int, int] = {}
    inside: set[int] = set()
    for token in yaml.scan(text):
        ends[token.end_mark.line] = max(token.end_mark.column, ends.get(token.end_mark.line, 0))
        if isinstance(token, yaml.ScalarToken):
            inside |= set(range(token.start_mark.line + 1, token.end_mark.line + (token.end_mark.column > 0)))
    found = [line[ends.get(at, 0) :].partition("#") for at, line in enumerate(text.split("\n")) if at not in inside]
    return Counter(remark.rstrip() for _, sign, remark in found if sign)


@desks(150)
@given(blocks())
def test_a_layout_changes_no_meaning(text: str) -> None:
    """Same values under the same keys, same comments, idempotent; what is wrong is named and not laid out."""
    before = meaning(text.encode())
    laid, problems = laid_out(text.encode(), "a.yaml")
    if before is None:
        assert problems
        return
    assert not problems, (problems, text)
    assert meaning(laid.encode()) == before, laid
    assert comments(laid) == comments(text), laid
    assert laid_out(laid.encode(), "a.yaml") == (laid, []), laid
    assert "\n\n\n" not in laid or "|" in laid or ">" in laid
    assert laid.endswith("\n")
