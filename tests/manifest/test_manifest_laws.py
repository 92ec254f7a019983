"""Laws of the loader and of the published schema: order means nothing, and both say the same of a manifest."""

from __future__ import annotations

import dataclasses
import json
import random
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from manifest_folder import RULES

from acctcfg.core.desired import Manifest, Place
from acctcfg.core.rules import VenueRules
from acctcfg.errors import ManifestError
from acctcfg.manifest import load
from acctcfg.manifest.schema import manifest_schema, manifest_schema_text
from acctcfg.venues.installed import rules
from examples import some

SCHEMA = jsonschema.Draft202012Validator(manifest_schema(RULES))

RECIPIENT = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"
IPS = st.lists(st.integers(1, 250).map(lambda n: f"203.0.113.{n}"), max_size=4, unique=True)
KEY = st.fixed_dictionaries(
    {"permissions": st.lists(st.sampled_from(["read", "trade", "withdraw"]), min_size=1, unique=True)},
    optional={"ip_allowlist": IPS, "store": st.just("vault"), "rotate_after": st.just("90d")},
)
LEVERAGE = st.fixed_dictionaries(
    {
        "market": st.just("swap"),
        "margin": st.just("cross"),
        "family": st.sampled_from(["BTC-USDT", "ETH-USDT", "*-USDT", "*-USD"]),
        "value": st.integers(1, 50)
        | st.decimals("0.5", "50", places=2).map(float)
        | st.decimals("0.5", "50", places=2).map(str),
    }
)
COUNTS = st.integers(1, 9) | st.integers(1, 9).map(str)
DEPOSIT = st.fixed_dictionaries(
    {},
    optional={
        "credit_to": st.sampled_from(["funding", "trading"]),
        "addresses": st.lists(
            st.fixed_dictionaries(
                {"currency": st.sampled_from(["BTC", "ETH"])},
                optional={"count": COUNTS},
            ),
            unique_by=lambda entry: entry["currency"],
            max_size=2,
        ),
    },
)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "label": st.from_regex(r"[A-Za-z0-9]{0,20}", fullmatch=True) | st.none(),
    "adopt": st.booleans(),
    "protect": st.booleans(),
    "account_mode": st.sampled_from(["futures", "multi_currency"]),
    "position_mode": st.sampled_from(["net", "long_short"]) | st.none(),
    "api_keys": st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), KEY, max_size=3),
    "deposit": DEPOSIT,
    "leverage": st.lists(LEVERAGE, max_size=2, unique_by=lambda entry: entry["family"]),
}
NAMES = st.from_regex(r"[a-z][a-z0-9]{5,9}", fullmatch=True)
ACCOUNT = st.fixed_dictionaries(
    {"venue": st.just("desk")}, optional={**FIELDS, "profile": st.sampled_from(["p", "q", ["p", "q"]])}
)
PROFILE = st.fixed_dictionaries({}, optional=FIELDS)
ROOT = {
    "version": 1,
    "venues": {"desk": {"type": "okx_dma_broker", "credentials": {"env": "OKX_DESK"}}},
    "secret_stores": {"vault": {"type": "age_file", "path": "s/", "recipients": [RECIPIENT]}},
}
MANIFEST = st.builds(
    lambda p, q, accounts: {**ROOT, "profiles": {"p": p, "q": q | {"profile": "p"}}, "accounts": accounts},
    PROFILE,
    PROFILE,
    st.dictionaries(NAMES, ACCOUNT, max_size=4),
)


def load_files(files: dict[str, Any], types: Mapping[str, VenueRules] = RULES) -> Manifest:
    """The manifest of these documents, written as JSON, which is YAML too."""
    with tempfile.TemporaryDirectory() as folder:
        for name, document in files.items():
            (Path(folder) / name).write_text(json.dumps(document))
        return load(Path(folder), types, environ={})


def meaning(value: Any) -> Any:
    """A manifest as data, without places, paths and the folder: all that a plan may depend on."""
    if isinstance(value, Place):
        return None
    if dataclasses.is_dataclass(value):
        names = [f.name for f in dataclasses.fields(value) if f.name not in ("directory", "files", "place", "places")]
        return {name: meaning(getattr(value, name)) for name in names}
    if isinstance(value, dict):
        return [(key, meaning(one)) for key, one in value.items()]  # the order of keys counts here
    return [meaning(one) for one in value] if isinstance(value, tuple) else value


def shuffled(value: Any, dice: random.Random) -> Any:
    """The same with the keys of every map in another order."""
    if isinstance(value, dict):
        return {key: shuffled(value[key], dice) for key in dice.sample(sorted(value), len(value))}
    return [shuffled(one, dice) for one in value] if isinstance(value, list) else value


@settings(max_examples=some(60), deadline=None)
@given(MANIFEST, st.randoms(use_true_random=False))
def test_order_of_files_and_keys_means_nothing(document: dict[str, Any], dice: random.Random) -> None:
    """Law 13: one file, or its entries dealt to others, with keys in any order, are one manifest."""
    whole = load_files({"acctcfg.yaml": document})
    files: dict[str, Any] = {"acctcfg.yaml": {"version": 1, "include": dice.choice([["*.yaml"], ["b.yaml", "a.yaml"]])}}
    files |= {"a.yaml": {}, "b.yaml": {}}
    for section in ("venues", "secret_stores", "profiles", "accounts"):
        for key, entry in document[section].items():
            files[dice.choice(["acctcfg.yaml", "a.yaml", "b.yaml"])].setdefault(section, {})[key] = entry
    dealt = load_files({name: shuffled(one, dice) for name, one in files.items()})
    assert meaning(dealt) == meaning(whole)


@settings(max_examples=some(60), deadline=None)
@given(MANIFEST)
def test_what_loads_fits_the_schema(document: dict[str, Any]) -> None:
    """A manifest that the loader takes is one that an editor with the schema takes."""
    load_files({"acctcfg.yaml": document})
    assert [error.message for error in SCHEMA.iter_errors(document)] == []


@pytest.mark.parametrize("rest", [{"on": ["drift"]}, {}])
def test_a_section_in_parts_fits_the_schema_in_every_file(rest: dict[str, Any]) -> None:
    """What `notify` demands may stand in another file, or nowhere where nobody is to be told."""
    first = {"webhook": {"env": "ACCTCFG_HOOK"}} if rest else {}
    files: dict[str, Any] = {"acctcfg.yaml": {"version": 1, "include": ["b.yaml"], "notify": first}}
    files["b.yaml"] = {"notify": rest}
    load_files(files)
    assert [error.message for one in files.values() for error in SCHEMA.iter_errors({"version": 1, **one})] == []


WRONG: list[dict[str, Any]] = [
    {"unknown": 1},
    {"version": 2},
    {"include": "a.yaml"},
    {"venues": {"desk": {"type": "okx_dma_broker"}}},
    {"venues": {"desk": {"type": "nonsense", "credentials": {"env": "A"}}}},
    {"venues": {"desk": {"type": "okx_dma_broker", "credentials": {"env": "A", "file": "x"}}}},
    {"venues": {"desk": {"type": "okx_dma_broker", "credentials": {"env": "A"}, "environment": "sandbox"}}},
    {"venues": {"desk": {"type": "okx_dma_broker", "credentials": {"env": "A"}, "rate_share": 0}}},
    {"secret_stores": {"v": {"type": "age_file"}}},
    {"secret_stores": {"v": {"type": "env", "path": "x"}}},
    {"guardrails": {"max_deletes": -1}},
    {"guardrails": {"max_changed_accounts": "200%"}},
    {"guardrails": {"rollout": [{"accounts": 1}]}},
    {"guardrails": {"rules": [{"name": "a"}]}},
    {"journal": {"url": "x"}},
    {"accounts": {"mmdesk01": None}},
    {"accounts": {"mm desk": {"venue": "desk", "name": "mmdesk01"}}},
    *(
        {"accounts": {"mmdesk01": {"venue": "desk", **fields}}}
        for fields in (
            {"settings": []},
            {"settings": {"greeks": "XX"}},
            {"account_mode": "sptot"},
            {"adopt": "yes"},
            {"label": 1},
            {"label": "a b"},
            {"name": "short"},
            {"client_ip": "10.0.0.0/8"},
            {"profile": []},
            {"leverage": [{"market": "swap", "margin": "cross", "family": "BTC-USDT", "value": 0}]},
            {"leverage": [{"market": "swap", "margin": "cross", "family": "BTC-USDT", "value": "most"}]},
            {"leverage": [{"market": "swap", "margin": "cross", "value": 1}]},
            {"leverage": [{"market": "spot", "margin": "cross", "family": "BTC-USDT", "value": 1}]},
            {"api_keys": {"t-t": {"permissions": ["read"]}}},
            {"api_keys": {"t": {"permissions": ["own"]}}},
            {"api_keys": {"t": {"permissions": []}}},
            {"api_keys": {"t": {"permissions": ["read"], "ip_allowlist": ["10.0.0.1", "10.0.0.1"]}}},
            {"api_keys": {"t": {"permissions": ["read"], "ip_allowlist": [f"10.0.0.{n}" for n in range(1, 22)]}}},
            {"api_keys": {"t": {"permissions": ["read"], "rotate_after": "90"}}},
            {"deposit": {"credit_to": "spot"}},
            {"deposit": {"addresses": [{"chain": "X"}]}},
            {"deposit": {"addresses": [{"currency": "BTC", "count": 0}]}},
        )
    ),
]


LABELS = [
    ("okx_dma_broker", "", True),
    ("okx_dma_broker", " ", True),
    ("gate_crossex", "", True),
    ("okx", "", False),
    ("okx_dma_broker", "a\nb", False),
]


@pytest.mark.parametrize("wrong", WRONG, ids=[json.dumps(one)[:70] for one in WRONG])
def test_what_is_wrong_is_wrong_for_both(wrong: dict[str, Any]) -> None:
    """What one value shows to be wrong, the loader and the schema both refuse."""
    document = {**ROOT, **wrong}
    assert not SCHEMA.is_valid(document)
    with pytest.raises(ManifestError):
        load_files({"acctcfg.yaml": document})


@pytest.mark.parametrize(("kind", "label", "taken"), LABELS)
def test_a_label_may_be_empty_where_its_venue_allows_it(kind: str, label: str, taken: bool) -> None:
    """With all types at hand: loaded where the account's own allows it, and where it is, the schema takes it too."""
    desk = {"type": kind, "environment": "live", "credentials": {"env": "DESK"}}
    account = {"venue": "desk", "role": "sub_account", "label": label}
    document = {"version": 1, "venues": {"desk": desk}, "accounts": {"trader01": account}}
    if not taken:
        with pytest.raises(ManifestError, match="must be"):
            load_files({"acctcfg.yaml": document}, rules())
        return
    assert load_files({"acctcfg.yaml": document}, rules()).accounts["trader01"].label == ""
    schema = jsonschema.Draft202012Validator(manifest_schema(rules()))
    assert [error.message for error in schema.iter_errors(document)] == []


def test_the_published_schema_is_that_of_the_code() -> None:
    """schemas/manifest.schema.json is what `acctcfg schema manifest` prints."""
    published = Path(__file__).parents[2] / "schemas" / "manifest.schema.json"
    assert published.read_text() == manifest_schema_text(rules())


def test_the_schema_is_one_and_explains_itself() -> None:
    """The schema is valid itself, and says of every field of an account what it means."""
    schema = manifest_schema(RULES)
    jsonschema.Draft202012Validator.check_schema(schema)
    fields = schema["$defs"]["account"]["properties"]
    assert [name for name, field in fields.items() if not field.get("description")] == []
    assert "multi_currency" in fields["account_mode"]["description"]
