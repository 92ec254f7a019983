"""Claims on bad manifests: every problem, each once, at its place, with what would be right; never a secret."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from manifest_folder import HEAD, TWO_TYPES, Folder

from acctcfg.manifest.nodes import Node
from acctcfg.manifest.problems import Report
from acctcfg.manifest.profiles import Profiles
from acctcfg.venues.installed import rules

Complaints = Callable[..., list[str]]
TOO_MANY = ", ".join(f"10.0.0.{n}" for n in range(1, 22))


def an_account(fields: str, key: str = "mmdesk01") -> str:
    """One account at the venue `desk`."""
    return f"accounts:\n  {key}: {{venue: desk, {fields}}}\n"


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ("posiion_mode: net", 'mmdesk01.posiion_mode: unknown key "posiion_mode" (did you mean "position_mode"?)'),
        ("posiion_mode: null", 'mmdesk01.posiion_mode: unknown key "posiion_mode" (did you mean "position_mode"?)'),
        ("venue:desk", 'mmdesk01.venue:desk: unknown key "venue:desk" (did you mean "venue"?)'),
        (
            "api_keys: {t: {permissions: [read], ip_allowlst: null}}",
            'mmdesk01.api_keys[t].ip_allowlst: unknown key "ip_allowlst" (did you mean "ip_allowlist"?)',
        ),
        ("deposit: {credit: null}", 'mmdesk01.deposit.credit: unknown key "credit" (did you mean "credit_to"?)'),
        ("account_mode: multi-curency", 'mmdesk01.account_mode: unknown value "multi-curency" (did you mean'),
        ("profile: nope", 'mmdesk01.profile: the profile "nope" is not defined'),
        ("label: 123", 'mmdesk01.label: must be text, not a number (quote it: "123")'),
        ("label: a b", 'mmdesk01.label: "a b" must be up to 50 letters and digits'),
        ("name: desk", 'mmdesk01.name: "desk" must be 6 to 20 letters and digits, not digits alone'),
        ("adopt: yes", 'mmdesk01.adopt: must be true or false, not "yes"'),
        ("state: gone", 'mmdesk01.state: unknown value "gone" (known: absent, present)'),
        ("transfer_out: true", "mmdesk01.transfer_out: is not supported yet"),
        ("parent: mmdesk09", 'mmdesk01.parent: the account "mmdesk09" is not defined (did you mean "mmdesk01"?)'),
        ("parent: mmdesk01", "mmdesk01.parent: an account cannot be its own parent"),
        ("role: main, label: x", "mmdesk01.label: an account with `role: main` has no `label`"),
        ("access: {key: t}", 'mmdesk01.access.key: unknown key "t": not in `api_keys`'),
        ("access: {}", "mmdesk01.access: needs either one of `key` and `credentials`, or `read` and `write`"),
        ("api_keys: {t: {permissions: []}}", "mmdesk01.api_keys[t].permissions: must have at least 1"),
        ("api_keys: {t: {permissions: [trad]}}", 'mmdesk01.api_keys[t].permissions[0]: unknown value "trad"'),
        ("api_keys: {t_1: {permissions: [read]}}", 'mmdesk01.api_keys[t_1]: the label "t_1" must be up to 50 letters'),
        (
            "api_keys: {t: {permissions: [read], store: vualt}}",
            'mmdesk01.api_keys[t].store: the store "vualt" is not defined (did you mean "vault"?)',
        ),
        (
            "api_keys: {t: {permissions: [read], ip_allowlist: [10.0.0.0/8]}}",
            'mmdesk01.api_keys[t].ip_allowlist[0]: "10.0.0.0/8" is a network (the venue takes single addresses',
        ),
        (
            "api_keys: {t: {permissions: [read], ip_allowlist: [10.0.0.1, 10.0.0.1]}}",
            'mmdesk01.api_keys[t].ip_allowlist[1]: duplicate value "10.0.0.1"',
        ),
        (
            f"api_keys: {{t: {{permissions: [read], ip_allowlist: [{TOO_MANY}]}}}}",
            "mmdesk01.api_keys[t].ip_allowlist: has 21 entries, but the venue allows at most 20",
        ),
        ("leverage: {BTC: 3}", "mmdesk01.leverage: must be a list, not a map"),
        (
            "leverage: [{market: swap, margin: cross, family: BTC-USDT, value: 0}]",
            "mmdesk01.leverage[0].value: 0 must be above 0",
        ),
        (
            "leverage: [{market: swap, margin: cross, family: BTC-USDT, value: most}]",
            'mmdesk01.leverage[0].value: "most" must be a number, not text (such as 10 or 2.5, or max)',
        ),
        (
            "leverage: [{market: swap, margin: cross, family: BTC-USDT, at_most: max}]",
            'mmdesk01.leverage[0].at_most: "max" must be a number, not text (such as 10 or 2.5)',
        ),
        (
            "leverage: [{market: swap, margin: cross, family: BTC-USDT, value: 3, at_most: 3}]",
            "mmdesk01.leverage[0].at_most: value and at_most cannot be used together (choose one)",
        ),
        (
            "leverage: [{market: swap, margin: cross, family: BTC-USDT}]",
            "mmdesk01.leverage[0]: one of value, at_most is missing",
        ),
        (
            "leverage: [{market: swap, margin: cross, family: BTC-USDT, at_most: 0.001}]",
            "mmdesk01.leverage[0].at_most: 0.001 is not a leverage (at least 0.01)",
        ),
        (
            "leverage: [{market: swap, margin: cross, family: BTC-USDT, value: 9.091}]",
            "mmdesk01.leverage[0].value: 9.091 is not a leverage (at most two decimals)",
        ),
        (
            "leverage: [{market: swap, margin: cross, symbol: BTC, value: 3}]",
            "mmdesk01.leverage[0].symbol: is not supported yet",
        ),
        (
            "leverage: [{market: swap, margin: cross, family: BTC-USDT, instrument: BTC-USDT-SWAP, value: 3}]",
            "mmdesk01.leverage[0].family: instrument and family cannot be used together (choose one)",
        ),
        (
            "leverage: [{market: swap, margin: cross, value: 3}]",
            "mmdesk01.leverage[0]: one of instrument, instruments, family, currency is missing",
        ),
        (
            "leverage: [{market: swap, margin: cross, family: BTC-USDT, value: 1_0}]",
            'mmdesk01.leverage[0].value: "1_0" must be a number, not text',
        ),
        ("deposit: {addresses: 3}", "mmdesk01.deposit.addresses: must be a list, not a number"),
        ("deposit: {credit_to: spot}", 'mmdesk01.deposit.credit_to: unknown value "spot"'),
        (
            "deposit: {addresses: [{currency: BTC}, {currency: BTC}]}",
            'mmdesk01.deposit.addresses[1]: duplicate "BTC" (first at acctcfg.yaml:7:',
        ),
        (
            "deposit: {addresses: [{currency: USDT, chain: TRC20}]}",
            'mmdesk01.deposit.addresses[0]: "TRC20" is not a chain of USDT (its chains begin with USDT-)',
        ),
        (
            "deposit: {addresses: [{currency: ETH, type: segwit}]}",
            "mmdesk01.deposit.addresses[0]: ETH has no segwit addresses (BTC, LTC have)",
        ),
        (
            "deposit: {addresses: [{currency: BTC, chain: BTC-A, count: 20}, {currency: BTC, chain: BTC-B}]}",
            "mmdesk01.deposit.addresses[1]: 21 addresses of BTC, but the venue allows at most 20",
        ),
    ],
)
def test_one_wrong_field_is_one_line(complaints: Complaints, fields: str, line: str) -> None:
    """A wrong field is reported once, by its address, with what would be right."""
    (said,) = complaints(an_account(fields))
    assert said.startswith(line)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("unknwon: 1\n", 'unknwon: unknown key "unknwon"'),
        ("acounts: {}\n", 'acounts: unknown key "acounts" (did you mean "accounts"?)'),
        ("accounts: []\n", "accounts: must be a map, not a list"),
        ("accounts: {mmdesk01: }\n", "mmdesk01: must be a map, not empty"),
        ("accounts: {mmdesk01: {}}\n", "mmdesk01: `venue` is missing"),
        (
            "accounts: {mmdesk01: {venue: dsk}}\n",
            'mmdesk01.venue: the venue "dsk" is not defined (did you mean "desk"?)',
        ),
        (an_account("adopt: true", key="mm-1"), 'mm-1: the name "mm-1" must be 6 to 20 letters and digits'),
        (an_account("name: mmdesk01", key="m m"), 'm m: the name "m m" must be letters, digits, _ and -'),
        ("journal: {url: x}\n", "journal.url: must be postgresql://user@host:port/database"),
        ("guardrails: {rollout: [1]}\n", "guardrails.rollout[0]: the last wave must be 100%"),
        ("guardrails: {max_leverage: -1}\n", "guardrails.max_leverage: -1 must be above 0"),
        ("guardrails: {max_deletes: 1.5}\n", "guardrails.max_deletes: must be a whole number, not 1.5"),
        ("guardrails: {max_changed_accounts: 0.5}\n", "guardrails.max_changed_accounts: 0.5 must be a number of acc"),
        ("guardrails: {max_changed_accounts: 200%}\n", 'guardrails.max_changed_accounts: "200%" must be a number'),
        ("guardrails: {rules: [{name: a}]}\n", "guardrails.rules[0]: `schema` is missing"),
        (
            "guardrails: {rules: [{name: a, schema: {type: nonsense}}]}\n",
            "guardrails.rules[0].schema: is not a valid JSON Schema",
        ),
        (
            "guardrails: {rules: [{name: a, schema: {$ref: 'http://127.0.0.1:9/x'}}]}\n",
            'guardrails.rules[0].schema: is not a valid JSON Schema: it refers to "http://127.0.0.1:9/x"',
        ),
        (
            "guardrails: {rules: [{name: a, when: {action: chnge}, schema: {}}]}\n",
            'guardrails.rules[0].when.action: unknown action "chnge" (did you mean "change"?)',
        ),
        (
            "profiles: {a: {profile: b}, b: {profile: [c]}, c: {profile: a}}\n",
            "profiles.a.profile: circular profiles",
        ),
        ("include: [none/*.yaml]\n", 'include[0]: "none/*.yaml" matches no file'),
        ("include: [../x.yaml]\n", 'include[0]: "../x.yaml" is outside the workspace'),
        ("include: [/etc/hostname]\n", 'include[0]: "/etc/hostname" is outside the workspace'),
        ("include: [acctcfg.yaml]\n", "include[0]: circular include: acctcfg.yaml -> acctcfg.yaml"),
    ],
)
def test_one_wrong_section_is_one_line(complaints: Complaints, text: str, line: str) -> None:
    """So is whatever is wrong outside of an account's fields."""
    (said,) = complaints(text)
    assert said.startswith(line)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (
            "guardrails: {rules: [{name: a, when: {action: chnge, address: '*.leverage'}}, {schema: {type: x}}]}\n",
            [
                "guardrails.rules[0]: `schema` is missing",
                'guardrails.rules[0].when.action: unknown action "chnge"',
                'guardrails.rules[0].when.address: "*.leverage" matches no address',
                "guardrails.rules[1]: `name` is missing",
                "guardrails.rules[1].schema: is not a valid JSON Schema",
            ],
        ),
        (
            "guardrails: {rules: [{name: a}], exceptions: [{rule: a, accounts: b}, {rule: c, accounts: b}]}\n",
            [
                "guardrails.exceptions[0]: `reason` is missing",
                "guardrails.exceptions[1]: `reason` is missing",
                'guardrails.exceptions[1].rule: unknown rule "c"',
                "guardrails.rules[0]: `schema` is missing",
            ],
        ),
        (
            "accounts_from: [{csv: none.csv, name: x}]\n",
            [
                'accounts_from[0].csv: "none.csv" there is no such file',
                'accounts_from[0].name: "x" must be text with a column',
            ],
        ),
    ],
)
def test_what_is_not_whole_is_looked_at_all_the_same(complaints: Complaints, text: str, lines: list[str]) -> None:
    """A rule, an exception or a table that lacks a field shows its other mistakes in the same go."""
    said = sorted(complaints(text))
    assert len(said) == len(lines)
    assert [line for line, wanted in zip(said, sorted(lines), strict=True) if not line.startswith(wanted)] == []


@pytest.mark.parametrize(
    ("venue", "line"),
    [
        ("type: gate_crossex", 'venues.v.type: "gate_crossex" is not supported yet (one of: okx_dma_broker)'),
        ("type: okx_dma", 'venues.v.type: unknown value "okx_dma" (did you mean "okx_dma_broker"?)'),
        ("type: okx_dma_broker, region: mars", 'venues.v.region: unknown value "mars"'),
        ("type: okx_dma_broker, rate_share: 1.1", "venues.v.rate_share: 1.1 must be above 0 and at most 1"),
        ("type: okx_dma_broker, base_url: http://example.com", 'venues.v.base_url: "http://example.com" is neither'),
        ("type: okx_dma_broker, base_url: http://www.okx.com", 'venues.v.base_url: "http://www.okx.com" is neither'),
        ("type: okx_dma_broker, base_url: 'https://www.okx.com:8443'", "venues.v.base_url:"),
        ("type: okx_dma_broker, base_url: http://localhost.example.com", "venues.v.base_url:"),
        ("type: okx_dma_broker, base_url: http://127.0.0.1:1/x", "venues.v.base_url: must be scheme, host and port"),
        ("type: okx_dma_broker, environment: sandbox", "venues.v: `base_url` is missing"),
    ],
)
def test_one_wrong_venue_is_one_line(complaints: Complaints, venue: str, line: str) -> None:
    """A venue that acctcfg would not or could not talk to is refused before any request."""
    (said,) = complaints(f"venues: {{v: {{credentials: {{env: A}}, {venue}}}}}\n", head="version: 1\n")
    assert said.startswith(line)


@pytest.mark.parametrize(
    ("trust", "url", "accepted"),
    [
        ("example.com", "https://example.com", True),
        ("example.com:8443, other", "https://example.com:8443", True),
        ("http://example.com:8700", "http://example.com:8700", True),
        ("example.com", "http://example.com", False),
        ("example.com", "https://example.com:8443", False),
        ("example.com", "https://sub.example.com", False),
        ("*", "https://example.com", False),
    ],
)
def test_trust_names_addresses(complaints: Complaints, trust: str, url: str, accepted: bool) -> None:
    """ACCTCFG_TRUST names whole addresses; a bare host means https on its default port."""
    text = f"venues: {{v: {{type: okx_dma_broker, credentials: {{env: A}}, base_url: '{url}'}}}}\n"
    assert (complaints(text, head="version: 1\n", ACCTCFG_TRUST=trust) == []) is accepted


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8700", "http://[::1]:8700", "http://localhost:1", "https://us.okx.com"]
)
def test_loopback_and_own_hosts_need_no_trust(complaints: Complaints, url: str) -> None:
    """The sandbox and the venue's own hosts are always allowed."""
    text = f"venues: {{v: {{type: okx_dma_broker, environment: demo, credentials: {{env: A}}, base_url: '{url}'}}}}\n"
    assert complaints(text, head="version: 1\n") == []


@pytest.mark.parametrize("environment", ["", "environment: live, "])
@pytest.mark.parametrize("kind", ["okx_dma_broker", "gate_crossex"])
@pytest.mark.parametrize("url", ["http://127.0.0.1:8700", "http://[::1]:8700", "https://localhost", "http://127.9.9.9"])
def test_loopback_is_not_trust(folder: Folder, kind: str, url: str, environment: str) -> None:
    """Live credentials go to the venue itself, or where the user's own variable says, never by manifest alone."""
    venue = f"{{type: {kind}, {environment}credentials: {{env: A}}, base_url: '{url}'}}"
    folder.write(acctcfg=f"version: 1\nvenues: {{v: {venue}}}\n")
    (said,) = folder.problems(rules())
    assert "environment: live" in said
    assert "ACCTCFG_TRUST" in said
    assert folder.problems(rules(), ACCTCFG_TRUST=url) == []


@pytest.mark.parametrize(
    "url",
    [
        "http://[::1].evil.com",
        "http://[::1",
        "http://[fe80::1%eth0]:80",
        "http://[127.0.0.1]",
        "https://user@www.okx.com",
        "https://www.okx.com:99999",
        "https://www.okx.com:0",
        "https://www..okx.com",
        "https://-okx.com",
        "https://okx.com\\\\@evil.com",
        "http:///x",
        "https://\u212akx.com",
    ],
)
def test_what_is_no_base_url_is_a_problem_with_its_place(complaints: Complaints, url: str) -> None:
    """However it is malformed, it is one line of the manifest's, and no request is ever made."""
    for environment in ("demo", "sandbox"):
        fields = f'type: okx_dma_broker, environment: {environment}, credentials: {{env: A}}, base_url: "{url}"'
        (said,) = complaints(f"venues: {{v: {{{fields}}}}}\n", head="version: 1\n", ACCTCFG_TRUST=url)
        assert said.startswith("venues.v.base_url: must be ")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ("region: us, base_url: 'https://eea.okx.com'", "venues.v.region: us contradicts `base_url`"),
        ("region: global, base_url: 'https://tr.okx.com'", "which serves region tr"),
        ("region: us, base_url: 'https://app.okx.com'", ""),
        ("region: tr", ""),
        ("base_url: 'https://eea.okx.com'", ""),
        ("base_url: 'https://aws.okx.com'", "ended on 2025-04-28"),
        ("base_url: 'https://www.okx.com:8443'", "port 8443 is closed since 2026-10-31"),
        ("proxy: 'http://127.0.0.1:3128'", ""),
        ("proxy: 'http://user:notforeyes@proxy:3128'", "venues.v.proxy: must be http://host:port"),
        ("proxy: 'socks5://proxy:1080'", "venues.v.proxy: must be http://host:port"),
        ("proxy: 'http://proxy:3128', base_url: 'http://okx.example'", "works only with https"),
        ("limits: {GET /api/v5/broker/dma/subaccount-info: {count: 10, per_s: 1}}", ""),
        (
            "limits: {GET /api/v5/broker/dma/subacount-info: {count: 10, per_s: 1}}",
            'did you mean "GET /api/v5/broker/dma/subaccount-info"?',
        ),
        ("limits: {subaccount-info: {count: 10, per_s: 1}}", "must be a method and a path"),
        ("limits: {GET /api/v5/account/config: {count: 0, per_s: 1}}", "0 must be at least 1"),
        ("limits: {GET /api/v5/account/config: {count: 1, per_s: 0}}", "0 must be above 0"),
        ("limits: {GET /api/v5/account/config: {count: 1}}", "`per_s` is missing"),
    ],
)
def test_where_a_venue_is_and_what_it_grants(complaints: Complaints, fields: str, said: str) -> None:
    """Regions, ended hosts, closed ports, proxies and granted limits are judged while nothing is sent."""
    text = f"venues: {{v: {{type: okx_dma_broker, credentials: {{env: A}}, {fields}}}}}\n"
    found = complaints(text, head="version: 1\n", ACCTCFG_TRUST="http://okx.example, https://aws.okx.com")
    assert [said in one for one in found] == ([True] if said else []), found
    assert "notforeyes" not in "".join(found)


@pytest.mark.parametrize(
    ("store", "line"),
    [
        ("type: keyring, service: ' x'", 'secret_stores.s.service: " x" must be the name of a keyring'),
        ("type: exec, command: [x]", "secret_stores.s.command: nobody trusts this command; add exec:x to the env"),
        ("type: exec, command: [/x, notforeyes]", "secret_stores.s.command: nobody trusts this command; add exec:/x+"),
        ("type: exec, command: [./x]", "secret_stores.s.command: must begin with an absolute path"),
        ("type: exec, command: []", "secret_stores.s.command: must have at least 1"),
        ("type: exec", "secret_stores.s: `command` is missing (the program, and its arguments)"),
        (
            "type: age_file, path: s, recipients: [age1short]",
            "secret_stores.s.recipients[0]: must be a public age recipient",
        ),
        ("type: age_file, recipients: [age1qqqqqqqqqqqqqqqqqqqqqqqqqq]", "secret_stores.s: `path` is missing"),
        ("type: age_file, path: x, recipients: []", "secret_stores.s.recipients: must have at least 1"),
        ("type: env, path: x", "secret_stores.s.path: a store of type env (at acctcfg.yaml:2:"),
    ],
)
def test_wrong_stores_are_named(complaints: Complaints, store: str, line: str) -> None:
    """A store that could not hold a secret is refused while there is none to lose."""
    assert any(
        said.startswith(line) for said in complaints(f"secret_stores: {{s: {{{store}}}}}\n", head="version: 1\n")
    )


def test_everything_is_reported_at_once(folder: Folder) -> None:
    """Problems of several files and of several parts of one account come together, in the order of file and line."""
    folder.write(
        acctcfg=HEAD + "include: [a/*.yaml]\nguardrails: {max_deletes: x}\n",
        a__one="accounts:\n  mmdesk01:\n    venue: desk\n    label: a b\n    state: gone\n",
        a__two="accounts:\n\tx: 1\n",
    )
    lines = folder.problems()
    assert [line.split(": ")[0] for line in lines] == [
        "a/one.yaml:4:12",
        "a/one.yaml:5:12",
        "a/two.yaml:2:1",
        "acctcfg.yaml:7:27",
    ]


def test_a_wrong_field_hides_no_other_problem(folder: Folder) -> None:
    """What is wrong across fields is reported beside what is wrong in one, and a field that is wrong is wrong once."""
    swap = "market: swap, margin: cross, family: BTC-USDT"
    folder.write(
        acctcfg=HEAD
        + f"profiles:\n  p: {{label: a b, leverage: [{{{swap}, value: 3}}]}}\n"
        + "accounts:\n  short: {venue: desk, profile: p, account_mode: spot, leverage: [\n"
        + f"    {{{swap.replace('swap', 'option')}, value: 3}},\n    {{{swap}, symbol: 3, value: 3}}]}}\n"
    )
    assert [line.split(": ")[1] for line in folder.problems()] == [
        "profiles.p.label",
        "profiles.p.leverage[0]",
        "short",
        "short.leverage[0].market",
        "short.leverage[1].symbol",
    ]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("accounts: {mmdesk01: {venue: desk, label: a, label: b}}\n", "mmdesk01.label"),
        ("accounts:\n  mmdesk01: {venue: desk}\n  mmdesk01: {venue: desk}\n", "mmdesk01"),
        ("venues: {}\n", "venues"),
        ("accounts:\n  mmdesk01:\n    venue: desk\n    leverage:\n      - side: long\n        side: short\n", "side"),
        ("accounts: {mmdesk01: {venue: desk, api_keys: {t: {}, t: {}}}}\n", "mmdesk01.api_keys[t]"),
    ],
)
def test_a_key_written_twice_has_its_address(complaints: Complaints, text: str, address: str) -> None:
    """Also what is no YAML of ours says which part of the manifest it is about."""
    assert any(line.split(": ")[0].endswith(address) and "duplicate key" in line for line in complaints(text))


def test_an_absent_key_may_keep_its_fields(folder: Folder) -> None:
    """`state: absent` is one more line in an entry, as it is for accounts; what the key could do no longer counts."""
    fields = "permissions: [read, trade], ip_allowlist: [10.0.0.1], store: vault, rotate_after: 90d"
    (key,) = folder.account(an_account(f"api_keys: {{t: {{{fields}, state: absent}}}}")).api_keys
    assert (key.state, key.permissions, key.ip_allowlist, key.rotate_after) == ("absent", (), (), None)


def test_a_problem_in_a_profile_is_reported_once(folder: Folder) -> None:
    """A thousand accounts of a wrong profile are one problem, at the profile."""
    accounts = "".join(f"  mmdesk{n:04d}: {{venue: desk, profile: p}}\n" for n in range(50))
    folder.write(
        acctcfg=HEAD + f"profiles:\n  p: {{account_mode: sptot, leverage: [{{value: 3}}]}}\naccounts:\n{accounts}"
    )
    assert [line.split(": ")[1] for line in folder.problems()] == ["profiles.p.account_mode", "profiles.p.leverage[0]"]


def test_modes_that_contradict_in_a_profile_are_reported_once(folder: Folder) -> None:
    """What the venue type's checks find in a profile's fields has the profile's address, not each account's."""
    accounts = "".join(f"  mmdesk{n:04d}: {{venue: desk, profile: p}}\n" for n in range(50))
    folder.write(
        acctcfg=HEAD + f"profiles:\n  p: {{account_mode: portfolio, position_mode: long_short}}\naccounts:\n{accounts}"
    )
    (line,) = folder.problems()
    assert line.startswith("acctcfg.yaml:7:32: profiles.p.position_mode: account_mode portfolio takes")


def test_one_name_twice_names_both_places(folder: Folder) -> None:
    """The same key in two files, and one name for two accounts of a venue, name the other place."""
    folder.write(
        acctcfg=HEAD + "include: [a.yaml, b.yaml]\n",
        a="accounts: {mmdesk01: {venue: desk}}\n",
        b="accounts: {mmdesk01: {venue: desk}, mmdesk02: {venue: desk, name: mmdesk01}}\n",
    )
    twice, taken = folder.problems()
    assert twice == "b.yaml:1:12: mmdesk01: is written in two files (first at a.yaml:1:12)"
    assert taken.endswith('the name "mmdesk01" at the venue desk is already used by mmdesk01 (at a.yaml:1:12)')


def test_guardrails_merge_by_key(folder: Folder) -> None:
    """Two files may hold different guardrails, and not the same one."""
    folder.write(
        acctcfg=HEAD + "include: [g.yaml]\nguardrails: {max_deletes: 1}\n",
        g="guardrails: {max_leverage: 3, max_deletes: 2}\n",
    )
    (line,) = folder.problems()
    assert line == "g.yaml:1:31: guardrails.max_deletes: is written in two files (first at acctcfg.yaml:7:14)"


@pytest.mark.parametrize(
    ("accounts", "said"),
    [
        ("{a1a1a1: {parent: b1b1b1}, b1b1b1: {parent: c1c1c1}, c1c1c1: {}}", "there is no third level"),
        ("{a1a1a1: {parent: b1b1b1}, b1b1b1: {parent: a1a1a1}}", "circular parents: "),
        ("{a1a1a1: {parent: b1b1b1}, b1b1b1: {role: main}}", "b1b1b1 is the main account"),
        ("{a1a1a1: {parent: b1b1b1}, b1b1b1: {state: absent}}", "b1b1b1 is to be deleted, but this account is not"),
        ("{a1a1a1: {parent: b1b1b1}, b1b1b1: {venue: two}}", "b1b1b1 is at the venue two, not at desk"),
    ],
)
def test_parents_are_first_level_accounts_of_the_venue(complaints: Complaints, accounts: str, said: str) -> None:
    """A parent is another sub-account of the same venue, itself without one, and there to stay."""
    text = f"profiles: {{p: {{venue: desk}}}}\naccounts: {accounts}\n".replace("{parent", "{profile: p, parent")
    text = (
        text.replace("{role", "{profile: p, role")
        .replace("{state", "{profile: p, state")
        .replace(": {}", ": {profile: p}")
    )
    head = HEAD.replace("secret_stores", "  two: {type: okx_dma_broker, credentials: {env: TWO}}\nsecret_stores")
    lines = complaints(text, head=head)
    assert lines
    assert all(said in line for line in lines)


def test_a_field_of_another_venue_type_names_both_places(folder: Folder) -> None:
    """A field that the account's venue type does not have is named with the place of that type."""
    folder.write(
        acctcfg="version: 1\nvenues:\n  d:\n    type: plain_desk\n    credentials: {env: A}\n"
        "profiles:\n  p: {api_keys: {t: {permissions: [read]}}}\n"
        "accounts:\n  mmdesk01: {venue: d, profile: p, account_mode: futures, leverage: [{family: X, value: 1}]}\n"
    )
    assert folder.problems(TWO_TYPES) == [
        "acctcfg.yaml:7:7: profiles.p.api_keys: venue type plain_desk (at acctcfg.yaml:4:11) has no `api_keys`",
        'acctcfg.yaml:9:50: mmdesk01.account_mode: unknown value "futures" for venue type plain_desk '
        "(known: spot, wide)",
        "acctcfg.yaml:9:70: mmdesk01.leverage[0]: venue type plain_desk has no leverage by `family` (symbol)",
    ]


def test_the_venues_own_checks_are_problems(complaints: Complaints) -> None:
    """What the venue type knows to be impossible, such as a side in net mode, is refused with the entry's address."""
    entry = "{market: swap, margin: isolated, instrument: BTC-USDT-SWAP, side: long, value: 3}"
    (said,) = complaints(an_account(f"account_mode: futures, position_mode: net, leverage: [{entry}]"))
    assert said.startswith("mmdesk01.leverage[0]")


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("venues: {v: {type: okx_dma_broker, credentials: not-for-eyes}}\n", "not-for-eyes"),
        ("venues: {v: {type: okx_dma_broker, credentials: {env: not-for-eyes}}}\n", "not-for-eyes"),
        ("venues: {v: {type: okx_dma_broker, credentials: {secret_key: notforeyes}}}\n", "notforeyes"),
        ("secret_stores: {s: {type: age_file, path: x, recipients: [AGE-SECRET-KEY-1NOT]}}\n", "AGE-SECRET-KEY-1NOT"),
        ("secret_stores: {s: {type: age_file, path: x, identity: {env: AGE-SECRET-KEY-1NOT}}}\n", "1NOT"),
        (
            "venues: {v: {type: okx_dma_broker, credentials: {env: A}, base_url: 'https://u:notforeyes@h'}}\n",
            "notforeyes",
        ),
        ("journal: {url: 'postgresql://u:notforeyes@h/d'}\n", "notforeyes"),
    ],
)
def test_a_secret_in_the_wrong_place_is_not_repeated(complaints: Complaints, text: str, secret: str) -> None:
    """Where a secret may stand by mistake, the message says what is wrong without quoting it."""
    lines = complaints(text, head="version: 1\n")
    assert lines
    assert not any(secret in line for line in lines)


@pytest.mark.parametrize(("text", "said"), [("", "the file is empty"), ("# nothing\n", "empty"), ("- a\n", "a map of")])
def test_a_root_file_that_says_nothing(folder: Folder, text: str, said: str) -> None:
    """An empty file, or one that is no map, is one line."""
    folder.write(acctcfg=text)
    (line,) = folder.problems()
    assert said in line


def test_version_is_said_once(folder: Folder) -> None:
    """The root file must have `version: 1`, and no other file says it."""
    folder.write(acctcfg="include: [a.yaml]\n", a="version: 1\n")
    assert [line.split(": ", 1)[1] for line in folder.problems()] == [
        "version: is allowed once, in the root file (remove it here)",
        "`version: 1` is missing (a line of its own)",
    ]
    folder.write(acctcfg="version: 1\ninclude: [a.yaml]\n")
    assert folder.problems() == ["a.yaml:1:1: version: is allowed once, at acctcfg.yaml:1:1 (remove it here)"]


def test_files_that_cannot_be_read(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """No file, a folder in its place and a file without permission are one clear line each."""
    assert ["there is no such file" in line for line in folder.problems()] == [True]
    (folder.path / "acctcfg.yaml").mkdir()
    assert ["is a folder, not a file" in line for line in folder.problems()] == [True]

    def denied(file: Path, flags: int) -> int:
        raise PermissionError(13, "Permission denied", str(file))

    monkeypatch.setattr(os, "open", denied)
    assert ["cannot be read: Permission denied" in line for line in folder.problems()] == [True]


def test_links_do_not_lead_out(folder: Folder, tmp_path_factory: pytest.TempPathFactory) -> None:
    """An included link to a file outside of the workspace is refused, unread."""
    outside = tmp_path_factory.mktemp("outside") / "x.yaml"
    outside.write_text("unknown: 1\n")
    folder.write(acctcfg=HEAD + "include: ['*.yaml']\n")
    (folder.path / "link.yaml").symlink_to(outside)
    (line,) = folder.problems()
    assert line.endswith('"link.yaml" is a link to a place outside the workspace')


def test_what_a_pattern_matches_and_nobody_can_read_is_named(folder: Folder) -> None:
    """A link to nothing, a link to itself and a pipe are no reason to leave accounts out in silence."""
    folder.write(acctcfg=HEAD + "include: ['accounts/*.yaml']\n", accounts__sound="accounts: {}\n")
    for name, to in {"gone": "nowhere.yaml", "loop": "loop.yaml"}.items():
        (folder.path / "accounts" / f"{name}.yaml").symlink_to(to)
    os.mkfifo(folder.path / "accounts" / "pipe.yaml")
    gone, loop, pipe = folder.problems()
    assert all(line.startswith("acctcfg.yaml:6:11: include[0]: ") for line in (gone, loop, pipe))
    assert '"accounts/gone.yaml" is a link to "nowhere.yaml", which is not there' in gone
    assert '"accounts/loop.yaml" cannot be read' in loop
    assert pipe.endswith('"accounts/pipe.yaml" cannot be read: it is not a regular file')


def test_circles_of_includes_are_named(folder: Folder) -> None:
    """Files that include each other are an error that names the way round."""
    folder.write(acctcfg=HEAD + "include: [a.yaml]\n", a="include: [b.yaml]\n", b="include: [a.yaml]\n")
    assert folder.problems() == ["b.yaml:1:11: include[0]: circular include: a.yaml -> b.yaml -> a.yaml"]


@pytest.mark.parametrize(
    ("last", "said"),
    [
        ("{account_mode: none}", 'profiles.a500.account_mode: unknown value "none"'),
        ("{profile: a1}", "circular profiles: a1 -> a2 -> "),
    ],
)
def test_a_long_chain_of_profiles_is_walked_once(
    complaints: Complaints, monkeypatch: pytest.MonkeyPatch, last: str, said: str
) -> None:
    """Of five hundred profiles on top of one another, or round, each is asked a few times, and the error is a line."""
    asked: Counter[int] = Counter()
    named = Profiles.named

    def counted(profiles: Profiles, node: Node, report: Report) -> tuple[str, ...]:
        asked[id(node)] += 1
        return named(profiles, node, report)

    monkeypatch.setattr(Profiles, "named", counted)
    chain = "".join(f"  a{n}: {{profile: a{n + 1}}}\n" for n in range(1, 500))
    (line,) = complaints(f"profiles:\n{chain}  a500: {last}\naccounts: {{mmdesk01: {{venue: desk, profile: a1}}}}\n")
    assert said in line
    assert max(asked.values()) <= 3


def test_a_long_chain_of_parents_is_read(complaints: Complaints) -> None:
    """Two thousand accounts under one another are an error each."""
    chain = "".join(f"  desk{n:04}: {{venue: desk, parent: desk{n - 1:04}}}\n" for n in range(1, 2000))
    lines = complaints(f"accounts:\n  desk0000: {{venue: desk}}\n{chain}")
    assert len(lines) == 1998
    assert all("there is no third level" in line for line in lines)


@pytest.mark.parametrize(
    ("collateral", "path", "what"),
    [
        ("{disabled: [DOGE, btc]}", "disabled[1]", '"btc" must be a currency in capital letters'),
        ("{enabled: [BTC, 1]}", "enabled[1]", "must be text, not a number"),
        ("{enabled: [BTC, [ETH]], disabled: [DOGE]}", "enabled[1]", "must be text, not a list"),
        ("{enabled: BTC, disabled: [DOGE]}", "enabled", "must be a list, not text"),
        ("{enabled: 1, disabled: [DOGE]}", "enabled", "must be a list, not a number"),
        ("{disabled: {DOGE: true}, enabled: [BTC]}", "disabled", "must be a list, not a map"),
    ],
)
def test_a_slip_among_sound_entries_of_collateral_has_its_place(
    folder: Folder, collateral: str, path: str, what: str
) -> None:
    """What is wrong with one entry or one list is said of it, beside every problem elsewhere."""
    folder.write(acctcfg=HEAD + an_account(f"settings: {{collateral: {collateral}}}, label: 1"))
    problems = folder.problems()
    assert any(f": mmdesk01.settings.collateral.{path}: {what}" in line for line in problems), problems
    assert any(": mmdesk01.label: must be text" in line for line in problems)
    assert len(problems) == 2


def test_the_user_behind_the_credentials_has_no_name(complaints: Complaints) -> None:
    """A name that nothing would use, or check, is refused where it stands."""
    found = complaints("accounts: {main: {venue: desk, role: main, name: foo123}}\n")
    assert [one.partition(" (")[0] for one in found] == ["main.name: an account with `role: main` has no `name`"]
