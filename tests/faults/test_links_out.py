"""A link in a workspace leads nowhere outside: nothing there is read, written or removed; one sentence says so."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from desk import Desk, Said
from fault_parts import TRADING, keep, sub_account

IN_USE = (".acctcfg", ".acctcfg/journal.sqlite", ".acctcfg/locks", "secrets", "secrets/desk", "secrets/desk/mmdesk01")
NOT_THERE_YET = (".acctcfg/journal.sqlite-wal", ".acctcfg/journal.sqlite-shm", ".acctcfg/journal.sqlite-journal")


def told(said: Said) -> None:
    """It ends with 1, and says that it is a link."""
    assert said.code == 1, said.out + said.err
    assert "link" in said.out + said.err
    assert "internal error" not in said.out + said.err


def content(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(one.relative_to(folder)): one.read_bytes() for one in folder.rglob("*") if one.is_file()}


@pytest.fixture
def used(desk: Desk) -> Desk:
    """A desk with a journal and a stored secret, and one more change to make."""
    desk.sandbox.control_post("accounts/mmdesk01", sub_account("mmdesk01", acctLv="3", posMode="net_mode"))
    keep(desk, "mmdesk01")
    fields = {"api_keys": {"trading": TRADING}, "account_mode": "multi_currency"}
    desk.write({"mmdesk01": fields})
    assert desk.apply().code == 0
    return desk.write({"mmdesk01": {**fields, "position_mode": "long_short"}, "mmdesk02": {"api_keys": {"x": TRADING}}})


@pytest.mark.parametrize("name", [*IN_USE, "secrets/desk/mmdesk01/trading.age"])
def test_what_is_in_use_is_refused_as_a_link(used: Desk, name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The journal, the locks, the store, a folder of it and a secret alike; as a link inside they work on."""
    outside = tmp_path_factory.mktemp("outside")
    here, away, inside = used.folder / name, outside / "moved", used.folder / "moved"
    shutil.move(here, away)
    here.symlink_to(away)
    before = content(outside)
    for command in (used.plan, used.apply):
        told(command())
    assert content(outside) == before
    assert used.writes() == []

    shutil.move(away, inside)
    here.unlink()
    here.symlink_to(inside)
    assert used.apply().code == 0


@pytest.mark.parametrize("name", NOT_THERE_YET)
def test_no_file_of_others_becomes_a_part_of_the_journal(
    used: Desk, name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """SQLite would write over what stands behind such a name."""
    precious = tmp_path_factory.mktemp("outside") / "precious"
    precious.write_text("mine")
    (used.folder / name).unlink(missing_ok=True)
    (used.folder / name).symlink_to(precious)
    for command in (used.plan, used.apply, lambda: used.run("history")):
        told(command())
    assert precious.read_text() == "mine"


def test_a_lock_removes_nothing_of_others(used: Desk, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Where the folder of one lock is a link, to a home folder say, its files stay."""
    home = tmp_path_factory.mktemp("home")
    (home / ".bashrc").write_text("mine")
    (home / "1").write_text("mine")
    (lock,) = (used.folder / ".acctcfg/locks").iterdir()
    shutil.rmtree(lock)
    lock.symlink_to(home)
    told(used.apply())
    assert content(home) == {".bashrc": b"mine", "1": b"mine"}
    assert used.writes() == []


def test_a_lock_tidies_up_only_what_locks_leave(used: Desk) -> None:
    """Files of other names stay in its folder."""
    (lock,) = (used.folder / ".acctcfg/locks").iterdir()
    (lock / ".bashrc").write_text("mine")
    (lock / "0.txt").write_text("mine")
    assert used.apply().code == 0
    assert {".bashrc", "0.txt"} <= content(lock).keys()


@pytest.mark.parametrize("source", ["identity", "credentials"])
def test_a_private_file_behind_a_link(used: Desk, source: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """What the manifest names as a file of the workspace is one; by its own path it may lie anywhere."""
    away = tmp_path_factory.mktemp("outside") / "private"
    away.write_text(used.identity)
    away.chmod(0o600)
    (used.folder / "private").symlink_to(away)
    section = {"identity": "secret_stores", "credentials": "venues"}[source]
    document = used.document
    (entry,) = document[section].values()
    entry[source] = {"file": "private"}
    used.write(document["accounts"], **{section: document[section]})
    told(used.plan())
    if source == "identity":
        entry[source] = {"file": str(away)}
        used.write(document["accounts"], **{section: document[section]})
        assert used.apply().code == 0


def test_a_store_elsewhere_by_its_own_path(used: Desk, tmp_path_factory: pytest.TempPathFactory) -> None:
    """An absolute path, links on it included, is no link of the workspace."""
    outside = tmp_path_factory.mktemp("outside")
    shutil.move(used.folder / "secrets", outside / "real")
    (outside / "linked").symlink_to(outside / "real")
    document = used.document
    document["secret_stores"]["vault"]["path"] = str(outside / "linked")
    used.write(document["accounts"], secret_stores=document["secret_stores"])
    assert used.apply("--allow-sensitive").code == 0
    assert (outside / "real/desk/mmdesk02/x.age").exists()


@pytest.mark.parametrize("name", [".gitignore", "accounts", ".acctcfg", "acctcfg.yaml"])
def test_init_writes_through_no_link(desk: Desk, name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Neither over a file that is there nor into a folder."""
    outside = tmp_path_factory.mktemp("outside")
    new = desk.folder / "new"
    new.mkdir()
    (new / name).symlink_to(outside / "target")
    if name == ".gitignore":
        (outside / "target").write_text("mine\n")
    elif name != "acctcfg.yaml":
        (outside / "target").mkdir()
    before = content(outside)
    assert desk.run("init", "new").code in (1, 64)
    assert content(outside) == before
    assert [one.name for one in new.iterdir()] == [name]


def test_no_identity_is_made_behind_a_link(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> None:
    """`secrets identity` writes it into the workspace, or not at all."""
    outside = tmp_path_factory.mktemp("outside")
    (desk.folder / ".acctcfg").symlink_to(outside)
    told(desk.run("secrets", "identity"))
    assert content(outside) == {}
