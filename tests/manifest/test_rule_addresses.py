"""The address patterns of guardrail rules: what can select nothing guards nothing, and is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from acctcfg.core.address import Address, AddressPattern
from acctcfg.core.managed import ANY, claims
from acctcfg.manifest.load import read_all
from acctcfg.manifest.selectable import not_selectable
from acctcfg.venues.installed import rules

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
TYPES = tuple(rules().values())


@pytest.mark.parametrize(
    ("pattern", "meant"),
    [
        ("*.leverage", 'did you mean "*.leverage[*]"?'),
        ("mmdesk01.leverage", 'did you mean "mmdesk01.leverage[*]"?'),
        ("*.api_keys", 'did you mean "*.api_keys[*]"?'),
        ("*.leverages[*]", 'did you mean "*.leverage[*]"?'),
        ("*.LEVERAGE[*]", 'did you mean "*.leverage[*]"?'),
        ("*.leverage[SWAP/*]", 'did you mean "*.leverage[swap/*]"?'),
        ("*.api_key[trading]", 'did you mean "*.api_keys[trading]"?'),
        ("*.posiion_mode", 'did you mean "*.position_mode"?'),
        ("*.label", 'such as "*.leverage[swap/*]"'),
    ],
)
def test_a_rule_that_no_step_can_meet_is_refused(
    complaints: Callable[..., list[str]], pattern: str, meant: str
) -> None:
    """The pattern is told with what was meant: the plan would pass without the rule ever being asked."""
    for written in (f'"{pattern}"', f'["*.account_mode", "{pattern}"]'):
        (said,) = complaints(f"guardrails: {{rules: [{{name: a, when: {{address: {written}}}, schema: {{}}}}]}}\n")
        assert said == f'guardrails.rules[0].when.address: "{pattern}" matches no address ({meant})'


@pytest.mark.parametrize("folder", sorted(file.parent for file in REFERENCE.glob("*/acctcfg.yaml")), ids=str)
def test_every_address_of_a_manifest_can_be_named(folder: Path) -> None:
    """What a manifest manages, of every field and venue type, a rule may name: in full, and with `*` in its place."""
    manifest, _ = read_all(folder, rules(), environ={})  # it names programs that nobody trusts here
    found = [one for spec in manifest.accounts.values() for one in claims(spec)]
    assert found
    for one in found:
        text = str(one._replace(key="swap/BTC-USDT/cross" if one.field == "leverage" else one.key.replace(ANY, "X")))
        rest = text.partition(".")[2]
        for pattern in (text, one.account, f"*.{rest}" if rest else "*", f"*{rest}", f"{text.partition('[')[0]}*"):
            assert not not_selectable(pattern, TYPES), pattern


WRITTEN = (
    "mm-01.position_mode[okx]",
    "mm_1.leverage[futures/BTC-USD-261225/isolated/long]",
    "x.leverage[futures/BINANCE_FUTURE_ADA_USDT]",
    "mm01.api_keys[trading]",
    "mm01.deposit.addresses[USDT/USDT-TRC20/1]",
    "mm01.settings.auto_earn[USDT]",
    "mm01.settings.greeks",
    "mm01.state",
)


@settings(max_examples=50)
@given(st.sampled_from(WRITTEN), st.lists(st.tuples(st.integers(0, 60), st.integers(1, 12), st.booleans()), max_size=4))
def test_a_pattern_that_selects_an_address_is_taken(address: str, cuts: list[tuple[int, int, bool]]) -> None:
    """Whatever parts of an address `*` and `?` stand for, the pattern is never refused."""
    pattern = address
    for at, length, star in cuts:
        taken = pattern[at : at + length]
        pattern = pattern[:at] + ("*" if star else "?" * len(taken)) + pattern[at + length :]
    assume(AddressPattern(pattern).matches(Address.of(address)))
    assert not not_selectable(pattern, TYPES)


@pytest.mark.parametrize("pattern", ["*", "*.*", "mm*", "*.settings", "*.settings.*", "*[swap/*]", "*cross]", "*swap*"])
def test_a_wide_pattern_is_taken(pattern: str) -> None:
    """What may select some address is nobody's mistake."""
    assert not not_selectable(pattern, TYPES)
