"""Equal is equal by meaning: a number in quotes is that number, exactly; and messages quote what was written."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from manifest_folder import HEAD, RULES, Folder

from acctcfg.core.desired import Share
from acctcfg.manifest.containers import Record
from acctcfg.manifest.core_schema import number, resolve
from acctcfg.manifest.scalars import Decimals, Whole
from acctcfg.manifest.shape import Shape

SPELLINGS = [("3", 3), ("3.0", 3), ("+3", 3), ("03", 3), ("0.30e1", 3), ("0o3", 3), ("0x3", 3), (" 3 ", 3), ("3.", 3)]


def leverage(folder: Folder, value: str) -> Decimal:
    scope = "market: swap, margin: cross, family: BTC-USDT"
    account = f"accounts:\n  mmdesk01: {{venue: desk, leverage: [{{{scope}, value: {value}}}]}}\n"
    (entry,) = folder.account(account).leverage
    return entry.value


@pytest.mark.parametrize(("text", "value"), SPELLINGS)
@pytest.mark.parametrize("quotes", ["'", '"', ""])
def test_a_number_in_quotes_is_the_number(folder: Folder, text: str, value: int, quotes: str) -> None:
    """Every spelling that YAML 1.2 has for a number, in quotes and without."""
    assert leverage(folder, f"{quotes}{text}{quotes}") == value


@pytest.mark.parametrize("text", ["0.1", "2.67", "0.30000000000", "9.990000000000"])
def test_no_number_passes_through_a_float(folder: Folder, text: str) -> None:
    """Digits stay as they are, in quotes too."""
    assert leverage(folder, f'"{text}"') == leverage(folder, text) == Decimal(text)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=9) | st.integers(-(10**20), 10**20))
def test_quotes_change_no_number(value: Decimal | int) -> None:
    """Law: what plain text means as a number, the same text in quotes means where a number is wanted."""
    text = str(value)
    plain = resolve(text)
    assert number(text) == (plain if not isinstance(plain, str) else None)


@pytest.mark.parametrize("text", ["1_000", "1,5", "three", "NaN", ".inf", "1e", "0x", "--1", "", "3 %", "true"])
def test_what_is_no_number_is_refused(folder: Folder, text: str) -> None:
    """Nothing is guessed: YAML 1.1's underscores, decimal commas, words, and numbers that are none."""
    folder.write(
        acctcfg=HEAD + "accounts:\n  mmdesk01: {venue: desk, leverage: [{market: swap, margin: cross, "
        f'family: BTC-USDT, value: "{text}"}}]}}\n'
    )
    (line,) = folder.problems()
    assert "mmdesk01.leverage[0].value: " in line
    assert "must be a number" in line


def number_fields(record: Record, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every field of a record, however deep, that wants a number."""
    found: list[tuple[str, ...]] = []
    for name, field in record.fields.items():
        kind: Any = field.kind
        while hasattr(kind, "item"):
            kind = kind.item
        if isinstance(kind, Record):
            found += number_fields(kind, (*path, name))
        elif isinstance(kind, Decimals | Whole):
            found.append((*path, name))
    return found


@pytest.mark.parametrize("path", number_fields(Shape(RULES).root), ids=".".join)
@pytest.mark.parametrize("given", ["'1'", "1", "'1.0'", "1e0"])
def test_every_number_of_the_manifest_may_stand_in_quotes(folder: Folder, path: tuple[str, ...], given: str) -> None:
    """No field that wants a number refuses one for its quotes or its spelling; a field added later is tried too."""
    kind: Any = Shape(RULES).root
    for name in path:
        while hasattr(kind, "item"):
            kind = kind.item
        kind = kind.fields[name].kind
    while hasattr(kind, "item"):
        kind = kind.item
    from acctcfg.manifest.nodes import Sources
    from acctcfg.manifest.problems import Report
    from acctcfg.manifest.read import parse

    sources, problems = Sources(), set()  # type: ignore[var-annotated]
    node, _ = parse(given.encode(), sources, "x")
    assert node is not None
    assert kind.take(node, Report(sources, problems, [("", node)])) == 1
    assert problems == set()


@pytest.mark.parametrize(
    ("written", "meant"),
    [("50%", Share(Decimal(50))), ("'50.0%'", Share(Decimal(50))), ("'5'", 5), ("5.0", 5), ("5", 5)],
)
def test_shares_and_counts(folder: Folder, written: str, meant: object) -> None:
    """A share is a share however it is written, and a count in quotes is a count."""
    folder.write(acctcfg=HEAD + f"guardrails: {{max_changed_accounts: {written}}}\n")
    assert folder.load().guardrails.max_changed_accounts == meant


def test_a_label_has_no_outer_blanks(folder: Folder) -> None:
    """They mean nothing: the venue gives labels back with and without."""
    assert folder.account("accounts:\n  mmdesk01: {venue: desk, label: '  MMdesk01 '}\n").label == "MMdesk01"


@pytest.mark.parametrize("written", ["0123", "007", "1e5", "0x1F", "0o17", "+5", "1.50", ".5", "TRUE", "0.10"])
@pytest.mark.parametrize("field", ["label", "uid", "name"])
def test_advice_quotes_what_was_written(complaints: Callable[..., list[str]], written: str, field: str) -> None:
    """`uid: 0123` is never answered with `"123"`; and where quotes would not help, they are not advised."""
    (line,) = complaints(f"accounts: {{mmdesk01: {{venue: desk, {field}: {written}}}}}\n")
    assert f"mmdesk01.{field}: must be text, not" in line
    assert "put it in quotes" not in line or f'(quote it: "{written}")' in line
    if field == "uid" and written.isalnum():
        assert f'(quote it: "{written}")' in line


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("guardrails: {max_deletes: -01}\n", "-01 must be at least 0"),
        ("guardrails: {max_deletes: 1.50}\n", "not 1.50 ("),
        ("guardrails: {max_leverage: 1e9}\n", "1e9 must be above 0"),
        ("guardrails: {max_leverage: '1e9'}\n", "1e9 must be above 0"),
        ("guardrails: {max_changed_accounts: .5}\n", ".5 must be a number of accounts"),
        (
            "accounts: {mmdesk01: {venue: desk, api_keys: {t: {permissions: [read], rotate_after: 90}}}}\n",
            "(a duration",
        ),
    ],
)
def test_a_number_is_quoted_as_it_stands_there(complaints: Callable[..., list[str]], text: str, quoted: str) -> None:
    """The reader finds in the file what the message shows."""
    assert any(quoted in line for line in complaints(text))
