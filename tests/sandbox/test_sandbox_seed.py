"""A seed file that makes no sense is refused at start: file, line, column, what is wrong, and what was meant."""

from __future__ import annotations

import contextlib
import re

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from acctcfg.sandbox.app import App
from acctcfg.sandbox.seed_file import read_seed_file
from acctcfg.sandbox.values import SeedError
from examples import some

KEY = "{label: a, api_key: test-api-key, secret_key: hush-secret, passphrase: Hush-pass-1}"


def refusal(tmp_path, text):
    """What the command says of a seed, without the folder."""
    path = tmp_path / "seed.yaml"
    path.write_text(text)
    try:
        file = read_seed_file(path)
    except SeedError as exc:
        return str(exc).removeprefix(f"{tmp_path}/")
    with pytest.raises(SeedError) as caught:
        App(file.values)
    return file.located(caught.value).removeprefix(f"{tmp_path}/")


def keys(row):
    return f"tenants:\n  desk:\n    keys:\n      - {row}\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (keys(KEY.replace("test-api-key", "short")), "seed.yaml:4:20: tenants.desk.keys[0].api_key: must be 8 to 64"),
        (keys(KEY.replace("test-api-key", "with blank")), "seed.yaml:4:20: tenants.desk.keys[0].api_key: must be 8"),
        (
            keys(KEY.replace("Hush-pass-1", "' x'")),
            "seed.yaml:4:68: tenants.desk.keys[0].passphrase: must be printable",
        ),
        (keys(KEY.replace("}", ", perm: sell}")), "seed.yaml:4:93: tenants.desk.keys[0].perm: a comma list"),
        (keys(KEY.replace("}", ", ip: here}")), "tenants.desk.keys[0].ip: up to 20"),
        (keys(KEY.replace("}", ", env: mars}")), "tenants.desk.keys[0].env: one of live, demo, any"),
        (keys(KEY.replace("}", ", lable: b}")), "unknown key 'lable' (did you mean 'label'?)"),
        (keys("{label: a}"), "seed.yaml:4:9: tenants.desk.keys[0]: a key needs api_key"),
        ("tenants: {desk: {keys: 5}}", "seed.yaml:1:18: tenants.desk.keys: expected a list, not a number"),
        ("tenants: [1]", "seed.yaml:1:1: tenants: expected a mapping, not a list"),
        ("tenants: {desk: {acctLv: 7}}", "tenants.desk.acctLv: one of 1, 2, 3, 4, not 7"),
        ("tenants: {desk: {posMode: net}}", "one of net_mode, long_short_mode, not 'net'"),
        ("tenants: {desk: {trading: {USDT: lots}}}", "tenants.desk.trading.USDT: expected a number"),
        ("tenants: {desk: {trading: {USDT: .nan}}}", "tenants.desk.trading.USDT: expected a number"),
        ("tenants: {desk: {broker: nope}}", "tenants.desk.broker: expected true or false"),
        ("tenants: {desk: {positions: [{instId: BTC-USDT-SWPA}]}}", "did you mean 'BTC-USDT-SWAP'?"),
        ("tenants: {desk: {positions: [{instId: BTC-USDT-SWAP, size: x}]}}", "positions[0].size: expected a number"),
        ("tenants: {desk: {addresses: [{ccy: TON}]}}", "tenants.desk.addresses[0]: an address needs chain"),
        ("tenants: {desk: {addresses: [{ccy: A, chain: B, addr: c, tag: 1, memo: 2}]}}", "not in tag and memo"),
        ("tenants: {desk: {venue: okex}}", "tenants.desk.venue: one of okx, gate_crossex"),
        ("currencies: {add: [{ccy: TON}]}", "seed.yaml:1:20: currencies.add[0]: a currency needs chains"),
        ("currencies: {add: [{ccy: T, chains: [{chain: T-T, needtag: true}]}]}", "did you mean 'needTag'?"),
        ("currencies: {remove: [TONN]}", "currencies.remove[0]: no 'TONN' to remove (did you mean 'TON'?)"),
        ("instruments: {add: [{instType: SWAP, instId: A-B-SWAP, lever: much}]}", "instruments.add[0].lever"),
        ("flags:\n  isolated_futures_scop: family\n", "seed.yaml:2:3: flags: unknown key 'isolated_futures_scop'"),
        ("flags: {isolated_futures_scope: families}", "flags.isolated_futures_scope: one of instrument, family"),
        ("flags: {key_delay_s: -1}", "flags.key_delay_s: expected seconds"),
        ("gate_crossex: {flags: {margin_currencies: EUR}}", "one of settlement, USDT, not 'EUR'"),
        ("gate_crossex: {symbols: {add: [{symbol: ADA}]}}", "gate_crossex.symbols.add[0]: 'ADA' is not a symbol"),
        ("flags: {}\nokx: {flags: {}}", "seed.yaml:1:1: flags: is there twice: at the top and under okx"),
        ("okx: {flags: {key_delay_s: -1}}", "seed.yaml:1:15: okx.flags.key_delay_s: expected seconds"),
        ("a: 1\na: 2\n", "seed.yaml:2:1: duplicate key 'a'"),
        ("{" * 5000, "seed.yaml"),
        ("tenants: " + "[" * 60 + "]" * 60, "nested deeper than 32"),
        ("a: &a [*a]", "nested deeper than 32"),
        ("? [1]\n: 2\n", "seed.yaml:1:3: a key must be text"),
    ],
)
def test_each_mistake_has_its_place(tmp_path, text, said):
    """The message begins with file:line:column, names the place and what is meant, and shows no secret."""
    message = refusal(tmp_path, text)
    assert re.match(r"seed\.yaml(:\d+:\d+)?: ", message), message
    assert said in message
    assert "hush" not in message.lower()


@pytest.mark.slow
def test_aliases_that_multiply_are_bounded(tmp_path):
    """Ten lines that unfold to a hundred million values are refused, quickly."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert "more than" in refusal(tmp_path, "\n".join(lines))


NAMES = st.sampled_from(
    "desk keys label api_key acctLv posMode leverage trading positions instId addresses ccy chain addr addrEx tag "
    "flags venue sub_accounts uid enable frozenFunc ip perm env symbol name key secret perms balances position_mode "
    "profile add remove replace instType currencies chains SWAP/cross/BTC-USDT-SWAP OKX okx symbols".split()
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.sampled_from(["3", "live", "x"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.slow
@settings(max_examples=some(300), deadline=None)
@given(
    top=st.sampled_from(["tenants", "instruments", "currencies", "flags", "gate_crossex", "client_ip"]),
    venue=st.sampled_from(["okx", "gate_crossex"]),
    value=VALUES,
    inside=st.booleans(),
)
def test_whatever_a_seed_holds_it_starts_or_is_named(top, venue, value, inside):
    """No value of any kind in any place ends in anything but a sandbox or a SeedError."""
    tenant = {"venue": venue, **(value if isinstance(value, dict) else {"keys": value})}
    seed = {"tenants": {"desk": tenant}} if inside else {top: value}
    with contextlib.suppress(SeedError):
        App(yaml.safe_load(yaml.safe_dump(seed)))
