"""`moved`: an account or a connection with another key in the manifest is the same one, with a journal and without."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from desk import MASTER, Desk, seed
from ladder_parts import KEY

NO_CHANGES = "No changes. Live accounts match the manifest."
OTHER = {**MASTER, "api_key": "other-api-key", "secret_key": "other-secret-key"}
FIELDS: dict[str, Any] = {"api_keys": KEY, "account_mode": "futures", "position_mode": "net"}


def rename(desk: Desk, account: str, connection: str = "desk", **fields: Any) -> None:
    """Rewrite the manifest with another key for the account, or for the connection."""
    document = json.loads(json.dumps(desk.document))
    document["venues"] = {connection: document["venues"]["desk"]}
    document["accounts"] = {account: {**FIELDS, **fields, "venue": connection}}
    moved = {"mmdesk01": account, "desk": connection}
    document["moved"] = {old: new for old, new in moved.items() if old != new}
    desk.text(json.dumps(document))


def warned(desk: Desk) -> set[str]:
    return {one["code"] for one in desk.plan("--format", "json").json["warnings"]}


@pytest.mark.parametrize(("account", "connection"), [("alpha1", "desk"), ("mmdesk01", "main"), ("alpha1", "main")])
@pytest.mark.parametrize("journal", [True, False], ids=["journal", "no journal"])
def test_it_is_the_same_account(desk: Desk, account: str, connection: str, journal: bool) -> None:
    """Its name at the venue and its secret are found; nothing is created, and nothing of the old name is left over."""
    desk.write({"mmdesk01": FIELDS}).converge()
    rename(desk, account, connection)
    if not journal:
        shutil.rmtree(desk.folder / ".acctcfg")
    before = len(desk.writes())
    assert desk.plan().last == NO_CHANGES
    codes = warned(desk)
    assert "no_longer_managed" not in codes
    assert ("adopted" in codes) is not journal
    assert "secret_moved" in codes
    assert desk.apply().last == NO_CHANGES
    assert len(desk.writes()) == before
    assert [one["status"] for one in desk.run("secrets", "check", "--format", "json").json["keys"]] == ["signs"]
    listed = desk.run("secrets", "list", "--format", "json").json["secrets"]
    assert {one["state"] for one in listed} == {"wanted"}


@pytest.mark.parametrize(("account", "connection"), [("mmdesk01", "desk"), ("alpha1", "desk"), ("alpha1", "main")])
def test_its_store_may_have_another_name_too(desk: Desk, account: str, connection: str) -> None:
    """Before any apply: the secret that `plan` finds is the one that `secrets` lists, checks and exports."""
    desk.write({"mmdesk01": FIELDS}).converge()
    rename(desk, account, connection, api_keys={"trading": {**KEY["trading"], "store": "safe"}})
    document = json.loads((desk.folder / "acctcfg.yaml").read_text())
    document["secret_stores"] = {"safe": document["secret_stores"]["vault"]}
    desk.text(json.dumps(document))
    assert desk.plan().last == NO_CHANGES
    assert [one["status"] for one in desk.run("secrets", "check", "--format", "json").json["keys"]] == ["signs"]
    listed = desk.run("secrets", "list", "--format", "json").json["secrets"]
    assert [(one["path"], one["state"]) for one in listed] == [("desk/mmdesk01/trading", "wanted")]
    said = desk.run("secrets", "export", "--out", "all.age", "--recipient", desk.recipient)
    assert (said.code, said.out.split()[0]) == (0, "exported"), said.out + said.err


@pytest.mark.parametrize(("account", "connection"), [("alpha1", "desk"), ("mmdesk01", "main"), ("alpha1", "main")])
def test_a_store_may_be_renamed_with_it_without_a_word(desk: Desk, account: str, connection: str) -> None:
    """No `moved`, only `name`: the journal has the store by its former name, and the key goes on as it is."""
    desk.write({"mmdesk01": FIELDS}).converge()
    kept = [key["api_key"] for key in desk.account("mmdesk01")["keys"]]
    rename(desk, account, connection, name="mmdesk01", api_keys={"trading": {**KEY["trading"], "store": "safe"}})
    document = json.loads((desk.folder / "acctcfg.yaml").read_text())
    document["secret_stores"] = {"safe": document["secret_stores"]["vault"]}
    del document["moved"]
    desk.text(json.dumps(document))
    said = desk.plan()
    assert (said.code, said.last) == (0, NO_CHANGES), said.out + said.err
    assert "its secret lies at safe:desk/mmdesk01/trading" in said.out
    assert "secret store vault" not in said.out
    assert [one["status"] for one in desk.run("secrets", "check", "--format", "json").json["keys"]] == ["signs"]
    (listed,) = desk.run("secrets", "list", "--format", "json").json["secrets"]
    assert (listed["path"], listed["state"]) == ("desk/mmdesk01/trading", "wanted")
    exported = desk.run("secrets", "export", "--out", "all.age", "--recipient", desk.recipient)
    assert (exported.code, exported.out.split()[0]) == (0, "exported"), exported.out + exported.err
    assert desk.apply().last == NO_CHANGES
    assert [key["api_key"] for key in desk.account("mmdesk01")["keys"]] == kept


def test_its_history_goes_on_under_the_new_name(desk: Desk) -> None:
    """Asked for by its new key, runs from before the rename are listed and told, too; another account's are not."""
    desk.write({"mmdesk01": FIELDS}).converge()
    desk.write({"mmdesk01": FIELDS, "mmdesk02": FIELDS}).converge()
    rename(desk, "alpha1", name="mmdesk01", position_mode="long_short")
    assert desk.apply().code == 0

    listed = desk.run("history", "--target", "alpha1.position_mode", "--format", "json").json
    assert len(listed) == 2
    told = desk.run("history", listed[-1]["id"], "--target", "alpha1").out
    assert "mmdesk01.position_mode" in told
    assert len(desk.run("history", "--target", "mmdesk02", "--format", "json").json) == 1


def test_the_user_behind_a_renamed_connection_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else's credentials under the new key are refused as under the old one."""
    world = seed()
    world["tenants"]["other"] = {"keys": [OTHER], "sub_accounts": {}}
    with Desk.at(tmp_path, monkeypatch, world) as desk:
        desk.write({"mmdesk01": FIELDS}).converge()
        rename(desk, "mmdesk01", "main")
        for part in ("api_key", "secret_key"):
            monkeypatch.setenv(f"OKX_DESK_{part.upper()}", OTHER[part])
        said = desk.plan()
    assert said.code == 1
    assert "; the journal knows this connection as the uid " in said.err


def test_a_name_that_does_not_fit_makes_no_second_account(desk: Desk) -> None:
    """The former key was not the venue's name: the journal knows that one, the creation is blocked, and it is said."""
    modes: dict[str, Any] = {}
    desk.write({"mmdesk01": modes}).converge()
    desk.write({"alpha1": {**modes, "name": "other1"}}, moved={"mmdesk01": "alpha1"})
    before = len(desk.writes())
    said = desk.apply()
    assert said.code == 3, said.out
    assert "write `name: mmdesk01`" in said.out
    assert len(desk.writes()) == before
    desk.write({"alpha1": {**modes, "name": "mmdesk01"}}, moved={"mmdesk01": "alpha1"}).converge()


@pytest.mark.parametrize(
    ("moved", "words"),
    [
        ({"a1": "nobody"}, 'moved.a1: "nobody" is neither an account nor a connection'),
        ({"a1": "mmdesk"}, 'did you mean "mmdesk0'),
        ({"mmdesk01": "mmdesk02"}, 'moved.mmdesk01: "mmdesk01" is still in `accounts`'),
        ({"a1": "a2", "a2": "mmdesk01"}, 'moved.a1: "a2" was renamed as well (write `a1: mmdesk01`)'),
        ({"a1": "a2", "a2": "a1"}, "moved.a1: circular"),
        ({"a1": "a1"}, "moved.a1: circular"),
        ({"a1": 5}, "moved.a1: must be text"),
        ({"a b": "mmdesk01"}, "moved.a b: the name"),
        (["a1"], "moved: must be a map"),
        ({"a1x": "mmdesk01", "a2x": "mmdesk01"}, "mmdesk01: `name` is missing: by `moved` it had several keys here"),
    ],
)
def test_what_is_wrong_with_it_is_told_offline(desk: Desk, moved: object, words: str) -> None:
    """Chains, circles, names that are still in use or unknown: each at its line."""
    desk.write({"mmdesk01": {}, "mmdesk02": {}}, moved=moved)
    said = desk.run("validate")
    assert said.code == 1
    assert words in said.err
    assert "acctcfg.yaml:" in said.err
