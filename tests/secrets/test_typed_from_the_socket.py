"""A secret has a type of its own from the socket to the store: no text carries one outside `wire` and `secrets`."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sources import nodes_of_files

from acctcfg.core.secret import Credentials, Secret
from acctcfg.venues.contract import SecretDoor
from acctcfg.venues.gate_crossex.endpoints import CREATE_KEY as GATE_CREATE_KEY
from acctcfg.venues.okx.endpoints import CREATE_KEY as OKX_CREATE_KEY
from acctcfg.wire.answer import take_secrets
from acctcfg.wire.endpoint import Call, Endpoint, Rate
from acctcfg.wire.exchange import Reply
from examples import some

PACKAGE = Path(__file__).parents[2] / "acctcfg"
TOY = PACKAGE.parent / "tests" / "third_party" / "toy-exchange" / "toy_exchange"
REVEALING = {
    "cli/broker.py": "prints the link to a file of rebates, which its user asked for",
    "secrets/age_keys.py": "reads identities",
    "secrets/brought.py": "reads what somebody brings",
    "secrets/credentials.py": "reads a file of credentials",
    "secrets/new_identity.py": "writes a new identity into its file",
    "secrets/stored_form.py": "writes and reads what is encrypted",
    "wire/message.py": "sends headers",
    "wire/webhook.py": "sends to an address that is a secret",
    "wire/endpoint.py": "writes bodies",
    "wire/redact.py": "takes credentials out of a venue's words",
}
"""Files that turn a secret into text, with what for."""


def calls(folder: Path, name: str) -> set[str]:
    return {
        file
        for file, node in nodes_of_files(folder, name)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == name
    }


def test_secrets_are_revealed_in_named_files_only() -> None:
    """Each of them has its reason; a venue package, ours or a stranger's, is none of them."""
    assert calls(PACKAGE, "reveal") == set(REVEALING)
    assert calls(TOY, "reveal") == set()
    assert {place.partition("/")[0] for place in REVEALING} == {"cli", "secrets", "wire"}


def test_the_door_to_the_stores_takes_and_gives_secrets() -> None:
    """Of all that passes there, only names and paths are text: mypy holds both sides to it."""
    names = {"store", "path", "source"}
    for name, method in vars(SecretDoor).items():
        if not name.startswith("_") and callable(method):
            hints = {key: hint for key, hint in get_type_hints(method).items() if key not in names}
            assert set(hints.values()) <= {Credentials, Credentials | None, Secret, bool, str, type(None)}, name
            assert hints["return"] is not str or name.startswith("why_"), name


texts = st.text("QXZ0123456789", min_size=6, max_size=40).map("QXZ".__add__)  # no number holds it
fields = st.sampled_from(["label", "apiKey", "secretKey", "details"])
plain = st.recursive(
    st.none() | st.integers() | st.text("ab", max_size=3), lambda one: st.lists(one) | st.dictionaries(fields, one)
)


@settings(max_examples=some(40))
@given(text=texts, beside=plain, depth=st.integers(0, 3))
def test_a_declared_field_is_in_no_answers_data(text: str, beside: Any, depth: int) -> None:
    """However deep it stands and whatever stands beside it, it is a Secret, and only there."""
    data: Any = [{"secretKey": text, "beside": beside}]
    for _ in range(depth):
        data = {"details": data}
    found = take_secrets(data, ("secretKey",))
    assert found["secretKey"].same_as(Secret(text))
    assert text not in json.dumps(data)
    assert "secretKey" not in json.dumps(data)
    assert get_type_hints(Reply)["secrets"].__args__ == (str, Secret)


@pytest.mark.parametrize(
    ("endpoint", "fields"), [(OKX_CREATE_KEY, {"secretKey", "passphrase"}), (GATE_CREATE_KEY, {"secret"})]
)
def test_both_venues_declare_what_a_new_key_hides(endpoint: Endpoint, fields: set[str]) -> None:
    """The fields that the venues' documents show once, in the answer to a create."""
    assert set(endpoint.secrets) == fields


def test_only_a_body_takes_a_secret() -> None:
    """It is sent as it is; in a query, and in whatever prints the call, it is not there."""
    keys = Endpoint("POST", "/keys", Rate(1, 1), "trade")
    call = Call(keys, {"label": "a", "passphrase": Secret("hush-hush")})
    assert call.body == b'{"label":"a","passphrase":"hush-hush"}'
    assert "hush" not in repr(call) + call.text + call.target
    with pytest.raises(TypeError, match="not Secret"):
        _ = Call(Endpoint("GET", "/keys", Rate(1, 1)), {"passphrase": Secret("hush-hush")}).target
    with pytest.raises(TypeError, match="no object"):
        _ = Call(keys, {"label": object()}).body  # type: ignore[dict-item]
