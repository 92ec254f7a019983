"""Claims on profiles: what an account is, once everything above and below it is laid together."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from manifest_folder import HEAD, Folder

from acctcfg.core.vocabulary import PositionMode
from acctcfg.deposit import CreditTo, deposit_of
from acctcfg.manifest.nodes import Node
from acctcfg.manifest.profiles import merge


def test_own_fields_win_over_profiles_and_later_over_earlier(folder: Folder) -> None:
    """The account beats its profiles, a later profile an earlier one, a profile its own profile."""
    account = folder.account(
        "profiles:\n"
        "  base: {account_mode: spot, label: base, uid: '1', adopt: true}\n"
        "  first: {profile: base, account_mode: futures, label: first}\n"
        "  second: {label: second}\n"
        "accounts:\n  mmdesk01: {venue: desk, profile: [first, second], uid: '2'}\n"
    )
    assert (account.account_mode, account.label, account.uid, account.adopt) == ("futures", "second", "2", True)


def test_a_shared_profile_stands_below_both_that_share_it(folder: Folder) -> None:
    """Where two profiles share a third, it stands once, below both."""
    account = folder.account(
        "profiles:\n"
        "  base: {account_mode: spot}\n"
        "  first: {profile: base, account_mode: futures}\n"
        "  second: {profile: base, label: second}\n"
        "accounts:\n  mmdesk01: {venue: desk, profile: [first, second]}\n"
    )
    assert account.account_mode == "futures"


@pytest.mark.parametrize(
    ("listed", "mode"),
    [
        ("[built, plain]", "multi_currency"),
        ("[plain, built]", "futures"),
        ("[twice, plain]", "multi_currency"),
        ("[turned]", "multi_currency"),
        ("[built, other, plain]", "multi_currency"),
    ],
)
def test_a_profile_that_is_named_later_wins_over_what_is_built_on_it(folder: Folder, listed: str, mode: str) -> None:
    """Later ones of a list win, also over a profile that has them as its own; the list of a profile is no other."""
    account = folder.account(
        "profiles:\n"
        "  plain:\n"
        "    account_mode: multi_currency\n"
        "    leverage: [{market: swap, margin: cross, family: BTC-USDT, value: 5}]\n"
        "  built:\n"
        "    profile: plain\n"
        "    account_mode: futures\n"
        "    leverage: [{market: swap, margin: cross, family: BTC-USDT, value: 6}]\n"
        "  twice: {profile: built, label: twice}\n"
        "  other: {profile: plain, label: other}\n"
        "  turned: {profile: [built, plain]}\n"
        f"accounts:\n  mmdesk01: {{venue: desk, profile: {listed}}}\n"
    )
    assert account.account_mode == mode
    last = max(account.leverage, key=lambda entry: entry.layer)
    assert last.value == (Decimal(5) if mode == "multi_currency" else Decimal(6))


def test_null_makes_a_field_unmanaged(folder: Folder) -> None:
    """Null takes away what profiles gave: a field, one key, all leverage layers, the addresses."""
    account = folder.account(
        "profiles:\n"
        "  p:\n"
        "    position_mode: net\n"
        "    account_mode: futures\n"
        "    leverage: [{market: swap, margin: cross, family: BTC-USDT, value: 3}]\n"
        "    api_keys: {a: {permissions: [read]}, b: {permissions: [read], ip_allowlist: [10.0.0.1]}}\n"
        "    deposit: {credit_to: funding, addresses: [{currency: BTC}]}\n"
        "accounts:\n"
        "  mmdesk01:\n"
        "    venue: desk\n    profile: p\n    position_mode: null\n    leverage: ~\n"
        "    api_keys: {a: null, b: {ip_allowlist: null}}\n"
        "    deposit: {addresses: null}\n"
    )
    assert (account.position_mode, account.leverage, account.account_mode) == (None, (), "futures")
    assert [(key.label, key.ip_allowlist) for key in account.api_keys] == [("b", None)]
    assert deposit_of(account) is not None
    assert (deposit_of(account).credit_to, deposit_of(account).addresses) == (CreditTo.FUNDING, ())
    assert "position_mode" not in account.places


def test_maps_merge_and_lists_replace(folder: Folder) -> None:
    """`api_keys` merge by label and field; `permissions` and `ip_allowlist` replace."""
    account = folder.account(
        "profiles:\n"
        "  p: {api_keys: {t: {permissions: [read, trade], ip_allowlist: [10.0.0.2, 10.0.0.1], store: vault}}}\n"
        "accounts:\n"
        "  mmdesk01:\n    venue: desk\n    profile: p\n"
        "    api_keys: {t: {ip_allowlist: [10.0.0.9]}, s: {permissions: [read]}}\n"
    )
    assert [(k.label, k.permissions, k.ip_allowlist, k.store) for k in account.api_keys] == [
        ("s", ("read",), None, None),
        ("t", ("read", "trade"), ("10.0.0.9",), "vault"),
    ]


def test_leverage_keeps_its_layers(folder: Folder) -> None:
    """Every layer's entries stay, later layers with the higher number, each with its own place and address."""
    account = folder.account(
        "profiles:\n"
        "  p: {leverage: [{market: swap, margin: cross, family: '*-USDT', value: 5}]}\n"
        "  q: {profile: p, leverage: [{market: swap, margin: cross, instruments: [A-B-SWAP, C-D-SWAP], value: 9.09}]}\n"
        "accounts:\n"
        "  mmdesk01: {venue: desk, profile: q, leverage: [{market: swap, margin: cross, family: BTC-USDT, value: 2}]}\n"
    )
    assert [(e.selector.by, e.selector.pattern, e.value, e.layer, e.path) for e in account.leverage] == [
        ("family", "*-USDT", Decimal(5), 0, "profiles.p.leverage[0]"),
        ("instrument", "A-B-SWAP", Decimal("9.09"), 1, "profiles.q.leverage[0]"),
        ("instrument", "C-D-SWAP", Decimal("9.09"), 1, "profiles.q.leverage[0]"),
        ("family", "BTC-USDT", Decimal(2), 2, "mmdesk01.leverage[0]"),
    ]


def test_later_deposit_addresses_beat_earlier_ones(folder: Folder) -> None:
    """Addresses are layers by currency and chain: the later entry stands, others stay."""
    account = folder.account(
        "profiles:\n"
        "  p: {deposit: {credit_to: funding, addresses: [{currency: USDT, chain: USDT-TRC20}, {currency: BTC}]}}\n"
        "accounts:\n  mmdesk01: {venue: desk, profile: p,"
        " deposit: {credit_to: trading, addresses: [{currency: USDT, chain: USDT-TRC20, count: 3}]}}\n"
    )
    assert deposit_of(account) is not None
    assert deposit_of(account).credit_to is CreditTo.TRADING
    assert [(a.currency, a.chain, a.count) for a in deposit_of(account).addresses] == [
        ("BTC", None, 1),
        ("USDT", "USDT-TRC20", 3),
    ]


def test_places_lead_to_where_it_was_written(folder: Folder) -> None:
    """A field from a profile has the profile's place, an own one the account's."""
    account = folder.account(
        "profiles:\n  p: {position_mode: net}\naccounts:\n  mmdesk01:\n    venue: desk\n    profile: p\n    label: x\n"
    )
    assert account.position_mode is PositionMode.NET
    assert str(account.at("position_mode")) == "acctcfg.yaml:7:7"
    assert str(account.at("label")) == "acctcfg.yaml:12:5"
    assert str(account.at("uid")) == str(account.place) == "acctcfg.yaml:9:3"


def test_an_absent_account_has_nothing_else_to_manage(folder: Folder) -> None:
    """`state: absent` may keep its fields; they are not managed, but for the keys that sign for it."""
    account = folder.account(
        "accounts:\n  mmdesk01: {venue: desk, state: absent, account_mode: spot, position_mode: net,"
        " deposit: {credit_to: funding}, api_keys: {t: {permissions: [trade], store: vault}}}\n"
    )
    assert (account.account_mode, account.position_mode, deposit_of(account)) == (None, None, None)
    assert [key.label for key in account.api_keys] == ["t"]


@pytest.mark.parametrize(
    ("access", "read", "write"),
    [
        ("{key: t}", {"key": "t"}, {"key": "t"}),
        ("{read: {key: r}, write: {key: t}}", {"key": "r"}, {"key": "t"}),
        ("{read: {key: r}}", {"key": "r"}, None),
        ("{credentials: {store: vault, key: a/b}}", {"store": "vault", "key": "a/b"}, {"store": "vault", "key": "a/b"}),
    ],
)
def test_access_has_two_sides(folder: Folder, access: str, read: object, write: object) -> None:
    """One way to sign serves both; `read` and `write` may differ or be left to the default."""
    account = folder.account(
        f"accounts:\n  mmdesk01: {{venue: desk, access: {access}, api_keys:"
        " {t: {permissions: [read, trade], store: vault}, r: {permissions: [read], store: vault}}}\n"
    )
    assert account.access is not None
    assert (account.access.read, account.access.write) == (read, write)


TREES = st.recursive(
    st.none() | st.integers(0, 3),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("below", "own", "told", "other"),
    [
        ("key: bot", "credentials: {env: X}", "mmdesk01.access.credentials", "credentials"),
        ("key: bot", "read: {key: bot}", "mmdesk01.access.read", "read"),
        ("credentials: {env: X}", "key: bot", "profiles.p.access.credentials", "credentials"),
    ],
)
def test_two_ways_to_sign_from_two_layers_are_both_named(
    folder: Folder, below: str, own: str, told: str, other: str
) -> None:
    """Where a profile's `access` and the account's exclude each other both places are told, and null takes one away."""
    key = "api_keys: {bot: {permissions: [read, trade], store: vault}}"
    profile = f"profiles:\n  p: {{access: {{{below}}}, {key}}}\n"
    text = f"{HEAD}{profile}accounts:\n  mmdesk01: {{venue: desk, profile: p, OWN}}\n"
    folder.write(acctcfg=(written := text.replace("OWN", f"access: {{{own}}}")))

    def place(word: str) -> str:
        at = written.index(f"access: {{{word}") + len("access: {")
        return f"acctcfg.yaml:{written.count(chr(10), 0, at) + 1}:{at - written.rindex(chr(10), 0, at)}"

    said = (
        f"{told}: key (at {place('key')}) and {other} cannot be used together (choose one; null takes away a profile's)"
    )
    assert folder.problems() == [f"{place(other)}: {said}"]
    folder.write(acctcfg=text.replace("OWN", f"access: {{{below.partition(':')[0]}: null, {own}}}"))
    assert folder.problems() == []


def as_node(value: object) -> Node:
    """A tree of nodes without places."""
    return Node({k: as_node(v) for k, v in value.items()} if isinstance(value, dict) else value, 0, 0)


def as_plain(node: Node) -> object:
    """Its values; what is null is not there."""
    if isinstance(node.value, dict):
        return {key: as_plain(child) for key, child in node.value.items() if child.value is not None}
    return node.value


@given(TREES, TREES)
def test_merging_loses_nothing_that_the_upper_layer_does_not_say(below: object, above: object) -> None:
    """After a merge every path of the upper layer is as written, and every other path is the lower one's."""

    def expected(low: object, high: object) -> object:
        if not isinstance(low, dict) or not isinstance(high, dict):
            return as_plain(as_node(high))
        kept = {k: as_plain(as_node(v)) for k, v in low.items() if k not in high and v is not None}
        return kept | {k: expected(low.get(k), v) for k, v in high.items() if v is not None}

    assert as_plain(merge(as_node(below), as_node(above))) == expected(below, above)


def test_head_alone_is_sound(folder: Folder) -> None:
    """A workspace without accounts is sound: that is how one begins."""
    folder.write(acctcfg=HEAD + "accounts:\nprofiles:\n")
    assert folder.load().accounts == {}
