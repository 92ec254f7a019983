"""Laws of address patterns: against a naive reference, and sound about what must be read."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st
from laws_world import laws

from acctcfg.core.address import Address, AddressPattern, Focus

ACCOUNTS = st.sampled_from(["a", "ab", "mm1", "mm-2", "a.b"])
FIELDS = st.sampled_from(["", "account_mode", "leverage", "api_keys", "deposit.addresses"])
KEYS = st.sampled_from(["swap/BTC-USDT/cross", "x", "swap/*", "a[b]", "USDT/USDT-Arbitrum One/1"])
ADDRESSES = st.builds(
    lambda account, field, key: Address(account, field, key if field in ("leverage", "api_keys") else ""),
    ACCOUNTS,
    FIELDS,
    KEYS,
)
LETTERS = st.text("ab.m1[]*?x/-", max_size=8)


@st.composite
def patterns(draw: st.DrawFn) -> str:
    """Any text, or an address of which parts became stars and question marks."""
    if draw(st.integers(0, 3)) == 0:
        return draw(LETTERS)
    text = str(draw(ADDRESSES))
    start = draw(st.integers(0, len(text)))
    end = draw(st.integers(start, len(text)))
    return text[:start] + draw(st.sampled_from(["", "*", "?", "*?", "**"])) + text[end:]


def naive(glob: str, text: str) -> bool:
    """Only `*` and `?` are special, letter by letter."""
    if not glob:
        return not text
    if glob[0] == "*":
        return naive(glob[1:], text) or (text != "" and naive(glob, text[1:]))
    return text != "" and glob[0] in ("?", text[0]) and naive(glob[1:], text[1:])


@laws(600)
@given(patterns(), ADDRESSES)
@example("a.leverage[swap/*]", Address("a", "leverage", "swap/BTC-USDT/cross"))
@example("a.leverage[x]", Address("a", "leverage", "x"))
@example("a", Address("a", "leverage", "x"))
@example("*e", Address("a", "leverage", "x"))
@example("a.deposit", Address("a", "deposit.addresses"))
@example("a.settings", Address("a", "settings.collateral", "BTC"))
def test_a_pattern_selects_as_the_naive_reading_does(glob: str, address: Address) -> None:
    """Brackets are literal; what selects the account, or all its settings, selects each of them. A look that is
    narrowed to it has each key of a field that it names, too."""
    head, dot, _ = address.field.partition(".")
    expected = naive(glob, str(address)) or naive(glob, address.account)
    expected = expected or (dot != "" and naive(glob, f"{address.account}.{head}"))
    assert AddressPattern(glob).matches(address) is expected
    assert Focus([glob]).wants(address) is (expected or naive(glob, str(Address(address.account, address.field))))


@laws(100)
@given(st.lists(patterns(), max_size=2), st.lists(patterns(), min_size=1, max_size=2), ADDRESSES)
@example([], ["a.leverage"], Address("a", "leverage", "x"))
@example([], ["a.leverage[*]"], Address("a", "leverage", "x"))
@example([], ["*[*]"], Address("a", "account_mode"))
def test_what_is_left_out_is_not_looked_at(globs: list[str], outs: list[str], address: Address) -> None:
    """All else is wanted as without it, and what is wanted may still be read."""
    focus, field = Focus(globs, excludes=outs), Address(address.account, address.field)
    out = any(AddressPattern(glob).matches(one) for glob in outs for one in (address, field))
    assert focus.leaves_out(address) is out
    assert focus.wants(address) is (Focus(globs).wants(address) and not out)
    if focus.wants(address) and address.field:
        assert focus.may_want(address.account, address.field)
    if out and address.field:
        assert focus.may_leave_out(address.account, address.field)
    assert not focus.everything


@laws(800)
@given(st.lists(patterns(), max_size=3), ADDRESSES)
def test_what_is_wanted_is_read(globs: list[str], address: Address) -> None:
    """Whatever a focus wants, it may want of its field, so nothing that a target selects is left unread."""
    focus = Focus(globs)
    if focus.wants(address):
        assert focus.touches(address.account, address.field)
        if address.field:
            assert focus.may_want(address.account, address.field)
    exact = Focus.exactly([str(address)])
    assert exact.wants(address)
    assert exact.touches(address.account, address.field)
    assert not address.field or exact.may_want(address.account, address.field)


@laws(400)
@given(patterns(), ACCOUNTS, FIELDS.filter(bool))
@example("*.account_mode", "a", "leverage")
def test_what_no_key_could_satisfy_is_not_read(glob: str, account: str, field: str) -> None:
    """A field is read for a pattern only if some address of it could match: minimality, the other way round."""
    if AddressPattern(glob).may_reach(account, field):
        prefix = f"{account}.{field}"
        whole = naive(glob, account) or naive(glob, prefix) or naive(glob, prefix.rpartition(".")[0])
        begun = any(_could_begin(glob, f"{prefix}[", at) for at in range(len(glob) + 1))
        assert whole or (begun and glob[-1] in "]*?")  # the last letter of an address with a key is a bracket
    else:
        assert not naive(glob, account)
        assert not naive(glob, f"{account}.{field}")


def _could_begin(glob: str, text: str, at: int) -> bool:
    """Whether the first `at` letters of the glob can eat the text, or a star does that has more to come."""
    return naive(glob[:at], text) or (at > 0 and glob[at - 1] == "*" and naive(glob[:at], text))


@laws(200)
@given(ADDRESSES)
def test_an_address_names_itself(address: Address) -> None:
    """The text of an address is a pattern that selects it, and an account alone is all of it."""
    if not set("*?") & set(str(address)):
        assert Focus([str(address)]).wants(address)
    assert Focus([address.account]).wants(address)
    assert Focus().wants(address)
    assert str(address) == (f"{address.account}.{address.within}" if address.field else address.account)
