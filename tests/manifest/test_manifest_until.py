"""Claims on `until`, `rule_sets` and `exceptions` as they are written, and on what holds on a day."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from manifest_folder import HEAD, Folder

from acctcfg.core.desired import AccountSpec, Guardrails, KeySpec, Manifest, Place
from acctcfg.core.fingerprint import manifest_digest
from acctcfg.core.until import is_over, settled

KEYS = """\
accounts:
  mmdesk01:
    venue: desk
    api_keys:
      trading:
        permissions: [read, trade]
        store: vault
        ip_allowlist: [203.0.113.7, {address: 203.0.113.9, until: 2026-12-31}]
      contractor: {permissions: [read], ip_allowlist: [], store: vault, until: 2026-11-30}
    leverage:
      - {market: swap, family: "*-USDT", margin: cross, value: 5}
      - {market: swap, family: BTC-USDT, margin: cross, value: 10, until: 2026-12-31}
"""


def on(folder: Folder, text: str, today: str) -> Manifest:
    """The manifest as it holds on a day."""
    folder.write(acctcfg=HEAD + text)
    return settled(folder.load(), today)


def test_through_its_last_day_all_holds(folder: Folder) -> None:
    """On the last day nothing is over; the manifest is what is written."""
    folder.write(acctcfg=HEAD + KEYS)
    assert settled(folder.load(), "2026-11-30") == folder.load()


def test_after_it_a_key_is_absent_an_address_leaves_and_leverage_falls_back(folder: Folder) -> None:
    """The day after, each is undone and named, with its place."""
    manifest = on(folder, KEYS, "2027-01-01")
    contractor, trading = manifest.accounts["mmdesk01"].api_keys
    assert (contractor.state, trading.state) == ("absent", "present")
    assert trading.ip_allowlist == ("203.0.113.7",)
    assert [entry.path for entry in manifest.accounts["mmdesk01"].leverage] == ["mmdesk01.leverage[0]"]
    told = {f"{one.address} {one.place.line}": one.message for one in manifest.ended}
    assert told == {
        "mmdesk01.api_keys[contractor] 14": "it was to exist until 2026-11-30: it is to be deleted",
        "mmdesk01.api_keys[trading] 10": "203.0.113.9 was allowed until 2026-12-31: it leaves the list",
        "mmdesk01.leverage[1] 17": "it held until 2026-12-31: the next entry that names its scopes decides",
    }


def test_leverage_without_another_entry_is_no_longer_managed(folder: Folder) -> None:
    """It is said that the live value stays as it is."""
    entry = "{market: swap, family: BTC-USDT, margin: cross, value: 3, until: 2020-01-01}"
    only = f"accounts:\n  mmdesk01: {{venue: desk, leverage: [{entry}]}}\n"
    manifest = on(folder, only, "2026-11-29")
    assert manifest.accounts["mmdesk01"].leverage == ()
    assert "it stays as it is, and is no longer managed" in manifest.ended[0].message


def test_a_line_of_a_profile_is_named_once(folder: Folder) -> None:
    """However many accounts have it."""
    many = "".join(f"  mmdesk0{number}: {{venue: desk, profile: p}}\n" for number in range(3))
    swap = "market: swap, margin: cross"
    entry = f"[{{{swap}, family: BTC-USDT, value: 3, until: 2020-01-01}}, {{{swap}, family: '*-USD', value: 2}}]"
    manifest = on(folder, f"profiles:\n  p: {{leverage: {entry}}}\naccounts:\n{many}", "2026-11-29")
    assert [one.address for one in manifest.ended] == ["profiles.p.leverage[0]"]


@pytest.mark.parametrize("day", ["2026-11-30", "2026-12-31"])
def test_a_reviewed_plan_goes_stale_when_something_ends(folder: Folder, day: str) -> None:
    """The manifest's digest is another one on the day after."""
    folder.write(acctcfg=HEAD + KEYS)
    manifest = folder.load()
    after = (date.fromisoformat(day) + timedelta(days=1)).isoformat()
    one, other = (manifest_digest(settled(manifest, today), ["mmdesk01"], {}) for today in (day, after))
    assert one != other


def test_an_exception_that_is_over_changes_the_digest(folder: Folder) -> None:
    """And the rule holds again."""
    rails = "guardrails: {rule_sets: [basic], exceptions: [{rule: key_without_address, accounts: a*, until: 2026-12-31"
    folder.write(acctcfg=HEAD + rails + ", reason: moving}]}\naccounts: {mmdesk01: {venue: desk}}\n")
    manifest = folder.load()
    later = settled(manifest, "2027-01-01")
    assert (len(manifest.guardrails.exceptions), later.guardrails.exceptions) == (1, ())
    assert "the rule holds again" in later.ended[0].message
    assert manifest_digest(manifest, ["mmdesk01"], {}) != manifest_digest(later, ["mmdesk01"], {})


DAYS = st.dates(date(2020, 1, 1), date(2030, 1, 1)).map(date.isoformat)


@given(DAYS, DAYS)
def test_a_day_is_over_exactly_when_a_later_one_has_begun(until: str, today: str) -> None:
    """Midnight UTC at the end of the day decides."""
    assert is_over(until, today) == (date.fromisoformat(today) > date.fromisoformat(until))


@given(DAYS)
def test_no_list_ever_becomes_from_anywhere(today: str) -> None:
    """Even of a key that no manifest could hold: with every address over, the list stays as it was."""
    here, listed = Place("acctcfg.yaml", 1, 1), ("203.0.113.7", "203.0.113.9")
    ends = tuple((one, "2025-06-01") for one in listed)
    key = KeySpec(
        label="k",
        state="present",
        permissions=None,
        ip_allowlist=listed,
        store=None,
        rotate_after=None,
        place=here,
        ip_until=ends,
    )
    spec = AccountSpec(key="a1", venue="desk", name="a1", place=here, api_keys=(key,))
    manifest = Manifest(
        directory=Path(), files=(), venues={}, secret_stores={}, guardrails=Guardrails(), accounts={"a1": spec}
    )
    assert settled(manifest, today).accounts["a1"].api_keys[0].ip_allowlist == listed


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("until: 31.12.2026", '"31.12.2026" must be a day such as 2026-12-31'),
        ("until: 2026-02-30", '"2026-02-30" must be a day such as 2026-12-31'),
        ("until: 5", "must be a day such as 2026-12-31, not a number"),
        ("ip_allowlist: [{address: 203.0.113.7}]", "`until` is missing"),
        ("ip_allowlist: [{address: 203.0.113.7, until: soon}]", '"soon" must be a day'),
        ("ip_allowlist: [203.0.113.7, {address: 203.0.113.7, until: 2026-12-31}]", 'duplicate value "203.0.113.7"'),
        (
            "ip_allowlist: [{address: 203.0.113.7, until: 2026-12-31}, {address: 203.0.113.8, until: 2026-12-30}]",
            "every address has an `until`: after 2026-12-31 the list would be empty, and that means from anywhere",
        ),
        ("until: 2027-01-01, ip_allowlist: [{address: 203.0.113.7, until: 2026-12-31}]", "every address has an"),
    ],
)
def test_what_no_key_can_have(folder: Folder, text: str, said: str) -> None:
    """Days are days, addresses stand once, and a list may not run empty while its key is there."""
    folder.write(acctcfg=f"{HEAD}accounts: {{mmdesk01: {{venue: desk, api_keys: {{k: {{store: vault, {text}}}}}}}}}\n")
    problems = folder.problems()
    assert len(problems) == 1, problems
    assert said in problems[0]


def test_a_list_may_run_out_with_its_key(folder: Folder) -> None:
    """Where the key itself ends no later, nothing is left to be open."""
    text = "k: {store: vault, until: 2026-12-31, ip_allowlist: [{address: 203.0.113.7, until: 2026-12-31}]}"
    folder.write(acctcfg=f"{HEAD}accounts: {{mmdesk01: {{venue: desk, api_keys: {{{text}}}}}}}\n")
    assert folder.problems() == []


def test_access_names_no_key_that_ends(folder: Folder) -> None:
    """Afterwards nothing would sign."""
    text = "api_keys: {k: {store: vault, until: 2026-12-31}}, access: {key: k}"
    folder.write(acctcfg=f"{HEAD}accounts: {{mmdesk01: {{venue: desk, {text}}}}}\n")
    (problem,) = folder.problems()
    assert 'the key "k" is to exist until 2026-12-31 only' in problem


@pytest.mark.parametrize(
    ("rails", "said"),
    [
        ("rule_sets: [basics]", 'unknown value "basics" (did you mean "basic"?)'),
        ("exceptions: [{rule: key_agee, accounts: a, reason: x}]", 'unknown rule "key_agee" (did you mean "key_age"?)'),
        ("exceptions: [{rule: key_age, accounts: a}]", "`reason` is missing"),
        ("exceptions: [{rule: key_age, reason: x}]", "`accounts` is missing"),
        ("exceptions: [{rule: max_leverage, accounts: a, reason: x}]", 'unknown rule "max_leverage"'),
        ("windows: [{allow: Mon-Fry}]", '"Mon-Fry" must be days and hours such as'),
        ("windows: [{allow: Mon, deny: Tue}]", "allow and deny cannot be used together"),
        ("windows: [{deny: Mon Europe/Berlin2}]", 'unknown time zone "Europe/Berlin2" (did you mean "Europe/Berlin"?)'),
        ("windows: [{deny: Mon 08:00-08:00}]", "it ends when it begins"),
        ("windows: [{deny: 2026-12-27/2026-12-24}]", "it ends before it begins"),
        ("windows: [{deny: 2026-02-30}]", "there is no such day"),
        ("rollout: [1, 10%]", "the last wave must be 100%"),
        ("rollout: [1, 50%, 10%, 100%]", "each must be more than the one before"),
        ("rollout: [5, 5, 100%]", "each must be more than the one before"),
        ("rollout: [0, 100%]", "a wave of no accounts"),
        ("rollout: [1, {accounts: 100%, then_wait: 1h}]", "nothing follows the last wave"),
        ("rollout: [{accounts: 1, then_wait: soon}, 100%]", '"soon" must be a duration'),
        ("rollout: []", "must have at least 1"),
        ("rules: [{name: key_age, schema: true}]", '"key_age" is the id of a built-in rule'),
    ],
)
def test_what_no_guardrails_can_say(folder: Folder, rails: str, said: str) -> None:
    """Near misses are told, and nothing is accepted and ignored."""
    folder.write(acctcfg=f"{HEAD}guardrails: {{{rails}}}\naccounts: {{mmdesk01: {{venue: desk}}}}\n")
    (problem,) = folder.problems()
    assert said in problem


def test_an_exception_may_be_of_a_rule_of_ones_own(folder: Folder) -> None:
    """By its name."""
    rails = "rules: [{name: my rule, schema: true}], exceptions: [{rule: my rule, accounts: [a, b?], reason: x}]"
    folder.write(acctcfg=f"{HEAD}guardrails: {{{rails}}}\naccounts: {{mmdesk01: {{venue: desk}}}}\n")
    (one,) = folder.load().guardrails.exceptions
    assert (one.rule, one.accounts, one.until, one.reason) == ("my rule", ("a", "b?"), "", "x")
