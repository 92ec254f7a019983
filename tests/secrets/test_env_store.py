"""Credentials out of environment variables: a read-only store, and the venue's own."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from acctcfg.errors import ConfigError, StoreError
from acctcfg.secrets import AgeFileStore, Around, Credentials, EnvStore, load_credentials, open_store
from acctcfg.secrets.private_file import read_private

PATH = "desk/mm-desk01/trading"
STEM = "CI_DESK_MM_DESK01_TRADING"
FULL = {f"{STEM}_API_KEY": "k", f"{STEM}_SECRET_KEY": "s", f"{STEM}_PASSPHRASE": "p"}
VENUE = {"OKX_DESK_API_KEY": "k", "OKX_DESK_SECRET_KEY": "s", "OKX_DESK_PASSPHRASE": "p"}


def parts(found: Credentials | None) -> tuple[str, ...]:
    assert found is not None
    return (found.api_key, found.secret_key.reveal(), found.passphrase.reveal() if found.passphrase else "-")


def load(source: dict[str, str], environ: dict[str, str], **options: object) -> Credentials:
    defaults = {"stores": {}, "base_dir": Path("/nowhere")}
    return load_credentials(source, environ=environ, **(defaults | options))  # type: ignore[arg-type]


def test_reads_three_variables() -> None:
    """The prefix, by default the store's name, and the path make the names of the variables."""
    assert parts(EnvStore("ci", environ=FULL).get(PATH)) == ("k", "s", "p")
    assert parts(EnvStore("other", prefix="ci", environ=FULL).get(PATH)) == ("k", "s", "p")
    assert EnvStore("ci", environ=FULL).get("desk/mmdesk02/trading") is None


@pytest.mark.parametrize("missing", FULL)
def test_a_missing_variable_is_named(missing: str) -> None:
    """Two of three is an error that names the third; an empty variable is a missing one."""
    for environ in ({k: v for k, v in FULL.items() if k != missing}, FULL | {missing: ""}):
        with pytest.raises(StoreError, match=f"{missing} not set"):
            EnvStore("ci", environ=environ).get(PATH)


def test_a_venue_without_passphrases() -> None:
    """Where the venue has no passphrase, two variables are enough; beside it one that has goes on wanting three."""
    environ = {k: v for k, v in FULL.items() if "PASS" not in k}
    around = Around(environ=environ, base_dir=Path("/nowhere"), passphrases=frozenset({"broker"}))
    assert parts(open_store("ci", "env", {}, around).get(PATH)) == ("k", "s", "-")
    with pytest.raises(StoreError, match=f"{STEM}_PASSPHRASE not set"):
        open_store("ci", "env", {}, replace(around, passphrases=frozenset({"desk"}))).get(PATH)


def test_a_line_break_is_found_before_it_is_signed_with() -> None:
    """A value with a trailing line break, as a badly set CI variable has, is refused by name and not quoted."""
    with pytest.raises(StoreError, match=f"{STEM}_SECRET_KEY begins or ends") as caught:
        EnvStore("ci", environ=FULL | {f"{STEM}_SECRET_KEY": "QXZQXZ\n"}).get(PATH)
    assert "QXZ" not in str(caught.value)


def test_it_is_read_only() -> None:
    """Every way of writing is a StoreError, so that no key is created whose secret has no place."""
    store = open_store("ci", "env", {}, Around(environ=FULL, base_dir=Path("/nowhere")))
    credentials = store.get(PATH)
    assert credentials is not None
    assert not store.writable
    for attempt in (store.prove_writable, store.retire, lambda path: store.put(path, credentials)):
        with pytest.raises(StoreError, match="cannot be written"):
            attempt(PATH)
    assert store.list() == store.dead() == ()
    assert "CI_VENUE_ACCOUNT_LABEL" in store.describe()


def test_a_type_that_there_is_not() -> None:
    """A store of an unknown type is refused, with the types that there are."""
    with pytest.raises(ConfigError, match="no such type"):
        open_store("x", "vault", {}, Around(environ={}, base_dir=Path("/nowhere")))


def test_venue_credentials_from_the_environment() -> None:
    """{env: PREFIX} reads three variables, or two where the venue has no passphrase."""
    assert parts(load({"env": "OKX_DESK"}, VENUE)) == ("k", "s", "p")
    assert parts(load({"env": "OKX_DESK"}, VENUE, passphrase_required=False)) == ("k", "s", "-")


def test_all_missing_variables_in_one_message() -> None:
    """Whoever set one variable learns of the two others at once."""
    with pytest.raises(ConfigError) as caught:
        load({"env": "OKX_DESK"}, {"OKX_DESK_API_KEY": "k"})
    assert caught.value.message == "the environment lacks OKX_DESK_SECRET_KEY, OKX_DESK_PASSPHRASE"
    assert "{env: OKX_DESK}" in caught.value.hint


def test_venue_credentials_with_a_flaw_are_not_quoted() -> None:
    """A value that no header can carry is refused by the variable's name."""
    with pytest.raises(ConfigError, match="OKX_DESK_PASSPHRASE holds a character") as caught:
        load({"env": "OKX_DESK"}, VENUE | {"OKX_DESK_PASSPHRASE": "QXZ\u00e9"})
    assert "QXZ" not in caught.value.message + caught.value.hint


def test_venue_credentials_from_a_store(store: AgeFileStore, credentials: Credentials) -> None:
    """{store, key} reads a store; an unknown store and an empty path are ConfigErrors that say what there is."""
    store.put("broker/master/main", credentials)
    stores = {"vault": store}
    assert load({"store": "vault", "key": "broker/master/main"}, {}, stores=stores).same_as(credentials)
    with pytest.raises(ConfigError, match="no secret store volt") as caught:
        load({"store": "volt", "key": "broker/master/main"}, {}, stores=stores)
    assert "vault" in caught.value.hint
    with pytest.raises(ConfigError, match="holds nothing at broker/master/other"):
        load({"store": "vault", "key": "broker/master/other"}, {}, stores=stores)


def test_venue_credentials_from_a_file(tmp_path: Path) -> None:
    """{file} reads a private JSON file relative to the workspace, and refuses one that others may read."""
    file = tmp_path / "okx.json"
    content = {"api_key": "k", "secret_key": "QXZ", "passphrase": "p"}
    file.write_text(json.dumps(content))
    file.chmod(0o644)
    with pytest.raises(StoreError, match="mode 0644; 0600 would be right"):
        load({"file": "okx.json"}, {}, base_dir=tmp_path)
    file.chmod(0o600)
    assert parts(load({"file": "okx.json"}, {}, base_dir=tmp_path)) == ("k", "QXZ", "p")
    file.write_text(json.dumps(content)[:-3])
    with pytest.raises(StoreError, match="is not JSON") as caught:
        load({"file": "okx.json"}, {}, base_dir=tmp_path)
    assert "QXZ" not in str(caught.value)
    file.write_text(json.dumps({"api_key": "k", "secret_key": "QXZ"}))
    with pytest.raises(ConfigError, match="has no passphrase"):
        load({"file": "okx.json"}, {}, base_dir=tmp_path)
    with pytest.raises(StoreError, match="No such file"):
        load({"file": "absent.json"}, {}, base_dir=tmp_path)
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(StoreError, match="is not text"):
        load({"file": "okx.json"}, {}, base_dir=tmp_path)


def test_a_source_of_another_form() -> None:
    """Anything else is refused with the three forms that would be right."""
    for source in ({}, {"env": "A", "file": "b"}, {"vault": "x"}):
        with pytest.raises(ConfigError, match="would be right"):
            load(source, VENUE)


@pytest.mark.parametrize(
    ("owner", "reader", "mode", "read"),
    [
        (0, 10001, 0o440, True),
        (0, 10001, 0o444, False),
        (0, 10001, 0o460, False),
        (7, 10001, 0o440, False),
        (0, 0, 0o440, False),
    ],
)
def test_the_group_of_a_file_of_root_may_read_it(tmp_path, monkeypatch, owner, reader, mode, read):
    """So a service manager hands a file over; to root itself nobody hands anything."""
    status = os.stat_result((0o100000 | mode, 0, 0, 1, owner, 10001, 4, 0, 0, 0))
    monkeypatch.setattr("acctcfg.secrets.private_file.read_plain", lambda *_: (b"text", status))
    monkeypatch.setattr(os, "geteuid", lambda: reader)
    if read:
        assert read_private(tmp_path / "desk.json", what="the file").reveal() == "text"
    else:
        with pytest.raises(StoreError, match="may be read by others"):
            read_private(tmp_path / "desk.json", what="the file")
